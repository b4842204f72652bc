"""Records what became of attempts to send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import Delivery
from bot.delivery.clock import Clock, wait
from bot.delivery.faults import describe
from bot.delivery.gate import Gate
from bot.delivery.outcomes import outcome
from storage import Store, StoreClosed
from storage.limits import Limit, RateLimits
from storage.outbox import Finish, Outbox, OutboxRow
from storage.redis_limits import RedisError, RedisLimits

log = logging.getLogger(__name__)

OnBlocked: TypeAlias = Callable[[AsyncConnection, str, str, datetime], Awaitable[None]]
"""Told, in a transaction, of a customer who blocked the shop: channel, address, now."""


@dataclass(frozen=True, slots=True)
class _Ended:
    finish: Finish
    blocked: bool
    pauses: tuple[Limit, ...]


class Recording:
    """Gathers ends of attempts and writes many in one transaction."""

    def __init__(
        self,
        store: Store,
        gate: Gate,
        *,
        on_blocked: OnBlocked | None,
        limits: RedisLimits | None,
        clock: Clock,
        stopping: asyncio.Event,
        recorded: Callable[[Sequence[OutboxRow]], None],
    ) -> None:
        """Wire it up.

        Args:
            store: where the outbox is.
            gate: says which limits an end shuts.
            on_blocked: told when a customer turns out to have blocked the shop.
            limits: where the limits are, if not in the store.
            clock: the time.
            stopping: once it is set, a store that fails is not waited for.
            recorded: told of rows whose end is in the store.
        """
        self._store = store
        self._gate = gate
        self._on_blocked = on_blocked
        self._limits = limits
        self._clock = clock
        self._stopping = stopping
        self._recorded = recorded
        self._results: list[_Ended] = []
        self._flushing: asyncio.Task[None] | None = None

    def end(self, row: OutboxRow, delivery: Delivery) -> Finish:
        """Take note of how an attempt ended; it is written as soon as what is being written is."""
        finish = outcome(row, delivery, self._clock())
        self._results.append(_Ended(finish, delivery.blocked, self._gate.pauses(row, delivery, finish)))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush(), name="liuke-sender-finish")
        return finish

    async def flushed(self) -> None:
        """Wait until all that was noted is written, or can't be."""
        if self._flushing is not None:
            await asyncio.wait([self._flushing])

    async def _flush(self) -> None:
        """Record what ended; what ends meanwhile shares the next transaction."""
        try:
            while self._results:
                batch, self._results = self._results, []
                if not await self._record(batch):
                    return
        finally:
            self._flushing = None

    async def _record(self, batch: list[_Ended]) -> bool:
        while True:
            try:
                await self._store.write(partial(self._finish, batch))
            except StoreClosed:
                return False
            except Exception as error:  # noqa: BLE001 - the store may come back
                log.warning("what became of %d messages isn't recorded yet: %s", len(batch), describe(error))
                if self._stopping.is_set():
                    return False
                await wait(self._stopping, 1.0)
            else:
                break
        await self._pause_in_redis(batch)
        self._recorded([ended.finish.row for ended in batch])
        return True

    async def _pause_in_redis(self, batch: Sequence[_Ended]) -> None:
        if self._limits is None:
            return
        now = self._clock()
        for ended in batch:
            if not ended.pauses:
                continue
            try:
                await self._limits.pause(ended.pauses, ended.finish.not_before or now, now)
            except RedisError as error:
                log.warning("Redis wasn't told to pause: %s", describe(error))

    async def _finish(self, batch: Sequence[_Ended], connection: AsyncConnection) -> None:
        now = self._clock()
        await Outbox(connection).finish([ended.finish for ended in batch], now)
        for ended in batch:
            if ended.pauses:
                await RateLimits(connection).pause(ended.pauses, ended.finish.not_before or now)
            if ended.blocked and self._on_blocked is not None:
                await _tell_blocked(connection, self._on_blocked, ended.finish.row, now)


async def _tell_blocked(
    connection: AsyncConnection, on_blocked: OnBlocked, row: OutboxRow, now: datetime
) -> None:
    try:
        async with connection.begin_nested():
            await on_blocked(connection, row.channel, row.address, now)
    except Exception as error:  # noqa: BLE001 - the messages' ends must be recorded all the same
        log.error("recording that a customer blocked the shop failed: %s", describe(error))
