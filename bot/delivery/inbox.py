"""The inbox that channels see: what is put here survives a kill."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.clock import Clock
from bot.delivery.dispatcher import Arrival, Dispatcher, LeasesTaken
from bot.messages import Incoming, dump_incoming
from kernel.times import utc_now
from storage import Store
from storage import inbox as stored
from storage.inbox import InboxRow, NewUpdate

# More updates in one transaction would only lengthen the wait for its commit.
_BATCH = 256


@dataclass(frozen=True, slots=True)
class _Put:
    incoming: tuple[Incoming, ...]
    added: asyncio.Future[int]


class DurableInbox:
    """Implements the `Inbox` port over the store.

    Puts that come while a commit is under way share the next one. With a dispatcher in the same process the
    commit also takes the leases on the conversations, and the updates are handled without being read again.
    """

    def __init__(self, store: Store, dispatcher: Dispatcher | None = None, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._clock = clock
        self._waiting: list[_Put] = []
        self._flushing: asyncio.Task[None] | None = None

    async def put(self, incoming: Sequence[Incoming]) -> int:
        """Keep updates durably, in order; return how many were new."""
        if not incoming:
            return 0
        put = _Put(tuple(incoming), asyncio.get_running_loop().create_future())
        self._waiting.append(put)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush(), name="liuke-inbox")
        return await put.added

    def has_room(self, incoming: Incoming) -> bool:
        """Whether an update may be kept that its client can be asked to send again later."""
        return self._dispatcher is None or self._dispatcher.has_room(incoming)

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch = self._take_batch()
                try:
                    await self._keep(batch)
                except Exception as error:  # noqa: BLE001 - told to those who put it
                    await self._keep_apart(batch, error)
        finally:
            self._flushing = None

    def _take_batch(self) -> list[_Put]:
        batch: list[_Put] = []
        size = 0
        while self._waiting and (not batch or size + len(self._waiting[0].incoming) <= _BATCH):
            size += len(self._waiting[0].incoming)
            batch.append(self._waiting.pop(0))
        return batch

    async def _keep_apart(self, batch: list[_Put], error: Exception) -> None:
        """One update that can't be kept must not take others with it."""
        if len(batch) == 1:
            _tell_error(batch[0], error)
            return
        for put in batch:
            try:
                await self._keep([put])
            except Exception as own:  # noqa: BLE001 - told to the one who put it
                _tell_error(put, own)

    async def _keep(self, batch: Sequence[_Put]) -> None:
        now = self._clock()
        arrived = [incoming for put in batch for incoming in put.incoming]

        async def work(connection: AsyncConnection) -> tuple[dict[tuple[str, str], int], LeasesTaken]:
            ids = await stored.Inbox(connection).add([_update(incoming) for incoming in arrived], now)
            if self._dispatcher is None:
                return ids, {}
            new = [
                (incoming.channel, incoming.address)
                for incoming in arrived
                if (incoming.channel, incoming.update_id) in ids
            ]
            return ids, await self._dispatcher.lease(connection, new, now)

        ids, leases = await self._store.write(work)
        if self._dispatcher is not None:
            self._dispatcher.accept(_arrivals(arrived, ids, now), leases)
        for put in batch:
            if not put.added.done():
                put.added.set_result(_count_new(put, ids))


def _arrivals(
    arrived: Sequence[Incoming], ids: Mapping[tuple[str, str], int], now: datetime
) -> list[Arrival]:
    unseen = dict(ids)
    arrivals = []
    for incoming in arrived:
        inbox_id = unseen.pop((incoming.channel, incoming.update_id), None)
        if inbox_id is not None:
            row = InboxRow(
                id=inbox_id,
                channel=incoming.channel,
                address=incoming.address,
                payload={},
                received_at=now,
                attempts=0,
            )
            arrivals.append(Arrival(row, incoming))
    return arrivals


def _count_new(put: _Put, ids: dict[tuple[str, str], int]) -> int:
    """How many of a put were new; takes them out of `ids`, so that a duplicate isn't counted again."""
    return sum(ids.pop((incoming.channel, incoming.update_id), None) is not None for incoming in put.incoming)


def _tell_error(put: _Put, error: Exception) -> None:
    if not put.added.done():
        put.added.set_exception(error)


def _update(incoming: Incoming) -> NewUpdate:
    return NewUpdate(
        channel=incoming.channel,
        address=incoming.address,
        update_id=incoming.update_id,
        payload=dump_incoming(incoming),
    )
