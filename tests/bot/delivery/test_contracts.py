"""The durable inbox keeps the contract, on both databases and over a restart."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.delivery.inbox import DurableInbox
from bot.delivery.ports import Inbox
from bot.messages import Incoming, dump_incoming, load_incoming
from storage import Store
from storage.schema import inbox as table
from tests.conftest import make_tables
from tests.contracts.inbox import InboxContract, update


class TestDurableInbox(InboxContract):
    @pytest.fixture
    def inbox(self, any_store: Store) -> Inbox:
        self.store = any_store
        return DurableInbox(any_store)

    async def kept(self, inbox: Inbox) -> list[Incoming]:
        async with self.store.read() as connection:
            rows = await connection.execute(select(table.c.payload).order_by(table.c.id))
            return [load_incoming(row.payload) for row in rows]


async def test_what_was_put_is_there_after_a_restart(any_url: str) -> None:
    await make_tables(any_url)
    first = Store.open(any_url)
    await DurableInbox(first).put([update(1)])
    await first.close()
    second = Store.open(any_url)
    assert await DurableInbox(second).put([update(1), update(2)]) == 1
    await second.close()


def test_a_payload_names_only_what_was_said() -> None:
    assert dump_incoming(update(1)).keys() == {"channel", "address", "update_id", "kind", "at", "text"}
