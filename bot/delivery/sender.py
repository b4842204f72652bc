"""Sends what is in the outbox: claimed, paced, delivered, and its end recorded."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.claiming import Claimed, Claiming, Lane
from bot.delivery.clock import Clock, end, wait
from bot.delivery.departure import Departure, LastLooks
from bot.delivery.faults import faults
from bot.delivery.pacing import Pacing
from bot.delivery.ports import Channel
from bot.delivery.recording import OnBlocked, Recording
from bot.messages import Delivery, DeliveryStatus, Outgoing, load_reply
from kernel.times import utc_now
from storage import Store, StoreClosed
from storage.outbox import Finish, Outbox, OutboxRow
from storage.redis_limits import RedisLimits

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
"""How long what a dead process had in hand waits for another."""
_POLL = 0.2
_HOUSEKEEPING = 4.0
_ATTEMPT = 60.0
"""Seconds after which an attempt counts as unknown."""
_LOOK_HOLDS = timedelta(seconds=3)
"""A message that hasn't left so long after the last look at it is looked at again."""
_IN_HAND = 128
_CLAIM = 64


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
        rates: Mapping[str, float] | None = None,
        last_looks: LastLooks | None = None,
        on_blocked: OnBlocked | None = None,
        limits: RedisLimits | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """Wire a sender; `run` starts it.

        Args:
            store: where the outbox and the limits are.
            channels: those that this process can deliver to; rows of others are left alone.
            owner: a name that no other process has.
            rates: messages a second in all, by channel; 0, or to be left out, is no limit.
            last_looks: decide about messages of some kinds when they leave; others stay as they were put.
            on_blocked: told when a customer turns out to have blocked the shop.
            limits: keeps the limits in Redis rather than in the store; closed by whoever opened it.
            clock: the time.
        """
        self._store = store
        self._channels = {channel.name: channel for channel in channels}
        self._clock = clock
        self._pacings = {name: Pacing(name, rate, clock) for name, rate in (rates or {}).items() if rate}
        self._stopping = asyncio.Event()
        self._claiming = Claiming(store=store, owner=owner, lease=LEASE, limits=limits, clock=clock)
        looks = last_looks or {}
        self._departure = Departure(lease=LEASE, last_looks=looks, clock=clock)
        self._recording = Recording(
            store=store, pacings=self._pacings, last_looks=looks, on_blocked=on_blocked, limits=limits, clock=clock,
            stopping=self._stopping, recorded=self._recorded,
        )  # fmt: skip
        self._lanes = self._make_lanes()
        self._in_hand: dict[int, OutboxRow] = {}
        self._chains: dict[tuple[str, str], deque[Claimed]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def _make_lanes(self) -> list[Lane]:
        """Paced rows apart from the others, which mustn't wait behind them; replies apart from campaigns."""
        lanes: list[Lane] = []
        free = tuple(sorted(self._channels.keys() - self._pacings.keys()))
        paced = [((name,), pacing) for name, pacing in self._pacings.items() if name in self._channels]
        for names, pacing in [(free, None), *paced] if free else paced:
            lanes += [Lane(names, "retry", pacing), Lane(names, "once", pacing)]
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
        await end(self._tasks, within)
        await self._recording.flushed()

    # --- claiming -----------------------------------------------------------------------------------------

    async def _serve(self, lane: Lane) -> None:
        while not self._stopping.is_set():
            lane.wake.clear()
            try:
                pause = await self._claim_and_begin(lane)
            except StoreClosed:
                return
            except Exception as error:  # noqa: BLE001 - the store may come back
                faults.tell(log.warning, error, "looking at the outbox failed, looking again")
                pause = 1.0
            if pause > 0:
                await wait(lane.wake, pause)

    async def _claim_and_begin(self, lane: Lane) -> float:
        """Claim what may go and send it on its way; return the seconds until the next look is worth it."""
        now = self._clock()
        if lane.pacing is not None and (shut := lane.pacing.shut_for(now)) > 0:
            return min(shut, _POLL)
        limit = min(_CLAIM, _IN_HAND - len(self._in_hand))
        if limit <= 0:
            return _POLL
        if not await self._claiming.any_ready(lane, now):
            return _POLL
        claimed, next_look = await self._claiming.claim(lane, limit)
        for claim in claimed:
            self._begin(claim)
        if next_look is not None:
            return min(max((next_look - self._clock()).total_seconds(), 0.001), _POLL)
        return 0.0 if len(claimed) == limit else _POLL

    # --- sending ------------------------------------------------------------------------------------------

    def _begin(self, claim: Claimed) -> None:
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
        waited = False
        try:
            while chain and not self._stopping.is_set():
                claim = chain.popleft()
                await self._sleep_until(claim.at)
                if waited and not await self._is_still_wanted(claim.row):
                    self._in_hand.pop(claim.row.id, None)
                    continue
                waited = True
                if (await self._attempt(claim.row)).state == "ready":
                    # Later ones of the conversation may be claimed again only once this is known to wait.
                    await self._recording.flushed()
                    break
        finally:
            while chain:
                waiting = [claim.row for claim in chain]
                chain.clear()
                await self._give_back(waiting)
            del self._chains[place]

    async def _send_once(self, claim: Claimed) -> None:
        await self._sleep_until(claim.at)
        row = claim.row
        started = None
        # Where this fails nothing has left: the message is free again when its lease ends.
        with faults.told(log.warning, "message %d wasn't sent", row.id):
            started = await self._store.write(lambda connection: self._departure.start(connection, row))
        if started is None:
            self._in_hand.pop(row.id, None)
        elif self._clock() - started.at > _LOOK_HOLDS:
            # This process stood still: what it saw then, such as no opt-out, may no longer be so.
            self._recording.end(
                started.row, Delivery(status=DeliveryStatus.RETRY, reason="looked at long ago")
            )
        else:
            await self._attempt(started.row)

    async def _is_still_wanted(self, row: OutboxRow) -> bool:
        """Sending the one before may have taken a minute, and this one may have been taken back meanwhile."""
        wanted = False
        # Where this fails nothing has left: the message is free again when its lease ends.
        with faults.told(log.warning, "message %d wasn't sent", row.id):
            async with self._store.read() as connection:
                wanted = await Outbox(connection).is_claimed(row)
        return wanted

    async def _attempt(self, row: OutboxRow) -> Finish:
        try:
            delivery = await self._deliver(row)
        except asyncio.CancelledError:
            self._recording.end(row, Delivery(status=DeliveryStatus.UNKNOWN, reason="stopped"))
            raise
        return self._recording.end(row, delivery)

    async def _deliver(self, row: OutboxRow) -> Delivery:
        try:
            message = _outgoing(row)
        except (KeyError, TypeError, ValueError):
            return Delivery(status=DeliveryStatus.REFUSED, reason="unreadable")
        try:
            async with asyncio.timeout(_ATTEMPT):
                return await self._channels[row.channel].deliver(message)
        except TimeoutError:
            return Delivery(status=DeliveryStatus.UNKNOWN, reason="timeout")
        except Exception as error:  # noqa: BLE001 - a channel shouldn't, and its caller goes on all the same
            faults.tell(log.error, error, "delivering message %d raised", row.id)
            return Delivery(status=DeliveryStatus.UNKNOWN, reason=type(error).__name__)

    async def _sleep_until(self, moment: datetime) -> None:
        seconds = (moment - self._clock()).total_seconds()
        if seconds > 0:
            await asyncio.sleep(seconds)

    # --- what is in hand ----------------------------------------------------------------------------------

    def _recorded(self, rows: Sequence[OutboxRow]) -> None:
        was_full = len(self._in_hand) >= _IN_HAND
        for row in rows:
            self._in_hand.pop(row.id, None)
        if was_full:
            self.wake()

    async def _give_back(self, rows: Sequence[OutboxRow]) -> None:
        for row in rows:
            self._in_hand.pop(row.id, None)
        if not rows:
            return
        # They are free again when their lease ends.
        with faults.told(log.warning, "%d messages weren't given back", len(rows)):
            await self._store.write(lambda connection: Outbox(connection).release(rows))

    async def _keep_house(self) -> None:
        """Keep what takes long in hand, and free what dead processes held."""
        while not self._stopping.is_set():
            try:
                await self._store.write(self._renew_and_reap)
                faults.over()
            except StoreClosed:
                return
            except Exception as error:  # noqa: BLE001 - the store may come back
                faults.tell(log.warning, error, "tidying the outbox failed, trying again")
            await wait(self._stopping, _HOUSEKEEPING)

    async def _renew_and_reap(self, connection: AsyncConnection) -> None:
        now = self._clock()
        outbox = Outbox(connection)
        await outbox.renew(list(self._in_hand.values()), now + LEASE)
        reaped = await outbox.reap(now)
        if reaped.unknown:
            log.warning("%d messages may or may not have been sent; they stay `unknown`", reaped.unknown)


def _outgoing(row: OutboxRow) -> Outgoing:
    """What a channel is given. Raises KeyError, TypeError or ValueError where the row can't be read."""
    return Outgoing(
        outbox_id=row.id,
        channel=row.channel,
        address=row.address,
        reply=load_reply(row.payload),
        callback_ref=row.callback_ref,
        author=row.author,
        message_id=row.message_id,
        parts_sent=tuple(row.message_refs),
    )
