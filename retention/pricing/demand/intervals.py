"""Prediction intervals that hold at their rate: residuals of earlier forecasts, scaled by product, widened or
narrowed as they turn out (adaptive conformal inference, Gibbs and Candès 2021)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retention.pricing.demand.panel import Grid

_MEMORY = 0.95
"""What a residual still counts a period later."""
_POOLED = 4.0
"""Residuals that the scale of all products counts for beside a product's own."""
_RATE = 0.6
"""How far the width answers to the share of misses of a period, in logarithms."""
_CATCH_UP = 0.5
"""Of what coverage since the first test period lacks, how much the next period makes up for."""
_SMALLEST = 1e-3


def half_widths(residuals: Grid, tested: int, share: float) -> Grid:
    """Half widths of the intervals of the last periods, in logs; each knows the residuals before it alone.

    Args:
        residuals: (products, periods) of log demand; NaN where nothing was sold that can be compared.
        tested: the number of last periods that intervals are wanted for; those before are validation.
        share: of outcomes that an interval shall hold, such as 0.9.

    Returns:
        (products, tested).
    """
    first = residuals.shape[1] - tested
    size = np.abs(residuals)
    scales = _scales(size, first)
    scores = size / scales
    past = scores[:, :first][~np.isnan(scores[:, :first])]
    width = np.log(float(np.quantile(past, share))) if past.size else np.log(3.0)
    found = np.empty((residuals.shape[0], tested))
    held = known = 0.0
    for t in range(first, residuals.shape[1]):
        found[:, t - first] = np.exp(width) * scales[:, t]
        there = ~np.isnan(scores[:, t])
        if not there.any():
            continue
        inside = scores[there, t] <= np.exp(width)
        held, known = held + float(inside.sum()), known + float(there.sum())
        few = min(float(there.sum()) / 20, 1.0)
        lacking = share - float(inside.mean())
        width += few * (_RATE * lacking + _CATCH_UP * (share - held / known))
    return found


def _scales(size: Grid, first: int) -> Grid:
    """The mean size of each product's residuals before each period, drawn to that of all.

    Args:
        first: of the periods that intervals are wanted for; none of them tells where the scales begin.
    """
    products, periods = size.shape
    own, weight = np.zeros(products), np.zeros(products)
    scales = np.empty_like(size)
    known = size[:, :first][~np.isnan(size[:, :first])]
    start = max(float(np.mean(known)), _SMALLEST) if known.size else 0.3
    usual = start
    for t in range(periods):
        scales[:, t] = np.maximum((own + _POOLED * usual) / (weight + _POOLED), _SMALLEST)
        there = ~np.isnan(size[:, t])
        own, weight = own * _MEMORY, weight * _MEMORY
        own[there] += size[there, t]
        weight[there] += 1.0
        seen = weight > 0
        if seen.any():
            usual = max(float(np.median(own[seen] / weight[seen])), _SMALLEST)
    return scales


def coverage(actual: Grid, lower: Grid, upper: Grid) -> float:
    """The share of known outcomes that lie within."""
    there = ~np.isnan(actual)
    inside: NDArray[np.bool_] = (actual >= lower) & (actual <= upper)
    return float(inside[there].mean()) if there.any() else float("nan")
