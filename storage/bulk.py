"""Many rows into a table at once, quickly, and without minding those already there.

A few rows go through one ordinary statement. Many go the fast way of each database: `executemany` of a
prepared statement on SQLite, `COPY` into a temporary table on PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Column, String, Table, cast, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import UtcMicros, to_micros
from storage.upsert import dialect_insert

Row = Mapping[str, Any]

# Below this, compiling one statement with all its values costs less than a temporary table.
_FEW = 100


async def insert_new(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose key is not there yet; return how many that were.

    Every row has the same columns; values are those a SQLAlchemy statement takes.
    """
    rows = _last_of_each_key(table, rows)
    if not rows:
        return 0
    if len(rows) <= _FEW:
        statement = dialect_insert(connection, table).values(_filled(table, rows)).on_conflict_do_nothing()
        return (await connection.execute(statement)).rowcount
    return await _insert_many(connection, table, rows, "ON CONFLICT DO NOTHING")


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
    rows = _last_of_each_key(table, rows)
    if not rows:
        return 0
    keys = {column.name for column in table.primary_key.columns}
    named = [name for name in rows[0] if name not in keys | keep]
    compared = [name for name in named if name not in stamps]
    if len(rows) <= _FEW:
        return await _upsert_few(connection, table, rows, named, compared, unless_set)
    return await _insert_many(connection, table, rows, _on_conflict_sql(table, named, compared, unless_set))


async def _upsert_few(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Row],
    named: Sequence[str],
    compared: Sequence[str],
    unless_set: str | None,
) -> int:
    statement = dialect_insert(connection, table).values(_filled(table, rows))
    new = statement.excluded
    condition = or_(
        *(_comparable(table.c[name]).is_distinct_from(_comparable(new[name])) for name in compared)
    )
    if unless_set is not None:
        condition = condition & table.c[unless_set].is_(None)
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: new[name] for name in named},
        where=condition,
    )
    return (await connection.execute(statement)).rowcount


def _on_conflict_sql(
    table: Table, named: Sequence[str], compared: Sequence[str], unless_set: str | None
) -> str:
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in named)
    differences = " OR ".join(_difference_sql(table, name) for name in compared)
    protected = f' AND "{table.name}"."{unless_set}" IS NULL' if unless_set else ""
    return f"ON CONFLICT ({keys}) DO UPDATE SET {changes} WHERE ({differences}){protected}"


def _difference_sql(table: Table, name: str) -> str:
    old, new = f'"{table.name}"."{name}"', f'excluded."{name}"'
    if isinstance(table.c[name].type, JSON):
        # PostgreSQL's json has no equality of its own.
        old, new = f"CAST({old} AS TEXT)", f"CAST({new} AS TEXT)"
    return f"{old} IS DISTINCT FROM {new}"


async def _insert_many(
    connection: AsyncConnection, table: Table, rows: Sequence[Row], on_conflict: str
) -> int:
    rows = _filled(table, rows)
    names = list(rows[0])
    converters = [_converter(table.c[name]) for name in names]
    records = [
        tuple(
            value if convert is None or value is None else convert(value)
            for convert, value in zip(converters, map(row.__getitem__, names), strict=True)
        )
        for row in rows
    ]
    return await insert_records(connection, table, names, records, on_conflict=on_conflict)


async def insert_records(
    connection: AsyncConnection,
    table: Table,
    names: Sequence[str],
    records: Sequence[tuple[Any, ...]],
    *,
    on_conflict: str = "",
) -> int:
    """The fast way alone, for whoever has the values as the database keeps them; return the rows written.

    Args:
        names: the columns, in the order of the values; every column without a database default.
        records: times as integer microseconds, JSON as text.
        on_conflict: an `ON CONFLICT` clause.
    """
    if not records:
        return 0
    columns = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        insert = f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks}) {on_conflict}'  # noqa: S608
        return (await connection.exec_driver_sql(insert, list(records))).rowcount
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if not on_conflict:
        await driver.copy_records_to_table(table.name, records=records, columns=names)
        return len(records)
    temporary = f"bulk_{table.name}"
    empty = f'SELECT {columns} FROM "{table.name}" WHERE false'  # noqa: S608
    await connection.exec_driver_sql(f'CREATE TEMPORARY TABLE "{temporary}" ON COMMIT DROP AS {empty}')
    await driver.copy_records_to_table(temporary, records=records, columns=names)
    copy = f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM "{temporary}" {on_conflict}'  # noqa: S608
    count = (await connection.exec_driver_sql(copy)).rowcount
    await connection.exec_driver_sql(f'DROP TABLE "{temporary}"')
    return count


def _last_of_each_key(table: Table, rows: Sequence[Row]) -> Sequence[Row]:
    keys = [column.name for column in table.primary_key.columns]
    if not all(name in row for row in rows[:1] for name in keys):
        return rows
    if len(keys) == 1:
        key = keys[0]
        return list({row[key]: row for row in rows}.values())
    return list({tuple(row[name] for name in keys): row for row in rows}.values())


def _filled(table: Table, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows with the defaults of the columns they leave out; raw SQL knows nothing of those."""
    missing: dict[str, Any] = {}
    for column in table.columns:
        default = column.default
        if column.name in rows[0] or default is None:
            continue
        argument: Any = getattr(default, "arg", None)
        missing[column.name] = argument(None) if callable(argument) else argument
    return [{**missing, **row} for row in rows]


def _comparable(column: Any) -> Any:
    return cast(column, String) if isinstance(column.type, JSON) else column


def _converter(column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, UtcMicros):
        return to_micros
    if isinstance(column.type, JSON):
        return json.dumps
    return None
