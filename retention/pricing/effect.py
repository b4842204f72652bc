"""What changed list prices earned, beside products that were left alone: who is changed when is drawn by lot."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

LEFT_ALONE = 0.2
"""Of the products that a better price was found for: they keep theirs, to be compared with."""
FEWEST = 5
"""Products on either side below which nothing is said."""
_DRAWS = 2_000
_SURE = 3.0
"""Standard deviations above chance, as many pairs are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a product earned a day before and after a moment, minor units."""

    product: str
    category: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Change of the margin a day, as a share of that before, of one group above that of another; 95 %."""

    value: float
    low: float
    high: float
    changed: int
    compared: int

    @property
    def certain(self) -> bool:
        """Whether the interval leaves out no effect."""
        return self.low > 0 or self.high < 0


def left_alone(product: str, seed: str, round_: datetime, share: float = LEFT_ALONE) -> bool:
    """Whether a product keeps its price in a round of proposals: drawn anew for each round, the same whoever asks."""
    text = f"{seed}:{product}:{round_:%Y-%m-%d}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return number / 2**64 < share


def effect(changed: Sequence[Change], compared: Sequence[Change], seed: int = 0) -> Effect | None:
    """By how much more the changed ones' margin rose; None where either are fewer than five."""
    if min(len(changed), len(compared)) < FEWEST:
        return None
    draw = np.random.default_rng(seed)
    ours, theirs = _pairs(changed), _pairs(compared)
    found = np.array([_grew(_drawn(ours, draw)) - _grew(_drawn(theirs, draw)) for _ in range(_DRAWS)])
    low, high = np.quantile(found, (0.025, 0.975))
    return Effect(
        value=_grew(ours) - _grew(theirs),
        low=float(low),
        high=float(high),
        changed=len(changed),
        compared=len(compared),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """On how many days of customers products were met, looked at or bought: alone, and one with another."""

    alone: Mapping[str, int]
    together: Mapping[tuple[str, str], int]
    every: int
    """Days of customers in all."""

    def expected(self, one: str, other: str) -> float:
        """Days on which both would be met if one had nothing to do with the other."""
        return self.alone.get(one, 0) * self.alone.get(other, 0) / max(self.every, 1)


def substitutes(looked: Met, bought: Met) -> frozenset[str]:
    """Products that customers weigh up against those that were asked about, and don't buy along with them.

    What is looked at on the same day more often than by chance is a substitute or a complement; complements are bought
    on the same day as well (McAuley, Pandey, Leskovec, "Inferring networks of substitutable and complementary
    products", 2015).
    """
    return frozenset(
        other
        for (one, other), days in looked.together.items()
        if days >= FEWEST
        and days > looked.expected(one, other) + _SURE * max(looked.expected(one, other), 1.0) ** 0.5
        and bought.together.get((one, other), 0) / max(bought.expected(one, other), 1.0)
        < days / max(looked.expected(one, other), 1.0)
    )


def spill_over(
    untouched: Sequence[Change], near: Collection[str], near_categories: Collection[str] = (), seed: int = 0
) -> Effect | None:
    """What happened to the substitutes of changed products, beside other untouched products.

    Args:
        near: the substitutes.
        near_categories: those of the changed products: what else is in them is on neither side.
    """
    theirs = [one for one in untouched if one.product in near]
    far = [one for one in untouched if one.product not in near and one.category not in near_categories]
    return effect(theirs, far, seed)


def _pairs(changes: Sequence[Change]) -> NDArray[np.float64]:
    return np.array([(one.before, one.after) for one in changes])


def _drawn(rows: NDArray[np.float64], draw: np.random.Generator) -> NDArray[np.float64]:
    return rows[draw.integers(0, len(rows), len(rows))]


def _grew(rows: NDArray[np.float64]) -> float:
    """Growth of the sum: a product that sells little counts for little."""
    before, after = rows.sum(axis=0)
    return float(after / before - 1) if before > 0 else 0.0
