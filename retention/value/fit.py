"""Fits expected purchases and spend, and judges them on the last window of the past."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernel.arrays import Floats, Ints
from kernel.times import DAY, to_micros
from retention.checks import Checked
from retention.churn import bgnbd
from retention.churn.bgnbd import Counts, PurchaseProcess
from retention.churn.calibration import lasting
from retention.churn.windows import Window, buyers, choose_horizon, make_windows, purchase_gaps, window_days
from retention.features.expressions import RawTable, Shop
from retention.features.raw import NAMES as RAW
from retention.report import Fitted, Readiness
from retention.types import CustomerId, EventKind
from retention.value.model import GammaGamma, ValueModel, bought

LEAST_PURCHASES = 30
"""In a window, for its difference to count."""
SEASON = 0.15
"""How far, in logarithms, seasons move purchases and what is spent on each."""
SPEND_STARTS = ((0.0, 0.0, 0.0), (1.0, 1.0, 0.0), (0.5, 1.0, 2.0))
"""Logarithms of (shape, tail - 1, scale), money measured in its mean."""
OUTLIER = 0.995
"""Means beyond this quantile are taken for it in the fit: one wholesaler must not shape everybody's curve."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the customers of a window did in it; shape (customers,) each."""

    purchases: Floats
    spend: Floats
    """Minor units."""

    @classmethod
    def of(cls, events: pa.Table, customers: tuple[CustomerId, ...], start: int, end: int) -> Outcome:
        """Count it in a history's events."""
        at = events.column("at")
        inside = pc.and_(pc.greater_equal(at, start), pc.less(at, end))
        kind = pc.equal(events.column("kind"), EventKind.PURCHASE.value)
        rows = events.filter(pc.and_(inside, kind)).select(["customer", "at", "amount"])
        day = pc.cast(pc.divide(rows.column("at"), DAY), pa.int64())
        sums = (
            rows.append_column("day", day)
            .group_by("customer")
            .aggregate([("day", "count_distinct"), ("amount", "sum")])
        )
        place = pc.index_in(
            pa.array(customers, pa.string()), value_set=sums.column("customer").combine_chunks()
        )
        found = pc.fill_null(place, -1).to_numpy().astype(np.int64)
        days = np.append(sums.column("day_count_distinct").to_numpy(), 0).astype(np.float64)
        spent = np.append(pc.fill_null(sums.column("amount_sum"), 0).to_numpy(), 0).astype(np.float64)
        return cls(days[found], spent[found])


def fit(checked: Checked, shop: Shop, *, seed: int, horizon_days: int | None = None) -> Fitted[ValueModel]:
    """Fit on everything before `checked.now`, levelled by what past windows had more or less than expected.

    Args:
        horizon_days: None takes it from the shop's own gaps between purchases.
    """
    first, gaps = purchase_gaps(checked)
    now = to_micros(checked.now)
    span = (now - first) / DAY if first else 0.0
    horizon = horizon_days or choose_horizon(gaps, span)
    table = buyers(shop, now) if first else RawTable((), np.zeros((0, len(RAW)), np.int64))
    kept = np.array([name not in checked.dominant for name in table.customers], bool)
    model, notes = _fit_table(table.values[kept], horizon, checked.currency, seed)
    days = window_days(horizon, span)
    windows = make_windows(shop, first, now, days, checked.dominant) if first else []
    outcomes = [Outcome.of(checked.history.events, one.customers, one.moment, one.end) for one in windows]
    metrics = _judge(windows, outcomes, checked.currency, seed)
    often, much = _levels(windows, outcomes, checked.currency, seed)
    ready = _readiness(table.values[kept], notes)
    return Fitted(
        model=replace(model, often=often, much=much), metrics=metrics, notes=tuple(notes), readiness=(ready,)
    )


def _fit_table(
    table: Ints, horizon: int, currency: str | None, seed: int, known: PurchaseProcess | None = None
) -> tuple[ValueModel, list[str]]:
    counts, (purchases, mean) = Counts.of(table), bought(table)
    notes = []
    fitted = known or bgnbd.fit(counts, seed=seed)
    if fitted is None:
        notes.append("value: BG/NBD has too few repeat purchases or did not converge; one rate for everybody")
    process = fitted or _one_rate(counts)
    spend = None
    if (mean > 0).any():
        spend = fit_spend(purchases, mean, seed=seed)
        if spend is None:
            notes.append("value: Gamma-Gamma has too few customers or did not converge; means drawn together")
            spend = drawn_to(float(mean[mean > 0].mean()))
    elif len(table):
        notes.append("value: the history holds no amounts; purchases are foretold, spend is not")
    model = ValueModel(
        horizon_days=horizon, process=process, spend=spend, currency=currency, alike=fitted is None
    )
    return model, notes


def fit_spend(purchases: Floats, mean: Floats, *, seed: int = 0) -> GammaGamma | None:
    """Gamma-Gamma by maximum likelihood; None where there is too little money or no start converges.

    Args:
        purchases: of each customer, shape (customers,).
        mean: spend on each of them, minor units; 0 where none is known.
    """
    from scipy.special import gammaln

    paid = mean > 0
    if paid.sum() < bgnbd.LEAST_CUSTOMERS:
        return None
    chosen = np.flatnonzero(paid)[bgnbd.sampled(int(paid.sum()), seed)]
    n, money = purchases[chosen], mean[chosen]
    unit = float(money.mean())
    scaled = np.minimum(money, np.quantile(money, OUTLIER)) / unit

    def loss(logarithms: Floats) -> float:
        p, q, v = np.exp(logarithms)
        q += 1
        likelihood = (
            gammaln(p * n + q)
            - gammaln(p * n)
            - gammaln(q)
            + q * np.log(v)
            + (p * n - 1) * np.log(scaled)
            + p * n * np.log(n)
            - (p * n + q) * np.log(v + n * scaled)
        )
        return float(-likelihood.mean() + bgnbd.PENALTY * (logarithms**2).sum())

    best = bgnbd.optimum(loss, SPEND_STARTS)
    if best is None:
        return None
    shape, tail, scale = np.exp(best).tolist()
    return GammaGamma(shape=shape, tail=1 + tail, scale=scale * unit)


def drawn_to(mean: float) -> GammaGamma:
    """What stands in for a fit: the own mean, with three imagined purchases of everybody's `mean`."""
    return GammaGamma(shape=1.0, tail=4.0, scale=3 * mean)


def _one_rate(counts: Counts) -> PurchaseProcess:
    """Nearly the same rate for everybody, and hardly anybody leaves: what stands in for BG/NBD."""
    rate = (float(counts.repeats.sum()) + 0.5) / (float(counts.age.sum()) + 30.0)
    return PurchaseProcess(shape=1.0, scale=1.0 / rate, leave=0.01, stay=1.0)


def _levels(
    windows: list[Window], outcomes: list[Outcome], currency: str | None, seed: int
) -> tuple[float, float]:
    """What to multiply purchases, and spend on each, by."""
    often, much = [], []
    for window, outcome in zip(windows, outcomes, strict=True):
        total = outcome.purchases.sum()
        if total < LEAST_PURCHASES:
            continue
        model = _as_of(window, currency, seed)
        expected = model.purchases(window.raw)
        often.append(float(np.log(total / max(expected.sum(), 1e-9))))
        worth = float((expected * model.per_purchase(window.raw)).sum() / max(expected.sum(), 1e-9))
        if worth > 0 and outcome.spend.sum() > 0:
            much.append(float(np.log(outcome.spend.sum() / total / worth)))
    return float(np.exp(lasting(often, SEASON))), float(np.exp(lasting(much, SEASON)))


def _as_of(window: Window, currency: str | None, seed: int) -> ValueModel:
    return _fit_table(window.raw, round(window.days), currency, seed, window.process)[0]


def _judge(
    windows: list[Window], outcomes: list[Outcome], currency: str | None, seed: int
) -> dict[str, float]:
    """Errors in the last window, by a model of what came before it."""
    if not windows:
        return {}
    last, outcome = windows[-1], outcomes[-1]
    before = [(one, done) for one, done in zip(windows, outcomes, strict=True) if one.end <= last.moment]
    often, much = _levels([one for one, _ in before], [done for _, done in before], currency, seed)
    model = replace(_as_of(last, currency, seed), often=often, much=much)
    return judge(model, last.raw, outcome)


def judge(model: ValueModel, table: Ints, outcome: Outcome) -> dict[str, float]:
    """Errors per customer, and of the total: of purchases, and of spend in minor units."""
    purchases, value = model.purchases(table), model.value(table)
    return {
        "value_customers": float(len(table)),
        "value_purchases_mae": float(np.abs(purchases - outcome.purchases).mean()),
        "value_purchases_rmse": float(np.sqrt(((purchases - outcome.purchases) ** 2).mean())),
        "value_purchases_total": float(purchases.sum() / max(outcome.purchases.sum(), 1e-9)),
        "value_spend_mae": float(np.abs(value - outcome.spend).mean()),
        "value_spend_rmse": float(np.sqrt(((value - outcome.spend) ** 2).mean())),
        "value_spend_total": float(value.sum() / max(outcome.spend.sum(), 1e-9)),
    }


def _readiness(table: Ints, notes: list[str]) -> Readiness:
    repeaters = int((Counts.of(table).repeats > 0).sum())
    return Readiness(
        model="value",
        enough=not notes,
        found=f"{len(table)} customers, {repeaters} of whom bought again",
        needed=f"{bgnbd.LEAST_CUSTOMERS} customers with amounts, {bgnbd.LEAST_REPEATERS} of whom bought again",
        fallback="one rate for everybody, and means drawn together" if notes else "",
    )
