"""The churn model, its parts and plain methods on a later window of a shop's log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from retention import metrics
from retention.checks import Checked, check
from retention.churn import calibration, logistic
from retention.churn import fit as churn_fit
from retention.churn.model import ChurnModel
from retention.churn.rhythm import Counts
from retention.churn.windows import Window, make_window, make_windows, rhythm_of
from retention.errors import HistoryError
from retention.evaluation.rankings import Mean, Z
from retention.evaluation.splits import before
from retention.features.expressions import Shop
from retention.features.raw import NAMES as RAW
from retention.history import History
from retention.rates import wilson
from retention.times import DAY, from_micros, to_micros
from retention.value.fit import Outcome

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LIUKE = "Liuke"


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
    capacity: float = churn_fit.CAPACITY
    """Whom the staff can look after: below 1 a share of the customers still active, else a number of them."""

    @classmethod
    def of(
        cls,
        history: History,
        cut: datetime,
        days: int,
        *,
        seed: int,
        capacity: float = churn_fit.CAPACITY,
    ) -> ChurnSplit:
        """Fit before the cut, and look at the `days` after it.

        Args:
            capacity: see the field.

        Raises:
            HistoryError: nobody had bought before the cut, or all or none of them left.
        """
        moment = to_micros(cut)
        past = check(before(history, moment), cut)
        end = moment + days * DAY
        whole = check(before(history, end), from_micros(end)).history
        with threadpool_limits(1):
            shop = Shop(past.history)
            fitted = churn_fit.fit(past, shop, seed=seed, horizon_days=days)
            window = make_window(Shop(whole), moment, end)
            first, _ = rhythm_of(past)
            learned = make_windows(shop, first, moment, fitted.model.window_days, past.dominant)
        if past.dominant:
            window = window.only(np.array([name not in past.dominant for name in window.customers], bool))
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
    precision: Mean
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


def judge_churn(
    split: ChurnSplit, progress: Callable[[str, float], None] = lambda step, share: None
) -> ChurnComparison:
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
        precision=_precision(left[active], probability[active], split.reached),
        average_precision=metrics.average_precision(left, probability),
        brier=metrics.brier(left, probability),
        calibration_error=metrics.calibration_error(left, probability),
        mean_probability=float(probability.mean()),
        settings=settings,
    )


def _auc(left: Bools, probability: Floats) -> Mean:
    return Mean(metrics.auc(left, probability), *auc_interval(left, probability))


def _precision(left: Bools, probability: Floats, reached: int) -> Mean:
    """The share that left among the first so many; 0, between 0 and 1, where there is nobody."""
    worst = np.argsort(-probability, kind="stable")[:reached]
    hits = int(left[worst].sum())
    return Mean(hits / len(worst) if len(worst) else 0.0, *wilson(hits, len(worst)))


def auc_interval(label: Bools, score: Floats) -> tuple[float, float]:
    """95 % by the placements of each positive among the negatives and the other way round.

    Source: DeLong, DeLong, Clarke-Pearson, "Comparing the areas under two or more correlated receiver
    operating characteristic curves", Biometrics 44, 1988.
    """
    positives, negatives = score[label], score[~label]
    if len(positives) < 2 or len(negatives) < 2:
        return 0.0, 1.0
    above = _placements(positives, negatives)
    below = 1 - _placements(negatives, positives)
    variance = above.var(ddof=1) / len(positives) + below.var(ddof=1) / len(negatives)
    half = Z * float(np.sqrt(variance))
    return max(float(above.mean()) - half, 0.0), min(float(above.mean()) + half, 1.0)


def _placements(these: Floats, those: Floats) -> Floats:
    """For each of these, the share of those below it, ties counting half."""
    order = np.sort(those)
    less = np.searchsorted(order, these, side="left")
    no_more = np.searchsorted(order, these, side="right")
    result: Floats = (less + no_more) / (2 * len(those))
    return result


def _parts(split: ChurnSplit) -> dict[str, Floats]:
    """The log-odds that each part of the blend gives, where it was fitted."""
    model, window = split.model, split.window
    rows = model.features(window.raw)
    found: dict[str, Floats] = {}
    if model.rhythm is not None:
        found["BG/NBD"] = model.rhythm.log_odds(Counts.of(window.raw), split.days)
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


def _rfm(raw: NDArray[np.int64]) -> Floats:
    recency, days, money = (raw[:, RAW.index(one)] for one in ("recency", "purchase_days", "money"))
    return np.column_stack(
        [np.log1p(np.maximum(recency, 0) / DAY), np.log1p(days), np.log1p(np.maximum(money, 0) / 100)]
    )
