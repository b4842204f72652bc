"""Sends what is in the outbox: claimed, paced, delivered, and its end recorded."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import Delivery, DeliveryStatus
from bot.delivery.clock import Clock, utc_now
from bot.delivery.faults import describe
from bot.delivery.outcomes import Floods, outcome, outgoing
from bot.delivery.pacing import Pacing
from bot.delivery.ports import Channel
from storage import Store, StoreClosed
from storage.limits import Limit, RateLimits, Reservation
from storage.outbox import Finish, Outbox, OutboxRow, Policy
from storage.redis_limits import RedisError, RedisLimits

log = logging.getLogger(__name__)

Recheck: TypeAlias = Callable[[AsyncConnection, OutboxRow, datetime], Awaitable[str | datetime | None]]
"""Looks at a campaign's row again just before it is sent: None lets it go, a string drops it for that reason,
a time puts it off."""
OnBlocked: TypeAlias = Callable[[AsyncConnection, str, str, datetime], Awaitable[None]]
"""Told, in a transaction, of a customer who blocked the shop: channel, address, now."""

LEASE = timedelta(seconds=15)
"""How long what a dead process had in hand waits for another."""
_POLL = 0.2
_HOUSEKEEPING = 4.0
_ATTEMPT = 60.0
"""Seconds after which an attempt counts as unknown."""
_IN_HAND = 128
_CLAIM = 64
# Places in the limits are reserved no further ahead, so that no reply queues behind much of a campaign.
_AFTER_BAD_RECHECK = timedelta(minutes=5)
_HORIZON = timedelta(seconds=0.25)


@dataclass(frozen=True, slots=True)
class _Lane:
    """Rows that are claimed together."""

    channels: tuple[str, ...]
    policy: Policy
    paced: bool
    wake: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Claimed:
    row: OutboxRow
    at: datetime


@dataclass(frozen=True, slots=True)
class _Ended:
    finish: Finish
    blocked: bool
    pauses: tuple[Limit, ...]


class Sender:
    """Delivers the rows of some channels, in any number of replicas.

    A reply (`retry`) goes out at least once, in order within its conversation. A campaign's message (`once`)
    goes out at most once: `sending` is committed before the first byte leaves, and nothing leads back from
    there but proof that nothing was sent.
    """

    def __init__(
        self,
        store: Store,
        channels: Iterable[Channel],
        *,
        owner: str,
        rate: float = 28.0,
        recheck: Recheck | None = None,
        on_blocked: OnBlocked | None = None,
        limits: RedisLimits | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """Wire a sender; `run` starts it.

        Args:
            store: where the outbox and the limits are.
            channels: those that this process can deliver to; rows of others are left alone.
            owner: a name that no other process has.
            rate: messages a second on Telegram in all; 0 lifts every limit.
            recheck: may drop or put off a campaign's row at the last moment.
            on_blocked: told when a customer turns out to have blocked the shop.
            limits: keeps the limits in Redis rather than in the store; closed by whoever opened it.
            clock: the time.
        """
        self._store = store
        self._channels = {channel.name: channel for channel in channels}
        self._owner = owner
        self._pacing = Pacing(rate)
        self._recheck = recheck
        self._on_blocked = on_blocked
        self._limits = limits
        self._clock = clock
        self._lanes = self._make_lanes()
        self._in_hand: dict[int, OutboxRow] = {}
        self._chains: dict[tuple[str, str], deque[_Claimed]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: list[_Ended] = []
        self._flushing: asyncio.Task[None] | None = None
        self._floods = Floods()
        self._paused_until: datetime | None = None
        self._stopping = asyncio.Event()

    def _make_lanes(self) -> list[_Lane]:
        """Paced rows apart from the others, which mustn't wait behind them; replies apart from campaigns."""
        lanes: list[_Lane] = []
        for paced in (False, True):
            names = tuple(sorted(name for name in self._channels if self._pacing.paces(name) == paced))
            if names:
                lanes += [_Lane(names, "retry", paced), _Lane(names, "once", paced)]
        return lanes

    def wake(self) -> None:
        """Look at the outbox now: something has been put into it in this process."""
        for lane in self._lanes:
            lane.wake.set()

    async def run(self) -> None:
        """Send until `stop`."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(self._serve(lane), name=f"liuke-sender-{lane.policy}")
            group.create_task(self._keep_house(), name="liuke-sender-house")

    async def stop(self, within: float = 8.0) -> None:
        """Claim nothing more and wait at most `within` seconds for what is on its way; the rest is kept."""
        self._stopping.set()
        self.wake()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._flushed()

    # --- claiming -----------------------------------------------------------------------------------------

    async def _serve(self, lane: _Lane) -> None:
        while not self._stopping.is_set():
            lane.wake.clear()
            try:
                pause = await self._claim_and_begin(lane)
            except StoreClosed:
                return
            except Exception as error:  # noqa: BLE001 - the store may come back
                log.warning("looking at the outbox failed, looking again: %s", describe(error))
                pause = 1.0
            if pause > 0:
                await _wait(lane.wake, pause)

    async def _claim_and_begin(self, lane: _Lane) -> float:
        """Claim what may go and send it on its way; return the seconds until the next look is worth it."""
        now = self._clock()
        if lane.paced and self._paused_until is not None and self._paused_until > now:
            return min((self._paused_until - now).total_seconds(), _POLL)
        limit = min(_CLAIM, _IN_HAND - len(self._in_hand))
        if limit <= 0:
            return _POLL
        async with self._store.read() as connection:
            if not await Outbox(connection).any_ready(lane.channels, lane.policy, now):
                return _POLL
        claimed, next_look = await self._store.write(partial(self._claim, lane, limit))
        if lane.paced and self._limits is not None and claimed:
            claimed, next_look = await self._reserve_in_redis(self._limits, [claim.row for claim in claimed])
        for claim in claimed:
            self._begin(claim)
        if next_look is not None:
            return min(max((next_look - self._clock()).total_seconds(), 0.001), _POLL)
        return 0.0 if len(claimed) == limit else _POLL

    async def _claim(
        self, lane: _Lane, limit: int, connection: AsyncConnection
    ) -> tuple[list[_Claimed], datetime | None]:
        """In one transaction: choose, reserve places in the limits, look again, claim."""
        now = self._clock()
        outbox = Outbox(connection)
        rows = await outbox.ready(lane.channels, lane.policy, self._owner, now, limit)
        times = dict.fromkeys((row.id for row in rows), now)
        next_look = None
        if lane.paced and rows and self._limits is None:
            demands = [self._pacing.demand(row) for row in rows]
            reservations = await RateLimits(connection).reserve(demands, now, _HORIZON)
            times, put_off, next_look = self._sort_out(rows, reservations)
            await outbox.postpone(put_off)
            rows = [row for row in rows if row.id in times]
        if lane.policy == "once":
            rows = [row for row in rows if await self._still_wanted(connection, row, now)]
        claimed = await outbox.claim(rows, self._owner, now + LEASE)
        return [_Claimed(row, times[row.id]) for row in claimed], next_look

    async def _reserve_in_redis(
        self, limits: RedisLimits, rows: Sequence[OutboxRow]
    ) -> tuple[list[_Claimed], datetime | None]:
        """Ask between transactions, for nothing may wait for a network inside one; give back what must wait."""
        now = self._clock()
        demands = [self._pacing.demand(row) for row in rows]
        try:
            reservations = await limits.reserve(demands, now, _HORIZON)
        except RedisError as error:
            log.warning("Redis can't be asked, the limits of the store hold: %s", describe(error))
            reservations = await self._store.write(
                lambda connection: RateLimits(connection).reserve(demands, now, _HORIZON)
            )
        times, put_off, next_look = self._sort_out(rows, reservations)

        async def give_back(connection: AsyncConnection) -> None:
            outbox = Outbox(connection)
            await outbox.release([row for row in rows if row.id not in times])
            await outbox.postpone(put_off)

        if len(times) < len(rows):
            await self._store.write(give_back)
        return [_Claimed(row, times[row.id]) for row in rows if row.id in times], next_look

    def _sort_out(
        self, rows: Sequence[OutboxRow], reservations: Sequence[Reservation]
    ) -> tuple[dict[int, datetime], dict[int, datetime], datetime | None]:
        """Which rows leave when, which are put off because of their own chat, and when to look again."""
        whole_bot, campaigns = self._pacing.whole_bot().key, self._pacing.campaigns().key
        times: dict[int, datetime] = {}
        put_off: dict[int, datetime] = {}
        waits: list[datetime] = []
        for row, reservation in zip(rows, reservations, strict=True):
            if reservation.granted:
                times[row.id] = reservation.at
                continue
            waits.append(reservation.at)
            if reservation.by == whole_bot:
                self._paused_until = reservation.at
            elif reservation.by != campaigns:
                put_off[row.id] = reservation.at
        return times, put_off, min(waits, default=None)

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

    # --- sending ------------------------------------------------------------------------------------------

    def _begin(self, claim: _Claimed) -> None:
        row = claim.row
        self._in_hand[row.id] = row
        if row.policy == "once":
            self._spawn(self._send_once(claim))
        elif row.place in self._chains:
            self._chains[row.place].append(claim)
        else:
            self._chains[row.place] = deque([claim])
            self._spawn(self._send_in_order(row.place))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="liuke-sending")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_in_order(self, place: tuple[str, str]) -> None:
        chain = self._chains[place]
        try:
            while chain and not self._stopping.is_set():
                claim = chain.popleft()
                await self._sleep_until(claim.at)
                if (await self._attempt(claim.row)).state == "ready":
                    # Later ones of the conversation may be claimed again only once this is known to wait.
                    await self._flushed()
                    break
        finally:
            while chain:
                waiting = [claim.row for claim in chain]
                chain.clear()
                await self._give_back(waiting)
            del self._chains[place]

    async def _send_once(self, claim: _Claimed) -> None:
        await self._sleep_until(claim.at)
        row = claim.row
        try:
            now = self._clock()
            mine = await self._store.write(
                lambda connection: Outbox(connection).start_sending(row, now, now + LEASE)
            )
        except Exception as error:  # noqa: BLE001 - nothing has left: it is free again when its lease ends
            log.warning("message %d wasn't sent: %s", row.id, describe(error))
            mine = False
        if mine:
            await self._attempt(row)
        else:
            self._in_hand.pop(row.id, None)

    async def _attempt(self, row: OutboxRow) -> Finish:
        try:
            delivery = await self._deliver(row)
        except asyncio.CancelledError:
            self._end(row, Delivery(status=DeliveryStatus.UNKNOWN, reason="stopped"))
            raise
        return self._end(row, delivery)

    async def _deliver(self, row: OutboxRow) -> Delivery:
        try:
            message = outgoing(row)
        except (KeyError, TypeError, ValueError):
            return Delivery(status=DeliveryStatus.REFUSED, reason="unreadable")
        try:
            async with asyncio.timeout(_ATTEMPT):
                return await self._channels[row.channel].deliver(message)
        except TimeoutError:
            return Delivery(status=DeliveryStatus.UNKNOWN, reason="timeout")
        except Exception as error:  # noqa: BLE001 - a channel shouldn't, and its caller goes on all the same
            log.error("delivering message %d raised: %s", row.id, describe(error))
            return Delivery(status=DeliveryStatus.UNKNOWN, reason=type(error).__name__)

    async def _sleep_until(self, moment: datetime) -> None:
        seconds = (moment - self._clock()).total_seconds()
        if seconds > 0:
            await asyncio.sleep(seconds)

    # --- recording ----------------------------------------------------------------------------------------

    def _end(self, row: OutboxRow, delivery: Delivery) -> Finish:
        now = self._clock()
        finish = outcome(row, delivery, now)
        self._results.append(_Ended(finish, delivery.blocked, self._pauses(row, delivery, finish)))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush(), name="liuke-sender-finish")
        return finish

    def _pauses(self, row: OutboxRow, delivery: Delivery, finish: Finish) -> tuple[Limit, ...]:
        """The limits that stay shut for a while because the channel asked for it."""
        told_to_wait = delivery.status is DeliveryStatus.RETRY and delivery.retry_after is not None
        if not told_to_wait or not self._pacing.paces(row.channel):
            return ()
        if not self._floods.is_general(row.address, self._clock()):
            return (self._pacing.chat(row.address),)
        self._paused_until = finish.not_before
        log.warning("%s asked the whole bot to wait %.0f s", row.channel, delivery.retry_after)
        return (self._pacing.chat(row.address), self._pacing.whole_bot())

    async def _flushed(self) -> None:
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
                await _wait(self._stopping, 1.0)
            else:
                break
        await self._pause_in_redis(batch)
        was_full = len(self._in_hand) >= _IN_HAND
        for ended in batch:
            self._in_hand.pop(ended.finish.row.id, None)
        if was_full:
            self.wake()
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

    async def _give_back(self, rows: Sequence[OutboxRow]) -> None:
        for row in rows:
            self._in_hand.pop(row.id, None)
        if not rows:
            return
        try:
            await self._store.write(lambda connection: Outbox(connection).release(rows))
        except Exception as error:  # noqa: BLE001 - they are free again when their lease ends
            log.warning("%d messages weren't given back: %s", len(rows), describe(error))

    async def _keep_house(self) -> None:
        """Keep what takes long in hand, and free what dead processes held."""
        while not self._stopping.is_set():
            try:
                await self._store.write(self._renew_and_reap)
            except StoreClosed:
                return
            except Exception as error:  # noqa: BLE001 - the store may come back
                log.warning("tidying the outbox failed, trying again: %s", describe(error))
            await _wait(self._stopping, _HOUSEKEEPING)

    async def _renew_and_reap(self, connection: AsyncConnection) -> None:
        now = self._clock()
        outbox = Outbox(connection)
        await outbox.renew(list(self._in_hand.values()), now + LEASE)
        reaped = await outbox.reap(now)
        if reaped.unknown:
            log.warning("%d messages may or may not have been sent; they stay `unknown`", reaped.unknown)


async def _tell_blocked(
    connection: AsyncConnection, on_blocked: OnBlocked, row: OutboxRow, now: datetime
) -> None:
    try:
        async with connection.begin_nested():
            await on_blocked(connection, row.channel, row.address, now)
    except Exception as error:  # noqa: BLE001 - the messages' ends must be recorded all the same
        log.error("recording that a customer blocked the shop failed: %s", describe(error))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
