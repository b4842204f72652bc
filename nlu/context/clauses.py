"""Where one wish of a message ends and the next begins, as far as its marks and small words tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_MOST = 6
_BETWEEN = re.compile(
    r"[。！？!?；;\n]+"
    r"|[,，、]?\s{0,3}(?=另外|还有[，,就想我]|顺便|对了|再问|同时)"
    r"|(?:,\s{0,3}|\s{1,3})(?=and\s{1,3}(?:also|can|could|do|does|what|whats|when|where|how|is|i|please|send|give)\b|also\b"
    r"|plus\b|by the way\b|another thing\b)"
    r"|\.\s{1,3}",
    re.IGNORECASE,
)

_ORDER = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{0,3}[0-9]{5,}(?![0-9])")
"""What may be the number of an order: each of several may have a wish of its own."""
_COMMA = re.compile(r"[,，、;；]\s{0,3}")
_SPACE = re.compile(r"\s{1,3}")


def clauses_of(text: str) -> list[tuple[int, int]]:
    """Start and end of the parts of a text that may be wishes of their own; none where it is all one."""
    found, start = [], 0
    for mark in _BETWEEN.finditer(text):
        found.append((start, mark.start()))
        start = mark.end()
    found.append((start, len(text)))
    parts = [part for whole in found for part in _by_orders(text, *whole) if text[slice(*part)].strip()]
    return parts if 1 < len(parts) <= _MOST else []


def _by_orders(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A clause that names several orders, cut at the mark or, in Chinese, the space between each two."""
    numbers = list(_ORDER.finditer(text, start, end))
    for one, other in pairwise(numbers):
        mark = _COMMA.search(text, one.end(), other.start())
        if mark is None and not text[one.end() : other.start()].isascii():
            mark = _SPACE.search(text, one.end(), other.start())
        if mark is not None:
            yield start, mark.start()
            start = mark.end()
    yield start, end
