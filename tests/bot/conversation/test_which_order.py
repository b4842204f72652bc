"""Which order is meant: all of them, one of a list, and what is said beside the choice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.orders import OrderLine, Orders
from storage.requests import Request, Requests
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, said
from tests.fakes import Meaning


async def _open(chat: Chat) -> list[Request]:
    async with chat.store.read() as connection:
        return await Requests(connection).find()


async def _two_to_choose_from(chat: Chat) -> None:
    await chat.link()
    for number in ("8", "9"):
        await chat.store.write(lambda c, n=number: shop.add_order(c, f"o{n}", f"A{n}000", "paid"))


@pytest.mark.parametrize(
    "text",
    [
        "show me my orders",
        "Order history",
        "where can I see my orders",
        "I would like to view the orders on my account.",
        "what have I ordered recently",
        "我的订单",
        "帮我看看最近都买了什么",
        "打开我的订单列表",
        "在哪里看我的订单记录",
        "查看订单",
    ],
)
async def test_who_asks_for_their_orders_sees_them_all(chat: Chat, text: str) -> None:
    await chat.link()
    reply = said(await chat.says(text, "order_status"))
    assert "A1024" in reply
    assert "A1019" in reply, "delivered orders too"


@pytest.mark.parametrize(
    "text",
    [
        "where are my recent orders",
        "Have my orders shipped?",
        "track my orders",
        "我的订单怎么还没到",
        "我的快递",
        "最近的订单发货了吗",
        "催一下我的订单",
    ],
)
async def test_who_asks_where_it_is_hears_of_the_one_on_its_way(chat: Chat, text: str) -> None:
    await chat.link()
    reply = said(await chat.says(text, "order_status"))
    assert "A1024" in reply
    assert "A1019" not in reply


async def test_a_list_of_orders_is_shown_even_where_the_words_are_unlike_a_shops(chat: Chat) -> None:
    await chat.link()
    foreign = Meaning(intents=(("order_status", 0.9),), understood=False)
    assert "A1019" in said(await chat.says("list my recent orders", foreign))


async def test_all_orders_are_shown_whatever_was_asked_before(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    assert "A1019" not in said(await chat.says("我的东西呢", "order_status")), "two are under way: which?"
    assert "A1019" in said(await chat.says("看看我的全部订单", "order_status"))


async def test_who_proves_who_they_are_then_sees_all_orders(chat: Chat) -> None:
    await chat.says("看看我的全部订单", "order_status")
    reply = said(await chat.says("A1024 5678"))
    assert "A1019" in reply


async def test_what_is_said_while_an_order_is_chosen_counts(chat: Chat) -> None:
    await _two_to_choose_from(chat)
    await chat.says("我要改收货地址", "change_address")
    meaning = Meaning(intents=(("change_address", 0.4),), address="杭州市文三路2号", points=(0,))
    chat.understander.script["我要改收货地址\n第一个，改成杭州市文三路2号"] = meaning
    assert "杭州市文三路2号" in said(await chat.says("第一个，改成杭州市文三路2号", meaning))
    (made,) = await _open(chat)
    assert made.details["address"] == "杭州市文三路2号"


@pytest.mark.parametrize("chosen", ["第一个", "press"])
async def test_an_address_given_before_the_order_was_chosen_is_not_asked_for_again(
    chat: Chat, chosen: str
) -> None:
    await _two_to_choose_from(chat)
    meaning = Meaning(intents=(("change_address", 0.9),), address="杭州市文三路2号")
    listed = await chat.says("地址改成杭州市文三路2号", meaning)
    assert "A8000" in said(listed)
    assert "A9000" in said(listed)
    reply = await (chat.says(chosen) if chosen != "press" else chat.presses(action(listed, "change:address")))
    assert "杭州市文三路2号" in said(reply)
    (made,) = await _open(chat)
    assert made.details == {"address": "杭州市文三路2号", "text": "地址改成杭州市文三路2号"}


OTHER = Meaning(intents=(("order_status", 0.2),), wishes=())


async def test_the_other_of_two_is_not_the_one_just_told(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.says("A1024 到哪了", "order_status")
    reply = said(await chat.says("另一个呢", OTHER))
    assert "A8000" in reply
    assert "A1024" not in reply
    assert "A1024" in said(await chat.says("and the other one?", OTHER)), "and back again"


FACTS = Meaning(intents=(("order_facts", 0.9),))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("旧茶壶 那单 多少钱", FACTS),
        ("我 花了 199 的那单", FACTS),
        ("the one to Chengdu, how much was it", FACTS),
        ("八月 买的那单多少钱", replace(FACTS, day=("八月", "2026-08-01"))),
        ("取消的那单多少钱", FACTS),
        ("how much was it in August", FACTS),
        ("the first thing I ever bought, how much was it", FACTS),
        ("A0700", FACTS),
    ],
)
async def test_an_order_is_known_by_what_it_holds_cost_its_place_time_and_state(
    chat: Chat, text: str, meaning: Meaning
) -> None:
    await chat.link()
    await chat.store.write(_a_teapot_in_august)
    await chat.says("A1024 到哪了", "order_status")
    assert "A0700" in said(await chat.says(text, meaning))


async def test_of_several_with_the_same_goods_the_one_counted_is_meant(chat: Chat) -> None:
    await chat.link()
    asked = "第二次 买 陶瓷杯 是哪天"
    assert "A1024" in said(await chat.says(asked, FACTS)), "A1019 was the first"


async def test_what_should_have_come_is_the_late_one_of_several(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "shipped", late=True))
    answer = said(await chat.says("it was supposed to be here, where is it", "order_status"))
    assert "A9000" in answer
    assert "A1024" not in answer


async def test_a_day_of_no_named_month_is_the_last_such_day_after_a_short_month(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_a_teapot_in_august)
    await chat.says("A1024 到哪了", "order_status")
    chat.now = datetime(2027, 3, 31, 4, tzinfo=UTC)

    async def placed(connection: AsyncConnection) -> None:
        known = await Orders(connection).get("o7")
        assert known is not None
        days = [
            replace(known, id=number, number=number, placed_at=datetime(2027, 3, day, 3, tzinfo=UTC))
            for number, day in (("B1111", 29), ("B2222", 30), ("B4444", 31))
        ]
        await Orders(connection).put_many(days)

    await chat.store.write(placed)
    meaning = replace(FACTS, day=("30号", "2027-04-30"))
    told = said(await chat.says("30号 买的那单多少钱", meaning))
    assert [number for number in ("B1111", "B2222", "B4444") if number in told] == ["B2222"]


async def _a_teapot_in_august(connection: AsyncConnection) -> None:
    orders = Orders(connection)
    known = await orders.get("o2")
    assert known is not None
    await orders.put_many(
        [
            replace(
                known,
                id="o7",
                number="A0700",
                status="cancelled",
                total=19_900,
                placed_at=datetime(2026, 8, 14, tzinfo=UTC),
                ship_to={"city": "Chengdu"},
                lines=(OrderLine(product_id="p4", quantity=1, unit_price=19_900),),
                parcels=(),
            )
        ]
    )


async def test_an_order_of_long_ago_is_found_by_what_was_in_it(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_a_teapot_in_august)
    for number in range(9):
        await chat.store.write(lambda c, n=number: shop.add_order(c, f"n{n}", f"A60{n}0", "delivered"))
    assert "A0700" in said(await chat.says("旧茶壶 多少钱", FACTS))


async def test_what_is_asked_of_the_rules_meanwhile_is_answered_and_the_list_still_stands(chat: Chat) -> None:
    await _two_to_choose_from(chat)
    chat.pages.passages["收费吗"] = "发货前取消不收费用。"
    listed = await chat.says("取消订单", "cancel_order")
    asked = await chat.says("取消收费吗？", Meaning(intents=(("cancel_order", 0.3),)))
    assert asked.text.startswith(chat.pages.passages["收费吗"])
    assert asked.buttons == listed.buttons
    contact = await chat.contact()
    pending = contact.conversation.memory["pending"]
    assert pending is not None
    assert pending["kind"] == "order"
    assert "收费" not in pending["data"]["text"], "a question is no part of the wish"
