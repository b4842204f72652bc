"""The one writer of a SQLite file: many units of work, one durable commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.errors import StorageError, StoreClosed

T = TypeVar("T")

# More units in one transaction would lengthen the wait of the first without saving another fsync.
_BATCH = 64


class TransactionLost(StorageError):
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
        self._waiting: asyncio.Queue[_Unit | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` and return its result after the commit; see `Store.write`."""
        if self._closed:
            raise StoreClosed
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="liuke-writer")
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
            async with self._engine.begin() as connection:
                for unit in batch:
                    await _run(connection, unit)
        except Exception as error:  # noqa: BLE001 - nothing of the batch was committed: every caller is told
            for unit in batch:
                unit.error = unit.error or error
        for unit in batch:
            unit.tell()


async def _run(connection: AsyncConnection, unit: _Unit) -> None:
    if unit.done.cancelled():
        return
    try:
        async with connection.begin_nested():
            unit.result = await unit.work(connection)
    except asyncio.CancelledError as error:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise
        unit.error = error  # something the unit waited for was cancelled, not the writer
    except Exception as error:  # noqa: BLE001 - handed to the caller, whose unit it was
        unit.error = error
    if unit.error is not None:
        await _require_transaction(connection)


async def _require_transaction(connection: AsyncConnection) -> None:
    """Without its transaction, what earlier units of a batch did is gone: none may be told it was kept."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if not driver.in_transaction:
        raise TransactionLost
