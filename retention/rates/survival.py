"""Survival curves: how long customers stay, and how long they take to come back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from kernel.arrays import Bools, Floats, Ints
from kernel.intervals import Z95
from retention.rates.activity import Activity

STEPS = ("day", "at_risk", "ended", "share", "low", "high")
"""What a curve knows of each of its days."""


class Ending(StrEnum):
    """What a curve waits for."""

    LAPSE = "lapse"
    """The day on which somebody has been silent for a stated number of days, for the first time."""
    RETURN = "return"
    """The first day on which somebody comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A Kaplan-Meier estimate at each day on which something ended; arrays of shape (steps,)."""

    group: str | None
    customers: int
    """Those who were watched at all."""
    longest: int
    """Days for which somebody was watched: what lies beyond them nobody knows."""
    day: Ints
    at_risk: Ints
    """Those who were still watched and had not ended before the day."""
    ended: Ints
    share: Floats
    """Of those who have not ended after the day."""
    low: Floats
    high: Floats
    """95 %, by the log-log transformation of Greenwood's variance."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """As rows of a table, one for each day on which something ended."""
        steps = zip(*(getattr(self, name).tolist() for name in STEPS), strict=True)
        return [{"group": self.group, **dict(zip(STEPS, step, strict=True))} for step in steps]

    def at(self, day: int) -> float:
        """The share that has not ended after so many days."""
        place = int(np.searchsorted(self.day, day, side="right"))
        return float(self.share[place - 1]) if place else 1.0

    def interval_at(self, day: int) -> tuple[float, float]:
        """The 95 % interval of `at`; (1, 1) before anything has ended, where the method has none."""
        place = int(np.searchsorted(self.day, day, side="right"))
        return (float(self.low[place - 1]), float(self.high[place - 1])) if place else (1.0, 1.0)

    @property
    def median(self) -> int | None:
        """The first day after which no more than half are left; None when it was never reached."""
        below = np.flatnonzero(self.share <= 0.5)
        return int(self.day[below[0]]) if len(below) else None


def kaplan_meier(duration: Ints, ended: Bools, group: str | None = None) -> Curve:
    """The product-limit estimate.

    Args:
        duration: days until the end, or until the watching stopped; shape (customers,).
        ended: whether it was the end; shape (customers,).

    Sources: Kaplan and Meier, JASA 53, 1958; the interval: Kalbfleisch and Prentice, "The statistical
    analysis of failure time data", 2002, 1.4.
    """
    days, counts = np.unique(duration[ended], return_counts=True)
    waiting = np.sort(duration)
    at_risk = len(duration) - np.searchsorted(waiting, days, side="left")
    share: Floats = np.cumprod(1 - counts / at_risk).astype(np.float64)
    left = at_risk - counts
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(left > 0, counts / (at_risk * np.maximum(left, 1)), 0.0))
        half = Z95 * np.sqrt(greenwood) / np.abs(np.log(share))
        low, high = share ** np.exp(half), share ** np.exp(-half)
    # Nobody is left: the transformation has no value there, and what was known before is what is known.
    over = share <= 0
    low[over] = 0.0
    high[over] = high[~over][-1] if (~over).any() else 1.0
    return Curve(
        group=group,
        customers=len(duration),
        longest=int(duration.max(initial=0)),
        day=days.astype(np.int64),
        at_risk=at_risk.astype(np.int64),
        ended=counts.astype(np.int64),
        share=share,
        low=low,
        high=high,
    )


def survival(
    activity: Activity, ending: Ending, *, lapse: int = 90, since: Ints | None = None
) -> list[Curve]:
    """A curve for each group.

    Args:
        activity: who was active when.
        ending: see `Ending`.
        lapse: days of silence that are the end (`Ending.LAPSE`). It counts from the day on which they are
            full, and not from the last activity: nobody knew then, and who is silent for less at the log's end
            has not ended.
        since: the day from which on each customer is watched, not before the first and not after the last that
            the log covers; shape (customers,). Groups that are made of what customers did until then are only
            compared by what they do after it. Who had lapsed by then is in no curve. The first day without it.
    """
    start = activity.first if since is None else since
    if ending is Ending.RETURN:
        duration, ended = _until_return(activity, start)
    else:
        duration, ended = _until_lapse(activity, lapse)
        duration = duration - (start - activity.first)
    there = ~ended | (duration > 0)
    return [
        kaplan_meier(duration[mine & there], ended[mine & there], group)
        for group, mine in activity.by_group()
    ]


def _until_return(activity: Activity, start: Ints) -> tuple[Ints, Bools]:
    """Days from `start` to the next day of activity after it."""
    later = np.flatnonzero(activity.day > start[activity.customer])
    who, first_later = np.unique(activity.customer[later], return_index=True)
    again = np.zeros(activity.customers, dtype=bool)
    again[who] = True
    duration = activity.last_day - start
    duration[who] = activity.day[later[first_later]] - start[who]
    return duration, again


def _until_lapse(activity: Activity, lapse: int) -> tuple[Ints, Bools]:
    """The silence after each day of activity, the last one's until the log's end; the first long one ends it."""
    following = np.append(activity.day[1:] - 1, 0)
    last = np.append(activity.customer[1:] != activity.customer[:-1], True)
    silent = np.where(last, activity.last_day, following) - activity.day
    long = np.flatnonzero(silent >= lapse)
    who, first_long = np.unique(activity.customer[long], return_index=True)
    ended = np.zeros(activity.customers, dtype=bool)
    ended[who] = True
    duration = activity.watched.copy()
    duration[who] = activity.age[long[first_long]] + lapse
    return duration, ended
