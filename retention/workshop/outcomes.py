"""Models of churn and value, their parts and plain methods, on a later window of a shop's log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from kernel.arrays import Bools, Floats, Ints
from kernel.console import Progress, quiet
from kernel.intervals import wilson
from kernel.times import DAY, from_micros, to_micros
from retention import metrics
from retention.checks import Checked, check
from retention.churn import calibration, logistic
from retention.churn import fit as churn_fit
from retention.churn.bands import CAPACITY
from retention.churn.bgnbd import Counts
from retention.churn.model import ChurnModel
from retention.churn.windows import Window, make_window, make_windows, purchase_gaps
from retention.errors import HistoryError
from retention.features.expressions import Shop
from retention.features.raw import NAMES as RAW
from retention.history import History
from retention.metrics import Mean
from retention.threads import one_thread
from retention.value import fit as value_fit
from retention.value.fit import Outcome
from retention.value.model import bought

LIUKE = "Liuke"
STEPS = 100
"""Points of a lift curve: one for each per cent of the customers."""
BINS = 10
"""Of a calibration curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnSplit:
    """Who had bought before the cut, and who was silent from then until the end of the window."""

    cut: datetime
    days: int
    past: Checked
    window: Window
    outcome: Outcome
    """What the customers of the window bought and spent in it."""
    model: ChurnModel
    """Fitted on what was known at the cut."""
    learned: tuple[Window, ...]
    """The windows before the cut that it, and everything beside it, learns from."""
    notes: tuple[str, ...]
    capacity: float = CAPACITY
    """Whom the staff can look after: below 1 a share of the customers still active, else a number of them."""

    @classmethod
    def of(
        cls,
        history: History,
        cut: datetime,
        days: int,
        *,
        seed: int,
        capacity: float = CAPACITY,
    ) -> ChurnSplit:
        """Fit before the cut, and look at the `days` after it.

        Args:
            capacity: see the field.

        Raises:
            HistoryError: nobody had bought before the cut, or all or none of them left.
        """
        moment = to_micros(cut)
        past = check(history.before(moment), cut)
        end = moment + days * DAY
        whole = check(history.before(end), from_micros(end)).history
        with one_thread():
            shop = Shop(past.history)
            fitted = churn_fit.fit(past, shop, seed=seed, horizon_days=days)
            window = make_window(Shop(whole), moment, end).without(past.dominant)
            first, _ = purchase_gaps(past)
            learned = make_windows(shop, first, moment, fitted.model.window_days, past.dominant)
        if not window.left.any() or window.left.all():
            raise HistoryError(
                f"of the customers before {cut:%Y-%m-%d} all or none left in {days} days: nothing can be judged"
            )
        return cls(
            cut=cut,
            days=days,
            past=past,
            window=window,
            outcome=Outcome.of(whole.events, window.customers, moment, end),
            model=fitted.model,
            learned=tuple(one for one in learned if one.enough),
            notes=(*fitted.notes, *(str(one) for one in fitted.readiness if not one.enough)),
            capacity=capacity,
        )

    @property
    def active(self) -> Bools:
        """Who had bought within as many days before the cut: the long-gone make any AUC look good."""
        recent: Bools = self.window.column("recency") <= self.days * DAY
        return recent

    @property
    def reached(self) -> int:
        """How many of those still active the staff can look after; one at least, where anybody is."""
        active = int(self.active.sum())
        wanted = int(active * self.capacity) if self.capacity < 1 else int(self.capacity)
        return min(max(wanted, 1), active)

    def carried(self, probability: Floats) -> Floats:
        """From the windows that were learned from to the days asked about, each day being alike."""
        result: Floats = np.power(probability, self.days / self.model.window_days)
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedChurn:
    """How well one method foretold who left."""

    model: str
    probability: Floats
    """Of each customer of the window."""
    auc: Mean
    """Among all; 95 % by DeLong."""
    auc_active: Mean
    """Among those still active; likewise."""
    precision_at_capacity: Mean
    """The share that left among as many of those still active, most at risk first, as the staff can look after;
    95 % by Wilson."""
    average_precision: float
    brier: float
    calibration_error: float
    mean_probability: float
    settings: str = ""


@dataclass(slots=True)
class ChurnComparison:
    """What was judged on one window, and what could not be."""

    split: ChurnSplit
    judged: list[JudgedChurn] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def judge_churn(split: ChurnSplit, progress: Progress = quiet) -> ChurnComparison:
    """The model as it is served, each of its parts alone, and plain logistic regression on R, F and M."""
    done = ChurnComparison(split, notes=list(split.notes))
    model, window = split.model, split.window
    if not model.fitted:
        done.notes.append("churn: there was too little data for a model, so there is nothing to judge")
        return done
    progress("judging who leaves", 0.0)
    blend = model.probabilities(window.raw, split.days)
    done.judged.append(judge(LIUKE, split, blend))
    for name, log_odds in _parts(split).items():
        shifted = log_odds + calibration.shift_to(log_odds, float(blend.mean()))
        done.judged.append(judge(f"{name} alone", split, 1 / (1 + np.exp(-shifted))))
    plain = recency_frequency_money(split)
    if plain is not None:
        done.judged.append(judge("RFM, logistic regression", split, plain))
    progress("judged who leaves", 1.0)
    return done


def judge(name: str, split: ChurnSplit, probability: Floats, settings: str = "") -> JudgedChurn:
    """All measures of one method's probabilities for `split.window`."""
    left, active = split.window.left, split.active
    return JudgedChurn(
        model=name,
        probability=probability,
        auc=_auc(left, probability),
        auc_active=_auc(left[active], probability[active]),
        precision_at_capacity=_precision(left[active], probability[active], split.reached),
        average_precision=metrics.average_precision(left, probability),
        brier=metrics.brier(left, probability),
        calibration_error=metrics.calibration_error(left, probability),
        mean_probability=float(probability.mean()),
        settings=settings,
    )


def _auc(left: Bools, probability: Floats) -> Mean:
    return Mean(metrics.auc(left, probability), *metrics.auc_interval(left, probability))


def _precision(left: Bools, probability: Floats, reached: int) -> Mean:
    """The share that left among the first so many; 0, between 0 and 1, where there is nobody."""
    worst = np.argsort(-probability, kind="stable")[:reached]
    hits = int(left[worst].sum())
    return Mean(hits / len(worst) if len(worst) else 0.0, *wilson(hits, len(worst)))


def _parts(split: ChurnSplit) -> dict[str, Floats]:
    """The log-odds that each part of the blend gives, where it was fitted."""
    model, window = split.model, split.window
    rows = model.features(window.raw)
    found: dict[str, Floats] = {}
    if model.process is not None:
        found["BG/NBD"] = model.process.log_odds(Counts.of(window.raw), split.days)
    if model.linear is not None:
        found["logistic regression"] = model.linear.predict(rows)
    if model.trees is not None:
        found["boosted trees"] = model.trees.predict(rows)
    return found


def recency_frequency_money(split: ChurnSplit) -> Floats | None:
    """Logistic regression on the logarithms of recency, frequency and money, as in any textbook."""
    if not split.learned:
        return None
    rows = np.concatenate([_rfm(one.raw) for one in split.learned])
    left = np.concatenate([one.left for one in split.learned])
    groups = np.concatenate([logistic.fold_of(one.customers, 0) for one in split.learned])
    fitted = logistic.fit(rows, left, groups)
    if fitted is None:
        return None
    return split.carried(1 / (1 + np.exp(-fitted.predict(_rfm(split.window.raw)))))


def _rfm(raw: Ints) -> Floats:
    recency, days, money = (raw[:, RAW.index(one)] for one in ("recency", "purchase_days", "money"))
    return np.column_stack(
        [np.log1p(np.maximum(recency, 0) / DAY), np.log1p(days), np.log1p(np.maximum(money, 0) / 100)]
    )


# --- curves -----------------------------------------------------------------------------------------------


def groups(done: ChurnComparison) -> dict[str, Bools]:
    """Whom the curves are drawn for: all customers of the window, and those still active; shape (customers,)."""
    return {"all": np.ones(len(done.split.window.left), dtype=bool), "active": done.split.active}


def lift(left: Bools, probability: Floats) -> list[dict[str, Any]]:
    """What is found among so many customers, most at risk first, at each per cent of them; empty where nobody left.

    `left` are those found, `recall` their share of all who left, `lift` how many times as many as at random.

    Args:
        left: shape (customers,), as is `probability`.
    """
    whole, all_of_them = len(left), int(left.sum())
    if not all_of_them:
        return []
    found = np.cumsum(left[np.argsort(-probability, kind="stable")])
    reached = np.unique(np.ceil(np.arange(1, STEPS + 1) / STEPS * whole - 1e-9).astype(int))
    return [
        {
            "share": count / whole,
            "customers": count,
            "left": int(found[count - 1]),
            "precision": int(found[count - 1]) / count,
            "recall": int(found[count - 1]) / all_of_them,
            "lift": int(found[count - 1]) / count / float(left.mean()),
        }
        for count in reached.tolist()
    ]


def calibration_curve(left: Bools, probability: Floats) -> list[dict[str, Any]]:
    """In each tenth of the customers by the foretold probability, lowest first: its mean (`said`), and the share that
    left (`came`) with its 95 % interval by Wilson (`low`, `high`); shape (customers,) both."""
    rows = []
    for part in np.array_split(np.argsort(probability, kind="stable"), BINS):
        if len(part):
            low, high = wilson(int(left[part].sum()), len(part))
            said, came = float(probability[part].mean()), float(left[part].mean())
            rows.append({"customers": len(part), "said": said, "came": came, "low": low, "high": high})
    return rows


# --- value ------------------------------------------------------------------------------------------------


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
    with one_thread():
        fitted = value_fit.fit(split.past, Shop(split.past.history), seed=seed, horizon_days=split.days)
    raw = split.window.raw
    purchases = fitted.model.purchases(raw, split.days)
    if fitted.model.spend is None:
        return []
    counts = Counts.of(raw)
    often, mean = bought(raw)
    rate = often / np.maximum(counts.age, 1.0) * split.days
    return [
        value_result(LIUKE, split.outcome, purchases, purchases * fitted.model.per_purchase(raw)),
        value_result("own rate and mean so far", split.outcome, rate, rate * mean),
    ]


def value_result(
    name: str, outcome: Outcome, purchases: Floats, spend: Floats, settings: str = ""
) -> JudgedValue:
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
