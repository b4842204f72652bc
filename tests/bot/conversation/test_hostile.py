"""Texts made to keep the server busy, and numbers that no integer holds, are answered like any other."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bot.linking.linker import Linker
from nlu.normalise import folded
from storage import Store
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.fakes import means
from tests.hostile import texts

pytestmark = pytest.mark.slow

BOUND = 0.5
"""Seconds of processor time that a turn may take, a quarter of what ends it."""


@pytest.mark.parametrize(
    "intent",
    ["product_search", "discount_request", "order_status", "change_address", "opt_out", "out_of_scope"],
)
async def test_no_text_is_long_decided_about(new_chat: Callable[..., Chat], intent: str) -> None:
    """What takes long is tried once more in a conversation of its own: a collection of garbage isn't the text's."""
    chat, again = new_chat(), new_chat(address="101")
    for one in (chat, again):
        await one.link()
    took = {text: await _seconds(chat, text, intent) for text in texts()}
    slow = {text: await _seconds(again, text, intent) for text, seconds in took.items() if seconds > BOUND}
    assert {text[:40]: seconds for text, seconds in slow.items() if seconds > BOUND} == {}


async def _seconds(chat: Chat, text: str, intent: str) -> float:
    """Of the processor, for one message."""
    chat.understander.script[folded(text)] = means(intent)
    began = time.thread_time()
    await chat.says(text)
    return time.thread_time() - began


SUMS = (
    "9" * 400,
    "9" * 40,
    "９" * 400,
    "٩" * 40,
    f"{'9' * 40}.{'9' * 40}",
    "9223372036854775808",
    "92233720368547758.08",
    f"一{'亿' * 400}",
    f"{'九' * 400}万",
    f"5{'万' * 100}",
)


@pytest.mark.parametrize("wish", ["茶 {} 元以内", "tea under ${} please", "想要{}个茶"])
async def test_no_number_is_too_large_to_be_answered(any_store: Store, wish: str) -> None:
    await any_store.write(shop.fill)
    chat = Chat(store=any_store, linker=await Linker.open(any_store, "secret"))
    for number in SUMS:
        for intent in ("product_search", "recommend_request", "discount_request"):
            assert said(await chat.says(wish.format(number), intent))
            assert (await chat.contact()).conversation.owner == "bot"


async def test_a_limit_above_all_prices_limits_nothing(chat: Chat) -> None:
    assert "龙井茶" in said(await chat.says(f"茶 {'9' * 400} 元以内", "product_search"))
