"""Customers by RFM segment: how many of a segment come in the period after it was drawn, and which a cohort's were.

A group may only be made of what was known at a moment (the landmark), and it is judged by what came after. Segments
of today would call champion who came again, and champions would then be seen to come again.

Source: Anderson, Cain, Gelber, "Analysis of survival by tumor response", Journal of Clinical Oncology 1(11), 1983.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kernel.arrays import Ints
from kernel.times import DAY
from retention.checks import Checked
from retention.choices import Kind, Unit
from retention.churn.windows import buyers, horizon_of
from retention.features.expressions import Shop
from retention.history import History
from retention.rates.activity import Activity
from retention.rates.rates import Rate, as_date, last_day
from retention.segments import rfm

NOT_BOUGHT = "(no purchase)"
"""The group of those who came in their first period and bought nothing; there are none where only purchases count."""
GROUPS = (*(one.value for one in rfm.Segment), NOT_BOUGHT)


def rates_by_segment(
    history: History,
    activity: Activity,
    *,
    period: int,
    progress: Callable[[float], None] = lambda share: None,
) -> list[Rate]:
    """For each period and segment, the share of all its customers who are active in the period.

    The segments are those of the eve, drawn from what was known then: a customer who comes is not a champion
    for it yet. `lately` is within the shop's usual silence.

    Args:
        history: its rows judged.
        activity: who was active when, in the same history.
        period: days; periods are counted back from the last day, and the first has as much before it.
    """
    shop = Shop(history)
    recent = activity.usual_silence()
    starts = range(activity.last_day + 1 - period, int(activity.first.min()) + period - 1, -period)
    names = activity.names
    found: list[Rate] = []
    for done, start in enumerate(starts):
        progress(done / len(starts))
        table = buyers(shop, start * DAY)
        divided = rfm.fit(table.values, recent)
        inside = (activity.day >= start) & (activity.day < start + period)
        came = {names[code] for code in np.unique(activity.customer[inside]).tolist()}
        groups: dict[rfm.Segment, list[str]] = {one: [] for one in rfm.Segment}
        for customer, segment in zip(table.customers, divided.segments(table.values), strict=True):
            groups[segment].append(customer)
        found += [
            Rate(
                group=segment.value,
                kind=Kind.WITHIN,
                start=as_date(start),
                end=as_date(start + period - 1),
                customers=len(members),
                returned=sum(one in came for one in members),
            )
            for segment, members in groups.items()
            if members
        ]
    return found


def by_first_period(
    checked: Checked,
    activity: Activity,
    unit: Unit,
    *,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Activity, Ints]:
    """Group customers by their segment at the end of the calendar period of their first day.

    It is the one that `liuke retention segments --at` would give at that moment: the divisions are drawn from all
    customers known then, `lately` from the gaps between purchases until then. It never changes afterwards.

    Args:
        checked: the history that `activity` is of.
        activity: who was active when.
        unit: of the first period.

    Returns:
        The activity of everybody whose first period is over when the log ends, with their groups; and the last day
        of each one's first period, shape (customers,), from which on the groups may be compared.
    """
    came = unit.number(activity.first)
    periods = np.unique(came)
    ends = np.array([last_day(unit, int(one)) for one in periods], np.int64)
    shop = Shop(checked.history)
    group = np.full(activity.customers, len(GROUPS) - 1, np.int64)
    codes = {name: code for code, name in enumerate(activity.names)}
    for done, (period, last) in enumerate(zip(periods.tolist(), ends.tolist(), strict=True)):
        progress(done / len(periods))
        if last > activity.last_day:
            continue
        for name, segment in _segments(checked, shop, (last + 1) * DAY).items():
            code = codes.get(name)
            if code is not None and came[code] == period:
                group[code] = GROUPS.index(segment.value)
    landmark = ends[np.searchsorted(periods, came)]
    over = landmark <= activity.last_day
    return replace(activity, groups=GROUPS, group=group).only(over), landmark[over]


def _segments(checked: Checked, shop: Shop, moment: int) -> dict[str, rfm.Segment]:
    """Of everybody who had bought before a moment, from what was known at it."""
    table = buyers(shop, moment)
    divided = rfm.fit(table.values, horizon_of(checked, before=moment))
    return dict(zip(table.customers, divided.segments(table.values), strict=True))
