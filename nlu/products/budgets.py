"""How much may be spent: a sum with the words around it that say whether it is the most, the least or about right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from nlu.entities.amounts import amounts
from nlu.entities.numerals import NUMERAL_ZH, NUMERALS_EN, chinese_number, english_number, scaled
from nlu.products import units

_BESIDE = 40
"""Characters beside a sum in which its words stand."""
_MOST = Decimal(10**11)
"""Above it nothing is dearer: in minor units it fits a store's integers."""
_WORD_EN = "|".join(NUMERALS_EN)
_NUMBERS = re.compile(
    rf"(?<![\w.])(?P<digits>\d(?:[\d,]{{0,13}}\d)?(?:\.\d{{1,2}})?)\s?(?P<scale>[百千万kw](?![a-z]))?"
    rf"|(?P<zh>{NUMERAL_ZH}{{2,8}})"
    rf"|\b(?P<en>(?:an?\s)?(?:{_WORD_EN})(?:(?:\s|-|\sand\s)(?:{_WORD_EN}))*)\b",
    re.IGNORECASE | re.ASCII,
)
_TWO = re.compile(r"([一二两三四五六七八九])([二三四五六七八九])([十百千万])")
_UNIT = re.compile(
    rf"\s?(?:{units.PATTERN}"
    r"|(?:tall|years?|yrs?|yo|months?|weeks?|days?|hours?|minutes?|mins?|pieces?|packs?|pairs?|sizes?)\b|%|°"
    r"|岁|周岁|个|月|天|年|号|日|点|小时|分钟|件|双|条|瓶|盒|只|寸|码|种|款|次|折)",
    re.IGNORECASE,
)
_PIECES = re.compile(r"\s?(?:颗|粒|片|支|根|张|只|盒|包|袋|瓶|罐)(?!\s?\d)")
"""What is counted is no money."""
_SIGN = r"(?:(?:jp|hk|nt|us)?[¥￥$£€₩]|rmb|cny|usd|gbp|eur|jpy|krw)?\s?$"
_MOST_BEFORE = re.compile(
    r"(?:\b(?:under|below|beneath"
    r"|(?:less|lower|cheaper|shorter|lighter|smaller|narrower|thinner) than|up to|upto|max(?:imum)?(?: of)?|at most"
    r"|within|beyond|past"
    r"|no (?:more|higher|dearer) than|not? (?:over|above|more than|exceed\w*)|limit(?: is| of)?|cap(?: is| of)?|top)"
    r"|不超过?|不要超过"
    r"|别超过|不能超过|不高于|最多|最高|至多|低于|小于|少于|控制在|别超|<)\s?(?:的|是|:)?\s?(?:about )?"
    + _SIGN,
    re.IGNORECASE,
)
_LEAST_BEFORE = re.compile(
    r"(?:\b(?:at least|over|above"
    r"|(?:more|longer|bigger|larger|heavier|wider|taller|higher|deeper|stronger) than"
    r"|from|min(?:imum)?(?: of)?|starting at|upwards of)"
    r"|至少|最少|起码|不低于|不少于|高于|超过|大于|>)\s?" + _SIGN,
    re.IGNORECASE,
)
_ABOUT_BEFORE = re.compile(
    r"(?:\b(?:around|about|roughly|approx(?:imately)?|circa|ish)|~|大概|大约|差不多|约)\s?" + _SIGN,
    re.IGNORECASE,
)
_BUDGET_BEFORE = re.compile(
    r"(?:\b(?:budget(?:'s| is| of)?|spend(?:ing)?|afford|got|have|for)(?: only| about| around)?"
    r"|预算(?:是|有|在|就|只有|大概|大约)?)\s?:?\s?" + _SIGN,
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween\s?$", re.IGNORECASE)
_BUDGET = re.compile(r"budget|预算|spend", re.IGNORECASE)
_MOST_AFTER = re.compile(
    r"\s?(?:all in\b|altogether\b|in total\b|for (?:both|the two)(?: together)?\b"
    r"|or (?:less|under|below|cheaper)|max(?:imum)?\b|tops\b|at (?:the )?most"
    r"|(?:is (?:the|my) )?(?:limit|ceiling|cap)\b"
    r"|以内|之内|以下|以里|往下|内(?!容)|封顶|为限)",
    re.IGNORECASE,
)
_LEAST_AFTER = re.compile(
    r"\s?(?:or (?:more|over|above)|and (?:up|above|over)|plus\b|\+|以上|往上|起(?!来))", re.IGNORECASE
)
_ABOUT_AFTER = re.compile(r"\s?(?:-?ish\b|or so\b|左右|上下|出头|来块)", re.IGNORECASE)
_TO = re.compile(
    r"\s?(?:[日韩]元|日圆|円|원|元|块钱?|yuan|yen|won|rmb|bucks|quid|pounds|dollars)?\s?(?:-|–|—|~|～|到|至|to|and|or)"
    r"\s?(?:(?:jp|hk|nt|us)?[¥￥$£€₩])?\s?",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:\b(?:not|no|nothing|never|nor|don['’]?t|doesn['’]?t|can['’]?t|cannot|won['’]?t|wouldn['’]?t|shouldn['’]?t)\b"
    r"[^,.;!?]{0,28}|(?:(?<![是能会要])不|(?<![特区分个类])别(?![的人家处])|没(?!有))[^，。；！？,]{0,6})$",
    re.IGNORECASE,
)
"""Before a bound: "nothing over" is at most, "not a penny under" at least."""
_CURRENCY = re.compile(
    r"\s?(?:[日韩]元|日圆|日币|韩币|円|원|元|块钱?|圆|人民币|yuan|kuai|rmb|cny|usd|dollars?|bucks?|quid|pounds?|euros?|eur|gbp"
    r"|yen\b|jpy|krw|won\b(?!['’]t|\s?tons?\b|\s(?:the|an?|my|our)\b)|[¥￥$£€₩])",
    re.IGNORECASE,
)

_COUNT = re.compile(
    rf"(?P<n>\d{{1,3}}|{NUMERAL_ZH}{{1,3}}|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)\b)\s?"
    r"(?:people|persons?|colleagues|friends|guests|kids|children|of (?:them|us)"
    r"|个?人|个?同事|个?朋友|位|份|只|件|盒|套)",
    re.IGNORECASE,
)
_BOTH = re.compile(r"\bfor (?:both|the two)\b", re.IGNORECASE)
_IN_ALL = re.compile(
    r"\b(?:all in|altogether|in total|total|in all|whole budget|for (?:both|the two))\b|一共|总共|总预算|合计|加起来"
    rf"|(?:\d{{1,3}}|{NUMERAL_ZH}{{1,2}})(?:只|件|份|盒|套|个)(?:一起)?(?:不超|不要超|别超|最多|预算)",
    re.IGNORECASE,
)


_RELATIONS = (
    (_MOST_BEFORE, _MOST_AFTER, "high"),
    (_LEAST_BEFORE, _LEAST_AFTER, "low"),
    (_ABOUT_BEFORE, _ABOUT_AFTER, "about"),
)
"""What says it before and after a sum. "No more than" is a limit before it is "more than"."""
_OTHER_WAY = {"high": "low", "low": "high", "about": "about"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What something may cost, in major units, and where in the text that stands."""

    low: Decimal | None = None
    high: Decimal | None = None
    about: bool = False
    """It is to come near to `high`."""
    start: int = 0
    end: int = 0
    certain: bool = False
    """A currency or a word for a limit stands beside it."""


@dataclass(frozen=True, slots=True)
class _Sum:
    start: int
    end: int
    value: Decimal
    money: bool


def budget(text: str, told: Sequence[str] = ()) -> Budget | None:
    """The budget that a text names; `told` are stretches that are known to be one.

    A bare number without a word for a limit or a currency is one only where it stands in such a stretch.
    """
    found = sums(text)
    for first, second in pairwise(found):
        between = text[first.end : second.start]
        cued = _near(text, first, second, told)
        if (_TO.fullmatch(between) or not between) and first.value < second.value and cued:
            # "20 or 30" is a guess of one sum, not a range that excludes what is cheaper.
            return Budget(
                low=None if between.strip() == "or" else first.value,
                high=min(second.value, _MOST), start=first.start, end=second.end, certain=True,
            )  # fmt: skip
    bounds = [bound for one in found if (bound := _bound(text, one, told)) is not None]
    if not bounds:
        return None
    low = next((one.low for one in bounds if one.low is not None), None)
    # A limit holds beside what a sum is only to come near to.
    high = next(
        iter(sorted((one for one in bounds if one.high is not None), key=lambda one: one.about)), None
    )
    top = high.high if high is not None else None
    return Budget(
        low=low if top is None or low is None or low <= top else None,
        high=top,
        about=high is not None and high.about,
        start=min(one.start for one in bounds),
        end=max(one.end for one in bounds),
        certain=any(one.certain for one in bounds),
    )


def count(text: str) -> int:
    """How many a text says are wanted, or for how many people; 1 where it doesn't."""
    match = _COUNT.search(text)
    if match is None:
        return 2 if _BOTH.search(text) else 1
    number = (
        int(match["n"])
        if match["n"].isdigit()
        else english_number(match["n"])
        if match["n"].isascii()
        else chinese_number(match["n"])
    )
    return number or 1


def in_all(text: str) -> bool:
    """Whether a text says that its sum is for all together."""
    return _IN_ALL.search(text) is not None


def _near(text: str, first: _Sum, second: _Sum, told: Sequence[str]) -> bool:
    """Whether two numbers beside each other are sums of money."""
    stretch = text[first.start : second.end]
    if _PIECES.match(text, second.end):
        return False
    if first.money or second.money or any(text[first.start : first.end] in part for part in told):
        return True
    after, before = text[second.end : second.end + _BESIDE], text[max(0, first.start - _BESIDE) : first.start]
    if _UNIT.match(after):
        return False
    between = bool(_BETWEEN.search(before))
    return between or not stretch.isascii() or bool(_BUDGET_BEFORE.search(before)) or first.value >= 10


def _bound(text: str, one: _Sum, told: Sequence[str]) -> Budget | None:
    ahead_of = max(0, one.start - _BESIDE)
    before, after = text[ahead_of : one.start], text[one.end : one.end + _BESIDE]
    value = min(one.value, _MOST)
    if (not one.money and _UNIT.match(after)) or _PIECES.match(after):
        return None
    tail = _CURRENCY.match(after)
    after = after[tail.end() :] if tail is not None else after
    money = one.money or tail is not None
    end = one.end + (tail.end() if tail is not None else 0)
    known = any(text[one.start : one.end] in part for part in told)
    for ahead, behind, bound in _RELATIONS:
        cue, follows = ahead.search(before), behind.match(after)
        if cue is not None or follows is not None:
            start = ahead_of + cue.start() if cue is not None else one.start
            denied = cue is not None and _DENIED.search(before[: cue.start()])
            bound = _OTHER_WAY[bound] if denied else bound
            amount = {"low": value} if bound == "low" else {"high": value}
            end += follows.end() if follows is not None else 0
            return Budget(**amount, about=bound == "about", certain=True, start=start, end=end)
    if money or known or (_BUDGET_BEFORE.search(before) and _BUDGET.search(before[-20:])):
        return Budget(high=value, certain=money, start=one.start, end=end)
    return None


def bound_of(before: str, after: str) -> str:
    """Which bound the words before and after a number say that it is: `low`, `high`, `about`; empty: none."""
    for ahead, behind, bound in _RELATIONS:
        if ahead.search(before[-_BESIDE:]) or behind.match(after):
            return bound
    return ""


def sums(text: str) -> list[_Sum]:
    """The numbers of a text, in figures or words, in order."""
    found = [
        _Sum(span.start, span.end, value, True)
        for span in amounts(text)
        if (value := _decimal(span.value)) is not None
    ]
    taken = {place for one in found for place in range(one.start, one.end)}
    for match in _NUMBERS.finditer(text):
        if taken.isdisjoint(range(*match.span())):
            found += _numbers(match)
    return sorted(found, key=lambda one: one.start)


def _numbers(match: re.Match[str]) -> list[_Sum]:
    start, end = match.span()
    if match["digits"]:
        digits = match["digits"].replace(",", "").rstrip(".")
        value = scaled(digits, match["scale"]) if match["scale"] else _decimal(digits)
        return (
            [_Sum(start, end if match["scale"] else match.end("digits"), Decimal(value), False)]
            if value
            else []
        )
    if match["zh"]:
        either = _TWO.fullmatch(match["zh"])
        if either is not None:
            low, high, unit = either.groups()
            money = _PIECES.match(match.string, end) is None
            return [
                _Sum(start, start + 1, Decimal(chinese_number(low + unit) or 0), money),
                _Sum(start + 1, end, Decimal(chinese_number(high + unit) or 0), money),
            ]
        number = chinese_number(match["zh"])
    else:
        number = english_number(match["en"])
    return [_Sum(start, end, Decimal(number), False)] if number else []


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
