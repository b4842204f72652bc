"""Fits BG/NBD by maximum likelihood, guarded: the plain optimisation diverges on real shops' data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, digamma, gammaln

from retention.churn.rhythm import Counts, Rhythm

Floats = NDArray[np.float64]

LEAST_CUSTOMERS = 50
LEAST_REPEATERS = 20
MOST_CUSTOMERS = 20_000
"""A larger shop is sampled: four numbers need no more."""
PENALTY = 1e-4
"""On the squared logarithms of the parameters, per customer: without it they run away where nobody leaves."""
BOUND = 7.0
"""The parameters stay within e^±7, with time measured in the longest age of a customer."""
STARTS = ((0.0, 0.0, 0.0, 0.0), (-0.7, -1.0, -0.5, 0.5), (0.5, 0.0, -1.0, 0.0), (-1.0, -2.0, 0.0, 1.0))
"""Logarithms of (shape, scale, leave, stay)."""
_GRADIENT = 1e-3


def fit(counts: Counts, *, seed: int = 0) -> Rhythm | None:
    """The parameters at the best optimum of several starts; None where there is too little or none converges.

    Time is scaled to the longest age, parameters are logarithms within bounds and lightly drawn towards 0.
    """
    if len(counts.age) < LEAST_CUSTOMERS or (counts.repeats > 0).sum() < LEAST_REPEATERS:
        return None
    longest = float(counts.age.max())
    if not longest > 0:
        return None
    rows, weights = _distinct(counts, longest, seed)
    found = [_optimum(np.array(start), rows, weights) for start in STARTS]
    usable = [one for one in found if one is not None]
    if not usable:
        return None
    shape, scale, leave, stay = np.exp(min(usable, key=lambda one: one[0])[1]).tolist()
    return Rhythm(shape=shape, scale=scale * longest, leave=leave, stay=stay)


def loss_and_slope(logarithms: Floats, rows: Floats, weights: Floats) -> tuple[float, Floats]:
    """The mean negative log-likelihood of customers, without the penalty, and its slope, shape (4,).

    Args:
        logarithms: of (shape, scale, leave, stay).
        rows: repeats, last and age, shape (3, customers).
        weights: customers that a row stands for.
    """
    parameters = np.exp(logarithms)
    r, alpha, a, b = parameters
    x, last, age = rows
    seen = np.maximum(x, 1)
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    here = betaln(a, b + x) - (r + x) * np.log(alpha + age)
    gone = betaln(a + 1, b + seen - 1) - (r + x) * np.log(alpha + last)
    both = np.where(x > 0, np.logaddexp(here, gone), here)
    still = np.exp(here - both)  # the chance that the customer is still here
    left = 1.0 - still
    started = digamma(a + b)
    slopes = (
        digamma(r + x) - digamma(r) + np.log(alpha) - still * np.log(alpha + age) - left * np.log(alpha + last),
        r / alpha - (r + x) * (still / (alpha + age) + left / (alpha + last)),
        started - digamma(a)
        + still * (digamma(a) - digamma(a + b + x)) + left * (digamma(a + 1) - digamma(a + b + seen)),
        started - digamma(b)
        + still * (digamma(b + x) - digamma(a + b + x)) + left * (digamma(b + seen - 1) - digamma(a + b + seen)),
    )  # fmt: skip
    total = weights.sum()
    slope = -np.array([weights @ one for one in slopes]) * parameters / total
    return float(-(weights * (common + both)).sum() / total), slope


def _optimum(start: Floats, rows: Floats, weights: Floats) -> tuple[float, Floats] | None:
    """The penalised loss and the parameters where the optimisation from `start` ended, if it ended well."""

    def penalised(logarithms: Floats) -> tuple[float, Floats]:
        value, slope = loss_and_slope(logarithms, rows, weights)
        return value + PENALTY * float((logarithms**2).sum()), slope + 2 * PENALTY * logarithms

    found = minimize(penalised, start, jac=True, method="L-BFGS-B", bounds=[(-BOUND, BOUND)] * 4)
    inside = np.abs(found.x) < BOUND - 1e-6
    flat = np.abs(found.jac[inside]).max(initial=0.0) < _GRADIENT
    if not (np.isfinite(found.fun) and np.isfinite(found.x).all() and flat):
        return None
    return float(found.fun), found.x


def _distinct(counts: Counts, longest: float, seed: int) -> tuple[Floats, Floats]:
    """Customers alike to the day are one row with a weight."""
    rows = np.stack([counts.repeats, np.round(counts.last), np.round(counts.age)])
    if rows.shape[1] > MOST_CUSTOMERS:
        chosen = np.random.default_rng(seed).choice(rows.shape[1], MOST_CUSTOMERS, replace=False)
        rows = rows[:, np.sort(chosen)]
    kept, weights = np.unique(rows, axis=1, return_counts=True)
    kept[1:] /= longest
    return kept, weights.astype(np.float64)
