"""The rate of a segment is that of its customers on the eve."""

from __future__ import annotations

from datetime import timedelta

from kernel.intervals import wilson
from kernel.times import DAY, to_micros
from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.features.raw import NAMES
from retention.history import History
from retention.rates import Activity
from retention.rates.segments import rates_by_segment
from retention.segments.rfm import Segment
from tests.contracts.retention_core import NOW


def test_rates_by_segment_equal_a_count_of_those_who_came(history: History) -> None:
    activity = Activity.of(history.events, NOW)
    found = rates_by_segment(history, activity, period=90)
    newest = [one for one in found if one.start == max(one.start for one in found)]  # type: ignore[type-var]
    eve = (to_micros(NOW) - 1) // DAY + 1 - 90
    bought = [row for row in history.events.to_pylist() if row["kind"] == "purchase"]
    before = {row["customer"] for row in bought if row["at"] < eve * DAY}
    after = {row["customer"] for row in bought if eve * DAY <= row["at"] < (eve + 90) * DAY}
    assert sum(one.customers for one in newest) == len(before)
    assert sum(one.returned for one in newest) == len(before & after)
    shares = {one.group: one.rate or 0.0 for one in newest}
    assert shares[Segment.CHAMPIONS] > shares[Segment.GONE]
    recency = buyers(Shop(history), eve * DAY).values[:, NAMES.index("recency")]
    lately = {Segment.CHAMPIONS, Segment.BIG_NEWCOMERS, Segment.LOYAL, Segment.NEWCOMERS}
    recent = activity.usual_silence() * DAY
    assert sum(one.customers for one in newest if one.group in lately) == int((recency <= recent).sum())
    for one in newest:
        assert one.interval == wilson(one.returned, one.customers)
        assert str(one.end) == str((NOW - timedelta(days=1) if NOW.hour == 0 else NOW).date())
