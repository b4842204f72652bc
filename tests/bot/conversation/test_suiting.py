"""Whether goods suit somebody, what is reduced by rule, and what a bare number is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bot.conversation.chat import Chat, said
from tests.fakes import FakePages, Meaning, means

ASKS = Meaning(intents=(("product_question", 0.9),), acts={}, wishes=(("product_question", ""),))
FIRMS = "公司采购满 20 件打 9 折。"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("陶瓷杯孕妇能用吗", "孕妇"),
        ("龙井茶里面有没有过敏的东西", "过敏"),
        ("龙井茶清真吗", "清真"),
    ],
)
async def test_the_pages_answer_whether_goods_suit_somebody(
    new_chat: Callable[..., Chat], text: str, entry: str
) -> None:
    chat = new_chat(pages=FakePages({entry: f"{entry}：请先看说明。"}))
    assert "请先看说明" in said(await chat.says(text, "product_question"))


async def test_they_do_in_the_middle_of_a_search(new_chat: Callable[..., Chat]) -> None:
    chat = new_chat(pages=FakePages({"孕妇": "孕妇：请先看说明。"}))
    await chat.says("推荐点茶 200以内", "recommend_request")
    reply = said(await chat.says("龙井茶 孕妇能喝吗", "product_question"))
    assert "请先看说明" in reply
    assert "仍然合适" not in reply


async def test_an_entry_about_something_else_is_no_answer(new_chat: Callable[..., Chat]) -> None:
    chat = new_chat(pages=FakePages({"孕妇": "营业时间是九点到六点。", "能喝": "茶要用八十度的水。"}))
    reply = said(await chat.says("龙井茶 过敏能喝吗", "product_question"))
    assert "八十度" not in reply
    assert "没写的请不要当作有或没有" in reply, "nothing is concluded"


async def test_what_is_reduced_for_firms_is_told_to_who_asks_for_it(new_chat: Callable[..., Chat]) -> None:
    chat = new_chat(pages=FakePages({"公司": FIRMS}))
    await chat.says("陶瓷杯多少钱", "price_question")
    reply = said(await chat.says("我们公司买有折扣吗", "discount_request"))
    assert FIRMS in reply
    assert "没有额外优惠" not in reply


async def test_a_number_that_is_a_size_is_no_price(chat: Chat) -> None:
    await chat.says("陶瓷杯多少钱", "price_question")
    sized = Meaning(
        intents=(("product_question", 0.6),), acts={}, wishes=(), slots=(("size", "36"), ("item", "拖鞋"))
    )
    assert "¥36" not in said(await chat.says("那拖鞋要 36 的 怎么样", sized))
    assert "¥36" in said(await chat.says("36 卖不卖", "discount_request"))


async def test_a_share_of_a_price_counts_nothing(chat: Chat) -> None:
    await chat.says("陶瓷杯多少钱", "price_question")
    told = Meaning(intents=(("discount_request", 0.9),), slots=(("quantity", "9"), ("quantity", "两个")))
    reply = said(await chat.says("打9折吧 要两个", told))
    assert "¥90.00" in reply, "two of them"
    assert "× 9" not in reply


async def test_a_sum_that_nothing_comes_near_to_is_none(chat: Chat) -> None:
    found = said(await chat.says("找杯子 大概3000", means("product_search")))
    assert "陶瓷杯" in found
    assert "3000" not in found
    assert "3,000" not in found
