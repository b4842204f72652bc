"""`INSERT … ON CONFLICT`, which SQLite and PostgreSQL share and SQLAlchemy keeps in two dialects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def dialect_insert(connection: AsyncConnection, table: Table) -> Any:
    """The insert of the connection's dialect, with its `on_conflict_…` methods."""
    module: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    return module.insert(table)


def insert_ignoring_conflicts(connection: AsyncConnection, table: Table) -> Any:
    """An insert that does nothing where a unique key is taken; `returning` then gives no row."""
    return dialect_insert(connection, table).on_conflict_do_nothing()
