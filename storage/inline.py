"""SQLite for SQLAlchemy's asyncio, without a thread or a greenlet between a statement and its answer.

A statement of a running bot takes some ten microseconds once its page is in memory, while a hop to a driver's
thread and back takes ten times that, and switching to a greenlet and back as long as the statement. So
statements run where they are called, on a connection that stays open; only what waits for a disk or for another
process, BEGIN IMMEDIATE and COMMIT, goes to a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from typing import Any, Self

from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

_LOG_WAITS = 0.2
"""Seconds."""


class InlineDialect(SQLiteDialect_pysqlite):
    """SQLAlchemy's SQLite on `sqlite3`, said to fit asyncio: nothing in it ever waits for the event loop."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True


registry.register("sqlite.inline", __name__, InlineDialect.__name__)


def inline_engine(path: str, *, pragmas: Sequence[str]) -> AsyncEngine:
    """What `InlineConnection.open` takes: opens `path` and sets the pragmas in order."""

    def connect() -> sqlite3.Connection:
        # isolation_level=None: transactions begin where they are begun and not where the driver guesses.
        driver = sqlite3.connect(
            path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
            timeout=30,
            factory=InlineDriver,
        )
        try:
            for pragma in pragmas:
                driver.execute(f"PRAGMA {pragma}")
        except BaseException:
            driver.close()
            raise
        return driver

    url = URL.create("sqlite+inline", database=path)
    return create_async_engine(url, creator=connect, poolclass=NullPool, hide_parameters=True)


def scrub(path: str, within: float) -> bool:
    """Write a file anew without what was deleted, and cut its log to nothing; False where that couldn't be.

    Overwriting what is deleted isn't enough: when rows move to another page their old copies stay behind in the first.
    To be run in a thread: it waits, and takes about a second for each 100 MB.
    """
    deadline = time.monotonic() + within
    with closing(sqlite3.connect(path, isolation_level=None, timeout=within)) as connection:
        try:
            connection.execute("VACUUM")
        except sqlite3.OperationalError:
            return False  # another process writes on and on, or there is no room for a second copy
        # While it waits for a reader nobody writes: so it waits a moment, and lets the writers through.
        connection.execute(f"PRAGMA busy_timeout={_LOG_WAITS * 1_000:.0f}")
        while not _log_is_cut(connection):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOG_WAITS)
    return True


def _log_is_cut(connection: sqlite3.Connection) -> bool:
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        return False
    return not busy


class InlineCursor(sqlite3.Cursor):
    """A cursor that has read its result to the end, so that no statement is still running at a COMMIT."""

    _rows: list[Any]
    _next: int

    def execute(self, operation: str, parameters: Any = ()) -> Self:
        """Run one statement."""
        super().execute(operation, parameters)
        self._rows = super().fetchall() if self.description is not None else []
        self._next = 0
        return self

    def executemany(self, operation: str, parameters: Iterable[Any]) -> Self:
        """Run one statement with many sets of parameters."""
        super().executemany(operation, parameters)
        self._rows, self._next = [], 0
        return self

    def fetchall(self) -> list[Any]:
        """The rest of the rows."""
        rest = self._rows[self._next :] if self._next else self._rows
        self._next = len(self._rows)
        return rest

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Some more rows."""
        first = self._next
        self._next = min(len(self._rows), first + (self.arraysize if size is None else size))
        return self._rows[first : self._next]

    def fetchone(self) -> Any:
        """One more row, or None."""
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]


class InlineDriver(sqlite3.Connection):
    """`sqlite3`'s connection, whose cursors read their results to the end."""

    def cursor(self, factory: Any = InlineCursor) -> Any:
        """A new cursor."""
        return super().cursor(factory)


class InlineConnection(AsyncConnection):
    """A connection of SQLAlchemy's whose statements run where they are called.

    Transactions are begun and ended by `begin`, `commit` and `rollback` here, and not through SQLAlchemy, which
    takes the connection to be in one all the time; savepoints are SQLAlchemy's own as ever.
    """

    __slots__ = ("_executor", "driver")

    def __init__(self, engine: AsyncEngine, connection: Any) -> None:
        super().__init__(engine, connection)
        self.driver: sqlite3.Connection = connection.connection.driver_connection
        # Threads are only started once something is submitted: a reader never has one.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="liuke-sqlite")

    @classmethod
    async def open(cls, engine: AsyncEngine) -> Self:
        """A connection of an `inline_engine`."""
        return cls(engine, (await engine.connect()).sync_connection)

    async def execute(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """As of SQLAlchemy."""
        return self._open.execute(statement, parameters, execution_options=execution_options)

    async def exec_driver_sql(
        self, statement: str, parameters: Any = None, execution_options: Any = None
    ) -> Any:
        """As of SQLAlchemy."""
        return self._open.exec_driver_sql(statement, parameters, execution_options)

    @property
    def _open(self) -> Any:
        return self.sync_connection

    @property
    def in_driver_transaction(self) -> bool:
        """Whether a transaction is open; SQLite ends one by itself when the disk fails or is full."""
        return self.driver.in_transaction

    async def begin_writing(self) -> None:
        """BEGIN IMMEDIATE, once no other process is writing."""
        await self._in_thread("BEGIN IMMEDIATE")

    async def commit_durably(self) -> None:
        """COMMIT; returns when the transaction is durable."""
        await self._in_thread("COMMIT")

    def undo(self) -> None:
        """ROLLBACK, if a transaction is open."""
        if self.driver.in_transaction:
            self.run("ROLLBACK")

    async def close(self) -> None:
        """Give the file back; what was not committed is undone."""
        self._executor.shutdown(wait=False)
        self._open.close()

    async def _in_thread(self, statement: str) -> None:
        """Run what waits; a cancelled caller still waits for it, since it can't be undone."""
        running = asyncio.get_running_loop().run_in_executor(self._executor, self.run, statement)
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    def run(self, statement: str) -> None:
        """Run BEGIN, SAVEPOINT and the like: straight, since they stand around every unit of work."""
        try:
            self.driver.execute(statement)
        except sqlite3.Error as error:
            raise DBAPIError.instance(statement, None, error, sqlite3.Error) from error


class Readers:
    """Connections that stay open for reading; each is lent to one reader at a time."""

    def __init__(self, engine: AsyncEngine, size: int) -> None:
        self._engine = engine
        self._free: list[InlineConnection] = []
        self._room = asyncio.Semaphore(size)
        self._closed = False

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one moment of the database."""
        async with self._room:
            connection = self._free.pop() if self._free else await InlineConnection.open(self._engine)
            try:
                connection.run("BEGIN")  # from the first statement on, one moment is seen
            except BaseException:
                await connection.close()
                raise
            try:
                yield connection
            finally:
                await self._give_back(connection)

    async def _give_back(self, connection: InlineConnection) -> None:
        """End its transaction and lend it again; one that can't be used any more is closed."""
        try:
            connection.undo()
        except DBAPIError:
            await connection.close()
            return
        if self._closed:
            await connection.close()
        else:
            self._free.append(connection)

    async def close(self) -> None:
        """Close those that nobody has, and the others when they come back."""
        self._closed = True
        while self._free:
            await self._free.pop().close()
