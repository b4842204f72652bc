"""Which order or product is meant by the goods, numbers and places that a message names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from nlu.acts import Act
from nlu.types import DialogueContext, Entity, EntityKind, Understanding
from storage.catalogue import Catalogue
from storage.orders import OrderLine, Orders
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, kept, said
from tests.bot.conversation.test_finding import kettles
from tests.fakes import Meaning, ScriptedUnderstander, does

BOTH = does(Act.GIVES, points=(0, 1))


async def _scarf_and_tray(connection: AsyncConnection) -> None:
    """Two orders of one line each, neither of which holds what the others do."""
    catalogue, orders = Catalogue(connection), Orders(connection)
    cup, shipped = await catalogue.get("p2"), await orders.get("o1")
    assert cup is not None
    assert shipped is not None
    scarf = replace(cup, id="w1", code="W1", name_zh="羊毛围巾 红色", name_en="Wool scarf, red")
    await catalogue.put_many([scarf])
    for number, (product, status) in enumerate((("w1", "paid"), ("p3", "delivered"))):
        line = OrderLine(product_id=product, quantity=1, unit_price=4500)
        more = {"status": status, "parcels": (), "lines": (line,)}
        placed = shop.NOW - timedelta(days=5 + number)
        new = replace(shipped, id=f"w{number}", number=f"W100{number}", placed_at=placed, **more)  # type: ignore[arg-type]
        await orders.put_many([new])


@pytest.mark.parametrize("text", ["cancel my scarf order", "围巾 那单 取消", "我的 羊毛围巾 不要了"])
async def test_the_goods_named_say_which_order_is_meant(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.says("A1024 到哪了", "order_status")
    assert "W1000" in said(await chat.says(text, "cancel_order"))


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("can you add a scarf", "change_order"),
        ("再加 一条 围巾", "change_order"),
        ("the box came late, cancel it", "cancel_order"),
        ("取消 吧", "cancel_order"),
    ],
)
async def test_the_order_spoken_of_stays_where_no_other_is_named(chat: Chat, text: str, read_as: str) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.says("A1024 到哪了", "order_status")
    assert "A1024" in said(await chat.says(text, read_as))


async def test_an_order_of_a_list_is_chosen_by_what_is_in_it(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.commands("orders")
    unsure = Meaning(intents=(("order_status", 0.5), ("item_problem", 0.3)))
    assert "W1000" in said(await chat.says("the scarf one. is it shipped", unsure))


async def test_other_goods_in_place_of_the_reason_are_another_order(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.says("A1019 想退货", "return_request")
    await chat.says("A1024 到哪了", does(Act.ASIDE, wishes=(("order_status", "A1024 到哪了"),)))
    other = does(Act.CORRECTS, slots=(("order", "W1001"),))
    assert "W1001" in said(await chat.says("不是，是 W1001 那单", other))
    assert not await kept(chat)


@pytest.mark.parametrize(
    ("text", "meaning", "answer"),
    [
        ("do you have it in black", "stock_question", "Kettle, black"),
        ("how much is it now", "price_question", "¥45.00"),
        ("烫不烫", "product_question", "电热水壶 白色"),
    ],
)
async def test_what_is_alone_in_the_order_spoken_of_is_meant(
    chat: Chat, text: str, meaning: str, answer: str
) -> None:
    async def bought(connection: AsyncConnection) -> None:
        await kettles(connection)
        order = await Orders(connection).get("o1")
        assert order is not None
        line = OrderLine(product_id="k0", quantity=1, unit_price=4500)
        await Orders(connection).put_many([replace(order, lines=(line,))])

    await chat.link()
    await chat.store.write(bought)
    await chat.says("龙井茶还有货吗", "stock_question")
    await chat.says("A1024 到哪了", "order_status")
    assert answer in said(await chat.says(text, meaning))


async def test_of_several_things_in_an_order_it_is_asked_which_is_meant(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1024 到哪了", "order_status")
    reply = await chat.says("how much is it now", "price_question")
    assert reply is not None
    assert [card.product_id for card in reply.cards] == ["p1", "p2"]


async def test_other_goods_than_those_in_the_order_are_looked_for(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.says("W1000 到哪了", "order_status")
    assert "陶瓷杯" in said(await chat.says("陶瓷 杯子 有 吗", "stock_question"))


@dataclass
class _Unsure(ScriptedUnderstander):
    """Takes any number for an order's, with as little certainty as the real one."""

    def _one(self, text: str, dialogue: DialogueContext | None) -> Understanding:
        found = [
            Entity(kind=EntityKind.ORDER_NUMBER, text=match[0], value=match[0], start=0, end=0, score=0.5)
            for match in re.finditer(r"\d{4,}", text)
        ]
        return replace(super()._one(text, dialogue), entities=tuple(found))


@pytest.mark.parametrize(
    ("text", "number"), [("bill 12345 please", "A1024"), ("bill for 77001 please", "77001")]
)
async def test_a_number_that_may_be_anything_is_an_order_only_where_there_is_one(
    new_chat: Callable[..., Chat], text: str, number: str
) -> None:
    chat = new_chat(understander=_Unsure())
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o77", "77001", "delivered"))
    await chat.says("where is my parcel", "order_status")
    reply = said(await chat.says(text, "invoice_request"))
    assert number in reply
    assert "12345" not in reply


@pytest.mark.parametrize("text", ["VAT A1019", "tax number: A1019", "税号 A1019", "纳税人识别号是A1019"])
async def test_a_tax_number_names_no_order(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.says("A1024 到哪了", "order_status")
    reply = said(await chat.says(text, "invoice_request"))
    assert "A1024" in reply
    assert "A1019" not in reply


@pytest.mark.parametrize(
    ("place", "number", "product"),
    [("刚才那第一个呢", 2, "龙井茶"), ("what about the second from before", 3, "Ceramic Cup")],
)
async def test_a_product_that_is_pointed_at_is_no_meaning(
    chat: Chat, place: str, number: int, product: str
) -> None:
    await chat.link()
    await chat.says("推荐一下", "recommend_request")
    between = Meaning(intents=(("return_policy", 0.2), ("order_status", 0.19)), understood=False)
    assert "您是想问" in said(await chat.says("就那个啥来着", between))
    assert product in said(await chat.says(place, does(points=(number,))))


@pytest.mark.parametrize("text", ["第一个", "1", "the first one please", "选第一个吧", "option 1"])
async def test_a_place_alone_picks_one_of_the_meanings(chat: Chat, text: str) -> None:
    await chat.link()
    between = Meaning(intents=(("order_status", 0.2), ("return_policy", 0.19)), understood=False)
    await chat.says("那个咋样了啊", between)
    assert "A1024" in said(await chat.says(text, does(Act.GIVES, points=(0,))))
