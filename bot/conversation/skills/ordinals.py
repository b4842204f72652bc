"""Which of several things on the screen a text names by their places or their number: "the second one", "both"."""

from __future__ import annotations

import re

from bot.conversation.skills import product_words
from nlu.entities.numerals import LAST, PLACES, chinese_number, english_number

_EACH = ("one each", "one of each", "各")
_ORDINAL = re.compile(
    r"第\s?([一二三四五六1-6])|\b(first|second|third|fourth|fifth|sixth|last)\b|(最后)", re.IGNORECASE
)
_first_few = re.compile(r"\bfirst (two|three|four|2|3|4)\b|前([两俩三四234])", re.IGNORECASE)
_together = re.compile(
    r"\b(both)\b|\b(?:these|those|all|the) (two|three|four|2|3|4)\b|(?:[这那]|^)([两俩三四])[个件款种]|([俩])",
    re.IGNORECASE,
)


def places(text: str, count: int) -> list[int]:
    """Which of so many things a text names by their places, from 0."""
    first = _first_few.search(text)
    if first is not None:
        return list(range(min(_number(first[1] or first[2]), count)))
    found = [(match[1] or match[2] or match[3]).lower() for match in _ORDINAL.finditer(text)]
    named = [count - 1 if word in LAST else PLACES[word] for word in found]
    return [place for place in dict.fromkeys(named) if 0 <= place < count]


def how_many(text: str, all_: int) -> int | None:
    """How many of the things on the screen a text means; None where it says nothing of that."""
    if product_words.says(text, _EACH):
        return all_
    found = _together.search(text)
    return _number(next(filter(None, found.groups()))) if found is not None else None


def _number(word: str) -> int:
    if word.isdigit():
        return int(word)
    return 2 if word.lower() == "both" else english_number(word) or chinese_number(word) or 0
