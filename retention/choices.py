"""What is chosen from when recommenders are judged and retention is measured: by commands, and in their work."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import numpy as np

from kernel.arrays import Ints

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()
_THURSDAY = 3
"""1970-01-01 was a Thursday; weeks begin on Monday."""


class Mode(StrEnum):
    """What may be recommended."""

    NEW = "new"
    """What the customer has bought before is hidden, from the list and from what counts as a hit."""
    ANY = "any"
    """Repeats are allowed."""


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
            return EPOCH + timedelta(days=7 * number - _THURSDAY)
        month = number if self is Unit.MONTH else 3 * number
        return date(1970 + month // 12, month % 12 + 1, 1)

    def label(self, number: int) -> str:
        """`2026-11`, `2026-Q4`, or the Monday of a week."""
        day = self.first_day(number)
        if self is Unit.WEEK:
            return day.isoformat()
        return f"{day:%Y-%m}" if self is Unit.MONTH else f"{day.year}-Q{(day.month + 2) // 3}"


_CAPACITY = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")


def capacity_of(text: str) -> float:
    """Below 1 a share (`5%`, `0.05`), else a number of customers (`40`).

    Raises:
        ValueError: it is neither.
    """
    found = _CAPACITY.fullmatch(text.strip())
    number = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    share, count = number < 1, number.is_integer()
    if number <= 0 or (found and found[2] and not share) or not (share or count):
        raise ValueError(
            f"{text!r} is no capacity: write a share below 100%, such as 5% or 0.05, or a number, such as 40"
        )
    return number
