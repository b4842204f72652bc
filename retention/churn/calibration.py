"""From scores to probabilities that come true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq

from kernel.arrays import Bools, Floats
from retention.churn.logistic import regression

SEASON = 0.25
"""How far, in log-odds, seasons move the share that leaves."""
SLOPES = (0.6, 1.0)
"""Confidence is only ever taken away: the earlier model that is measured saw less than the one it is for."""
LEAST = 200
"""Rows below which a slope is not worth its error."""


def platt(log_odds: Floats, label: Bools) -> tuple[float, float]:
    """Slope and shift of Platt's scaling on log-odds of customers the model had not seen; within `SLOPES`.

    The identity when there is too little to tell, or when the slope would turn the order around.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    if len(label) < LEAST:
        return 1.0, 0.0
    fitted = regression(log_odds[:, None], label, 1e3)
    if fitted is None or fitted[1][0] <= 0:
        return 1.0, 0.0
    slope = float(np.clip(fitted[1][0], *SLOPES))
    return slope, shift_to(slope * log_odds, float(label.mean()))


def shift_to(log_odds: Floats, mean: float) -> float:
    """What to add to log-odds so that the mean probability becomes `mean`."""
    wanted = float(np.clip(mean, 1e-4, 1 - 1e-4))
    most = float(np.abs(log_odds).max(initial=0.0)) + 12.0

    def error(shift: float) -> float:
        return float((1 / (1 + np.exp(-(log_odds + shift)))).mean()) - wanted

    return float(brentq(error, -most, most)) if len(log_odds) else 0.0


def lasting(differences: Sequence[float], season: float = SEASON) -> float:
    """The part of past differences of level that will last: half of their mean, and more where it is too large
    to be a season's.

    Args:
        differences: of windows, in log-odds: the share that left less the share that was foretold.
        season: how far seasons move it.

    Source: James, Stein, "Estimation with quadratic loss", 1961 (the positive part).
    """
    mean = float(np.mean(differences)) if len(differences) else 0.0
    beyond_a_season = 1 - (season / mean) ** 2 if abs(mean) > season else 0.0
    return mean * max(0.5, beyond_a_season)


def logit(share: float) -> float:
    """Log-odds of a share, kept from 0 and 1."""
    kept = float(np.clip(share, 1e-4, 1 - 1e-4))
    return float(np.log(kept / (1 - kept)))
