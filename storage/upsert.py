"""Rows into a table, new or in place of those already there: few or many, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain, repeat
from typing import Any

from sqlalchemy import JSON, Column, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.times import to_micros
from storage.columns import UtcMicros


def dialect_insert(connection: AsyncConnection, table: Table) -> Any:
    """The insert of the connection's dialect, with its `on_conflict_…` methods."""
    return _insert_of(connection.dialect.name, table)


def insert_ignoring_conflicts(connection: AsyncConnection, table: Table, *, returning: bool = False) -> Any:
    """An insert that does nothing where a unique key is taken; `returning` gives the row that was put.

    Run it with the values as parameters where it runs often: it is built once.
    """
    return _ignoring_conflicts(connection.dialect.name, table, returning)


@cache
def _ignoring_conflicts(dialect: str, table: Table, returning: bool) -> Any:
    statement: Any = _insert_of(dialect, table).on_conflict_do_nothing()
    return statement.returning(table) if returning else statement


def _insert_of(dialect: str, table: Table) -> Any:
    module: Any = sqlite if dialect == "sqlite" else postgresql
    return module.insert(table)


Row = Mapping[str, Any]

# On PostgreSQL one statement with all the values costs less than a temporary table up to about so many.
_FEW_VALUES = 2_000


async def insert_new(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose key is not there yet; return how many that were.

    Every row has the same columns; values are those a SQLAlchemy statement takes.
    """
    return await _insert(connection, table, rows, "ON CONFLICT DO NOTHING")


async def upsert(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Row],
    *,
    keep: frozenset[str] = frozenset(),
    stamps: frozenset[str] = frozenset(),
    unless_set: str | None = None,
) -> int:
    """Insert the rows, or bring those already there up to date; return how many were new or changed.

    Args:
        keep: columns that stay as they are in a row already there.
        stamps: columns, such as `updated_at`, that change along with others but are no change by themselves.
        unless_set: a column which, when it holds something, protects the row from any change.
    """
    if not rows:
        return 0
    keys = [column.name for column in table.primary_key.columns]
    named = [name for name in rows[0] if name not in keep.union(keys)]
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in named)
    differences = " OR ".join(_difference(table, name) for name in named if name not in stamps)
    protected = f' AND "{table.name}"."{unless_set}" IS NULL' if unless_set else ""
    conflict = ", ".join(f'"{name}"' for name in keys)
    update = f"ON CONFLICT ({conflict}) DO UPDATE SET {changes} WHERE ({differences}){protected}"
    return await _insert(connection, table, rows, update)


async def _insert(connection: AsyncConnection, table: Table, rows: Sequence[Row], on_conflict: str) -> int:
    rows = _last_of_each_key(table, rows)
    if not rows:
        return 0
    missing = _missing(table, rows[0])
    # A column at a time: that takes half the time of a row at a time.
    columns: list[Iterable[Any]] = [
        repeat(_converted(table.c[name], [value])[0], len(rows)) for name, value in missing.items()
    ]
    columns += [_converted(table.c[name], [row[name] for row in rows]) for name in rows[0]]
    names = [*missing, *rows[0]]
    return await insert_records(
        connection, table, names, list(zip(*columns, strict=True)), on_conflict=on_conflict
    )


async def insert_records(
    connection: AsyncConnection,
    table: Table,
    names: Sequence[str],
    records: Sequence[tuple[Any, ...]],
    *,
    on_conflict: str = "",
) -> int:
    """Insert values as the database keeps them, the fast way of each database; return the rows written.

    Args:
        names: the columns, in the order of the values; every column without a database default.
        records: times as integer microseconds, JSON as text.
        on_conflict: an `ON CONFLICT` clause.
    """
    if not records:
        return 0
    columns = ", ".join(f'"{name}"' for name in names)
    into = f'INSERT INTO "{table.name}" ({columns})'
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        insert = f"{into} VALUES ({marks}) {on_conflict}"
        return (await connection.exec_driver_sql(insert, list(records))).rowcount
    if on_conflict and len(records) * len(names) <= _FEW_VALUES:
        marks = ", ".join(f"({_marks(row * len(names), len(names))})" for row in range(len(records)))
        values = tuple(chain.from_iterable(records))
        return (await connection.exec_driver_sql(f"{into} VALUES {marks} {on_conflict}", values)).rowcount
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if not on_conflict:
        await driver.copy_records_to_table(table.name, records=records, columns=names)
        return len(records)
    temporary = f"bulk_{table.name}"
    empty = f'SELECT {columns} FROM "{table.name}" WHERE false'  # noqa: S608
    await connection.exec_driver_sql(f'CREATE TEMPORARY TABLE "{temporary}" ON COMMIT DROP AS {empty}')
    await driver.copy_records_to_table(temporary, records=records, columns=names)
    copy = f'{into} SELECT {columns} FROM "{temporary}" {on_conflict}'  # noqa: S608
    count = (await connection.exec_driver_sql(copy)).rowcount
    await connection.exec_driver_sql(f'DROP TABLE "{temporary}"')
    return count


def _marks(first: int, count: int) -> str:
    return ", ".join(f"${first + number}" for number in range(1, count + 1))


def _difference(table: Table, name: str) -> str:
    old, new = f'"{table.name}"."{name}"', f'excluded."{name}"'
    if isinstance(table.c[name].type, JSON):
        # PostgreSQL's json has no equality of its own.
        old, new = f"CAST({old} AS TEXT)", f"CAST({new} AS TEXT)"
    return f"{old} IS DISTINCT FROM {new}"


def _last_of_each_key(table: Table, rows: Sequence[Row]) -> Sequence[Row]:
    keys = [column.name for column in table.primary_key.columns]
    if not rows or not all(name in rows[0] for name in keys):
        return rows
    return list({tuple(row[name] for name in keys): row for row in rows}.values())


def _missing(table: Table, row: Row) -> dict[str, Any]:
    """The defaults of the columns that rows leave out; the database knows nothing of those."""
    missing: dict[str, Any] = {}
    for column in table.columns:
        if column.name not in row and column.default is not None:
            missing[column.name] = default_of(column)
    return missing


def default_of(column: Column[Any]) -> Any:
    """What a column holds where nothing is said."""
    argument: Any = getattr(column.default, "arg", None)
    return argument(None) if callable(argument) else argument


def _converted(column: Column[Any], values: list[Any]) -> list[Any]:
    """Values as the database keeps them."""
    convert: Callable[[Any], Any] | None = None
    if isinstance(column.type, UtcMicros):
        convert = to_micros
    elif isinstance(column.type, JSON):
        convert = json.dumps
    if convert is None:
        return values
    # Where there must be something, JSON's null is kept as a value.
    kept_null = "null" if convert is json.dumps and not column.nullable else None
    return [kept_null if value is None else convert(value) for value in values]
