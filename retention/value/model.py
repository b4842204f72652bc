"""Expected purchases and spend over a horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from retention.churn.rhythm import Counts, Rhythm
from retention.features.raw import NAMES as RAW
from retention.value.gamma_gamma import GammaGamma

Floats = NDArray[np.float64]

_NODES = (np.arange(64) + 0.5) / 64
_MONEY, _PURCHASE_DAYS = RAW.index("money"), RAW.index("purchase_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueModel:
    """How often, times how much; a purchase is a day with one."""

    horizon_days: int
    rhythm: Rhythm
    spend: GammaGamma | None
    """None: the history holds no money."""
    often: float = 1.0
    much: float = 1.0
    """What past windows had more purchases, and more spend on each, than was expected, as far as that lasts."""
    currency: str | None = None
    alike: bool = False
    """One rate stands in for BG/NBD: what it foretells says nothing of who has left."""

    def purchases(self, table: NDArray[np.int64], days: int | None = None) -> Floats:
        """Expected days with a purchase in the next `days`, shape (customers,).

        Args:
            table: raw features of customers who have bought, shape (customers, raw.NAMES).
            days: the model's horizon by default.
        """
        return self.often * expected_purchases(self.rhythm, Counts.of(table), days or self.horizon_days)

    def per_purchase(self, table: NDArray[np.int64]) -> Floats:
        """Expected spend on a day with a purchase, minor units, shape (customers,); 0 without money."""
        if self.spend is None:
            return np.zeros(len(table))
        return self.much * self.spend.spend(*bought(table))

    def value(self, table: NDArray[np.int64], days: int | None = None) -> Floats:
        """Expected spend in the next `days`, minor units, shape (customers,)."""
        return self.purchases(table, days) * self.per_purchase(table)


def bought(table: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Days with a purchase, at least 1, and the mean spend on one; shape (customers,) each."""
    days = np.maximum(table[:, _PURCHASE_DAYS].astype(np.float64), 1.0)
    return days, np.maximum(table[:, _MONEY], 0) / days


def expected_purchases(rhythm: Rhythm, counts: Counts, days: float) -> Floats:
    """The mean of BG/NBD over a horizon, shape (customers,).

    Of somebody who has not left, with purchase rate λ and chance p to leave after each, it is
    (1 - e^(-λ p days)) / p. The mean over λ is exact, that over p a midpoint rule over quantiles: the closed
    form with ₂F₁ loses its digits on long histories.
    """
    repeats, place = np.unique(counts.repeats, return_inverse=True)
    leave = betaincinv(rhythm.leave, rhythm.stay + repeats[:, None], _NODES[None, :])
    leave = np.maximum(leave, 1e-9)[place]
    shape = (rhythm.shape + counts.repeats)[:, None]
    gone = -np.expm1(-shape * np.log1p(leave * days / (rhythm.scale + counts.age)[:, None]))
    result: Floats = rhythm.alive(counts) * (gone / leave).mean(axis=1)
    return result
