"""Expected purchases and spend over a horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from kernel.arrays import Floats, Ints
from retention import artifacts
from retention.churn.bgnbd import Counts, PurchaseProcess
from retention.errors import ModelDamaged
from retention.features.raw import NAMES as RAW

PART = "value"
"""Its name in a saved version."""
_NODES = (np.arange(64) + 0.5) / 64
_MONEY, _PURCHASE_DAYS = RAW.index("money"), RAW.index("purchase_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaGamma:
    """Spend per purchase is Gamma(p, ν) with ν ~ Gamma(q, v) over customers; in minor units.

    Source: Fader, Hardie, Lee, "RFM and CLV: using iso-value curves for customer base analysis", Journal of
    Marketing Research 42(4), 2005; Fader, Hardie, "The Gamma-Gamma model of monetary value", 2013.
    """

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueModel:
    """How often, times how much; a purchase is a day with one."""

    horizon_days: int
    process: PurchaseProcess
    spend: GammaGamma | None
    """None: the history holds no money."""
    often: float = 1.0
    much: float = 1.0
    """What past windows had more purchases, and more spend on each, than was expected, as far as that lasts."""
    currency: str | None = None
    alike: bool = False
    """One rate stands in for BG/NBD: what it foretells says nothing of who has left."""

    def purchases(self, table: Ints, days: int | None = None) -> Floats:
        """Expected days with a purchase in the next `days`, shape (customers,).

        Args:
            table: raw features of customers who have bought, shape (customers, raw.NAMES).
            days: the model's horizon by default.
        """
        return self.often * expected_purchases(self.process, Counts.of(table), days or self.horizon_days)

    def per_purchase(self, table: Ints) -> Floats:
        """Expected spend on a day with a purchase, minor units, shape (customers,); 0 without money."""
        if self.spend is None:
            return np.zeros(len(table))
        return self.much * self.spend.spend(*bought(table))

    def value(self, table: Ints, days: int | None = None) -> Floats:
        """Expected spend in the next `days`, minor units, shape (customers,)."""
        return self.purchases(table, days) * self.per_purchase(table)


def bought(table: Ints) -> tuple[Floats, Floats]:
    """Days with a purchase, at least 1, and the mean spend on one; shape (customers,) each."""
    days = np.maximum(table[:, _PURCHASE_DAYS].astype(np.float64), 1.0)
    return days, np.maximum(table[:, _MONEY], 0) / days


def expected_purchases(process: PurchaseProcess, counts: Counts, days: float) -> Floats:
    """The mean of BG/NBD over a horizon, shape (customers,).

    Of somebody who has not left, with purchase rate λ and chance p to leave after each, it is
    (1 - e^(-λ p days)) / p. The mean over λ is exact, that over p a midpoint rule over quantiles: the closed
    form with ₂F₁ loses its digits on long histories.
    """
    repeats, place = np.unique(counts.repeats, return_inverse=True)
    leave = betaincinv(process.leave, process.stay + repeats[:, None], _NODES[None, :])
    leave = np.maximum(leave, 1e-9)[place]
    shape = (process.shape + counts.repeats)[:, None]
    gone = -np.expm1(-shape * np.log1p(leave * days / (process.scale + counts.age)[:, None]))
    result: Floats = process.alive(counts) * (gone / leave).mean(axis=1)
    return result


def saved(model: ValueModel) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The model as JSON-able facts and arrays; `restored` is the way back."""
    facts = asdict(model)
    facts["rhythm"] = facts.pop("process")  # its name in the files
    return facts, {}


def restored(facts: Mapping[str, Any]) -> ValueModel:
    """The model from its saved form."""
    others = {name: one for name, one in facts.items() if name not in ("rhythm", "spend")}
    spend = GammaGamma(**facts["spend"]) if facts["spend"] else None
    return ValueModel(**others, process=PurchaseProcess(**facts["rhythm"]), spend=spend)


def in_folder(directory: Path) -> ValueModel | None:
    """That of a saved version; None for one saved without it.

    Raises:
        ModelDamaged: it can't be read.
    """
    _, parts = artifacts.read(directory, only=(PART,))
    try:
        return restored(parts[PART][0]) if PART in parts else None
    except (KeyError, ValueError, TypeError) as error:
        raise ModelDamaged(f"{directory} holds no model of value that can be read: {error!r}") from error
