"""Nobody is written to at night, wherever they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from bot.outreach.planner import is_daytime, next_daytime

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)


@given(moments, zones)
def test_the_next_daytime_is_day_there_and_at_most_a_day_away(now: datetime, where: ZoneInfo) -> None:
    planned = next_daytime(now, where)
    assert is_daytime(planned, where)
    assert timedelta(0) <= planned - now <= timedelta(hours=25)


def test_late_evening_waits_for_the_morning() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    evening = datetime(2026, 11, 25, 22, 30, tzinfo=shanghai)
    assert next_daytime(evening, shanghai) == datetime(2026, 11, 26, 10, 0, tzinfo=shanghai)


def test_daytime_goes_at_once() -> None:
    noon = datetime(2026, 11, 25, 12, 0, tzinfo=ZoneInfo("Europe/London"))
    assert next_daytime(noon, ZoneInfo("Europe/London")) == noon
