"""Takes rows of the outbox into this process's hands: those that may leave now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.clock import Clock
from bot.delivery.faults import describe
from bot.delivery.pacing import Pacing
from storage import Store
from storage.limits import RateLimits
from storage.outbox import Outbox, OutboxRow, Policy
from storage.redis_limits import RedisError, RedisLimits

log = logging.getLogger(__name__)

# Places in the limits are reserved no further ahead, so that no reply queues behind much of a campaign.
_HORIZON = timedelta(seconds=0.25)


@dataclass(frozen=True, slots=True)
class Lane:
    """Rows that are claimed together."""

    channels: tuple[str, ...]
    policy: Policy
    pacing: Pacing | None
    """Of their channel; None where it has no limits."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row in this process's hands, and when it may leave."""

    row: OutboxRow
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """Claims the rows of a lane."""

    store: Store
    owner: str
    lease: timedelta
    limits: RedisLimits | None
    """Where the limits are, if not in the store."""
    clock: Clock

    async def any_ready(self, lane: Lane, now: datetime) -> bool:
        """Whether a claim could be worth a transaction."""
        async with self.store.read() as connection:
            return await Outbox(connection).any_ready(lane.channels, lane.policy, now)

    async def claim(self, lane: Lane, limit: int) -> tuple[list[Claimed], datetime | None]:
        """Claim at most `limit` rows; with them, when it is worth looking again, if that is known."""
        claimed, next_look = await self.store.write(partial(self._claim, lane, limit))
        if lane.pacing is not None and self.limits is not None and claimed:
            return await self._reserve_in_redis(lane.pacing, self.limits, [claim.row for claim in claimed])
        return claimed, next_look

    async def _claim(
        self, lane: Lane, limit: int, connection: AsyncConnection
    ) -> tuple[list[Claimed], datetime | None]:
        """In one transaction: choose, reserve places in the limits, claim."""
        now = self.clock()
        outbox = Outbox(connection)
        rows = await outbox.ready(lane.channels, lane.policy, self.owner, now, limit)
        times = dict.fromkeys((row.id for row in rows), now)
        next_look = None
        if lane.pacing is not None and rows and self.limits is None:
            demands = [lane.pacing.demand(row) for row in rows]
            leaving = lane.pacing.departures(
                rows, await RateLimits(connection).reserve(demands, now, _HORIZON)
            )
            await outbox.postpone(leaving.put_off)
            times, next_look = dict(leaving.times), leaving.next_look
            rows = [row for row in rows if row.id in times]
        claimed = await outbox.claim(rows, self.owner, now + self.lease)
        return [Claimed(row, times[row.id]) for row in claimed], next_look

    async def _reserve_in_redis(
        self, pacing: Pacing, limits: RedisLimits, rows: Sequence[OutboxRow]
    ) -> tuple[list[Claimed], datetime | None]:
        """Ask between transactions, for nothing may wait for a network inside one; give back what must wait."""
        now = self.clock()
        demands = [pacing.demand(row) for row in rows]
        try:
            reservations = await limits.reserve(demands, now, _HORIZON)
        except RedisError as error:
            log.warning("Redis can't be asked, the limits of the store hold: %s", describe(error))
            reservations = await self.store.write(
                lambda connection: RateLimits(connection).reserve(demands, now, _HORIZON)
            )
        leaving = pacing.departures(rows, reservations)
        times = leaving.times

        async def give_back(connection: AsyncConnection) -> None:
            outbox = Outbox(connection)
            await outbox.release([row for row in rows if row.id not in times])
            await outbox.postpone(leaving.put_off)

        if len(times) < len(rows):
            await self.store.write(give_back)
        return [Claimed(row, times[row.id]) for row in rows if row.id in times], leaving.next_look
