"""What is kept of a thing once a record has spoken of it: what it said, and what was known of all else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from kernel.times import to_micros

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not taken, and nothing of it."""

    place: int
    """Which of the batch, from 0."""
    code: str
    """incomplete, unknown_reference, number_taken, twice_in_batch."""
    field: str
    """What the reason speaks of, such as `lines.0.product_id`; empty for the whole record."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a batch of records."""

    changed: int = 0
    """Records of something new, or that changed something."""
    erased: frozenset[int] = frozenset()
    """Which were left out, being about people who had themselves erased."""
    refused: tuple[Refusal, ...] = ()
    more: Mapping[str, int] = field(default_factory=dict)
    """What else was written, such as categories or events: how many are new or different."""
    notes: Mapping[str, int] = field(default_factory=dict)
    """What somebody should look at, of records that were taken: on how many."""


def newest(
    said: Mapping[str, Any], at: datetime | None, known: Mapping[str, int] | None
) -> tuple[dict[str, Any], dict[str, int] | None]:
    """The fields of a record that hold, and when the shop changed which field.

    A word without a time holds when it comes, and leaves the field without a time.

    Args:
        said: what the record says, by field.
        at: when the shop changed it.
        known: when the shop changed what is known, microseconds since 1970.
    """
    times = dict(known or {})
    if at is None:
        return dict(said), {name: then for name, then in times.items() if name not in said} or None
    now = to_micros(at)
    holds = {name: value for name, value in said.items() if times.get(name, now) <= now}
    return holds, times | dict.fromkeys(holds, now)


def filled(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values, with the default of its field in place of each that was cleared."""
    return {
        name: defaults[name] if value is None and name in defaults else value
        for name, value in values.items()
    }


def once_each(records: Sequence[T], names: Iterable[str]) -> tuple[dict[int, T], list[Refusal]]:
    """The records by place, without those whose thing another of the batch speaks of."""
    first: dict[str, int] = {}
    kept: dict[int, T] = {}
    twice: list[Refusal] = []
    for place, (record, name) in enumerate(zip(records, names, strict=True)):
        if first.setdefault(name, place) == place:
            kept[place] = record
        else:
            reason = f"{name!r} is there twice; send the latest alone"
            twice.append(Refusal(place, "twice_in_batch", "id", reason))
    return kept, twice


def without_refused(kept: Mapping[int, T], refused: Iterable[Refusal]) -> dict[int, T]:
    """Those of which nothing was refused."""
    bad = {one.place for one in refused}
    return {place: record for place, record in kept.items() if place not in bad}


def incomplete(place: int, what: str, said: Iterable[str], needed: Iterable[str]) -> list[Refusal]:
    """One refusal for each field that something new needs and a record doesn't say."""
    there = set(said)
    return [
        Refusal(place, "incomplete", name, f"there is no such {what} yet, and a new one needs it")
        for name in needed
        if name not in there
    ]
