"""Fits the retention models from the events in the store, in a process of its own.

Run as `liuke refit`; the nightly job starts it as a child. The new version is written below
`models/retention/<version>/`, registered, and made current; whoever serves notices by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

import retention
from bot.history import read_history
from bot.models import KIND
from bot.settings import Settings
from retention.history import History
from storage import Store
from storage.columns import to_micros
from storage.models import ModelVersion, ModelVersions
from storage.scores import Score, Scores

Progress = Callable[[str, float], None]

_CHUNK = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RefitResult:
    """A finished refit."""

    version: str
    path: Path
    customers_scored: int


async def refit(settings: Settings, *, seed: int, progress: Progress, now: datetime) -> RefitResult:
    """Fit, publish and score everything as of `now`."""
    progress("reading the shop's history", 0.0)
    history = read_history(settings.store_url, to_micros(now))
    version = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    relative = Path("models") / KIND / version
    report = retention.fit(history, settings.home / relative, now=now, seed=seed, progress=progress)
    store = Store.open(settings.store_url)
    try:
        await store.write(
            lambda connection: ModelVersions(connection).add(
                ModelVersion(
                    kind=KIND,
                    version=version,
                    path=str(relative),
                    metrics=report.metrics,
                    data_hash=report.data_hash,
                    seed=seed,
                    fitted_at=now,
                    current=True,
                )
            )
        )
        scored = await _publish_scores(store, _score(settings.home / relative, history, now))
    finally:
        await store.close()
    progress("done", 1.0)
    return RefitResult(version=version, path=settings.home / relative, customers_scored=scored)


def _score(path: Path, history: History, now: datetime) -> list[Score]:
    """The churn risk of every customer who ever bought, from the model just fitted."""
    return [
        Score(
            customer_id=risk.customer,
            kind="churn",
            value=risk.probability,
            band=risk.band.value,
            reasons=[
                {"code": reason.code, "value": reason.value, "weight": reason.weight}
                for reason in risk.reasons
            ],
            policy=risk.policy,
            as_of=now,
        )
        for risk in retention.score_customers(path, history, now=now)
    ]


async def _publish_scores(store: Store, scores: list[Score]) -> int:
    for start in range(0, len(scores), _CHUNK):
        await store.write(partial(_replace, scores[start : start + _CHUNK]))
    return len(scores)


async def _replace(scores: list[Score], connection: AsyncConnection) -> None:
    await Scores(connection).replace(scores)
