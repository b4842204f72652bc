"""Bands of risk that people can act on: high is whom the staff can look after, by what is at stake.

Low is as safe as the safer half of the customers still active. Of the others, those with the most at stake are high,
as many as the shop can treat; the rest are medium: at risk, but not now, or with little left to lose.

What is at stake is what a customer would be expected to spend times the chance of losing it. It is small for those who
hardly spend, for those who are safe, and for those long gone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kernel.arrays import Floats, Ints
from retention.types import CustomerId, Money, Risk, RiskBand

CAPACITY = 0.05
"""The share of the customers still active whom the staff can look after, where the shop says nothing else."""
ORDER = (RiskBand.LOW, RiskBand.MEDIUM, RiskBand.HIGH)
_LEAST = 1e-9
NOBODY = 1e18
"""What is at stake where high begins if nobody can be treated: more than any shop has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Where bands begin."""

    medium: float
    """The probability at which medium begins."""
    stake: float
    """What is at stake where high begins, for those at medium or above; `NOBODY` where nobody can be treated."""

    @classmethod
    def drawn(cls, probability: Floats, stake: Floats, *, medium: float, places: int) -> Bands:
        """So that at most `places` customers are high.

        Args:
            probability: of each customer; shape (customers,).
            stake: what is at stake, in any one unit, at least 0; shape (customers,).
            medium: as of the field.
        """
        at_risk = np.sort(stake[(probability >= medium) & (stake > 0)])[::-1]
        if places <= 0:
            return cls(medium=medium, stake=NOBODY)
        if len(at_risk) <= places:
            return cls(medium=medium, stake=_LEAST)
        # Of several with the same at stake around the last place, none is high: nothing tells one from the other.
        next_one = at_risk[places]
        above = at_risk[at_risk > next_one]
        return cls(medium=medium, stake=float(above[-1]) if len(above) else NOBODY)

    def heights(self, probability: Floats, stake: Floats) -> Ints:
        """The place of each customer's band in `ORDER`; shape (customers,)."""
        at_risk = probability >= self.medium
        result: Ints = at_risk.astype(np.int64) + (at_risk & (stake >= self.stake))
        return result

    def of(self, probability: float, stake: float) -> RiskBand:
        """The band of one customer."""
        return ORDER[int(self.heights(np.array([probability]), np.array([stake]))[0])]

    def moved(self, margin: float) -> Bands:
        """Every edge moved up, in log-odds and in the logarithm of what is at stake."""
        kept = min(max(self.medium, _LEAST), 1 - _LEAST)
        medium = 1 / (1 + math.exp(-(math.log(kept / (1 - kept)) + margin)))
        return Bands(medium=medium, stake=self.stake * math.exp(margin))


def places(capacity: float, active: int) -> int:
    """How many customers can be treated.

    Args:
        capacity: below 1 a share of the customers still active (at least one of them), else a number.
        active: customers who bought within the horizon.
    """
    return round(capacity) if capacity >= 1 else max(round(capacity * active), 1) if capacity > 0 else 0


def banded(
    risks: Sequence[Risk], worth: Mapping[CustomerId, Money], *, medium: float, treated: int
) -> tuple[list[Risk], Bands]:
    """The risks with bands drawn among all of them by what is at stake, and where these bands begin.

    Args:
        risks: of all customers who ever bought.
        worth: what customers are expected to spend within the horizon; where it is empty, what they used to spend
            stands for it (`Risk.at_stake`).
        medium: the probability at which medium begins.
        treated: how many customers the staff can look after.
    """
    chance = np.array([one.probability for one in risks])
    stake = np.array(
        [
            one.probability * worth[one.customer].minor if one.customer in worth else one.at_stake
            for one in risks
        ]
    )
    bands = Bands.drawn(chance, stake, medium=medium, places=treated)
    heights = bands.heights(chance, stake).tolist()
    found = [
        replace(one, band=ORDER[height], at_stake=float(at_stake))
        for one, height, at_stake in zip(risks, heights, stake.tolist(), strict=True)
    ]
    return found, bands
