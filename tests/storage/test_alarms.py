"""Alarms: one open of a kind, counted, seen to by one member of staff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage import Conflict, NotFound, Store
from storage.staff import Staff
from storage.warnings import Alarms

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


async def _staff(store: Store) -> int:
    return await store.write(
        lambda connection: Staff(connection).add(
            login="ada", name="Ada", role="agent", password_hash="-", language="en", now=NOW
        )
    )


async def test_alarms_of_a_kind_are_counted_until_somebody_sees_to_them(any_store: Store) -> None:
    later = NOW + timedelta(minutes=5)
    await any_store.write(lambda connection: Alarms(connection).sound("guessing", NOW, {"orders": 3}))
    await any_store.write(lambda connection: Alarms(connection).sound("guessing", later, {"orders": 9}))
    await any_store.write(lambda connection: Alarms(connection).sound("flood", NOW))
    async with any_store.read() as connection:
        first, second = await Alarms(connection).open()
    assert (first.kind, first.count, first.details) == ("guessing", 2, {"orders": 9})
    assert (first.raised_at, first.latest_at) == (NOW, later)
    assert (second.kind, second.count) == ("flood", 1)

    ada = await _staff(any_store)
    await any_store.write(lambda connection: Alarms(connection).see_to(first.id, ada, later))
    await any_store.write(lambda connection: Alarms(connection).sound("guessing", later))
    async with any_store.read() as connection:
        found = await Alarms(connection).open()
    assert {(one.kind, one.count) for one in found} == {("guessing", 1), ("flood", 1)}
    assert first.id not in {one.id for one in found}


async def test_an_alarm_is_seen_to_once(any_store: Store) -> None:
    ada = await _staff(any_store)
    await any_store.write(lambda connection: Alarms(connection).sound("guessing", NOW))
    async with any_store.read() as connection:
        (alarm,) = await Alarms(connection).open()
    await any_store.write(lambda connection: Alarms(connection).see_to(alarm.id, ada, NOW))
    with pytest.raises(Conflict):
        await any_store.write(lambda connection: Alarms(connection).see_to(alarm.id, ada, NOW))
    with pytest.raises(NotFound):
        await any_store.write(lambda connection: Alarms(connection).see_to(alarm.id + 1, ada, NOW))
