"""What is kept of a thing once a record has spoken of it: what it said, and what was known of all else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from kernel.sentence import Sentence, about, at
from kernel.times import to_micros

T = TypeVar("T")

_HAPPENED = ("created_at", "placed_at", "paid_at", "at", "updated_at")
"""Fields of records that can't lie ahead."""
_AHEAD = timedelta(hours=1)
"""What clocks may differ by."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not taken, and nothing of it."""

    place: int
    """Which of the batch, from 0."""
    code: str
    """incomplete, in_future, invalid, unknown_reference, number_taken, twice_in_batch."""
    field: str
    """What the reason speaks of, such as `lines.0.product_id`; empty for the whole record."""
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a record did to one thing."""

    kind: str
    """customers, products, orders, events, points or consents."""
    id: str
    before: Any
    """The thing as it was; None: it is new."""
    after: Any
    """The thing as it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a batch of records."""

    changed: int = 0
    """Records of something new, or that changed something."""
    erased: frozenset[int] = frozenset()
    """Which were left out, being about people who had themselves erased."""
    refused: tuple[Refusal, ...] = ()
    changes: tuple[Change, ...] = ()
    more: Mapping[str, int] = field(default_factory=dict)
    """What else was written, such as categories or events: how many are new or different."""
    notes: Mapping[str, int] = field(default_factory=dict)
    """What somebody should look at, of records that were taken: on how many."""


class FieldTimes:
    """When the shop changed which field of a thing, as far as it says so.

    A word without a time holds when it comes, and leaves the field without a time.
    """

    def __init__(self, known: Mapping[str, int] | None) -> None:
        """Begin with what is known: microseconds since 1970, by field."""
        self._times = dict(known or {})

    def newest(self, said: Mapping[str, Any], at: datetime | None, part: str = "") -> dict[str, Any]:
        """What holds of what a record says; it is remembered from now on.

        Args:
            said: values by field.
            at: when the shop changed them.
            part: of what they are, where that is one of several parts of the thing.
        """
        keys = {name: f"{part}{name}" for name in said}
        if at is None:
            for key in keys.values():
                self._times.pop(key, None)
            return dict(said)
        now = to_micros(at)
        holds = {name: value for name, value in said.items() if self._times.get(keys[name], now) <= now}
        self._times |= {keys[name]: now for name in holds}
        return holds

    def holds(self, name: str, at: datetime | None) -> bool:
        """Whether what is said of a field at a time isn't older than what was."""
        return at is None or self._times.get(name, 0) <= to_micros(at)

    def later(self, parts: Mapping[str, T], at: datetime | None, part: str) -> dict[str, T]:
        """Those of the parts of a thing that were said after a time; none where there is no time."""
        return {
            name: value
            for name, value in parts.items()
            if at is not None and self._times.get(f"{part}{name}", 0) > to_micros(at)
        }

    @property
    def kept(self) -> dict[str, int] | None:
        """As a thing keeps them."""
        return self._times or None


def changes_of(kind: str, different: Iterable[Any], known: Mapping[str, Any]) -> tuple[Change, ...]:
    """What was done to things that are new or different.

    Args:
        known: those of them that were there, as they were, by id.
    """
    return tuple(Change(kind, one.id, known.get(one.id), one) for one in different)


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
            reason = about(name, "is there twice; send the latest alone")
            twice.append(Refusal(place, "twice_in_batch", "id", reason))
    return kept, twice


def in_future(kept: Mapping[int, Any], now: datetime) -> list[Refusal]:
    """One refusal for each record by a clock that runs ahead: nothing said later could hold against it."""
    latest = now + _AHEAD
    return [
        Refusal(place, "in_future", name, at(moment.isoformat(), "lies in the future: is the clock right?"))
        for place, record in kept.items()
        for name in _HAPPENED
        if (moment := getattr(record, name, None)) is not None and moment > latest
    ]


def without_refused(kept: Mapping[int, T], refused: Iterable[Refusal]) -> dict[int, T]:
    """Those of which nothing was refused."""
    bad = {one.place for one in refused}
    return {place: record for place, record in kept.items() if place not in bad}


def unknown(place: int, field: str, reason: str, name: str) -> Refusal:
    """A record that names something that isn't here, with why, in which `id` stands for the name."""
    return Refusal(place, "unknown_reference", field, Sentence(reason, id=name))


def incomplete(place: int, what: str, said: Iterable[str], needed: Iterable[str]) -> list[Refusal]:
    """One refusal for each field that something new needs and a record doesn't say."""
    there = set(said)
    reason = Sentence("there is no such {thing} yet, and a new one needs it", thing=Sentence(what))
    return [Refusal(place, "incomplete", name, reason) for name in needed if name not in there]
