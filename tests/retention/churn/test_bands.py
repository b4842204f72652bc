"""High is whom the staff can look after; nobody else, and nobody with less at stake than another who isn't."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention import Money, Risk, RiskBand
from retention.choices import capacity_of
from retention.churn.bands import ORDER, Bands, banded, places

customers = st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1e9)), min_size=1, max_size=60)


def risk(name: str, probability: float, stake: float = 0.0) -> Risk:
    return Risk(
        customer=name, probability=probability, band=RiskBand.LOW, horizon_days=30, policy="blend/v", reasons=(),
        at_stake=stake,
    )  # fmt: skip


@given(customers, st.floats(0.0, 1.0), st.integers(0, 70))
def test_no_more_are_high_than_can_be_treated(
    drawn: list[tuple[float, float]], medium: float, treated: int
) -> None:
    chance, stake = np.array(drawn).T
    heights = Bands.drawn(chance, stake, medium=medium, places=treated).heights(chance, stake)
    high = heights == 2
    assert high.sum() <= treated
    assert (chance[heights >= 1] >= medium).all()
    assert (chance[heights == 0] < medium).all()
    rest = stake[heights == 1]
    assert not high.any() or not len(rest) or stake[high].min() > rest.max()


@given(customers, st.integers(1, 70))
def test_every_place_is_taken_where_no_two_have_as_much_at_stake(
    drawn: list[tuple[float, float]], treated: int
) -> None:
    chance, stake = np.array(drawn).T
    stake = np.arange(1.0, len(stake) + 1)
    heights = Bands.drawn(chance, stake, medium=0.0, places=treated).heights(chance, stake)
    assert (heights == 2).sum() == min(treated, len(stake))


@pytest.mark.parametrize(
    ("written", "number"), [("5%", 0.05), ("0.05", 0.05), (" 40 ", 40), ("12.5 %", 0.125)]
)
def test_a_capacity_is_a_share_or_a_number(written: str, number: float) -> None:
    assert capacity_of(written) == number


@pytest.mark.parametrize("written", ["", "many", "0", "100%", "1.5", "-3", "5%%"])
def test_what_is_no_capacity_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="capacity"):
        capacity_of(written)


def test_places_come_of_a_share_or_a_number() -> None:
    assert places(0.05, 1_000) == 50
    assert places(40, 1_000) == 40
    assert places(0.05, 3) == 1


def test_expected_spend_decides_where_it_is_known() -> None:
    risks = [risk("safe", 0.1, 900.0), risk("dear", 0.6, 1.0), risk("cheap", 0.9, 500.0)]
    worth = {"safe": Money(10_000, "CNY"), "dear": Money(1_000, "CNY"), "cheap": Money(10, "CNY")}
    by_worth, _ = banded(risks, worth, medium=0.5, treated=1)
    assert [one.band for one in by_worth] == [ORDER[0], ORDER[2], ORDER[1]]
    assert by_worth[1].at_stake == 600.0
    by_past, _ = banded(risks, {}, medium=0.5, treated=1)
    assert [one.band for one in by_past] == [ORDER[0], ORDER[1], ORDER[2]]
