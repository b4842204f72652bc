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
    taken = bytearray()
    for span in candidates:
        if len(taken) < span.end:
            taken.extend(bytes(span.end - len(taken)))
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)
