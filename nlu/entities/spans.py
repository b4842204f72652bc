"""Candidate entities by their place in the normalised text."""

from __future__ import annotations

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
    for span in candidates:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)
