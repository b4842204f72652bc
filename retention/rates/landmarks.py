"""Customers by the RFM segment in which they were when their first period was over.

A group may only be made of what was known at a moment (the landmark), and it is judged by what came after. Segments
of today would call champion who came again, and champions would then be seen to come again.

Source: Anderson, Cain, Gelber, "Analysis of survival by tumor response", Journal of Clinical Oncology 1(11), 1983.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from retention.checks import Checked
from retention.churn.windows import buyers, choose_horizon, rhythm_of
from retention.features.expressions import Shop
from retention.rates.activity import Activity, Ints
from retention.rates.cohorts import Unit
from retention.segments import rfm
from retention.times import DAY

NOT_BOUGHT = "(no purchase)"
"""The group of those who came in their first period and bought nothing; there are none where only purchases count."""
GROUPS = (*(one.value for one in rfm.Segment), NOT_BOUGHT)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


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
    ends = np.array([(unit.first_day(int(one) + 1) - _EPOCH).days - 1 for one in periods], np.int64)
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
    first, gaps = rhythm_of(checked, before=moment)
    if not first:
        return {}
    divided = rfm.fit(table.values, choose_horizon(gaps, (moment - first) / DAY))
    return dict(zip(table.customers, divided.segments(table.values), strict=True))
