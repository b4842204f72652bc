"""What each customer is expected to spend: with their risk, it says who is worth winning back first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np

import retention
from retention import CustomerId, Money
from retention.checks import check
from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.history import History
from retention.times import to_micros
from retention.value import gamma_gamma
from retention.value.model import ValueModel, bought


def expected_spend(
    directory: Path, history: History, *, now: datetime, seed: int
) -> Mapping[CustomerId, Money]:
    """What customers who have bought are expected to spend within the horizon of their risk.

    How often is said by the BG/NBD that the risk model in `directory` was fitted with, which thinks little of
    those long gone; how much by Gamma-Gamma. Nobody's is known where the history is too short for the first
    or holds no money.

    Raises:
        ModelDamaged: the model cannot be read.
    """
    churn = retention.load(directory).churn
    if churn.rhythm is None or churn.currency is None:
        return {}
    checked = check(history, now)
    table = buyers(Shop(checked.history), to_micros(now))
    days, mean = bought(table.values)
    if not (mean > 0).any():
        return {}
    spend = gamma_gamma.fit(days, mean, seed=seed) or gamma_gamma.drawn_to(float(mean[mean > 0].mean()))
    model = ValueModel(
        horizon_days=churn.horizon_days, rhythm=churn.rhythm, spend=spend, currency=churn.currency
    )
    amounts = np.rint(model.value(table.values)).astype(np.int64).tolist()
    return {
        customer: Money(amount, churn.currency)
        for customer, amount in zip(table.customers, amounts, strict=True)
    }
