"""Retention rates: classic, rolling, bracket, and from period to period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from retention.rates.activity import Activity
from retention.rates.intervals import wilson

BRACKETS = ((1, 7), (8, 30), (31, 90), (91, 180), (181, 365))
"""Days since the first, both ends included."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


class Kind(StrEnum):
    """What counts as coming back."""

    WITHIN = "within"
    """Of those active in a period, who is active in the next: the retention rate of the source text, the share
    of users who come back within a period."""
    CLASSIC = "classic"
    """Of all customers, who is active in the n-th period after their first day."""
    ROLLING = "rolling"
    """Who is active in the n-th period or any later one."""
    BRACKET = "bracket"
    """Who is active between two days after the first."""


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
    return _EPOCH + timedelta(days=day)


def _periods(period: int, longest: int) -> Iterator[tuple[int, int]]:
    """First and last day of period 1, 2, …; period 0 is the one with the first purchase."""
    for start in range(period, longest + 1, period):
        yield start, start + period - 1


def _since_first(
    activity: Activity, members: NDArray[np.bool_], group: str | None, kind: Kind, span: tuple[int, int]
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


def _within(activity: Activity, members: NDArray[np.bool_], group: str | None, period: int) -> Iterator[Rate]:
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
