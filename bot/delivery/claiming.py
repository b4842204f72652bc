"""Takes rows of the outbox into this process's hands: those that may leave now, and are still wanted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.clock import Clock
from bot.delivery.faults import describe
from bot.delivery.gate import Gate
from storage import Store
from storage.limits import RateLimits
from storage.outbox import Outbox, OutboxRow, Policy
from storage.redis_limits import RedisError, RedisLimits

log = logging.getLogger(__name__)

Recheck: TypeAlias = Callable[[AsyncConnection, OutboxRow, datetime], Awaitable[str | datetime | None]]
"""Looks at a campaign's row again just before it is sent: None lets it go, a string drops it for that reason,
a time puts it off."""

_AFTER_BAD_RECHECK = timedelta(minutes=5)
# Places in the limits are reserved no further ahead, so that no reply queues behind much of a campaign.
_HORIZON = timedelta(seconds=0.25)


@dataclass(frozen=True, slots=True)
class Lane:
    """Rows that are claimed together."""

    channels: tuple[str, ...]
    policy: Policy
    paced: bool
    wake: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row in this process's hands, and when it may leave."""

    row: OutboxRow
    at: datetime


class Claiming:
    """Claims the rows of a lane."""

    def __init__(
        self,
        store: Store,
        gate: Gate,
        *,
        owner: str,
        lease: timedelta,
        recheck: Recheck | None,
        limits: RedisLimits | None,
        clock: Clock,
    ) -> None:
        self._store = store
        self._gate = gate
        self._owner = owner
        self._lease = lease
        self._recheck = recheck
        self._limits = limits
        self._clock = clock

    async def any_ready(self, lane: Lane, now: datetime) -> bool:
        """Whether a claim could be worth a transaction."""
        async with self._store.read() as connection:
            return await Outbox(connection).any_ready(lane.channels, lane.policy, now)

    async def claim(self, lane: Lane, limit: int) -> tuple[list[Claimed], datetime | None]:
        """Claim at most `limit` rows; with them, when it is worth looking again, if that is known."""
        claimed, next_look = await self._store.write(partial(self._claim, lane, limit))
        if lane.paced and self._limits is not None and claimed:
            return await self._reserve_in_redis(self._limits, [claim.row for claim in claimed])
        return claimed, next_look

    async def _claim(
        self, lane: Lane, limit: int, connection: AsyncConnection
    ) -> tuple[list[Claimed], datetime | None]:
        """In one transaction: choose, reserve places in the limits, look again, claim."""
        now = self._clock()
        outbox = Outbox(connection)
        rows = await outbox.ready(lane.channels, lane.policy, self._owner, now, limit)
        times = dict.fromkeys((row.id for row in rows), now)
        next_look = None
        if lane.paced and rows and self._limits is None:
            demands = self._gate.demands(rows)
            places = self._gate.places(rows, await RateLimits(connection).reserve(demands, now, _HORIZON))
            await outbox.postpone(places.put_off)
            times, next_look = dict(places.times), places.next_look
            rows = [row for row in rows if row.id in times]
        if lane.policy == "once":
            rows = [row for row in rows if await self._still_wanted(connection, row, now)]
        claimed = await outbox.claim(rows, self._owner, now + self._lease)
        return [Claimed(row, times[row.id]) for row in claimed], next_look

    async def _reserve_in_redis(
        self, limits: RedisLimits, rows: Sequence[OutboxRow]
    ) -> tuple[list[Claimed], datetime | None]:
        """Ask between transactions, for nothing may wait for a network inside one; give back what must wait."""
        now = self._clock()
        demands = self._gate.demands(rows)
        try:
            reservations = await limits.reserve(demands, now, _HORIZON)
        except RedisError as error:
            log.warning("Redis can't be asked, the limits of the store hold: %s", describe(error))
            reservations = await self._store.write(
                lambda connection: RateLimits(connection).reserve(demands, now, _HORIZON)
            )
        places = self._gate.places(rows, reservations)
        times = places.times

        async def give_back(connection: AsyncConnection) -> None:
            outbox = Outbox(connection)
            await outbox.release([row for row in rows if row.id not in times])
            await outbox.postpone(places.put_off)

        if len(times) < len(rows):
            await self._store.write(give_back)
        return [Claimed(row, times[row.id]) for row in rows if row.id in times], places.next_look

    async def _still_wanted(self, connection: AsyncConnection, row: OutboxRow, now: datetime) -> bool:
        if self._recheck is None or row.kind != "campaign":
            return True
        try:
            async with connection.begin_nested():
                verdict = await self._recheck(connection, row, now)
        except Exception as error:  # noqa: BLE001 - one bad row mustn't hold up the campaign
            log.error("message %d couldn't be looked at again: %s", row.id, describe(error))
            verdict = now + _AFTER_BAD_RECHECK
        if isinstance(verdict, str):
            await Outbox(connection).cancel(row.id, now, verdict)
        elif verdict is not None:
            await Outbox(connection).postpone({row.id: verdict})
        return verdict is None
