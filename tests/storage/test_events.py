"""The shop's log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage import Store
from storage.events import Events, StoredEvent
from tests.storage.shop import NOW


def an_event(number: int) -> StoredEvent:
    return StoredEvent(
        id=f"e{number:04}",
        kind="view",
        customer_id="c1",
        product_id="p1",
        at=NOW + timedelta(minutes=number),
    )


@pytest.mark.parametrize("many", [5, 400])
async def test_an_event_is_kept_once(any_store: Store, many: int) -> None:
    events = [an_event(i) for i in range(many)]
    assert await any_store.write(lambda c: Events(c).append([*events, events[0]])) == many
    assert await any_store.write(lambda c: Events(c).append(events)) == 0
    assert await any_store.write(lambda c: Events(c).append([*events, an_event(many)])) == 1
    async with any_store.read() as connection:
        assert len(await Events(connection).by_customer("c1")) == many + 1


async def test_the_latest_events_come_oldest_first(any_store: Store) -> None:
    events = [an_event(i) for i in range(20)]
    await any_store.write(lambda c: Events(c).append(events[::-1]))
    async with any_store.read() as connection:
        assert await Events(connection).by_customer("c1", limit=3) == events[-3:]
        assert await Events(connection).by_customer("c2") == []


async def test_long_words_of_a_search_are_cut(store: Store) -> None:
    search = StoredEvent(id="e", kind="search", customer_id="c1", at=NOW, text="x" * 5_000)
    await store.write(lambda c: Events(c).append([search]))
    async with store.read() as connection:
        [kept] = await Events(connection).by_customer("c1")
    assert kept.text == "x" * 300
