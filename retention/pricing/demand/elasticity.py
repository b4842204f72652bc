"""How demand answers prices: the elasticity of each product and category, with what is not known of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retention.pricing.demand import features
from retention.pricing.demand.features import FIRST
from retention.pricing.demand.panel import Grid, Panel

Z = 1.645
"""Of a 90 % interval."""
HARDLY_MOVED = 0.01
"""Mean size of a price's changes, as a share, below which they tell nothing of a product."""
_OTHERS = ("last_change", "to_4", "last_price_change", "last_price_to_26", "promotion_change")
"""What else moves demand from one period to the next, and has to do with prices before."""
FEWEST_CHANGES = 4
"""Periods in which the price must have changed by one per cent or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elasticity:
    """Per cent of demand for one per cent of price, and its 90 % interval."""

    name: str
    value: float
    low: float
    high: float
    changes: int
    """Periods in which the price changed by one per cent or more."""
    warning: str | None
    """Why the value is mostly not the product's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elasticities:
    """Of all products together, by category, and by product."""

    overall: Elasticity
    categories: tuple[Elasticity, ...]
    products: tuple[Elasticity, ...]


def elasticities(panel: Panel, categories: tuple[str, ...] = ()) -> Elasticities:
    """Estimate from changes between periods, with what moved all products at once taken out.

    Each product's own least-squares slope is drawn to its category's, the more the less is known of it (random
    effects after DerSimonian and Laird 1986); a category's to that of all.

    Args:
        categories: names of the panel's category numbers.
    """
    change, price, others = _changes(panel)
    own, error, moved, sizes = _slopes(change, price, others)
    known = np.isfinite(error)
    overall, spread = _pooled(own[known], error[known])
    numbers = np.unique(panel.category)
    names = categories or tuple(str(one) for one in numbers)
    found, centres = [], np.full(len(own), overall[0])
    spreads = np.full(len(own), spread)
    doubts = np.full(len(own), overall[1])
    for number in numbers:
        members = (panel.category == number) & known
        if len(numbers) > 1 and members.sum() >= 3:
            (value, doubt), within = _pooled(own[members], error[members])
            centres[panel.category == number], doubts[panel.category == number] = value, doubt
            spreads[panel.category == number] = within
        else:
            value, doubt = overall
        count = int(moved[panel.category == number].sum())
        found.append(_told(names[int(np.searchsorted(numbers, number))], value, doubt, count, 1.0))
    products = []
    for place, name in enumerate(panel.products):
        prior = spreads[place] ** 2 + doubts[place] ** 2
        trust = prior / (prior + error[place] ** 2) if known[place] else 0.0
        value = trust * own[place] + (1 - trust) * centres[place] if known[place] else centres[place]
        doubt = float(np.sqrt(prior * (1 - trust)))
        products.append(_told(name, float(value), doubt, int(moved[place]), float(sizes[place])))
    return Elasticities(
        overall=_told("all", *overall, int(moved.sum()), 1.0),
        categories=tuple(found),
        products=tuple(products),
    )


def _changes(panel: Panel) -> tuple[Grid, Grid, list[Grid]]:
    facts = features.known(panel)
    change = facts.change[:, FIRST:]
    there = ~np.isnan(change) & ~np.isnan(panel.price[:, FIRST:])
    others = {
        name: values[:, FIRST:]
        for name, values in features.linear(facts, panel, features.USUAL_ELASTICITY, 0).items()
        if name in _OTHERS
    }
    change = np.where(there, change, np.nan)
    price = np.where(there, facts.price_change[:, FIRST:], np.nan)
    return change, price, [np.where(there, one, np.nan) for one in others.values()]


def _slopes(
    change: Grid, price: Grid, others: list[Grid]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Each product's slope, its standard error (infinite where unknown), its price's changes and their mean size."""
    products = len(change)
    own, error = np.zeros(products), np.full(products, np.inf)
    there = ~np.isnan(change)
    moved = np.sum(there & (np.abs(price) >= 0.01), axis=1)
    sizes = np.nansum(np.abs(price), axis=1) / np.maximum(there.sum(axis=1), 1)
    # What moved everything in a period: only where enough products tell.
    common = _common(change - _rough(change, price) * price)
    for place in range(products):
        rows = there[place]
        if rows.sum() < 5 + len(others) or not np.any(np.abs(price[place, rows]) > 1e-6):
            continue
        x = np.column_stack([price[place, rows], np.ones(rows.sum()), *(one[place, rows] for one in others)])
        y = change[place, rows] - common[rows]
        slope, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
        if rank < x.shape[1] or len(y) <= x.shape[1]:
            continue
        left = y - x @ slope
        inverse = np.linalg.inv(x.T @ x)
        freedom = len(y) / (len(y) - x.shape[1])
        # Errors differ from period to period (White 1980).
        robust = inverse @ (x.T * left**2) @ x @ inverse * freedom
        plain = inverse * float(left @ left) / (len(y) - x.shape[1])
        own[place], error[place] = slope[0], max(np.sqrt(max(robust[0, 0], plain[0, 0])), 1e-3)
    return own, error, moved, sizes


def _rough(change: Grid, price: Grid) -> float:
    there = ~np.isnan(change)
    x, y = price[there], change[there]
    total = float(x @ x)
    return float(x @ (y - y.mean())) / total if total > 1e-9 else 0.0


def _common(values: Grid, least: int = 20) -> NDArray[np.float64]:
    there = ~np.isnan(values)
    counts = there.sum(axis=0)
    means = np.where(there, values, 0.0).sum(axis=0) / np.maximum(counts, 1)
    return np.asarray(np.where(counts >= least, means, 0.0))


def _pooled(own: NDArray[np.float64], error: NDArray[np.float64]) -> tuple[tuple[float, float], float]:
    """The mean and its standard error, and how far true values spread around it."""
    if not own.size:
        return (features.USUAL_ELASTICITY, 1.0), 0.5
    weights = 1 / error**2
    fixed = float(np.average(own, weights=weights))
    excess = float(np.sum(weights * (own - fixed) ** 2)) - (own.size - 1)
    scale = float(weights.sum() - np.sum(weights**2) / weights.sum())
    variance = max(excess / scale, 0.0) if scale > 0 else 0.0
    weights = 1 / (error**2 + variance)
    return (float(np.average(own, weights=weights)), float(1 / np.sqrt(weights.sum()))), float(
        np.sqrt(variance)
    )


def _told(name: str, value: float, doubt: float, changes: int, size: float) -> Elasticity:
    warning = None
    if changes < FEWEST_CHANGES or size < HARDLY_MOVED:
        warning = (
            f"the price hardly moved ({changes} changes of 1 % or more): this is mostly what similar products do; "
            "try another price to know"
        )
    return Elasticity(
        name=name,
        value=value,
        low=value - Z * doubt,
        high=value + Z * doubt,
        changes=changes,
        warning=warning,
    )
