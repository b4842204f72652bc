"""What every repository has in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import ARRAY, Column, ColumnElement, Table, any_, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import NotFound
from storage.schema import metadata

T = TypeVar("T")


class Repository:
    """Reads and writes some tables over a connection of `Store.read` or `Store.write`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def _one(self, make: Callable[..., T], statement: Any, parameters: Any = None) -> T | None:
        """What `make` makes of the columns of the first row; None where there is no row."""
        row = (await self._connection.execute(statement, parameters)).first()
        return None if row is None else make(**row._mapping)

    async def _found(self, make: Callable[..., T], statement: Any, what: str) -> T:
        """The same of a row that must be there.

        Raises:
            NotFound: there is none; `what` says of what.
        """
        found = await self._one(make, statement)
        if found is None:
            raise NotFound(f"there is no {what}")
        return found

    async def _list(self, make: Callable[..., T], statement: Any, parameters: Any = None) -> list[T]:
        """The same of every row."""
        rows = await self._connection.execute(statement, parameters)
        # Asked once, not of every row: that takes a third of the time.
        names = list(rows.keys())
        return [make(**dict(zip(names, row, strict=True))) for row in rows]

    async def _pairs(self, statement: Any) -> dict[Any, Any]:
        """The first column of every row to the second."""
        return dict((await self._connection.execute(statement)).all())

    def _in(self, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """Whether a column has one of many values.

        PostgreSQL gets them as one array: a parameter for each takes longer to write and read than the rows do.
        """
        if self._connection.dialect.name == "postgresql":
            return column == any_(literal(list(values), ARRAY(column.type)))
        return column.in_(values)

    async def _among(
        self, column: Column[T], wanted: Collection[T], *conditions: ColumnElement[bool]
    ) -> set[T]:
        """Those of the values that a column holds in rows for which the conditions hold."""
        found: set[T] = set()
        for part in portions(wanted):
            there = select(column).where(self._in(column, part), *conditions)
            found |= set(await self._connection.scalars(there))
        return found

    async def _is_there(self, statement: Any) -> bool:
        """Whether there is a row whose first column is not empty."""
        return await self._connection.scalar(statement) is not None

    async def _count(self, table: Any, *conditions: ColumnElement[bool]) -> int:
        """How many rows there are."""
        return int(
            await self._connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
        )

    async def _add(self, table: Table, **values: Any) -> int:
        """Insert a row and return the number that it got."""
        statement = insert(table).values(**values).returning(table.c.id)
        return int((await self._connection.execute(statement)).scalar_one())

    async def _changed(self, statement: Any, parameters: Any = None) -> bool:
        """Whether a statement has changed the one row that it names."""
        return bool((await self._connection.execute(statement, parameters)).rowcount == 1)


def portions(values: Collection[T], size: int = 10_000) -> Iterator[list[T]]:
    """Values, so many at once: SQLite takes at most 32,766 in a statement."""
    ordered = list(values)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def columns_of(table: Table, kind: Any) -> list[Column[Any]]:
    """The columns of a table that a dataclass has fields for."""
    return [table.c[one.name] for one in fields(kind)]


def references(table: Table) -> list[Column[Any]]:
    """The columns of other tables whose foreign keys point at a table."""
    return [
        key.parent
        for other in metadata.sorted_tables
        for key in other.foreign_keys
        if key.column.table is table and other is not table
    ]
