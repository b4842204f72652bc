"""LightGBM on our features, and the BG/NBD of `lifetimes`, on the same window."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.churn import logistic
from retention.churn.rhythm import Counts
from retention.evaluation.churn import ChurnComparison, ChurnSplit, judge
from retention.features import derived

Floats = NDArray[np.float64]

_TREES: Sequence[Mapping[str, Any]] = tuple(
    {"num_leaves": leaves, "learning_rate": rate, "n_estimators": trees, "min_child_samples": least}
    for leaves, rate, trees, least in (
        (31, 0.1, 100, 20), (15, 0.05, 200, 20), (7, 0.05, 200, 50),
        (7, 0.03, 200, 100), (31, 0.03, 300, 50), (4, 0.05, 300, 50),
    )
)  # fmt: skip
_PENALTIES = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)


def add_peers(
    done: ChurnComparison,
    *,
    tries: int,
    seed: int,
    progress: Callable[[str, float], None] = lambda step, share: None,
) -> None:
    """Judge the peers beside what was judged; what can't be fitted is noted."""
    split = done.split
    progress("fitting LightGBM", 0.0)
    trees = _lightgbm(split, tries, seed)
    if trees is None:
        done.notes.append("LightGBM was left out: there is no window with a known outcome before the cut")
    else:
        done.judged.append(judge("LightGBM, our features", split, trees[0], trees[1]))
    progress("fitting lifetimes", 0.6)
    rhythm = _lifetimes(split, tries)
    if isinstance(rhythm, str):
        done.notes.append(f"lifetimes BG/NBD was left out: {rhythm}")
    else:
        done.judged.append(judge("lifetimes BG/NBD", split, *rhythm))
    progress("peers judged", 1.0)


def _lightgbm(split: ChurnSplit, tries: int, seed: int) -> tuple[Floats, str] | None:
    """The settings with the least log loss: on the latest window by the earlier ones, or in five folds."""
    if not split.learned:
        return None
    from lightgbm import LGBMClassifier

    gap = split.model.usual_gap
    rows = np.concatenate([derived.derive(one.raw, gap) for one in split.learned])
    left = np.concatenate([one.left for one in split.learned])
    groups = np.concatenate([logistic.fold_of(one.customers, seed) for one in split.learned])
    latest = np.concatenate([np.full(len(one.left), one is split.learned[-1]) for one in split.learned])

    def fitted(settings: Mapping[str, Any], mine: NDArray[np.bool_]) -> Any:
        model = LGBMClassifier(random_state=seed, n_jobs=1, verbosity=-1, deterministic=True, **settings)
        return model.fit(rows[mine], left[mine])

    def loss(settings: Mapping[str, Any]) -> float:
        """No customer is on both sides."""
        total = 0.0
        for fold in np.unique(groups).tolist():
            asked = (groups == fold) & latest
            chance = fitted(settings, groups != fold).predict_proba(rows[asked])[:, 1]
            kept = np.clip(chance, 1e-6, 1 - 1e-6)
            total -= float(np.log(np.where(left[asked], kept, 1 - kept)).sum())
        return total

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = min(_TREES[:tries], key=loss)
        model = fitted(best, np.ones(len(left), dtype=bool))
        chance = model.predict_proba(derived.derive(split.window.raw, gap))[:, 1]
    told = ", ".join(f"{name} {value}" for name, value in best.items())
    return split.carried(np.asarray(chance, np.float64)), told


def _lifetimes(split: ChurnSplit, tries: int) -> tuple[Floats, str] | str:
    """The penalty with the least log loss on the latest window; silence is e^(-expected purchases)."""
    from lifetimes import BetaGeoFitter

    def silence(penalty: float, learned: Counts, asked: Counts, days: float) -> Floats:
        model = BetaGeoFitter(penalizer_coef=penalty)
        model.fit(learned.repeats, learned.last, learned.age)
        expected = model.conditional_expected_number_of_purchases_up_to_time(
            days, asked.repeats, asked.last, asked.age
        )
        chance = np.exp(-np.asarray(expected, np.float64))
        if not np.isfinite(chance).all():
            raise ArithmeticError("it gives no finite probability")
        return chance

    found: list[tuple[float, float]] = []
    trouble = "it was not fitted"
    # The library prints its optimiser's state before it gives up.
    with warnings.catch_warnings(), np.errstate(all="ignore"), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        for penalty in _PENALTIES[:tries]:
            try:
                found.append((_loss_before(split, penalty, silence), penalty))
            except Exception as failed:  # noqa: BLE001 - whatever the library raises, it has no answer
                trouble = f"{type(failed).__name__}: {failed}".splitlines()[0]
        for _, penalty in sorted(found):
            try:
                now = Counts.of(split.window.raw)
                return silence(penalty, now, now, split.days), f"penalizer_coef {penalty}"
            except Exception as failed:  # noqa: BLE001
                trouble = f"{type(failed).__name__}: {failed}".splitlines()[0]
    return trouble


def _loss_before(split: ChurnSplit, penalty: float, silence: Callable[..., Floats]) -> float:
    """On the latest window before the cut; without one, every penalty is as good, the first first."""
    if not split.learned:
        return 0.0
    latest = split.learned[-1]
    counts = Counts.of(latest.raw)
    chance = np.clip(silence(penalty, counts, counts, latest.days), 1e-6, 1 - 1e-6)
    return float(-np.log(np.where(latest.left, chance, 1 - chance)).mean())
