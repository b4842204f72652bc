"""What a message asks of what is stated as yes, no or a level: low in caffeine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from nlu.products import lexicon

_NO = re.compile(
    r"(?:no|none|not?\b.{0,12}|nil|false|无|没有|不可以?|不能|否|不支持|不含)\W*(?:(?<=[,，;；(（])\s?.*)?",
    re.IGNORECASE,
)
"""With or without what is said besides: "none, only water-repellent"."""
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


@lru_cache(1_024)
def _names(label: str) -> tuple[str, ...]:
    """Patterns of what a label, its key before it, says: who needs something for the rain asks for no rain cover."""
    runs = [run for run in _CHINESE.findall(label) if len(run) > 1]
    key, _, shown = label.lower().partition(" ")
    whole = [" ".join(_LATIN.findall(part)) for part in (key, shown)]
    return tuple(
        lexicon.pattern(one) for one in dict.fromkeys((*runs, *whole)) if len(one) > 3 or one in runs
    )


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


def named_in(label: str, text: str) -> bool:
    """Whether a `lexicon.field` speaks of what a label speaks of."""
    return any(name in text for name in _names(label))


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
