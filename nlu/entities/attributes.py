"""Sizes and colours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.entities.numerals import chinese_number
from nlu.entities.spans import Span
from nlu.types import EntityKind

_LETTER_SIZE = r"(?:[2-6]?X{1,5}[SL]|X?S|M|L|[2-6]XL)"
_SIZE_WORDS = {
    "extra small": "XS", "small": "S", "medium": "M", "large": "L", "extra large": "XL", "one size": "ONE SIZE",
    "小": "S", "中": "M", "大": "L", "加大": "XL", "特大": "XXL", "均": "ONE SIZE",
}  # fmt: skip
_SYSTEMS = {"eur": "EU", "欧": "EU", "英": "UK", "美": "US"}
_ONE = r"(?:one|a|1)"
# "a small hole" complains, and a large box is what the goods came in.
_NOT_SIZED = (
    r"problems?|orders?|parcels?|packages?|issues?|amounts?|numbers?|holes?|scratch(?:es)?|dents?|tears?|stains?|cracks?"
    r"|marks?|chips?|rips?|spots?|defects?|gaps?|leaks?|bumps?|boxe?s?|bits?|pieces?|parts?|gifts?|favou?rs?|questions?|fees?"
    r"|delays?|mistakes?|discounts?|differences?|business|compan(?:y|ies)|shops?|stores?|print|quantit(?:y|ies)|sums?"
    r"|(?:black|white|red|brown|visible|deep|ugly)\s(?:holes?|scratch(?:es)?|dents?|tears?|stains?|cracks?|marks?|spots?)"
)
_MEASURED = (
    r"cm|mm|厘米|毫米|公分|inch(?:es)?|英?寸(?!照|头|土|步)|ml|毫升|kg|公斤|千克|gb|tb"
    r"|米(?![白色黄粉面0-9])|(?-i:m)(?=\s|[,.!?]|$)"
)
_SIZES = re.compile(
    rf"""(?=[2-6X])(?<![\w])(?<!iphone\s)(?<!苹果)(?P<extra>[2-6]?X{{1,5}}[SL]|[2-6]XL)(?![A-Za-z]|\smax\b)
    | (?:要|换成?|改成?|穿|买|拿|选|来)个?(?P<wanted>{_LETTER_SIZE})(?![A-Za-z\d'’.&-])
    | \bfrom\s(?:an?\s|the\s|size\s)?(?P<old>(?-i:{_LETTER_SIZE}))
      (?=\sto\s(?:an?\s|the\s|size\s)?(?-i:{_LETTER_SIZE})\b)
    | (?<=(?-i:[SML])\sto\s)(?:an?\s|the\s|size\s)?(?P<new>(?-i:{_LETTER_SIZE}))(?![\w'’&])
    | (?<![\w/])(?P<build>1[3-9]\d/\d{{2,3}}[ABCY])(?!\w)
    | (?<![A-Za-z'’\d.])(?<!iphone)(?<!iphone\s)(?<!苹果)(?P<letter>{_LETTER_SIZE})\s?(?:码|号|size\b|(?=的))
    | (?:\bsizes?\s(?:is\s|of\s)?|尺码|码数|size)\s?[:：]?\s?(?:an?\s)?
      (?P<cued>{_LETTER_SIZE}|\d{{1,3}}(?:\.5)?)(?![\w])(?:\s(?P<systemafter>eu|eur|uk|(?-i:US))\b)?
    | (?<![\w.])(?P<european>(?:3[4-9]|4\d)(?:\.5)?)\s?EU\b
    | (?P<system>\b(?:(?:uk|eu|eur)|(?-i:US|FR|IT|JP))|[欧英美]码)\s?(?:size\s)?(?P<number>\d{{1,2}}(?:\.5)?)\b
      (?!\s?(?:days?|weeks?|months?|years?|hours?|times?|pairs?|pieces?|orders?|pounds?|dollars?|%|-\s?\d|[,.:]\d))
    | (?P<larger>再?大(?:[一1]个?(?:号|码)|(?:点|一点)的?(?=码|号))|\b{_ONE}\ssize\s(?:up|bigger|larger)\b
      |\b(?:the\s)?(?:next\ssize\sup|(?:bigger|larger)\ssize|size\sup)\b)
    | (?P<smaller>再?小(?:[一1]个?(?:号|码)|(?:点|一点)的?(?=码|号))|\b{_ONE}\ssize\s(?:down|smaller)\b
      |\b(?:the\s)?(?:next\ssize\sdown|smaller\ssize|size\sdown)\b)
    | (?<![\d.])(?P<shoe>\d{{2}}(?:\.5)?|1\d[05]|[二三四五]十[一二三四五六七八九]?)\s?码(?P<half>半)?
    | (?<![\d.])(?P<shoenumber>(?:3[2-9]|4\d)(?:\.5)?)号(?=[\u4e00-\u9fff]{{0,3}}[鞋靴])
    | 鞋[\u4e00-\u9fff]{{0,3}}\s?(?P<ofshoes>(?:3[2-9]|4\d)(?:\.5)?)号(?![楼院店线门房])
    | (?P<chinese>加大|特大|小|中|大|均)(?:号|码)(?!头)
    | \b(?:an?|in|the|size|is(?<!\bbox\sis)(?<!\bparcel\sis)(?<!\bpackage\sis)(?<!\bhole\sis)(?<!\bscratch\sis)
        (?<!\bdent\sis)(?<!\bstain\sis)(?<!\bcrack\sis)(?<!\bmark\sis)(?<!\btear\sis))
      \s(?P<word>extra\ssmall|small|medium|extra\slarge|large)\b
      (?!\s(?:{_NOT_SIZED})\b)
    | \b(?P<one>one\ssize)\b(?!\s(?:too|or|above|below))
    | (?<![\d.])(?P<measure>\d{{1,4}}(?:\.\d{{1,2}})?)\s?(?P<unit>{_MEASURED})(?![A-Za-z])""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_UNITS = {
    "厘米": "cm", "公分": "cm", "毫米": "mm", "英寸": "inch", "寸": "inch", "inches": "inch", "毫升": "ml",
    "公斤": "kg", "千克": "kg", "米": "m",
}  # fmt: skip

_COLOURS_ZH = {
    "黑": "black", "白": "white", "红": "red", "蓝": "blue", "绿": "green", "黄": "yellow", "粉": "pink",
    "紫": "purple", "灰": "grey", "棕": "brown", "咖": "brown", "橙": "orange", "橘": "orange",
    "米": "beige", "杏": "beige",
    "金": "gold", "银": "silver", "青": "teal",
}  # fmt: skip
# HeadOutputs for a colour only with 色 or a hint of that kind.
_HINTED_ZH = {
    "粉红": "pink", "咖啡": "brown", "卡其": "khaki", "香槟": "champagne", "焦糖": "caramel", "豆沙": "dusty pink",
    "奶茶": "milk tea", "驼": "camel", "肉": "nude", "裸": "nude", "彩": "multicolour",
}  # fmt: skip
# Colours wherever they stand.
_WHOLE_ZH = {
    "米白": "beige", "藏青": "navy", "藏蓝": "navy", "海军蓝": "navy", "酒红": "burgundy", "枣红": "burgundy",
    "天蓝": "light blue", "天空蓝": "light blue", "湖蓝": "teal", "宝蓝": "royal blue", "雾霾蓝": "dusty blue",
    "军绿": "olive", "墨绿": "dark green", "橄榄绿": "olive", "薄荷绿": "mint green", "奶白": "ivory",
    "象牙白": "ivory", "玫红": "rose", "玫瑰红": "rose", "玫瑰金": "rose gold", "樱花粉": "pink", "香芋紫": "lilac",
    "银灰": "silver grey", "炭灰": "charcoal",
}  # fmt: skip
_PLAIN_COLOURS_EN = (
    "black", "white", "red", "blue", "green", "yellow", "pink", "purple", "grey", "brown", "orange", "beige", "navy",
    "gold", "silver", "khaki", "burgundy", "teal", "olive", "ivory", "rose", "turquoise", "cream", "lilac", "charcoal",
    "maroon", "rose gold", "royal blue", "mint green", "dusty pink",
)  # fmt: skip
_COLOURS_EN = {
    **{name: name for name in _PLAIN_COLOURS_EN},
    "gray": "grey", "violet": "purple", "tan": "beige", "navy blue": "navy", "golden": "gold", "sky blue": "light blue",
    "off white": "ivory", "champagne gold": "champagne", "champagne colour": "champagne", "off-white": "ivory",
}  # fmt: skip
_SHADES_ZH = {"深": "dark ", "暗": "dark ", "浅": "light ", "亮": "light "}
_SHADES_EN = {"dark": "dark ", "deep": "dark ", "light": "light ", "pale": "light "}
_WITH_HINT = {**_COLOURS_ZH, **_HINTED_ZH}


def _words(names: dict[str, str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


# 明白的, 现金的, 奶粉的 and 口红的 name no colour, and in 1.8米的床 a metre is meant.
_GUARDED = {
    "米": "米小大玉厘毫纳一二两三四五六七八九十百几半.0-9", "白": "明表告坦空美蛋", "红": "口网分鸿",
    "粉": "奶面花珍米淀衣白蜜散身啡藕",
    "金": "现押定基奖佣租本资订证税罚礼", "银": "收",
}  # fmt: skip
_SINGLE = "|".join(f"(?<![{before}]){colour}" for colour, before in _GUARDED.items())
_FREE = _words({name: value for name, value in _WITH_HINT.items() if name not in _GUARDED})
_NOT_OF_OTHERS = {k: v for k, v in _COLOURS_ZH.items() if k not in _GUARDED and k not in "咖青"}
_COLOUR = re.compile(
    rf"""(?=[\u4e00-\u9fff])(?:(?P<whole>{_words(_WHOLE_ZH)})色?
    | (?P<shade>[深浅暗亮])(?P<shaded>{_words(_COLOURS_ZH)})(?!灯)色?
    | (?P<zh>{_SINGLE}|{_FREE})(?:色|款|(?=那[件个双条只]))
    | (?P<owned>{_SINGLE}|{_words(_NOT_OF_OTHERS)})(?=的(?!士)))
    | \b(?:(?P<tone>dark|deep|light|pale)\s)?(?P<en>{_words(_COLOURS_EN)})\b
      (?!\s(?:friday|list|card|flag|wine|tea|members?|oil|juice|trees?|cheese|coffee|label|noise|area|cross)\b)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_NO_COLOUR = re.compile(
    r"\b(?:(?:hand|face|facial|eye|ice|sun|shaving|body|night|day|skin|foot|whipped|anti-ag(?:e|ing))\scream"
    r"|(?:prices?|costs?|fees?|it|they|rates?|has|have)\srose)$",
    re.IGNORECASE,
)


def sizes(text: str) -> Iterator[Span]:
    """Clothing and shoe sizes and measures.

    The value is upper case, or a number with its unit or system ("1.8 m", "UK 8"); a size larger or smaller than the
    one spoken of is "+1" or "-1".
    """
    for match in _SIZES.finditer(text):
        group = match.lastgroup or ""
        if group in ("unit", "number"):
            yield _size(match, 0, _measure(match) if group == "unit" else _of_system(match))
        elif group in ("larger", "smaller"):
            yield _size(match, group, "+1" if group == "larger" else "-1")
        elif group == "systemafter":
            start = match.start("cued")
            value = f"{_system(match['systemafter'])} {match['cued'].upper()}"
            yield Span(EntityKind.SIZE, start, match.end(), value, 0.9)
        elif group == "european":
            yield _size(match, 0, f"EU {match['european']}")
        elif group in ("shoe", "half"):
            shoe = match["shoe"]
            number = shoe if shoe[0].isdigit() else str(chinese_number(shoe))
            yield _size(match, 0 if match["half"] else "shoe", number + (".5" if match["half"] else ""))
        else:
            written = match[group]
            yield _size(match, group, _SIZE_WORDS.get(" ".join(written.lower().split()), written.upper()))


def _size(match: re.Match[str], group: str | int, value: str) -> Span:
    return Span(EntityKind.SIZE, *match.span(group), value, 0.9)


def _measure(match: re.Match[str]) -> str:
    unit = match["unit"].lower()
    return f"{match['measure']} {_UNITS.get(unit, unit)}"


def _of_system(match: re.Match[str]) -> str:
    return f"{_system(match['system'])} {match['number']}"


def _system(written: str) -> str:
    system = written.lower().rstrip("码")
    return _SYSTEMS.get(system, system.upper())


def colours(text: str) -> Iterator[Span]:
    """Colours; the value is the English name."""
    for match in _COLOUR.finditer(text):
        if _NO_COLOUR.search(text, max(0, match.start() - 12), match.end()):
            continue
        if match["en"]:
            tone = _SHADES_EN.get((match["tone"] or "").lower(), "")
            value = tone + _COLOURS_EN[match["en"].lower()]
        elif match["whole"]:
            value = _WHOLE_ZH[match["whole"]]
        elif match["shaded"]:
            value = _SHADES_ZH[match["shade"]] + _COLOURS_ZH[match["shaded"]]
        else:
            value = _WITH_HINT[match["zh"] or match["owned"]]
        yield Span(EntityKind.COLOUR, match.start(), match.end(), value, 0.9)
