"""How demand answers prices: the elasticity of each product and category, with what is not known of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retention.pricing.demand.features import USUAL_ELASTICITY
from retention.pricing.demand.panel import Panel
from retention.pricing.demand.slopes import log_price, slopes

Z = 1.645
"""Of a 90 % interval."""
HARDLY_MOVED = 0.02
"""Standard deviation of a price's logarithm below which it tells nothing of a product."""
FEWEST_CHANGES = 2
"""Periods in which the price must have changed by one per cent or more: one may be anything else of its week."""
_SPREADS = np.linspace(0.0, 3.0, 61)
"""Of true values around their category's, as they are tried."""


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


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Numbers, each drawn to the centre of its group, and those centres; a standard error beside each."""

    values: NDArray[np.float64]
    doubts: NDArray[np.float64]
    centres: NDArray[np.float64]
    centre_doubts: NDArray[np.float64]


def elasticities(panel: Panel, categories: tuple[str, ...] = ()) -> Elasticities:
    """Estimate from how much was sold at which price, with levels of products and periods taken out (`slopes`).

    Each product's own slope is drawn to its category's, the more the less is known of it; a category's to that of
    all. How far slopes lie apart isn't known either: every spread counts as much as all slopes together speak for it
    (Gelman, "Prior distributions for variance parameters in hierarchical models", 2006).

    Args:
        categories: names of the panel's category numbers.
    """
    found = slopes(panel)
    moved, sizes = _moved(panel)
    numbers, places = np.unique(panel.category, return_inverse=True)
    names = categories or tuple(str(one) for one in numbers)
    whole = _drawn(found.own, found.error, np.zeros_like(places), 1)
    inside = _drawn(found.own, found.error, places, len(numbers))
    above = _drawn(inside.centres, inside.centre_doubts, np.zeros(len(numbers), dtype=np.int64), 1)
    drawn = _drawn(found.own, found.error, places, len(numbers), above)
    counts = np.bincount(places, weights=moved, minlength=len(numbers)).astype(int).tolist()
    return Elasticities(
        overall=_told("all", whole.centres[0], whole.centre_doubts[0], int(moved.sum()), 1.0),
        categories=tuple(
            _told(name, above.values[place], above.doubts[place], counts[place], 1.0)
            for place, name in enumerate(names[: len(numbers)])
        ),
        products=tuple(
            _told(name, drawn.values[place], drawn.doubts[place], int(moved[place]), float(sizes[place]))
            for place, name in enumerate(panel.products)
        ),
    )


def _moved(panel: Panel) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """In how many periods each price changed, and the standard deviation of its logarithm."""
    known = np.isfinite(panel.price)
    logs = np.where(known, log_price(panel), 0.0)
    changed = (np.abs(np.diff(log_price(panel), axis=1)) >= 0.01).sum(axis=1)
    count = np.maximum(known.sum(axis=1), 1)
    apart = np.where(known, logs - (logs.sum(axis=1) / count)[:, None], 0.0)
    return changed, np.asarray(np.sqrt((apart**2).sum(axis=1) / count))


def _drawn(
    own: NDArray[np.float64],
    error: NDArray[np.float64],
    group: NDArray[np.int64],
    groups: int,
    around: _Drawn | None = None,
) -> _Drawn:
    """Draw each to the centre of its group, averaged over how far true ones may lie apart in a group.

    Args:
        own: the numbers.
        error: their standard errors; infinite where nothing is known.
        group: of each, from 0.
        groups: how many there are.
        around: the centres as they are known from elsewhere; without it, as these numbers give them.
    """
    known = np.isfinite(error)
    slope, square = np.where(known, own, 0.0), np.where(known, error, 1.0) ** 2
    apart = _SPREADS[:, None] ** 2
    total = square + apart
    weight = known / total
    belongs = np.eye(groups)[group]
    sums = weight @ belongs
    told = sums > 0
    centres = np.where(told, (weight * slope) @ belongs / np.where(told, sums, 1.0), USUAL_ELASTICITY)
    errors = np.where(told, 1 / np.sqrt(np.where(told, sums, 1.0)), np.inf)
    gaps = weight * (slope - centres[:, group]) ** 2 + known * np.log(total)
    likely = -0.5 * (gaps.sum(axis=1) + np.where(told, np.log(np.where(told, sums, 1.0)), 0.0).sum(axis=1))
    chance = np.exp(likely - likely.max())
    chance /= chance.sum()
    centre = chance @ centres
    doubt = np.sqrt(chance @ (errors**2 + np.where(told, centres - centre, 0.0) ** 2))
    if around is not None:
        centres = np.broadcast_to(around.values, centres.shape)
        errors = np.broadcast_to(around.doubts, centres.shape)
    elif not told.any():
        errors = np.ones_like(errors)
        doubt = np.ones(groups)
    trust = apart * weight
    means = trust * slope + (1 - trust) * centres[:, group]
    within = (1 - trust) * apart + (1 - trust) ** 2 * errors[:, group] ** 2
    values = chance @ means
    return _Drawn(
        values=values,
        doubts=np.sqrt(chance @ (within + (means - values) ** 2)),
        centres=centre,
        centre_doubts=doubt,
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
        value=float(value),
        low=float(value - Z * doubt),
        high=float(value + Z * doubt),
        changes=changes,
        warning=warning,
    )
