"""What a stranger sees at once is what the bot says to them when they have written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.conversation.skills.talk import opening
from bot.messages import Incoming, IncomingKind
from tests.bot.conversation.chat import Chat


@pytest.mark.parametrize("language", ["zh", "zh-CN", "en", "en-GB", "de", None])
async def test_the_greeting_is_the_one_that_is_kept(
    new_chat: Callable[..., Chat], language: str | None
) -> None:
    chat = new_chat(address="v-1", channel="web", language=language)
    opened = Incoming(
        channel="web", address="v-1", update_id="v-1:start", kind=IncomingKind.START, at=chat.now,
        language=language,
    )  # fmt: skip
    shown = opening(chat.engine._services, opened)
    assert shown.text
    assert shown.buttons
    assert await chat.does(IncomingKind.START) == shown


async def test_a_demo_says_so_as_long_as_it_is_one(new_chat: Callable[..., Chat]) -> None:
    chat = new_chat(address="v-1", channel="web", language="en")
    services, shown = chat.engine._services, [False]
    services = replace(services, shop=replace(services.shop, is_demo=lambda: shown[0]))
    opened = Incoming(
        channel="web",
        address="v-1",
        update_id="v-1:start",
        kind=IncomingKind.START,
        at=chat.now,
        language="en",
    )
    for shown[0] in (False, True, False):
        assert ("demo shop" in (opening(services, opened).text or "")) is shown[0]
