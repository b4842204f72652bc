"""What every `Channel` promises to the inbox and to the sender.

Subclass it in a test module and give it a `wire`: the channel, running, with a customer at its other end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import pytest

from bot.delivery.inbox import DurableInbox
from bot.delivery.ports import Channel, ChannelState
from bot.messages import Button, Card, DeliveryStatus, Incoming, Outgoing, Reply
from storage import Store
from storage.inbox import Inbox

# Long enough that an acknowledgement which does not wait for the inbox would have come.
_SOON = 0.2
_ROWS = ((Button(label="Yes", action="yes:1"), Button(label="Shop", url="https://shop.example/")),)
_CARD = Card(
    product_id="p1", title="Tea <b>cup</b>", text="¥12.00", buttons=(Button(label="Take it", action="buy:1"),)
)
REPLIES = {
    "text": Reply(text="<b>1 < 2</b> & 你好 😀"),
    "buttons": Reply(text="Well?", buttons=_ROWS),
    "cards": Reply(text="Look:", cards=(_CARD, _CARD)),
    "card alone": Reply(cards=(_CARD,)),
    "long": Reply(text="字" * 9_000),
}


class GatedInbox:
    """The real inbox behind a gate: while it is shut nothing is kept, as while a disk is busy."""

    def __init__(self, store: Store) -> None:
        self._inbox = DurableInbox(store)
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    async def put(self, incoming: Sequence[Incoming]) -> int:
        self.asked.set()
        await self.gate.wait()
        return await self._inbox.put(incoming)

    def has_room(self, incoming: Incoming) -> bool:
        return self._inbox.has_room(incoming)


class Wire(Protocol):
    """A running channel with a customer at its other end, who is known to the shop."""

    channel: Channel
    inbox: GatedInbox
    address: str

    async def says(self, text: str, number: int) -> None:
        """Bring a message to the channel; returns when it is acknowledged. A number names one update."""
        ...

    async def sees(self, text: str) -> None:
        """Wait until the customer sees a message with this text."""
        ...

    async def breaks(self) -> None:
        """The other side is gone, without a word."""
        ...


class ChannelContract:
    """The suite. `wire` is the implementation under test, on `store`."""

    @pytest.fixture
    async def wire(self, store: Store) -> Any:
        raise NotImplementedError

    def outgoing(self, wire: Wire, reply: Reply, address: str | None = None) -> Outgoing:
        to = wire.address if address is None else address
        return Outgoing(outbox_id=1, channel=wire.channel.name, address=to, reply=reply)

    async def kept(self, store: Store, wire: Wire) -> list[str]:
        """The texts in the inbox."""
        async with store.read() as connection:
            rows = await Inbox(connection).new([(wire.channel.name, wire.address)], 100)
        return [row.payload["text"] for row in rows if row.payload.get("text")]

    async def test_it_is_a_channel(self, wire: Wire) -> None:
        assert isinstance(wire.channel, Channel)
        assert wire.channel.name

    async def test_while_it_receives_it_says_so(self, wire: Wire) -> None:
        await wire.says("one", 1)
        async with asyncio.timeout(10):
            while wire.channel.state is not ChannelState.SERVING:  # noqa: ASYNC110 - it has no event to wait for
                await asyncio.sleep(0)

    async def test_what_arrives_is_kept_before_it_is_acknowledged(self, wire: Wire, store: Store) -> None:
        wire.inbox.gate.clear()
        wire.inbox.asked.clear()
        acknowledged = asyncio.create_task(wire.says("one", 1))
        await asyncio.wait_for(wire.inbox.asked.wait(), 10)
        done, _ = await asyncio.wait({acknowledged}, timeout=_SOON)
        assert not done
        assert await self.kept(store, wire) == []
        wire.inbox.gate.set()
        await asyncio.wait_for(acknowledged, 10)
        assert await self.kept(store, wire) == ["one"]

    async def test_what_is_delivered_twice_is_kept_once(self, wire: Wire, store: Store) -> None:
        await wire.says("one", 1)
        await wire.says("one", 1)
        await wire.says("two", 2)
        assert await self.kept(store, wire) == ["one", "two"]

    @pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
    async def test_every_kind_of_reply_is_sent_and_named(self, wire: Wire, reply: Reply) -> None:
        delivery = await wire.channel.deliver(self.outgoing(wire, reply))
        assert delivery.status is DeliveryStatus.SENT
        assert delivery.message_refs
        assert all(delivery.message_refs)
        assert len(set(delivery.message_refs)) == len(delivery.message_refs)

    async def test_the_customer_sees_the_words_as_they_are(self, wire: Wire) -> None:
        await wire.channel.deliver(self.outgoing(wire, REPLIES["text"]))
        await asyncio.wait_for(wire.sees(REPLIES["text"].text), 10)

    @pytest.mark.parametrize("address", ["", "nobody", "0", "-1", "9" * 30, "v-" + "0" * 32])
    async def test_who_is_not_there_is_refused_for_good(self, wire: Wire, address: str) -> None:
        delivery = await wire.channel.deliver(self.outgoing(wire, Reply(text="hello"), address))
        assert delivery.status is DeliveryStatus.REFUSED
        assert delivery.reason
        assert delivery.message_refs == ()
        await wire.channel.working(address)

    async def test_a_broken_other_side_raises_nothing(self, wire: Wire) -> None:
        await wire.breaks()
        for reply in REPLIES.values():
            delivery = await wire.channel.deliver(self.outgoing(wire, reply))
            assert delivery.status is not DeliveryStatus.REFUSED
        await wire.channel.working(wire.address)

    async def test_working_changes_nothing(self, wire: Wire, store: Store) -> None:
        await wire.channel.working(wire.address)
        assert await self.kept(store, wire) == []
