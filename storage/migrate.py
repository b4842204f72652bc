"""Bring a database to the schema of this version, or back to an earlier one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import as_file, files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StoreNewer
from storage.outage import outages_told
from storage.store import exclusive

MIGRATING = 0x6C69756B66
"""One number for "migrating", so that no two programs on one PostgreSQL database do it at once, or start meanwhile."""


async def migrate(url: str, revision: str = "head") -> None:
    """Run the migrations that are missing up to `revision`.

    All of it happens in one transaction under a lock: however many processes start at once, the first
    migrates and the others wait and find nothing to do, and one killed half way leaves nothing behind.

    Raises:
        ValueError: neither a SQLite nor a PostgreSQL address.
        StoreUnavailable: the database can't be used now.
        StoreNewer: a newer program has migrated it.
        sqlalchemy.exc.SQLAlchemyError: a migration failed.
    """
    await _run(url, lambda config: command.upgrade(config, revision))


async def migrate_down(url: str, revision: str) -> None:
    """Undo the migrations after `revision`, with what only they can hold; `base` undoes everything."""
    await _run(url, lambda config: command.downgrade(config, revision))


async def adopt(url: str, revision: str, settle: Callable[[AsyncConnection], Awaitable[None]]) -> None:
    """Take a database over whose tables were put there as they stood, without saying of which revision.

    In one transaction it is said, the migrations that are missing are run, and `settle` is done: before that no
    program starts on it.

    Raises:
        StoreNewer: a newer program made them; and as `migrate`.
    """

    async def name(connection: AsyncConnection) -> None:
        await connection.execute(text("DELETE FROM alembic_version"))
        await connection.execute(
            text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision}
        )

    await _run(url, lambda config: command.upgrade(config, "head"), before=name, after=settle)


def alembic_config(scripts: Path, connection: Connection) -> Config:
    """Alembic's configuration: the database is an open connection, and nothing is read from a file."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def _nothing(_connection: AsyncConnection) -> None:
    pass


async def _run(
    url: str,
    act: Callable[[Config], None],
    *,
    before: Callable[[AsyncConnection], Awaitable[None]] = _nothing,
    after: Callable[[AsyncConnection], Awaitable[None]] = _nothing,
) -> None:
    def locked(connection: Connection) -> None:
        # On SQLite, BEGIN IMMEDIATE has already locked the file.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        with as_file(files("storage") / "migrations") as scripts:
            config = alembic_config(scripts, connection)
            require_known(*MigrationContext.configure(connection).get_current_heads())
            act(config)

    with outages_told():
        async with exclusive(url) as engine, engine.begin() as connection:
            await before(connection)
            await connection.run_sync(locked)
            await after(connection)


def newest_revision() -> str:
    """Of this version's schema."""
    with as_file(files("storage") / "migrations") as scripts:
        return ScriptDirectory(str(scripts)).get_current_head() or ""


def require_known(*revisions: str) -> None:
    """See that this version knows the revisions of a database; an empty one is that of no table.

    Raises:
        StoreNewer: it doesn't.
    """
    with as_file(files("storage") / "migrations") as scripts:
        known = {script.revision for script in ScriptDirectory(str(scripts)).walk_revisions()}
    if later := set(revisions) - known - {""}:
        raise StoreNewer(
            f"the database was made by a newer version (its schema is {', '.join(sorted(later))}, this program knows "
            f"up to {max(known)}); update this program, or restore a back-up from before"
        )
