"""What a message asks of what is stated in figures or as yes, no or a level: 240 ml at least, low in caffeine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from nlu.products import lexicon
from nlu.products.budgets import bound_of, sums

_UNITS = (
    (re.compile(r"\s?(?:millilit(?:er|re)s?|ml\b|毫升)", re.IGNORECASE), "ml", 1),
    (re.compile(r"\s?(?:lit(?:er|re)s?\b|l\b|升)", re.IGNORECASE), "ml", 1000),
    (re.compile(r"\s?(?:grams?\b|grammes?\b|g\b|克)", re.IGNORECASE), "g", 1),
    (re.compile(r"\s?(?:kilos?\b|kilograms?\b|kg\b|公斤|千克)", re.IGNORECASE), "g", 1000),
    (re.compile(r"\s?(?:mm\b|毫米)", re.IGNORECASE), "mm", 1),
    (re.compile(r"\s?(?:cm\b|centimet(?:er|re)s?|厘米)", re.IGNORECASE), "mm", 10),
)
_NO = re.compile(r"(?:no|none|not?\b.{0,12}|nil|false|无|没有|不可以?|不能|否|不支持|不含)\W*", re.IGNORECASE)
_YES = re.compile(r"(?:yes|true|safe|可以?|能|是|有|支持)\W*", re.IGNORECASE)
_LOW = re.compile(r"(?:very |medium[- ])?low\W*|(?:中|较|很)?低\W*", re.IGNORECASE)
_LEVEL = re.compile(r"(?:medium|mid|very|high|low|中|高|低|强|弱|[- ]){1,12}[.。!！]{0,3}", re.IGNORECASE)
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z]+")
_CLAUSE = re.compile(r"[,，。.!！?？;；、]|\bbut\b|\band\b")
_NEGATED = re.compile(
    r"\b(?:no|not|without|never|nil|zero|nothing|free)\b|n['’]?t\b|不|没|无|零|别", re.IGNORECASE
)
_LESS = re.compile(r"\b(?:low|lower|less|little|down|reduced?|cut|light)\b|低|少", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity of a unit, ml, g or mm, at least `low` and at most `high`."""

    unit: str
    low: Decimal | None
    high: Decimal | None

    @property
    def exact(self) -> bool:
        """Whether just this much is asked for."""
        return self.low == self.high

    def holds(self, value: Decimal) -> bool:
        """Whether a quantity is within it."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@lru_cache(256)
def measures(text: str) -> tuple[Measure, ...]:
    """The quantities that a message asks for."""
    found = []
    for one in sums(text):
        unit = next(
            ((name, times, match) for seen, name, times in _UNITS if (match := seen.match(text, one.end))),
            None,
        )
        if unit is None:
            continue
        name, times, match = unit
        value = one.value * times
        bound = bound_of(text[: one.start], text[match.end() :])
        low = value if bound in ("low", "") else None
        high = value if bound in ("high", "") else None
        if bound != "about":
            found.append(Measure(name, low, high))
    return tuple(found)


@lru_cache(4_096)
def quantity(value: str) -> tuple[str, Decimal] | None:
    """The unit and the quantity that a value begins with."""
    for one in sums(value)[:1]:
        for seen, name, times in _UNITS:
            if not value[: one.start].strip() and seen.match(value, one.end):
                return name, one.value * times
    return None


def meets(text: str, facts: Sequence[tuple[str, str]]) -> bool:
    """Whether stated facts, labels and values, meet what a message asks of quantities."""
    for asked in measures(text):
        if asked.exact:
            continue
        known = [
            known[1]
            for _, value in facts
            if (known := quantity(value)) is not None and known[0] == asked.unit
        ]
        if not any(asked.holds(value) for value in known):
            return False
    return True


@lru_cache(1_024)
def _names(label: str) -> tuple[str, ...]:
    """Patterns of what a label, its key before it, says: each by itself."""
    runs = [run for run in _CHINESE.findall(label) if len(run) > 1]
    words = [word for word in _LATIN.findall(label.lower()) if len(word) > 3]
    return tuple(lexicon.pattern(one) for one in dict.fromkeys((*runs, *words)))


@lru_cache(64)
def _clauses(text: str, refused: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What is said, in parts, each as a `lexicon.field`, and what it asks for: no, less or yes."""
    parts = [
        (
            lexicon.field(part),
            "less" if _LESS.search(part) else "no" if _NEGATED.search(part) else "yes",
        )
        for part in _CLAUSE.split(text)
        if part.strip()
    ]
    return (*parts, *((lexicon.field(phrase), "no") for phrase in refused))


def _answer(value: str) -> str:
    if _NO.fullmatch(value):
        return "no"
    if _YES.fullmatch(value):
        return "yes"
    if _LOW.fullmatch(value):
        return "less"
    return "more" if _LEVEL.fullmatch(value) else ""


def asked(text: str, refused: Sequence[str], label: str) -> str:
    """What is asked of what a label speaks of: `yes`, `no`, `less`; empty: it isn't spoken of."""
    names = _names(label)
    found = [wish for part, wish in _clauses(text, tuple(refused)) if any(name in part for name in names)]
    return found[-1] if found else ""


def answers(facts: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Of stated facts those of yes, no or a level, by label."""
    return {label: answer for label, value in facts if (answer := _answer(value))}


def agrees(wish: str, answer: str) -> bool:
    """Whether what is stated is what is asked for."""
    if wish == "yes":
        return answer != "no"
    return answer == "no" or (wish == "less" and answer == "less")
