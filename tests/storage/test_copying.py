"""Everything goes along, from either database to either, or nothing does."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, BigInteger, Boolean, Float, Integer, String, Table, Text, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

import storage.copying
from kernel.console import quiet
from storage import Store, StoreNewer, StoreUnavailable
from storage.columns import UtcMicros
from storage.contents import look_into
from storage.copying import copy
from storage.errors import CopyFailed, StoreInUse, StoreNotEmpty
from storage.schema import customer, metadata
from tests.conftest import make_tables
from tests.factories import NOW, add_customer

NewUrl = Callable[[str], Awaitable[str]]
KINDS = ("sqlite", "postgresql")
BOTH_WAYS = pytest.mark.parametrize(("of", "to"), [(of, to) for of in KINDS for to in KINDS])


def _value(table: Table, name: str, number: int) -> Any:
    """Something that differs from row to row, and from what is easily mixed up."""
    column = table.c[name]
    match column.type:
        case UtcMicros():
            return NOW + timedelta(microseconds=number)
        case JSON():
            return {"中": [number, None, True, 0.1, "ü\\"]} if number % 2 else None if column.nullable else []
        case Boolean():
            return bool(number % 2)
        case Float():
            return 1 / 3 + number if number % 3 else float(number)
        case Integer() | BigInteger():
            return 2**31 - 1 - number
        case String() | Text():
            return (
                f"{number}" + "“王” '\"\\"[: (getattr(column.type, "length", None) or 9) - len(f"{number}")]
            )
    raise AssertionError(column)


def _rows(table: Table, count: int) -> list[dict[str, Any]]:
    """Every column is filled, but for what refers to other rows: those have the same number."""
    made = []
    for number in range(count):
        row = {name: _value(table, name, number) for name in table.c.keys()}  # noqa: SIM118
        for key in table.foreign_keys:
            there = key.column
            row[key.parent.name] = _value(there.table, there.name, number)
        made.append(row)
    return made


async def fill(url: str, count: int = 3) -> None:
    await make_tables(url)
    store = Store.open(url)

    async def work(connection: AsyncConnection) -> None:
        for table in metadata.sorted_tables:
            await connection.execute(insert(table), _rows(table, count))

    await store.write(work)
    await store.close()


async def everything(url: str) -> Mapping[str, Any]:
    store = Store.open(url)
    async with store.read(long=True) as connection:
        found = {
            table.name: sorted((tuple(row) for row in await connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }
    await store.close()
    return found


@BOTH_WAYS
async def test_every_row_of_every_table_is_the_same(
    new_url: NewUrl, of: str, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.copying, "_PORTION", 2)
    source, target = await new_url(of), await new_url(to)
    await fill(source)
    told: list[float] = []
    found = await copy(source, target, lambda _what, share: told.append(share))
    assert await everything(target) == await everything(source)
    assert set(found.counts.values()) == {3}
    assert told == sorted(told)
    assert 0 < told[0] <= told[-1] <= 1
    assert (await look_into(target)).revision == (await look_into(source)).revision


@BOTH_WAYS
async def test_numbers_go_on_after_those_that_are_there(new_url: NewUrl, of: str, to: str) -> None:
    source, target = await new_url(of), await new_url(to)
    await make_tables(source)
    store = Store.open(source)
    await store.write(lambda connection: add_customer(connection, "c1", telegram="1"))
    await store.close()
    await copy(source, target, quiet)
    store = Store.open(target)
    await store.write(lambda connection: add_customer(connection, "c2", telegram="2"))
    async with store.read() as connection:
        assert len((await connection.execute(select(customer.c.id))).all()) == 2
    await store.close()


@BOTH_WAYS
async def test_a_target_that_holds_something_is_refused_with_what_it_holds(
    new_url: NewUrl, of: str, to: str
) -> None:
    source, target = await new_url(of), await new_url(to)
    for url in (source, target):
        await make_tables(url)
        store = Store.open(url)
        await store.write(lambda connection: add_customer(connection, "c1"))
        await store.close()
    before = await everything(target)
    with pytest.raises(StoreNotEmpty, match=r"1 customer"):
        await copy(source, target, quiet)
    assert await everything(target) == before


def is_there(url: str) -> bool:
    return os.path.lexists(str(make_url(url).database))


@pytest.mark.parametrize("made", [False, True])
async def test_a_copy_that_fails_leaves_the_target_as_it_was(
    any_url: str, new_url: NewUrl, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = make_url(any_url).get_backend_name()
    target = await new_url("sqlite" if kind == "postgresql" else "postgresql")
    await fill(any_url)
    if made:
        await make_tables(target)
    before = await look_into(target)
    plain, calls = storage.copying._checksum, []

    def other_at_the_end(rows: Any) -> int:
        calls.append(1)
        return plain(rows) + (len(calls) > len(metadata.tables) + 5)

    monkeypatch.setattr(storage.copying, "_checksum", other_at_the_end)
    with pytest.raises(CopyFailed, match="not the same in both"):
        await copy(any_url, target, quiet)
    assert await look_into(target) == before
    assert made or kind == "sqlite" or not is_there(target)


async def test_what_postgresql_does_not_take_is_named_and_its_words_are_not(new_url: NewUrl) -> None:
    source, target = await new_url("sqlite"), await new_url("postgresql")
    await make_tables(source)
    store = Store.open(source)
    await store.write(lambda connection: add_customer(connection, "c1"))
    await store.close()
    for wrong, said in (("x" * 201, "longer than 200 characters"), ("a\0b", "zero character")):
        with closing(sqlite3.connect(str(make_url(source).database))) as file, file:
            file.execute("UPDATE customer SET name = ?", (wrong,))
        with pytest.raises(CopyFailed, match=f"customer can't be copied: name of c1 .*{said}") as failed:
            await copy(source, target, quiet)
        assert wrong not in str(failed.value)
        assert (await look_into(target)).revision == ""


async def test_a_reference_to_nothing_is_told(new_url: NewUrl) -> None:
    source, target = await new_url("sqlite"), await new_url("postgresql")
    await fill(source, 1)
    with closing(sqlite3.connect(str(make_url(source).database))) as file, file:
        file.execute("UPDATE orders SET customer_id = 'nobody'")
    with pytest.raises(CopyFailed, match="orders can't be copied"):
        await copy(source, target, quiet)


@pytest.mark.slow
async def test_a_program_that_runs_is_noticed(
    any_url: str, new_url: NewUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.copying, "_LOOK_AGAIN", 0.0)
    await fill(any_url, 1)
    target = await new_url("sqlite")
    running = Store.open(any_url)
    async with running.read() as connection:
        await connection.execute(select(customer.c.id))
    with pytest.raises(StoreInUse, match="stop it first"):
        await copy(any_url, target, quiet)
    assert (await look_into(target)).revision == ""
    await running.close()
    monkeypatch.undo()
    assert (await copy(any_url, target, quiet)).counts["customer"] == 1


async def test_what_makes_no_sense_is_refused(any_url: str, new_url: NewUrl, tmp_path: Path) -> None:
    kind = make_url(any_url).get_backend_name()
    empty = await new_url(kind)
    with pytest.raises(CopyFailed, match="nothing to copy"):
        await copy(empty, await new_url("sqlite"), quiet)
    await fill(any_url, 1)
    with pytest.raises(CopyFailed, match="in that database already"):
        await copy(any_url, any_url, quiet)
    with pytest.raises(ValueError, match="oracle"):
        await copy(any_url, "oracle://h/d", quiet)
    with pytest.raises(StoreUnavailable):
        await copy(any_url, f"sqlite:///{tmp_path}/no/such/folder/x.db", quiet)


@pytest.mark.parametrize("to", KINDS)
async def test_a_target_of_a_newer_version_is_left_alone(new_url: NewUrl, to: str) -> None:
    source, target = await new_url("sqlite"), await new_url(to)
    await fill(source, 1)
    await make_tables(target)
    store = Store.open(target)
    await store.write(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    await store.close()
    with pytest.raises(StoreNewer):
        await copy(source, target, quiet)
