"""What every `Channel` promises to the sender and the dispatcher.

Subclass it in a test module and give it a `channel` and the address of a customer who can be written to.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.messages import Button, Card, DeliveryStatus, Outgoing, Reply
from bot.delivery.ports import Channel

CARD = Card(product_id="cup", title="杯子", text="¥25", buttons=(Button(label="要", action="buy:cup"),))
FULL = Reply(text="看", buttons=((Button(label="好", action="ok"),),), cards=(CARD, CARD))


class ChannelContract:
    """The suite. `channel` is the implementation under test."""

    @pytest.fixture
    async def channel(self) -> Any:
        raise NotImplementedError

    @pytest.fixture
    async def address(self) -> Any:
        """Of somebody who can be written to."""
        raise NotImplementedError

    nobody = "999999"
    """An address that nobody has."""

    def message(self, channel: Channel, address: str, reply: Reply) -> Outgoing:
        return Outgoing(outbox_id=1, channel=channel.name, address=address, reply=reply)

    def test_it_is_a_channel(self, channel: Channel) -> None:
        assert isinstance(channel, Channel)
        assert channel.name

    @pytest.mark.parametrize("reply", [Reply(text="你好"), FULL, replace(FULL, text="")])
    async def test_what_arrived_has_a_name(self, channel: Channel, address: str, reply: Reply) -> None:
        delivery = await channel.deliver(self.message(channel, address, reply))
        assert delivery.status is DeliveryStatus.SENT
        assert delivery.message_refs
        assert all(isinstance(ref, str) and 0 < len(ref) <= 100 for ref in delivery.message_refs)

    async def test_parts_that_arrived_are_named_again_and_not_sent_again(
        self, channel: Channel, address: str
    ) -> None:
        message = self.message(channel, address, FULL)
        first = await channel.deliver(message)
        again = await channel.deliver(replace(message, parts_sent=first.message_refs))
        assert again.status is DeliveryStatus.SENT
        assert again.message_refs == first.message_refs

    @pytest.mark.parametrize(
        "text", ["字" * 4096, "<b>&amp;</b> *_`[", "\u202eabc\u200b", "😀" * 50, "a\nb\n\n\nc"]
    )
    async def test_any_text_arrives(self, channel: Channel, address: str, text: str) -> None:
        delivery = await channel.deliver(self.message(channel, address, Reply(text=text)))
        assert delivery.status is DeliveryStatus.SENT

    async def test_nobody_there_is_for_good(self, channel: Channel) -> None:
        delivery = await channel.deliver(self.message(channel, self.nobody, Reply(text="x")))
        assert delivery.status is DeliveryStatus.REFUSED
        assert delivery.reason
        assert not delivery.blocked

    async def test_showing_that_an_answer_is_made_never_fails(self, channel: Channel, address: str) -> None:
        await asyncio.gather(channel.working(address), channel.working(self.nobody))
