"""The chances of the demo shop's world: drawn one after another or, where worlds are compared, from who it is about.

What is drawn from a customer, a day and a place in the program is the same in two copies of a world in which the shop
decides differently, so that the copies differ by what was decided and by nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Ints

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))


class Chances:
    """One draw after another from a generator; from `compared` on, from customers and days."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._seed: int | None = None
        self._day, self._place = 0, 0

    def compared(self, seed: int) -> None:
        """From now on what is drawn for a customer depends on the seed, the day and the place of drawing alone."""
        self._seed = seed

    def begin(self, day: int) -> None:
        """The places of drawing are counted anew on each day."""
        self._day, self._place = day, 0

    def of(self, who: Ints, place: int | None = None) -> Draws:
        """The next draws, one for each entry of `who`.

        Args:
            who: customers; one who is in it twice gets two draws.
            place: of drawing, where it isn't the next one.
        """
        if self._seed is None:
            return Draws(len(who), rng=self._rng)
        self._place += place is None
        key = np.array([self._seed, self._day, self._place if place is None else -place], dtype=np.int64)
        return Draws(len(who), marks=_uniform(key, who, position_within(who)))


@dataclass(frozen=True, slots=True)
class Draws:
    """As many draws as there are entries, from a generator or from marks between 0 and 1."""

    count: int
    rng: np.random.Generator | None = None
    marks: Floats | None = None

    def random(self, dtype: Any = np.float64) -> NDArray[Any]:
        """Evenly between 0 and 1."""
        if self.rng is not None:
            found: NDArray[Any] = self.rng.random(self.count, dtype=dtype)
            return found
        return self._marks.astype(dtype)

    def uniform(self, low: float, high: float) -> Floats:
        """Evenly between two numbers."""
        if self.rng is not None:
            return self.rng.uniform(low, high, self.count)
        return low + (high - low) * self._marks

    def integers(self, low: int, high: int) -> Ints:
        """Whole numbers from `low` to below `high`."""
        if self.rng is not None:
            return self.rng.integers(low, high, self.count)
        return low + (self._marks * (high - low)).astype(np.int64)

    def normal(self, mean: float, deviation: float) -> Floats:
        """From a normal distribution."""
        if self.rng is not None:
            return self.rng.normal(mean, deviation, self.count)
        # Only where worlds are compared: whoever makes the demo shop needs no SciPy.
        from scipy.special import ndtri

        found: Floats = mean + deviation * ndtri(self._marks)
        return found

    def lognormal(self, mean: float, deviation: float) -> Floats:
        """Its logarithm is from a normal distribution."""
        if self.rng is not None:
            return self.rng.lognormal(mean, deviation, self.count)
        return np.exp(self.normal(mean, deviation))

    def poisson(self, mean: float) -> Ints:
        """Counts."""
        if self.rng is not None:
            return self.rng.poisson(mean, self.count)
        from scipy.special import pdtr

        return np.searchsorted(pdtr(np.arange(60), mean), self._marks)

    def gamma_2(self, scale: float) -> Floats:
        """From a gamma distribution of shape 2."""
        if self.rng is not None:
            return self.rng.gamma(2.0, scale, self.count)
        # A second mark out of the first one's later digits.
        second = np.clip((self._marks * 1e6) % 1.0, 1e-9, None)
        return -scale * (np.log(self._marks) + np.log(second))

    def choice(self, shares: Floats) -> Ints:
        """Numbers from 0, with these chances."""
        if self.rng is not None:
            return self.rng.choice(len(shares), self.count, p=shares)
        found = np.searchsorted(np.cumsum(shares), self._marks)
        return np.minimum(found, len(shares) - 1)

    @property
    def _marks(self) -> Floats:
        if self.marks is None:
            raise ValueError("draws are from a generator or from marks")
        return self.marks


def position_within(groups: Ints) -> Ints:
    """0, 1, 2 … within each group, in the order of the entries."""
    sequence = np.argsort(groups, kind="stable")
    ordered = groups[sequence]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(starts, len(groups)))
    position = np.empty(len(groups), dtype=np.int64)
    position[sequence] = np.arange(len(groups)) - np.repeat(starts, sizes)
    return position


def _uniform(key: Ints, who: Ints, again: Ints) -> Floats:
    """Above 0 and below 1, out of numbers that say what a draw is for.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (SplitMix64).
    """
    with np.errstate(over="ignore"):
        state = np.zeros(len(who), dtype=np.uint64)
        for part in (*key, who, again):
            state = _mixed(state ^ np.asarray(part, dtype=np.int64).astype(np.uint64))
    return ((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = state + _GOLDEN
    for shift, factor in _MIX:
        state = (state ^ (state >> np.uint64(shift))) * factor
    return state ^ (state >> np.uint64(31))
