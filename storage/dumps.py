"""A whole database as one file, and back: SQLite by its online back-up, PostgreSQL by `pg_dump`.

Either is one moment of the database, and whoever writes meanwhile goes on. It is opened and looked through before it
counts as made.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.console import Progress
from storage.contents import Contents, contents_of, look_into, require_empty, sqlite_path
from storage.errors import DumpFailed
from storage.migrate import adopt
from storage.outage import outages_told
from storage.postgres_tools import dumped_tables, pg_dump, pg_restore, require_tool
from storage.schema import metadata
from storage.store import Store, exclusive

_PAGES = 4_000
"""Copied between two looks at how far it is: some 16 MB."""

Settle = Callable[[AsyncConnection], Awaitable[None]]
"""What is done to a store before anybody may open it."""


async def dump(url: str, into: Path, progress: Progress) -> Contents:
    """Write the database to a new file; returns what is in it.

    Raises:
        StoreUnavailable: the database can't be used now.
        DumpFailed: `pg_dump` is missing, too old or failed, or what was written can't be read.
        OSError: the file can't be written.
    """
    path = sqlite_path(url)
    if path is None:
        return await _dump_postgres(url, into, progress)
    try:
        await asyncio.to_thread(_copy_sqlite, path, into, progress)
    except sqlite3.Error as error:
        raise DumpFailed(f"{path} can't be copied: {error}") from error
    await asyncio.to_thread(check_sqlite, into)
    found = await look_into(f"sqlite:///{into}")
    # Looking at it makes it keep a log of its own again.
    await asyncio.to_thread(_one_file, into)
    return found


async def load(url: str, dumped: Path, revision: str, settle: Settle) -> None:
    """Put what `dump` wrote in place of an empty database, migrated to this version.

    Nobody can open it before `settle` is done: SQLite's file takes its place after that, and PostgreSQL's revision,
    without which no program starts, is put in with it.

    Raises:
        StoreNotEmpty: there is something in the database.
        StoreNewer: the dump was made by a newer version.
        StoreUnavailable: the database can't be used now.
        DumpFailed: `pg_restore` is missing or failed, or the file is damaged.
    """
    there = await require_empty(url)
    path = sqlite_path(url)
    if path is not None:
        await asyncio.to_thread(check_sqlite, dumped)
        await adopt(f"sqlite:///{dumped}", revision, settle)
        await asyncio.to_thread(_put_in_place, dumped, path)
        return
    await require_tool("pg_restore", await _server_version(url))
    if there.revision or there.counts:
        await drop_tables(url)
    await pg_restore(url, dumped)
    try:
        await adopt(url, revision, settle)
    except BaseException:
        await drop_tables(url)
        raise


async def drop_tables(url: str) -> None:
    """Take every table of the program out of a database."""
    async with exclusive(url) as engine, engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def check_sqlite(path: Path) -> None:
    """Read a SQLite file to its end.

    Raises:
        DumpFailed: it is damaged, or none.
    """
    try:
        with closing(sqlite3.connect(path)) as file:
            [(said,), *_] = file.execute("PRAGMA integrity_check(1)").fetchall()
    except sqlite3.Error as error:
        raise DumpFailed(f"{path.name} can't be opened: {error}") from error
    if said != "ok":
        raise DumpFailed(f"{path.name} is damaged: {said}")


def _copy_sqlite(path: Path, into: Path, progress: Progress) -> None:
    def tell(_status: int, left: int, total: int) -> None:
        progress("copying the database", 1 - left / max(total, 1))

    with closing(sqlite3.connect(path, isolation_level=None)) as live, closing(sqlite3.connect(into)) as copy:
        # One moment of it: else it would begin again each time that somebody writes.
        live.execute("PRAGMA query_only=1")
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=_PAGES, progress=tell, sleep=0)
    _one_file(into)


def _put_in_place(dumped: Path, path: Path) -> None:
    _one_file(dumped)
    beside = path.with_name(f".{path.name}.restored")
    path.parent.mkdir(parents=True, exist_ok=True)
    # It may come from another disk.
    shutil.move(dumped, beside)
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    beside.replace(path)


def _one_file(path: Path) -> None:
    """Without a log beside it."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode=DELETE")


async def _dump_postgres(url: str, into: Path, progress: Progress) -> Contents:
    await require_tool("pg_dump", await _server_version(url))
    # The connection holds the moment that pg_dump writes down, so that the counts are of the same.
    with outages_told():
        async with exclusive(url) as engine, engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            snapshot = str(await connection.scalar(text("SELECT pg_export_snapshot()")))
            found = await contents_of(connection)
            progress("pg_dump writes the database", 0.0)
            await pg_dump(url, into, snapshot)
    if missing := found.counts.keys() - await dumped_tables(into):
        raise DumpFailed(f"pg_dump left out {', '.join(sorted(missing))}")
    return found


async def _server_version(url: str) -> int:
    """The major version."""
    async with Store.open(url) as store, store.read() as connection:
        number = await connection.scalar(text("SELECT current_setting('server_version_num')"))
    return int(str(number)) // 10_000
