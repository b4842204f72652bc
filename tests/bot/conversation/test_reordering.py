"""The same again: from a customer's own orders, as it is sold today."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.skills.again_words import wished
from storage.catalogue import Catalogue
from storage.orders import OrderLine, Orders
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning

_ANY = Meaning(intents=(("place_order", 0.4),), wishes=())


def _line(product_id: str, name: str, price: int, count: int = 1) -> OrderLine:
    return OrderLine(product_id=product_id, name_zh=name, name_en=name, quantity=count, unit_price=price)


async def _bought(chat: Chat, *lines: OrderLine, order: str = "o8") -> None:
    async def work(connection: AsyncConnection) -> None:
        await shop.add_order(connection, order, f"A9{order[1:]}", "delivered")
        made = await Orders(connection).get(order)
        assert made is not None
        await Orders(connection).put_many([replace(made, lines=lines)])

    await chat.store.write(work)


@pytest.mark.parametrize(
    "text",
    ["再来一单", "老样子", "same again please", "my usual", "I want what I bought last time", "跟上次一样"],
)
def test_words_that_wish_for_the_same_again(text: str) -> None:
    assert wished(text)


@pytest.mark.parametrize(
    "text",
    [
        "what I bought last time is broken",
        "what did I buy last time",
        "上次买的东西坏了，要退",
        "cancel my usual order",
        "is it the usual delivery time for an order that size, or should I ask the carrier about it first",
    ],
)
def test_words_that_do_not(text: str) -> None:
    assert not wished(text)


async def test_the_last_order_is_told_as_it_is_today(chat: Chat) -> None:
    await chat.link()
    await _bought(
        chat, _line("p1", "龙井茶", 10000, 2), _line("p4", "旧茶壶", 19900), _line("p3", "竹茶盘", 9900)
    )
    await chat.says("再来一单", _ANY)
    text = said(chat.last)
    assert "A98" in text
    assert "龙井茶 × 2：¥128.00（当时 ¥100.00）" in text
    assert "旧茶壶 × 1：已经不卖了" in text
    assert "一共 ¥256.00" in text, "of what is there alone"
    assert [card.product_id for card in (chat.last.cards if chat.last else ())] == ["p1"]


async def test_no_line_of_a_long_order_is_left_out(chat: Chat) -> None:
    await chat.link()
    await _bought(
        chat, *(_line("p4", f"旧茶壶{place}", 19900) for place in range(9)), _line("p1", "龙井茶", 12800, 2)
    )
    await chat.says("再来一单", _ANY)
    assert "龙井茶 × 2" in said(chat.last)
    assert "一共 ¥256.00" in said(chat.last)


async def test_the_usual_is_what_stands_in_several_orders(chat: Chat) -> None:
    chat.language = "en"
    await chat.link()
    await _bought(chat, _line("p1", "Longjing Tea", 12800), _line("p3", "Bamboo Tray", 9900), order="o7")
    await _bought(chat, _line("p1", "Longjing Tea", 12800), order="o8")
    await chat.says("my usual please", _ANY)
    assert "Longjing Tea" in said(chat.last)
    assert "Bamboo Tray" not in said(chat.last)


async def test_what_was_named_of_it_alone(chat: Chat) -> None:
    chat.language = "en"
    await chat.link()
    await _bought(chat, _line("p1", "Longjing Tea", 12800), _line("p2", "Ceramic Cup", 4500))
    await chat.says("the same Ceramic Cup as last time, same again", _ANY)
    assert "Ceramic Cup" in said(chat.last)
    assert "Longjing" not in said(chat.last)


async def test_a_stranger_is_asked_who_it_is(chat: Chat) -> None:
    await chat.says("再来一单", _ANY)
    assert "确认是您本人" in said(chat.last)


async def test_what_is_no_longer_known_at_all_is_named(chat: Chat) -> None:
    chat.language = "en"
    await chat.link()
    await _bought(chat, _line("p4", "Old Teapot", 19900))
    async with chat.store.read() as connection:
        assert not (await Catalogue(connection).by_ids({"p4"}))["p4"].active
    await chat.says("same again", _ANY)
    assert "Old Teapot × 1: no longer sold" in said(chat.last)
    assert "None of it can be bought now" in said(chat.last)
