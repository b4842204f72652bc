"""The steps of personal prices that a shop lets be learned: fitted once a day, from what came of its offers."""

from __future__ import annotations

import asyncio
import logging
import zlib
from datetime import UTC, datetime
from functools import partial

from bot.delivery.faults import faults
from bot.models.judging import rules_beside_learned, step_history
from bot.shop.prices import Prices
from kernel.times import utc_now
from retention.pricing import thompson
from retention.pricing.rules import steps_of, tier_of_days
from retention.steps import StepModel
from retention.types import PricePolicy
from storage import StoreUnavailable
from storage.catalogue import Catalogue
from storage.decided import Decided
from storage.trial import AnyStore

_CHECK_EVERY = 60.0
_BETWEEN = 200
"""Basis points between two candidate steps."""
_USUAL_MARGIN = 0.4
"""Of a shop that states no cost; it makes no offers anyway."""

log = logging.getLogger(__name__)


class LearnedSteps:
    """The model of the day. None where the shop doesn't want one, or the published steps turned out to pay better."""

    def __init__(self, store: AnyStore, prices: Prices, *, margin: float | None = None) -> None:
        self._store, self._prices, self._margin = store, prices, margin
        self._of: tuple[datetime, PricePolicy] | None = None
        self.model: StepModel | None = None

    async def refresh(self, now: datetime) -> None:
        """Fit the model of the day, unless that is done.

        What counts is what was over at midnight, so that all who serve customers fit the same.
        """
        policy, midnight = (
            self._prices.policy,
            now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
        )
        if self._of == (midnight, policy):
            return
        self.model = await self._fitted(policy, midnight) if policy.learn else None
        self._of = midnight, policy

    async def watch(self) -> None:
        """Refresh until cancelled."""
        while True:
            with faults.told(log.warning, "could not learn the steps of offers", only=StoreUnavailable):
                await self.refresh(utc_now())
            await asyncio.sleep(_CHECK_EVERY)

    async def _fitted(self, policy: PricePolicy, midnight: datetime) -> StepModel | None:
        steps, tier_of = candidate_steps(policy), partial(_tier, policy)
        async with self._store.read(long=True) as connection:
            verdict = await rules_beside_learned(connection, midnight, policy=policy, margin=self._margin)
            history = await step_history(
                connection, midnight, steps=steps, tiers=len(policy.loyalty) + 1, tier_of=tier_of
            )
            margin = await Catalogue(connection).usual_margin()
        if verdict is not None and verdict.promoted:
            log.warning(
                "the published steps of personal prices are used, not the learned ones: %s", verdict.reason
            )
            return None
        model = await asyncio.to_thread(
            thompson.fit,
            history,
            steps=steps,
            tiers=[str(number) for number in range(len(policy.loyalty) + 1)],
            rules=steps_of(policy),
            margin=margin if margin is not None else self._margin or _USUAL_MARGIN,
            seed=zlib.crc32(midnight.isoformat().encode()),
        )
        if model.missing:
            log.info(
                "the published steps of personal prices are used until more is known: %s",
                "; ".join(model.missing),
            )
        return model


def candidate_steps(policy: PricePolicy) -> tuple[int, ...]:
    """Nothing, the published steps, and others between, up to the largest discount."""
    most = round(policy.max_discount * thompson.WHOLE)
    offs = {*steps_of(policy), *range(0, most + 1, _BETWEEN)}
    return tuple(sorted(off for off in offs if off <= most))


def _tier(policy: PricePolicy, decided: Decided) -> int:
    return tier_of_days(decided.purchase_days, policy)
