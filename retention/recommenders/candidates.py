"""The first stage: the few products worth ranking for a customer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.profile import Profile

PER_SOURCE = 50
"""Products taken from each source of similarity and from each list of popular ones."""


def choose(
    scores: Mapping[str, NDArray[np.float64]],
    popular: NDArray[np.int32],
    profile: Profile,
    allowed: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """The union of each source's best, the popular, and what the customer has touched; ascending.

    Args:
        scores: per source, shape (products,).
        popular: products by popularity, one row per list, best first.
        allowed: which products may be chosen, shape (products,).
    """
    chosen = np.zeros(len(allowed), dtype=bool)
    for score in scores.values():
        chosen[_best(np.where(allowed, score, 0.0))] = True
    for order in popular:
        chosen[order[allowed[order]][:PER_SOURCE]] = True
    chosen[profile.items[allowed[profile.items]]] = True
    return np.flatnonzero(chosen)


def _best(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """The highest `PER_SOURCE` scores above 0."""
    positive = np.flatnonzero(score > 0)
    if len(positive) <= PER_SOURCE:
        return positive
    return positive[np.argpartition(-score[positive], PER_SOURCE - 1)[:PER_SOURCE]]
