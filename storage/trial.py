"""Tries what writes to a store, and keeps nothing of it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.contents import sqlite_path
from storage.store import Store, exclusive

T = TypeVar("T")


class Writes(Protocol):
    """What can be written to: a store, or a trial of one."""

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run work in a transaction."""
        ...


class AnyStore(Writes, Protocol):
    """What can be read, too."""

    def read(self, *, long: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection that sees one moment of it."""
        ...


class _Within:
    """One transaction for all that is read and written."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def read(self, *, long: bool = False) -> AsyncIterator[AsyncConnection]:
        del long
        yield self._connection

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._connection.begin_nested():
            return await work(self._connection)


@asynccontextmanager
async def trial(store: Store) -> AsyncIterator[AnyStore]:
    """A store in which everything is as in this one; what is written to it is gone at the end.

    SQLite has one writer: there it is a copy of the file, so that nobody waits. On PostgreSQL it is a transaction that
    is rolled back: whoever changes the same rows meanwhile waits.
    """
    path = sqlite_path(store.url)
    if path is not None:
        with TemporaryDirectory(prefix="liuke-trial-") as folder:
            copy = Path(folder) / "trial.db"
            await asyncio.to_thread(_copy, path, copy)
            async with Store.open(f"sqlite:///{copy}") as copied:
                yield copied
        return
    async with exclusive(store.url) as engine, engine.connect() as connection:
        yield _Within(connection)
        await connection.rollback()


def _copy(path: Path, into: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(into)) as target:
        source.backup(target)
