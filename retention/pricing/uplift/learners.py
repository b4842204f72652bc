"""Learners of individual effects: each takes rows, who was treated and what came of it, and gives effects of rows.

Sources: Künzel et al., "Metalearners for estimating heterogeneous treatment effects using machine learning", PNAS
116, 2019 (S, T and X); Kennedy, "Towards optimal doubly robust estimation of heterogeneous causal effects", 2020;
Lo, "The true lift model", 2002 (interactions).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from kernel.arrays import Bools, Floats, Ints

Predict: TypeAlias = Callable[[Floats], Floats]
"""Rows to a number each: an expected outcome, or an effect."""

FOLDS = 5
FARTHEST = 6.0
"""Standard deviations at which a column stops to count for more."""
INTERACTION = 0.3
"""Prior deviation of an interaction's weight, beside 1 of a column's own: effects differ less than customers do."""
FREE = 5.0
"""That of the treatment's own weight: it is hardly penalised."""
LEAST_PROPENSITY = 0.02
TREES, RATE, DEPTH = 80, 0.05, 3
LEAST_LEAF = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is learned from."""

    rows: Floats
    """Finite, shape (customers, columns)."""
    treated: Bools
    outcome: Floats
    propensity: Floats
    """The chance with which each was treated."""
    binary: bool
    """The outcome is 0 or 1."""
    seed: int

    def part(self, which: Bools) -> Task:
        """The same for some customers."""
        return Task(
            rows=self.rows[which],
            treated=self.treated[which],
            outcome=self.outcome[which],
            propensity=self.propensity[which],
            binary=self.binary,
            seed=self.seed,
        )


Learner: TypeAlias = Callable[[Task], Predict]


def interactions(task: Task) -> Predict:
    """One regression with the treatment times each column; the interactions are penalised more than the columns."""
    centre = float(task.treated.mean())
    scale = _scaler(task.rows)

    def design(rows: Floats, treated: Floats) -> Floats:
        standard, side = scale(rows), (treated - centre)[:, None]
        return np.hstack([standard, FREE * side, INTERACTION * side * standard])

    fitted = _linear(design(task.rows, task.treated.astype(np.float64)), task.outcome, task.binary)
    return lambda rows: fitted(design(rows, np.ones(len(rows)))) - fitted(design(rows, np.zeros(len(rows))))


def two_models(task: Task) -> Predict:
    """A regression of the treated and one of the others (T)."""
    with_it, without = _arms(task, _regression)
    return lambda rows: with_it(rows) - without(rows)


def two_boostings(task: Task) -> Predict:
    """Boosted trees of the treated and of the others (T)."""
    with_it, without = _arms(task, _boosting)
    return lambda rows: with_it(rows) - without(rows)


def one_boosting(task: Task) -> Predict:
    """Boosted trees with the treatment as a column (S)."""
    fitted = _boosting(np.column_stack([task.rows, task.treated]), task.outcome, task.binary, task.seed)

    def effect(rows: Floats) -> Floats:
        return fitted(np.column_stack([rows, np.ones(len(rows))])) - fitted(
            np.column_stack([rows, np.zeros(len(rows))])
        )

    return effect


def imputed(task: Task) -> Predict:
    """Each arm's outcome beside what boosting expects of the other arm, by ridge regression (X)."""
    with_it, without = _arms(task, _boosting)
    rows, treated = task.rows, task.treated
    of_treated = _ridge(rows[treated], task.outcome[treated] - without(rows[treated]))
    of_others = _ridge(rows[~treated], with_it(rows[~treated]) - task.outcome[~treated])
    share = float(task.propensity.mean())
    return lambda rows: share * of_others(rows) + (1 - share) * of_treated(rows)


def doubly_robust(task: Task) -> Predict:
    """Ridge regression on doubly robust pseudo-outcomes, cross-fitted."""
    return _ridge(task.rows, pseudo_outcomes(task))


def doubly_robust_boosting(task: Task) -> Predict:
    """Boosted trees on doubly robust pseudo-outcomes, cross-fitted."""
    return _boosting(task.rows, pseudo_outcomes(task), False, task.seed)


DEFAULT = "interactions"
LEARNERS: Mapping[str, Learner] = {
    DEFAULT: interactions,
    "two_models": two_models,
    "doubly_robust": doubly_robust,
    "one_boosting": one_boosting,
    "two_boostings": two_boostings,
    "imputed": imputed,
    "doubly_robust_boosting": doubly_robust_boosting,
}
"""Name to learner, the simplest first."""


def pseudo_outcomes(task: Task) -> Floats:
    """A number a customer whose mean, over customers of any kind, is their effect; shape (customers,).

    `m₁ − m₀ + (w − e)/(e(1 − e))·(y − m_w)`, with outcomes m expected by regressions that have not seen the customer.
    It holds where either the expectations or the propensities e are right.
    """
    found = np.zeros(len(task.outcome))
    fold = folds(task, FOLDS)
    for number in range(FOLDS):
        mine = fold == number
        with_it, without = _arms(task.part(~mine), _regression)
        rows, treated, outcome = task.rows[mine], task.treated[mine], task.outcome[mine]
        chance = np.clip(task.propensity[mine], LEAST_PROPENSITY, 1 - LEAST_PROPENSITY)
        expected1, expected0 = with_it(rows), without(rows)
        missed = np.where(treated, (outcome - expected1) / chance, (expected0 - outcome) / (1 - chance))
        found[mine] = expected1 - expected0 + missed
    return found


def folds(task: Task, count: int) -> Ints:
    """A fold for each customer, with the same share of treated and, of a binary outcome, of outcomes in each."""
    order = np.random.default_rng(task.seed).permutation(len(task.outcome))
    kind = 2 * task.treated + (task.outcome > 0)
    order = order[np.argsort(kind[order], kind="stable")]
    found = np.empty(len(order), np.int64)
    found[order] = np.arange(len(order)) % count
    return found


def chances(rows: Floats, treated: Bools, new: Floats) -> Floats:
    """Of being treated, of new rows, by a logistic regression on the columns."""
    return _regression(rows, treated.astype(np.float64), True, 0)(new)


# --- regressions and trees --------------------------------------------------------------------------------


def _arms(task: Task, fit: Callable[[Floats, Floats, bool, int], Predict]) -> tuple[Predict, Predict]:
    """What is expected of customers with the treatment and without."""
    chosen = task.treated
    return (
        fit(task.rows[chosen], task.outcome[chosen], task.binary, task.seed),
        fit(task.rows[~chosen], task.outcome[~chosen], task.binary, task.seed),
    )


def _scaler(rows: Floats) -> Predict:
    means, spread = rows.mean(axis=0), rows.std(axis=0)
    scales = np.where(spread > 1e-9, spread, np.inf)
    return lambda new: np.clip((new - means) / scales, -FARTHEST, FARTHEST)


def _regression(rows: Floats, outcome: Floats, binary: bool, _seed: int) -> Predict:
    scale = _scaler(rows)
    fitted = _linear(scale(rows), outcome, binary)
    return lambda new: fitted(scale(new))


def _linear(design: Floats, outcome: Floats, binary: bool) -> Predict:
    """A penalised regression, logistic for a binary outcome: a priori each weight lies around 0 with deviation 1 (of
    log-odds, or of the outcome's own deviations)."""
    from sklearn.linear_model import LogisticRegression, Ridge

    first = float(outcome[0]) if len(outcome) else 0.0
    if not len(outcome) or not np.any(outcome != first):
        return lambda new: np.full(len(new), first)
    if binary:
        logistic: Any = LogisticRegression(C=1.0, solver="newton-cholesky", max_iter=200)
        logistic.fit(design, outcome > 0)
        return lambda new: np.asarray(logistic.predict_proba(new)[:, 1], np.float64)
    middle, spread = float(outcome.mean()), float(outcome.std())
    ridge: Any = Ridge(alpha=1.0).fit(design, (outcome - middle) / spread)
    return lambda new: middle + spread * np.asarray(ridge.predict(new), np.float64)


def _ridge(rows: Floats, target: Floats) -> Predict:
    """Ridge regression, its penalty by generalised cross-validation."""
    from sklearn.linear_model import RidgeCV

    scale = _scaler(rows)
    model: Any = RidgeCV(alphas=np.logspace(0, 5, 11)).fit(scale(rows), target)
    return lambda new: np.asarray(model.predict(scale(new)), np.float64)


def _boosting(rows: Floats, outcome: Floats, binary: bool, seed: int) -> Predict:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    first = float(outcome[0]) if len(outcome) else 0.0
    if not len(outcome) or not np.any(outcome != first):
        return lambda new: np.full(len(new), first)
    kind = HistGradientBoostingClassifier if binary else HistGradientBoostingRegressor
    model: Any = kind(
        learning_rate=RATE,
        max_iter=TREES,
        max_depth=DEPTH,
        min_samples_leaf=LEAST_LEAF,
        l2_regularization=10.0,
        early_stopping=False,
        random_state=seed,
    )
    if binary:
        model.fit(rows, outcome > 0)
        return lambda new: np.asarray(model.predict_proba(new)[:, 1], np.float64)
    model.fit(rows, outcome)
    return lambda new: np.asarray(model.predict(new), np.float64)
