"""The forecast: the best blend of autoregression, regression and monotone trees, by validation on earlier periods."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from kernel.console import Progress, quiet
from retention.errors import LogRefused
from retention.pricing.demand import intervals
from retention.pricing.demand.features import FIRST
from retention.pricing.demand.panel import Grid, Mask, Panel, mean_of_products, shifted
from retention.pricing.demand.regression import LEAST_SLOPE
from retention.pricing.demand.rolling import (
    Blocks,
    Chosen,
    Losses,
    Rolling,
    best,
    choose,
    error,
    losses,
    worse,
)
from retention.threads import one_thread

Mixture: TypeAlias = tuple[tuple[str, float], ...]
"""What each model counts for."""

FEWEST_BEFORE = 8
"""Periods that must lie before the first one that is forecast."""
VALIDATED = 52
"""Periods before the test that models are judged on, where there are as many: a year of weeks."""
TEST_FITS = 3
VALIDATION_FITS = 2
SMALL_PANEL = 60_000
"""Cells below which the regression is fitted anew for every period."""
AUTOREGRESSION, REGRESSION, TREES = "autoregression", "regression", "trees"
LEAST_LINEAR = 0.2
"""Of a forecast: the part that falls strictly with the price."""
AS_GOOD = 0.5
"""Standard errors by which a mixture may do worse than the best and still count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """Forecasts of the last periods of a panel, (products, test periods) each, in units."""

    first: int
    """The place of the first period forecast."""
    point: Grid
    lower: Grid
    upper: Grid
    chosen: Chosen
    weights: Mapping[str, float]
    """What each model counts for in the blend."""
    scores: Mapping[str, float]
    """wMAPE of each model on the validation periods, before the first one forecast."""
    models: Mapping[str, Grid]
    """The forecasts of each model."""


def forecast(
    panel: Panel, test_periods: int, *, seed: int = 0, share: float = 0.9, progress: Progress = quiet
) -> Forecasts:
    """Forecast the last periods, each from what came before it and its own price and promotion.

    Args:
        test_periods: how many, at least 1.
        share: of outcomes that an interval shall hold.

    Raises:
        LogRefused: too few periods lie before the test.
    """
    periods = panel.shape[1]
    first = periods - test_periods
    if test_periods < 1 or first < FEWEST_BEFORE:
        raise LogRefused(
            f"there are {periods} periods: with {test_periods} to forecast, {max(first, 0)} are left to learn from, "
            f"and {FEWEST_BEFORE} are the fewest: give fewer test periods or a longer table"
        )
    with one_thread():
        return _forecast(panel, first, seed, share, progress)


def _forecast(panel: Panel, first: int, seed: int, share: float, progress: Progress) -> Forecasts:
    periods = panel.shape[1]
    start = max(first - max(min(VALIDATED, (first - FIRST) * 2 // 5), 1), FIRST + 3)
    judged, tested = Blocks(start, first, VALIDATION_FITS), Blocks(first, periods, TEST_FITS)
    progress("choosing settings on earlier periods", 0.02)
    chosen = choose(panel, seed, judged, progress)
    rolling = Rolling(panel, seed, start)
    changes: dict[str, Grid] = {}
    for place, (name, one) in enumerate(_models(rolling, chosen, panel).items()):
        progress(f"fitting: {name}", 0.3 + 0.15 * place)
        changes[name] = np.concatenate([one(judged), one(tested)], axis=1)
    progress("forecasting", 0.95)
    return _blended(panel, rolling, chosen, changes, start, periods - first, share)


def in_units(logs: Grid, one: float) -> Grid:
    """Quantities from the logarithm of quantity plus one unit: above 0, and rising strictly."""
    raised = np.exp(logs)
    return np.asarray(np.where(raised > 1.05 * one, raised - one, raised * 0.05 / 1.05))


def _models(rolling: Rolling, chosen: Chosen, panel: Panel) -> dict[str, Callable[[Blocks], Grid]]:
    often = panel.quantity.size <= SMALL_PANEL

    def linear(blocks: Blocks) -> Grid:
        finer = Blocks(blocks.start, blocks.end, blocks.end - blocks.start) if often else blocks
        return rolling.linear(finer, chosen.cycle, chosen.setting)

    return {
        AUTOREGRESSION: lambda blocks: rolling.ar(blocks, chosen.order),
        REGRESSION: linear,
        TREES: lambda blocks: rolling.trees(blocks, chosen.cycle),
    }


def _blended(
    panel: Panel,
    rolling: Rolling,
    chosen: Chosen,
    changes: Mapping[str, Grid],
    start: int,
    test_periods: int,
    share: float,
) -> Forecasts:
    first = panel.shape[1] - test_periods
    before, fresh = _starting_points(rolling, panel, start)
    judged = first - start
    actual = np.where(panel.censored, np.nan, panel.quantity)[:, start:]
    one = rolling.facts.unit
    # Who was never sold before is forecast by category and price alone: no change is known of it.
    logs = {name: before + np.where(fresh, 0.0, change) for name, change in changes.items()}

    known = np.where(fresh, np.nan, actual)[:, :judged]

    def lost(found: Grid) -> Losses:
        return losses(known, in_units(found[:, :judged], one))

    weights = best_weights({mixture: lost(_mixed(logs, dict(mixture))) for mixture in mixtures(tuple(logs))})
    mixed = _mixed(logs, weights)
    scores = {
        name: error(known, in_units(found[:, :judged], one))
        for name, found in {**logs, "blend": mixed}.items()
    }
    residuals = np.log(np.maximum(actual, 0.0) + one) - np.log(in_units(mixed, one) + one)
    width = intervals.half_widths(residuals, test_periods, share)
    tested = mixed[:, judged:]
    return Forecasts(
        first=first,
        point=in_units(tested, one),
        lower=np.maximum(np.exp(tested - width) - one, 0.0),
        upper=np.maximum(np.exp(tested + width) - one, in_units(tested, one)),
        chosen=chosen,
        weights=weights,
        scores=scores,
        models={name: in_units(found[:, judged:], one) for name, found in logs.items()},
    )


def _starting_points(rolling: Rolling, panel: Panel, start: int) -> tuple[Grid, Mask]:
    """Log demand that changes are added to, and which of it comes from the category."""
    facts = rolling.facts
    demand, price = shifted(facts.demand, 1), shifted(facts.price, 1)
    seen = np.where(np.isnan(demand), np.nan, price)
    of_group = mean_of_products(demand, panel.category, least=1)
    priced = ~np.isnan(panel.price)
    apart = np.where(priced, facts.price - mean_of_products(seen, panel.category, least=1), 0.0)
    usual = of_group + min(rolling.elasticity, LEAST_SLOPE) * np.nan_to_num(apart)
    found = np.where(facts.fresh, usual, facts.before)[:, start:]
    return np.nan_to_num(found), facts.fresh[:, start:]


def mixtures(names: tuple[str, ...]) -> Iterator[Mixture]:
    """Every mixture in tenths, the regression having a part in each."""
    for parts in itertools.product(range(11), repeat=len(names)):
        mixture = tuple(zip(names, (part / 10 for part in parts), strict=True))
        if sum(parts) == 10 and dict(mixture)[REGRESSION] >= LEAST_LINEAR:
            yield mixture


def best_weights(found: Mapping[Mixture, Losses]) -> dict[str, float]:
    """The mean of the mixtures that hardly do worse than the best, so that chance decides less."""
    each = list(found.values())
    least = each[best(each)]
    good = [dict(mixture) for mixture, loss in found.items() if worse(loss, least) <= AS_GOOD]
    return {name: sum(one[name] for one in good) / len(good) for name in good[0]}


def _mixed(logs: Mapping[str, Grid], weights: Mapping[str, float]) -> Grid:
    return np.asarray(np.sum([weights[name] * found for name, found in logs.items()], axis=0))
