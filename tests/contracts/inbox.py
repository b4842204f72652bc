"""What every `Inbox` promises to channels.

Subclass it in a test module and give it an `inbox`; `kept` tells what is in it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.delivery.ports import Inbox
from bot.messages import Incoming, IncomingKind

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


def update(number: int, *, channel: str = "telegram", address: str = "1", text: str = "你好") -> Incoming:
    """An update; the number is its id within the channel."""
    return Incoming(
        channel=channel, address=address, update_id=str(number), kind=IncomingKind.TEXT, at=NOW, text=text
    )


class InboxContract:
    """The suite. `inbox` is the implementation under test."""

    @pytest.fixture
    def inbox(self) -> Inbox:
        raise NotImplementedError

    async def kept(self, inbox: Inbox) -> list[Incoming]:
        """Everything in the inbox, in order."""
        raise NotImplementedError

    def test_it_is_an_inbox(self, inbox: Inbox) -> None:
        assert isinstance(inbox, Inbox)

    async def test_updates_are_kept_as_they_came_and_in_order(self, inbox: Inbox) -> None:
        updates = [update(number, address=str(number % 2)) for number in (5, 3, 9, 1)]
        assert await inbox.put(updates) == 4
        assert await self.kept(inbox) == updates

    async def test_an_empty_one_has_room(self, inbox: Inbox) -> None:
        assert inbox.has_room(update(1))

    async def test_nothing_is_nothing(self, inbox: Inbox) -> None:
        assert await inbox.put([]) == 0

    async def test_an_update_counts_once(self, inbox: Inbox) -> None:
        assert await inbox.put([update(1), update(2), update(1)]) == 2
        assert await inbox.put([update(2), update(3)]) == 1
        assert len(await self.kept(inbox)) == 3

    async def test_the_first_telling_stays(self, inbox: Inbox) -> None:
        await inbox.put([update(1, text="first")])
        await inbox.put([update(1, text="second")])
        assert [one.text for one in await self.kept(inbox)] == ["first"]

    async def test_channels_number_their_updates_for_themselves(self, inbox: Inbox) -> None:
        assert await inbox.put([update(1), update(1, channel="web")]) == 2

    async def test_many_may_put_at_once(self, inbox: Inbox) -> None:
        counts = await asyncio.gather(*(inbox.put([update(number // 2)]) for number in range(200)))
        assert sum(counts) == 100
        assert len(await self.kept(inbox)) == 100

    @pytest.mark.parametrize("text", ["", "字" * 4096, "\u202e\u200b<b>&amp;'\"", "😀" * 100, "\x00 nul"])
    async def test_any_text_will_do(self, inbox: Inbox, text: str) -> None:
        await inbox.put([update(1, text=text)])
        assert [one.text for one in await self.kept(inbox)] == [text]
