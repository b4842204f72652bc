"""What can be found out about one log: every model on what came after a cut in time, and the shop's rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kernel.console import Progress
from kernel.times import to_micros
from retention.checks import Checked
from retention.churn.windows import buyers, choose_horizon, horizon_of, purchase_gaps, usual_gap
from retention.errors import HistoryError
from retention.features.expressions import Shop
from retention.history import History
from retention.rates import Activity, Cell, Curve, Ending, Kind, Rate, cohorts, rates, survival
from retention.report import Problem
from retention.segments import nightly
from retention.segments.nightly import Segmented
from retention.threads import one_thread
from retention.workshop import baselines, recommender_baselines
from retention.workshop.outcomes import ChurnComparison, ChurnSplit, JudgedValue, judge_churn, judge_value
from retention.workshop.recommendation import Comparison, Split, cut_at, judge_models


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be judged, and how."""

    cut: datetime | None
    """None: at 80 % of the time for recommendations, one horizon before the end for churn."""
    days: int | None
    """The horizon; None takes it from the shop's own gaps between purchases."""
    capacity: float
    """Whom the staff can look after: a share of the active, or a number from 1 on."""
    places: int
    """Of a list."""
    models: Sequence[str]
    """Recommenders."""
    seed: int
    tries: int
    """Settings for each baseline; 0 leaves them out."""


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """What was found out."""

    log: str
    rows: int
    start: datetime
    end: datetime
    seed: int
    problems: Sequence[Problem] = ()
    notes: list[str] = field(default_factory=list)
    split: Split | None = None
    recommendation: Comparison | None = None
    churn: ChurnComparison | None = None
    value: Sequence[JudgedValue] = ()
    segments: Segmented | None = None
    rates: Sequence[Rate] = ()
    cohorts: Sequence[Cell] = ()
    survival: Sequence[Curve] = ()
    silence: int = 90
    k: int = 10

    @property
    def all_notes(self) -> list[str]:
        """The notes on the log, and those of each part, once each."""
        parts = [self.notes]
        parts += [one.notes for one in (self.recommendation, self.churn) if one is not None]
        if self.segments is not None:
            parts.append([str(one) for one in self.segments.readiness if not one.enough])
        return list(dict.fromkeys(note for part in parts for note in part))


def evaluate(
    history: History,
    checked: Checked,
    plan: Plan,
    *,
    log: str,
    rows: int,
    start: datetime,
    items: bool,
    notes: Sequence[str],
    progress: Progress,
) -> Evaluation:
    """Judge everything that the log has enough for; the notes say what it hasn't.

    Args:
        history: everything before `checked.now`.
        checked: the same, judged.
        log: its name.
        rows: of the log.
        start: of the log's first row.
        items: whether purchases name what was bought.
        notes: on the log.
    """
    activity = Activity.of(history.events, checked.now)
    silence = activity.usual_silence() if activity.customers else 90
    found = Evaluation(
        log=log,
        rows=rows,
        start=start,
        end=checked.now,
        seed=plan.seed,
        problems=checked.problems,
        notes=list(notes),
        rates=rates(activity, Kind.WITHIN),
        cohorts=cohorts(activity),
        survival=survival(activity, Ending.LAPSE, lapse=silence),
        silence=silence,
        k=plan.places,
    )
    if items:
        _recommendation(found, history, plan, progress)
    else:
        found.notes.append("the log has no items: there is nothing to recommend, only churn is judged")
    _churn(found, history, checked, plan, progress)
    progress("grouping customers", 0.98)
    found.segments = segment(checked, seed=plan.seed, horizon_days=plan.days)
    return found


def segment(checked: Checked, *, seed: int, horizon_days: int | None = None) -> Segmented:
    """Divide the customers as of `checked.now`.

    Args:
        horizon_days: what `lately` is; None takes it from the shop's own gaps between purchases.
    """
    now = to_micros(checked.now)
    days, gap = horizon_days or horizon_of(checked), usual_gap(purchase_gaps(checked)[1])
    with one_thread():
        table = buyers(Shop(checked.history), now).values
        return nightly.fit(table, horizon_days=days, usual_gap=gap, seed=seed)


def _recommendation(found: Evaluation, history: History, plan: Plan, progress: Progress) -> None:
    share = 0.35 if plan.tries else 0.7
    try:
        found.split = Split.of(history, found.end, plan.cut or cut_at(history, found.end, 0.8))
    except HistoryError as empty:
        found.notes.append(f"recommendations were not judged: {empty}")
        return
    found.recommendation = judge_models(
        found.split, plan.places, seed=plan.seed, names=plan.models, progress=_part(progress, 0.0, share)
    )
    if plan.tries:
        found.recommendation.judged += recommender_baselines.judge_baselines(
            found.split, plan.places, tries=plan.tries, seed=plan.seed, progress=_part(progress, share, 0.8)
        )


def _churn(found: Evaluation, history: History, checked: Checked, plan: Plan, progress: Progress) -> None:
    days = plan.days
    if days is None:
        _, gaps = purchase_gaps(checked)
        days = choose_horizon(gaps, (found.end - found.start) / timedelta(days=1))
    moment = plan.cut or found.end - timedelta(days=days)
    days = min(days, (found.end - moment).days)
    progress("learning who leaves", 0.8)
    try:
        if moment <= found.start or days < 1:
            raise HistoryError(f"the log is too short for a horizon of {days} days")
        split = ChurnSplit.of(history, moment, days, seed=plan.seed, capacity=plan.capacity)
    except HistoryError as empty:
        found.notes.append(f"churn was not judged: {empty}")
        return
    found.churn = judge_churn(split, progress=_part(progress, 0.85, 0.9))
    found.value = judge_value(split, seed=plan.seed)
    if plan.tries and found.churn.judged:
        baselines.add_churn(
            found.churn, tries=plan.tries, seed=plan.seed, progress=_part(progress, 0.9, 0.98)
        )
    if plan.tries and found.value:
        lifetimes = baselines.judge_lifetimes(split, plan.tries)
        if isinstance(lifetimes, str):
            found.notes.append(f"lifetimes was left out of the value: {lifetimes}")
        else:
            found.value = [*found.value, lifetimes]


def _part(progress: Progress, start: float, end: float) -> Progress:
    return lambda step, share: progress(step, start + (end - start) * share)
