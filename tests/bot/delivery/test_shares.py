"""What one client sends waits behind its own, and never in front of others'."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.delivery import shares
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.inbox import DurableInbox
from bot.delivery.shares import SIDE_BY_SIDE, WAITING_OF_ONE, Shares
from bot.messages import Incoming
from storage import Store
from tests.bot.delivery.fakes import Answering, Clock, answers, incoming, running, until


def of(client: str, number: int, address: str | None = None) -> Incoming:
    """A message of a client; in a conversation of its own unless one is named."""
    return replace(incoming(number, address=address or f"{client}-{number}"), client=client)


class Stuck(Answering):
    """Handles nobody's messages but those of others than `flood`, until `gate` opens."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.in_hand = 0
        super().__init__(self._wait)

    async def _wait(self, what: Incoming) -> None:
        if what.client == "flood":
            self.in_hand += 1
            await self.gate.wait()


async def test_many_conversations_of_one_client_leave_room_for_others(any_store: Store) -> None:
    handler = Stuck()
    dispatcher = Dispatcher(any_store, handler.handle, owner="a", parallel=SIDE_BY_SIDE + 1)
    arriving = DurableInbox(any_store, dispatcher)
    async with running(dispatcher):
        await arriving.put([of("flood", number) for number in range(100)])
        await until(lambda: handler.in_hand == SIDE_BY_SIDE)
        await arriving.put([of("", 200), of("polite", 201), of("polite", 202)])
        await until(lambda: _told(any_store, {"200", "201", "202"}))
        assert handler.in_hand == SIDE_BY_SIDE
        handler.gate.set()
        await until(lambda: _told(any_store, {str(number) for number in range(100)}))


async def _told(store: Store, wanted: set[str]) -> bool:
    return wanted <= set(await answers(store))


async def test_a_client_may_leave_so_many_unhandled(store: Store) -> None:
    handler = Stuck()
    dispatcher = Dispatcher(store, handler.handle, owner="a")
    arriving = DurableInbox(store, dispatcher)
    async with running(dispatcher):
        for number in range(WAITING_OF_ONE):
            assert arriving.has_room(of("flood", number))
            await arriving.put([of("flood", number, address=str(number % 7))])
        assert not arriving.has_room(of("flood", 99))
        assert arriving.has_room(of("polite", 99))
        # Where the channel knows no client, a conversation is one.
        assert arriving.has_room(of("", 99, address="1"))
        handler.gate.set()
        await until(lambda: arriving.has_room(of("flood", 99)))


async def test_a_conversation_may_leave_so_many_where_no_client_is_known(store: Store) -> None:
    gate = asyncio.Event()

    async def wait(_: Incoming) -> None:
        await gate.wait()

    dispatcher = Dispatcher(store, Answering(wait).handle, owner="a")
    arriving = DurableInbox(store, dispatcher)
    async with running(dispatcher):
        await arriving.put([of("", number, address="1") for number in range(WAITING_OF_ONE)])
        assert not arriving.has_room(of("", 99, address="1"))
        assert arriving.has_room(of("", 99, address="2"))
        gate.set()


async def test_all_together_may_leave_so_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "WAITING", 3)
    handler = Stuck()
    dispatcher = Dispatcher(store, handler.handle, owner="a")
    arriving = DurableInbox(store, dispatcher)
    async with running(dispatcher):
        await arriving.put([of("flood", number) for number in range(3)])
        assert not arriving.has_room(of("polite", 99))
        handler.gate.set()
        await until(lambda: arriving.has_room(of("polite", 99)))


async def test_what_fails_or_is_left_counts_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "WAITING_OF_ONE", 2)
    clock = Clock()

    async def fail(_: Incoming) -> None:
        raise ValueError

    dispatcher = Dispatcher(store, Answering(fail).handle, owner="a", clock=clock)
    arriving = DurableInbox(store, dispatcher, clock=clock)
    async with running(dispatcher):
        await arriving.put([of("flood", 1, address="1"), of("flood", 2, address="1")])
        assert not arriving.has_room(of("flood", 3))
        await until(lambda: arriving.has_room(of("flood", 3)))


def test_an_inbox_without_a_dispatcher_takes_everything(store: Store) -> None:
    assert DurableInbox(store).has_room(of("flood", 1))


async def test_nothing_is_remembered_of_who_has_nothing_waiting() -> None:
    known = Shares(parallel=2)
    for number in range(100):
        known.add(f"client-{number}")
        async with known.slot(f"client-{number}"):
            pass
        known.remove(f"client-{number}")
    assert not known._own
    assert not known._waiting
