"""Currencies have the decimals of their standard; intervals hold the share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.intervals import wilson
from kernel.money import decimals
from kernel.times import from_micros, to_micros


@pytest.mark.parametrize(("currency", "places"), [("CNY", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3)])
def test_the_decimals_of_a_currency(currency: str, places: int) -> None:
    assert decimals(currency) == places


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_an_interval_holds_its_share(hits: int, others: int) -> None:
    low, high = wilson(hits, hits + others)
    assert 0.0 <= low <= high <= 1.0
    if hits + others:
        assert low <= hits / (hits + others) <= high


def test_wilson_s_own_figures() -> None:
    # Brown, Cai and DasGupta 2001: 0 of 10 and 5 of 10.
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_are_exact(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        to_micros(datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is tested
