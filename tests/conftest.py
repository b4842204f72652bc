"""Fixtures that every room's tests share."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import storage.store
from storage import Store, migrate
from storage.schema import metadata

POSTGRES = os.environ.get("LIUKE_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
IN_CI = os.environ.get("CI") == "true"


def absent(what: str) -> None:
    """Skip a test for want of something outside the repository; in CI that is a failure."""
    if IN_CI:
        pytest.fail(f"{what} is needed in CI")
    pytest.skip(f"{what} is not there")


class _Prepared:
    """Databases with every table, made once a run: migrating one takes longer than most tests.

    SQLite's file is copied for each test. PostgreSQL's databases are emptied after each test and used again, since
    making one takes half a second and dropping it writes all that the server holds to the disk.
    """

    def __init__(self) -> None:
        self.sqlite: bytes | None = None
        self.postgres: str | None = None
        """With the tables."""
        self.revision = ""
        """That they are of."""
        self.free: list[str] = []
        """Without any."""
        self.made: list[str] = []

    async def copy_sqlite(self, path: Path) -> None:
        if self.sqlite is None:
            await migrate(f"sqlite:///{path}")
            self.sqlite = _read(path)
        else:
            _write(path, self.sqlite)

    async def postgres_address(self) -> str:
        if self.postgres is None:
            self.postgres = await self.take()
            await migrate(_postgres_address(self.postgres))
            connection = await asyncpg.connect(_postgres_address(self.postgres))
            self.revision = await connection.fetchval(_REVISION)
            await connection.close()
        return _postgres_address(self.postgres)

    async def empty_postgres(self) -> None:
        """Make it as it was before the test, or give it back where a test has changed its tables."""
        if self.postgres is None:
            return
        connection = await asyncpg.connect(_postgres_address(self.postgres))
        try:
            await connection.execute(_END_OTHERS)
            intact = await connection.fetchval(_COUNT_TABLES) == len(metadata.tables)
            if intact and await connection.fetchval(_REVISION) == self.revision:
                await connection.execute(_EMPTY)
                return
        finally:
            await connection.close()
        name, self.postgres = self.postgres, None
        await self.give_back(name)

    async def take(self) -> str:
        """A database without any table."""
        if self.free:
            return self.free.pop()
        self.made.append(await _create())
        return self.made[-1]

    async def give_back(self, name: str) -> None:
        connection = await asyncpg.connect(_postgres_address(name))
        try:
            await connection.execute(_END_OTHERS)
            await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        finally:
            await connection.close()
        self.free.append(name)

    async def drop(self) -> None:
        """All that were made."""
        for name in self.made:
            await _drop(name)


_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_REVISION = "SELECT version_num FROM alembic_version"
_COUNT_TABLES = (
    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
)
# Foreign keys are not looked at while everything goes; numbers begin at 1 again.
_EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE one record; filled boolean;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', one.tablename) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM %I', one.tablename); END IF;
    END LOOP;
    FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        PERFORM setval(quote_ident(one.sequencename), 1, false);
    END LOOP;
END $$;
"""
_prepared = _Prepared()


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _postgres_address(name: str) -> str:
    return POSTGRES.rsplit("/", 1)[0] + f"/{name}"


def _postgres_admin() -> AsyncEngine:
    url = POSTGRES.replace("postgresql://", "postgresql+asyncpg://")
    return create_async_engine(url, isolation_level="AUTOCOMMIT")


async def make_tables(url: str) -> None:
    """Migrate an empty database, on SQLite by a copy of one that is migrated already."""
    if url.startswith("sqlite:///"):
        await _prepared.copy_sqlite(Path(url.removeprefix("sqlite:///")))
    else:
        await migrate(url)


@pytest.hookimpl
def pytest_sessionfinish() -> None:
    """Drop the databases that were emptied again and again."""
    asyncio.run(_prepared.drop())


async def _create() -> str:
    name = f"liuke_test_{uuid.uuid4().hex[:12]}"
    admin = _postgres_admin()
    try:
        async with admin.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
            # Nothing here must outlive a power cut.
            await connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    except OSError:
        absent("PostgreSQL on 127.0.0.1:5432")
    finally:
        await admin.dispose()
    return name


async def _drop(name: str) -> None:
    admin = _postgres_admin()
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    await admin.dispose()


@asynccontextmanager
async def _postgres_database(*, tables: bool) -> AsyncIterator[str]:
    if tables:
        yield await _prepared.postgres_address()
        await _prepared.empty_postgres()
        return
    name = await _prepared.take()
    yield _postgres_address(name)
    await _prepared.give_back(name)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty SQLite store with every table."""
    path = tmp_path / "liuke.db"
    await _prepared.copy_sqlite(path)
    opened = Store.open(f"sqlite:///{path}")
    yield opened
    await opened.close()


@pytest.fixture
async def postgres_url() -> AsyncIterator[str]:
    """The address of a new, empty PostgreSQL database, dropped afterwards."""
    async with _postgres_database(tables=False) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a database of each kind in turn: empty, or with the tables of `any_store` or `migrated_url`."""
    tables = not {"any_store", "migrated_url"}.isdisjoint(request.fixturenames)
    if request.param == "postgresql":
        async with _postgres_database(tables=tables) as url:
            yield url
        return
    path = tmp_path / "liuke.db"
    if tables:
        await _prepared.copy_sqlite(path)
    yield f"sqlite:///{path}"


@pytest.fixture
def migrated_url(any_url: str) -> str:
    """The address of a database of each kind in turn, migrated and empty."""
    return any_url


@pytest.fixture
async def new_url(tmp_path: Path) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """Makes empty databases beside the others of a test: give `sqlite` or `postgresql`."""
    async with AsyncExitStack() as made:

        async def make(kind: str) -> str:
            if kind == "postgresql":
                return await made.enter_async_context(_postgres_database(tables=False))
            return f"sqlite:///{tmp_path / uuid.uuid4().hex[:8]}.db"

        yield make


@pytest.fixture
async def any_store(any_url: str) -> AsyncIterator[Store]:
    """A store on each database in turn, for what must hold on both."""
    opened = Store.open(any_url)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def hasty_store(
    any_store: Store, any_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Store]:
    """The same database, opened so that a locked SQLite file is waited for a moment instead of half a minute."""
    monkeypatch.setattr(storage.store, "_PRAGMAS", ("busy_timeout=100", *storage.store._PRAGMAS[1:]))
    opened = Store.open(any_url)
    try:
        yield opened
    finally:
        await opened.close()
