"""Limits in memory hold in every window, stay small, and are given back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from bot.http.clients import Meter, Places
from storage.limits import Demand, Limit, _reserve

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 6), st.sampled_from([0.5, 2.0, 10.0]))
def test_no_window_holds_more_than_the_burst_and_the_rate(
    pauses: list[float], burst: int, rate: float
) -> None:
    meter, now, taken = Meter(burst=burst, per_second=rate), 0.0, []
    for pause in pauses:
        now += pause
        if meter.take("a", now) == 0:
            taken.append(now)
    for first, at in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - at) * rate + 1e-6


@example(pauses=[1, 0, 0], burst=2)
@given(st.lists(st.integers(0, 3_000), max_size=40), st.integers(1, 5))
def test_it_lets_pass_what_the_stores_limit_lets_pass(pauses: list[int], burst: int) -> None:
    meter = Meter(burst=burst, per_second=2.0)
    limit = Limit(key="a", interval=timedelta(milliseconds=500), burst=burst)
    arrival = {"a": NOW - timedelta(days=1)}
    passed = 0
    for pause in pauses:
        passed += pause
        now = NOW + timedelta(milliseconds=passed)
        granted = _reserve(Demand(limits=(limit,)), arrival, now, now).granted
        assert (meter.take("a", passed / 1_000) < 1e-6) == granted


def test_who_waits_as_long_as_told_passes() -> None:
    meter = Meter(burst=2, per_second=0.1)
    assert [meter.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, 10.0]
    assert meter.take("a", 10.0) == 0.0


def test_keys_do_not_share_and_those_that_rest_are_forgotten() -> None:
    meter = Meter(burst=1, per_second=1.0)
    assert all(meter.take(f"{number}", number / 1_000) == 0 for number in range(20_000))
    assert len(meter) < 5_000


def test_places_are_limited_by_key_and_in_all() -> None:
    places = Places(each=2, in_all=4)
    assert [places.enter("a") for _ in range(3)] == [True, True, False]
    assert [places.enter("") for _ in range(3)] == [True, True, False]
    assert not places.enter("b")
    places.leave("a")
    assert places.enter("b")
    for key in ("a", "b", "", ""):
        places.leave(key)
    assert len(places) == 0
    assert places.enter("b")
