"""Boosted trees over all products, in which a higher price never raises the forecast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.pricing.demand.features import FALLING, stacked
from retention.pricing.demand.panel import Grid

MOST_ROWS = 40_000
"""Drawn to learn from where there are more."""
BINS = 250
"""Of each feature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """Fitted trees, one model or the mean of several; without any, no change is forecast."""

    models: tuple[Any, ...]
    bounds: tuple[NDArray[np.float64], ...] = ()
    """Of the bins of each feature; empty: the models take the values themselves."""

    def predict(self, features: NDArray[np.float64]) -> Grid:
        """The change of log demand, of features (products, periods, features)."""
        flat = features.reshape(-1, features.shape[-1])
        if not self.models:
            return np.zeros(features.shape[:2])
        flat = _binned(flat, self.bounds) if self.bounds else flat
        return np.asarray(np.mean([one.predict(flat) for one in self.models], axis=0)).reshape(
            features.shape[:2]
        )


def fit(
    features: Mapping[str, Grid] | tuple[tuple[str, ...], NDArray[np.float64]],
    change: Grid,
    level: NDArray[np.float64],
    seed: int,
    *,
    weight: float = 0.7,
    tuned: bool = True,
) -> Trees:
    """Fit on every known change: for the square, weighted by level, and for the absolute error.

    Args:
        features: as for `regression.fit`.
        tuned: False fits for the absolute error alone, with scikit-learn's own settings, as a peer to compare with.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    names, x = features if isinstance(features, tuple) else (tuple(features), stacked(features))
    falling = [-1 if name in FALLING else 0 for name in names]
    places = np.flatnonzero(~np.isnan(change).ravel())
    if not len(places):
        return Trees(models=())
    if len(places) > MOST_ROWS:
        places = np.sort(np.random.default_rng(seed).choice(places, MOST_ROWS, replace=False))
    flat, y = x.reshape(-1, x.shape[-1])[places], change.ravel()[places]
    flat[:, np.isnan(flat).all(axis=0)] = 0.0  # scikit-learn takes no column of which nothing is known
    absolute = HistGradientBoostingRegressor(loss="absolute_error", monotonic_cst=falling, random_state=seed)
    if not tuned:
        return Trees(models=(absolute.fit(flat, y),))
    square = HistGradientBoostingRegressor(
        monotonic_cst=falling,
        random_state=seed,
        early_stopping=False,
        learning_rate=0.1,
        max_iter=80,
        max_leaf_nodes=15,
        max_features=0.4,
    )
    bounds = tuple(_bounds(column) for column in flat.T)
    flat = _binned(flat, bounds)
    known = np.nan_to_num(level, nan=0.0)
    weights = np.repeat(np.exp(weight * (known - known.max())), change.shape[1])[places]
    return Trees(models=(square.fit(flat, y, weights / weights.mean()), absolute.fit(flat, y)), bounds=bounds)


def _bounds(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of bins that hold about as many values each."""
    return np.unique(np.quantile(column[~np.isnan(column)], np.linspace(0, 1, BINS + 1)[1:-1]))


def _binned(flat: NDArray[np.float64], bounds: tuple[NDArray[np.float64], ...]) -> NDArray[np.float64]:
    """The bin of each value: scikit-learn's own way to find bins takes most of the time where rows have weights."""
    found = np.stack([np.searchsorted(one, flat[:, place]) for place, one in enumerate(bounds)], axis=1)
    return np.asarray(np.where(np.isnan(flat), np.nan, found), dtype=np.float32)
