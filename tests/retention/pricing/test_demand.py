"""Forecasts of demand: what they find again in made-up sales, and what they must never do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.errors import LogRefused
from retention.pricing.demand import boosting, features, regression
from retention.pricing.demand.elasticity import elasticities
from retention.pricing.demand.forecast import (
    AUTOREGRESSION,
    REGRESSION,
    TREES,
    Forecasts,
    best_weights,
    forecast,
    mixtures,
)
from retention.pricing.demand.intervals import coverage, half_widths
from retention.pricing.demand.panel import Panel, carried, log_demand, mean_before, shifted
from retention.pricing.demand.rolling import Blocks, Losses, Rolling, choose, error
from tests.retention.pricing.panels import ELASTICITY, made

TESTED = 6


@pytest.fixture(scope="module")
def panel() -> Panel:
    return made(24, 50)


@pytest.fixture(scope="module")
def found(panel: Panel) -> Forecasts:
    return forecast(panel, TESTED)


@pytest.mark.slow
def test_the_forecast_is_better_than_the_last_period_and_than_no_price(
    panel: Panel, found: Forecasts
) -> None:
    actual = panel.quantity[:, -TESTED:]
    ours = error(actual, found.point)
    assert ours < 0.7 * error(actual, panel.quantity[:, -TESTED - 1 : -1])
    assert ours < error(actual, found.models["autoregression"])


@pytest.mark.slow
def test_the_same_seed_gives_the_same_forecast(panel: Panel, found: Forecasts) -> None:
    again = forecast(panel, TESTED)
    assert np.array_equal(again.point, found.point)
    assert np.array_equal(again.lower, found.lower)


@pytest.mark.slow
def test_what_comes_later_changes_nothing(panel: Panel, found: Forecasts) -> None:
    at = 2  # of the test periods
    later = panel.shape[1] - TESTED + at
    quantity, price = panel.quantity.copy(), panel.price.copy()
    quantity[:, later:] *= 3  # also what the period itself sold
    price[:, later + 1 :] *= 2
    changed = forecast(replace(panel, quantity=quantity, price=price), TESTED)
    for name in ("point", "lower", "upper"):
        assert np.allclose(getattr(changed, name)[:, : at + 1], getattr(found, name)[:, : at + 1])
    assert not np.allclose(changed.point[:, at + 1 :], found.point[:, at + 1 :])


@settings(max_examples=60, deadline=None)
@given(by=st.floats(1.0001, 3.0), seed=st.integers(0, 500), elasticity=st.sampled_from([-2.0, -0.2, 0.8]))
def test_a_higher_price_lowers_what_the_regression_forecasts(by: float, seed: int, elasticity: float) -> None:
    panel = made(8, 24, seed=seed, elasticity=elasticity)
    price = panel.price.copy()
    price[:, -1] *= by
    blocks = Blocks(20, 24, 2)
    plain, dearer = (
        Rolling(one, 0, 20).linear(blocks, 0, regression.Setting())[:, -1]
        for one in (panel, replace(panel, price=price))
    )
    assert np.all(dearer < plain)


@settings(max_examples=3, deadline=None)
@given(by=st.floats(1.001, 3.0), seed=st.integers(0, 50), elasticity=st.sampled_from([-2.0, 0.8]))
@pytest.mark.slow
def test_a_higher_price_lowers_every_forecast(by: float, seed: int, elasticity: float) -> None:
    panel = made(10, 30, seed=seed, elasticity=elasticity)
    price = panel.price.copy()
    price[:, -1] *= by
    plain = forecast(panel, 2).point[:, -1]
    assert np.all(forecast(replace(panel, price=price), 2).point[:, -1] < plain)


@pytest.mark.slow
def test_intervals_hold_at_their_rate() -> None:
    panel = made(60, 70, seed=3)
    found = forecast(panel, 20)
    actual = panel.quantity[:, -20:]
    assert np.all((found.lower <= found.point) & (found.point <= found.upper))
    assert 0.87 <= coverage(actual, found.lower, found.upper) <= 0.93


def test_intervals_widen_where_the_world_becomes_wilder() -> None:
    draw = np.random.default_rng(0)
    residuals = np.concatenate([draw.normal(0, 0.1, (50, 30)), draw.normal(0, 0.4, (50, 40))], axis=1)
    width = half_widths(residuals, 40, 0.9)
    inside = np.abs(residuals[:, 30:]) <= width
    assert width[:, -1].mean() > 2 * width[:, 0].mean()
    assert 0.86 <= inside.mean() <= 0.94


def test_an_interval_knows_nothing_of_its_period_or_later() -> None:
    residuals = np.random.default_rng(0).normal(0, 0.1, (20, 40))
    changed = residuals.copy()
    changed[:, 25:] *= 5
    plain, wild = half_widths(residuals, 20, 0.9), half_widths(changed, 20, 0.9)
    assert np.array_equal(plain[:, :6], wild[:, :6])
    assert np.all(wild[:, 6] > plain[:, 6])


def test_the_autoregression_is_found_again() -> None:
    panel = made(80, 80, elasticity=0.0, noise=0.3)
    facts = features.known(panel)
    lags = features.autoregressive(facts, 2)
    fitted = regression.fit(lags, facts.change, np.zeros(80), regression.Setting(weight=0.0))
    slopes = dict(zip(fitted.names, fitted.slopes, strict=True))
    # The change since the last period, which holds one lag already.
    assert 0.6 <= 1 + slopes["lag_1"] <= 0.8
    assert abs(slopes["lag_2"]) < 0.1


def test_the_elasticity_lies_within_its_interval() -> None:
    hits, overall = [], []
    for seed in range(8):
        found = elasticities(made(30, 60, seed=seed))
        hits += [one.low <= ELASTICITY <= one.high for one in found.products]
        overall.append(abs(found.overall.value - ELASTICITY))
    assert np.mean(hits) >= 0.85
    assert max(overall) < 0.15


def test_a_price_that_hardly_moves_is_warned_of() -> None:
    panel = made(12, 40)
    price = panel.price.copy()
    price[0] = price[0, 0]
    found = elasticities(replace(panel, price=price))
    assert found.products[0].warning is not None
    assert "hardly moved" in found.products[0].warning
    assert found.products[1].warning is None
    # It borrows from the others and is less sure.
    assert abs(found.products[0].value - ELASTICITY) < 0.5
    widths = [one.high - one.low for one in found.products]
    assert widths[0] >= max(widths[1:])


@pytest.mark.slow
def test_ten_weeks_borrow_from_the_category() -> None:
    panel = made(40, 60, seed=5)
    quantity, price, rows = panel.quantity.copy(), panel.price.copy(), panel.rows.copy()
    for grid in (quantity, price):
        grid[:8, :50] = np.nan
    rows[:8, :50] = False
    found = forecast(replace(panel, quantity=quantity, price=price, rows=rows), 4)
    actual = quantity[:8, -4:]
    assert error(actual, found.point[:8]) < error(actual, quantity[:8, -5:-1])


@pytest.mark.slow
def test_a_product_never_sold_before_is_forecast_by_its_category_and_price(panel: Panel) -> None:
    quantity, price = panel.quantity.copy(), panel.price.copy()
    quantity[0, :-1] = price[0, :-1] = np.nan
    fresh = replace(panel, quantity=quantity, price=price)
    plain = forecast(fresh, 1).point[0, 0]
    dearer = price.copy()
    dearer[0, -1] *= 1.1
    assert 0 < forecast(replace(fresh, price=dearer), 1).point[0, 0] < plain


def test_what_was_sold_out_counts_as_more() -> None:
    panel = made(6, 30, noise=0.05)
    quantity, sold_out = panel.quantity.copy(), panel.censored.copy()
    quantity[0, 20], sold_out[0, 20] = 1.0, True
    demand = log_demand(replace(panel, quantity=quantity, censored=sold_out), 1.0)
    assert demand[0, 20] > np.log(2.0) + 1
    assert demand[0, 20] == pytest.approx(np.log(panel.quantity[0, 12:20] + 1).mean(), abs=0.3)
    # And where more was sold than usual before it ran out, at least that.
    quantity[0, 20] = 10 * panel.quantity[0, 20]
    higher = log_demand(replace(panel, quantity=quantity, censored=sold_out), 1.0)
    assert higher[0, 20] >= np.log(quantity[0, 20] + 1)


@pytest.mark.slow
def test_promotions_are_learned() -> None:
    panel = made(30, 60, promoted=0.8)
    known, unknown = forecast(panel, 6), forecast(replace(panel, promotion=np.zeros_like(panel.promotion)), 6)
    actual = panel.quantity[:, -6:]
    assert error(actual, known.point) < 0.8 * error(actual, unknown.point)


@pytest.mark.parametrize(("periods", "tested"), [(8, 4), (20, 19), (20, 0)])
def test_too_few_periods_are_refused(periods: int, tested: int) -> None:
    with pytest.raises(LogRefused, match="periods"):
        forecast(made(5, periods), tested)


def _cycles(shape: tuple[float, ...], panels: int = 12) -> list[int]:
    """The cycles found in made-up sales that go up and down with a shape, the times being mere numbers."""
    found = []
    for seed in range(panels):
        panel = made(20, 60, seed=seed)
        sold = panel.quantity * np.exp(np.resize(shape, 60))
        # One product sells nearly everything, so that its chance decides.
        sold[0] *= 1_000
        found.append(
            choose(replace(panel, quantity=sold, candidates=(52, 12, 7, 4)), 0, Blocks(31, 52, 2)).cycle
        )
    return found


def test_chance_is_seldom_taken_for_a_cycle() -> None:
    assert _cycles((0.0,)).count(0) >= 10


def test_a_cycle_is_found_and_not_a_multiple_of_it() -> None:
    assert _cycles((0.4, 0.0, -0.3, 0.1)).count(4) >= 10


def test_a_model_that_is_worse_by_more_than_chance_has_no_part() -> None:
    draw = np.random.default_rng(0)
    level = draw.uniform(5, 15, 30)
    errors = {REGRESSION: draw.normal(0, 1, (40, 30)), TREES: draw.normal(0, 1, (40, 30))}
    errors[AUTOREGRESSION] = errors[REGRESSION] + draw.normal(0, 3, (40, 30))

    def lost(weights: dict[str, float]) -> Losses:
        return np.abs(level * sum(weights[name] * one for name, one in errors.items())).sum(axis=0)

    weights = best_weights({mixture: lost(dict(mixture)) for mixture in mixtures(tuple(errors))})
    assert weights[AUTOREGRESSION] < 0.05
    assert 0.3 < weights[TREES] < 0.7
    assert sum(weights.values()) == pytest.approx(1.0)


def test_trees_stand_a_feature_of_which_nothing_is_known() -> None:
    draw = np.random.default_rng(0)
    known, unknown = draw.normal(size=(10, 20)), np.full((10, 20), np.nan)
    fitted = boosting.fit({"known": known, "unknown": unknown}, known * 2, np.zeros(10), 0)
    ahead = np.stack([known, unknown], axis=-1)
    assert np.corrcoef(fitted.predict(ahead).ravel(), known.ravel())[0, 1] > 0.9
    assert np.isfinite(fitted.predict(np.nan_to_num(ahead))).all()


def test_products_that_are_known_once_are_forecast_by_what_others_sell() -> None:
    panel = made(40, 40)
    once = np.eye(40, dtype=np.bool_)
    quantity, price = (np.where(once, grid, np.nan) for grid in (panel.quantity, panel.price))
    found = forecast(replace(panel, quantity=quantity, price=price, rows=once), 4)
    sold = quantity[once]
    assert np.all((found.point[once[:, -4:]] > sold.min()) & (found.point[once[:, -4:]] < sold.max()))


def test_helpers_look_back_only() -> None:
    values = np.array([[1.0, np.nan, 3.0, 4.0]])
    assert np.array_equal(shifted(values, 1), [[np.nan, 1.0, np.nan, 3.0]], equal_nan=True)
    assert np.array_equal(carried(values), [[1.0, 1.0, 3.0, 4.0]])
    assert np.array_equal(mean_before(values, 2), [[np.nan, 1.0, 1.0, 3.0]], equal_nan=True)
