"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from storage import Store
from storage.schema import metadata

POSTGRES = os.environ.get("LIUKE_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
IN_CI = os.environ.get("CI") == "true"


def absent(what: str) -> None:
    """Skip a test for want of something outside the repository; in CI that is a failure."""
    if IN_CI:
        pytest.fail(f"{what} is needed in CI")
    pytest.skip(f"{what} is not there")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty SQLite store with every table."""
    opened = Store.open(f"sqlite:///{tmp_path / 'liuke.db'}")
    await opened.write(lambda connection: connection.run_sync(metadata.create_all))
    yield opened
    await opened.close()


@asynccontextmanager
async def _postgres_database() -> AsyncIterator[str]:
    name = f"liuke_test_{uuid.uuid4().hex[:12]}"
    admin = create_async_engine(
        POSTGRES.replace("postgresql://", "postgresql+asyncpg://"), isolation_level="AUTOCOMMIT"
    )
    try:
        async with admin.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
    except OSError:
        await admin.dispose()
        absent("PostgreSQL on 127.0.0.1:5432")
    yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    await admin.dispose()


@pytest.fixture
async def postgres_url() -> AsyncIterator[str]:
    """The address of a new, empty PostgreSQL database, dropped afterwards."""
    async with _postgres_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'liuke.db'}"
    else:
        async with _postgres_database() as url:
            yield url


@pytest.fixture
async def any_store(any_url: str) -> AsyncIterator[Store]:
    """A store on each database in turn, for what must hold on both."""
    opened = Store.open(any_url)
    try:
        await opened.write(lambda connection: connection.run_sync(metadata.create_all))
        yield opened
    finally:
        await opened.close()
