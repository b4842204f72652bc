"""A log of offers whose truth is known: the margin of each step, whatever is chosen."""

from __future__ import annotations

import numpy as np

from kernel.arrays import Floats
from retention.pricing.off_policy import DecisionLog

STEPS = (0, 300, 800)
_CHANCES = np.array([[0.05, 0.10, 0.12], [0.20, 0.34, 0.38]])
"""Of buying, by tier and step."""
_MARGINS = np.array([40.0, 37.0, 32.0])
_LOGGED = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3]])
_TIERS = np.array([0.7, 0.3])

TRUTH: Floats = _TIERS @ (_CHANCES * _MARGINS)
"""The mean margin of always giving each step."""


def simulated(seed: int, *, days: int = 25, a_day: int = 40) -> DecisionLog:
    """A day has one draw for everybody, so decisions of a day hang together."""
    draw = np.random.default_rng(seed)
    size = 4 * days * a_day
    cluster = np.repeat(np.arange(4 * days), a_day)
    tier = (draw.random(size) < _TIERS[1]).astype(np.int64)
    # One number a day and product decides for all, by each tier's own probabilities.
    lot = draw.random(4 * days)[cluster]
    choice = (lot[:, None] > np.cumsum(_LOGGED, axis=1)[tier]).sum(axis=1)
    bought = draw.random(size) < _CHANCES[tier, choice]
    return DecisionLog(
        actions=tuple(str(one) for one in STEPS),
        probability=_LOGGED[tier],
        choice=choice,
        outcome=bought * _MARGINS[choice],
        cluster=cluster,
        group=tier,
    )
