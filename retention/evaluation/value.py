"""Expected purchases and spend beside what customers went on to buy and spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from retention.churn.rhythm import Counts
from retention.evaluation.churn import LIUKE, ChurnSplit
from retention.evaluation.rankings import Mean
from retention.features.expressions import Shop
from retention.value import fit as value_fit
from retention.value.fit import Outcome
from retention.value.model import bought

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedValue:
    """How far one method was off for each customer of a window; a purchase is a day with one."""

    model: str
    purchases_error: Mean
    """Mean absolute error of purchases."""
    purchases_total: float
    """All that was expected over all that came: 1 is right."""
    spend_error: Mean
    """Mean absolute error of spend, in the log's units of money."""
    spend_root: float
    """Root mean squared error of spend."""
    spend_total: float
    settings: str = ""


def judge_value(split: ChurnSplit, *, seed: int) -> list[JudgedValue]:
    """Our model, and everybody's own rate and mean so far; nothing where the log has no money."""
    with threadpool_limits(1):
        fitted = value_fit.fit(split.past, Shop(split.past.history), seed=seed, horizon_days=split.days)
    raw = split.window.raw
    purchases = fitted.model.purchases(raw, split.days)
    if fitted.model.spend is None:
        return []
    counts = Counts.of(raw)
    often, mean = bought(raw)
    rate = often / np.maximum(counts.age, 1.0) * split.days
    return [
        judge(LIUKE, split.outcome, purchases, purchases * fitted.model.per_purchase(raw)),
        judge("own rate and mean so far", split.outcome, rate, rate * mean),
    ]


def judge(name: str, outcome: Outcome, purchases: Floats, spend: Floats, settings: str = "") -> JudgedValue:
    """The errors of expected purchases and of expected spend in minor units."""
    off = (spend - outcome.spend) / 100
    return JudgedValue(
        model=name,
        purchases_error=Mean.of(np.abs(purchases - outcome.purchases)),
        purchases_total=float(purchases.sum() / max(outcome.purchases.sum(), 1e-9)),
        spend_error=Mean.of(np.abs(off)),
        spend_root=float(np.sqrt((off**2).mean())),
        spend_total=float(spend.sum() / max(outcome.spend.sum(), 1e-9)),
        settings=settings,
    )
