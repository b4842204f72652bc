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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """Fitted trees."""

    model: Any

    def predict(self, features: NDArray[np.float64]) -> Grid:
        """The change of log demand, of features (products, periods, features)."""
        flat = features.reshape(-1, features.shape[-1])
        return np.asarray(self.model.predict(flat)).reshape(features.shape[:2])


def fit(
    features: Mapping[str, Grid] | tuple[tuple[str, ...], NDArray[np.float64]],
    change: Grid,
    level: NDArray[np.float64],
    seed: int,
    *,
    weight: float = 0.7,
    tuned: bool = True,
) -> Trees:
    """Fit on every known change.

    Args:
        features: as for `regression.fit`.
        tuned: False leaves scikit-learn's own settings, as a peer to compare with.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    names, x = features if isinstance(features, tuple) else (tuple(features), stacked(features))
    falling = [-1 if name in FALLING else 0 for name in names]
    places = np.flatnonzero(~np.isnan(change).ravel())
    if len(places) > MOST_ROWS:
        places = np.sort(np.random.default_rng(seed).choice(places, MOST_ROWS, replace=False))
    flat, y = x.reshape(-1, x.shape[-1])[places], change.ravel()[places]
    if not tuned:
        model = HistGradientBoostingRegressor(loss="absolute_error", monotonic_cst=falling, random_state=seed)
        return Trees(model=model.fit(flat, y))
    model = HistGradientBoostingRegressor(
        monotonic_cst=falling,
        random_state=seed,
        early_stopping=False,
        learning_rate=0.1,
        max_iter=80,
        max_leaf_nodes=15,
        max_features=0.4,
    )
    known = np.nan_to_num(level, nan=0.0)
    weights = np.repeat(np.exp(weight * (known - known.max())), change.shape[1])[places]
    return Trees(model=model.fit(flat, y, weights / weights.mean()))
