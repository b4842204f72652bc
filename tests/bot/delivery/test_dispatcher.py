"""What arrived is handled once, in order within its conversation, whoever dies."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.delivery import dispatcher as module
from bot.delivery.dispatcher import LEASE, Dispatcher
from bot.delivery.inbox import DurableInbox
from bot.delivery.ports import TookTooLong, Work
from bot.messages import Incoming
from storage import Conflict, Store, StoreUnavailable
from storage.inbox import Inbox
from storage.schema import conversation_lease, inbox
from tests.bot.delivery.fakes import (
    Answering,
    Clock,
    FakeChannel,
    answering,
    answers,
    incoming,
    running,
    until,
)


async def count(store: Store, state: str) -> int:
    async with store.read() as connection:
        return await Inbox(connection).count(state)


async def leases(store: Store) -> int:
    async with store.read() as connection:
        return len((await connection.execute(select(conversation_lease))).all())


async def test_an_update_delivered_twice_is_handled_once(any_store: Store) -> None:
    dispatcher = Dispatcher(any_store, Answering().handle, owner="a")
    arriving = DurableInbox(any_store, dispatcher)
    async with running(dispatcher):
        kept = await asyncio.gather(
            arriving.put([incoming(1), incoming(1)]), arriving.put([incoming(1), incoming(2)])
        )
        assert sum(kept) == 2
        await until(lambda: _is(count(any_store, "done"), 2))
        assert await arriving.put([incoming(2)]) == 0
    assert await answers(any_store) == ["1", "2"]


async def _is(found: object, wanted: object) -> bool:
    return await found == wanted  # type: ignore[misc]


async def test_one_conversation_in_order_many_side_by_side(any_store: Store) -> None:
    """The first of ten conversations is stuck; the others go on, and it goes on in order afterwards."""
    gate = asyncio.Event()

    async def stuck(what: Incoming) -> None:
        if what.address == "0":
            await gate.wait()

    dispatcher = Dispatcher(any_store, Answering(stuck).handle, owner="a")
    arriving = DurableInbox(any_store, dispatcher)
    async with running(dispatcher):
        for number in range(40):
            await arriving.put([incoming(number, address=str(number % 10))])
        await until(lambda: _is(count(any_store, "done"), 36))
        gate.set()
        await until(lambda: _is(count(any_store, "done"), 40))
    for address in range(10):
        wanted = [str(number) for number in range(40) if number % 10 == address]
        assert await answers(any_store, str(address)) == wanted


async def test_replicas_share_the_work_and_keep_the_order(any_store: Store) -> None:
    replicas = [Dispatcher(any_store, Answering().handle, owner=name, parallel=4) for name in "abc"]
    inboxes = [DurableInbox(any_store, replica) for replica in replicas]
    async with running(*replicas):
        for number in range(60):
            await inboxes[number % 3].put([incoming(number, address=str(number % 5))])
        await until(lambda: _is(count(any_store, "done"), 60))
    assert sorted(map(int, await answers(any_store))) == list(range(60))
    for address in range(5):
        assert list(map(int, await answers(any_store, str(address)))) == list(range(address, 60, 5))


async def test_a_conflict_is_decided_again(any_store: Store) -> None:
    class Conflicting(Answering):
        async def handle(self, incoming: Incoming) -> Work:
            work = await super().handle(incoming)
            if len(self.seen) > 2:
                return work

            async def lost(connection: object) -> None:
                await work(connection)  # type: ignore[arg-type]
                raise Conflict

            return lost

    handler = Conflicting()
    dispatcher = Dispatcher(any_store, handler.handle, owner="a")
    async with running(dispatcher):
        await DurableInbox(any_store, dispatcher).put([incoming(1)])
        await until(lambda: _is(count(any_store, "done"), 1))
    assert handler.seen == ["1"] * 3
    assert await answers(any_store) == ["1"]


@pytest.mark.parametrize("failure", [ValueError("13800138000"), asyncio.CancelledError("13800138000")])
async def test_what_cannot_be_handled_is_given_up_with_an_apology(
    any_store: Store, failure: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    clock = Clock()

    async def fail(what: Incoming) -> None:
        if what.text == "poison 13800138000":
            raise failure

    handler = Answering(fail)
    dispatcher = Dispatcher(
        any_store,
        handler.handle,
        owner="a",
        on_poison=lambda what: answering(incoming(what.update_id, text="sorry")),
        clock=clock,
    )
    async with running(dispatcher):
        arriving = DurableInbox(any_store, dispatcher, clock=clock)
        await arriving.put([incoming(1, text="poison 13800138000"), incoming(2), incoming(3, address="2")])
        await until(lambda: _is(answers(any_store, "2"), ["3"]))
        for attempt in range(1, 5):
            await until(lambda attempt=attempt: _is(attempts(any_store), attempt))
            assert await answers(any_store, "1") == []
            clock.forward(30)
        await until(lambda: _is(count(any_store, "done"), 2))
    assert await answers(any_store, "1") == ["sorry", "2"]
    assert await count(any_store, "failed") == 1
    assert "13800138000" not in caplog.text


async def test_what_takes_too_long_is_tried_once_more_and_no_oftener(any_store: Store) -> None:
    clock = Clock()

    async def fail(what: Incoming) -> None:
        if what.text == "slow":
            raise TookTooLong

    handler = Answering(fail)
    dispatcher = Dispatcher(
        any_store,
        handler.handle,
        owner="a",
        on_poison=lambda what: answering(incoming(what.update_id, text="sorry")),
        clock=clock,
    )
    async with running(dispatcher):
        await DurableInbox(any_store, dispatcher, clock=clock).put([incoming(1, text="slow"), incoming(2)])
        await until(lambda: _is(attempts(any_store), 1))
        assert await answers(any_store) == []
        clock.forward(30)
        await until(lambda: _is(answers(any_store), ["sorry", "2"]))
    assert handler.seen.count("slow") == 2
    assert await count(any_store, "failed") == 1


async def test_a_store_that_is_away_is_no_fault_of_an_update(any_store: Store) -> None:
    looks = 0

    async def unavailable(_what: Incoming) -> None:
        nonlocal looks
        looks += 1
        if looks <= 6:
            raise StoreUnavailable

    dispatcher = Dispatcher(any_store, Answering(unavailable).handle, owner="a")
    async with running(dispatcher):
        await DurableInbox(any_store, dispatcher).put([incoming(1)])
        await until(lambda: _is(count(any_store, "done"), 1))
    assert await attempts(any_store) == 0
    assert await answers(any_store) == ["1"]


async def attempts(store: Store) -> int:
    async with store.read() as connection:
        return (
            await connection.execute(select(inbox.c.attempts).where(inbox.c.update_id == "1"))
        ).scalar_one()


async def test_an_apology_that_fails_does_not_hold_up_the_conversation(store: Store) -> None:
    async def broken(_: object) -> None:
        raise RuntimeError

    async def fail(what: Incoming) -> None:
        if what.text == "1":
            raise ValueError

    dispatcher = Dispatcher(store, Answering(fail).handle, owner="a", on_poison=lambda _: broken)
    await DurableInbox(store).put([incoming(1), incoming(2)])
    await store.write(lambda connection: connection.execute(update(inbox).values(attempts=4)))
    async with running(dispatcher):
        await until(lambda: _is(count(store, "done"), 1))
    assert await count(store, "failed") == 1


async def test_what_a_dead_process_left_is_handled(any_store: Store) -> None:
    clock = Clock()
    dead = Dispatcher(any_store, Answering().handle, owner="dead", clock=clock)
    left = DurableInbox(any_store, clock=clock)
    await left.put([incoming(1), incoming(2)])
    await any_store.write(lambda connection: dead.lease(connection, [("telegram", "1")], clock()))
    alive = Dispatcher(any_store, Answering().handle, owner="alive", clock=clock)
    async with running(alive):
        await left.put([incoming(3, address="free")])
        await until(lambda: _is(answers(any_store), ["3"]))
        clock.forward(LEASE.total_seconds())
        await until(lambda: _is(answers(any_store, "1"), ["1", "2"]))
    assert await attempts(any_store) == 1, "the update it may have died of is counted"


async def test_an_update_that_kills_its_process_is_given_up(store: Store) -> None:
    clock = Clock()
    await DurableInbox(store, clock=clock).put([incoming(1), incoming(2)])
    for number in range(5):
        dying = Dispatcher(store, Answering().handle, owner=str(number), clock=clock)
        await store.write(
            lambda connection, dying=dying: dying.lease(connection, [("telegram", "1")], clock())
        )
        clock.forward(LEASE.total_seconds())
        if number:
            await store.write(
                lambda connection: connection.execute(
                    update(inbox).where(inbox.c.update_id == "1").values(attempts=inbox.c.attempts + 1)
                )
            )
    handler = Answering()
    async with running(Dispatcher(store, handler.handle, owner="last", clock=clock)):
        await until(lambda: _is(count(store, "done"), 1))
    assert handler.seen == ["2"]
    assert await count(store, "failed") == 1


async def test_a_replica_that_wakes_up_late_changes_nothing(any_store: Store) -> None:
    """It was taken for dead while it was deciding; another one has answered."""
    clock = Clock()
    gate, deciding = asyncio.Event(), asyncio.Event()

    async def freeze(_: Incoming) -> None:
        deciding.set()
        await gate.wait()

    frozen = Dispatcher(any_store, Answering(freeze).handle, owner="frozen", clock=clock)
    arriving = DurableInbox(any_store, frozen, clock=clock)
    await arriving.put([incoming(1), incoming(2)])
    await deciding.wait()
    clock.forward(LEASE.total_seconds())
    async with running(Dispatcher(any_store, Answering().handle, owner="other", clock=clock)):
        await until(lambda: _is(count(any_store, "done"), 2))
        gate.set()
        await frozen.stop()
    assert await answers(any_store) == ["1", "2"]


async def test_an_earlier_update_kept_by_another_replica_goes_first(any_store: Store) -> None:
    gate, deciding = asyncio.Event(), asyncio.Event()

    async def wait(what: Incoming) -> None:
        if what.text == "1":
            deciding.set()
            await gate.wait()

    ours = Dispatcher(any_store, Answering(wait).handle, owner="ours")
    async with running(ours):
        arriving = DurableInbox(any_store, ours)
        await arriving.put([incoming(1)])
        await deciding.wait()
        await DurableInbox(any_store).put([incoming(2)])  # elsewhere: we hold the lease and don't see it
        await arriving.put([incoming(3)])
        gate.set()
        await until(lambda: _is(count(any_store, "done"), 3))
    assert await answers(any_store) == ["1", "2", "3"]


async def test_typing_is_shown_when_deciding_takes_long(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SHOW_WORKING_AFTER", 0.02)
    channel = FakeChannel()

    async def slow(what: Incoming) -> None:
        if what.address == "slow":
            await until(lambda: "slow" in channel.shown)

    dispatcher = Dispatcher(store, Answering(slow).handle, owner="a", channels=[channel])
    async with running(dispatcher):
        await DurableInbox(store, dispatcher).put([incoming(1, "slow"), incoming(2, "fast")])
        await until(lambda: _is(count(store, "done"), 2))
    assert set(channel.shown) == {"slow"}


async def test_stopping_finishes_what_is_in_hand_and_keeps_the_rest(any_store: Store) -> None:
    gate, deciding = asyncio.Event(), asyncio.Event()

    async def wait(_: Incoming) -> None:
        deciding.set()
        await gate.wait()

    dispatcher = Dispatcher(any_store, Answering(wait).handle, owner="a")
    task = asyncio.create_task(dispatcher.run())
    await DurableInbox(any_store, dispatcher).put([incoming(1), incoming(2)])
    await deciding.wait()
    stopping = asyncio.create_task(dispatcher.stop())
    await until(dispatcher._stopping.is_set)
    gate.set()
    await asyncio.gather(stopping, task)
    assert await answers(any_store) == ["1"]
    assert (await count(any_store, "done"), await count(any_store, "new")) == (1, 1)
    assert await leases(any_store) == 0


async def test_stopping_does_not_wait_for_ever(store: Store) -> None:
    deciding = asyncio.Event()

    async def hang(_: Incoming) -> None:
        deciding.set()
        await asyncio.Event().wait()

    dispatcher = Dispatcher(store, Answering(hang).handle, owner="a")
    await DurableInbox(store, dispatcher).put([incoming(1)])
    await deciding.wait()
    await dispatcher.stop(within=0.05)
    assert await count(store, "new") == 1


async def test_leases_are_given_back_when_a_conversation_rests(any_store: Store) -> None:
    dispatcher = Dispatcher(any_store, Answering().handle, owner="a")
    async with running(dispatcher):
        await DurableInbox(any_store, dispatcher).put([incoming(1)])
        await until(lambda: _is(count(any_store, "done"), 1))
        await until(lambda: _is(leases(any_store), 0))


async def test_a_long_decision_keeps_its_conversation(any_store: Store) -> None:
    clock = Clock()
    gate, deciding = asyncio.Event(), asyncio.Event()

    async def wait(_: Incoming) -> None:
        deciding.set()
        await gate.wait()

    async def expires_late() -> bool:
        async with any_store.read() as connection:
            ends = (await connection.execute(select(conversation_lease.c.expires_at))).scalar_one()
        return ends > clock() + LEASE / 2 + timedelta(seconds=1)

    dispatcher = Dispatcher(any_store, Answering(wait).handle, owner="a", clock=clock)
    async with running(dispatcher):
        await DurableInbox(any_store, dispatcher, clock=clock).put([incoming(1)])
        await deciding.wait()
        for _ in range(3):
            clock.forward(LEASE.total_seconds() * 0.6)
            await until(expires_late)
        gate.set()
        await until(lambda: _is(count(any_store, "done"), 1))


async def test_what_cannot_be_read_is_given_up(store: Store) -> None:
    await DurableInbox(store).put([incoming(1), incoming(2)])
    await store.write(
        lambda connection: connection.execute(
            update(inbox).where(inbox.c.update_id == "1").values(payload={"kind": "of tomorrow"})
        )
    )
    async with running(Dispatcher(store, Answering().handle, owner="a")):
        await until(lambda: _is(count(store, "done"), 1))
    assert await count(store, "failed") == 1


async def test_one_update_that_cannot_be_kept_takes_no_other_with_it(any_store: Store) -> None:
    arriving = DurableInbox(any_store)
    bad = incoming(2, address=None)  # type: ignore[arg-type]
    kept = await asyncio.gather(
        arriving.put([incoming(1)]), arriving.put([bad]), arriving.put([incoming(3)]), return_exceptions=True
    )
    assert [kept[0], kept[2]] == [1, 1]
    assert isinstance(kept[1], Exception)
    assert await count(any_store, "new") == 2
