"""Candidate entities by their place in the normalised text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nlu.types import EntityKind


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` may name a thing."""

    kind: EntityKind
    start: int
    end: int
    value: str
    score: float = 1.0


def without_overlaps(candidates: Iterable[Span]) -> list[Span]:
    """Those that stand when each takes its place in turn; earlier candidates win. In the order of the text."""
    kept: list[Span] = []
    taken = bytearray()
    for span in candidates:
        if len(taken) < span.end:
            taken.extend(bytes(span.end - len(taken)))
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def end_of_last(pattern: re.Pattern[str], text: str, start: int = 0, end: int | None = None) -> int:
    """Where the last match of a pattern in `text[start:end]` ends; `start` where there is none."""
    last = start
    for match in pattern.finditer(text, start, len(text) if end is None else end):
        last = match.end()
    return last
