"""Bring a database to the schema of this version, or back to an earlier one."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.errors import StoreNewer
from storage.outage import outage
from storage.store import exclusive_engine

# One number for "migrating", so that no two programs on one PostgreSQL database do it at once.
_MIGRATING = 0x6C69756B66


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


def alembic_config(scripts: Path, connection: Connection) -> Config:
    """Alembic's configuration: the database is an open connection, and nothing is read from a file."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def _run(url: str, act: Callable[[Config], None]) -> None:
    def locked(connection: Connection) -> None:
        # On SQLite, BEGIN IMMEDIATE has already locked the file.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        with as_file(files("storage") / "migrations") as scripts:
            config = alembic_config(scripts, connection)
            _check_known(config, connection)
            act(config)

    engine = exclusive_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(locked)
    except Exception as error:
        if (away := outage(error)) is None:
            raise
        raise away from error
    finally:
        await engine.dispose()


def _check_known(config: Config, connection: Connection) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    later = set(MigrationContext.configure(connection).get_current_heads()) - known
    if later:
        raise StoreNewer(
            f"the database was made by a newer version (its schema is {', '.join(sorted(later))}, this program knows "
            f"up to {max(known)}); update this program, or restore a back-up from before"
        )
