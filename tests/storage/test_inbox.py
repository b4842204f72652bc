"""Who may say that an update is handled, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage import Store
from storage.inbox import Inbox, InboxRow, NewUpdate

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LEASE = timedelta(seconds=6)
PLACE = ("telegram", "1")


async def arrive(store: Store, *update_ids: str) -> list[InboxRow]:
    updates = [
        NewUpdate(channel="telegram", address="1", update_id=update_id, payload={"text": update_id})
        for update_id in update_ids
    ]
    await store.write(lambda connection: Inbox(connection).add(updates, NOW))
    return await new(store)


async def new(store: Store) -> list[InboxRow]:
    async with store.read() as connection:
        return await Inbox(connection).new([PLACE], 100)


async def lease(store: Store, owner: str, now: datetime = NOW) -> bool:
    held = await store.write(lambda connection: Inbox(connection).lease([PLACE], owner, now, now + LEASE))
    return PLACE in held


async def complete(store: Store, row: InboxRow, owner: str) -> bool:
    return await store.write(lambda connection: Inbox(connection).complete(row, owner, NOW))


async def waiting(store: Store, now: datetime = NOW) -> bool:
    async with store.read() as connection:
        return PLACE in await Inbox(connection).waiting(now, 10)


async def test_updates_keep_their_order_and_come_once(any_store: Store) -> None:
    await arrive(any_store, "3", "1", "2", "1")
    rows = await arrive(any_store, "2", "4")
    assert [row.payload["text"] for row in rows] == ["3", "1", "2", "4"]


async def test_an_update_is_completed_once_by_who_holds_its_conversation_after_earlier_ones(
    any_store: Store,
) -> None:
    first, second = await arrive(any_store, "1", "2")
    assert not await complete(any_store, first, "a"), "without a lease"
    assert await lease(any_store, "a")
    assert not await complete(any_store, first, "b")
    assert not await complete(any_store, second, "a"), "before its turn"
    assert await complete(any_store, first, "a")
    assert not await complete(any_store, first, "a"), "a second time"
    assert await complete(any_store, second, "a")
    assert await new(any_store) == []


async def test_the_words_are_not_kept_twice(any_store: Store) -> None:
    [row] = await arrive(any_store, "1")
    await lease(any_store, "a")
    await complete(any_store, row, "a")
    async with any_store.read() as connection:
        kept = (await connection.exec_driver_sql("SELECT payload FROM inbox")).scalar_one()
    assert kept in ("{}", {})


async def test_a_conversation_waits_while_it_is_held_or_its_next_update_is_put_off(any_store: Store) -> None:
    [row, _] = await arrive(any_store, "1", "2")
    assert await waiting(any_store)
    assert await lease(any_store, "a")
    assert not await lease(any_store, "b")
    assert not await waiting(any_store)
    later = NOW + timedelta(seconds=1)
    assert await any_store.write(lambda connection: Inbox(connection).retry(row, "a", later, "ValueError"))
    await any_store.write(lambda connection: Inbox(connection).release({PLACE: NOW + LEASE}, "a"))
    assert not await waiting(any_store)
    assert await waiting(any_store, later)


async def test_a_lease_taken_anew_is_not_released_by_an_old_wish(any_store: Store) -> None:
    await lease(any_store, "a")
    await lease(any_store, "a", NOW + LEASE / 2)
    await any_store.write(lambda connection: Inbox(connection).release({PLACE: NOW + LEASE}, "a"))
    assert not await lease(any_store, "b", NOW + LEASE)
    assert await lease(any_store, "b", NOW + LEASE * 1.5)
