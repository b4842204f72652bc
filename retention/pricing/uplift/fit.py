"""Chooses a learner inside the training data, and fits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from kernel.arrays import Floats, Ints
from retention.errors import ExperimentRefused
from retention.metrics import auc_interval
from retention.pricing.uplift import table as tables
from retention.pricing.uplift.curves import Gain, gain, rank_weights
from retention.pricing.uplift.learners import (
    DEFAULT,
    LEARNERS,
    Predict,
    Task,
    chances,
    folds,
    pseudo_outcomes,
)
from retention.pricing.uplift.table import Columns, Experiment, Table
from retention.threads import one_thread

FOLDS = 3
TREATED_BY_COLUMNS = 0.52
"""An AUC of who was treated, above which it was not by chance alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A learner on folds that it has not seen."""

    learner: str
    qini: float
    """Outcomes per customer above random, by doubly robust pseudo-outcomes."""
    ahead: float
    """How much more than the default's, on the same customers."""
    low: float
    high: float
    """A 95 % interval of `ahead`, over customers; for all learners that were tried together (Bonferroni)."""

    @property
    def verdict(self) -> str:
        """`better`, `worse`, or `tie` where the interval holds 0."""
        return "better" if self.low > 0 else "worse" if self.high < 0 else "tie"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpliftModel:
    """Effects of customers of any table with the same columns."""

    columns: Columns
    learner: str
    effect: Predict

    def uplift(self, table: Table, rows: int) -> Floats:
        """By how much the treatment raises each row's outcome, shape (rows,).

        Raises:
            MissingColumn: the table lacks a column that was learned from.
        """
        encoded = self.columns.encode(table, rows)
        return self.effect(encoded) if rows else np.zeros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A model, and how it was chosen."""

    model: UpliftModel
    average: float
    """The treated's mean outcome less that of the others."""
    trials: tuple[Trial, ...]
    held_out: Gain | None
    """Of the chosen learner, on folds it has not seen; None where nothing was tried."""
    notes: tuple[str, ...]


def fit(
    table: Table,
    treatment: str,
    outcome: str,
    *,
    control: str | None = None,
    only: Sequence[str] = (),
    learner: str | None = None,
    seed: int = 0,
) -> Fitted:
    """Learn effects from a table; see `retention.pricing.uplift.table.read`.

    The learner is the one whose cross-validated score is clearly best; ties go to the default, a regression with
    interactions.

    Args:
        learner: one of `LEARNERS`, to try no other.

    Raises:
        MissingColumn, ExperimentRefused: as `table.read`; also for an unknown learner.
    """
    if learner is not None and learner not in LEARNERS:
        raise ExperimentRefused(f"there is no learner {learner!r}: {', '.join(LEARNERS)}")
    experiment = tables.read(table, treatment, outcome, control=control, only=only)
    with one_thread():
        return _fit(experiment, learner, seed)


def _fit(experiment: Experiment, learner: str | None, seed: int) -> Fitted:
    treated, outcome = experiment.treated, experiment.outcome
    average = float(outcome[treated].mean() - outcome[~treated].mean())
    notes = list(experiment.notes)
    if not experiment.rows.shape[1]:
        notes.append("no column is left to learn from: everybody has the average effect")
        constant = UpliftModel(
            columns=experiment.columns, learner="average", effect=lambda rows: np.full(len(rows), average)
        )
        return Fitted(model=constant, average=average, trials=(), held_out=None, notes=tuple(notes))
    chance, said = _propensity(experiment, seed)
    task = Task(
        rows=experiment.rows,
        treated=treated,
        outcome=outcome,
        propensity=chance,
        binary=experiment.binary,
        seed=seed,
    )
    tried = LEARNERS if learner is None else (learner,)
    unseen = {name: _unseen(task, name) for name in tried}
    trials = _trials(task, unseen)
    chosen = _chosen(trials) if learner is None else learner
    model = UpliftModel(columns=experiment.columns, learner=chosen, effect=LEARNERS[chosen](task))
    held_out = gain(unseen[chosen], treated, outcome, seed=seed)
    return Fitted(model=model, average=average, trials=trials, held_out=held_out, notes=(*notes, *said))


def _propensity(experiment: Experiment, seed: int) -> tuple[Floats, list[str]]:
    """The share of treated for all, where the columns don't tell who was treated; else by the columns."""
    treated, rows = experiment.treated, experiment.rows
    share = np.full(len(treated), treated.mean())
    half = np.random.default_rng(seed).permutation(len(treated)) % 2 == 0
    unseen = share.copy()
    for mine in (half, ~half):
        unseen[mine] = chances(rows[~mine], treated[~mine], rows[mine])
    low, _ = auc_interval(treated, unseen)
    if low <= TREATED_BY_COLUMNS:
        return share, []
    note = (
        "the columns tell who was treated, so it was not by chance alone: effects are weighed by the chances that the "
        "columns give, and may be wrong where something else decided"
    )
    return unseen, [note]


def _unseen(task: Task, learner: str) -> Floats:
    """Effects of every customer by a fit that has not seen them, comparable between folds."""
    fold, found = folds(task, FOLDS), np.zeros(len(task.outcome))
    for number in range(FOLDS):
        mine = fold == number
        found[mine] = LEARNERS[learner](task.part(~mine))(task.rows[mine])
    return found


def _trials(task: Task, unseen: dict[str, Floats]) -> tuple[Trial, ...]:
    """Each learner's area above random, and its lead over the first: the mean of weight times pseudo-outcome."""
    pseudo, fold = pseudo_outcomes(task), folds(task, FOLDS)
    worth = {name: _worth(effect, pseudo, fold) for name, effect in unseen.items()}
    first = next(iter(worth.values()))
    # Of many that are no better, one looks so by chance.
    wide = NormalDist().inv_cdf(1 - 0.025 / max(len(worth) - 1, 1))
    trials = []
    for name, one in worth.items():
        ahead = one - first
        half = wide * float(ahead.std()) / len(ahead) ** 0.5
        mean = float(ahead.mean())
        trials.append(
            Trial(learner=name, qini=float(one.mean()), ahead=mean, low=mean - half, high=mean + half)
        )
    return tuple(trials)


def _worth(effect: Floats, pseudo: Floats, fold: Ints) -> Floats:
    result = np.zeros(len(effect))
    for number in range(FOLDS):
        mine = fold == number
        result[mine] = rank_weights(effect[mine]) * pseudo[mine]
    return result


def _chosen(trials: Sequence[Trial]) -> str:
    clear = [one for one in trials if one.verdict == "better"]
    return max(clear, key=lambda one: one.ahead).learner if clear else DEFAULT
