"""The second stage: a linear ranker learned from which of their candidates customers went on to buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernel.arrays import Bools, Floats, Ints

MOST_STEPS = 30
CLOSE = 1e-4
"""A Newton step that gains less ends the fit."""
_BLOCK = 4_096
"""Rows weighed at a time: as many as a processor's cache holds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One customer's candidates, and which of them were bought afterwards."""

    candidates: Ints
    rows: Floats
    """Shape (candidates, features)."""
    bought: Bools
    """Shape (candidates,)."""
    truth: frozenset[int]
    """All products bought afterwards that could have been recommended, candidates or not; never empty."""


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
        part = 1.0
        while problem.gain(weights + part * step) < gain and part > 1e-3:
            part /= 2
        weights = weights + part * step
        gain, slope, curve = problem.at(weights)
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
    """The choices stacked, features standardised."""

    rows: Floats
    scale: Floats
    bought: Floats
    starts: Ints
    group: Ints
    prior: Floats
    """For features that are standardised."""
    ridge: float
    total: Floats
    """Purchases of each customer."""

    @classmethod
    def of(cls, choices: list[Choice], prior: Floats, ridge: float) -> _Problem:
        rows = np.concatenate([one.rows for one in choices])
        bought = np.concatenate([one.bought for one in choices]).astype(np.float64)
        sizes = np.array([len(one.bought) for one in choices])
        starts = np.r_[0, np.cumsum(sizes)[:-1]]
        spread = rows.std(axis=0)
        # A feature that never varies gets the weight 0 instead of a division by 0.
        scale = np.where(spread > 1e-6, spread, np.inf)
        return cls(
            rows=(rows - rows.mean(axis=0)) / scale,
            scale=scale,
            bought=bought,
            starts=starts,
            group=np.repeat(np.arange(len(choices)), sizes),
            prior=prior * np.where(spread > 1e-6, spread, 0.0),
            ridge=ridge,
            total=np.add.reduceat(bought, starts),
        )

    def _chances(self, weights: Floats) -> tuple[Floats, float]:
        """Each candidate's share of its customer's odds, and the gain to be maximised."""
        score = self.rows @ weights
        highest = np.maximum.reduceat(score, self.starts)
        odds = np.exp(score - highest[self.group])
        norm = np.add.reduceat(odds, self.starts)
        likely = np.add.reduceat(self.bought * score, self.starts) - self.total * (np.log(norm) + highest)
        gain = float(likely @ (1 / np.sqrt(self.total)) - self.ridge * ((weights - self.prior) ** 2).sum())
        return odds / norm[self.group], gain

    def gain(self, weights: Floats) -> float:
        """What is maximised."""
        return self._chances(weights)[1]

    def at(self, weights: Floats) -> tuple[float, Floats, Floats]:
        """The gain, its slope, and its curvature with the sign turned (positive definite)."""
        from scipy.sparse import csr_array

        chance, gain = self._chances(weights)
        importance = 1 / np.sqrt(self.total)
        pull = (self.bought - chance * self.total[self.group]) * importance[self.group]
        slope = self.rows.T @ pull - 2 * self.ridge * (weights - self.prior)
        mass = chance * (self.total * importance)[self.group]
        ends = np.r_[self.starts, len(chance)]
        # A sparse matrix adds up each customer's rows several times faster than `add.reduceat`.
        means = csr_array((chance, np.arange(len(chance)), ends)) @ self.rows
        curve = 2 * self.ridge * np.eye(len(weights)) - (means * (self.total * importance)[:, None]).T @ means
        for start in range(0, len(chance), _BLOCK):
            rows = self.rows[start : start + _BLOCK]
            curve += (rows * mass[start : start + _BLOCK, None]).T @ rows
        return gain, slope, curve
