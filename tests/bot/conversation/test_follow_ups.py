"""Which order a message means, one-word messages, and links."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import IncomingKind
from storage.orders import Orders
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, buttons, said


async def _add_older_orders(connection: AsyncConnection) -> None:
    orders = Orders(connection)
    delivered = await orders.get("o2")
    assert delivered is not None
    more = [
        replace(
            delivered,
            id=f"old{number}",
            number=f"A100{number}",
            placed_at=shop.NOW - timedelta(days=40 + number),
            parcels=(),
        )
        for number in range(3)
    ]
    await orders.put_many(more)


async def test_the_list_of_orders_is_short_and_not_read_out_twice(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    first = await chat.says("收到的东西坏了", "item_problem")
    assert said(first).count("已送达") == 3
    again = await chat.sends("photo", caption="侧面裂了一条缝")
    assert "哪一单" in said(again)
    assert "已送达" not in said(again)
    assert len(buttons(again)) == 3
    assert "编号" in said(await chat.says("第一个", "affirm")), "what was said meanwhile is the reason"


async def test_the_last_order_is_the_newest(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    assert "A1024" in said(await chat.says("上一单帮我开个发票", "invoice_request"))


async def test_one_recent_order_is_meant_when_the_others_are_old(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    assert "A1024" in said(await chat.says("帮我开个发票", "invoice_request"))


async def test_two_wishes_are_about_the_same_order(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A1030", "delivered"))
    await chat.says("A1024到哪了", "order_status")
    assert "A1024" in said(await chat.says("另外帮我开张发票", "invoice_request"))


@pytest.mark.parametrize("word", ["快递", "parcel?"])
async def test_a_parcel_in_one_word_is_asked_for(chat: Chat, word: str) -> None:
    await chat.link()
    assert "A1024" in said(await chat.says(word, "shipping_options"))


async def test_a_link_from_the_shop_is_not_called_a_match(chat: Chat) -> None:
    token, _expires = await chat.store.write(lambda c: chat.linker.deep_link_token(c, "c1", chat.now))
    assert "已经连上" in said(await chat.does(IncomingKind.START, payload=token))
