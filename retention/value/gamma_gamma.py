"""How much customers spend on a day with a purchase: Gamma-Gamma, fitted with the guards of BG/NBD.

Source: Fader, Hardie, Lee, "RFM and CLV: using iso-value curves for customer base analysis", Journal of
Marketing Research 42(4), 2005; Fader, Hardie, "The Gamma-Gamma model of monetary value", 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

Floats = NDArray[np.float64]

LEAST_CUSTOMERS = 50
MOST_CUSTOMERS = 20_000
PENALTY = 1e-4
BOUND = 7.0
STARTS = ((0.0, 0.0, 0.0), (1.0, 1.0, 0.0), (0.5, 1.0, 2.0))
"""Logarithms of (shape, tail - 1, scale), money measured in its mean."""
OUTLIER = 0.995
"""Means beyond this quantile are taken for it in the fit: one wholesaler must not shape everybody's curve."""
_GRADIENT = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaGamma:
    """Spend per purchase is Gamma(p, ν) with ν ~ Gamma(q, v) over customers; in minor units."""

    shape: float
    """p"""
    tail: float
    """q, above 1 so that there is a mean."""
    scale: float
    """v"""

    def spend(self, purchases: Floats, mean: Floats) -> Floats:
        """The spend to expect of the next purchase, shape (customers,): the own mean drawn to everybody's.

        Args:
            purchases: so far, at least 1.
            mean: spend per purchase so far, minor units.
        """
        result: Floats = (
            self.shape * (self.scale + purchases * mean) / (self.shape * purchases + self.tail - 1)
        )
        return result


def fit(purchases: Floats, mean: Floats, *, seed: int = 0) -> GammaGamma | None:
    """By maximum likelihood; None where there is too little money or no start converges."""
    paid = mean > 0
    purchases, mean = purchases[paid], mean[paid]
    if len(mean) < LEAST_CUSTOMERS:
        return None
    if len(mean) > MOST_CUSTOMERS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(mean), MOST_CUSTOMERS, replace=False))
        purchases, mean = purchases[chosen], mean[chosen]
    unit = float(mean.mean())
    scaled = np.minimum(mean, np.quantile(mean, OUTLIER)) / unit
    found = [_optimum(np.array(start), purchases, scaled) for start in STARTS]
    usable = [one for one in found if one is not None]
    if not usable:
        return None
    shape, tail, scale = np.exp(min(usable, key=lambda one: one[0])[1]).tolist()
    return GammaGamma(shape=shape, tail=1 + tail, scale=scale * unit)


def drawn_to(mean: float) -> GammaGamma:
    """What stands in for a fit: the own mean, with three imagined purchases of everybody's `mean`."""
    return GammaGamma(shape=1.0, tail=4.0, scale=3 * mean)


def _optimum(start: Floats, n: Floats, mean: Floats) -> tuple[float, Floats] | None:
    def loss(logarithms: Floats) -> float:
        p, q, v = np.exp(logarithms)
        q += 1
        likelihood = (
            gammaln(p * n + q)
            - gammaln(p * n)
            - gammaln(q)
            + q * np.log(v)
            + (p * n - 1) * np.log(mean)
            + p * n * np.log(n)
            - (p * n + q) * np.log(v + n * mean)
        )
        return float(-likelihood.mean() + PENALTY * (logarithms**2).sum())

    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-BOUND, BOUND)] * 3)
    inside = np.abs(found.x) < BOUND - 1e-6
    flat = np.abs(found.jac[inside]).max(initial=0.0) < _GRADIENT
    if not (np.isfinite(found.fun) and np.isfinite(found.x).all() and flat):
        return None
    return float(found.fun), found.x
