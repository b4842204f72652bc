"""An order is meant by its state, its parcel's way, its goods or the end of its number; no other is acted on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from nlu.acts import Act
from storage.orders import OrderLine, Orders, Scan
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_order_questions import STATUS, changing
from tests.bot.conversation.test_tasks import made
from tests.fakes import Meaning, does

LATE = "A9000"


async def _one_late(chat: Chat) -> None:
    """One order on its way, another that should have come."""
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", LATE, "shipped", late=True, old=True))


async def _with(chat: Chat, **changed: Any) -> None:
    """An order that has not left, changed so."""

    async def work(connection: AsyncConnection) -> None:
        known = await Orders(connection).get("o2")
        assert known is not None
        values: dict[str, Any] = {
            "id": "o7",
            "number": "A7000",
            "status": "paid",
            "placed_at": shop.NOW - timedelta(days=2),
        }
        await Orders(connection).put_many([replace(known, parcels=(), **{**values, **changed})])

    await chat.store.write(work)


@pytest.mark.parametrize(
    ("text", "number"),
    [("晚的那个", LATE), ("迟到的", LATE), ("the late one", LATE), ("就是还没发的那个", "A7000")],
)
async def test_a_state_picks_from_the_orders_that_are_listed(chat: Chat, text: str, number: str) -> None:
    await _one_late(chat)
    await _with(chat)
    assert "A1024" in said(await chat.says("我的东西呢", "order_status"))
    answer = said(await chat.says(text, does(Act.GIVES)))
    assert number in answer
    assert "A1024" not in answer


async def test_what_a_parcels_scan_says_picks_its_order(chat: Chat) -> None:
    await chat.link()
    await _with(chat)
    at_neighbours = Scan(
        at=shop.NOW - timedelta(days=15), text_zh="已签收，邻居代收", text_en="With a neighbour"
    )
    async with chat.store.read() as connection:
        order = await Orders(connection).get("o2")
    assert order is not None
    box = replace(order.parcels[0], scans=(at_neighbours,))
    await chat.store.write(changing("o2", parcels=(box,)))
    assert "A1019" in said(await chat.says("邻居代收的是哪一单", STATUS))


async def test_what_is_wished_of_the_late_one_is_wished_of_no_other(chat: Chat) -> None:
    await _one_late(chat)
    await chat.says("A1024 到哪了", "order_status")
    wish = "催一下晚的那单"
    await chat.says(wish, does(Act.ASIDE, intent="chase_parcel", wishes=(("chase_parcel", wish),)))
    assert [one.order_number for one in await made(chat)] == [LATE]


async def test_an_order_spoken_of_is_not_left_for_another_that_the_wish_fits(chat: Chat) -> None:
    await chat.link()
    await _with(chat)
    await chat.says("A1024 到哪了", "order_status")
    answer = said(await chat.says("里面的杯子换成大的", "change_order"))
    assert "A1024" in answer
    assert not [one for one in await made(chat) if one.order_number == "A7000"]


async def test_a_question_that_follows_a_wish_does_not_choose_its_order(chat: Chat) -> None:
    await _one_late(chat)
    await _with(chat, lines=(OrderLine(product_id="p3", quantity=1, unit_price=9900),), status="shipped")
    await chat.says(f"{LATE} 到哪了", "order_status")
    await chat.says("催一下。竹茶盘呢？", "chase_parcel")
    assert [one.order_number for one in await made(chat)] == [LATE]


@pytest.mark.parametrize("text", ["1024 到哪了", "n 1024"])
async def test_the_end_of_a_number_names_an_order(chat: Chat, text: str) -> None:
    await _one_late(chat)
    await chat.says(f"{LATE} 到哪了", "order_status")
    assert "A1024" in said(await chat.says(text, Meaning(intents=(("out_of_scope", 0.2),), wishes=())))


async def test_two_numbers_are_both_told_of(chat: Chat) -> None:
    await _one_late(chat)
    answer = said(await chat.says("A1024 和 A9000 到哪了", STATUS))
    assert "A1024" in answer
    assert LATE in answer


@pytest.mark.parametrize("text", ["which of my orders haven't arrived yet", "哪些订单还没到"])
async def test_which_orders_have_not_come_is_a_list_of_them(chat: Chat, text: str) -> None:
    await _one_late(chat)
    answer = said(await chat.says(text, STATUS))
    assert "A1024" in answer
    assert LATE in answer
    assert "A1019" not in answer, "that came"


async def test_what_is_stuck_is_what_is_late(chat: Chat) -> None:
    await _one_late(chat)
    answer = said(await chat.says("my parcel isn't coming", "delivery_problem"))
    assert LATE in answer
    assert "A1024" not in answer


async def test_what_is_denied_names_no_order(chat: Chat) -> None:
    await chat.link()
    await _with(chat, lines=(OrderLine(product_id="p3", quantity=1, unit_price=9900),))
    await chat.store.write(changing("o1", lines=(OrderLine(product_id="p2", quantity=1, unit_price=4500),)))
    answer = said(await chat.says("where is the tray, not the cup", STATUS))
    assert "A7000" in answer


async def test_a_place_names_an_order_in_either_language(chat: Chat) -> None:
    await _one_late(chat)
    await _with(chat, ship_to={**shop.ADDRESS, "city": "北京"}, status="delivered")
    assert "A7000" in said(await chat.says("which address did the Beijing order go to", STATUS))


async def test_the_day_that_it_is_due_names_an_order(chat: Chat) -> None:
    await _one_late(chat)
    coming = Meaning(intents=(("delivery_time", 0.9),), day=("明天", "2026-11-26"))
    answer = said(await chat.says("明天要到的是哪个", coming))
    assert "A1024" in answer
    assert LATE not in answer


@pytest.mark.parametrize("text", ["who signed for my parcel back in May", "五月那单谁签的"])
async def test_a_month_names_an_order_whatever_else_it_may_mean(chat: Chat, text: str) -> None:
    await _one_late(chat)
    async with chat.store.read() as connection:
        order = await Orders(connection).get("o2")
    assert order is not None
    may = shop.NOW - timedelta(days=190)
    await _with(chat, placed_at=may, status="delivered")
    assert "A7000" in said(await chat.says(text, STATUS))


async def test_how_many_parcels_it_came_in_names_an_order(chat: Chat) -> None:
    await _one_late(chat)
    async with chat.store.read() as connection:
        order = await Orders(connection).get("o1")
    assert order is not None
    box = order.parcels[0]
    second = replace(box, id="x7", tracking_number="SF7", status="delivered", delivered_at=shop.NOW)
    await chat.store.write(changing("o1", parcels=(box, second)))
    answer = said(await chat.says("两个包裹里已经到的那个单号发我", STATUS))
    assert "SF7" in answer
    assert "SF100200300" not in answer
