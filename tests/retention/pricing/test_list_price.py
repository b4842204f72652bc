"""List prices: the formula, the limits that nothing passes, and when the present price stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.pricing.effect import Change, Met, effect, left_alone, spill_over, substitutes
from retention.pricing.list_price import (
    PriceLimits,
    PriceRefused,
    Selling,
    followed,
    propose,
    strengths,
)
from retention.types import Money

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def selling(**values: Any) -> Selling:
    usual: dict[str, Any] = {
        "product": "p1",
        "now": NOW,
        "list_price": Money(2_000, "CNY"),
        "cost": Money(1_000, "CNY"),
        "stock": 1_000,
        "weekly_demand": 50.0,
        "spread": 0.2,
        "elasticity": -2.0,
        "elasticity_error": 0.1,
    }
    return Selling(**{**usual, **values})


def test_the_formula_of_the_source_text() -> None:
    # Two periods: a tenth more was sold than forecast, then a fifth less.
    assert followed(1_000, [-0.1, 0.2], [0.5, 0.25]) == pytest.approx(1_000 * exp(0.05 - 0.05))
    assert followed(1_000, [-0.1], [0.5]) > 1_000 > followed(1_000, [0.1], [0.5])
    assert followed(1_000, [-0.1], [0.0]) == 1_000
    assert strengths(0.4) == (0.4, 0.2, 0.1)


def test_a_price_too_high_for_its_elasticity_falls_and_one_too_low_rises() -> None:
    # With elasticity -3 the best price is cost times 1.5; with -1.2, cost times 6.
    assert propose(selling(elasticity=-3.0), PriceLimits()).new.minor < 2_000
    dearer = propose(selling(elasticity=-1.2), PriceLimits())
    assert dearer.new.minor > 2_000
    assert dearer.low > 0
    assert "expected_margin" in {one.code for one in dearer.reasons}


def test_where_nothing_is_certain_the_price_stays() -> None:
    found = propose(selling(elasticity=-2.0, elasticity_error=1.0), PriceLimits())
    assert not found.changes
    assert [one.code for one in found.reasons] == ["no_better_price"]


def test_what_runs_out_gets_dearer() -> None:
    scarce = selling(stock=40, elasticity=-2.0, restock_at=NOW + timedelta(days=60))
    assert propose(scarce, PriceLimits()).new.minor > 2_000


def test_what_must_be_sold_by_a_date_is_marked_down() -> None:
    rest = selling(stock=400, elasticity=-2.0, sell_by=NOW + timedelta(days=21))
    found = propose(rest, PriceLimits(step=2_000))
    assert found.new.minor < 2_000
    assert "sell_by" in {one.code for one in found.reasons}


@pytest.mark.parametrize("doubt", ["hardly_moved", "elasticity_unsure"])
def test_no_rise_follows_from_an_elasticity_in_doubt(doubt: str) -> None:
    dearer = selling(elasticity=-1.2)
    assert propose(dearer, PriceLimits()).new.minor > 2_000
    found = propose(replace(dearer, doubt=doubt), PriceLimits())
    assert not found.changes
    assert [one.code for one in found.reasons] == [doubt]
    # What won't sell may be marked down all the same, and never up.
    for rest in (
        selling(elasticity=-3.0, doubt=doubt, overstocked=True),
        selling(stock=400, doubt=doubt, sell_by=NOW + timedelta(days=21)),
    ):
        marked = propose(rest, PriceLimits())
        assert marked.new.minor < 2_000
        assert doubt in {one.code for one in marked.reasons}
    assert not propose(replace(dearer, doubt=doubt, overstocked=True), PriceLimits()).changes


def test_the_step_of_a_day_counts_from_the_price_of_a_day_ago() -> None:
    # It rose by five per cent this morning: no more today, and tomorrow again.
    today = selling(list_price=Money(2_100, "CNY"), day_before=2_000, elasticity=-1.2)
    assert propose(today, PriceLimits()).new.minor <= 2_100
    assert propose(replace(today, day_before=2_100), PriceLimits()).new.minor > 2_100


def test_an_announced_sale_holds_the_price() -> None:
    found = propose(
        selling(elasticity=-1.2, sale_from=NOW + timedelta(days=5), sale_until=NOW + timedelta(days=9)),
        PriceLimits(),
    )
    assert not found.changes
    assert [one.code for one in found.reasons] == ["announced_sale"]
    over = selling(elasticity=-1.2, sale_from=NOW - timedelta(days=9), sale_until=NOW - timedelta(days=1))
    assert propose(over, PriceLimits()).changes


@settings(max_examples=60, deadline=None)
@given(
    price=st.integers(200, 50_000),
    cost=st.integers(0, 60_000),
    elasticity=st.floats(-4.0, -0.1),
    step=st.integers(100, 3_000),
    floor=st.integers(1, 40_000),
    room=st.integers(0, 40_000),
    endings=st.sampled_from([(), (".99",), (".00", ".50"), ("9.90", "5")]),
    margin=st.integers(0, 5_000),
)
def test_no_demand_passes_a_limit(
    price: int,
    cost: int,
    elasticity: float,
    step: int,
    floor: int,
    room: int,
    endings: tuple[str, ...],
    margin: int,
) -> None:
    limits = PriceLimits(floor=floor, ceiling=floor + room, step=step, endings=endings, margin_floor=margin)
    item = selling(
        list_price=Money(price, "CNY"), cost=Money(cost, "CNY"), elasticity=elasticity, surprises=[-3.0, 2.0]
    )
    found = propose(item, limits)
    if not found.changes:
        assert found.new.minor == price
        return
    new = found.new.minor
    assert floor <= new <= floor + room
    assert abs(new - price) * 10_000 <= price * step
    assert (new - cost) * 10_000 >= margin * new
    # As written: ".99" are the last two digits of minor units, "5" is the last before them, with none after.
    digits = {".99": (100, 99), ".00": (100, 0), ".50": (100, 50), "9.90": (1_000, 990), "5": (1_000, 500)}
    assert not endings or any(new % digits[one][0] == digits[one][1] for one in endings)
    assert found.low > 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"cost": None}, "cost of p1 is unknown"),
        ({"cost": Money(1_000, "USD")}, "one currency"),
        ({"cost": Money(-1, "CNY")}, "below 0"),
        ({"stock": -1}, "stock of p1 is below 0"),
        ({"list_price": Money(0, "CNY")}, "no list price"),
        ({"weekly_demand": 0.0}, "no sales"),
        ({"weekly_demand": float("nan")}, "no sales"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(values: dict[str, Any], said: str) -> None:
    with pytest.raises(PriceRefused, match=said):
        propose(selling(**values), PriceLimits())


@pytest.mark.parametrize(
    "values",
    [
        {"floor": 200, "ceiling": 100},
        {"step": 10_000},
        {"step": 0},
        {"margin_floor": 10_000},
        {"horizon_days": 0},
    ],
)
def test_limits_that_cannot_be_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(PriceRefused):
        PriceLimits(**values)


def test_the_same_seed_gives_the_same_proposal() -> None:
    item = selling(elasticity=-1.2, surprises=[-0.2, 0.1])
    assert propose(item, PriceLimits(), 3) == propose(item, PriceLimits(), 3)
    assert propose(replace(item, stock=10), PriceLimits(), 3) != propose(item, PriceLimits(), 3)


# --- what it came to --------------------------------------------------------------------------------------


def changes(count: int, factor: float, category: str = "tea") -> list[Change]:
    return [
        Change(
            product=f"{category}{one}", category=category, before=100.0 + one, after=(100.0 + one) * factor
        )
        for one in range(count)
    ]


def test_an_effect_is_told_beside_those_left_alone() -> None:
    found = effect(changes(20, 1.3), changes(20, 1.1))
    assert found is not None
    assert found.value == pytest.approx(0.2)
    assert found.low <= found.value <= found.high
    assert found.certain
    assert effect(changes(4, 1.3), changes(20, 1.1)) is None


def test_substitutes_are_compared_with_what_has_nothing_to_do_with_them() -> None:
    untouched = [*changes(10, 0.9), *changes(10, 1.0, "cups"), *changes(10, 5.0, "pots")]
    near = {one.product for one in untouched[:10]}
    untouched[10:20] = [replace(one, product=f"cup {one.product}") for one in untouched[10:20]]
    untouched[20:] = [replace(one, product=f"pot {one.product}") for one in untouched[20:]]
    found = spill_over(untouched, near, {"pots"})
    assert found is not None
    assert found.value == pytest.approx(-0.1)
    # What else is in a changed product's category is on neither side.
    assert (found.changed, found.compared) == (10, 10)


def met(days: int, **together: int) -> Met:
    """Each product met on a tenth of the days, and pairs with `tea` on so many."""
    return Met(
        alone=dict.fromkeys(("tea", *together), days // 10),
        together={("tea", other): count for other, count in together.items()},
        every=days,
    )


def test_what_is_looked_at_in_place_of_a_product_is_its_substitute() -> None:
    """By chance ten of a thousand days: more is a substitute, unless it is bought along with it."""
    looked = met(1_000, oolong=60, pot=60, cup=15, rice=4)
    bought = met(1_000, oolong=5, pot=80)
    assert substitutes(looked, bought) == {"oolong"}
    assert substitutes(met(30, oolong=3), met(30)) == frozenset()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), products=st.integers(2, 12))
def test_what_is_looked_at_by_chance_is_hardly_ever_a_substitute(seed: int, products: int) -> None:
    draw = np.random.default_rng(seed)
    seen = draw.random((2_000, products)) < 0.1
    looked = Met(
        alone={f"p{one}": int(count) for one, count in enumerate(seen.sum(axis=0))},
        together={("p0", f"p{one}"): int((seen[:, 0] & seen[:, one]).sum()) for one in range(1, products)},
        every=2_000,
    )
    assert len(substitutes(looked, Met(alone={}, together={}, every=0))) <= 1


def test_a_fifth_is_left_alone_and_others_in_another_round() -> None:
    first = {one for one in range(2_000) if left_alone(f"p{one}", "s", NOW)}
    second = {one for one in range(2_000) if left_alone(f"p{one}", "s", NOW + timedelta(days=7))}
    assert 330 <= len(first) <= 470
    assert len(first & second) < 140
    assert first == {one for one in range(2_000) if left_alone(f"p{one}", "s", NOW + timedelta(hours=3))}
