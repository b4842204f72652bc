"""Takes everything in one database to another, of either kind: all rows or none, and compared at the end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from sqlalchemy import JSON, Boolean, Float, String, Table, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.console import Progress
from storage.contents import Contents, contents_of, look_into, require_empty, sqlite_path
from storage.dumps import drop_tables
from storage.errors import CopyFailed, StoreInUse
from storage.in_use import in_use
from storage.migrate import MIGRATING, migrate, require_known
from storage.outage import outage, outages_told
from storage.schema import metadata
from storage.store import exclusive
from storage.upsert import insert_records

_PORTION = 5_000
"""Rows in memory at once."""
_WRITING = 0.6
"""Of the time; the rest is comparing."""
_LOOKS, _LOOK_AGAIN = 5, 0.2
"""Whether others use the source; seconds. PostgreSQL takes a moment to forget a program that has ended."""

_Record: TypeAlias = tuple[Any, ...]


async def copy(source: str, target: str, progress: Progress) -> Contents:
    """Copy every row of every table into an empty database; returns what is there then.

    The source is one moment of it, and nobody writes to it meanwhile. The target is migrated to this version. What is
    written is read again there, and compared by the number of rows and a checksum of each table. If anything fails,
    the target is as it was.

    Args:
        source: as in `Store.open`; migrated to this version first.
        target: as in `Store.open`; it holds nothing, and a SQLite file may be missing.
        progress: told how far it is.

    Raises:
        ValueError: neither a SQLite nor a PostgreSQL address.
        StoreInUse: another program uses the source.
        StoreNotEmpty: there is something in the target.
        StoreNewer: a newer version made one of them.
        StoreUnavailable: one of them can't be used now.
        CopyFailed: both are the same, there is nothing to copy, or rows that the target doesn't take.
    """
    if _place(source) == _place(target):
        raise CopyFailed("the data is in that database already; name another one")
    before = await require_empty(target)
    require_known(before.revision)
    here = await look_into(source)
    require_known(here.revision)
    if here.empty:
        raise CopyFailed(
            "there is nothing to copy: the database that LIUKE_DATABASE_URL and LIUKE_HOME name is empty"
        )
    await _require_idle(source)
    await migrate(source)
    try:
        await migrate(target)
        async with _opened(source, reading=True) as old, _opened(target, reading=False) as new:
            return await _copy_all(old, new, progress)
    except BaseException:
        if not before.revision:
            await _leave_nothing(target)
        raise


async def _copy_all(here: AsyncConnection, there: AsyncConnection, progress: Progress) -> Contents:
    before = await contents_of(here)
    total, done = sum(before.counts.values()), 0
    sums: dict[str, int] = {}
    for table in metadata.sorted_tables:
        sums[table.name] = 0
        async for portion in _portions(here, table):
            sums[table.name] += _checksum(portion)
            await _insert(there, table, portion)
            done += len(portion)
            progress(f"copying {table.name}", _WRITING * done / total)
    if there.dialect.name == "postgresql":
        await _set_sequences(there)
    after = await contents_of(there)
    for place, table in enumerate(metadata.sorted_tables):
        progress("comparing", _WRITING + (1 - _WRITING) * place / len(sums))
        copied = 0
        async for portion in _portions(there, table):
            copied += _checksum(portion)
        if after.counts[table.name] != before.counts[table.name] or copied != sums[table.name]:
            raise CopyFailed(f"{table.name} is not the same in both databases; nothing was kept")
    return after


@asynccontextmanager
async def _opened(url: str, *, reading: bool) -> AsyncIterator[AsyncConnection]:
    """A connection in one transaction, committed at the end; nobody else writes to SQLite, or starts, meanwhile."""
    with outages_told():
        async with exclusive(url) as engine, engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                level = "REPEATABLE READ" if reading else "READ COMMITTED"
                await connection.execution_options(isolation_level=level, postgresql_readonly=reading)
                await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
            yield connection
            await connection.commit()


async def _portions(connection: AsyncConnection, table: Table) -> AsyncIterator[list[_Record]]:
    """Rows as the database keeps them, the same from either."""
    # PostgreSQL's driver would read JSON, and it may be written in several ways.
    columns = ", ".join(
        f'CAST("{one.name}" AS TEXT)' if isinstance(one.type, JSON) else f'"{one.name}"'
        for one in table.columns
    )
    rows = await connection.stream(text(f'SELECT {columns} FROM "{table.name}"'))  # noqa: S608 - names of the schema
    convert = _conversions(table)
    async for portion in rows.partitions(_PORTION):
        yield [_converted(row, convert) for row in portion]


def _conversions(table: Table) -> Mapping[int, Callable[[Any], Any]]:
    kinds = ((Boolean, bool), (Float, float))
    return {
        place: python
        for place, column in enumerate(table.columns)
        for kind, python in kinds
        if isinstance(column.type, kind)
    }


def _converted(row: Sequence[Any], convert: Mapping[int, Callable[[Any], Any]]) -> _Record:
    values = list(row)
    for place, python in convert.items():
        if values[place] is not None:
            values[place] = python(values[place])
    return tuple(values)


def _checksum(rows: Sequence[_Record]) -> int:
    """The same in any order."""
    digests = (
        hashlib.blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=8).digest() for row in rows
    )
    return sum(int.from_bytes(digest, "big") for digest in digests)


async def _insert(there: AsyncConnection, table: Table, rows: list[_Record]) -> None:
    names = [column.name for column in table.columns]
    try:
        await insert_records(there, table, names, rows)
    except Exception as error:
        if outage(error) is not None:
            raise
        # What a database says of a row repeats it.
        why = _unfit(table, rows) or f"the database refuses a row ({type(error).__name__})"
        raise CopyFailed(f"{table.name} can't be copied: {why}; nothing was kept") from None


def _unfit(table: Table, rows: Sequence[_Record]) -> str:
    """Which row holds what SQLite takes and PostgreSQL doesn't."""
    for row in rows:
        for column, value in zip(table.columns, row, strict=True):
            longest = column.type.length if isinstance(column.type, String) else None
            if not isinstance(value, str) or ("\0" not in value and (not longest or len(value) <= longest)):
                continue
            key = ", ".join(
                str(row[table.columns.keys().index(one.key)]) for one in table.primary_key.columns
            )
            wrong = "holds a zero character" if "\0" in value else f"is longer than {longest} characters"
            return f"{column.name} of {key} {wrong}"
    return ""


async def _set_sequences(there: AsyncConnection) -> None:
    """Numbers go on after those that are there."""
    for table in metadata.sorted_tables:
        if (column := table.autoincrement_column) is not None:
            await there.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), max({column.name})) "  # noqa: S608
                    f'FROM "{table.name}" HAVING count(*) > 0'
                )
            )


def _place(url: str) -> tuple[object, ...]:
    path, parsed = sqlite_path(url), make_url(url)
    if path is not None:
        return (path.resolve(),)
    return parsed.host or "localhost", parsed.port or 5432, parsed.database or parsed.username


async def _require_idle(url: str) -> None:
    for _ in range(_LOOKS):
        if not await in_use(url):
            return
        await asyncio.sleep(_LOOK_AGAIN)
    raise StoreInUse


async def _leave_nothing(target: str) -> None:
    path = sqlite_path(target)
    if path is None:
        await drop_tables(target)
        return
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
