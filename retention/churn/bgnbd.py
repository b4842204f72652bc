"""BG/NBD: how often customers buy until they leave. Serving needs NumPy alone, the fit SciPy.

While they stay, purchases come at a rate of their own (Gamma over customers); after each purchase they leave
with a chance of their own (Beta over customers). A purchase is a day with one, the first only opens the
account.

Source: Fader, Hardie, Lee, "Counting your customers the easy way", Marketing Science 24(2), 2005.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernel.arrays import Floats, Ints
from kernel.times import DAY
from retention.features.raw import NAMES as RAW

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


LEAST_CHANCE = 1e-4
"""Probabilities stay so far from 0 and 1: nobody is certain to stay or to go."""

_PURCHASE_DAYS, _GAP_DAYS, _RECENCY = (RAW.index(one) for one in ("purchase_days", "gap_days", "recency"))


@dataclass(frozen=True, slots=True)
class Counts:
    """What BG/NBD needs to know of customers; shape (customers,) each."""

    repeats: Floats
    """Days with a purchase after the first."""
    last: Floats
    """Days from the first purchase to the last."""
    age: Floats
    """Days from the first purchase until now."""

    @classmethod
    def of(cls, raw: Ints) -> Counts:
        """From raw features of customers who have bought, shape (customers, raw.NAMES)."""
        last = raw[:, _GAP_DAYS].astype(np.float64)
        return cls(
            repeats=np.maximum(raw[:, _PURCHASE_DAYS] - 1.0, 0.0),
            last=last,
            age=last + np.maximum(raw[:, _RECENCY] / DAY, 0.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseProcess:
    """The four parameters of BG/NBD; rates are per day."""

    shape: float
    """r of the Gamma over purchase rates."""
    scale: float
    """α of it, in days: the mean rate is r/α."""
    leave: float
    """a of the Beta over the chance to leave after a purchase: the mean is a/(a+b)."""
    stay: float
    """b of it."""

    def alive(self, counts: Counts) -> Floats:
        """The chance of not having left yet. By the model it is 1 for somebody who bought once: `silence` is
        what to ask about them."""
        x = counts.repeats
        quiet = (self.shape + x) * np.log((self.scale + counts.age) / (self.scale + counts.last))
        gone = np.log(self.leave / (self.stay + np.maximum(x - 1, 0))) + quiet
        result: Floats = np.where(x > 0, 1 / (1 + np.exp(np.clip(gone, -700.0, 700.0))), 1.0)
        return result

    def silence(self, counts: Counts, days: float) -> Floats:
        """The chance of no purchase in the next `days`, for a reason or by chance; never quite 0 or 1."""
        rest = (self.scale + counts.age) / (self.scale + counts.age + days)
        quiet = -np.expm1((self.shape + counts.repeats) * np.log(rest))
        result: Floats = np.clip(1 - self.alive(counts) * quiet, LEAST_CHANCE, 1 - LEAST_CHANCE)
        return result

    def log_odds(self, counts: Counts, days: float) -> Floats:
        """The log-odds of `silence`."""
        chance = self.silence(counts, days)
        result: Floats = np.log(chance / (1 - chance))
        return result


def fit(counts: Counts, *, seed: int = 0) -> PurchaseProcess | None:
    """The parameters at the best optimum of several starts; None where there is too little or none converges.

    Time is scaled to the longest age, parameters are logarithms within bounds and lightly drawn towards 0.
    """
    if len(counts.age) < LEAST_CUSTOMERS or (counts.repeats > 0).sum() < LEAST_REPEATERS:
        return None
    longest = float(counts.age.max())
    if not longest > 0:
        return None
    rows, weights = _distinct(counts, longest, seed)

    def penalised(logarithms: Floats) -> tuple[float, Floats]:
        value, slope = loss_and_slope(logarithms, rows, weights)
        return value + PENALTY * float((logarithms**2).sum()), slope + 2 * PENALTY * logarithms

    best = optimum(penalised, STARTS, slope=True)
    if best is None:
        return None
    shape, scale, leave, stay = np.exp(best).tolist()
    return PurchaseProcess(shape=shape, scale=scale * longest, leave=leave, stay=stay)


def loss_and_slope(logarithms: Floats, rows: Floats, weights: Floats) -> tuple[float, Floats]:
    """The mean negative log-likelihood of customers, without the penalty, and its slope, shape (4,).

    Args:
        logarithms: of (shape, scale, leave, stay).
        rows: repeats, last and age, shape (3, customers).
        weights: customers that a row stands for.
    """
    from scipy.special import betaln, digamma, gammaln

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


def optimum(
    loss: Callable[[Floats], Any], starts: Sequence[Sequence[float]], *, slope: bool = False
) -> Floats | None:
    """The parameters with the least loss where the optimisation from one of the starts ended well; None if none did.

    Args:
        loss: of parameters (logarithms) within `BOUND`; with `slope`, it gives its gradient, too.
    """
    from scipy.optimize import minimize

    usable = []
    for start in starts:
        found = minimize(
            loss, np.array(start), jac=slope or None, method="L-BFGS-B", bounds=[(-BOUND, BOUND)] * len(start)
        )
        inside = np.abs(found.x) < BOUND - 1e-6
        flat = np.abs(found.jac[inside]).max(initial=0.0) < _GRADIENT
        if np.isfinite(found.fun) and np.isfinite(found.x).all() and flat:
            usable.append((float(found.fun), found.x))
    return min(usable, key=lambda one: one[0])[1] if usable else None


def sampled(customers: int, seed: int) -> Ints:
    """The places of at most `MOST_CUSTOMERS` customers, drawn by chance, ascending."""
    if customers <= MOST_CUSTOMERS:
        return np.arange(customers)
    return np.sort(np.random.default_rng(seed).choice(customers, MOST_CUSTOMERS, replace=False))


def _distinct(counts: Counts, longest: float, seed: int) -> tuple[Floats, Floats]:
    """Customers alike to the day are one row with a weight."""
    rows = np.stack([counts.repeats, np.round(counts.last), np.round(counts.age)])
    rows = rows[:, sampled(rows.shape[1], seed)]
    kept, weights = np.unique(rows, axis=1, return_counts=True)
    kept[1:] /= longest
    return kept, weights.astype(np.float64)
