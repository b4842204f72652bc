"""What a product's own sales tell of how its demand answers its price, for any number sold, a unit a week included.

Demand is a count around `exp(level of the product + level of all in the period + slope · log price)`, fitted
without its logarithm (Poisson pseudo-maximum likelihood, Santos Silva and Tenreyro, "The log of gravity", 2006):
weeks without a sale count as what they are, where a logarithm of quantity plus one draws every slope towards 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retention.pricing.demand.panel import Grid, Mask, Panel, carried

FEWEST_TOGETHER = 8
"""Products from which a period's level is known; with fewer in a category, those of several are taken together."""
FEWEST_PERIODS = 5
_BLOCKS = (26, 13)
"""Lengths of the stretches in which a product's level may be another, in periods, beside one for all of them."""
_STEPS, _SMALL = 40, 1e-5
_MOST_NOISE = 5.0
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Slopes:
    """One entry a product."""

    own: NDArray[np.float64]
    """Per cent of demand for one per cent of price."""
    error: NDArray[np.float64]
    """Its standard error; infinite where nothing tells."""


def slopes(panel: Panel) -> Slopes:
    """Each product's slope, beside those of its category.

    A category's slope is fitted first; a product's own is one Newton step from there, so that few sales give a wide
    interval and no extreme value. Errors hold where weeks after one another are alike (Newey and West 1987). A
    product's level may change slowly: it is one for all periods, or one for each 26 or 13 of them, whichever tells
    the slope best.
    """
    price = log_price(panel)
    there = np.isfinite(panel.quantity) & np.isfinite(price) & ~panel.censored
    there &= there.sum(axis=1, keepdims=True) >= FEWEST_PERIODS
    moving = [price, *([panel.promotion] if panel.promotion.any() else [])]
    own, error = np.zeros(len(price)), np.full(len(price), np.inf)
    for rows in _groups(panel.category):
        part = [np.where(there[rows], one[rows], 0.0) for one in moving]
        sold = np.where(there[rows], panel.quantity[rows], 0.0)
        fits = [_fitted(sold, there[rows], part, length) for length in (sold.shape[1], *_BLOCKS)]
        best = min(fits, key=lambda one: one.pooled_error)
        own[rows], error[rows] = best.own, best.error
    return Slopes(own=own, error=error)


def log_price(panel: Panel) -> Grid:
    """The logarithm of prices; of a period without one, that of the period before it, else of the first known."""
    price = carried(panel.price)
    return np.log(np.where(np.isnan(price), carried(price[:, ::-1])[:, ::-1], price))


def _groups(category: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    numbers, counts = np.unique(category, return_counts=True)
    large = numbers[counts >= FEWEST_TOGETHER]
    rest = np.flatnonzero(~np.isin(category, large))
    return [*(np.flatnonzero(category == one) for one in large), *([rest] if rest.size else [])]


@dataclass(frozen=True, slots=True)
class _Fit:
    own: NDArray[np.float64]
    error: NDArray[np.float64]
    pooled_error: float
    """Of the slope of all of them together."""


class _Levels:
    """Takes levels out: of each product in each stretch of periods and, of enough products, of each period."""

    def __init__(self, shape: tuple[int, int], length: int) -> None:
        products, periods = shape
        self._starts = np.arange(0, periods, length)
        self._stretch = np.arange(periods) // length
        self.common = products >= FEWEST_TOGETHER
        self.count = products * len(self._starts) + (periods if self.common else 0)

    def without(self, values: Grid, weight: Grid, *, common: bool) -> Grid:
        """What is left of values after weighted means; without `common`, periods keep theirs."""
        left = values.copy()
        of_rows = np.maximum(np.add.reduceat(weight, self._starts, axis=1), _TINY)
        of_periods = np.maximum(weight.sum(axis=0), _TINY)
        for _ in range(_STEPS):
            mean = np.add.reduceat(weight * left, self._starts, axis=1) / of_rows
            left -= mean[:, self._stretch]
            if not (common and self.common):
                break
            across = (weight * left).sum(axis=0) / of_periods
            left -= across
            if np.abs(across).max() < _SMALL:
                break
        return left


def _fitted(sold: Grid, there: Mask, moving: list[Grid], length: int) -> _Fit:
    """Fit a group by iterated weighted regressions; then each product's own slope from the one of all."""
    levels = _Levels(sold.shape, length)
    freedom = max(int(there.sum()) - levels.count - len(moving), 1)
    mean = np.maximum(sold.sum(axis=1, keepdims=True), 0.5) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    logs, slope = np.broadcast_to(np.log(mean), sold.shape).copy(), np.zeros(len(moving))
    noise = np.zeros((len(sold), 1))
    for step in range(_STEPS):
        expected = np.exp(np.clip(logs, -12, 25))
        weight = there * expected / (1 + noise * expected)
        # Far from the fit, a step as long as the gap would overshoot.
        gap = np.clip((sold - expected) / expected, -1, 3)
        left = [levels.without(one, weight, common=True) for one in (*moving, gap)]
        change = _regressed(left, weight)
        moved = gap - left[-1]
        for alone, by in zip(left[:-1], change, strict=True):
            moved = moved + by * alone
        moved = np.where(there, np.clip(moved, -2, 2), 0.0)
        logs, slope = logs + moved, slope + change
        if step % 4 == 3:
            noise = _noise(sold, np.exp(np.clip(logs, -12, 25)), there, freedom)
        if step > 8 and np.abs(moved).max() < _SMALL:
            break
    expected = np.exp(np.clip(logs, -12, 25))
    weight = there * expected / (1 + noise * expected)
    return _each(np.where(there, (sold - expected) / expected, 0.0), weight, moving, float(slope[0]), levels)


def _regressed(left: list[Grid], weight: Grid) -> NDArray[np.float64]:
    x = np.stack([one.ravel() for one in left[:-1]], axis=1)
    weighted = x * weight.reshape(-1, 1)
    square = x.T @ weighted
    square[np.diag_indices_from(square)] += _TINY + 1e-9 * np.diag(square)
    return np.asarray(np.linalg.solve(square, weighted.T @ left[-1].ravel()))


def _noise(sold: Grid, expected: Grid, there: Mask, freedom: int) -> Grid:
    """κ of each product's variance μ + κ μ², by the mean of squared gaps, (products, 1).

    A product's own counts the more, the smaller its error is beside the κ of all; few sales have that of all.
    """
    square, more = there * expected**2, int(there.sum()) / freedom
    gaps = there * ((sold - expected) ** 2 * more - expected)

    def excess(noise: float) -> float:
        return float((there * (sold - expected) ** 2 / (expected + noise * expected**2)).sum()) / freedom - 1

    low, high = 0.0, _MOST_NOISE
    if excess(0.0) <= 0:
        return np.zeros((len(sold), 1))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    total = np.maximum(square.sum(axis=1), _TINY)
    own = gaps.sum(axis=1) / total
    unsure = 2 * (there * (expected + high * expected**2) ** 2).sum(axis=1) / total**2
    trust = high**2 / (high**2 + unsure)
    return np.asarray(np.maximum(high + trust * (own - high), high / 10)[:, None])


def _each(gap: Grid, weight: Grid, moving: list[Grid], slope: float, levels: _Levels) -> _Fit:
    """One Newton step for each product, and its error from how its weeks scatter."""
    price, *others = (levels.without(one, weight, common=False) for one in moving)
    for other in others:
        size = (weight * other**2).sum(axis=1, keepdims=True)
        shared = (weight * other * price).sum(axis=1, keepdims=True) / np.maximum(size, _TINY)
        price = price - np.where(size > _TINY, shared, 0.0) * other
    told = (weight * price**2).sum(axis=1)
    known = told > 1e-9
    step = np.where(known, (weight * price * gap).sum(axis=1) / np.maximum(told, _TINY), 0.0)
    scatter = weight * price * (gap - np.clip(step, -3, 3)[:, None] * price)
    varies = _long_run(scatter, (weight > 0).sum(axis=1))
    together = float(varies[known].sum()) / max(float(told[known].sum()), _TINY)
    error = np.where(known, np.sqrt(together / np.maximum(told, _TINY)), np.inf)
    pooled = (together / max(float(told[known].sum()), _TINY)) ** 0.5 if known.any() else np.inf
    return _Fit(own=slope + step, error=error, pooled_error=pooled)


def _long_run(scatter: Grid, periods: NDArray[np.int64]) -> NDArray[np.float64]:
    """The variance of each row's sum, its values depending on those of the fifth of the periods before."""
    length = scatter.shape[1]
    lags = min(max(length // 5, 1), length - 1)
    found = (scatter**2).sum(axis=1)
    for lag in range(1, lags + 1):
        found += 2 * (1 - lag / (lags + 1)) * (scatter[:, lag:] * scatter[:, :-lag]).sum(axis=1)
    # With so many lags of so few periods it comes out too small.
    few = periods / np.maximum(periods - 2, 1) / (1 - lags / length) ** 2
    return np.asarray(np.maximum(found, 0.0) * few)
