"""The tools that people use today, in the same run: LightGBM and lifetimes on a window of churn and value.

They are the extra `peers`, which the product does not need. Each is tuned with the same number of settings on the
same windows of the past, and sees the same customers and days as our models.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from typing import Any, TypeVar

import numpy as np

from kernel.arrays import Bools, Floats, Ints
from kernel.console import Progress, quiet
from retention.churn import logistic
from retention.churn.bgnbd import Counts
from retention.errors import RetentionError
from retention.features import derived
from retention.value.fit import Outcome
from retention.value.model import bought
from retention.workshop.outcomes import ChurnComparison, ChurnSplit, JudgedValue, judge, value_result

INSTALL = "pip install 'liuke[peers]'"
RECTOOLS = "pip install --no-deps 'rectools>=0.18,<0.19' 'typeguard>=4.1,<5'"
"""RecTools runs beside us, but its own requirements exclude NumPy 2 on Python 3.11 and 3.12, and attrs 24."""
VALUE = "lifetimes BG/NBD, Gamma-Gamma"

_TREES: Sequence[Mapping[str, Any]] = tuple(
    {"num_leaves": leaves, "learning_rate": rate, "n_estimators": trees, "min_child_samples": least}
    for leaves, rate, trees, least in (
        (31, 0.1, 100, 20), (15, 0.05, 200, 20), (7, 0.05, 200, 50),
        (7, 0.03, 200, 100), (31, 0.03, 300, 50), (4, 0.05, 300, 50),
    )
)  # fmt: skip
_PENALTIES = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)
_LEAST_CHANCE = 1e-6

Answer = TypeVar("Answer")


class BaselinesMissing(RetentionError):
    """The extra `peers` is not installed."""

    def __init__(self, absent: list[str]) -> None:
        super().__init__(f"{', '.join(absent)} missing: {INSTALL}")


def require() -> list[str]:
    """Notes on what is optional and absent.

    Raises:
        BaselinesMissing: one of the libraries of the extra is absent.
    """
    absent = [name for name in ("implicit", "lifetimes", "lightgbm") if find_spec(name) is None]
    if absent:
        raise BaselinesMissing(absent)
    if find_spec("rectools") is None:
        return [f"RecTools was left out: it is not installed ({RECTOOLS})"]
    return []


def add_churn(done: ChurnComparison, *, tries: int, seed: int, progress: Progress = quiet) -> None:
    """Judge LightGBM and lifetimes beside what was judged; what can't be fitted is noted."""
    split = done.split
    progress("fitting LightGBM", 0.0)
    trees = _lightgbm(split, tries, seed)
    if trees is None:
        done.notes.append("LightGBM was left out: there is no window with a known outcome before the cut")
    else:
        done.judged.append(judge("LightGBM, our features", split, *trees))
    progress("fitting lifetimes", 0.6)

    def loss(penalty: float) -> float:
        latest = split.learned[-1]
        return log_loss(latest.left, _silence(penalty, Counts.of(latest.raw), latest.days))

    found = _best_answer(
        split, tries, loss, lambda penalty: _silence(penalty, Counts.of(split.window.raw), split.days)
    )
    if isinstance(found, str):
        done.notes.append(f"lifetimes BG/NBD was left out: {found}")
    else:
        done.judged.append(judge("lifetimes BG/NBD", split, *found))
    progress("baselines judged", 1.0)


def judge_lifetimes(split: ChurnSplit, tries: int) -> JudgedValue | str:
    """BG/NBD and Gamma-Gamma of `lifetimes` for purchases and spend; or why they can't be judged."""
    found = _best_answer(
        split,
        tries,
        lambda penalty: spend_error_before(split, penalty, _purchases_and_spend),
        lambda penalty: _purchases_and_spend(penalty, split.window.raw, split.days),
    )
    if isinstance(found, str):
        return found
    (purchases, each), settings = found
    return value_result(VALUE, split.outcome, purchases, purchases * each, settings)


# --- LightGBM ---------------------------------------------------------------------------------------------


def _lightgbm(split: ChurnSplit, tries: int, seed: int) -> tuple[Floats, str] | None:
    """With the settings of least log loss on the latest window; no customer is on both sides of a fold."""
    if not split.learned:
        return None
    from lightgbm import LGBMClassifier

    gap = split.model.usual_gap
    rows = np.concatenate([derived.derive(one.raw, gap) for one in split.learned])
    left = np.concatenate([one.left for one in split.learned])
    groups = np.concatenate([logistic.fold_of(one.customers, seed) for one in split.learned])
    latest = np.concatenate([np.full(len(one.left), one is split.learned[-1]) for one in split.learned])

    def fitted(settings: Mapping[str, Any], mine: Bools) -> Any:
        model = LGBMClassifier(random_state=seed, n_jobs=1, verbosity=-1, deterministic=True, **settings)
        return model.fit(rows[mine], left[mine])

    def loss(settings: Mapping[str, Any]) -> float:
        total = 0.0
        for fold in np.unique(groups).tolist():
            asked = (groups == fold) & latest
            chance = fitted(settings, groups != fold).predict_proba(rows[asked])[:, 1]
            total += log_loss(left[asked], chance) * int(asked.sum())
        return total

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = min(_TREES[:tries], key=loss)
        model = fitted(best, np.ones(len(left), dtype=bool))
        chance = model.predict_proba(derived.derive(split.window.raw, gap))[:, 1]
    chosen = ", ".join(f"{name} {value}" for name, value in best.items())
    return split.carried(np.asarray(chance, np.float64)), chosen


def log_loss(left: Bools, chance: Floats) -> float:
    """Mean negative log-likelihood; 0 for nobody."""
    kept = np.clip(chance, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    return float(-np.log(np.where(left, kept, 1 - kept)).mean()) if len(left) else 0.0


# --- lifetimes --------------------------------------------------------------------------------------------


def _best_answer(
    split: ChurnSplit, tries: int, loss: Callable[[float], float], answer: Callable[[float], Answer]
) -> tuple[Answer, str] | str:
    """What the library says with the penalty of least loss that gives an answer, and the penalty; or why none does.

    Args:
        loss: of a penalty on the latest window before the cut. Without such a window the first penalty is the best.
    """
    trouble = "it was not fitted"
    with _quiet():
        tuned, failed = ranked_penalties(tries, loss if split.learned else lambda penalty: 0.0)
        for penalty in tuned:
            try:
                return answer(penalty), f"penalizer_coef {penalty}"
            except Exception as error:  # noqa: BLE001 - whatever the library raises, it has no answer
                trouble = _said(error)
    return failed or trouble


def ranked_penalties(tries: int, loss: Callable[[float], float]) -> tuple[list[float], str]:
    """The penalties that could be fitted in the past, best first, and why another could not."""
    found: list[tuple[float, float]] = []
    trouble = ""
    for penalty in _PENALTIES[:tries]:
        try:
            found.append((loss(penalty), penalty))
        except Exception as error:  # noqa: BLE001
            trouble = _said(error)
    return [penalty for _, penalty in sorted(found)], trouble


def spend_error_before(
    split: ChurnSplit, penalty: float, foretell: Callable[[float, Ints, float], tuple[Floats, Floats]]
) -> float:
    """The mean absolute error of spend on the latest window before the cut.

    Args:
        foretell: from a penalty, raw features of shape (customers, raw.NAMES) and days to expected purchases, and to
            the spend on one in minor units, shape (customers,) both.
    """
    latest = split.learned[-1]
    came = Outcome.of(split.past.history.events, latest.customers, latest.moment, latest.end)
    purchases, each = foretell(penalty, latest.raw, latest.days)
    return float(np.abs(purchases * each - came.spend).mean())


def _purchases(penalty: float, counts: Counts, days: float) -> Floats:
    from lifetimes import BetaGeoFitter

    model = BetaGeoFitter(penalizer_coef=penalty)
    model.fit(counts.repeats, counts.last, counts.age)
    expected = model.conditional_expected_number_of_purchases_up_to_time(
        days, counts.repeats, counts.last, counts.age
    )
    return np.asarray(expected, np.float64)


def _silence(penalty: float, counts: Counts, days: float) -> Floats:
    """e^(-expected purchases)."""
    return _finite(np.exp(-_purchases(penalty, counts, days)))


def _purchases_and_spend(penalty: float, raw: Ints, days: float) -> tuple[Floats, Floats]:
    """Gamma-Gamma is fitted, as its authors say, on customers who bought again."""
    from lifetimes import GammaGammaFitter

    counts, (often, mean) = Counts.of(raw), bought(raw)
    again = (counts.repeats > 0) & (mean > 0)
    spend = GammaGammaFitter(penalizer_coef=penalty)
    spend.fit(often[again], mean[again])
    each = np.asarray(spend.conditional_expected_average_profit(often, mean), np.float64)
    return _finite(_purchases(penalty, counts, days)), _finite(each)


def _finite(numbers: Floats) -> Floats:
    if not np.isfinite(numbers).all():
        raise ArithmeticError("it gives no finite number")
    return numbers


@contextmanager
def _quiet() -> Iterator[None]:
    """The library prints its optimiser's state before it gives up."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        yield


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
