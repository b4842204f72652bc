"""What becomes of a message after an attempt to send it, and the record of that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.clock import Clock, wait
from bot.delivery.departure import LastLooks
from bot.delivery.faults import describe, faults
from bot.delivery.pacing import Pacing
from bot.messages import Delivery, DeliveryStatus
from storage import Store, StoreClosed
from storage.limits import Limit, RateLimits
from storage.outbox import Finish, Outbox, OutboxRow
from storage.redis_limits import RedisError, RedisLimits

log = logging.getLogger(__name__)

OnBlocked: TypeAlias = Callable[[AsyncConnection, str, str, datetime], Awaitable[None]]
"""Told, in a transaction, of a customer who blocked the shop: channel, address, now."""

_FIRST_DELAY = timedelta(seconds=1)
_LONGEST_DELAY = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(hours=24)
"""An answer that is a day late helps nobody; the row then says `failed`."""
_NOT_SENT = ("ready", "failed")


@dataclass(frozen=True, slots=True)
class _Ended:
    finish: Finish
    blocked: bool
    pauses: tuple[Limit, ...]


@dataclass(slots=True, kw_only=True)
class Recording:
    """Gathers ends of attempts and writes many in one transaction."""

    store: Store
    pacings: Mapping[str, Pacing]
    """Of channels with limits, by name: each says which limits an end shuts."""
    last_looks: LastLooks
    """Told when a message of theirs turns out not to have left."""
    on_blocked: OnBlocked | None
    """Told when a customer turns out to have blocked the shop."""
    limits: RedisLimits | None
    """Where the limits are, if not in the store."""
    clock: Clock
    stopping: asyncio.Event
    """Once it is set, a store that fails is not waited for."""
    recorded: Callable[[Sequence[OutboxRow]], None]
    """Told of rows whose end is in the store."""
    _results: list[_Ended] = field(default_factory=list, init=False)
    _flushing: asyncio.Task[None] | None = field(default=None, init=False)

    def end(self, row: OutboxRow, delivery: Delivery) -> Finish:
        """Take note of how an attempt ended; it is written as soon as what is being written is."""
        finish = outcome(row, delivery, self.clock())
        pacing = self.pacings.get(row.channel)
        pauses = () if pacing is None else pacing.pauses(row, delivery, finish)
        self._results.append(_Ended(finish, delivery.blocked, pauses))
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
                await self.store.write(partial(self._finish, batch))
            except StoreClosed:
                return False
            except Exception as error:  # noqa: BLE001 - the store may come back
                faults.tell(log.warning, error, "what became of %d messages isn't recorded yet", len(batch))
                if self.stopping.is_set():
                    return False
                await wait(self.stopping, 1.0)
            else:
                break
        await self._pause_in_redis(batch)
        self.recorded([ended.finish.row for ended in batch])
        return True

    async def _pause_in_redis(self, batch: Sequence[_Ended]) -> None:
        if self.limits is None:
            return
        now = self.clock()
        for ended in batch:
            if not ended.pauses:
                continue
            try:
                await self.limits.pause(ended.pauses, ended.finish.not_before or now, now)
            except RedisError as error:
                log.warning("Redis wasn't told to pause: %s", describe(error))

    async def _finish(self, batch: Sequence[_Ended], connection: AsyncConnection) -> None:
        now = self.clock()
        await Outbox(connection).finish([ended.finish for ended in batch], now)
        for ended in batch:
            if ended.pauses:
                await RateLimits(connection).pause(ended.pauses, ended.finish.not_before or now)
            row = ended.finish.row
            if ended.blocked and self.on_blocked is not None:
                await _tell(connection, partial(self.on_blocked, connection, row.channel, row.address, now))
            last_look = self.last_looks.get(row.kind)
            if last_look is not None and ended.finish.state in _NOT_SENT:
                await _tell(connection, partial(last_look.not_sent, connection, row))


async def _tell(connection: AsyncConnection, somebody: Callable[[], Awaitable[None]]) -> None:
    try:
        async with connection.begin_nested():
            await somebody()
    except Exception as error:  # noqa: BLE001 - the messages' ends must be recorded all the same
        log.error("what follows from a message's end wasn't recorded: %s", describe(error))


def outcome(row: OutboxRow, delivery: Delivery, now: datetime) -> Finish:
    """How an attempt changes its row.

    Only what is known not to have arrived is tried again by itself, except that a reply (`retry`) is also
    tried again when nobody knows: a customer would rather read it twice than never.
    """
    refs = delivery.message_refs or tuple(row.message_refs)
    reason = delivery.reason or delivery.status.value
    match delivery.status:
        case DeliveryStatus.SENT:
            return Finish(row=row, state="sent", message_refs=refs)
        case DeliveryStatus.REFUSED:
            return Finish(row=row, state="failed", message_refs=refs, error=reason)
        case DeliveryStatus.UNKNOWN if row.policy == "once":
            return Finish(row=row, state="unknown", message_refs=refs, error=reason)
    if row.policy == "retry" and now - row.created_at > GIVE_UP_AFTER:
        return Finish(row=row, state="failed", message_refs=refs, error=f"gave up: {reason}")
    return Finish(
        row=row, state="ready", message_refs=refs, error=reason, not_before=now + _delay(row, delivery)
    )


def _delay(row: OutboxRow, delivery: Delivery) -> timedelta:
    if delivery.retry_after is not None:
        return timedelta(seconds=delivery.retry_after)
    return min(_FIRST_DELAY * (1 << min(row.attempts - 1, 10)), _LONGEST_DELAY)
