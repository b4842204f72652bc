"""Fits the churn model on windows of the shop's past and judges it on the last."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pyarrow as pa

from kernel.arrays import Floats, Ints
from kernel.times import DAY, to_micros
from retention import metrics
from retention.checks import Checked
from retention.churn import bgnbd, calibration, level, logistic, season, trees
from retention.churn.bands import CAPACITY, Bands, places
from retention.churn.bgnbd import Counts, PurchaseProcess
from retention.churn.model import BASE_RATE, ChurnModel
from retention.churn.windows import (
    LEAST_CUSTOMERS,
    LEAST_OF_A_LABEL,
    Window,
    as_of,
    buyers,
    choose_horizon,
    make_windows,
    purchase_gaps,
    untreated,
    usual_gap,
    window_days,
)
from retention.features.expressions import RawTable, Shop
from retention.features.raw import NAMES as RAW
from retention.features.raw import ProductInfo
from retention.report import Fitted, Readiness

BAND_SHARES = (0.5, 0.8)
"""Of the customers who still buy, half are at low risk; a fifth would be at high if probability alone decided."""
CLEAR_GAIN = 0.005
"""In log loss on a later window: less than this is no ground for unequal shares."""
EQUAL = (0.0, 0.5, 0.5)
YEAR_AGO_LEAST = 60
"""Days of history before the same season of a year ago."""
STEEPER, MOST_LONGER = 0.05, 2.0
"""By how much customers' log-odds lie further apart for each window's length that the horizon is longer: chance evens
out. On simulated shops and cuts of the gift shop the best is 0.05 to 0.07 (decision 0028)."""
_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
_GRID = tuple((a, b, c) for a, b, c in product(_STEPS, repeat=3) if a + b + c == 1)


def fit(checked: Checked, shop: Shop, *, seed: int, horizon_days: int | None = None) -> Fitted[ChurnModel]:
    """Fit on the windows before the last, judge on the last, then fit on all of them.

    Args:
        horizon_days: None takes it from the shop's own gaps between purchases.
    """
    first, gaps = purchase_gaps(checked)
    now = to_micros(checked.now)
    span = (now - first) / DAY if first else 0.0
    horizon = horizon_days or choose_horizon(gaps, span)
    plain = ChurnModel(
        horizon_days=horizon,
        window_days=window_days(horizon, span),
        base_rate=BASE_RATE,
        # Of all time, for the windows too: one number for all customers, and serving asks with the same one.
        usual_gap=usual_gap(gaps),
        currency=checked.currency,
        product_info=_product_info(checked),
    )
    windows = make_windows(shop, first, now, plain.window_days, checked.dominant) if first else []
    windows, reached = untreated(windows, checked.history.events)
    usable = [one for one in windows if one.enough]
    table = buyers(shop, now) if first else RawTable((), np.zeros((0, len(RAW)), np.int64))
    unanimous = not usable and any(len(one.left) >= LEAST_CUSTOMERS for one in windows)
    year_ago = _year_ago(shop, first, now, horizon)
    model, notes = (
        (plain, [])
        if unanimous
        else fit_windows(plain, usable, table.values, seed, now=now, year_ago=year_ago)
    )
    if model.level is not None and model.level.caveat:
        notes.append(f"churn: {model.level.caveat}")
    judged, said = _judge(plain, usable, checked, shop, seed)
    if not model.fitted:
        model = replace(model, base_rate=_smoothed_rate(windows, model))
        notes.append(f"churn: everybody has the base rate {model.base_rate:.2f}")
        judged = {"churn_base_rate": model.base_rate}
    else:
        model = _banded(model, table.values)
        judged |= model.level.metrics if model.level else {}
    ready = _readiness(model, windows[-1] if windows else None)
    return Fitted(model=model, metrics=judged, notes=(*reached, *notes, *said), readiness=(ready,))


def fit_windows(
    plain: ChurnModel,
    windows: list[Window],
    table: Ints,
    seed: int,
    *,
    now: int | None = None,
    year_ago: tuple[Counts, float] | None = None,
) -> tuple[ChurnModel, list[str]]:
    """The blend, fitted on windows (oldest first) and levelled for the customers in `table`.

    Args:
        plain: its horizon, window and gap are taken over.
        table: raw features of all buyers at the moment from which on the model is used.
        now: that moment, microseconds; the end of the latest window by default.
        year_ago: the buyers of a year before it, and the share of them who then bought nothing over the horizon.

    Returns:
        The model, and what could not be fitted and what stands in for it.
    """
    process = bgnbd.fit(Counts.of(table), seed=seed) if len(table) else None
    model = replace(plain, process=process)
    notes = []
    if process is None and len(table) >= LEAST_CUSTOMERS:
        notes.append(
            "churn: BG/NBD has too few repeat purchases or did not converge; the blend goes without it"
        )
    if windows:
        shares, slope = _later(model, windows, seed)
        model, said = _parts(replace(model, slope=slope), windows, seed)
        model = _with_shares(model, shares)
        notes += said
    if not model.fitted and process is not None:
        model = replace(model, shares=(1.0, 0.0, 0.0))
        if windows:
            notes.append("churn: BG/NBD stands alone")
    now = now or (windows[-1].end if windows else 0)
    return _levelled(model, windows, table, now, year_ago), notes


# --- the parts --------------------------------------------------------------------------------------------


def _parts(plain: ChurnModel, windows: list[Window], seed: int) -> tuple[ChurnModel, list[str]]:
    """Logistic regression and trees on all the windows' rows.

    No customer is on both sides of a fold, and with several windows the penalty is chosen on the latest one:
    that is the one most like the future.
    """
    rows = np.concatenate(_rows(plain, windows))
    left = np.concatenate([one.left for one in windows])
    groups = np.concatenate([logistic.fold_of(one.customers, seed) for one in windows])
    latest = np.concatenate([np.full(len(one.left), one is windows[-1]) for one in windows])
    silence = (rows.shape[1] - 1,)
    linear = logistic.fit(rows, left, groups, scored=latest, favoured=silence)
    boosted = trees.fit(rows, left, seed=seed, rising=silence)
    notes = []
    if linear is None:
        notes.append("churn: the logistic regression did not converge; the blend goes without it")
    if boosted is None:
        notes.append(f"churn: {trees.lacking(left)}; the blend goes without it")
    return replace(plain, linear=linear, trees=boosted), notes


def _rows(plain: ChurnModel, windows: list[Window]) -> list[Floats]:
    """The features at each window (oldest first), with BG/NBD as it was known then.

    A window where none could be fitted has the one before it, and the first ones none: today's knows how they ended.
    """
    known: PurchaseProcess | None = None
    found = []
    for window in windows:
        known = window.process or known
        found.append(replace(plain, process=plain.process and known).features(window.raw))
    return found


def _with_shares(model: ChurnModel, wanted: tuple[float, float, float]) -> ChurnModel:
    """The shares, where a part is missing in favour of the others."""
    there = (model.process is not None, model.linear is not None, model.trees is not None)
    shares = np.array(wanted) * there
    if not shares.sum():
        shares = np.array([0.0, 1.0, 1.0]) * there
    total = shares.sum()
    first, second, third = (shares / total if total else shares).tolist()
    return replace(model, shares=(first, second, third))


def _later(model: ChurnModel, windows: list[Window], seed: int) -> tuple[tuple[float, float, float], float]:
    """The shares of the blend and its slope, as they do best on the latest window by parts of the windows that
    had ended before it.

    Equal shares of regression and trees, unless others are clearly better; the regression has BG/NBD among
    its features.
    """
    *before, latest = windows
    before = [one for one in before if one.end <= latest.moment]
    if not before or len(latest.left) < calibration.LEAST:
        return EQUAL, 1.0
    earlier, _ = _parts(model, before, seed)
    if earlier.linear is None or earlier.trees is None:
        return EQUAL, 1.0
    rows = _rows(model, windows)[-1]
    parts = np.stack([rows[:, -1], earlier.linear.predict(rows), earlier.trees.predict(rows)])

    def tried(shares: tuple[float, float, float]) -> tuple[float, float]:
        blend = np.array(shares) @ parts
        slope, shift = calibration.platt(blend, latest.left)
        return logistic.log_loss(latest.left, slope * blend + shift), slope

    losses = {shares: tried(shares) for shares in _GRID}
    best = min(losses, key=lambda shares: losses[shares])
    chosen = best if losses[best][0] < losses[EQUAL][0] - CLEAR_GAIN else EQUAL
    return chosen, losses[chosen][1]


# --- the level --------------------------------------------------------------------------------------------


def _levelled(
    model: ChurnModel,
    windows: list[Window],
    table: Ints,
    now: int,
    year_ago: tuple[Counts, float] | None,
) -> ChurnModel:
    """Shifted so that as many are foretold to leave within the horizon as there should be."""
    if not model.fitted:
        return model
    base_rate = float(windows[-1].left.mean()) if windows else model.base_rate
    process, counts = model.process, Counts.of(table)
    if process is not None:
        model = replace(model, usual_process=float(process.log_odds(counts, model.window_days).mean()))
    log_odds, _ = model.log_odds(table)
    ahead = level.Ahead(
        first=now - int(counts.age.max(initial=0.0) * DAY),
        now=now,
        horizon_days=model.horizon_days,
        counts=counts,
        log_odds=log_odds,
        year_ago=year_ago,
    )
    if process is None:
        latest = windows[-1]
        shift = calibration.shift_to(model.log_odds(latest.raw)[0], float(latest.left.mean()))
        return replace(model, shift=shift, base_rate=base_rate, level=level.of_the_latest(latest, ahead))
    found = level.foretell(process, windows, ahead)
    longer = min(max(model.horizon_days / model.window_days - 1, 0.0), MOST_LONGER)
    model = replace(model, slope=model.slope * (1 + STEEPER * longer))
    shift = calibration.shift_to(model.log_odds(table)[0], found.share)
    return replace(model, shift=shift, base_rate=base_rate if windows else found.share, level=found)


def _year_ago(shop: Shop, first: int, now: int, horizon: int) -> tuple[Counts, float] | None:
    """The buyers of a year ago, and the share of them who then bought nothing over the horizon; None where the history
    is too short."""
    moment = now - season.YEAR * DAY
    if not first or moment - first < YEAR_AGO_LEAST * DAY:
        return None
    table, left = as_of(shop, moment, moment + horizon * DAY)
    if len(left) < LEAST_CUSTOMERS or not 0 < left.mean() < 1:
        return None
    return Counts.of(table.values), float(left.mean())


# --- judging ----------------------------------------------------------------------------------------------


def _judge(
    plain: ChurnModel, windows: list[Window], checked: Checked, shop: Shop, seed: int
) -> tuple[dict[str, float], list[str]]:
    """Metrics on the last window by a model of those that had ended before it, from what was known at its moment.

    The window's length alone is today's: it is what is asked, not what is answered.
    """
    if not windows:
        return {}, []
    last = windows[-1]
    earlier = [one for one in windows[:-1] if one.end <= last.moment]
    unseen = "churn: the history has one window with an outcome only; the model is not judged on a later one"
    if not earlier:
        return {"churn_customers": float(len(last.left))}, [unseen]
    first, gaps = purchase_gaps(checked, before=last.moment)
    then = replace(plain, horizon_days=plain.window_days, usual_gap=usual_gap(gaps))
    year_ago = _year_ago(shop, first, last.moment, plain.window_days)
    model, _ = fit_windows(then, earlier, last.raw, seed, now=last.moment, year_ago=year_ago)
    return (
        (judge(model, last), []) if model.fitted else ({"churn_customers": float(len(last.left))}, [unseen])
    )


def judge(model: ChurnModel, window: Window) -> dict[str, float]:
    """How well a model foretold a window: ranking, calibration, and ranking among those still active."""
    days = round(window.days)
    probability = model.probabilities(window.raw, days)
    active = window.column("recency") <= days * DAY
    reached = max(int(active.sum() * CAPACITY), 1)
    worst_first = np.argsort(-probability[active], kind="stable")[:reached]
    return {
        "churn_customers": float(len(window.left)),
        "churn_share": float(window.left.mean()),
        "churn_auc": metrics.auc(window.left, probability),
        "churn_auc_active": metrics.auc(window.left[active], probability[active]),
        "churn_precision_at_capacity": float(window.left[active][worst_first].mean())
        if active.any()
        else 0.0,
        "churn_average_precision": metrics.average_precision(window.left, probability),
        "churn_brier": metrics.brier(window.left, probability),
        "churn_calibration_error": metrics.calibration_error(window.left, probability),
        "churn_mean_probability": float(probability.mean()),
    }


def _banded(model: ChurnModel, table: Ints) -> ChurnModel:
    """With the risks at which medium and high begin among those who bought within the horizon (with the long-gone among
    them, they would begin when it is too late), and with what is at stake where the staff's capacity ends."""
    active = table[table[:, RAW.index("recency")] <= model.horizon_days * DAY]
    if len(active) >= LEAST_CUSTOMERS:
        medium, high = np.quantile(model.probabilities(active), BAND_SHARES)
        model = replace(model, bands=(float(medium), float(max(high, medium))))
    chance = model.probabilities(table)
    found = Bands.drawn(
        chance, model.stakes(table, chance), medium=model.bands[0], places=places(CAPACITY, len(active))
    )
    return replace(model, stake=found.stake)


# --- the data ---------------------------------------------------------------------------------------------


def _readiness(model: ChurnModel, latest: Window | None) -> Readiness:
    customers, gone = (len(latest.left), int(latest.left.sum())) if latest else (0, 0)
    enough = model.linear is not None or model.trees is not None
    standing_in = "BG/NBD" if model.fitted else f"the base rate {model.base_rate:.2f} for everybody"
    return Readiness(
        model="churn",
        enough=enough,
        found=f"{customers} customers with a known outcome over {model.window_days} days, {gone} of whom left",
        needed=f"{LEAST_CUSTOMERS} customers with at least {LEAST_OF_A_LABEL} of each outcome",
        fallback="" if enough else standing_in,
    )


def _product_info(checked: Checked) -> ProductInfo:
    products: pa.Table = checked.history.products
    names = products.column("product").to_pylist()
    categories = products.column("category").to_pylist()
    prices = products.column("list_price").to_pylist()
    return ProductInfo(
        category={name: one for name, one in zip(names, categories, strict=True) if one is not None},
        list_price={name: one for name, one in zip(names, prices, strict=True) if one is not None},
    )


def _smoothed_rate(windows: list[Window], model: ChurnModel) -> float:
    """The share who left in the latest window, with two imagined customers, one of each kind."""
    if not windows:
        return model.base_rate
    left = windows[-1].left
    return float((left.sum() + 1) / (len(left) + 2))
