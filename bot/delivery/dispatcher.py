"""Has decided what becomes of what arrived: once, in order in a conversation, conversations side by side."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.clock import Clock, end, wait
from bot.delivery.faults import faults
from bot.delivery.ports import Channel, TookTooLong, Work
from bot.delivery.shares import Share, Shares
from bot.messages import Incoming, load_incoming
from kernel.times import utc_now
from storage import Conflict, Store, StoreClosed, StoreUnavailable
from storage.inbox import Inbox, InboxRow, Place

log = logging.getLogger(__name__)

LeasesTaken: TypeAlias = Mapping[Place, datetime]
"""Conversations that are ours, and until when."""
Decide: TypeAlias = Callable[[Incoming], Awaitable[Work]]
"""Decides about what arrived, in order for one conversation and side by side for different ones: `Engine.handle`."""

LEASE = timedelta(seconds=6)
"""How long a conversation waits when the process that handled it dies."""
_RENEW_BEFORE = LEASE / 2
_POLL = 0.2
"""Seconds between looks for what came in through other processes or was left over."""
_SHOW_WORKING_AFTER = 0.7
_SHOW_WORKING_EVERY = 4.0
_CONFLICTS = 5
_ATTEMPTS = 5
_SLOW_ATTEMPTS = 2
"""Of a message that takes too long: each attempt takes time from everybody else."""
TASK = "liuke-conversation"
"""Name of the tasks that decide."""
_BACK_OFF = timedelta(seconds=0.5)
# What waits beyond this stays in the store until there is room.
_IN_MEMORY = 5_000
_PLACES_A_LOOK = 100
_ROWS_A_LOOK = 500


class _NotOurs(Exception):
    """The update was handled elsewhere, or isn't next."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An update and, unless it can't be read, what it says."""

    row: InboxRow
    incoming: Incoming | None

    @property
    def share(self) -> Share:
        """Whose share of the handling it takes."""
        return (self.incoming and self.incoming.client) or self.row.place


class Dispatcher:
    """Decides about what is in the inbox, in any number of replicas.

    A replica works on the conversations whose lease it holds. That an update has its effect once and after
    all earlier ones doesn't rest on the leases: what a decision writes and "handled" are one transaction,
    which fails where the update isn't the next one of its conversation any more.
    """

    def __init__(
        self,
        store: Store,
        decide: Decide,
        *,
        owner: str,
        channels: Iterable[Channel] = (),
        wake_sender: Callable[[], None] = lambda: None,
        on_poison: Callable[[Incoming], Work] | None = None,
        parallel: int = 64,
        clock: Clock = utc_now,
    ) -> None:
        """Wire a dispatcher; `run` starts it.

        Args:
            store: where inbox, leases and everything that is decided are.
            decide: gives what is to be written, which is committed together with "handled".
            owner: a name that no other process has.
            channels: where to show that an answer is being made.
            wake_sender: called when something may have been put into the outbox.
            on_poison: gives what to write about an update that has failed for good: an apology, a note for the staff.
            parallel: conversations handled at the same time.
            clock: the time.
        """
        self._store = store
        self._decide = decide
        self._owner = owner
        self._channels = {channel.name: channel for channel in channels}
        self._wake_sender = wake_sender
        self._on_poison = on_poison
        self._clock = clock
        self._shares = Shares(parallel)
        self._queues: dict[Place, deque[Arrival]] = {}
        self._leases: dict[Place, datetime] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Handle until `stop`."""
        try:
            while not self._stopping.is_set():
                try:
                    await self._keep_house()
                except StoreClosed:
                    return
                except Exception as error:  # noqa: BLE001 - the store may come back
                    faults.tell(log.warning, error, "looking at the inbox failed, looking again")
                await wait(self._stopping, _POLL)
        finally:
            self._ended.set()

    async def stop(self, within: float = 8.0) -> None:
        """Begin nothing more and wait at most `within` seconds for what is in hand; the rest stays kept."""
        self._stopping.set()
        await end(self._tasks, within)
        with faults.told(log.warning, "leases weren't given back"):  # they run out by themselves
            await self._release(dict(self._leases))

    async def lease(self, connection: AsyncConnection, places: Sequence[Place], now: datetime) -> LeasesTaken:
        """In the transaction that keeps updates: take the conversations that aren't ours yet."""
        if self._stopping.is_set() or self._is_full():
            return {}
        wanted = [place for place in places if self._runs_out(place, now)]
        until = now + LEASE
        held = await Inbox(connection).lease(wanted, self._owner, now, until)
        return dict.fromkeys(held, until)

    def has_room(self, incoming: Incoming) -> bool:
        """Whether one more update may wait here, beside what its client has sent before."""
        return self._shares.has_room(incoming.client or (incoming.channel, incoming.address))

    def accept(self, arrivals: Iterable[Arrival], leases: LeasesTaken) -> None:
        """After that transaction: handle what belongs to conversations that are ours."""
        if self._stopping.is_set():
            return
        self._leases.update(leases)
        for arrival in arrivals:
            place = arrival.row.place
            if place not in self._leases:
                continue
            queue = self._queues.get(place)
            if queue:
                if queue[-1].row.id < arrival.row.id:
                    queue.append(arrival)
                    self._shares.add(arrival.share)
                continue
            self._queues[place] = deque([arrival])
            self._shares.add(arrival.share)
            task = asyncio.create_task(self._converse(place), name=TASK)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    # --- one conversation ---------------------------------------------------------------------------------

    async def _converse(self, place: Place) -> None:
        queue = self._queues[place]
        try:
            while queue:
                async with self._shares.slot(queue[0].share):
                    if self._stopping.is_set() or not await self._handle(queue[0]):
                        return
                self._shares.remove(queue.popleft().share)
        finally:
            for left in self._queues.pop(place):
                self._shares.remove(left.share)

    async def _handle(self, arrival: Arrival) -> bool:
        """Handle one update; whether the conversation goes on with the next one now."""
        try:
            if arrival.row.attempts >= _ATTEMPTS or arrival.incoming is None:
                return await self._give_up(arrival, "handling it ended the process")
            await self._decide_and_commit(arrival.row, arrival.incoming)
        except (_NotOurs, StoreClosed):
            return False
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            return await self._failed(arrival, error)  # something that deciding waited for was cancelled
        except Exception as error:  # noqa: BLE001 - whatever deciding does, the others go on
            return await self._failed(arrival, error)
        self._wake_sender()
        return True

    async def _decide_and_commit(self, row: InboxRow, incoming: Incoming) -> None:
        for left in reversed(range(_CONFLICTS)):
            try:
                async with self._showing_work(row.place):
                    work = await self._decide(incoming)
                await self._store.write(partial(self._commit, row, work))
            except Conflict:
                if left == 0:
                    raise
            else:
                return

    async def _commit(self, row: InboxRow, work: Work, connection: AsyncConnection) -> None:
        if not await Inbox(connection).complete(row, self._owner, self._clock()):
            raise _NotOurs
        await work(connection)

    async def _failed(self, arrival: Arrival, error: BaseException) -> bool:
        row = arrival.row
        reason = type(error).__name__
        attempts = row.attempts + 1
        faults.tell(log.error, error, "handling update %d failed, attempt %d", row.id, attempts)
        if isinstance(error, StoreUnavailable):
            return False  # no fault of the update's: it waits, uncounted
        # What fails here is most likely the store: the update is still there.
        with faults.told(log.warning, "update %d stays as it was", row.id):
            if attempts >= (_SLOW_ATTEMPTS if isinstance(error, TookTooLong) else _ATTEMPTS):
                return await self._give_up(arrival, reason)
            not_before = self._clock() + _BACK_OFF * (1 << row.attempts)
            await self._store.write(
                lambda connection: Inbox(connection).retry(row, self._owner, not_before, reason)
            )
        return False

    async def _give_up(self, arrival: Arrival, reason: str) -> bool:
        row, incoming = arrival.row, arrival.incoming
        apology = None if self._on_poison is None or incoming is None else self._on_poison(incoming)
        try:
            await self._store.write(partial(self._fail, row, reason, apology))
        except (_NotOurs, StoreClosed):
            return False
        except Exception as error:  # noqa: BLE001 - the apology fails too: the update must still be got past
            faults.tell(log.warning, error, "the apology for update %d failed", row.id)
            await self._store.write(partial(self._fail, row, reason, None))
        log.error("update %d was given up (%s)", row.id, reason)
        self._wake_sender()
        return True

    async def _fail(
        self, row: InboxRow, reason: str, apology: Work | None, connection: AsyncConnection
    ) -> None:
        if not await Inbox(connection).fail(row, self._owner, self._clock(), reason):
            raise _NotOurs
        if apology is not None:
            await apology(connection)

    @asynccontextmanager
    async def _showing_work(self, place: Place) -> AsyncIterator[None]:
        """Tell the customer that an answer is being made, if making it takes long."""
        channel = self._channels.get(place[0])
        if channel is None:
            yield
            return
        showing: list[asyncio.Task[None]] = []
        timer = asyncio.get_running_loop().call_later(
            _SHOW_WORKING_AFTER,
            lambda: showing.append(asyncio.create_task(_show_working(channel, place[1]))),
        )
        try:
            yield
        finally:
            timer.cancel()
            for task in showing:
                task.cancel()

    # --- leases and left-overs ----------------------------------------------------------------------------

    async def _keep_house(self) -> None:
        now = self._clock()
        idle = {place: until for place, until in self._leases.items() if place not in self._queues}
        await self._release(idle)
        await self._renew([place for place in self._queues if self._runs_out(place, now)], now)
        if not self._is_full():
            await self._take_waiting(now)

    async def _release(self, leases: LeasesTaken) -> None:
        if not leases:
            return
        # First here: an update that comes meanwhile takes the lease anew, which this doesn't release.
        for place in leases:
            self._leases.pop(place, None)
        await self._store.write(lambda connection: Inbox(connection).release(leases, self._owner))

    async def _renew(self, places: Sequence[Place], now: datetime) -> None:
        if not places:
            return
        until = now + LEASE
        held = await self._store.write(
            lambda connection: Inbox(connection).lease(places, self._owner, now, until)
        )
        for place in places:
            if place in held:
                self._leases[place] = until
            else:
                self._leases.pop(place, None)

    async def _take_waiting(self, now: datetime) -> None:
        async with self._store.read() as connection:
            waiting = await Inbox(connection).waiting(now, _PLACES_A_LOOK)
        places = [place for place in waiting if place not in self._queues]
        if not places:
            return
        until = now + LEASE

        async def take(connection: AsyncConnection) -> tuple[list[InboxRow], set[Place]]:
            inbox = Inbox(connection)
            orphaned = await inbox.expired(places, now)
            held = await inbox.lease(places, self._owner, now, until)
            rows = await inbox.new(sorted(held), _ROWS_A_LOOK)
            crashed = _heads(rows, orphaned)
            await inbox.count_attempts(sorted(crashed))
            return [replace(row, attempts=row.attempts + (row.id in crashed)) for row in rows], held

        rows, held = await self._store.write(take)
        fresh = [row for row in rows if row.place not in self._queues]
        self.accept([Arrival(row, _read(row)) for row in fresh], dict.fromkeys(held, until))

    def _runs_out(self, place: Place, now: datetime) -> bool:
        until = self._leases.get(place)
        return until is None or until - now < _RENEW_BEFORE

    def _is_full(self) -> bool:
        return len(self._queues) >= _IN_MEMORY


def _heads(rows: Iterable[InboxRow], places: set[Place]) -> set[int]:
    """The first update of each of some conversations: the one its dead owner may have died of."""
    heads: dict[Place, int] = {}
    for row in rows:
        if row.place in places:
            heads.setdefault(row.place, row.id)
    return set(heads.values())


def _read(row: InboxRow) -> Incoming | None:
    try:
        return load_incoming(row.payload)
    except (KeyError, TypeError, ValueError):
        return None


async def _show_working(channel: Channel, address: str) -> None:
    while True:
        await channel.working(address)
        await asyncio.sleep(_SHOW_WORKING_EVERY)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
