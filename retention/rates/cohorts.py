"""Cohort tables: who came in a week, month or quarter, and which share was active in each one after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import numpy as np

from retention.rates.activity import Activity, Ints
from retention.rates.intervals import wilson

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()
_THURSDAY = 3
"""1970-01-01 was a Thursday; weeks begin on Monday."""


class Unit(StrEnum):
    """The calendar's periods."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    def number(self, days: Ints) -> Ints:
        """The period of each day, counted from the one of 1970-01-01."""
        if self is Unit.WEEK:
            return (days + _THURSDAY) // 7
        months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return months if self is Unit.MONTH else months // 3

    def first_day(self, number: int) -> date:
        """The first day of a period."""
        if self is Unit.WEEK:
            return _EPOCH + timedelta(days=7 * number - _THURSDAY)
        month = number if self is Unit.MONTH else 3 * number
        return date(1970 + month // 12, month % 12 + 1, 1)

    def label(self, number: int) -> str:
        """`2026-11`, `2026-Q4`, or the Monday of a week."""
        day = self.first_day(number)
        if self is Unit.WEEK:
            return day.isoformat()
        return f"{day:%Y-%m}" if self is Unit.MONTH else f"{day.year}-Q{(day.month + 2) // 3}"


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


def cohorts(activity: Activity, unit: Unit = Unit.MONTH) -> list[Cell]:
    """All cells by group, cohort and period; a cohort has a cell for every period until the log's end."""
    came = unit.number(activity.first)
    when = unit.number(activity.day)
    last = int(unit.number(np.array([activity.last_day]))[0])
    ends = (unit.first_day(last + 1) - _EPOCH).days - 1
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
