"""What is asked or reported of something that the customer has bought is about that, not about any such goods."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from nlu.acts import Act
from storage.catalogue import Catalogue
from storage.orders import OrderLine, Orders, Parcel, ParcelLine
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_order_questions import changing, spoken_of
from tests.bot.conversation.test_tasks import made
from tests.fakes import Meaning, does

QUESTION = Meaning(intents=(("product_question", 0.9),))


async def _two_cups(connection: AsyncConnection) -> None:
    """Another cup of glass, which nobody has bought."""
    cup = await Catalogue(connection).get("p2")
    assert cup is not None
    glass = {"material": {"zh": ["材质", "玻璃"], "en": ["Material", "glass"]}}
    other = replace(cup, id="p9", code="P9", name_zh="玻璃杯", name_en="Glass Cup", attributes=glass)
    await Catalogue(connection).put_many([other])


@pytest.mark.parametrize(
    "text", ["what material is my cup", "the cup I bought, what material is it", "我买的那个杯子是什么材质"]
)
async def test_ones_own_cup_is_the_one_that_was_bought(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(_two_cups)
    answer = said(await chat.says(text, QUESTION))
    assert "clay" in answer or "陶" in answer
    assert "glass" not in answer
    assert "玻璃" not in answer


async def test_of_goods_named_alike_the_one_that_was_bought_is_meant(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_two_cups)
    answer = said(await chat.says("what material is the cup", QUESTION))
    assert "clay" in answer


async def test_who_wants_to_buy_is_not_told_of_what_they_have(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_two_cups)
    answer = said(await chat.says("how much is a cup", "price_question"))
    assert "Glass Cup" in answer


async def test_whether_an_ordered_thing_is_in_stock_is_told_of_it(chat: Chat) -> None:
    await spoken_of(chat)
    await chat.store.write(
        changing("o1", lines=(OrderLine(product_id="p3", quantity=1, unit_price=9900),), status="paid")
    )
    asks = Meaning(intents=(("stock_question", 0.9),), points=(0,))
    assert "竹茶盘" in said(await chat.says("缺货了是吗", asks))


async def test_a_report_that_is_hardly_heard_is_asked_about_and_no_search(chat: Chat) -> None:
    await chat.link()
    hardly = Meaning(intents=(("item_problem", 0.25),), wishes=())
    answer = said(await chat.says("杯子少了一只", hardly))
    assert "A1019" in answer
    assert not await made(chat), "nothing is filed on a guess"
    await chat.says("对", does(Act.YES))
    assert [one.kind for one in await made(chat)] == ["item_problem"]


async def test_what_is_called_only_to_say_which_it_is_is_no_trouble(chat: Chat) -> None:
    await chat.link()
    await chat.says("the tea, not the cup", "item_problem")
    assert not await made(chat)


async def test_what_is_in_a_parcel_on_its_way_is_not_reported_missing(chat: Chat) -> None:
    await chat.link()
    async with chat.store.read() as connection:
        order = await Orders(connection).get("o1")
    assert order is not None
    way = order.parcels[0]
    came: Parcel = replace(
        way, id="x7", status="delivered", delivered_at=shop.NOW, lines=(ParcelLine(product_id="p1"),)
    )
    boxes = (came, replace(way, lines=(ParcelLine(product_id="p2"),)))
    await chat.store.write(changing("o1", parcels=boxes, placed_at=shop.NOW - timedelta(days=3)))
    answer = said(await chat.says("A1024 包裹里没有陶瓷杯", "item_problem"))
    assert "SF100200300" in answer
    assert not await made(chat)


async def test_what_is_asked_of_an_ordered_thing_is_told_and_not_its_order(chat: Chat) -> None:
    await spoken_of(chat)
    asks = Meaning(intents=(("order_facts", 0.5), ("product_question", 0.4)))
    answer = said(await chat.says("杯子是什么材质的", asks))
    assert "陶" in answer
    assert "¥173.00" not in answer


@pytest.mark.parametrize("text", ["A1019 那单", "A1019, that one"])
async def test_which_order_a_rule_was_asked_for_hears_the_rule_and_no_status(chat: Chat, text: str) -> None:
    await chat.link()
    chat.pages.passages = {"退": "拆封的不能退。", "return": "Nothing opened comes back."}
    await chat.says("能退吗 / can I return it?", "return_policy")
    answer = said(await chat.says(text, Meaning(intents=(("chitchat", 0.1),), wishes=())))
    assert "拆封的不能退" in answer or "Nothing opened" in answer
    assert "已签收" not in answer


async def test_whether_a_trouble_is_covered_is_told_by_the_rule_and_files_nothing(chat: Chat) -> None:
    await chat.link()
    chat.pages.passages = {"covered": "Wear is not covered."}
    asks = Meaning(intents=(("item_problem", 0.8), ("warranty_repair", 0.6)))
    assert "Wear is not covered." in said(await chat.says("my cup is chipped, that's covered, right?", asks))
    assert not await made(chat)
