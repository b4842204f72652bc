"""Fits the retention models from the events in the store, in a process of its own.

Run as `liuke refit`; the nightly job starts it as a child. The new version (what to recommend, who leaves, what they
are worth, segments and clusters) is written below `models/retention/<version>/`, compared with the one that is served
on a window that neither was fitted on, and made current unless it is worse; whoever serves notices by itself. Then
everybody is scored, and whose risk went up a band becomes a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

import retention
from bot.jobs.pruning import prune
from bot.models.history import read_history
from bot.models.retention import KIND
from bot.settings import Settings
from kernel.times import to_micros
from retention import CustomerId, FitReport, Money, Reason, Risk, RiskBand, Warned, crossings, settled
from retention.checks import check
from retention.choices import capacity_of
from retention.churn.bands import ORDER, Bands, banded, places
from retention.churn.windows import buyers
from retention.drift import Drift
from retention.features.expressions import Shop
from retention.history import History
from retention.reviewing import Review
from retention.scoring import active_customers, silent_too_long
from retention.value import model as value
from storage import Store
from storage.customers import Customers
from storage.models import ModelVersion, ModelVersions
from storage.scores import Score, Scores
from storage.warnings import NewWarning, Warnings

Progress = Callable[[str, float], None]

log = logging.getLogger(__name__)

_CHUNK = 2_000
_CHURN = "churn"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefitResult:
    """A finished refit."""

    version: str
    path: Path
    promoted: bool
    """Whether it is served from now on."""
    reason: str
    """Why, or why not."""
    comparisons: Sequence[str]
    """A line each, with its margin."""
    drifted: Sequence[str]
    """Features, or the score, that have moved far since the version served so far was fitted."""
    readiness: Sequence[str]
    """A sentence for each model that had too little data."""
    customers_scored: int
    bands: Mapping[str, int]
    """Customers in each band of risk."""
    warnings: int


async def refit(settings: Settings, *, seed: int, progress: Progress, now: datetime) -> RefitResult:
    """Fit, compare, publish and score everything as of `now`."""
    progress("reading the shop's history", 0.0)
    history = read_history(settings.store_url, to_micros(now))
    version = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    relative = Path("models") / KIND / version
    path = settings.home / relative
    async with Store.open(settings.store_url) as store:
        async with store.read() as connection:
            served = await ModelVersions(connection).current(KIND)
        before = None if served is None else settings.home / served.path
        fitted = retention.fit(
            history,
            path,
            now=now,
            seed=seed,
            progress=lambda step, share: progress(step, share * 0.85),
            previous=before,
            judged=served is not None,  # A first version has nothing to be compared with.
        )
        # The fit takes minutes, and somebody may have rolled back or been erased meanwhile.
        async with store.read() as connection:
            served = await ModelVersions(connection).current(KIND)
            present = await Customers(connection).present(listed := retention.listed(path))
        retention.forget(path, set(listed) - present)
        before = None if served is None else settings.home / served.path
        progress("comparing it with the one in use", 0.85)
        review = retention.review(before, path, history, now=now, seed=seed)
        _tell(version, review)
        new = ModelVersion(
            kind=KIND,
            version=version,
            path=str(relative),
            metrics=fitted.metrics,
            data_hash=fitted.data_hash,
            seed=seed,
            fitted_at=now,
            current=review.verdict.promoted,
            report=_report(fitted, review),
        )
        await store.write(lambda connection: ModelVersions(connection).add(new))
        progress("scoring everybody", 0.9)
        in_use = path if review.verdict.promoted or before is None else before
        risks = list(retention.score_customers(in_use, history, now=now))
        worth = expected_spend(in_use, history, now=now)
        risks, edges = _banded(settings, in_use, risks, worth, history, now)
        async with store.read() as connection:
            scored_at = await Scores(connection).latest(_CHURN)
        silent = (
            silent_too_long(in_use, history, now=now, since=scored_at)
            if scored_at is not None
            else frozenset()
        )
        risks, warnings = await _publish(store, risks, edges, silent, worth, now)
        await prune(store, settings.home)
    progress("done", 1.0)
    return RefitResult(
        version=version,
        path=path,
        promoted=review.verdict.promoted,
        reason=review.verdict.reason,
        comparisons=[str(one) for one in review.verdict.comparisons],
        drifted=[one.name for one in review.drift.drifted] if review.drift else [],
        readiness=[str(one) for one in fitted.readiness if not one.enough],
        customers_scored=len(risks),
        bands={band.value: sum(risk.band is band for risk in risks) for band in reversed(ORDER)},
        warnings=warnings,
    )


def _tell(version: str, review: Review) -> None:
    if not review.verdict.promoted:
        log.warning("retention model %s is not served: %s", version, review.verdict.reason)
    if review.drift and review.drift.drifted:
        moved = ", ".join(f"{one.name} {one.index:.2f}" for one in review.drift.drifted)
        log.warning("customers have changed since version %s was fitted: %s", review.drift.version, moved)


def _report(fitted: FitReport, review: Review) -> dict[str, Any]:
    """What `liuke models show` shows."""
    return {
        "verdict": asdict(review.verdict),
        "drift": None if review.drift is None else _drift(review.drift),
        "readiness": [asdict(one) for one in fitted.readiness],
        "notes": list(fitted.notes),
        "groups": [asdict(one) for one in fitted.groups],
        "choices": [dict(one) for one in fitted.choices],
        "problems": [asdict(one) for one in fitted.problems],
        "seconds": round(fitted.seconds, 2),
    }


def _drift(drift: Drift) -> dict[str, Any]:
    shifts = [{**asdict(one), "level": one.level} for one in drift.shifts]
    older = None if drift.older is None else _drift(drift.older)
    return {**asdict(drift), "shifts": shifts, "older": older}


def _banded(
    settings: Settings,
    directory: Path,
    risks: list[Risk],
    worth: Mapping[CustomerId, Money],
    history: History,
    now: datetime,
) -> tuple[list[Risk], Bands | None]:
    """The risks in bands by whom the staff can look after, and where these begin; as they are without a model."""
    churn = retention.load(directory).churn
    if not churn.fitted:
        return risks, None
    active = active_customers(history, now=now, days=churn.horizon_days)
    treated = places(capacity_of(settings.risk_capacity), active)
    return banded(risks, worth, medium=churn.bands[0], treated=treated)


async def _publish(
    store: Store,
    risks: list[Risk],
    edges: Bands | None,
    silent: Collection[CustomerId],
    worth: Mapping[CustomerId, Money],
    now: datetime,
) -> tuple[list[Risk], int]:
    """Keep the scores, and a warning for everybody whose band rose or who was silent for too long; return the scores,
    and how many warnings were new.

    Where the model in use is fitted, `edges` are where bands begin: a band is only left beyond them.
    """
    async with store.read() as connection:
        found = await Scores(connection).band_of_each(_CHURN)
    bands = {customer: RiskBand(band) for customer, band in found.items()}
    if edges is not None:
        risks = settled(bands, risks, edges)
    warned = crossings(bands, risks, silent)
    policies = {risk.customer: risk.policy for risk in risks}
    warnings = [_warning(one, policies[one.customer], now) for one in warned]
    # Warnings first: should this end half-way, one that comes again is better than one that never came.
    added = await store.write(partial(_warn, warnings))
    for start in range(0, len(risks), _CHUNK):
        chunk = [_score(risk, worth.get(risk.customer), now) for risk in risks[start : start + _CHUNK]]
        await store.write(partial(_replace, chunk))
    return risks, added


async def _warn(warnings: list[NewWarning], connection: AsyncConnection) -> int:
    present = await Customers(connection).present([one.customer_id for one in warnings])
    return await Warnings(connection).add([one for one in warnings if one.customer_id in present])


async def _replace(scores: list[Score], connection: AsyncConnection) -> None:
    present = await Customers(connection).present([one.customer_id for one in scores])
    await Scores(connection).replace([one for one in scores if one.customer_id in present])


def _reasons(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    return [{"code": one.code, "value": one.value, "weight": one.weight} for one in reasons]


def _score(risk: Risk, worth: Money | None, now: datetime) -> Score:
    return Score(
        customer_id=risk.customer,
        kind=_CHURN,
        value=risk.probability,
        band=risk.band.value,
        reasons=_reasons(risk.reasons),
        policy=risk.policy,
        as_of=now,
        expected_value=None if worth is None else worth.minor,
        currency=None if worth is None else worth.currency,
    )


def _warning(warned: Warned, policy: str, now: datetime) -> NewWarning:
    loss = warned.expected_loss
    return NewWarning(
        customer_id=warned.customer,
        at=now,
        was=warned.before.value,
        band=warned.band.value,
        probability=warned.probability,
        lead_days=warned.lead_days,
        expected_loss=None if loss is None else loss.minor,
        currency=None if loss is None else loss.currency,
        reasons=_reasons(warned.reasons),
        policy=policy,
    )


def expected_spend(directory: Path, history: History, *, now: datetime) -> Mapping[CustomerId, Money]:
    """What customers who have bought are expected to spend within the horizon of their risk.

    By the model of value in `directory`: the version in use, so that a roll-back takes it back, too. Nobody's is known
    where that version has none, the history holds no money, or it was too short for BG/NBD: one rate for everybody
    would think much of those long gone.

    Raises:
        ModelDamaged: the model cannot be read.
    """
    model = value.in_folder(directory)
    if model is None or model.alike or model.spend is None or model.currency is None:
        return {}
    horizon = retention.load(directory).churn.horizon_days
    checked = check(history, now)
    table = buyers(Shop(checked.history), to_micros(now))
    amounts = np.rint(model.value(table.values, horizon)).astype(np.int64).tolist()
    return {
        customer: Money(amount, model.currency)
        for customer, amount in zip(table.customers, amounts, strict=True)
    }
