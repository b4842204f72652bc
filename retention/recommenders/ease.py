"""EASE as the models take it: in a form that fits the number of products, and with a ridge that fits the shop."""

from __future__ import annotations

from typing import Any

import numpy as np

from kernel.arrays import Floats
from retention.recommenders.block_ease import block_ease_neighbours
from retention.recommenders.interactions import Interactions, Profile
from retention.recommenders.regressions import SHRINKAGE, ease_neighbours
from retention.recommenders.similarity import Table, neighbours
from retention.recommenders.trials import Scoring, Trials

NEIGHBOURS = 100
RECENT_DAYS = 60.0
"""Half-life of the last months' EASE."""
RIDGE, RECENT_RIDGE = 500.0, 100.0
"""Of EASE on all time and on the last months."""
WEAK, STRONG = 1.0, 10.0
"""Factors of the ridges to choose from: gifts go together in pairs, in a grocery everything goes with everything."""
MOST_PRODUCTS = 10_000
"""Shops with more products get EASE in blocks."""
RANKED_MOST_PRODUCTS = 5_000
"""The same in a ranker, where eight are fitted."""
HEAD = 3_000
"""Best sellers of which all pairs are inverted in blocks (`docs/decisions/0026`)."""


def ease_table(matrix: Any, ridge: float) -> Table:
    """EASE's largest weights, from the whole Gram matrix or, where that is too large, in blocks."""
    size = matrix.shape[1]
    if not matrix.nnz:
        return np.zeros((size, 0), np.int32), np.zeros((size, 0), np.float32)
    if size <= MOST_PRODUCTS:
        return ease_neighbours(matrix, NEIGHBOURS, ridge)
    cosines = neighbours(matrix, NEIGHBOURS, SHRINKAGE)
    return block_ease_neighbours(matrix, NEIGHBOURS, ridge, HEAD, cosines)


def ranked_ease(matrix: Any, ridge: float, cosines: Table | None) -> Table:
    """EASE for one of the ranker's sources: of all pairs of products or, in large shops, `block_ease_neighbours`.

    Args:
        matrix: customers by products.
        ridge: of all regressions.
        cosines: neighbours of every product, for large shops; without them nothing speaks for what sells little.
    """
    if matrix.shape[1] <= RANKED_MOST_PRODUCTS or not matrix.nnz:
        return ease_table(matrix, ridge)
    return block_ease_neighbours(matrix, NEIGHBOURS, ridge, HEAD, cosines)


def choose_ridge_factor(interactions: Interactions, begin: int, seed: int) -> float:
    """`STRONG` where it leads by more than its standard error on new purchases since `begin`, else `WEAK`.

    In a large shop the products that sell most decide it for all.

    Args:
        interactions: all of the log.
        begin: microseconds since 1970; EASE is fitted on what came before.
        seed: of the draw of customers.
    """
    trials = Trials.of(interactions, begin, seed)
    if not trials.enough:
        return WEAK
    strong, weak = (_months(trials, factor) for factor in (STRONG, WEAK))
    return STRONG if trials.leads(strong, weak) else WEAK


def _months(trials: Trials, factor: float) -> Scoring:
    """The last months' EASE, as a score of products."""
    past = trials.past
    places, values = ranked_ease(past.ratings(RECENT_DAYS), RECENT_RIDGE * factor, None)

    def scores(profile: Profile) -> Floats:
        spread = values[profile.items] * profile.interest[:, None]
        found = np.bincount(places[profile.items].ravel(), spread.ravel(), len(past.products))
        return found.astype(np.float64, copy=False)

    return scores
