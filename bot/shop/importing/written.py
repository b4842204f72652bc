"""What a portion of an import came to."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

Written = Counter[str]
"""Rows new or changed, by what they are."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that turned out bad only when it met the store."""

    number: int
    field: str
    reason: str


def event_id(kind: str, *facts: str | int | float | datetime | None) -> str:
    """An id that the same facts always get, so that an event imported twice is there once."""
    content = "\x1f".join("" if fact is None else str(fact) for fact in facts)
    return f"{kind}-{hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()}"
