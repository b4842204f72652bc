"""BG/NBD and Gamma-Gamma of `lifetimes`, for expected purchases and spend."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO

import numpy as np
from numpy.typing import NDArray

from retention.churn.rhythm import Counts
from retention.evaluation.churn import ChurnSplit
from retention.evaluation.value import JudgedValue, judge
from retention.value.fit import Outcome
from retention.value.model import bought

Floats = NDArray[np.float64]
Foretell = Callable[[float, NDArray[np.int64], float], tuple[Floats, Floats]]
"""From a penalty, raw features of shape (customers, raw.NAMES) and days to expected purchases, and to the spend of
one in minor units, shape (customers,) both; raises whatever the library does where it has no answer."""

NAME = "lifetimes BG/NBD, Gamma-Gamma"
_PENALTIES = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)


def judge_lifetimes(split: ChurnSplit, tries: int) -> JudgedValue | str:
    """The penalty that foretells spend best on the latest window before the cut; or why none can be judged.

    Where there is no such window, it is the first with which both models converge.
    """
    trouble = "it was not fitted"
    with _quiet():
        tuned, failed = _tuned(split, tries, _foretold)
        for penalty in tuned:
            try:
                purchases, each = _foretold(penalty, split.window.raw, split.days)
            except Exception as error:  # noqa: BLE001 - whatever the library raises, it has no answer
                trouble = _said(error)
                continue
            told = f"penalizer_coef {penalty}"
            return judge(NAME, split.outcome, purchases, purchases * each, told)
    return failed or trouble


def _tuned(split: ChurnSplit, tries: int, foretell: Foretell) -> tuple[list[float], str]:
    """The penalties that could be fitted in the past, best first, and why another could not."""
    found: list[tuple[float, float]] = []
    trouble = ""
    for penalty in _PENALTIES[:tries]:
        try:
            found.append((_error_before(split, penalty, foretell), penalty))
        except Exception as error:  # noqa: BLE001
            trouble = _said(error)
    return [penalty for _, penalty in sorted(found)], trouble


def _error_before(split: ChurnSplit, penalty: float, foretell: Foretell) -> float:
    """The mean absolute error of spend on the latest window before the cut; without one, every penalty is as good,
    the first first."""
    if not split.learned:
        return 0.0
    latest = split.learned[-1]
    came = Outcome.of(split.past.history.events, latest.customers, latest.moment, latest.end)
    purchases, each = foretell(penalty, latest.raw, latest.days)
    return float(np.abs(purchases * each - came.spend).mean())


def _foretold(penalty: float, raw: NDArray[np.int64], days: float) -> tuple[Floats, Floats]:
    """See `Foretell`. Gamma-Gamma is fitted, as its authors say, on customers who bought again."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    counts = Counts.of(raw)
    often, mean = bought(raw)
    again = (counts.repeats > 0) & (mean > 0)
    rhythm = BetaGeoFitter(penalizer_coef=penalty)
    rhythm.fit(counts.repeats, counts.last, counts.age)
    purchases = rhythm.conditional_expected_number_of_purchases_up_to_time(
        days, counts.repeats, counts.last, counts.age
    )
    spend = GammaGammaFitter(penalizer_coef=penalty)
    spend.fit(often[again], mean[again])
    each = spend.conditional_expected_average_profit(often, mean)
    found = np.asarray(purchases, np.float64), np.asarray(each, np.float64)
    if not np.isfinite(found[0] * found[1]).all():
        raise ArithmeticError("it gives no finite number")
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """The library prints its optimiser's state before it gives up."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        yield


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
