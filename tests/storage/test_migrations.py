"""The schema that migrations make is the one the code speaks of, however and by how many it is made."""

from __future__ import annotations

import asyncio
import sys

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

from storage import Store, migrate
from storage.migrate import migrate_down
from storage.schema import metadata
from storage.store import exclusive_engine

START = "import asyncio, sys; from storage import migrate; asyncio.run(migrate(sys.argv[1]))"


async def tables(url: str) -> set[str]:
    engine = exclusive_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    await engine.dispose()
    return found


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_migrated_schema_is_the_declared_one(any_url: str) -> None:
    await migrate(any_url)
    engine = exclusive_engine(any_url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == [], "write a migration: python -m storage.migrations NUMBER WHY"


async def test_down_undoes_what_up_did(any_url: str) -> None:
    await migrate(any_url)
    await migrate_down(any_url, "base")
    assert await tables(any_url) == {"alembic_version"}
    await migrate(any_url)
    assert await tables(any_url) == {*metadata.tables, "alembic_version"}


async def test_migrating_again_keeps_what_is_there(any_url: str) -> None:
    await migrate(any_url)
    store = Store.open(any_url)
    await store.write(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO lease (name, owner, expires_at) VALUES ('a', 'b', 1)"
        )
    )
    await store.close()
    await migrate(any_url)
    store = Store.open(any_url)
    async with store.read() as connection:
        assert (await connection.exec_driver_sql("SELECT owner FROM lease")).scalar_one() == "b"
    await store.close()


async def test_many_programs_may_start_at_once(any_url: str) -> None:
    starting = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", START, any_url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(6)
    ]
    outcomes = await asyncio.gather(*(process.communicate() for process in starting))
    assert [process.returncode for process in starting] == [0] * 6, [error for _, error in outcomes]
    assert await tables(any_url) == {*metadata.tables, "alembic_version"}
