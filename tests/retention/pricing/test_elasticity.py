"""What is told of how demand answers prices holds the truth, for shops that sell a unit a week as for large ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retention.pricing.demand.elasticity import Elasticities, elasticities
from retention.pricing.demand.slopes import slopes
from tests.retention.pricing.panels import COUNTED as TRUTH
from tests.retention.pricing.panels import counted, made


def held(truth: NDArray[np.float64], found: Elasticities) -> list[bool]:
    return [bool(one.low <= true <= one.high) for one, true in zip(found.products, truth, strict=True)]


@pytest.mark.parametrize("mean", [1.0, 150.0])
@pytest.mark.parametrize("stepwise", [False, True])
def test_one_unit_a_week_tells_the_same_elasticity_as_many(mean: float, stepwise: bool) -> None:
    """The logarithm of quantity plus one halved it where a product sold once a week."""
    overall, inside, of_categories = [], list[bool](), list[bool]()
    for seed in range(4):
        truth, panel = counted(mean, stepwise=stepwise, seed=seed)
        found = elasticities(panel)
        overall.append(found.overall.value)
        inside += held(truth, found)
        for number, one in enumerate(found.categories):
            of_categories.append(one.low <= truth[panel.category == number].mean() <= one.high)
    assert abs(float(np.mean(overall)) - TRUTH) < 0.15
    assert np.mean(inside) >= 0.85
    assert np.mean(of_categories) >= 0.75


def test_weeks_sold_out_are_no_answer_to_the_price() -> None:
    _, panel = counted(20, stepwise=False, spread=0.0)
    # What is dear was sold out whenever it was dear: it would seem to answer prices ten times as much.
    dear = panel.price > np.median(panel.price, axis=1, keepdims=True) * 1.08
    cut = np.where(dear, 0.0, panel.quantity)
    blind = elasticities(replace(panel, quantity=cut)).overall
    knowing = elasticities(replace(panel, quantity=cut, censored=dear)).overall
    assert blind.value < 2 * TRUTH
    assert abs(knowing.value - TRUTH) < 0.3


def test_what_a_promotion_adds_is_not_the_prices_doing() -> None:
    _, panel = counted(50, stepwise=False, spread=0.0)
    draw = np.random.default_rng(5)
    promoted = draw.random(panel.price.shape) < 0.15
    lifted = replace(
        panel,
        price=np.where(promoted, panel.price * 0.9, panel.price),
        quantity=np.round(panel.quantity * np.where(promoted, 0.9**TRUTH * 2, 1.0)),
    )
    blind = elasticities(lifted).overall
    knowing = elasticities(replace(lifted, promotion=promoted.astype(float))).overall
    assert blind.value < TRUTH - 1
    assert abs(knowing.value - TRUTH) < 0.3


def test_a_product_of_which_little_is_known_borrows_from_its_category() -> None:
    _, panel = counted(100, stepwise=False, spread=0.1)
    quantity, category = panel.quantity.copy(), np.arange(60) // 30
    strong = np.where(category == 1, -1.5, 0.0)[:, None] * (np.log(panel.price) - 2)
    quantity = np.round(quantity * np.exp(strong))
    quantity[30, :-6] = np.nan
    found = elasticities(replace(panel, quantity=quantity, category=category), ("mild", "strong"))
    mild, high = found.categories
    assert (mild.name, high.name) == ("mild", "strong")
    assert high.value < mild.value - 1
    assert abs(found.products[30].value - high.value) < 0.5
    assert found.products[30].high - found.products[30].low > found.products[31].high - found.products[31].low


def test_a_price_that_moved_twice_and_stayed_is_no_price_that_hardly_moved() -> None:
    _, panel = counted(10, stepwise=True)
    assert [one.warning for one in elasticities(panel).products].count(None) >= 40
    flat = elasticities(replace(panel, price=np.full_like(panel.price, 7.0)))
    assert all(one.warning is not None and one.changes == 0 for one in flat.products)
    assert all(one.low < -2 < 0 < one.high for one in flat.products)


@settings(max_examples=25, deadline=None)
@given(
    products=st.integers(1, 12),
    weeks=st.integers(1, 30),
    seed=st.integers(0, 1_000),
    empty=st.floats(0.0, 0.9),
    factor=st.sampled_from([0.01, 1.0, 1_000.0]),
)
def test_any_table_gives_numbers_in_order_and_in_any_unit_of_money(
    products: int, weeks: int, seed: int, empty: float, factor: float
) -> None:
    draw = np.random.default_rng(seed)
    panel = made(products, max(weeks, 2), seed=seed)
    gone = draw.random(panel.price.shape) < empty
    holes = replace(
        panel,
        quantity=np.where(gone, np.nan, panel.quantity * (draw.random(panel.price.shape) < 0.7)),
        price=np.where(draw.random(panel.price.shape) < empty, np.nan, panel.price),
        censored=draw.random(panel.price.shape) < empty / 2,
    )
    found = elasticities(holes)
    for one in (found.overall, *found.categories, *found.products):
        assert np.isfinite([one.low, one.value, one.high]).all()
        assert one.low < one.value < one.high
    dearer = elasticities(replace(holes, price=holes.price * factor))
    assert dearer.overall.value == pytest.approx(found.overall.value, abs=1e-3)


def test_nothing_known_has_an_infinite_error() -> None:
    panel = made(3, 20)
    price = panel.price.copy()
    price[0] = np.nan
    found = slopes(replace(panel, price=price))
    assert np.isinf(found.error[0])
    assert np.isfinite(found.error[1:]).all()
