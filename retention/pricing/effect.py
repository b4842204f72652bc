"""What changed list prices earned, beside products that were left alone: who is changed when is drawn by lot."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

LEFT_ALONE = 0.2
"""Of the products that a better price was found for: they keep theirs, to be compared with."""
FEWEST = 5
"""Products on either side below which nothing is said."""
_DRAWS = 2_000


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


def spill_over(
    untouched: Sequence[Change], touched_categories: Mapping[str, int], seed: int = 0
) -> Effect | None:
    """What happened to products of the categories in which prices changed, beside those of other categories."""
    near = [one for one in untouched if touched_categories.get(one.category)]
    far = [one for one in untouched if not touched_categories.get(one.category)]
    return effect(near, far, seed)


def _pairs(changes: Sequence[Change]) -> NDArray[np.float64]:
    return np.array([(one.before, one.after) for one in changes])


def _drawn(rows: NDArray[np.float64], draw: np.random.Generator) -> NDArray[np.float64]:
    return rows[draw.integers(0, len(rows), len(rows))]


def _grew(rows: NDArray[np.float64]) -> float:
    """Growth of the sum: a product that sells little counts for little."""
    before, after = rows.sum(axis=0)
    return float(after / before - 1) if before > 0 else 0.0
