"""What the warnings of past nights would have been worth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kernel.intervals import wilson
from kernel.times import DAY, from_micros, to_micros
from retention.checks import check
from retention.churn.fit import fit
from retention.churn.model import ChurnModel
from retention.churn.warning import ORDER, crossings
from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.features.raw import NAMES as RAW
from retention.logs import Columns, read_log
from retention.types import RiskBand
from tests.benchmarks.report import table
from tests.retention.real import ONLINE_RETAIL_COLUMNS

SEED = 20_261_101

RECENCY = RAW.index("recency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the warnings of some past nights would have been worth."""

    customers: int
    """Below the band on the first night."""
    left: int
    """Of them, who then bought no more within the horizon of the last night."""
    warned: int
    """Who crossed into the band on some night."""
    warned_and_left: int
    warned_before_due: int
    """Of those, whose next purchase was not yet due."""
    due_days: tuple[float, float, float]
    """Quartiles of the days from the warning until the purchase that never came was due; below 0, it was."""
    lead_days: tuple[float, float, float]
    """Quartiles of the days from the warning until the silence had lasted for the horizon."""


def replay(
    model: ChurnModel, shop: Shop, start: int, nights: int, *, every_days: int, band: RiskBand
) -> Replay:
    """Score everybody night after night, and count the warnings against what became of the customers.

    Args:
        model: fitted on what lies before `start`.
        shop: must reach a horizon beyond the last night.
        start: the first night, microseconds.
        band: a warning is a crossing into it, or above.
    """
    reached = ORDER[ORDER.index(band) :]
    bands: dict[str, RiskBand] = {}
    watched: set[str] = set()
    warned: dict[str, tuple[float, float]] = {}
    night = start
    for number in range(nights):
        night = start + number * every_days * DAY
        table = buyers(shop, night)
        risks = model.risks(table.customers, table.values, version="replay")
        if number == 0:
            watched = {risk.customer for risk in risks if risk.band not in reached}
        silence = dict(zip(table.customers, (table.values[:, RECENCY] / DAY).tolist(), strict=True))
        for one in crossings(bands, risks):
            if one.band in reached and one.lead_days is not None:
                warned.setdefault(one.customer, (one.lead_days, model.horizon_days - silence[one.customer]))
        bands = {risk.customer: risk.band for risk in risks}
    stayed = shop.buyers_between(night, night + model.horizon_days * DAY)
    left = watched - stayed
    true = [lead for one, lead in warned.items() if one in left]
    return Replay(
        customers=len(watched),
        left=len(left),
        warned=sum(one in watched for one in warned),
        warned_and_left=len(true),
        warned_before_due=sum(due > 0 for due, _ in true),
        due_days=_quartiles([due for due, _ in true]),
        lead_days=_quartiles([gone for _, gone in true]),
    )


def _quartiles(days: list[float]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(days, (0.25, 0.5, 0.75)).tolist() if days else (0.0, 0.0, 0.0)
    return low, middle, high


def warned(path: Path) -> str:
    """Eight weeks of nights on online_retail, by a model fitted before them, with the shop's own horizon."""
    log = read_log(path, Columns.parse(ONLINE_RETAIL_COLUMNS))
    whole = Shop(log.checked().history)
    nights, every, horizon = 28, 2, 60
    start = to_micros(log.at) - (horizon + nights * every) * DAY
    checked = check(log.history, from_micros(start))
    model = fit(checked, Shop(checked.history), seed=SEED, horizon_days=horizon).model
    head = [
        f"{nights} nights in {nights * every} days, horizon {horizon} days",
        "customers below it",
        "left",
        "warned",
        "of the warned, left",
        "of those who left, warned",
        "before the next purchase was due",
        "until it was due, median (quartiles)",
        "until the silence was a horizon long",
    ]
    lines = []
    for band in (RiskBand.MEDIUM, RiskBand.HIGH):
        found = replay(model, whole, start, nights, every_days=every, band=band)
        lines.append(
            [
                f"into {band.value}",
                str(found.customers),
                str(found.left),
                str(found.warned),
                _share(found.warned_and_left, found.warned),
                _share(found.warned_and_left, found.left),
                _share(found.warned_before_due, found.warned_and_left),
                _days(found.due_days),
                _days(found.lead_days),
            ]
        )
    return table(head, lines)


def _days(quartiles: tuple[float, float, float]) -> str:
    low, middle, high = quartiles
    return f"{middle:.0f} days ({low:.0f} to {high:.0f})"


def _share(part: int, whole: int) -> str:
    """With 95 % by Wilson."""
    if not whole:
        return "–"
    low, high = wilson(part, whole)
    return f"{part / whole:.0%} ({low:.0%} to {high:.0%})"
