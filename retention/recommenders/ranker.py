"""The second stage: a linear ranker learned from which of their candidates customers went on to buy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kernel.arrays import Bools, Floats, Floats32, Ints

MOST_STEPS = 30
CLOSE = 1e-4
"""A Newton step that gains less ends the fit."""
_BLOCK = 4_096
"""Rows weighed at a time: as many as a processor's cache holds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One customer's candidates, and which of them were bought afterwards."""

    candidates: Ints
    features: Floats32
    """Shape (candidates, features), or of more products; in single precision, since they are most of a fit's memory."""
    bought: Bools
    """Shape (candidates,)."""
    truth: frozenset[int]
    """All products bought afterwards that could have been recommended, candidates or not; never empty."""
    places: Ints | None = None
    """Which rows of the features are the candidates'; None: all."""

    @property
    def rows(self) -> Floats32:
        """Shape (candidates, features)."""
        return self.features if self.places is None else self.features[self.places]


def fit_choices(choices: list[Choice], prior: Floats, ridge: float) -> Floats | None:
    """The weights `w` that make what was bought likely: a softmax over each customer's candidates.

    Maximises `Σ_u 1/√n_u · Σ_{i bought} log(exp(w·x_ui) / Σ_j exp(w·x_uj)) - ridge · |(w - prior)·σ|²`; dividing by the
    root of the number of purchases `n_u` keeps big baskets from drowning small ones.

    Args:
        choices: of customers of the shop.
        prior: what the weights are held to where the shop's own purchases say little, shape (features,).
        ridge: how strongly.

    Returns:
        Shape (features,), for features as they come; None when there is nothing to learn from or the
        optimisation did not converge, be it that a step could not be solved.

    Source: the conditional logit of McFadden (1974), known in ranking as ListNet's top-one loss.
    """
    useful = [one for one in choices if one.bought.any() and not one.bought.all()]
    if not useful:
        return None
    problem = _Problem.of(useful, prior, ridge)
    weights = problem.prior
    gain, slope, curve = problem.at(weights)
    for _ in range(MOST_STEPS):
        step = _step(curve, slope)
        if step is None:
            return None
        if slope @ step < CLOSE:
            result: Floats = weights / problem.scale
            return result
        part, before = 1.0, gain
        gain, slope, curve = problem.at(weights + step)
        while gain < before and part > 1e-3:
            part /= 2
            gain, slope, curve = problem.at(weights + part * step)
        weights = weights + part * step
    return None


def _step(curve: Floats, slope: Floats) -> Floats | None:
    """Newton's step; None where the curvature is singular or nothing finite comes out."""
    try:
        step = np.asarray(np.linalg.solve(curve, slope), np.float64)
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None


@dataclass(frozen=True, slots=True)
class _Problem:
    """The choices in blocks, their features standardised where they are looked at: a copy of all of them would take as
    much memory again."""

    blocks: list[list[Choice]]
    mean: Floats
    scale: Floats
    prior: Floats
    """For features that are standardised."""
    ridge: float

    @classmethod
    def of(cls, choices: list[Choice], prior: Floats, ridge: float) -> _Problem:
        ends = np.cumsum([len(one.bought) for one in choices]) // _BLOCK
        blocks = [
            choices[first:last]
            for first, last in pairwise([0, *(np.flatnonzero(np.diff(ends)) + 1), len(ends)])
        ]
        count = sum(len(one.bought) for one in choices)
        mean = sum(_stacked(block).sum(axis=0, dtype=np.float64) for block in blocks) / count
        spread = np.sqrt(sum(((_stacked(block) - mean) ** 2).sum(axis=0) for block in blocks) / count)
        varies = spread > 1e-6
        # A feature that never varies gets the weight 0 instead of a division by 0.
        return cls(
            blocks, mean, np.where(varies, spread, np.inf), prior * np.where(varies, spread, 0.0), ridge
        )

    def at(self, weights: Floats) -> tuple[float, Floats, Floats]:
        """The gain to be maximised, its slope, and its curvature with the sign turned (positive definite)."""
        gain = -self.ridge * float(((weights - self.prior) ** 2).sum())
        slope = -2 * self.ridge * (weights - self.prior)
        curve = 2 * self.ridge * np.eye(len(weights))
        for block in self.blocks:
            one, two, three = self._of_block(block, weights)
            gain, slope, curve = gain + one, slope + two, curve + three
        return gain, slope, curve

    def _of_block(self, block: list[Choice], weights: Floats) -> tuple[float, Floats32, Floats32]:
        from scipy.sparse import csr_array

        rows = _stacked(block)
        rows -= self.mean.astype(np.float32)
        rows /= self.scale.astype(np.float32)
        bought = np.concatenate([one.bought for one in block]).astype(np.float64)
        sizes = [len(one.bought) for one in block]
        ends = np.r_[0, np.cumsum(sizes)]
        total = np.add.reduceat(bought, ends[:-1])
        importance = 1 / np.sqrt(total)
        score = rows @ weights
        highest = np.maximum.reduceat(score, ends[:-1])
        odds = np.exp(score - np.repeat(highest, sizes))
        norm = np.add.reduceat(odds, ends[:-1])
        chance = odds / np.repeat(norm, sizes)
        likely = np.add.reduceat(bought * score, ends[:-1]) - total * (np.log(norm) + highest)
        pull = (bought - chance * np.repeat(total, sizes)) * np.repeat(importance, sizes)
        # A sparse matrix adds up each customer's rows several times faster than `add.reduceat`.
        means = csr_array((chance.astype(np.float32), np.arange(len(chance)), ends)) @ rows
        drawn = (total * importance).astype(np.float32)
        mass = chance.astype(np.float32) * np.repeat(drawn, sizes)
        curve = (rows * mass[:, None]).T @ rows - (means * drawn[:, None]).T @ means
        return float(likely @ importance), pull.astype(np.float32) @ rows, curve


def _stacked(block: list[Choice]) -> Floats32:
    return np.concatenate([one.rows for one in block]).astype(np.float32, copy=False)
