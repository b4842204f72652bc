"""Retention rates (classic, rolling, bracket, and from period to period), and cohort tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from kernel.arrays import Bools
from kernel.intervals import wilson
from retention.choices import EPOCH, Kind, Unit
from retention.rates.activity import Activity

BRACKETS = ((1, 7), (8, 30), (31, 90), (91, 180), (181, 365))
"""Days since the first, both ends included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of customers who came back."""

    group: str | None
    kind: Kind
    start: int | date
    """First day of the span in which they come back: days since their own first, or a date (`within`)."""
    end: int | date
    """The last one, included; of a rolling rate the end of the period it begins with."""
    customers: int
    """Those who could have come back and be seen doing so."""
    returned: int

    @property
    def rate(self) -> float | None:
        """The share; None when nobody could be counted."""
        return self.returned / self.customers if self.customers else None

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, Wilson."""
        return wilson(self.returned, self.customers)

    @property
    def row(self) -> dict[str, Any]:
        """As a row of a table; dates as ISO text."""
        low, high = self.interval
        start, end = (one.isoformat() if isinstance(one, date) else one for one in (self.start, self.end))
        return {
            "group": self.group,
            "kind": self.kind.value,
            "start": start,
            "end": end,
            "customers": self.customers,
            "returned": self.returned,
            "rate": self.rate,
            "low": low,
            "high": high,
        }


def rates(
    activity: Activity,
    kind: Kind,
    *,
    period: int = 30,
    brackets: Sequence[tuple[int, int]] = BRACKETS,
) -> list[Rate]:
    """All rates of one kind that the log is long enough for, group by group.

    Args:
        activity: who was active when.
        kind: see `Kind`.
        period: its length in days; not for brackets.
        brackets: first and last day, both included.
    """
    found: list[Rate] = []
    for group, members in activity.by_group():
        if kind is Kind.WITHIN:
            found += _within(activity, members, group, period)
            continue
        longest = int(activity.watched[members].max(initial=0))
        spans = brackets if kind is Kind.BRACKET else _periods(period, longest)
        found += [_since_first(activity, members, group, kind, span) for span in spans if span[1] <= longest]
    return found


def as_date(day: int) -> date:
    """The date of a day counted from 1970-01-01."""
    return EPOCH + timedelta(days=day)


def _periods(period: int, longest: int) -> Iterator[tuple[int, int]]:
    """First and last day of period 1, 2, …; period 0 is the one with the first purchase."""
    for start in range(period, longest + 1, period):
        yield start, start + period - 1


def _since_first(
    activity: Activity, members: Bools, group: str | None, kind: Kind, span: tuple[int, int]
) -> Rate:
    start, end = span
    counted = members & (activity.watched >= end)
    came = activity.age >= start
    if kind is not Kind.ROLLING:
        came &= activity.age <= end
    back = np.zeros(activity.customers, dtype=bool)
    back[activity.customer[came]] = True
    return Rate(
        group=group,
        kind=kind,
        start=start,
        end=end,
        customers=int(counted.sum()),
        returned=int((back & counted).sum()),
    )


def _within(activity: Activity, members: Bools, group: str | None, period: int) -> Iterator[Rate]:
    """Periods are counted back from the last day, so that the newest rate uses the newest days."""
    mine = members[activity.customer]
    days, customers = activity.day[mine], activity.customer[mine]
    if not len(days):
        return
    whole = (activity.last_day + 1 - int(activity.first.min())) // period
    starts = [activity.last_day + 1 - period * back for back in range(whole, 0, -1)]
    active = [np.unique(customers[(days >= start) & (days < start + period)]) for start in starts]
    for start, before, after in zip(starts[1:], active, active[1:], strict=False):
        yield Rate(
            group=group,
            kind=Kind.WITHIN,
            start=as_date(start),
            end=as_date(start + period - 1),
            customers=len(before),
            returned=len(np.intersect1d(before, after, assume_unique=True)),
        )


# --- cohorts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cohort in one of the periods after it came."""

    group: str | None
    cohort: str
    """The period of its first day."""
    period: int
    """0 is that period itself."""
    customers: int
    active: int
    complete: bool
    """False while the log ends before the period does: then the share can still grow."""

    @property
    def rate(self) -> float:
        """The share that was active."""
        return self.active / self.customers

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, Wilson."""
        return wilson(self.active, self.customers)

    @property
    def row(self) -> dict[str, Any]:
        """As a row of a table."""
        low, high = self.interval
        facts = asdict(self)
        complete = facts.pop("complete")
        return {**facts, "rate": self.rate, "low": low, "high": high, "complete": complete}


def last_day(unit: Unit, number: int) -> int:
    """The last day of a period, counted from 1970-01-01."""
    return (unit.first_day(number + 1) - EPOCH).days - 1


def cohorts(activity: Activity, unit: Unit = Unit.MONTH) -> list[Cell]:
    """All cells by group, cohort and period; a cohort has a cell for every period until the log's end."""
    came = unit.number(activity.first)
    when = unit.number(activity.day)
    last = int(unit.number(np.array([activity.last_day]))[0])
    ends = last_day(unit, last)
    cells: list[Cell] = []
    for group, members in activity.by_group():
        mine = members[activity.customer]
        pairs = np.unique(np.stack([activity.customer[mine], when[mine]]), axis=1)
        cohort = came[pairs[0]]
        for start, size in zip(*np.unique(came[members], return_counts=True), strict=True):
            later = pairs[1][cohort == start] - start
            active = np.bincount(later, minlength=last - int(start) + 1)
            cells += [
                Cell(
                    group=group,
                    cohort=unit.label(int(start)),
                    period=period,
                    customers=int(size),
                    active=int(count),
                    complete=int(start) + period < last or activity.last_day >= ends,
                )
                for period, count in enumerate(active)
            ]
    return cells
