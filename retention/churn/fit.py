"""Fits the churn model on windows of the shop's past and judges it on the last."""

from __future__ import annotations

import warnings
import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from retention import metrics
from retention.checks import Checked
from retention.churn.model import BASE_HORIZON_DAYS, BASE_RATE, ChurnModel
from retention.features.derived import derive
from retention.features.expressions import RawTable, Shop
from retention.features.raw import NAMES as RAW
from retention.features.raw import Shelf
from retention.report import Readiness
from retention.times import DAY, to_micros
from retention.types import EventKind

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GAP_QUANTILE = 0.9
"""The horizon is the gap that nine of ten gaps between purchases stay below, in whole weeks."""
HORIZON_LEAST, HORIZON_MOST = 14, 180
MOST_WINDOWS = 4
LEAST_CUSTOMERS = 50
LEAST_OF_A_LABEL = 10
STRENGTHS = (0.003, 0.03, 0.3)
"""The values of C (the inverse of the L2 penalty) among which cross-validation chooses."""
FOLDS = 4
BAND_SHARES = (0.5, 0.8)
"""Of the customers who still buy, half are at low risk and a fifth at high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A churn model, how it did, and what it had to do without."""

    model: ChurnModel
    metrics: dict[str, float]
    notes: tuple[str, ...]
    readiness: tuple[Readiness, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """Customers as of a moment, and whether they were silent for the horizon after it."""

    moment: int
    customers: tuple[str, ...]
    raw: NDArray[np.int64]
    left: Bools

    def column(self, name: str) -> NDArray[np.int64]:
        """A raw feature, shape (customers,)."""
        column: NDArray[np.int64] = self.raw[:, RAW.index(name)]
        return column


def fit(checked: Checked, shop: Shop, *, seed: int, horizon_days: int | None = None) -> Fitted:
    """Fit on the windows before the last, judge on the last, then fit on all of them.

    Args:
        horizon_days: None takes it from the shop's own gaps between purchases.
    """
    first, gaps = _rhythm(checked)
    now = to_micros(checked.now)
    usual = float(np.median(gaps)) if len(gaps) else 30.0
    horizon = horizon_days or choose_horizon(gaps, (now - first) / DAY if first else 0.0)
    plain = ChurnModel(
        horizon_days=horizon,
        base_rate=BASE_RATE,
        usual_gap=usual,
        currency=checked.currency,
        shelf=_shelf(checked),
    )
    windows = make_windows(shop, first, now, horizon) if first else []
    usable = [one for one in windows if _enough(one.left)]
    if not usable:
        rate = _smoothed_rate(windows)
        found = len(windows[-1].left) if windows else 0
        note = (
            f"churn: {found} customers with a known outcome over {horizon} days; {LEAST_CUSTOMERS} with "
            f"at least {LEAST_OF_A_LABEL} of each outcome needed; everybody has the base rate {rate:.2f}"
        )
        return Fitted(model=_with(plain, base_rate=rate), metrics={"churn_base_rate": rate}, notes=(note,))
    judged, notes = _judge(plain, usable, seed)
    model = _fit_windows(plain, usable, seed)
    if model is None:
        rate = _smoothed_rate(usable)
        notes.append(f"churn: the fit did not converge; everybody has the base rate {rate:.2f}")
        return Fitted(model=_with(plain, base_rate=rate), metrics=judged, notes=tuple(notes))
    model = _with(model, bands=_bands(model, shop, now))
    return Fitted(model=model, metrics=judged, notes=tuple(notes))


def choose_horizon(gaps: Floats, span_days: float) -> int:
    """Days after which silence means something, in whole weeks: the 90 % point of the gaps between purchases.

    Never more than a third of the history, so that there is a window to learn from and one to judge on.
    """
    wanted = float(np.quantile(gaps, GAP_QUANTILE)) if len(gaps) >= LEAST_CUSTOMERS else BASE_HORIZON_DAYS
    if not span_days:
        return BASE_HORIZON_DAYS
    most = min(max(span_days / 3, HORIZON_LEAST), HORIZON_MOST)
    return int(np.clip(wanted, HORIZON_LEAST, most) // 7 * 7)


def make_windows(shop: Shop, first: int, now: int, horizon: int) -> list[Window]:
    """Windows with a known outcome, oldest first.

    The last ends now, and each begins half a horizon before the next. All but the last also end before the
    last begins, so that it can judge them.
    """
    length = horizon * DAY
    last = now - length
    moments = [last]
    moment = last - length
    while moment > first + length // 2 and len(moments) < MOST_WINDOWS:
        moments.append(moment)
        moment -= length // 2
    if last <= first:
        return []
    return [make_window(shop, moment, moment + length) for moment in reversed(moments)]


def make_window(shop: Shop, moment: int, end: int) -> Window:
    """Customers who had bought before `moment`, and whether they didn't from then until `end`."""
    table = RawTable.of(shop, moment)
    stayed = shop.buyers_between(moment, end)
    rows = np.flatnonzero(table.values[:, RAW.index("purchase_days")] > 0)
    customers = tuple(table.customers[row] for row in rows)
    left = np.array([customer not in stayed for customer in customers], dtype=bool)
    return Window(moment, customers, table.values[rows], left)


# --- fitting ----------------------------------------------------------------------------------------------


def _fit_windows(plain: ChurnModel, windows: list[Window], seed: int) -> ChurnModel | None:
    """Choose the penalty by cross-validation, fit, and calibrate on the latest window.

    No customer is on both sides of a fold, and with several windows the score is taken on the latest one
    alone: that is the one most like the future.
    """
    rows = derive(np.concatenate([one.raw for one in windows]), plain.usual_gap)
    left = np.concatenate([one.left for one in windows])
    groups = np.concatenate([_group(one.customers, seed) for one in windows])
    latest = np.concatenate([np.full(len(one.left), one is windows[-1]) for one in windows])
    means, spread = rows.mean(axis=0), rows.std(axis=0)
    scales = np.where(spread > 1e-9, spread, np.inf)
    standard = np.clip((rows - means) / scales, -6.0, 6.0)
    best: tuple[float, float, Floats] | None = None
    for strength in STRENGTHS:
        held_out = _held_out(standard, left, groups, strength)
        if held_out is None:
            continue
        loss = _log_loss(left[latest], held_out[latest])
        if best is None or loss < best[0]:
            best = (loss, strength, held_out)
    if best is None:
        return None
    _, strength, held_out = best
    fitted = _logistic(standard, left, strength)
    if fitted is None:
        return None
    slope, shift = _calibration(held_out[latest], left[latest])
    return _with(
        plain,
        base_rate=float(left[latest].mean()),
        intercept=float(shift + slope * fitted[0]),
        weights=slope * fitted[1],
        means=means,
        scales=scales,
    )


def _held_out(standard: Floats, left: Bools, groups: NDArray[np.int64], strength: float) -> Floats | None:
    """Log-odds of every row by a model that has not seen its customer."""
    found = np.zeros(len(left))
    for fold in range(FOLDS):
        mine = groups == fold
        fitted = _logistic(standard[~mine], left[~mine], strength)
        if fitted is None:
            return None
        found[mine] = fitted[0] + standard[mine] @ fitted[1]
    return found


def _logistic(rows: Floats, label: Bools, strength: float) -> tuple[float, Floats] | None:
    """Intercept and weights of a logistic regression; None when it has one label only or doesn't converge."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if label.all() or not label.any():
        return None
    model: Any = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=100)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(rows, label)
        except (ConvergenceWarning, ValueError, np.linalg.LinAlgError):
            return None
    weights = np.asarray(model.coef_[0], np.float64)
    return (float(model.intercept_[0]), weights) if np.isfinite(weights).all() else None


def _calibration(log_odds: Floats, left: Bools) -> tuple[float, float]:
    """Slope and shift of Platt's scaling on log-odds of customers the model had not seen.

    The identity when there is too little to tell, or when the slope would turn the order around.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    if not _enough(left):
        return 1.0, 0.0
    fitted = _logistic(log_odds[:, None], left, 1e3)
    if fitted is None or fitted[1][0] <= 0:
        return 1.0, 0.0
    return float(fitted[1][0]), fitted[0]


def _group(customers: tuple[str, ...], seed: int) -> NDArray[np.int64]:
    """A customer's fold, the same in every window."""
    return np.array([zlib.crc32(f"{seed}:{one}".encode()) % FOLDS for one in customers], np.int64)


def _log_loss(label: Bools, log_odds: Floats) -> float:
    return float(np.logaddexp(0, np.where(label, -log_odds, log_odds)).mean())


# --- judging ----------------------------------------------------------------------------------------------


def _judge(plain: ChurnModel, windows: list[Window], seed: int) -> tuple[dict[str, float], list[str]]:
    """Metrics on the last window by a model of the earlier ones."""
    *earlier, last = windows
    model = _fit_windows(plain, earlier, seed) if earlier else None
    if model is None:
        note = (
            "churn: the history has one window with an outcome only; the model is not judged on a later one"
        )
        return {"churn_customers": float(len(last.left))}, [note]
    return judge(model, last), []


def judge(model: ChurnModel, window: Window) -> dict[str, float]:
    """How well a model foretold a window: ranking, calibration, and ranking among those still active."""
    probability = model.probabilities(window.raw)
    active = window.column("recency") <= model.horizon_days * DAY
    return {
        "churn_customers": float(len(window.left)),
        "churn_share": float(window.left.mean()),
        "churn_auc": metrics.auc(window.left, probability),
        "churn_auc_active": metrics.auc(window.left[active], probability[active]),
        "churn_average_precision": metrics.average_precision(window.left, probability),
        "churn_brier": metrics.brier(window.left, probability),
        "churn_calibration_error": metrics.calibration_error(window.left, probability),
        "churn_mean_probability": float(probability.mean()),
    }


def _bands(model: ChurnModel, shop: Shop, now: int) -> tuple[float, float]:
    """The risks at which medium and high begin, among those who bought within two horizons."""
    table = RawTable.of(shop, now).values
    recency, days = table[:, RAW.index("recency")], table[:, RAW.index("purchase_days")]
    active = table[(days > 0) & (recency <= 2 * model.horizon_days * DAY)]
    if len(active) < LEAST_CUSTOMERS:
        return model.bands
    medium, high = np.quantile(model.probabilities(active), BAND_SHARES)
    return float(medium), float(max(high, medium))


# --- the data ---------------------------------------------------------------------------------------------


def _rhythm(checked: Checked) -> tuple[int, Floats]:
    """The first purchase (microseconds; 0 if none), and all gaps in days between days with a purchase."""
    events = checked.history.events
    bought = events.filter(pc.equal(events.column("kind"), EventKind.PURCHASE.value))
    if not bought.num_rows:
        return 0, np.zeros(0)
    at = bought.column("at").to_numpy()
    names = pc.unique(bought.column("customer"))
    users = pc.index_in(bought.column("customer"), value_set=names).to_numpy().astype(np.int64)
    pairs = np.unique(np.stack([users, at // DAY]), axis=1)
    same = pairs[0, 1:] == pairs[0, :-1]
    return int(at.min()), (pairs[1, 1:] - pairs[1, :-1])[same].astype(np.float64)


def _shelf(checked: Checked) -> Shelf:
    products: pa.Table = checked.history.products
    names = products.column("product").to_pylist()
    categories = products.column("category").to_pylist()
    prices = products.column("list_price").to_pylist()
    return Shelf(
        category={name: one for name, one in zip(names, categories, strict=True) if one is not None},
        list_price={name: one for name, one in zip(names, prices, strict=True) if one is not None},
    )


def _enough(left: Bools) -> bool:
    return (
        len(left) >= LEAST_CUSTOMERS and LEAST_OF_A_LABEL <= int(left.sum()) <= len(left) - LEAST_OF_A_LABEL
    )


def _smoothed_rate(windows: list[Window]) -> float:
    """The share who left in the latest window, with two imagined customers, one of each kind."""
    if not windows:
        return BASE_RATE
    left = windows[-1].left
    return float((left.sum() + 1) / (len(left) + 2))


def _with(model: ChurnModel, **changes: Any) -> ChurnModel:
    return replace(model, **changes)
