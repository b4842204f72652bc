"""Whose a row is, and what its owner may still do to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store
from storage.outbox import Finish, Outbox, OutboxKind, OutboxRow, Policy
from storage.schema import outbox

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LEASE = timedelta(seconds=15)


async def put(
    store: Store,
    *,
    address: str = "1",
    kind: OutboxKind = "reply",
    policy: Policy = "retry",
    dedupe_key: str | None = None,
    not_before: datetime | None = None,
) -> int | None:
    return await store.write(
        lambda connection: Outbox(connection).put(
            channel="telegram",
            address=address,
            kind=kind,
            policy=policy,
            reply={"text": "x"},
            now=NOW,
            dedupe_key=dedupe_key,
            not_before=not_before,
        )
    )


async def claim(store: Store, owner: str, policy: Policy = "retry", now: datetime = NOW) -> list[OutboxRow]:
    async def work(connection: AsyncConnection) -> list[OutboxRow]:
        outbox = Outbox(connection)
        return await outbox.claim(
            await outbox.ready(["telegram"], policy, owner, now, 10), owner, now + LEASE
        )

    return await store.write(work)


async def finish(store: Store, row: OutboxRow, state: str, now: datetime = NOW) -> None:
    ended = Finish(row=row, state=state, not_before=now)  # type: ignore[arg-type]
    await store.write(lambda connection: Outbox(connection).finish([ended], now))


async def state(store: Store, outbox_id: int = 1) -> str:
    async with store.read() as connection:
        found = await Outbox(connection).get(outbox_id)
    assert found is not None
    return found.state


async def test_a_dedupe_key_is_put_once(any_store: Store) -> None:
    assert await put(any_store, dedupe_key="a") is not None
    assert await put(any_store, dedupe_key="a") is None
    assert await put(any_store) is not None
    assert await put(any_store) is not None


async def test_a_row_is_claimed_by_one(any_store: Store) -> None:
    await put(any_store)
    assert len(await claim(any_store, "a")) == 1
    assert await claim(any_store, "b") == []


async def test_order_within_a_conversation(any_store: Store) -> None:
    """While an earlier reply waits for its time or is in other hands, later ones stay."""
    for _ in range(2):
        await put(any_store)
    await put(any_store, address="2", not_before=NOW + LEASE)
    await put(any_store, address="2")
    first, second = await claim(any_store, "a")
    assert (first.address, second.address) == ("1", "1")
    await put(any_store)
    assert await claim(any_store, "b") == []
    assert len(await claim(any_store, "a")) == 1, "its own hands keep the order themselves"
    assert [row.address for row in await claim(any_store, "b", now=NOW + LEASE)] == ["2", "2"]


async def test_campaigns_and_replies_are_claimed_apart(any_store: Store) -> None:
    await put(any_store, kind="campaign", policy="once")
    await put(any_store)
    assert [row.policy for row in await claim(any_store, "a")] == ["retry"]
    assert [row.policy for row in await claim(any_store, "a", "once")] == ["once"]


@pytest.mark.parametrize("again", ["b", "a"])
async def test_who_lost_a_row_can_neither_send_nor_end_it(any_store: Store, again: str) -> None:
    """Even where the same owner has claimed it anew: an attempt speaks for itself alone."""
    await put(any_store, policy="once")
    [old] = await claim(any_store, "a", "once")
    later = NOW + LEASE
    assert (await any_store.write(lambda connection: Outbox(connection).reap(later))).ready == 1
    [new] = await claim(any_store, again, "once", later)

    async def start(row: OutboxRow) -> bool:
        started = await any_store.write(
            lambda connection: Outbox(connection).start_sending(row, later, later + LEASE)
        )
        return started is not None

    assert not await start(old)
    assert await start(new)
    assert not await start(new)
    await finish(any_store, old, "ready", later)
    assert await state(any_store) == "sending"
    await any_store.write(lambda connection: Outbox(connection).renew([old], later + 9 * LEASE))
    assert (await any_store.write(lambda connection: Outbox(connection).reap(later + LEASE))).unknown == 1
    await finish(any_store, new, "sent", later)
    assert await state(any_store) == "sent"


async def test_a_claim_that_has_ended_starts_nothing(any_store: Store) -> None:
    """Also where nobody has freed the row yet: whoever holds it may have stood still."""
    await put(any_store, policy="once")
    [row] = await claim(any_store, "a", "once")
    late = NOW + LEASE
    assert await any_store.write(lambda c: Outbox(c).start_sending(row, late, late + LEASE)) is None
    assert await state(any_store) == "claimed"
    assert await any_store.write(lambda c: Outbox(c).hold(row)) == NOW + LEASE
    await any_store.write(lambda c: Outbox(c).reap(late))
    assert await any_store.write(lambda c: Outbox(c).hold(row)) is None


async def test_what_was_cancelled_can_be_put_again_and_nothing_else(any_store: Store) -> None:
    async def again() -> int | None:
        return await any_store.write(
            lambda c: Outbox(c).put_again("a", channel="telegram", address="2", now=NOW, not_before=NOW)
        )

    outbox_id = await put(any_store, dedupe_key="a", policy="once")
    assert outbox_id is not None
    assert await again() is None
    assert await any_store.write(lambda c: Outbox(c).cancel(outbox_id, NOW, "why"))
    assert await again() == outbox_id
    [row] = await claim(any_store, "a", "once")
    assert (row.address, row.error, row.finished_at) == ("2", None, None)
    await any_store.write(lambda c: Outbox(c).start_sending(row, NOW, NOW + LEASE))
    assert await again() is None


async def test_an_unknown_row_is_never_sent_again(any_store: Store) -> None:
    await put(any_store, policy="once")
    [row] = await claim(any_store, "a", "once")
    await any_store.write(lambda connection: Outbox(connection).start_sending(row, NOW, NOW + LEASE))
    await finish(any_store, row, "unknown")
    assert (await any_store.write(lambda connection: Outbox(connection).reap(NOW + 99 * LEASE))).ready == 0
    assert await claim(any_store, "b", "once") == []


async def test_what_is_ready_can_be_taken_back(any_store: Store) -> None:
    await put(any_store)
    await put(any_store)
    [first, _] = await claim(any_store, "a")
    await any_store.write(lambda connection: Outbox(connection).release([first]))

    async def cancel(outbox_id: int) -> bool:
        return await any_store.write(lambda connection: Outbox(connection).cancel(outbox_id, NOW, "why"))

    assert await cancel(1)
    assert not await cancel(2)
    async with any_store.read() as connection:
        states = await connection.scalars(select(outbox.c.state).order_by(outbox.c.id))
        assert states.all() == ["cancelled", "claimed"]
