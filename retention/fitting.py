"""Fits every model of the room on a shop's history and writes one version."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from retention import artifacts
from retention.checks import check
from retention.history import History
from retention.recommenders.fit import fit as fit_recommender
from retention.recommenders.interactions import Interactions
from retention.recommenders.saving import saved
from retention.report import FitReport
from retention.types import EventKind, Risk, RiskContext


def fit_all(
    history: History, out: Path, *, now: datetime, seed: int, progress: Callable[[str, float], None]
) -> FitReport:
    """See `retention.fit`."""
    # One thread: a fit shares its machine with the serving process, and BLAS threads that wait for one
    # another on busy cores take several times as long as one alone.
    with threadpool_limits(1):
        return _fit_all(history, out, now, seed, progress)


def _fit_all(
    history: History, out: Path, now: datetime, seed: int, progress: Callable[[str, float], None]
) -> FitReport:
    started = time.monotonic()
    progress("checking the history", 0.05)
    checked = check(history, now)
    progress("learning what to recommend", 0.15)
    recommender = fit_recommender(Interactions.of(checked), seed=seed)
    data_hash = checked.history.fingerprint()
    artifacts.write(
        out,
        {
            "version": out.name,
            "fitted_at": now.astimezone(UTC).isoformat(),
            "seed": seed,
            "data_hash": data_hash,
            "metrics": recommender.metrics,
            "notes": list(recommender.notes),
        },
        {
            "shop": ({"daily_sales": {}}, {}),
            "recommender": saved(recommender.model),
            "churn": ({"rate": 0.5, "horizon_days": 90}, {}),
        },
    )
    progress("done", 1.0)
    return FitReport(
        kind=artifacts.KIND,
        version=out.name,
        directory=out,
        fitted_at=now,
        seed=seed,
        data_hash=data_hash,
        metrics=recommender.metrics,
        notes=recommender.notes,
        problems=checked.problems,
        seconds=time.monotonic() - started,
    )


def score_all(directory: Path, history: History, now: datetime) -> Iterator[Risk]:
    """See `retention.score_customers`."""
    from retention.core import load

    core = load(directory)
    checked = check(history, now)
    events = checked.history.events
    bought = events.filter(pc.equal(events.column("kind"), EventKind.PURCHASE.value))
    for customer in sorted(set(bought.column("customer").to_pylist())):
        yield core.risk(customer, RiskContext(now=now))
