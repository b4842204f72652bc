"""Mistakes in a file of rules, in the reader's language."""

from __future__ import annotations

from bot.staff.console.words import Words
from retention.written import Problem


def mistake(words: Words, found: Problem) -> str:
    """One mistake, with where it is."""
    named = {name: _plain(value) for name, value in found.numbers.items()}
    said = words.of("mistake", found.code, **{"said": found.said, **named})
    return words("mistake-at", key=found.key, said=said) if found.key else said


def _plain(value: object) -> str:
    """As it is written; the values that there may be as a list."""
    return str(value).replace(" or ", ", ")
