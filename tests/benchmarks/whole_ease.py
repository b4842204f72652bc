"""EASE over all products of a catalogue too large to invert: exact for the customers asked, by conjugate gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from kernel.arrays import Floats
from retention.recommenders.interactions import Interactions, Profile

MOST_STEPS = 50
CLOSE = 1e-3
"""A residual this small, relative to the right side, ends the solution."""


@dataclass(frozen=True, slots=True)
class WholeEase:
    """With `P = (RᵀR + λI)⁻¹` a customer's score of product `j`, which is not theirs, is `-(P x)_j / P_jj`.

    `P x` is solved for each customer; of `P`'s diagonal, the first two terms are taken.
    """

    ratings: Any
    """`R`, customers by products: 1 where the customer has the product."""
    ridge: float
    own: Floats
    """The diagonal of `RᵀR + λI`."""
    diagonal: Floats
    """Of `P`."""

    @classmethod
    def of(cls, interactions: Interactions, ridge: float) -> Self:
        """From all events, old ones counting as new ones do."""
        ratings = sp.csr_matrix(interactions.ratings(), dtype=np.float64)
        gram = (ratings.T @ ratings).tocsr()
        own = gram.diagonal() + ridge
        gram.setdiag(0.0)
        told = gram.multiply(gram) @ (1.0 / own)
        return cls(ratings, ridge, own, 1.0 / np.maximum(own - told, 0.2 * own))

    def scores(self, profiles: Sequence[Profile]) -> Floats:
        """Shape (customers, products)."""
        right = np.zeros((len(self.own), len(profiles)))
        for column, profile in enumerate(profiles):
            right[profile.items, column] = profile.ever
        found: Floats = -(self._solved(right) / self.diagonal[:, None]).T
        for row, profile in enumerate(profiles):
            found[row, profile.items] = 0.0
        return found

    def _solved(self, right: Floats) -> Floats:
        """`P` times the columns, by conjugate gradients with the diagonal as the preconditioner."""
        across, own = self.ratings.T.tocsr(), self.own[:, None]
        found, rest = np.zeros_like(right), right.copy()
        nearer = rest / own
        step, gain = nearer.copy(), (rest * nearer).sum(axis=0)
        size = np.sqrt((right**2).sum(axis=0))
        for _ in range(MOST_STEPS):
            turned = across @ (self.ratings @ step) + self.ridge * step
            part = gain / np.maximum((step * turned).sum(axis=0), 1e-300)
            found += part * step
            rest -= part * turned
            if (np.sqrt((rest**2).sum(axis=0)) <= CLOSE * size).all():
                break
            nearer = rest / own
            gain, before = (rest * nearer).sum(axis=0), gain
            step = nearer + gain / np.maximum(before, 1e-300) * step
        return found
