"""The first stage: the few products worth ranking for a customer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.features import Scores
from retention.recommenders.profile import Profile

PER_SOURCE = 50
"""Products taken from each source of similarity and from each list of popular ones."""


def choose(
    scores: Scores,
    popular: NDArray[np.int32],
    profile: Profile,
    allowed: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """The union of each source's best, the popular, and what the customer has touched; ascending.

    Args:
        scores: what the sources say.
        popular: products by popularity, one row per list, best first.
        allowed: which products may be chosen, shape (products,).
    """
    chosen = np.zeros(len(allowed), dtype=bool)
    may = allowed[scores.items]
    for score in scores.of.values():
        chosen[scores.items[_best(np.where(may, score, 0.0))]] = True
    for order in popular:
        chosen[_first(order, allowed)] = True
    chosen[profile.items[allowed[profile.items]]] = True
    return np.flatnonzero(chosen)


def _best(score: NDArray[np.float64]) -> NDArray[np.int64]:
    """The highest `PER_SOURCE` scores above 0."""
    positive = np.flatnonzero(score > 0)
    if len(positive) <= PER_SOURCE:
        return positive
    return positive[np.argpartition(-score[positive], PER_SOURCE - 1)[:PER_SOURCE]]


def _first(order: NDArray[np.int32], allowed: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The first `PER_SOURCE` that are allowed; they are looked for near the beginning."""
    head = order[: 4 * PER_SOURCE]
    found = head[allowed[head]]
    if len(found) < PER_SOURCE:
        found = order[allowed[order]]
    return found[:PER_SOURCE]
