"""SQLite for SQLAlchemy's asyncio, without a thread between a statement and its answer.

A statement of a running bot takes some ten microseconds once its page is in memory, while a hop to a driver's
thread and back takes ten times that, and four are made for each. So statements run where they are called;
only what waits for a disk or for another process, BEGIN IMMEDIATE and COMMIT, goes to a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
Connector = Callable[[], Awaitable["InlineConnection"]]


def connector(path: str, *, pragmas: Sequence[str]) -> Connector:
    """What `create_async_engine(async_creator=…)` takes: opens `path` and sets the pragmas in order."""

    async def connect() -> InlineConnection:
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="liuke-sqlite")
        try:
            loop = asyncio.get_running_loop()
            return InlineConnection(await loop.run_in_executor(executor, _open, path, pragmas), executor)
        except BaseException:
            executor.shutdown(wait=False)
            raise

    return connect


def _open(path: str, pragmas: Sequence[str]) -> sqlite3.Connection:
    # isolation_level=None: transactions begin where SQLAlchemy says so and not where the driver guesses.
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=30
    )
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


class InlineConnection:
    """Of aiosqlite's connection, the part that SQLAlchemy's dialect for it uses."""

    def __init__(self, connection: sqlite3.Connection, executor: ThreadPoolExecutor) -> None:
        self._connection: sqlite3.Connection | None = connection
        self._executor = executor

    @property
    def _conn(self) -> sqlite3.Connection:
        if self._connection is None:
            # The words by which the dialect knows that the connection is gone.
            raise ValueError("no active connection")
        return self._connection

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open; SQLite ends one by itself when the disk fails or is full."""
        return self._conn.in_transaction

    def cursor(self) -> InlineCursor:
        """A new cursor."""
        return InlineCursor(self._conn.cursor(), self)

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        """As of `sqlite3`."""
        self._conn.create_function(*arguments, **options)

    async def commit(self) -> None:
        """Returns when the transaction is durable."""
        if self._conn.in_transaction:
            await self.in_thread(self._conn.commit)

    async def rollback(self) -> None:
        """Undo the transaction."""
        self._conn.rollback()

    def savepoint(self, statement: str) -> None:
        """Run SAVEPOINT, RELEASE or ROLLBACK TO; straight, since it happens around every unit of work."""
        self._conn.execute(statement)

    async def close(self) -> None:
        """Give the file back; harmless the second time."""
        self.stop()

    def stop(self) -> None:
        """As `close`, where nothing can be awaited any more."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
            self._executor.shutdown(wait=False)

    async def in_thread(self, call: Callable[..., T], *arguments: Any) -> T:
        """Run something that waits; a cancelled caller still waits for it, since it can't be undone."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, call, *arguments)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise


class InlineCursor:
    """Of aiosqlite's cursor, the part that SQLAlchemy uses."""

    def __init__(self, cursor: sqlite3.Cursor, connection: InlineConnection) -> None:
        self._cursor = cursor
        self._connection = connection
        self.arraysize = 1

    async def __aenter__(self) -> InlineCursor:
        return self

    @property
    def description(self) -> Any:
        """Columns of the result."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """Rows changed."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """Key of the row inserted last."""
        return self._cursor.lastrowid

    async def execute(self, operation: str, parameters: Any = ()) -> InlineCursor:
        """Run one statement."""
        if operation == "BEGIN IMMEDIATE":
            await self._connection.in_thread(self._cursor.execute, operation)
        else:
            self._cursor.execute(operation, parameters)
        return self

    async def executemany(self, operation: str, parameters: Any) -> InlineCursor:
        """Run one statement with many sets of parameters."""
        self._cursor.executemany(operation, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """The rest of the rows."""
        return self._cursor.fetchall()

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Some more rows."""
        return self._cursor.fetchmany(self.arraysize if size is None else size)

    async def fetchone(self) -> Any:
        """One more row, or None."""
        return self._cursor.fetchone()

    def __aiter__(self) -> InlineCursor:
        return self

    async def __anext__(self) -> Any:
        row = self._cursor.fetchone()
        if row is None:
            raise StopAsyncIteration
        return row

    async def close(self) -> None:
        """Forget the result."""
        self._cursor.close()
