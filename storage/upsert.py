"""`INSERT … ON CONFLICT`, which SQLite and PostgreSQL share and SQLAlchemy keeps in two dialects."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


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
