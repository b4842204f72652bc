"""Measures a new version beside the one in use, on a window that neither side was fitted on.

The rule:

1. The new version is judged by its trial: the same fit, on what lies before the last window (`retention.trial`). The
   one in use is judged by itself where its fit had ended before the window, and else by its own trial.
   One in use that has neither (a shop's first version, the next night) is not compared with.
2. The window begins where both sides end. Where that leaves less than half of it, they are not compared.
3. What would be served, the fit on everything, is measured against its own trial on the same window. It has seen
   the window, so this says nothing for it; where it is grossly worse all the same (`promotion.GROSSLY`), the fit or
   the last days' data went wrong.

The new version is refused where either comparison says that it is worse (`promotion.judge`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retention import artifacts, promotion, trial
from retention.checks import Checked
from retention.churn.model import ChurnModel
from retention.churn.windows import make_window
from retention.core import Core, load
from retention.errors import ModelDamaged
from retention.features.expressions import Shop
from retention.latest import on_the_shelf, split
from retention.metrics import ndcg
from retention.promotion import Beside, Comparison
from retention.recommenders.model import Recommender
from retention.times import DAY, from_micros, to_micros
from retention.trial import Models, Trial
from retention.types import RecommendContext
from retention.value import saving as value_saving
from retention.value.fit import Outcome

Floats = NDArray[np.float64]

PLACES = 10
ASKED_FOR = 200
"""Customers for whom both sides recommend; drawn by the seed."""
LEAST_SHARE = 0.5
"""Of the window, for a comparison with a version that has seen its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A saved version, and what it can be judged by."""

    core: Core
    models: Models
    """Without the core's lists: they were made from all that the version has seen."""
    until: int
    """They were fitted on what lies before, microseconds since 1970."""
    trial: Trial | None

    @classmethod
    def of(cls, directory: Path) -> Version:
        """Read it.

        Raises:
            ModelDamaged: it can't be read.
        """
        core = load(directory)
        fitted_at = artifacts.read_manifest(directory).fitted_at
        try:
            until = to_micros(datetime.fromisoformat(fitted_at))
        except ValueError as error:
            raise ModelDamaged(f"{directory} does not say when it was fitted: {error}") from error
        value = value_saving.in_folder(directory)
        models = Models(recommender=core.recommender, churn=core.churn, value=value)
        return cls(core=core, models=models, until=until, trial=trial.in_folder(directory))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two sides that are asked the same."""

    beside: Beside
    other: Models
    candidate: Models
    start: int
    """Of the window, microseconds. It ends now."""


def comparisons(old: Version, new: Version, checked: Checked, seed: int) -> list[Comparison]:
    """Every comparison that there are customers for.

    Args:
        old: the version in use.
        new: the candidate.
        checked: the candidate's history, as of its fit.
        seed: of the customers drawn and of the bootstrap.
    """
    shop, end = Shop(checked.history), to_micros(checked.now)
    found: list[Comparison | None] = []
    for pair in _pairs(old, new, end, lambda one: one.outcomes_until):
        found += _of_outcomes(pair, checked, shop, seed)
    for pair in _pairs(old, new, end, lambda one: one.recommender_until):
        found.append(_of_recommendations(pair, checked, seed))
    return [one for one in found if one is not None]


def _pairs(old: Version, new: Version, end: int, until: Callable[[Trial], int]) -> list[_Pair]:
    """The comparisons of the rule that can be made."""
    if new.trial is None:
        return []
    mine, start = new.trial.models, until(new.trial)
    pairs = [_Pair(beside=Beside.ITSELF, other=mine, candidate=new.models, start=start)]
    if old.until <= start:
        theirs, seen = old.models, old.until
    elif old.trial is not None:
        theirs, seen = old.trial.models, until(old.trial)
    else:
        return pairs
    begin = max(start, seen)
    if end - begin >= LEAST_SHARE * (end - start):
        pairs.insert(0, _Pair(beside=Beside.SERVED, other=theirs, candidate=mine, start=begin))
    return pairs


def _of_outcomes(pair: _Pair, checked: Checked, shop: Shop, seed: int) -> list[Comparison | None]:
    """Who stayed away, how often the others bought, and what they spent."""
    end = to_micros(checked.now)
    days = round((end - pair.start) / DAY)
    window = make_window(shop, pair.start, end)
    window = window.only(np.array([one not in checked.dominant for one in window.customers], bool))
    if not len(window.left) or not days:
        return []
    risks = [
        (_chances(one.churn, window.raw, days) - window.left) ** 2 for one in (pair.other, pair.candidate)
    ]
    found: list[Comparison | None] = [_compared("brier", pair, *risks, days=days, seed=seed)]
    values = [one.value for one in (pair.other, pair.candidate) if one.value is not None]
    if len(values) < 2:
        return found
    outcome = Outcome.of(checked.history.events, window.customers, pair.start, end)
    often = [np.abs(one.purchases(window.raw, days) - outcome.purchases) for one in values]
    found.append(_compared("purchases_error", pair, *often, days=days, seed=seed))
    if all(one.spend is not None for one in values):
        much = [np.abs(one.value(window.raw, days) - outcome.spend) for one in values]
        found.append(_compared("spend_error", pair, *much, days=days, seed=seed))
    return found


def _compared(
    measure: str, pair: _Pair, other: Floats, candidate: Floats, *, days: float, seed: int
) -> Comparison:
    return promotion.compare(
        measure, other, candidate, lower_is_better=True, seed=seed, beside=pair.beside, days=days
    )


def _chances(model: ChurnModel, raw: NDArray[np.int64], horizon: int) -> Floats:
    if model.fitted:
        return model.probabilities(raw, horizon)
    return np.full(len(raw), model.base_rate ** (horizon / model.horizon_days))


def _of_recommendations(pair: _Pair, checked: Checked, seed: int) -> Comparison | None:
    """NDCG@10 of what was bought, own goods included, as of the window's beginning."""
    before, bought = split(checked, pair.start, most=ASKED_FOR, seed=seed)
    if not bought:
        return None
    stock = on_the_shelf(checked.history.products)
    found: list[list[float]] = [[], []]
    for customer, truth in sorted(bought.items()):
        context = RecommendContext(
            now=from_micros(pair.start), events=before[customer], stock=stock, allow_repeats=True
        )
        for scores, one in zip(found, (pair.other, pair.candidate), strict=True):
            scores.append(_found(one.recommender, context, truth))
    return promotion.compare(
        "ndcg_at_10",
        np.array(found[0]),
        np.array(found[1]),
        lower_is_better=False,
        seed=seed,
        beside=pair.beside,
        days=(to_micros(checked.now) - pair.start) / DAY,
    )


def _found(recommender: Recommender, context: RecommendContext, truth: set[str]) -> float:
    ranked = [one.product for one in recommender.recommend(PLACES, context, version="")]
    return ndcg(ranked, truth, PLACES)
