"""What a forecast may know of a product in a period: what came before, and the period's own price and promotion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retention.pricing.demand.panel import (
    Grid,
    Mask,
    Panel,
    carried,
    log_demand,
    mean_before,
    mean_of_products,
    shifted,
    unit,
)

FIRST = 2
"""Periods that nothing is learned from: they have too little before them."""
FALLING = frozenset({"price_change", "price_to_4", "price_to_26", "last_price_change", "last_price_to_26"})
"""A higher price of the period makes none of these lower; no forecast grows with one of them."""
PRICE_NOW = "price_change"
USUAL_ELASTICITY = -1.0
"""Where prices tell nothing before the first forecast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A panel in logarithms."""

    demand: Grid
    """Log of quantity plus a unit, gaps carried on."""
    price: Grid
    """Log price, gaps carried on; 0 where none is known."""
    change: Grid
    """Of log demand since the period before: what is forecast. NaN where the period is no lesson."""
    price_change: Grid
    before: Grid
    """Log demand of the last period known before."""
    unit: float
    """What was added to quantities."""
    fresh: Mask
    """Nothing was known of the product before."""


def known(panel: Panel, until: int | None = None) -> Known:
    """The logarithms that the features are made of.

    Args:
        until: the unit is found in the periods before it; None: in all.
    """
    one = unit(panel.quantity[:, :until])
    raw = log_demand(panel, one)
    demand = carried(raw)
    price = carried(np.log(panel.price))
    price = np.where(np.isnan(price), 0.0, price)
    before = shifted(demand, 1)
    unpriced = np.isnan(shifted(carried(panel.price), 1))
    price_change = np.where(unpriced, 0.0, price - np.nan_to_num(shifted(price, 1)))
    lesson = np.where(panel.censored, np.nan, raw)
    return Known(
        demand=demand,
        price=price,
        change=lesson - before,
        price_change=price_change,
        before=before,
        unit=one,
        fresh=np.isnan(before),
    )


def usual_elasticity(facts: Known, end: int) -> float:
    """By how many per cent demand falls for one per cent of price, over all products before a period.

    Only used to take price out of what last year's seasons were.
    """
    change, price = facts.change[:, FIRST:end], facts.price_change[:, FIRST:end]
    there = ~np.isnan(change)
    x = np.where(there, price, 0.0)
    y = np.where(there, change - np.nan_to_num(_column_means(change)), 0.0)
    moved = float(np.sum(x * x))
    return min(float(np.sum(x * y) / moved), -0.1) if moved > 1e-6 else USUAL_ELASTICITY


def _column_means(values: Grid) -> NDArray[np.float64]:
    there = ~np.isnan(values)
    sums = np.where(there, values, 0.0).sum(axis=0)
    return np.asarray(sums / np.maximum(there.sum(axis=0), 1))


def autoregressive(facts: Known, order: int) -> dict[str, Grid]:
    """The last `order` periods beside the level, for the autoregression of the source text in logarithms."""
    level = mean_before(facts.demand, 26)
    return {
        "one": np.ones_like(facts.demand),
        **{f"lag_{j}": np.nan_to_num(shifted(facts.demand, j) - level) for j in range(1, order + 1)},
    }


def linear(facts: Known, panel: Panel, elasticity: float, cycle: int) -> dict[str, Grid]:
    """What the pooled regression sees: changes, deviations from usual levels, and the seasons of earlier years."""
    demand, price = facts.demand, facts.price
    last, last_price = facts.before, shifted(price, 1)
    found = {
        "one": np.ones_like(demand),
        PRICE_NOW: facts.price_change,
        "last_price_to_26": last_price - mean_before(price, 26),
        "last_price_change": shifted(facts.price_change, 1),
        "last_change": shifted(demand, 1) - shifted(demand, 2),
        "to_4": last - mean_before(demand, 4),
        "to_26": last - mean_before(demand, 26),
        **_promotion(panel),
        **_interest(panel),
    }
    if cycle:
        adjusted = demand - shifted(demand, 1) - elasticity * facts.price_change
        found["season_own"] = shifted(adjusted, cycle)
        found["season_own_2"] = shifted(adjusted, 2 * cycle)
        found["season_group"] = shifted(mean_of_products(adjusted, panel.category), cycle)
    return {name: np.nan_to_num(values) for name, values in found.items()}


def trees(facts: Known, panel: Panel, season: NDArray[np.int64] | None, cycle: int) -> dict[str, Grid]:
    """What the boosted trees see; NaN where unknown."""
    demand, price = facts.demand, facts.price
    last = facts.before
    found = {
        PRICE_NOW: facts.price_change,
        "price_to_4": price - mean_before(price, 4),
        "price_to_26": price - mean_before(price, 26),
        "last_price_change": shifted(facts.price_change, 1),
        "last_change": shifted(demand, 1) - shifted(demand, 2),
        "change_2": shifted(demand, 2) - shifted(demand, 3),
        "change_3": shifted(demand, 3) - shifted(demand, 4),
        "to_4": last - mean_before(demand, 4),
        "to_26": last - mean_before(demand, 26),
        "level": mean_before(demand, 26),
        "group": last - shifted(mean_of_products(demand, panel.category), 1),
        **_promotion(panel),
        **_interest(panel),
    }
    if season is not None and cycle:
        found["season"] = np.broadcast_to(season.astype(float), demand.shape)
        found["season_own"] = shifted(demand, cycle) - shifted(demand, cycle + 1)
    return found


def stacked(features: Mapping[str, Grid], dtype: type = np.float64) -> NDArray[np.float64]:
    """(products, periods, features)."""
    return np.stack([values.astype(dtype) for values in features.values()], axis=-1)


def _promotion(panel: Panel) -> dict[str, Grid]:
    if not panel.promotion.any():
        return {}
    there = panel.promotion
    usual = np.nan_to_num(mean_before(there, 26))
    last = np.nan_to_num(shifted(there, 1))
    return {"promotion_change": there - last, "promotion_to_26": last - usual}


def _interest(panel: Panel) -> dict[str, Grid]:
    """How many looked, put in the cart or asked in the period before, beside what is usual."""
    found = {}
    for place, counts in enumerate(panel.interest):
        logs = np.log1p(np.nan_to_num(counts))
        found[f"interest_{place}"] = shifted(logs, 1) - mean_before(logs, 8)
    return found
