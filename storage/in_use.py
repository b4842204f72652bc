"""Whether a program uses a database at this moment."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from storage.contents import sqlite_path
from storage.store import APPLICATION, exclusive


async def in_use(url: str) -> bool:
    """Whether another process, or a store of this one, has the database open."""
    path = sqlite_path(url)
    if path is None:
        return await _used_postgres(url)
    return path.exists() and await asyncio.to_thread(_used_sqlite, path)


def _used_sqlite(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as file:
        # Whoever has the file open keeps a lock on it that this mode doesn't share.
        file.execute("PRAGMA locking_mode=EXCLUSIVE")
        try:
            file.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        file.execute("ROLLBACK")
    return False


async def _used_postgres(url: str) -> bool:
    async with exclusive(url) as engine, engine.connect() as connection:
        others = await connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name = :name AND pid <> pg_backend_pid()"
            ),
            {"name": APPLICATION},
        )
    return bool(others)
