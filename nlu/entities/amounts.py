"""Sums of money.

The value is a decimal string without currency. A range ("¥99-199", 三四百块) is two sums, its ends, each with its
own place in the text; a sum that is only about right (两百多, 一百来块) is the number said, but 十几块 is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from nlu.entities.numerals import (
    DIGIT_ZH,
    NUMERAL_ZH,
    NUMERALS_EN,
    chinese_number,
    english_number,
    mixed_number,
    plain,
    scaled,
)
from nlu.entities.spans import Span
from nlu.types import EntityKind

MEASURES = "件|双|条|瓶|盒|箱|包|台|套|只|支|袋|罐|把|张|副|斤|部|辆|枚|桶|打|对|本|串|份|块(?!钱)|个"
"""What Chinese counts things in."""

_SIGN = "(?:(?:JP|HK|NT|US)?[¥￥$€£₩])"
_CURRENCY = (
    rf"(?:{_SIGN}|\b(?:rmb|cny|usd|gbp|eur|jpy|krw)\s?(?=\d)|(?:人民币|港币|日元|日币|韩元|韩币)\s?(?=\d))"
)
_NUMBER = r"\d[\d,]{0,15}+(?:\.\d{1,2})?"
_TO = r"\s?(?:-|–|—|~|到|至|to)\s?"
_MORE = "(?:[多来]|左右)"
_UNIT_EN = (
    r"(?:yuan|rmb|cny|usd|us\s?dollars?|dollars?|bucks?|euros?|eur|pounds?|quid|gbp|yen|jpy|krw"
    r"|won(?!['’]t|\s?tons?\b|\s(?:the|an?|my|our)\b))\b"
)
# 元气 is a brand, and 元旦 the first of January.
_FOREIGN = "(?:[日韩美港欧]元(?![旦气])|英镑|日圆|日币|韩币|円|원)"
_SIGN_AFTER = rf"{_SIGN}(?!\s?\d)"
_NOT_WEIGHT = r"(?!\s(?:of\b|heavier|lighter|in\sweight))"
_WEIGHING = re.compile(
    r"\b(?:weigh\w{0,3}|weight|i'm|i\sam|los[et]|losing|gain\w{0,3})\s(?:is\s|about\s|around\s|only\s|over\s)?$",
    re.IGNORECASE,
)
_DIGIT_ZH = "[一二两三四五六七八九]"
# 十块五 is 10.5, but 十块五个 is five for ten, and 十块一斤 is ten a pound.
_TENTH = (
    r"(?:零?(?P<tenth>[\d二三四五六七八九]|一(?=毛|$|[,。!?]))毛?"
    rf"(?!\d|[十百千万点次天年月米人]|\s?(?!包邮)(?:{MEASURES})))?"
)
# 两块手表 are two watches.
_IN_PIECES = (
    "(?!\\s?(?:手?表(?![示面明达])|腕表|电池|香皂|肥皂|布|毛巾|手帕|蛋糕|巧克力|砖|玻璃|地毯|地垫|木|硬盘))"
)
_YUAN = rf"(?:块(?!钱){_IN_PIECES}|块钱)"
# 一块 alone mostly means "together".
_TOGETHER = r"(?!(?<![减差少付花扣退涨降])一块(?!钱|[二三四五六七八九\d]))"
_ROUGHLY_ENDS = r"(?=[块元的了买吧吗呢呀啊就都能也还,。!?\s]|$)"
_WORD_EN = "|".join(NUMERALS_EN)
_NAMED_NOTES = {"fiver": 5, "tenner": 10}
_NOT_MONEY = (
    rf"(?![\d.,/:-]*\d|{NUMERAL_ZH}|[%％折点次倍天日年月周号分秒小时人岁级期寸码米克g公毫颗升斤星楼室遍笔单回趟轮款样种字订送免赠]|\s?(?:{MEASURES}|[a-z])"
    r"|积分)"
)

_DIGITS = re.compile(
    rf"""{_CURRENCY}\s?(?P<after>{_NUMBER})(?:\s?(?P<afterscale>[千万kw])(?![A-Za-z]))?(?![\d%])
      (?:{_TO}{_CURRENCY}?\s?(?P<upto>{_NUMBER})(?![\d%]|\s?(?:days?|天)))?
    | (?<![\w.-])(?:(?P<from>{_NUMBER}){_TO})?(?P<before>\d[\d,]{{0,15}}+(?:\.\d{{1,4}})?)\s?
      (?:(?P<scale>[百千万kw])\s?)?
      {_MORE}?\s?(?:(?:元|{_YUAN}|圆|人民币|港币){_TENTH}|{_FOREIGN}|{_UNIT_EN}{_NOT_WEIGHT}|{_SIGN_AFTER})
    | (?<![\w.-])(?P<shipped>\d{{1,5}}(?:\.\d{{1,2}})?)(?=包邮)
    | (?<![\w.-])(?P<dimes>\d)\s?毛(?:钱|(?![\u4e00-\u9fff]))""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_CHINESE = re.compile(
    rf"""(?<![一二三四五六七八九十百千万两几数半第\d.])(?:
      (?P<dimes>{_DIGIT_ZH})毛(?:钱|(?![\u4e00-\u9fff])|(?=[的吧吗呢啊行]))
    | {_TOGETHER}(?P<number>{NUMERAL_ZH}{{1,9}}){_MORE}?(?:{_FOREIGN}|(?:{_YUAN}|元(?!表|旦|宵|素|件)){_TENTH})
    | (?P<about>{_DIGIT_ZH}{{1,2}}[百千万])(?:多|来){_ROUGHLY_ENDS}
    )""",
    re.VERBOSE | re.ASCII,
)
_MIXED = re.compile(
    r"(?<![\w.-])(?P<mixed>\d{1,4}万\d千(?:\d百?)?|\d{1,4}万\d|\d千\d百\d{0,2}十?|\d千\d|\d百\d十?)(?=元|块)",
    re.ASCII,
)
_CUE = (
    r"(?:预算|原价|现价|售价|标价|单价|总价|到手价?|便宜|[再能]少|花了|花费了?|付了|(?<![专热小外])卖|满|降到|砍到"
    r"|(?<=[\d一二三四五六七八九十百千万元块件])减)(?:是|为|到|了|大概|大约|约|差不多|才|我)?\s?:?\s?"
)
_CUED = re.compile(
    rf"""{_CUE}(?P<digits>\d{{1,6}}(?:\.\d{{1,2}})?)(?P<by>[百千万kw](?![a-z]))?{_NOT_MONEY}
    | {_CUE}(?P<zh>{NUMERAL_ZH}{{2,7}}){_NOT_MONEY}
    | (?<![第{DIGIT_ZH}十百千万几\d])(?P<bid>{_DIGIT_ZH}[百千万]{_DIGIT_ZH})(?=卖|行吗|行不行|可以吗|包邮|成交|怎么样)
    | \b(?:budget|paid?|costs?|prices?|spen[dt]|under)(?:\sme|\sis|\sof|:)?(?:\s(?:about|around|only))?\s
      (?P<k>\d{{1,3}}(?:\.\d{{1,2}})?)k\b""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ENGLISH = re.compile(
    rf"""\b(?:(?P<words>(?:an?\s)?(?:(?:{_WORD_EN})(?:\s|-|\sand\s)){{1,6}}){_UNIT_EN}{_NOT_WEIGHT}
    | (?P<one>an?\s(?:quid|buck|dollar|euro)\b)
    | (?P<note>{"|".join(_NAMED_NOTES)})\b)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ENGLISH_HINT = re.compile(r"yuan|dollar|buck|euro|pound|quid|fiver|tenner|yen|won", re.IGNORECASE)
_TWO_DIGITS = re.compile(r"([一二两三四五六七八九])([二三四五六七八九])([十百千万]?)")


def amounts(text: str) -> Iterator[Span]:
    """The sums of money that a text names."""
    if not text.isascii():
        for match in _MIXED.finditer(text):
            yield _amount(match.start(), match.end() + 1, str(mixed_number(match["mixed"])))
    for match in _DIGITS.finditer(text):
        if not _is_weight(match):
            yield from _digits(match)
    if not text.isascii():
        for match in _CHINESE.finditer(text):
            yield from _chinese(match)
    for match in _CUED.finditer(text):
        yield from _cued(match)
    if _ENGLISH_HINT.search(text):
        for match in _ENGLISH.finditer(text):
            if not _is_weight(match):
                yield from _english(match)


def _is_weight(match: re.Match[str]) -> bool:
    """Whether the pounds are those of "I weigh 150 pounds"."""
    start = match.start()
    return "pound" in match[0].lower() and bool(_WEIGHING.search(match.string, max(0, start - 24), start))


def _english(match: re.Match[str]) -> Iterator[Span]:
    number = _NAMED_NOTES[match["note"].lower()] if match["note"] else english_number(match["words"] or "one")
    if number:
        yield _amount(*match.span(), str(number))


def _amount(start: int, end: int, value: str) -> Span:
    return Span(EntityKind.AMOUNT, start, end, value)


def _digits(match: re.Match[str]) -> Iterator[Span]:
    start, end = match.span()
    if match["dimes"]:
        yield _amount(start, end, f"0.{match['dimes']}")
    elif match["shipped"]:
        yield _amount(start, end, match["shipped"])
    elif match["after"]:
        scale = match["afterscale"] or ""
        upto = match["upto"]
        yield _amount(start, match.end("afterscale" if scale else "after"), _sum(match["after"], scale))
        if upto:
            yield _amount(*match.span("upto"), _sum(upto, ""))
    else:
        scale = match["scale"] or ""
        if match["from"]:
            yield _amount(*match.span("from"), _sum(match["from"], scale))
            start = match.start("before")
        if "." in match["before"] and match["tenth"]:
            # 9.9块5 isn't 9.9 and half a yuan more.
            yield _amount(start, match.start("tenth"), _sum(match["before"], scale))
        else:
            yield _amount(start, end, _sum(match["before"], scale) + _fraction(match))


def _sum(number: str, scale: str) -> str:
    """As it was written, unless a unit such as 万 multiplies it."""
    return plain(scaled(number, scale)) if scale else number.replace(",", "").rstrip(".")


def _fraction(match: re.Match[str]) -> str:
    tenth = match["tenth"]
    if not tenth:
        return ""
    return f".{chinese_number(tenth) if not tenth.isdigit() else tenth}"


def _chinese(match: re.Match[str]) -> Iterator[Span]:
    start, end = match.span()
    if match["dimes"]:
        yield _amount(start, end, plain(Decimal(chinese_number(match["dimes"]) or 0) / 10))
        return
    yield from _numeral(match["number"] or match["about"], start, end, _fraction(match))


def _numeral(written: str, start: int, end: int, fraction: str = "") -> Iterator[Span]:
    either = _TWO_DIGITS.fullmatch(written)
    if either:
        low, high, unit = either.groups()
        yield _amount(start, start + 1, str(chinese_number(low + unit)))
        yield _amount(start + 1, end, str(chinese_number(high + unit)))
        return
    number = chinese_number(written)
    if number:
        yield _amount(start, end, str(number) + fraction)


def _cued(match: re.Match[str]) -> Iterator[Span]:
    """A bare number that a word before or after it makes a sum: 预算3000, 便宜五十, "budget is 2k"."""
    group = "zh" if match["zh"] else "bid"
    if match["digits"]:
        end = match.end("by") if match["by"] else match.end("digits")
        yield _amount(match.start("digits"), end, _sum(match["digits"], match["by"] or ""))
    elif match["k"]:
        yield _amount(match.start("k"), match.end(), _sum(match["k"], "k"))
    else:
        yield from _numeral(match[group], *match.span(group))
