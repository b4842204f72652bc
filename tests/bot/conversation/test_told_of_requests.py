"""What is told of a request or answers a question about one, though its words might ask something of an order."""

from __future__ import annotations

import pytest

from bot.conversation.phrases import asks
from nlu.acts import Act
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_tasks import ADDRESS, first, made, says
from tests.fakes import Meaning, does


async def _with_one_unsent(chat: Chat) -> None:
    await chat.link()
    for number in (7, 8):
        await chat.store.write(lambda c, n=number: shop.add_order(c, f"o{n}", f"A{n}000", "delivered"))
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "paid"))


async def test_how_many_in_all_adds_to_a_change_and_a_question_does_not(chat: Chat) -> None:
    await _with_one_unsent(chat)
    await chat.says("A9000 龙井茶多加一个", first("change_order", slots=(("quantity", "一个"),)))
    two = does(wishes=(("order_facts", "一共要两个"),), slots=(("quantity", "两个"),))
    assert "补充" in said(await chat.says("一共要两个", two))
    asked = does(wishes=(("order_facts", "三个一共多少钱"),), slots=(("quantity", "三个"),))
    assert "一共 ¥" in said(await chat.says("三个一共多少钱", asked))
    (one,) = await made(chat)
    assert "两个" in one.details["wanted"]
    assert "三个" not in one.details["wanted"]


async def test_an_order_that_was_not_listed_is_chosen_by_its_state(chat: Chat) -> None:
    await _with_one_unsent(chat)
    assert "哪个订单" in said(await chat.says("不想要了 退了吧", "return_request"))
    chosen = does(Act.GIVES, intent="order_status", wishes=(("order_status", "就是还没发货那单"),))
    reply = said(await chat.says("就是还没发货那单", chosen))
    assert "要取消订单 A9000" in reply
    assert "正在备货" not in reply


async def test_who_only_points_at_the_order_of_a_question_hears_the_question(bought: Chat) -> None:
    await says(bought, ADDRESS)
    only = first("order_status", acts={}, wishes=(), points=(0,))
    reply = said(await bought.says("就是还没发货那单", only))
    assert "收货信息" in reply
    assert "正在备货" not in reply


@pytest.mark.parametrize(
    "text", ["一共要两个", "make it two in total", "can you make it two?", "能改成两个吗"]
)
def test_what_is_wished_is_not_asked(text: str) -> None:
    assert not asks(text)


@pytest.mark.parametrize("text", ["一共多少钱", "in total?", "how much is it", "发货了吗"])
def test_what_is_asked(text: str) -> None:
    assert asks(text)


async def test_what_an_answer_plainly_wishes_is_the_meaning_chosen_with_what_it_tells(chat: Chat) -> None:
    await _with_one_unsent(chat)
    either = Meaning(intents=(("change_order", 0.27), ("return_request", 0.2)), acts={}, wishes=())
    assert "您是想问" in said(await chat.says("那个想换个颜色", either))
    black = Meaning(
        intents=(("change_order", 0.95),),
        acts={Act.GIVES: 0.9},
        wishes=(),
        slots=(("colour", "黑色"),),
        points=(1,),
    )
    chat.understander.script["那个想换个颜色\n换成黑色的"] = black
    await chat.says("换成黑色的", black)
    assert chat.last is not None
    assert "订单 A9000" in said(chat.last)
