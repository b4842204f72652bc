"""Fixtures that every room's tests share."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

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


class _Templates:
    """Databases with every table, made once a run and copied for each test: making 44 tables takes longer than
    most tests."""

    def __init__(self) -> None:
        self.sqlite: bytes | None = None
        self.postgres: str | None = None

    async def copy_sqlite(self, path: Path) -> None:
        if self.sqlite is None:
            await _make_tables(f"sqlite:///{path}")
            self.sqlite = _read(path)
        else:
            _write(path, self.sqlite)

    async def postgres_name(self, admin: AsyncEngine) -> str:
        if self.postgres is None:
            name = f"liuke_template_{uuid.uuid4().hex[:12]}"
            async with admin.connect() as connection:
                await connection.execute(text(f"CREATE DATABASE {name}"))
            await _make_tables(_postgres_address(name))
            self.postgres = name
        return self.postgres


_templates = _Templates()


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
    """Drop the template."""
    if _templates.postgres is not None:
        asyncio.run(_drop(_templates.postgres))


async def _drop(name: str) -> None:
    admin = _postgres_admin()
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    await admin.dispose()


@asynccontextmanager
async def _postgres_database(*, tables: bool) -> AsyncIterator[str]:
    name = f"liuke_test_{uuid.uuid4().hex[:12]}"
    admin = _postgres_admin()
    try:
        template = f" TEMPLATE {await _templates.postgres_name(admin)}" if tables else ""
        async with admin.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}{template}"))
    except OSError:
        absent("PostgreSQL on 127.0.0.1:5432")
    finally:
        await admin.dispose()
    yield _postgres_address(name)
    await _drop(name)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty SQLite store with every table."""
    path = tmp_path / "liuke.db"
    await _templates.copy_sqlite(path)
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
        await _templates.copy_sqlite(path)
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
