"""Which share of each RFM segment comes in the period after the segments were drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.history import History
from retention.rates.activity import Activity
from retention.rates.rates import Kind, Rate, as_date
from retention.segments import rfm
from retention.times import DAY


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
