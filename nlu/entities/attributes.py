"""Sizes and colours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.entities.spans import Span
from nlu.types import EntityKind

_LETTER_SIZE = r"(?:[2-6]?X{1,5}[SL]|X?S|M|L|[2-6]XL)"
_SIZE_WORDS = {
    "extra small": "XS", "small": "S", "medium": "M", "large": "L", "extra large": "XL", "one size": "ONE SIZE",
    "小": "S", "中": "M", "大": "L", "加大": "XL", "特大": "XXL", "均": "ONE SIZE",
}  # fmt: skip
_SIZES = re.compile(
    rf"""(?<![\w])(?P<extra>[2-6]?X{{1,5}}[SL]|[2-6]XL)(?![A-Za-z])
    | (?<![A-Za-z'’])(?P<letter>{_LETTER_SIZE})\s?(?:码|号|size\b)
    | (?:\bsizes?\s(?:is\s|of\s)?|尺码|码数|size)\s?[:：]?\s?(?:an?\s)?
      (?P<cued>{_LETTER_SIZE}|\d{{1,3}}(?:\.5)?)(?![\w])
    | (?<![\d.])(?P<shoe>\d{{2}}(?:\.5)?)\s?码
    | (?P<chinese>加大|特大|小|中|大|均)(?:号|码)(?!头)
    | \b(?:an?|in|the|size|is)\s(?P<word>extra\ssmall|small|medium|extra\slarge|large)\b
      (?!\s(?:problem|order|parcel|package|issue|amount|number))
    | \b(?P<one>one\ssize)\b
    | (?<![\d.])(?P<measure>\d{{1,4}}(?:\.\d{{1,2}})?)\s?
      (?P<unit>cm|mm|厘米|毫米|公分|inch(?:es)?|英寸|ml|毫升|kg|公斤|千克|gb|tb)(?![A-Za-z])""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_UNITS = {
    "厘米": "cm",
    "公分": "cm",
    "毫米": "mm",
    "英寸": "inch",
    "inches": "inch",
    "毫升": "ml",
    "公斤": "kg",
    "千克": "kg",
}

_COLOURS_ZH = {
    "黑": "black", "白": "white", "红": "red", "蓝": "blue", "绿": "green", "黄": "yellow", "粉": "pink",
    "粉红": "pink",
    "紫": "purple", "灰": "grey", "棕": "brown", "咖啡": "brown", "咖": "brown", "橙": "orange", "橘": "orange",
    "米": "beige", "米白": "beige", "杏": "beige", "藏青": "navy", "藏蓝": "navy", "金": "gold", "银": "silver",
    "卡其": "khaki", "酒红": "burgundy", "青": "teal", "天蓝": "light blue", "湖蓝": "teal", "军绿": "olive",
    "奶白": "ivory", "象牙白": "ivory", "玫红": "rose",
}  # fmt: skip
_PLAIN_COLOURS_EN = (
    "black", "white", "red", "blue", "green", "yellow", "pink", "purple", "grey", "brown", "orange", "beige", "navy",
    "gold", "silver", "khaki", "burgundy", "teal", "olive", "ivory", "rose", "turquoise", "cream", "lilac", "charcoal",
    "maroon",
)  # fmt: skip
_COLOURS_EN = {
    **{name: name for name in _PLAIN_COLOURS_EN},
    "gray": "grey", "violet": "purple", "tan": "beige", "navy blue": "navy", "golden": "gold",
    "light blue": "light blue",
    "dark blue": "dark blue", "dark green": "dark green",
}  # fmt: skip
_ZH = "|".join(sorted(_COLOURS_ZH, key=len, reverse=True))
_COLOUR = re.compile(
    rf"""(?P<shade>[深浅暗亮])?(?P<zh>{_ZH})(?:色|(?=的(?!士))|(?=款)|(?=那[件个双条只]))
    | \b(?P<en>{"|".join(sorted(map(re.escape, _COLOURS_EN), key=len, reverse=True))})\b
      (?!\s(?:friday|list|card|flag))""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_SHADES = {"深": "dark ", "暗": "dark ", "浅": "light ", "亮": "light "}


def sizes(text: str) -> Iterator[Span]:
    """Clothing and shoe sizes and measures; the value is upper case, or a number with its unit."""
    for match in _SIZES.finditer(text):
        group = match.lastgroup or ""
        if group == "unit":
            unit = match["unit"].lower()
            value = f"{match['measure']} {_UNITS.get(unit, unit)}"
        else:
            written = match[group]
            value = _SIZE_WORDS.get(" ".join(written.lower().split()), written.upper())
        start, end = (match.start(), match.end()) if group == "unit" else match.span(group)
        yield Span(EntityKind.SIZE, start, end, value, 0.9)


def colours(text: str) -> Iterator[Span]:
    """Colours; the value is the English name."""
    for match in _COLOUR.finditer(text):
        if match["zh"]:
            value = _SHADES.get(match["shade"] or "", "") + _COLOURS_ZH[match["zh"]]
        else:
            value = _COLOURS_EN[match["en"].lower()]
        yield Span(EntityKind.COLOUR, match.start(), match.end(), value, 0.9)
