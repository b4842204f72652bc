"""One way to read and one way to write, the same on SQLite and PostgreSQL.

Reading takes a connection of its own and sees a consistent snapshot. Writing runs a unit of work in a
transaction. PostgreSQL gives each unit its own transaction; SQLite has one writer, so a single task gathers the
units that wait, runs each in a savepoint, and makes all of them durable (`synchronous=FULL`) with one commit.
Either way `write` returns only after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool

from storage.errors import StoreClosed

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

# More units in one transaction would lengthen the wait of the first without saving another fsync.
_BATCH = 64


class Store:
    """The database. Open it once a process and close it at the end."""

    def __init__(self, engine: AsyncEngine, writer: AsyncEngine | None) -> None:
        self.engine = engine
        self._writer = _GroupCommit(writer) if writer is not None else None

    @classmethod
    def open(cls, url: str) -> Self:
        """Open `sqlite:///path` or `postgresql://…`; nothing is created but the SQLite file itself.

        Raises:
            ValueError: another database.
        """
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            async_url = parsed.set(drivername="sqlite+aiosqlite")
            reader = _sqlite_engine(async_url, begin="BEGIN", pool_size=8)
            return cls(reader, _sqlite_engine(async_url, begin="BEGIN IMMEDIATE", pool_size=1))
        if backend in ("postgresql", "postgres"):
            pg = parsed.set(drivername="postgresql+asyncpg")
            return cls(create_async_engine(pg, pool_size=16, max_overflow=8), None)
        raise ValueError(f"Liuke keeps its data in SQLite or PostgreSQL, not in {backend!r}")

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; whatever is written through it is rolled back."""
        async with self.engine.connect() as connection:
            try:
                yield connection
            finally:
                await connection.rollback()

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return its result once that is durable.

        `work` may be run beside others in one SQLite transaction: it must only talk to the database, be quick,
        and must not commit. If it raises, its own changes are undone, nobody else's, and the error is raised
        here.
        """
        if self._writer is not None:
            return await self._writer.run(work)
        async with self.engine.begin() as connection:
            return await work(connection)

    async def close(self) -> None:
        """Finish what is being written and give the connections back."""
        if self._writer is not None:
            await self._writer.close()
        await self.engine.dispose()


class _GroupCommit:
    """The one writer of a SQLite file."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: asyncio.Queue[tuple[Work[Any], asyncio.Future[Any]] | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, work: Work[T]) -> T:
        if self._closed:
            raise StoreClosed
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="liuke-writer")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((work, done))
        return await done

    async def close(self) -> None:
        self._closed = True
        if self._task is not None:
            self._waiting.put_nowait(None)
            await self._task
        await self._engine.dispose()

    async def _serve(self) -> None:
        while (first := await self._waiting.get()) is not None:
            batch = [first]
            ending = False
            while len(batch) < _BATCH and not self._waiting.empty():
                item = self._waiting.get_nowait()
                if item is None:
                    ending = True
                    break
                batch.append(item)
            await self._commit(batch)
            if ending:
                return

    async def _commit(self, batch: list[tuple[Work[Any], asyncio.Future[Any]]]) -> None:
        outcomes: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = []
        try:
            async with self._engine.begin() as connection:
                for work, done in batch:
                    try:
                        async with connection.begin_nested():
                            outcomes.append((done, await work(connection), None))
                    except Exception as error:  # noqa: BLE001 - handed to the caller, whose unit it was
                        outcomes.append((done, None, error))
        except Exception as error:  # noqa: BLE001 - nothing of the batch was committed: every caller is told
            outcomes = [(done, None, error) for _, done in batch]
        for done, result, failure in outcomes:
            if done.done():
                continue
            if failure is None:
                done.set_result(result)
            else:
                done.set_exception(failure)


def _sqlite_engine(url: Any, *, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=pool_size, max_overflow=0)
    pool: Pool = engine.sync_engine.pool

    @event.listens_for(pool, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver's own implicit BEGIN would come too late for BEGIN IMMEDIATE and savepoints.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
