"""What waits for staff is counted whole and read in parts, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store
from storage.conversations import Conversations
from storage.customers import Accounts
from storage.escalations import Escalations
from storage.outbox import Outbox
from storage.requests import NewRequest, Requests
from tests.factories import NOW

THERE = 250


async def _conversation(connection: AsyncConnection, name: str) -> int:
    account = await Accounts(connection).get_or_create("web", name, now=NOW)
    await Conversations(connection).open("web", name, account.id, "en", NOW)
    contact = await Conversations(connection).contact("web", name)
    assert contact is not None
    return contact.conversation.id


async def _case(connection: AsyncConnection, name: str, minutes: int) -> int:
    return await Escalations(connection).add(
        await _conversation(connection, name),
        reason="asked",
        priority=1,
        summary="",
        due_at=NOW + timedelta(minutes=minutes),
        now=NOW,
    )


async def test_more_cases_than_are_shown_are_counted_and_reached(any_store: Store) -> None:
    async def fill(connection: AsyncConnection) -> list[int]:
        # The last to come has to be answered first.
        made = [await _case(connection, f"v-{place}", THERE - place) for place in range(THERE)]
        ended = await _case(connection, "v-ended", 0)
        await Escalations(connection).end(ended, seen_state="waiting", state="closed", now=NOW)
        return made[::-1]

    in_order = await any_store.write(fill)
    async with any_store.read() as connection:
        cases = Escalations(connection)
        assert await cases.count() == THERE
        assert await cases.count(("closed",)) == 1
        assert [case.id for case in await cases.find()] == in_order
        assert [case.id for case in await cases.find(limit=100)] == in_order[:100]


async def test_more_requests_than_are_shown_are_counted_and_reached(any_store: Store) -> None:
    async def fill(connection: AsyncConnection) -> list[int]:
        conversation = await _conversation(connection, "v-1")
        return [
            await Requests(connection).add(
                NewRequest(
                    number=f"R{place}",
                    kind="refund",
                    conversation_id=conversation,
                    customer_id=None,
                    order_id=None,
                    details={},
                ),
                NOW + timedelta(minutes=place),
            )
            for place in range(THERE)
        ]

    in_order = await any_store.write(fill)
    await any_store.write(lambda connection: Requests(connection).withdraw(in_order[-1], NOW))
    async with any_store.read() as connection:
        requests = Requests(connection)
        assert await requests.count() == THERE - 1
        assert [request.id for request in await requests.find()] == in_order[:-1]
        assert [request.id for request in await requests.find(limit=100)] == in_order[:100]


async def test_it_is_known_which_conversations_still_have_a_case(any_store: Store) -> None:
    async def fill(connection: AsyncConnection) -> tuple[int, int]:
        await _case(connection, "v-open", 1)
        ended = await _case(connection, "v-ended", 1)
        await Escalations(connection).end(ended, seen_state="waiting", state="back", now=NOW)
        return await _conversation(connection, "v-open"), await _conversation(connection, "v-ended")

    still, over = await any_store.write(fill)
    async with any_store.read() as connection:
        assert await Escalations(connection).open_among([still, over, 10_000]) == {still}
        assert await Escalations(connection).open_among([]) == set()


async def test_it_is_known_what_was_put_whatever_became_of_it(any_store: Store) -> None:
    async def fill(connection: AsyncConnection) -> None:
        put = await Outbox(connection).put(
            channel="web", address="v", kind="staff", policy="retry", reply={}, now=NOW, dedupe_key="known"
        )
        assert put is not None
        await Outbox(connection).cancel(put, NOW, "erased")

    await any_store.write(fill)
    async with any_store.read() as connection:
        assert await Outbox(connection).was_put("known")
        assert not await Outbox(connection).was_put("unknown")
