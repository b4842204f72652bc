"""How often customers buy until they leave: BG/NBD, as it is served.

While they stay, purchases come at a rate of their own (Gamma over customers); after each purchase they leave
with a chance of their own (Beta over customers). A purchase is a day with one, the first only opens the
account.

Source: Fader, Hardie, Lee, "Counting your customers the easy way", Marketing Science 24(2), 2005.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retention.features.raw import NAMES as RAW
from retention.times import DAY

Floats = NDArray[np.float64]

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
    def of(cls, raw: NDArray[np.int64]) -> Counts:
        """From raw features of customers who have bought, shape (customers, raw.NAMES)."""
        last = raw[:, _GAP_DAYS].astype(np.float64)
        return cls(
            repeats=np.maximum(raw[:, _PURCHASE_DAYS] - 1.0, 0.0),
            last=last,
            age=last + np.maximum(raw[:, _RECENCY] / DAY, 0.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
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
