"""Logistic regression `ŷ = sigmoid(β̂_0 + Σ_j β̂_j X_j)`, its penalty chosen by cross-validation."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kernel.arrays import Bools, Floats, Ints

STRENGTHS = (0.003, 0.03, 0.3)
"""The values of C (the inverse of the L2 penalty) among which cross-validation chooses."""
FOLDS = 4
FARTHEST = 6.0
"""Standard deviations at which a feature stops to count for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A fitted logistic regression; NumPy alone."""

    intercept: float
    weights: Floats
    """Per standard deviation of each column."""
    means: Floats
    scales: Floats
    """Infinite for a column that never changed."""

    def parts(self, rows: Floats) -> Floats:
        """Each column's part in the log-odds beside `intercept`, shape (rows, columns)."""
        standard = np.clip((rows - self.means) / self.scales, -FARTHEST, FARTHEST)
        result: Floats = standard * self.weights
        return result

    def predict(self, rows: Floats) -> Floats:
        """Log-odds, shape (rows,)."""
        result: Floats = self.intercept + self.parts(rows).sum(axis=1)
        return result


def fit(
    rows: Floats,
    label: Bools,
    groups: Ints,
    *,
    scored: Bools | None = None,
    favoured: Sequence[int] = (),
    strengths: Sequence[float] = STRENGTHS,
) -> Linear | None:
    """Fit with the strongest penalty whose log loss on rows of held-out groups can't be told from the least.

    Args:
        rows: finite, shape (rows, columns).
        groups: below `FOLDS`; a customer's rows share one.
        scored: the rows on which the penalties are compared; all by default.
        favoured: columns penalised a fourth as much as others: they foretell the outcome by themselves.

    Returns:
        None where a fold has one label only, or where no fit converges.
    """
    scored = np.ones(len(label), bool) if scored is None else scored
    means, spread = rows.mean(axis=0), rows.std(axis=0)
    scales = np.where(spread > 1e-9, spread, np.inf)
    scales[list(favoured)] /= 2
    standard = np.clip((rows - means) / scales, -FARTHEST, FARTHEST)
    losses: dict[float, Floats] = {}
    for strength in sorted(strengths):
        held_out = _held_out(standard, label, groups, strength)
        if held_out is not None:
            losses[strength] = losses_of(label[scored], held_out[scored])
    fitted = regression(standard, label, _simplest(losses)) if losses else None
    if fitted is None:
        return None
    return Linear(intercept=fitted[0], weights=fitted[1], means=means, scales=scales)


def regression(rows: Floats, label: Bools, strength: float) -> tuple[float, Floats] | None:
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


def fold_of(customers: Sequence[str], seed: int) -> Ints:
    """A customer's fold, the same in every window."""
    return np.array([zlib.crc32(f"{seed}:{one}".encode()) % FOLDS for one in customers], np.int64)


def log_loss(label: Bools, log_odds: Floats) -> float:
    """Mean negative log-likelihood of outcomes."""
    return float(losses_of(label, log_odds).mean())


def losses_of(label: Bools, log_odds: Floats) -> Floats:
    """The negative log-likelihood of each outcome."""
    result: Floats = np.logaddexp(0, np.where(label, -log_odds, log_odds))
    return result


def _simplest(losses: dict[float, Floats]) -> float:
    """The smallest C within one standard error of the best.

    Source: Breiman et al., "Classification and regression trees", 1984 (the 1-SE rule), on paired differences.
    """
    best = min(losses, key=lambda strength: float(losses[strength].mean()))
    for strength, one in losses.items():
        worse = one - losses[best]
        if worse.mean() <= worse.std() / np.sqrt(len(worse)):
            return strength
    return best


def _held_out(rows: Floats, label: Bools, groups: Ints, strength: float) -> Floats | None:
    """Log-odds of every row by a model that has not seen its group."""
    found = np.zeros(len(label))
    for fold in range(FOLDS):
        mine = groups == fold
        if not mine.any():
            continue
        fitted = regression(rows[~mine], label[~mine], strength)
        if fitted is None:
            return None
        found[mine] = fitted[0] + rows[mine] @ fitted[1]
    return found
