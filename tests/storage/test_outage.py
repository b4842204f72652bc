"""A database that can't be used is said to be that, and is used again when it can."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store, StoreNewer, StoreUnavailable, migrate
from storage.outage import sqlstate
from storage.schema import setting
from storage.settings import SettingStore
from tests.outage import away


async def _write(store: Store) -> None:
    await store.write(lambda connection: SettingStore(connection).put("x", 1))


async def test_writing_fails_as_unavailable_and_goes_on_afterwards(hasty_store: Store, any_url: str) -> None:
    async with away(any_url):
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await _write(hasty_store)
    await _write(hasty_store)


async def test_all_who_wait_together_are_told(hasty_store: Store, any_url: str) -> None:
    async with away(any_url):
        told = await asyncio.gather(*(_write(hasty_store) for _ in range(5)), return_exceptions=True)
    assert {type(error) for error in told} == {StoreUnavailable}


@pytest.mark.parametrize("long", [False, True])
async def test_reading_fails_as_unavailable_too(hasty_store: Store, any_url: str, long: bool) -> None:
    if hasty_store.dialect == "sqlite":
        pytest.skip("whoever writes holds up no reader of SQLite")
    await _write(hasty_store)
    async with away(any_url):
        with pytest.raises(StoreUnavailable):
            async with hasty_store.read(long=long) as connection:
                await connection.scalar(select(setting.c.key).limit(1))
    async with hasty_store.read(long=long) as connection:
        assert await connection.scalar(select(setting.c.key).limit(1))


@pytest.mark.parametrize("long", [False, True])
async def test_a_reader_cut_off_once_it_has_read_is_told_so(
    hasty_store: Store, any_url: str, long: bool
) -> None:
    if hasty_store.dialect == "sqlite":
        pytest.skip("whoever writes holds up no reader of SQLite")
    async with AsyncExitStack() as reading:
        connection = await reading.enter_async_context(hasty_store.read(long=long))
        await connection.scalar(select(setting.c.key).limit(1))
        async with away(any_url):
            pass
        with pytest.raises(StoreUnavailable):
            await reading.aclose()
    async with hasty_store.read(long=long) as connection:
        await connection.scalar(select(setting.c.key).limit(1))


async def test_a_full_disk_is_said_to_be_full(store: Store) -> None:
    async def fill(connection: AsyncConnection) -> None:
        await connection.execute(text("PRAGMA max_page_count = 1"))
        await SettingStore(connection).put("x", "long" * 10_000)

    with pytest.raises(StoreUnavailable, match="disk is full"):
        await store.write(fill)


async def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreUnavailable, match="damaged"):
        await migrate(f"sqlite:///{path}")


async def test_work_that_is_wrong_stays_an_error_of_its_own(any_store: Store) -> None:
    async def wrong(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        await any_store.write(wrong)
    with pytest.raises(DBAPIError):
        async with any_store.read() as connection:
            await wrong(connection)


@pytest.mark.parametrize(
    ("change", "said", "code"),
    [
        ({"database": "nobody_made_this"}, "no such database", "3D000"),
        ({"username": "nobody_knows_him"}, "lets nobody in", "28000"),
        ({"port": 1}, "can't be reached", ""),
    ],
)
async def test_a_database_that_is_not_there(
    postgres_url: str, change: dict[str, object], said: str, code: str
) -> None:
    url = make_url(postgres_url).set(**change).render_as_string(hide_password=False)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable, match=said) as told:
        await migrate(url)
    assert sqlstate(told.value.__cause__) == code


async def test_a_database_of_a_newer_program_is_left_alone(any_url: str) -> None:
    await migrate(any_url)
    store = Store.open(any_url)
    await store.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await store.close()
    with pytest.raises(StoreNewer, match=r"9999.*update this program"):
        await migrate(any_url)
