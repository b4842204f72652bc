"""Order numbers, quantities, amounts of money."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.entities.spans import Span
from nlu.types import EntityKind

_DIGITS_ZH = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "仨": 3, "〇": 0}
_UNITS_ZH = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_NUMBER_ZH = "[零〇一二两俩仨三四五六七八九十百千万]"
_WORDS_EN = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "a dozen": 12, "a couple of": 2, "a pair of": 1, "both": 2, "twenty": 20,
}  # fmt: skip
_WORD_EN = "|".join(sorted(map(re.escape, _WORDS_EN), key=len, reverse=True))

_SHAPED = r"[A-Za-z]{0,4}[-_]?\d[\dA-Za-z]*(?:-[\dA-Za-z]+){0,3}"
_CUED_ORDER = re.compile(
    rf"(?:订单编号|订单号码?|订单|单号|编号|\border\s?(?:number|num|no\.?|nr\.?|id)?|\bpurchase|\bpo)"
    rf"\s*(?:是|为|is|was|:|：|\#|号|no\.?)*\s*[\#:]?\s*(?P<number>{_SHAPED})(?![\w-])",
    re.IGNORECASE | re.ASCII,
)
_HASH = re.compile(r"#\s?(?P<number>[A-Za-z]{0,4}-?\d{3,}[\dA-Za-z-]*)", re.ASCII)
_TYPICAL = re.compile(
    r"(?<![\w-])(?P<number>[A-Za-z]{1,4}-?\d{5,}(?:-\d+)?|\d{4,8}-\d{3,8}(?:-[A-Za-z0-9]{1,4})?|\d{4,8}-[A-Za-z])(?![\w-])",
    re.ASCII,
)
_LONG = re.compile(r"(?<![\w.¥￥$€£-])(?P<number>\d{8,24})(?![\w.-])", re.ASCII)
_BARE = re.compile(
    r"(?<![\w.¥￥$€£:/-])(?P<number>\d{4,7})(?!\s?(?:元|块|年|个|件|双|号楼|室|w\b|mah|ml|g\b|kg|cm|mm|米|克|毫升|%|yuan|usd|dollars?|pounds?|euros?)|[\w.:/-])",
    re.IGNORECASE | re.ASCII,
)
_ALONE = re.compile(r"\s*#?(?P<number>[A-Za-z]{0,4}-?\d{3,24}(?:-[\dA-Za-z]+){0,2})\s*[。.!?？!]?\s*")
_YEAR = re.compile(r"(?:19|20)\d\d")

_CURRENCY = r"[¥￥$€£]"
_MONEY = re.compile(
    rf"""(?:{_CURRENCY}\s?(?P<after>\d[\d,]*(?:\.\d{{1,2}})?)(?![\d%])
    | (?<![\w.-])(?P<before>\d[\d,]*(?:\.\d{{1,2}})?)\s?(?P<kilo>k(?=\s?(?:元|块|yuan|rmb|usd)))?\s?
      (?:元|块钱?|圆|rmb\b|cny\b|yuan\b|usd\b|us\s?dollars?\b|dollars?\b|bucks?\b|euros?\b|eur\b|pounds?\b|quid\b|gbp\b|人民币)
      (?P<tenth>\d(?!\d))?
    | (?<![一二三四五六七八九十百千万两])(?P<chinese>{_NUMBER_ZH}{{1,9}})(?:块钱?|元)(?!表))""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_MEASURES = "件|双|条|瓶|盒|箱|包|台|套|只|支|袋|罐|把|张|副|斤|部|辆|枚|桶|打|对|本|串|份|块(?!钱)|个"
_NOT_COUNTED = (
    "(?!月|小时|星期|礼拜|人|问题|事|钟头|地址|订单|快递|包裹|客服|电话|价|字|意思|样|优惠|办法|时间|东西都"
    "|工作日|账号)"
)
_QUANTITY_ZH = re.compile(
    rf"(?<![\d.第每这那哪某另])(?P<number>\d{{1,5}}|{_NUMBER_ZH}{{1,4}})\s?(?:{_MEASURES}){_NOT_COUNTED}"
)
_QUANTITY_EN = re.compile(
    rf"""\b(?P<number>\d{{1,5}}|{_WORD_EN})\s?(?:pcs?|pieces?|pairs?|items?|boxes|bottles?|packs?|units?|sets?|copies|
    of\s(?:them|these|those|each)|(?:more\s)?(?:mugs|cups|shirts|shoes|lamps|bags))\b
    | \b(?:qty|quantity|amount)\s?[:=]?\s?(?P<stated>\d{{1,5}})\b
    | \b[x×](?P<times>\d{{1,3}})\b | \b(?P<timesafter>\d{{1,3}})\s?[x×](?=\s|$)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def chinese_number(text: str) -> int | None:
    """The value of a Chinese numeral up to 万, or None: 两百五 is 250, 一千二 is 1200."""
    total, section, digit, last_unit = 0, 0, 0, 1
    for character in text:
        if character in _DIGITS_ZH:
            digit = digit * 10 + _DIGITS_ZH[character] if last_unit == 0 else _DIGITS_ZH[character]
            if character in "零〇":
                last_unit = 1
        elif character in _UNITS_ZH:
            unit = _UNITS_ZH[character]
            if unit == 10000:
                total += (section + digit) * unit
                section = 0
            else:
                section += (digit or 1) * unit
            digit, last_unit = 0, unit
        else:
            return None
    return total + section + digit * (last_unit // 10 if last_unit >= 100 else 1)


def order_numbers(text: str) -> Iterator[Span]:
    """Order numbers, surest first; the value is in upper case, without `#` and spaces."""
    for pattern, score in ((_CUED_ORDER, 1.0), (_HASH, 1.0), (_TYPICAL, 0.9), (_LONG, 0.7)):
        for match in pattern.finditer(text):
            yield _order(match, score)
    alone = _ALONE.fullmatch(text)
    if alone:
        yield _order(alone, 0.8)
    for match in _BARE.finditer(text):
        if not _YEAR.fullmatch(match["number"]):
            yield _order(match, 0.5)


def _order(match: re.Match[str], score: float) -> Span:
    start, end = match.span("number")
    return Span(EntityKind.ORDER_NUMBER, start, end, match["number"].upper().strip("-_"), score)


def amounts(text: str) -> Iterator[Span]:
    """Sums of money; the value is a decimal string without currency."""
    for match in _MONEY.finditer(text):
        if match["chinese"]:
            number = chinese_number(match["chinese"])
            value = None if number is None else str(number)
        else:
            value = (match["after"] or match["before"]).replace(",", "").rstrip(".")
            if match["kilo"]:
                value = f"{float(value) * 1000:g}"
            if match["tenth"]:
                value += f".{match['tenth']}"
        if value:
            yield Span(EntityKind.AMOUNT, match.start(), match.end(), value)


def quantities(text: str) -> Iterator[Span]:
    """Numbers of things; the value is a whole number."""
    for match in _QUANTITY_ZH.finditer(text):
        written = match["number"]
        number = int(written) if written.isdigit() else chinese_number(written)
        if number:
            yield Span(EntityKind.QUANTITY, match.start(), match.end(), str(number), 0.9)
    for match in _QUANTITY_EN.finditer(text):
        written = next(group for group in match.groups() if group).lower()
        number = int(written) if written.isdigit() else _WORDS_EN[written]
        yield Span(EntityKind.QUANTITY, match.start(), match.end(), str(number), 0.9)
