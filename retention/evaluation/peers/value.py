"""BG/NBD and Gamma-Gamma of `lifetimes`, for expected purchases and spend."""

from __future__ import annotations

import warnings
from contextlib import redirect_stdout
from io import StringIO

import numpy as np

from retention.churn.rhythm import Counts
from retention.evaluation.churn import ChurnSplit
from retention.evaluation.value import JudgedValue, judge
from retention.value.model import bought

_PENALTIES = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)


def judge_lifetimes(split: ChurnSplit, tries: int) -> JudgedValue | str:
    """The first penalty with which both models converge; or why none does.

    Gamma-Gamma is fitted, as its authors say, on customers who bought again; the spend of the others is the
    mean of all.
    """
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    counts = Counts.of(split.window.raw)
    days, mean = bought(split.window.raw)
    again = (counts.repeats > 0) & (mean > 0)
    trouble = "it was not fitted"
    with warnings.catch_warnings(), np.errstate(all="ignore"), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        for penalty in _PENALTIES[:tries]:
            try:
                rhythm = BetaGeoFitter(penalizer_coef=penalty)
                rhythm.fit(counts.repeats, counts.last, counts.age)
                purchases = np.asarray(
                    rhythm.conditional_expected_number_of_purchases_up_to_time(
                        split.days, counts.repeats, counts.last, counts.age
                    )
                )
                spend = GammaGammaFitter(penalizer_coef=penalty)
                spend.fit(days[again], mean[again])
                each = np.asarray(spend.conditional_expected_average_profit(days, mean))
                if not np.isfinite(purchases * each).all():
                    raise ArithmeticError("it gives no finite number")
            except Exception as failed:  # noqa: BLE001 - whatever the library raises, it has no answer
                trouble = f"{type(failed).__name__}: {failed}".splitlines()[0]
                continue
            told = f"penalizer_coef {penalty}"
            return judge("lifetimes BG/NBD, Gamma-Gamma", split.outcome, purchases, purchases * each, told)
    return trouble
