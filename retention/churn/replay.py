"""Plays the nights of a log again: what a model fitted before them would have warned of, and how early."""

from __future__ import annotations

from retention.churn.model import ChurnModel
from retention.churn.warning import ORDER, Lead, Replay, crossings, summed_up
from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.features.raw import NAMES as RAW
from retention.times import DAY
from retention.types import CustomerId, RiskBand

_RECENCY = RAW.index("recency")


def replay(
    model: ChurnModel,
    shop: Shop,
    start: int,
    nights: int,
    *,
    every_days: int = 1,
    band: RiskBand = RiskBand.HIGH,
) -> Replay:
    """Score everybody night after night, and count the warnings against what became of the customers.

    Args:
        shop: must reach a horizon beyond the last night.
        start: the first night, microseconds; the model must be fitted on what lies before it.
        every_days: from one night to the next.
        band: a warning is a crossing into it, or above.
    """
    reached = ORDER[ORDER.index(band) :]
    bands: dict[CustomerId, RiskBand] = {}
    watched: set[CustomerId] = set()
    warned: dict[CustomerId, Lead] = {}
    night = start
    for number in range(nights):
        night = start + number * every_days * DAY
        table = buyers(shop, night)
        risks = model.risks(table.customers, table.values, version="replay")
        if number == 0:
            watched = {risk.customer for risk in risks if risk.band not in reached}
        silence = dict(zip(table.customers, (table.values[:, _RECENCY] / DAY).tolist(), strict=True))
        for one in crossings(bands, risks):
            if one.band in reached and one.lead_days is not None:
                lead = Lead(one.lead_days, model.horizon_days - silence[one.customer])
                warned.setdefault(one.customer, lead)
        bands = {risk.customer: risk.band for risk in risks}
    stayed = shop.buyers_between(night, night + model.horizon_days * DAY)
    return summed_up(warned, watched, frozenset(watched - stayed), nights)
