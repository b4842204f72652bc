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
from retention.value import saving


def expected_spend(directory: Path, history: History, *, now: datetime) -> Mapping[CustomerId, Money]:
    """What customers who have bought are expected to spend within the horizon of their risk.

    By the model of value in `directory`: the version in use, so that a roll-back takes it back, too. Nobody's is known
    where that version has none, the history holds no money, or it was too short for BG/NBD: one rate for everybody
    would think much of those long gone.

    Raises:
        ModelDamaged: the model cannot be read.
    """
    model = saving.in_folder(directory)
    if model is None or model.alike or model.spend is None or model.currency is None:
        return {}
    horizon = retention.load(directory).churn.horizon_days
    checked = check(history, now)
    table = buyers(Shop(checked.history), to_micros(now))
    amounts = np.rint(model.value(table.values, horizon)).astype(np.int64).tolist()
    return {
        customer: Money(amount, model.currency)
        for customer, amount in zip(table.customers, amounts, strict=True)
    }
