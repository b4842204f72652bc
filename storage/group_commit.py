"""The one writer of a SQLite file: many units of work, one durable commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.errors import StoreClosed, StoreUnavailable
from storage.inline import InlineConnection

T = TypeVar("T")

TASK = "liuke-writer"
"""Name of the task that runs units of work."""
# More units in one transaction would lengthen the wait of the first without saving another fsync.
_BATCH = 64


class TransactionLost(StoreUnavailable):
    """The database ended the transaction by itself, as it does on a full or failing disk."""


@dataclass(slots=True)
class _Unit:
    work: Callable[[AsyncConnection], Awaitable[Any]]
    done: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        if self.done.done():
            return
        if self.error is None:
            self.done.set_result(self.result)
        elif isinstance(self.error, asyncio.CancelledError):
            self.done.cancel()
        else:
            self.done.set_exception(self.error)


class GroupCommit:
    """Runs units of work one after the other and commits those that waited together."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: InlineConnection | None = None
        self._waiting: asyncio.Queue[_Unit | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` and return its result after the commit; see `Store.write`."""
        if self._closed:
            raise StoreClosed
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name=TASK)
        unit = _Unit(work, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(unit)
        result: T = await unit.done
        return result

    async def close(self) -> None:
        """Run what waits, refuse what comes later."""
        if self._closed:
            return
        self._closed = True
        if self._task is not None:
            self._waiting.put_nowait(None)
            await asyncio.wait([self._task])
        await self._hang_up()

    async def _serve(self) -> None:
        batch: list[_Unit] = []
        try:
            while (first := await self._waiting.get()) is not None:
                batch = [first]
                ending = self._gather(batch)
                await self._commit(batch)
                if ending:
                    return
        finally:
            # Only when this task was killed is anyone still waiting.
            self._closed = True
            self._gather(batch)
            for unit in batch:
                unit.error = StoreClosed()
                unit.tell()

    def _gather(self, batch: list[_Unit]) -> bool:
        """Add what waits by now; whether the end was among it."""
        while not self._waiting.empty() and (len(batch) < _BATCH or self._closed):
            unit = self._waiting.get_nowait()
            if unit is None:
                return True
            batch.append(unit)
        return False

    async def _commit(self, batch: list[_Unit]) -> None:
        try:
            if self._connection is None:
                self._connection = await InlineConnection.open(self._engine)
            await self._connection.begin_writing()
            for unit in batch:
                await _run(self._connection, unit)
            await self._connection.commit_durably()
        except Exception as error:  # noqa: BLE001 - nothing of the batch was committed: every caller is told
            await self._hang_up()
            for unit in batch:
                unit.error = unit.error or error
        for unit in batch:
            unit.tell()

    async def _hang_up(self) -> None:
        """Close the connection, and with it undo what it had not committed; the next batch opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


async def _run(connection: InlineConnection, unit: _Unit) -> None:
    if unit.done.cancelled():
        return
    connection.run("SAVEPOINT unit")
    try:
        unit.result = await unit.work(connection)
    except asyncio.CancelledError as error:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise
        unit.error = error  # something the unit waited for was cancelled, not the writer
    except Exception as error:  # noqa: BLE001 - handed to the caller, whose unit it was
        unit.error = error
    if not connection.in_driver_transaction:
        # What earlier units of the batch did is gone with it: none may be told that it was kept.
        raise TransactionLost
    if (nested := connection.get_nested_transaction()) is not None:
        await nested.rollback()  # a savepoint that the unit left open
    if unit.error is not None:
        connection.run("ROLLBACK TO unit")
    connection.run("RELEASE unit")
