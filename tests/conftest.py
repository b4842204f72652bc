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
from storage import Store
from storage.schema import metadata

POSTGRES = os.environ.get("LIUKE_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
IN_CI = os.environ.get("CI") == "true"


def absent(what: str) -> None:
    """Skip a test for want of something outside the repository; in CI that is a failure."""
    if IN_CI:
        pytest.fail(f"{what} is needed in CI")
    pytest.skip(f"{what} is not there")


class _Prepared:
    """Databases with every table, made once a run: making the tables takes longer than most tests.

    SQLite's file is copied for each test. On PostgreSQL one database is emptied after each, since copying one takes
    half a second.
    """

    def __init__(self) -> None:
        self.sqlite: bytes | None = None
        self.postgres: str | None = None

    async def copy_sqlite(self, path: Path) -> None:
        if self.sqlite is None:
            await _make_tables(f"sqlite:///{path}")
            self.sqlite = _read(path)
        else:
            _write(path, self.sqlite)

    async def postgres_address(self) -> str:
        if self.postgres is None:
            self.postgres = await _create()
            await _make_tables(_postgres_address(self.postgres))
        return _postgres_address(self.postgres)

    async def empty_postgres(self) -> None:
        """Make it as it was before the test, or forget it where a test has changed its tables."""
        if self.postgres is None:
            return
        connection = await asyncpg.connect(_postgres_address(self.postgres))
        try:
            await connection.execute(_END_OTHERS)
            await connection.execute(_EMPTY)
            intact = await connection.fetchval(_COUNT_TABLES) == len(metadata.tables)
        finally:
            await connection.close()
        if not intact:
            await self.drop_postgres()

    async def drop_postgres(self) -> None:
        if self.postgres is not None:
            name, self.postgres = self.postgres, None
            await _drop(name)


_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_COUNT_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
# Foreign keys are not looked at while everything goes; numbers begin at 1 again.
_EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE one record; filled boolean;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
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


async def _make_tables(url: str) -> None:
    made = Store.open(url)
    await made.write(lambda connection: connection.run_sync(metadata.create_all))
    await made.close()


def _postgres_address(name: str) -> str:
    return POSTGRES.rsplit("/", 1)[0] + f"/{name}"


def _postgres_admin() -> AsyncEngine:
    url = POSTGRES.replace("postgresql://", "postgresql+asyncpg://")
    return create_async_engine(url, isolation_level="AUTOCOMMIT")


@pytest.hookimpl
def pytest_sessionfinish() -> None:
    """Drop the database that was emptied again and again."""
    asyncio.run(_prepared.drop_postgres())


async def _create() -> str:
    name = f"liuke_test_{uuid.uuid4().hex[:12]}"
    admin = _postgres_admin()
    try:
        async with admin.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
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
    name = await _create()
    yield _postgres_address(name)
    await _drop(name)


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
    """The address of a database of each kind in turn: empty, or with the tables of `any_store`."""
    tables = "any_store" in request.fixturenames
    if request.param == "postgresql":
        async with _postgres_database(tables=tables) as url:
            yield url
        return
    path = tmp_path / "liuke.db"
    if tables:
        await _prepared.copy_sqlite(path)
    yield f"sqlite:///{path}"


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
