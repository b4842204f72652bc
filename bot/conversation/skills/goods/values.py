"""What the value of an attribute settles: numbers compared, classes of water resistance, words that stand in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.conversation.skills import product_words
from bot.shop import options

_WRITTEN = (
    "kw 千瓦",
    "db 分贝",
    "lm lumens 流明",
    "°c ℃ 摄氏度 度 degrees",
    "v volt volts 伏",
    "%",
    "h hour hours hrs 小时",
    "min mins minutes 分钟",
    "day days 天",
    "month months 个月",
    "year years 年 岁",
    "piece pieces sheets bags 件 片 个 包 袋 张",
)
"""Units that no options have, as they are written; the first stands for all."""
_UNITS = {word: words.split()[0] for words in _WRITTEN for word in words.split()} | {"码": "", "号": ""}
_IN_OTHERS = {"kw": ("w", 1_000), "day": ("h", 24), "year": ("month", 12)}
"""What a unit is counted in, and how many of that it is."""
_NUMBER = r"(?P<number>(?<![\d.])(?:(?<![\w.])[-−])?\d{1,7}(?:\.\d{1,3})?)"
_MEASURE = re.compile(
    rf"{_NUMBER}(?:\s?[–~至-]\s?(?P<to>\d{{1,7}}(?:\.\d{{1,3}})?))?[\s-]?"
    rf"(?P<unit>{'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})?(?![a-z])",
    re.IGNORECASE,
)
_FOLDED = re.compile(r"(?<![\d.])(\d{1,12}(?:\.\d{1,6})?)(ml|g|mm|gb|w|mah|inch)\b")
_PROTECTED = re.compile(r"\bip[x\d](\d)(?!\d)", re.IGNORECASE)
_SIZE_RANGE = re.compile(r"\b(\d?x{0,4}[sml])\s?[–~至-]\s?(\d?x{0,4}[sml])\b", re.IGNORECASE)
_SIZE = re.compile(
    r"(?<![a-z0-9])(\d?x{1,4}[sl]|[sml](?=码|号| size)|(?<=size )[sml])(?![a-z0-9])", re.IGNORECASE
)
_up_to = re.compile(r"\b(?:up to|max(?:imum)?|at most)\b|≤|最多|最大|不超过|以内|以下", re.IGNORECASE).search
_from = re.compile(r"\b(?:from|over|at least)\b|≥|\d\s?\+|以上|起", re.IGNORECASE).search
_below = re.compile(r"\b(?:less than|under|below)\b|不到|少于|低于|小于|轻于|以下|以内", re.IGNORECASE).search
_above = re.compile(
    r"\b(?:more than|over|above|at least)\b|超过|多于|高于|大于|至少|以上", re.IGNORECASE
).search
_limited = re.compile(
    r"\b(?:not|no|non|never|without|except|free|with|for|only|look|style|like|faux|imitation|coated)\b|n't\b"
    r"|[不无非未勿免仅限仿]",
    re.IGNORECASE,
).search
_denies = re.compile(r"\b(?:not|no|non|never|without|except)\b|n't\b|[不非未勿]|除了", re.IGNORECASE).search
_several_split = re.compile(r"[,，、;；/&+＋]|\band\b|和|及").split
_SUPPORTS = "可以能有支持的"
"""What stands around a Chinese value and says no more than that it is so."""
_YES = frozenset({"yes", "true", "是", "有", "支持", "可以", "✓"})
_NO = frozenset({"no", "none", "false", "否", "无", "没有", "不支持", "✗"})
_WATER_CLASSES = ((1, "drops"), (4, "splashes"), (5, "jets"), (7, "under"), (8, "deep"))
"""From which second digit of an IP code on what is kept out (IEC 60529)."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, or a range of them, in one unit; empty where there is none."""

    low: Decimal
    high: Decimal
    unit: str


def amounts(text: str) -> Iterator[Amount]:
    """The numbers with their units in a text: 2 litres are 2000 ml, and a week's days are hours."""
    folded = options.folded(text)
    for match in _FOLDED.finditer(folded):
        yield Amount(Decimal(match[1]), Decimal(match[1]), match[2])
    for match in _MEASURE.finditer(_FOLDED.sub(" ", folded)):
        written = (match["unit"] or "").lower()
        plain = _UNITS.get(written, "")
        unit, times = _IN_OTHERS.get(plain, (plain, 1))
        low = Decimal(match["number"].replace("−", "-")) * times
        high = Decimal(match["to"]) * times if match["to"] else low
        yield Amount(min(low, high), max(low, high), unit)


def rank(value: str) -> Amount | None:
    """What values of one attribute are ordered by: a class of water resistance, else their first number."""
    protected = _PROTECTED.search(value)
    if protected is not None:
        return Amount(Decimal(protected[1]), Decimal(protected[1]), "ip")
    return next(amounts(value), None)


def water_class(value: str) -> str:
    """What a class of water resistance keeps out: drops, splashes, jets or all water; empty: there is none."""
    protected = _PROTECTED.search(value)
    kept = [name for least, name in _WATER_CLASSES if protected is not None and int(protected[1]) >= least]
    return kept[-1] if kept else ""


def settles(question: str, values: Sequence[str], *, holds: bool, asked: bool = True) -> bool | None:
    """Whether the number or size that a question asks about agrees with a value; None where they can't be compared, or
    the value denies something: which of its numbers is denied isn't known.

    Args:
        question: without the name of the product.
        values: one value in every language, folded.
        holds: more than is asked is enough, as of what holds something.
        asked: the question is of this attribute; otherwise another number says nothing: what weighs 1 kg may bear 100.
    """
    wished = list(amounts(question))
    # "A 12 V battery in the 18 V drill?" asks of one number whether it goes with another.
    by_unit = Counter(one.unit for one in set(wished))
    for value in values:
        sizes = _sizes_settle(question, value)
        if sizes is not None:
            return sizes
        own = list(amounts(value)) if not _denies(value) else []
        for wanted in (one for one in wished if by_unit[one.unit] == 1):
            for amount in own:
                # A bare number may count anything; within a range it is a size.
                if amount.unit == wanted.unit and (amount.unit or amount.low != amount.high):
                    agrees = _agrees(question, wanted.low, value, amount, holds)
                    told = asked or agrees or amount.low != amount.high or _up_to(value) or _from(value)
                    return agrees if told else None
    return None


def _agrees(question: str, wanted: Decimal, value: str, amount: Amount, holds: bool) -> bool:
    if amount.low != amount.high:
        return amount.low <= wanted <= amount.high
    if _up_to(value):
        return wanted <= amount.high
    if _from(value):
        return wanted >= amount.low
    if _below(question):
        return amount.low < wanted
    if _above(question):
        return amount.low >= wanted
    return amount.high >= wanted if holds else amount.low == wanted


def _sizes_settle(question: str, value: str) -> bool | None:
    wanted, between = _SIZE.search(question), _SIZE_RANGE.search(value)
    size = options.size(wanted[1]) if wanted is not None else None
    ends = [options.size(between[place]) for place in (1, 2)] if between is not None else []
    if size is None or len(ends) < 2 or ends[0] is None or ends[1] is None:
        return None
    return ends[0] <= size <= ends[1]


def stated(values: Sequence[str]) -> bool | None:
    """What a value that is no more than yes or no says."""
    said = {value.strip(" .。!") for value in values}
    return True if said & _YES else False if said & _NO else None


def is_limited(value: str) -> bool:
    """Whether a value holds a word that denies or limits: what stands in it may be the contrary."""
    return _limited(value) is not None


def says_only(question: str, value: str) -> bool:
    """Whether every word of a value stands in a question."""
    if value.isascii():
        return set(product_words.latin(value)) <= set(product_words.latin(question))
    return value.strip(_SUPPORTS) in question


def states(question: str, content: Sequence[str], values: Sequence[str]) -> bool:
    """Whether a value is what a question asks about: an item of it stands whole in the question, or all of that in it.

    Hand wash is no machine wash, and wool is not said to be 100 % wool.

    Args:
        question: folded.
        content: the words of it that may stand in a value.
        values: one value in every language, folded.
    """
    items = [item for value in values for item in _several_split(value) if item.strip(f" {_SUPPORTS}")]
    if any(amount.unit for amount in amounts(question)):
        return False
    whole = any(says_only(question, item.strip()) for item in items)
    return whole or any(
        content and all(product_words.says(item, (word,)) for word in content) for item in items
    )


def denies(question: str, content: Sequence[str], values: Sequence[str]) -> bool:
    """Whether a value denies what a question asks about, in a part of it, and the question denies nothing itself."""
    if not content or _limited(question):
        return False
    parts = [part for value in values for part in _several_split(value)]
    found = [part for part in parts if any(product_words.says(part, (word,)) for word in content)]
    return bool(found) and all(_denies(part) or _without(part, content) for part in found)


def _without(part: str, content: Sequence[str]) -> bool:
    return any(product_words.says(part, (f"{word}-free",)) for word in content)


def is_single(value: str) -> bool:
    """Whether a value names one thing, and not several."""
    return len(_several_split(value)) == 1
