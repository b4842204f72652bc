"""Ridge regression over all products, with an elasticity of each product's own drawn to that of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retention.pricing.demand.features import FALLING, PRICE_NOW, stacked
from retention.pricing.demand.panel import Grid

LEAST_SLOPE = -0.05
"""Of log demand over log price, for every product: the forecast falls strictly with the price."""
_ROUNDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What validation chooses among."""

    weight: float = 0.6
    """Power of a product's level that its rows count with: 0 all alike, 1 by what they sell."""
    season: float = 0.3
    """Penalty on the effect of each season of the year; more keeps them nearer to none."""
    own: float = 2.0
    """Penalty on a product's own elasticity: more draws it nearer to that of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A fitted regression of the change of log demand."""

    names: tuple[str, ...]
    slopes: NDArray[np.float64]
    seasons: NDArray[np.float64]
    """By season; empty where there are none."""
    own: NDArray[np.float64]
    """(products,): what is added to the slope of the price."""

    def predict(self, features: NDArray[np.float64], season: NDArray[np.int64] | None) -> Grid:
        """The change of log demand, of features (products, periods, features)."""
        found = features @ self.slopes
        if PRICE_NOW in self.names:
            found += self.own[:, None] * features[:, :, self.names.index(PRICE_NOW)]
        if season is not None and self.seasons.size:
            found += self.seasons[season][None, :]
        return np.asarray(found)


def fit(
    features: Mapping[str, Grid] | tuple[tuple[str, ...], NDArray[np.float64]],
    change: Grid,
    level: NDArray[np.float64],
    setting: Setting,
    season: NDArray[np.int64] | None = None,
    seasons: int = 0,
) -> Regression:
    """Fit on every known change.

    Args:
        features: names and (products, periods, features), or a grid a name.
        change: of log demand; NaN is no lesson.
        level: of each product's log demand, which its weight is made of.
        season: of each period, from 0.
        seasons: how many there are.
    """
    names, x = features if isinstance(features, tuple) else (tuple(features), stacked(features))
    there = ~np.isnan(change)
    weight = _weights(level, setting.weight)[:, None] * there
    y = np.where(there, change, 0.0)
    grams, moments = np.einsum("ptf,ptg,pt->fg", x, x, weight, optimize=True), None
    count = x.shape[2]
    sums = _seasonal(x, weight, season, seasons)
    gram = np.zeros((count + seasons, count + seasons))
    gram[:count, :count] = grams
    gram[:count, count:] = sums[0].T
    gram[count:, :count] = sums[0]
    gram[count:, count:] = np.diag(sums[1])
    gram += np.diag(np.r_[np.diag(grams) * 1e-3 + 1e-9, np.full(seasons, setting.season)])
    inverse = np.linalg.inv(gram)
    price = names.index(PRICE_NOW) if PRICE_NOW in names else None
    own = np.zeros(len(x))
    moved = np.sum(there * x[:, :, price] ** 2, axis=1) if price is not None else own
    usual = float(np.median(moved[moved > 0])) if np.any(moved > 0) else 1.0
    found = np.zeros(count + seasons)
    for _ in range(_ROUNDS if price is not None else 1):
        rest = y if price is None else y - own[:, None] * x[:, :, price]
        moments = np.r_[
            np.einsum("ptf,pt->f", x, weight * rest, optimize=True),
            _by_season((weight * rest).sum(axis=0), season, seasons),
        ]
        found = inverse @ moments
        if price is None:
            break
        fitted = x @ found[:count]
        if season is not None and seasons:
            fitted = fitted + found[count:][season][None, :]
        left = np.where(there, y - fitted, 0.0)
        own = np.sum(left * x[:, :, price], axis=1) / (moved + setting.own * usual)
    slopes = found[:count].copy()
    for place, name in enumerate(names):
        if name in FALLING and name != PRICE_NOW:
            slopes[place] = min(slopes[place], 0.0)
    if price is not None:
        slopes[price] = min(slopes[price], LEAST_SLOPE)
        own = np.minimum(own, LEAST_SLOPE - slopes[price])
    return Regression(names=names, slopes=slopes, seasons=found[count:], own=own)


def _weights(level: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    """By level, summing to 1, so that penalties mean the same whatever the number of products."""
    known = np.nan_to_num(level, nan=float(np.nanmin(level)) if np.any(~np.isnan(level)) else 0.0)
    weights = np.exp(power * (known - known.max()))
    return np.asarray(weights / weights.sum())


def _by_season(
    values: NDArray[np.float64], season: NDArray[np.int64] | None, seasons: int
) -> NDArray[np.float64]:
    if season is None or not seasons:
        return np.zeros(0)
    return np.asarray(np.bincount(season, values, minlength=seasons), dtype=np.float64)


def _seasonal(
    x: NDArray[np.float64], weight: Grid, season: NDArray[np.int64] | None, seasons: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted sums of the features, and of the weights, by season."""
    if season is None or not seasons:
        return np.zeros((0, x.shape[2])), np.zeros(0)
    by_period = np.einsum("ptf,pt->tf", x, weight, optimize=True)
    sums = np.zeros((seasons, x.shape[2]))
    np.add.at(sums, season, by_period)
    return sums, _by_season(weight.sum(axis=0), season, seasons)
