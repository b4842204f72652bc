"""Plays the nights of a log again: what a model fitted before them would have warned of, and how early."""

from __future__ import annotations

from retention.churn.model import ChurnModel
from retention.churn.warning import Replay, crossings, summed_up
from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.times import DAY
from retention.types import CustomerId, RiskBand


def replay(model: ChurnModel, shop: Shop, start: int, nights: int, *, every_days: int = 1) -> Replay:
    """Score everybody night after night, and count the warnings against what became of the customers.

    Args:
        shop: must reach a horizon beyond the last night.
        start: the first night, microseconds; the model must be fitted on what lies before it.
        every_days: from one night to the next.
    """
    bands: dict[CustomerId, RiskBand] = {}
    watched: set[CustomerId] = set()
    first_high: dict[CustomerId, float | None] = {}
    night = start
    for number in range(nights):
        night = start + number * every_days * DAY
        table = buyers(shop, night)
        risks = model.risks(table.customers, table.values, version="replay")
        if number == 0:
            watched = {risk.customer for risk in risks if risk.band is not RiskBand.HIGH}
        for one in crossings(bands, risks):
            if one.band is RiskBand.HIGH:
                first_high.setdefault(one.customer, one.lead_days)
        bands = {risk.customer: risk.band for risk in risks}
    stayed = shop.buyers_between(night, night + model.horizon_days * DAY)
    return summed_up(first_high, watched, frozenset(watched - stayed), nights)
