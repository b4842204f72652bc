"""Qini and AUUC: how much more a treatment brings when those with the highest scores get it first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernel.arrays import Bools, Floats, Ints

DRAWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Areas in outcomes per customer, each with a 95 % interval over customers."""

    qini: float
    """Between the Qini curve and the straight line to its end: 0 for scores that say nothing."""
    qini_low: float
    qini_high: float
    auuc: float
    """Under the uplift curve: half the average effect for scores that say nothing."""
    auuc_low: float
    auuc_high: float


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The customers by falling score; equal scores count together."""

    treated: Floats
    outcome: Floats
    ends: Ints
    """The place of the last customer of each score."""

    @classmethod
    def of(cls, score: Floats, treated: Bools, outcome: Floats) -> _Sorted:
        order = np.argsort(-score, kind="stable")
        falling = score[order]
        ends = np.flatnonzero(np.r_[falling[1:] != falling[:-1], True])
        return cls(treated[order].astype(np.float64), outcome[order].astype(np.float64), ends)

    def areas(self, weight: Floats) -> tuple[float, float]:
        """(Qini, AUUC) with each customer counted `weight` times."""
        of_treated, of_others = weight * self.treated, weight * (1 - self.treated)
        n1, n0, y1, y0 = (
            np.cumsum(one)[self.ends]
            for one in (of_treated, of_others, of_treated * self.outcome, of_others * self.outcome)
        )
        if not n1[-1] or not n0[-1]:
            return 0.0, 0.0
        share = (n1 + n0) / (n1[-1] + n0[-1])
        mean1 = np.divide(y1, n1, out=np.zeros_like(y1), where=n1 > 0)
        mean0 = np.divide(y0, n0, out=np.zeros_like(y0), where=n0 > 0)
        qini = (y1 - mean0 * n1) / n1[-1]
        uplift = np.where((n1 > 0) & (n0 > 0), share * (mean1 - mean0), 0.0)
        return _area(share, qini) - float(qini[-1]) / 2, _area(share, uplift)


def gain(score: Floats, treated: Bools, outcome: Floats, *, seed: int = 0, draws: int = DRAWS) -> Gain:
    """How much scores are worth on customers whom they were not learned from.

    The Qini curve is `Y₁(φ) − Y₀(φ)·N₁(φ)/N₀(φ)` over the share φ of customers with the highest scores, for each
    treated customer; the uplift curve is φ times the difference of the means. Both end at the average effect.

    Args:
        score: shape (customers,), higher is treated first.
        treated: who was treated, by chance.
        outcome: what is counted.
        seed: of the bootstrap.
        draws: of the bootstrap; 0 gives intervals of no width.

    Source: Radcliffe, "Using control groups to target on predicted lift", 2007 (Qini); Jaskowski, Jaroszewicz,
    "Uplift modeling for clinical trial data", 2012 (AUUC).
    """
    found = _Sorted.of(score, treated, outcome)
    draw = np.random.default_rng(seed)
    qini, auuc = found.areas(np.ones(len(score)))
    drawn = np.array(
        [found.areas(draw.poisson(1.0, len(score)).astype(np.float64)) for _ in range(draws)]
        or [(qini, auuc)]
    )
    (qini_low, auuc_low), (qini_high, auuc_high) = np.quantile(drawn, (0.025, 0.975), axis=0).tolist()
    return Gain(
        qini=qini,
        qini_low=qini_low,
        qini_high=qini_high,
        auuc=auuc,
        auuc_low=auuc_low,
        auuc_high=auuc_high,
    )


def rank_weights(score: Floats) -> Floats:
    """By how much each customer's effect counts in the area above random: 1/2 for the first, −1/2 for the last.

    The mean of weight times effect is the Qini area of the true effects; equal scores have equal weights.
    """
    _, place, counts = np.unique(-score, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    result: Floats = 0.5 - middle[place] / len(score)
    return result


def _area(share: Floats, height: Floats) -> float:
    """Under a curve from (0, 0), by trapezoids."""
    return float(np.trapezoid(np.r_[0.0, height], np.r_[0.0, share]))
