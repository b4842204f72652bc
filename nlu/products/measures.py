"""Quantities that a message asks for, such as 18 volts, seven metres at least or a chest of 104 cm, and which goods are
stated to meet them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from nlu.entities.numerals import NUMERAL_ZH, NUMERALS_EN, chinese_number, english_number
from nlu.products import bodies, sized, units
from nlu.products.budgets import bound_of

_WORDS_EN = "|".join(NUMERALS_EN)
_NUMBER = r"[0-9]{1,6}(?:,[0-9]{3}(?![0-9]))?(?:\.[0-9]{1,3})?"
_ASKED = re.compile(
    rf"(?:(?<![a-z0-9.])(?P<digits>{_NUMBER})[\s-]?|(?<!{NUMERAL_ZH})(?P<zh>{NUMERAL_ZH}{{1,6}})[来几多]?"
    rf"|\b(?P<en>an?(?=\s\w\w)|(?:{_WORDS_EN})(?:(?:\s|-|\sand\s)(?:{_WORDS_EN})){{0,6}})[\s-])(?P<unit>{units.PATTERN})",
    re.IGNORECASE,
)
_STATED = re.compile(
    rf"(?<![a-z0-9.,])(?P<low>{_NUMBER})(?:[\s-]?(?P<of>{units.PATTERN}))?"
    rf"(?:\s?(?:[–—~～至到-]|to)\s?(?P<high>{_NUMBER}))?[\s-]?(?P<unit>{units.PATTERN})?",
    re.IGNORECASE,
)
_IN_ALL = re.compile(r"^\s?(?:all in|altogether|in total)\b", re.IGNORECASE)
_PART = re.compile(r"[;；，。(（)）]|,(?!\d{3})|\.\s")
_NEGATED = re.compile(r"\b(?:no|not|without|never)\b|n['’]t\b|不|没|无", re.IGNORECASE)
_UP_TO = re.compile(r"(?:\b(?:up to|at most|max(?:imum)?|under)|≤|最多|最大|不超过)\s?$", re.IGNORECASE)
_FROM = re.compile(r"(?:\b(?:from|over|at least)|≥|至少)\s?$", re.IGNORECASE)
_FOR_PEOPLE = re.compile(r"\bserves?\b|serving|portion|people|人数|份量|人份", re.IGNORECASE)
_ALL = Decimal("Infinity")
_CM = Decimal(10)
MET, LARGER, UNSTATED, AGAINST, OUTSIDE = range(5)
"""How goods stand to a quantity: it is theirs, theirs is larger, they state none, what they state doesn't do, or it
lies outside of a span that they are stated for."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity of a unit, at least `low` and at most `high`."""

    unit: str
    low: Decimal
    high: Decimal
    names: tuple[str, ...] = ()
    """What it is of, in words of which goods have to say one: chest, waist."""

    @property
    def exact(self) -> bool:
        """Whether just this much is asked for."""
        return self.low == self.high


@lru_cache(256)
def asked(text: str) -> tuple[Measure, ...]:
    """The quantities that a message asks for."""
    text = bodies.in_centimetres(text)
    found, rest = list[Measure](), bodies.hidden(text)
    for name, value, (start, end) in bodies.named(text):
        if name == "weight":
            rest = rest[:start] + text[start:end] + rest[end:]
            continue
        much = value * _CM
        found.append(Measure("mm", much, much, bodies.MEASURES[name]))
        if name in bodies.ROOM:
            least, most = bodies.ROOM[name]
            found.append(Measure("mm", much + least, much + most, bodies.INSIDE[name]))
    for match in _ASKED.finditer(rest):
        unit, times = units.counted(match["unit"])
        number = _number(match)
        bound = bound_of(rest[: match.start()], _IN_ALL.sub("", rest[match.end() :]))
        if number is None or bound == "about" or (unit == "person" and number == 1):
            continue
        value = number * times
        found.append(
            Measure(unit, Decimal(0) if bound == "high" else value, _ALL if bound == "low" else value)
        )
    return tuple(dict.fromkeys(found))


def is_of_one(word: str, text: str) -> bool:
    """Whether a word stands in a text only as a part of its quantities: 18v, metres."""
    left = _ASKED.sub(" ", bodies.in_centimetres(text)).lower()
    return word.lower() not in left


def _number(match: re.Match[str]) -> Decimal | None:
    if match["digits"]:
        return Decimal(match["digits"].replace(",", ""))
    if match["zh"]:
        number = chinese_number(match["zh"])
    else:
        number = 1 if match["en"].lower() in ("a", "an") else english_number(match["en"])
    return None if number is None else Decimal(number)


@lru_cache(8_192)
def stated(label: str, value: str) -> tuple[tuple[Measure, str], ...]:
    """The quantities that a fact states, each with the words that it stands among; those that it denies are none."""
    found = []
    for part in _PART.split(value):
        if _NEGATED.search(part):
            continue
        for match in _STATED.finditer(part):
            written = match["unit"] or match["of"] or ("person" if _FOR_PEOPLE.search(label) else "")
            if not written:
                continue
            unit, times = units.counted(written)
            first = units.counted(match["of"]) if match["of"] else (unit, times)
            low = Decimal(match["low"].replace(",", "")) * (first[1] if first[0] == unit else times)
            high = Decimal(match["high"].replace(",", "")) * times if match["high"] else low
            before = part[: match.start()]
            if _UP_TO.search(before):
                low = Decimal(0)
            elif _FROM.search(before):
                high = _ALL
            found.append((Measure(unit, min(low, high), max(low, high)), f"{label} {value}".lower()))
    return tuple(found)


def stands(one: Measure, facts: Iterable[tuple[str, str]]) -> tuple[int, Decimal]:
    """How goods with some facts stand to a quantity, and, where theirs is larger, what it is."""
    known = [
        held
        for label, value in facts
        for held, said in stated(label, value)
        if held.unit == one.unit and (not one.names or any(name in said for name in one.names))
    ]
    if not known:
        return UNSTATED, _ALL
    if any(held.low <= one.high and held.high >= one.low for held in known):
        return MET, one.low
    if one.exact and one.unit in units.FITTED and any(held.low < held.high < _ALL for held in known):
        # Who is 127 cm tall fits nothing that is stated for 134 to 143 cm.
        return OUTSIDE, _ALL
    larger = [held.low for held in known if held.low > one.high]
    if one.exact and larger and one.unit not in units.EXACT:
        return LARGER, min(larger)
    return AGAINST, _ALL


def breaks(text: str, facts: Sequence[tuple[str, str]]) -> bool:
    """Whether what goods state, labels and values, breaks what a message asks of quantities, whatever else there is.

    A bound has to be stated to hold; an exact quantity that isn't stated may do.
    """
    for one in asked(text):
        how, _ = stands(one, facts)
        if how == OUTSIDE:
            return True
        if how == AGAINST and (not one.exact or one.unit in units.EXACT):
            return True
        if how == UNSTATED and not one.exact and not one.names:
            return True
    return False


def nearest(text: str, goods: Mapping[str, Sequence[tuple[str, str]]]) -> set[str]:
    """Of goods, with their facts by ids, those that come nearest to the quantities that a message asks for.

    What has just as much; else the least that is more; where none has as much, it tells nothing about them. Of sizes
    without a unit those that are named.
    """
    kept = set(goods)
    for one in asked(text):
        standing = {id: stands(one, goods[id]) for id in kept}
        best = min(standing.values(), default=(UNSTATED, _ALL))
        if best[0] < UNSTATED:
            kept = {id for id, how in standing.items() if how == best}
    return sized.in_size(text, {id: goods[id] for id in kept})
