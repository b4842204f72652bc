"""Where one wish of a message ends and the next begins, as far as its marks and small words tell."""

from __future__ import annotations

import re

_MOST = 6
_BETWEEN = re.compile(
    r"[。！？!?；;\n]+"
    r"|[,，、]?\s{0,3}(?=另外|还有[，,就想我]|顺便|对了|再问|同时)"
    r"|(?:,\s{0,3}|\s{1,3})(?=and\s{1,3}(?:also|can|could|do|does|what|when|where|how|is|i|please|send|give)\b|also\b"
    r"|plus\b|by the way\b|another thing\b)"
    r"|\.\s{1,3}",
    re.IGNORECASE,
)


def clauses_of(text: str) -> list[tuple[int, int]]:
    """Start and end of the parts of a text that may be wishes of their own; none where it is all one."""
    found, start = [], 0
    for mark in _BETWEEN.finditer(text):
        found.append((start, mark.start()))
        start = mark.end()
    found.append((start, len(text)))
    parts = [(a, b) for a, b in found if text[a:b].strip()]
    return parts if 1 < len(parts) <= _MOST else []
