"""What a database holds, as a whole: its revision, and how many rows each table has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StoreNotEmpty
from storage.schema import metadata
from storage.store import Store

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in a database."""

    revision: str
    """Of the schema; empty where nothing was ever made there."""
    counts: Mapping[str, int]
    """Rows by table, also of empty tables; tables that are not the program's are left out."""

    @property
    def empty(self) -> bool:
        """Whether no table has a row."""
        return not any(self.counts.values())

    def __str__(self) -> str:
        """The fullest tables, as in `12,034 event, 812 customer and 14 more tables`."""
        full = sorted(((n, name) for name, n in self.counts.items() if n), reverse=True)
        named = ", ".join(f"{n:,} {name}" for n, name in full[:_MOST_NAMED])
        return named + (f" and {len(full) - _MOST_NAMED} more tables" if full[_MOST_NAMED:] else "")


async def contents_of(connection: AsyncConnection) -> Contents:
    """What the database of a connection holds."""
    there = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    heads = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_heads())
    counts = {
        table.name: int(await connection.scalar(select(func.count()).select_from(table)) or 0)
        for table in metadata.sorted_tables
        if table.name in there
    }
    return Contents(revision=", ".join(heads), counts=counts)


async def look_into(url: str) -> Contents:
    """What the database at an address holds; a SQLite file that isn't there is not made.

    Raises:
        ValueError: neither a SQLite nor a PostgreSQL address.
        StoreUnavailable: the database can't be used now.
    """
    path = sqlite_path(url)
    if path is not None and not path.exists():
        return Contents(revision="", counts={})
    async with Store.open(url) as store, store.read(long=True) as connection:
        return await contents_of(connection)


async def require_empty(url: str) -> Contents:
    """What the database at an address holds: tables, perhaps, and no row.

    Raises:
        StoreNotEmpty: with what is in it; and as `look_into`.
    """
    found = await look_into(url)
    if not found.empty:
        shown = make_url(url).render_as_string(hide_password=True)
        raise StoreNotEmpty(f"{shown} is not empty: it holds {found}. Name a database that holds nothing.")
    return found


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
