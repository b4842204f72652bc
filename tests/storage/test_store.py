"""What `read` and `write` promise on both databases, and the group commit of SQLite."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Conflict, Store, StoreClosed, migrate
from storage.group_commit import TransactionLost
from storage.inline import InlineConnection
from storage.schema import lease

NOW = datetime(2026, 11, 1, tzinfo=UTC)

# Writes one row after the other and says so after each.
WRITER = """
import asyncio, itertools, sys
from datetime import UTC, datetime
from sqlalchemy import insert
from storage import Store
from storage.schema import lease

async def main():
    store = Store.open(sys.argv[1])
    async def one(name):
        await store.write(lambda connection: connection.execute(
            insert(lease).values(name=name, owner="child", expires_at=datetime.now(UTC))))
        print(name, flush=True)
    for first in itertools.count(0, 5):
        await asyncio.gather(*(one(str(number)) for number in range(first, first + 5)))

asyncio.run(main())
"""


def adding(name: str, fail: BaseException | None = None) -> Any:
    """A unit of work that adds a row, and may fail afterwards."""

    async def work(connection: AsyncConnection) -> str:
        await connection.execute(insert(lease).values(name=name, owner="test", expires_at=NOW))
        if fail is not None:
            raise fail
        return name

    return work


async def names(store: Store, *, long: bool = False) -> list[str]:
    async with store.read(long=long) as connection:
        return list((await connection.execute(select(lease.c.name).order_by(lease.c.name))).scalars())


async def test_what_is_written_can_be_read(any_store: Store) -> None:
    assert await any_store.write(adding("a")) == "a"
    assert await names(any_store) == await names(any_store, long=True) == ["a"]


@pytest.mark.parametrize("failure", [Conflict(), ValueError("no"), asyncio.CancelledError()])
async def test_a_failing_unit_takes_nobody_with_it(any_store: Store, failure: BaseException) -> None:
    outcomes = await asyncio.gather(
        any_store.write(adding("a")),
        any_store.write(adding("b", fail=failure)),
        any_store.write(adding("c")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [str, type(failure), str]
    assert await names(any_store) == ["a", "c"]
    assert await any_store.write(adding("d")) == "d"


async def test_a_unit_that_breaks_a_constraint_is_undone_alone(any_store: Store) -> None:
    outcomes = await asyncio.gather(
        *(any_store.write(adding(name)) for name in ("a", "a", "b")), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IntegrityError", "str", "str"]
    assert await names(any_store) == ["a", "b"]


async def test_an_error_does_not_quote_what_was_written(any_store: Store) -> None:
    await any_store.write(adding("13800138000"))
    with pytest.raises(IntegrityError) as caught:
        await any_store.write(adding("13800138000"))
    assert "[parameters" not in str(caught.value)


async def test_reading_sees_one_moment(any_store: Store) -> None:
    await any_store.write(adding("a"))
    count = select(lease.c.name)
    async with any_store.read() as connection:
        before = (await connection.execute(count)).all()
        await any_store.write(adding("b"))
        assert (await connection.execute(count)).all() == before
    assert await names(any_store) == ["a", "b"]


async def test_writing_through_a_reader_fails(any_store: Store) -> None:
    with pytest.raises(DBAPIError):
        async with any_store.read() as connection:
            await adding("a")(connection)
    with pytest.raises(DBAPIError):
        async with any_store.read(long=True) as connection:
            await adding("a")(connection)
    assert await names(any_store) == []


async def test_closing_finishes_what_waits_and_refuses_the_rest(any_store: Store) -> None:
    waiting = [asyncio.create_task(any_store.write(adding(str(number)))) for number in range(100)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(any_store.close())
    done = await asyncio.gather(*waiting)
    await closing
    assert len(done) == 100
    if any_store.dialect == "sqlite":
        with pytest.raises(StoreClosed):
            await any_store.write(adding("late"))


@pytest.mark.parametrize("long", [False, True])
async def test_a_connection_that_is_lent_while_the_store_closes_is_closed_when_it_comes_back(
    any_store: Store, long: bool
) -> None:
    async with any_store.read(long=long) as connection:
        await any_store.close()
        assert (await connection.execute(select(lease.c.name))).all() == []
    with warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always")
        del connection
        gc.collect()
    assert noticed == []


async def test_a_cancelled_caller_whose_work_had_not_begun_leaves_nothing(store: Store) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def slow(_: AsyncConnection) -> None:
        begun.set()
        await gate.wait()

    first = asyncio.create_task(store.write(slow))
    await begun.wait()
    cancelled = asyncio.create_task(store.write(adding("never")))
    kept = asyncio.create_task(store.write(adding("kept")))
    await asyncio.sleep(0)
    cancelled.cancel()
    gate.set()
    await asyncio.gather(first, kept)
    assert await names(store) == ["kept"]


async def test_a_commit_that_fails_is_told_to_all_whose_work_it_was(store: Store) -> None:
    async def breaks_at_commit(connection: AsyncConnection) -> None:
        await connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        await connection.exec_driver_sql(
            "INSERT INTO message_edit (message_id, old_text, at) VALUES (77, '', 0)"
        )

    outcomes = await asyncio.gather(
        store.write(adding("a")), store.write(breaks_at_commit), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [IntegrityError, IntegrityError], outcomes
    assert await names(store) == []
    assert await store.write(adding("b")) == "b"


async def test_nobody_is_told_that_a_lost_transaction_was_kept(store: Store) -> None:
    async def full_disk(connection: AsyncConnection) -> None:
        assert isinstance(connection, InlineConnection)
        connection.undo()  # SQLite does this by itself when a page can't be written

    outcomes = await asyncio.gather(
        store.write(adding("a")), store.write(full_disk), store.write(adding("b")), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {TransactionLost}
    assert await names(store) == []
    assert await store.write(adding("c")) == "c"


async def test_a_savepoint_left_open_is_undone(store: Store) -> None:
    async def forgets(connection: AsyncConnection) -> None:
        await connection.begin_nested()
        await adding("inside")(connection)

    await asyncio.gather(store.write(forgets), store.write(adding("a")))
    assert await names(store) == ["a"]


async def test_two_processes_may_write_one_file(store: Store, tmp_path: Path) -> None:
    other = Store.open(f"sqlite:///{tmp_path / 'liuke.db'}")
    await asyncio.gather(
        *(one.write(adding(f"{number}-{id(one)}")) for number in range(40) for one in (store, other))
    )
    await other.close()
    assert len(await names(store)) == 80


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_only_a_file_or_postgresql_will_do(url: str) -> None:
    with pytest.raises(ValueError, match="Liuke"):
        Store.open(url)


async def test_what_write_returned_for_survives_a_kill(any_url: str) -> None:
    await migrate(any_url)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, any_url, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    told = [(await child.stdout.readline()).decode().strip() for _ in range(200)]
    child.send_signal(signal.SIGKILL)
    told += (await child.stdout.read()).decode().split()
    await child.wait()
    store = Store.open(any_url)
    kept = set(await names(store))
    await store.close()
    assert len(told) >= 200
    assert set(told) <= kept
