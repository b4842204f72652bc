"""Order numbers and quantities."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.entities.amounts import MEASURES
from nlu.entities.numerals import NUMERAL_ZH, chinese_number
from nlu.entities.spans import Span
from nlu.types import EntityKind

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
# "I want to order 2 lamps" orders, "has order 12 left" names one.
_ORDERING = re.compile(
    r"(?<!\bmy\s)(?<!\bthe\s)(?<!\bis\s)(?<!\bfor\s)(?<!\babout\s)(?<!\bhas\s)(?<!\bof\s)(?<!\bon\s)(?<!\bwas\s)"
    r"\border\s\d{1,2}(?=\s[a-z])",
    re.IGNORECASE,
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

_NOT_COUNTED = (
    "(?!月|小时|星期|礼拜|人|问题|事|钟头|地址|订单|快递|包裹|客服|电话|价|字|意思|样|优惠|办法|时间|东西都"
    "|工作日|账号)"
)
_QUANTITY_ZH = re.compile(
    rf"(?<![\d.第每这那哪某另几数])(?!一块(?!钱))(?P<number>\d{{1,5}}|{NUMERAL_ZH}{{1,4}})\s?(?:{MEASURES}){_NOT_COUNTED}"
)
_EACH = re.compile("[二三四五六七八九]一$")
_QUANTITY_EN = re.compile(
    rf"""\b(?P<number>\d{{1,5}}|{_WORD_EN})\s?(?:pcs?|pieces?|pairs?|items?|boxes|bottles?|packs?|units?|sets?|copies|
    of\s(?:them|these|those|each)|(?:more\s)?(?:mugs|cups|shirts|shoes|lamps|bags))\b
    | \b(?:qty|quantity|amount)\s?[:=]?\s?(?P<stated>\d{{1,5}})\b
    | \b[x×](?P<times>\d{{1,3}})\b | \b(?P<timesafter>\d{{1,3}})\s?[x×](?=\s|$)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def order_numbers(text: str) -> Iterator[Span]:
    """Order numbers, surest first; the value is in upper case, without `#` and spaces."""
    for pattern, score in ((_CUED_ORDER, 1.0), (_HASH, 1.0), (_TYPICAL, 0.9), (_LONG, 0.7)):
        for match in pattern.finditer(text):
            if not _ORDERING.match(text, match.start()):
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


def quantities(text: str) -> Iterator[Span]:
    """Numbers of things; the value is a whole number."""
    for match in _QUANTITY_ZH.finditer(text):
        written = match["number"]
        # In 三十五一罐 one costs thirty-five.
        start = match.start() + (len(written) - 1 if _EACH.search(written) else 0)
        number = (
            int(written) if written.isdigit() else chinese_number(match.string[start : match.end("number")])
        )
        if number:
            yield Span(EntityKind.QUANTITY, start, match.end(), str(number), 0.9)
    for match in _QUANTITY_EN.finditer(text):
        written = next(group for group in match.groups() if group).lower()
        number = int(written) if written.isdigit() else _WORDS_EN[written]
        yield Span(EntityKind.QUANTITY, match.start(), match.end(), str(number), 0.9)
