"""A version's models once more, fitted on what lies before its last window: what the version is judged by.

A model can't be judged on a window that it was fitted on, and the models that are served are fitted on everything. So
every fit makes them twice, in the same way with the same seed, and keeps both. Only a shop's first version, which has
nothing to be compared with, does without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from numpy.typing import NDArray

from kernel.times import DAY, from_micros, to_micros
from retention import artifacts
from retention.checks import Checked, check
from retention.churn import fit as churn_fit
from retention.churn.model import ChurnModel
from retention.churn.model import restored as churn_restored
from retention.churn.model import saved as churn_saved
from retention.errors import ModelDamaged
from retention.features.expressions import Shop
from retention.history import History
from retention.recommenders import fitting as recommend_fit
from retention.recommenders.interactions import Interactions
from retention.recommenders.model import Recommender
from retention.value import fit as value_fit
from retention.value.model import ValueModel
from retention.value.model import restored as value_restored
from retention.value.model import saved as value_saved

RECOMMENDED_DAYS = 28
"""Recommendations are judged on what was bought in so many last days; risks and value over one horizon."""
PARTS = ("trial", "trial_recommender", "trial_churn", "trial_value")

Part = tuple[dict[str, Any], dict[str, NDArray[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models of one fit, as far as they can be judged."""

    recommender: Recommender
    churn: ChurnModel
    value: ValueModel | None
    """None for a version that was saved without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Models that have seen nothing of the last window; moments in microseconds since 1970."""

    models: Models
    recommender_until: int
    """The recommender has seen no event at this moment or later."""
    outcomes_until: int
    """Neither have churn and value at this one."""


def fit_before(
    history: History,
    *,
    now: datetime,
    horizon_days: int,
    seed: int,
    progress: Callable[[float], None] = lambda share: None,
) -> Backtest:
    """Fit as the version is fitted, on what was known before its last window.

    Args:
        history: as the version's.
        now: of the version's fit; the windows end there.
        horizon_days: of the version's risks.
        seed: the version's.
        progress: called with the share done.
    """
    end = to_micros(now)
    recommender_until, outcomes_until = end - RECOMMENDED_DAYS * DAY, end - horizon_days * DAY
    interactions = Interactions.of(known_before(history, recommender_until))
    recommender = recommend_fit.fit(interactions, seed=seed).model
    progress(0.8)
    early = known_before(history, outcomes_until)
    shop = Shop(early.history)
    churn = churn_fit.fit(early, shop, seed=seed, horizon_days=horizon_days).model
    value = value_fit.fit(early, shop, seed=seed, horizon_days=horizon_days).model
    return Backtest(
        models=Models(recommender=recommender, churn=churn, value=value),
        recommender_until=recommender_until,
        outcomes_until=outcomes_until,
    )


def known_before(history: History, moment: int) -> Checked:
    """The history as it was judged when nothing at `moment` (microseconds) or later had happened.

    Of products it has the catalogue of today, which has no times.
    """
    events = history.events
    early = History(
        events=events.filter(pc.less(events.column("at"), moment)),
        products=history.products,
        customers=history.customers,
    )
    return check(early, from_micros(moment))


def saved(backtest: Backtest) -> dict[str, Part]:
    """As parts of a saved version; `in_folder` is the way back."""
    moments: dict[str, Any] = {
        "recommender_until": backtest.recommender_until,
        "outcomes_until": backtest.outcomes_until,
    }
    parts: dict[str, Part] = {
        "trial": (moments, {}),
        "trial_recommender": backtest.models.recommender.parts(),
        "trial_churn": churn_saved(backtest.models.churn),
    }
    return (
        parts
        if backtest.models.value is None
        else {**parts, "trial_value": value_saved(backtest.models.value)}
    )


def in_folder(directory: Path) -> Backtest | None:
    """That of a saved version; None for one fitted without it.

    Raises:
        ModelDamaged: it can't be read.
    """
    _, parts = artifacts.read(directory, only=PARTS)
    if "trial" not in parts:
        return None
    try:
        return Backtest(
            models=Models(
                recommender=Recommender.from_parts(*parts["trial_recommender"]),
                churn=churn_restored(*parts["trial_churn"]),
                value=value_restored(parts["trial_value"][0]) if "trial_value" in parts else None,
            ),
            **{name: int(moment) for name, moment in parts["trial"][0].items()},
        )
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise ModelDamaged(f"{directory} lacks a part that belongs to it: {error!r}") from error
