"""One way to read and one way to write, the same on SQLite and PostgreSQL.

Reading takes a connection of its own and sees a consistent snapshot. Writing runs a unit of work in a
transaction. PostgreSQL gives each unit its own transaction; SQLite has one writer, so a single task gathers
the units that wait, runs each in a savepoint, and makes all of them durable (`synchronous=FULL`) with one
commit. Either way `write` returns only after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self, TypeVar

from sqlalchemy import URL, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, NullPool

from storage.group_commit import GroupCommit
from storage.inline import Readers, inline_engine, scrub
from storage.outage import Reading, outage

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

# WAL lets readers go on beside the writer; FULL makes a commit survive a power cut; what is deleted is overwritten.
_PRAGMAS = ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
_READERS = 8
APPLICATION = "liuke"
"""What each connection of a `Store` calls itself on PostgreSQL."""
_POSTGRES = {
    "application_name": APPLICATION,
    # A process that is frozen inside a transaction would hold its locks for ever.
    "idle_in_transaction_session_timeout": "30000",
}


class Store:
    """The database. Open it once a process and close it at the end."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        readers: Readers | None,
        scanner: AsyncEngine,
        writer: GroupCommit | None,
    ) -> None:
        self._engine = engine
        self._readers = readers
        self._scanner = scanner
        self._writer = writer

    @classmethod
    def open(cls, url: str) -> Self:
        """Open `sqlite:///path` or `postgresql://…`; nothing is created but the SQLite file itself.

        Raises:
            ValueError: another database, or a SQLite database that is no file.
        """
        backend, parsed = _parse(url)
        if backend == "sqlite":
            writer = inline_engine(str(parsed.database), pragmas=(*_PRAGMAS, "foreign_keys=1"))
            reader = inline_engine(str(parsed.database), pragmas=(*_PRAGMAS, "query_only=1"))
            return cls(
                engine=writer,
                readers=Readers(reader, _READERS),
                scanner=_sqlite_engine(parsed, "BEGIN", "query_only=1", pool_size=2),
                writer=GroupCommit(writer),
            )
        engine = create_async_engine(
            parsed,
            pool_size=16,
            max_overflow=8,
            hide_parameters=True,
            connect_args={"server_settings": _POSTGRES},
        )
        reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return cls(engine=engine, readers=None, scanner=reader, writer=None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def url(self) -> str:
        """The database's address with its password, for another process that opens it."""
        return self._scanner.url.render_as_string(hide_password=False)

    def read(self, *, long: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection that sees one moment of the database; writing through it fails.

        `long` is for what looks at very many rows, such as a report: on SQLite an ordinary statement runs
        on the event loop, which stands still for that long; a long one runs in a thread.

        Raises:
            StoreUnavailable: at the beginning or within: the database can't be used now.
        """
        return Reading(self._scanner.connect() if long or self._readers is None else self._readers.lend())

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return its result once that is durable.

        `work` may be run beside others in one SQLite transaction: it must only talk to the database, be
        quick, and not commit. If it raises, its own changes are undone, nobody else's, and the error is
        raised here. A cancelled caller can't know whether its work was committed, unless it had not begun.

        Raises:
            StoreClosed: the store was closed before.
            StoreUnavailable: the database can't be used now.
        """
        try:
            if self._writer is not None:
                return await self._writer.run(work)
            async with self._engine.begin() as connection:
                return await work(connection)
        except Exception as error:
            if (away := outage(error)) is None or away is error:
                raise
            raise away from error

    async def scrub(self, within: float = 30.0) -> bool:
        """Let SQLite's file and its log hold nothing of what was deleted or changed; whether it could be done.

        Others read on; who writes waits about a second for each 100 MB. It takes once more as much room on the disk.
        On PostgreSQL there is nothing to do: its rows of before are VACUUM's.

        Args:
            within: seconds to wait for those who write and read.
        """
        if self.dialect != "sqlite":
            return True
        return await asyncio.to_thread(scrub, str(self._engine.url.database), within)

    async def close(self) -> None:
        """Finish what is being written and close the connections; those that somebody has, when they come back."""
        if self._writer is not None:
            await self._writer.close()
        if self._readers is not None:
            await self._readers.close()
        for engine in (self._engine, self._scanner):
            event.listen(engine.sync_engine.pool, "checkin", _close_returned)
            await engine.dispose()


@asynccontextmanager
async def exclusive(url: str) -> AsyncIterator[AsyncEngine]:
    """An engine for changing the schema: one that has the whole of SQLite's file in each transaction."""
    backend, parsed = _parse(url)
    if backend == "sqlite":
        # Rebuilding a table, SQLite's way to alter one, must not trip over what refers to it.
        engine = _sqlite_engine(parsed, "BEGIN IMMEDIATE", "foreign_keys=0", pool_size=1)
    else:
        engine = create_async_engine(parsed, poolclass=NullPool)
    try:
        yield engine
    finally:
        await engine.dispose()


def _close_returned(_connection: Any, entry: ConnectionPoolEntry) -> None:
    # Disposing of an engine leaves those that are lent, and who gives one back only puts it into the pool.
    entry.invalidate()


def _parse(url: str) -> tuple[str, URL]:
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise ValueError("Liuke needs a SQLite file, as in sqlite:///path/liuke.db")
        return "sqlite", parsed.set(drivername="sqlite+aiosqlite")
    if backend in ("postgresql", "postgres"):
        return "postgresql", parsed.set(drivername="postgresql+asyncpg")
    raise ValueError(f"Liuke keeps its data in SQLite or PostgreSQL, not in {backend!r}")


def _sqlite_engine(url: URL, begin: str, pragma: str, *, pool_size: int) -> AsyncEngine:
    """SQLite in a thread a connection, for what takes its time."""
    engine = create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=pool_size, max_overflow=4, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for one in (*_PRAGMAS, pragma):
            cursor.execute(f"PRAGMA {one}")
        cursor.close()

    # The driver's own implicit BEGIN would come too late for BEGIN IMMEDIATE, snapshots and savepoints.
    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
