"""Messages that refuse, agree or answer, and say more besides; buttons that are answered in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nlu.acts import Act
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_tasks import YES, made
from tests.bot.conversation.test_with_the_model import real_model
from tests.fakes import Meaning, does, means

CANCELS = Meaning(intents=(("cancel_order", 0.97),), acts={Act.WITHDRAWS: 0.9}, wishes=())
"""Words with the word of the opposite in them, as a reader may take them."""


@pytest.fixture
async def late(new_chat: Callable[..., Chat]) -> Chat:
    """A customer who writes English and waits for a late parcel, before the shipped model."""
    understander, pages = real_model()
    chat = new_chat(understander=understander, pages=pages, language="en")
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o7", "A7000", "shipped", late=True, old=True))
    return chat


async def test_a_refusal_lets_go_of_what_it_refuses_and_of_nothing_else(bought: Chat) -> None:
    await bought.says("A8000 开发票 个人", "invoice_request")
    (invoice,) = await made(bought)
    await bought.says("A8000 取消", "cancel_order")
    bought.understander.script["取消"] = means("cancel_order")
    reply = said(await bought.says("别取消！", CANCELS))
    assert "保持不变" in reply
    assert [one.number for one in await made(bought)] == [invoice.number]
    await bought.says("好的", YES)
    assert [one.kind for one in await made(bought)] == ["invoice"], "nothing waits for a yes any more"


async def test_what_was_asked_for_is_taken_back_where_it_is_refused(bought: Chat) -> None:
    await bought.says("A8000 开发票 个人", "invoice_request")
    bought.understander.script["开发票了"] = means("invoice_request")
    reply = said(await bought.says("不用开发票了", means("invoice_request")))
    assert "撤回" in reply
    assert not await made(bought)


async def test_what_was_never_wished_is_asked_about(bought: Chat) -> None:
    await bought.says("A8000 开发票 个人", "invoice_request")
    bought.understander.script["换"] = means("exchange_request")
    reply = said(await bought.says("我没要换", Meaning(intents=(("deny", 0.4),), acts={}, wishes=())))
    assert "撤回" in reply
    assert reply.endswith("？")
    assert len(await made(bought)) == 1


async def test_a_yes_and_a_question_are_taken_one_after_the_other(bought: Chat) -> None:
    await bought.says("A8000 取消", "cancel_order")
    bought.understander.script["好"] = Meaning(intents=(("affirm", 0.9),), acts={Act.YES: 0.9}, wishes=())
    bought.understander.script["积分有多少？"] = means("membership_points")
    both = Meaning(intents=(("membership_points", 0.9),), acts={Act.YES: 0.9}, wishes=())
    reply = said(await bought.says("好，积分有多少？", both))
    assert [one.kind for one in await made(bought)] == ["cancel_order"]
    assert "320" in reply


async def test_a_no_before_a_question_is_no_end(bought: Chat) -> None:
    await bought.says("你好", "greeting")
    bought.understander.script["不是"] = means("deny")
    bought.understander.script["积分有多少？"] = means("membership_points")
    both = Meaning(intents=(("deny", 0.6),), acts={}, wishes=())
    assert "320" in said(await bought.says("不是，积分有多少？", both))


async def test_a_plain_word_for_what_is_asked_is_no_refusal(bought: Chat) -> None:
    await bought.says("A8000 取消", "cancel_order")
    denied = Meaning(intents=(("cancel_order", 0.95),), acts={Act.NO: 0.8}, wishes=())
    assert "取消订单 A8000" in said(await bought.says("那就取消嘛", denied)), (
        "the readings differ: asked again"
    )
    await bought.says("取消就是了", denied)
    assert [one.kind for one in await made(bought)] == ["cancel_order"]


async def test_an_amount_after_a_withdrawal_puts_right(bought: Chat) -> None:
    five = Meaning(intents=(("change_order", 0.9),), slots=(("item", "龙井茶"), ("quantity", "五个")))
    await bought.says("A8000 龙井茶改成五个", five)
    assert [one.kind for one in await made(bought)] == ["change_order"]
    bought.understander.script["三个就好"] = Meaning(
        intents=(("change_order", 0.3),), acts={}, wishes=(), slots=(("quantity", "三个"),)
    )
    rather = does(Act.WITHDRAWS, intent="change_order", slots=(("quantity", "三个"),))
    await bought.says("不了，三个就好", rather)
    (kept,) = await made(bought)
    assert "三个" in kept.details["wanted"]


@pytest.mark.parametrize("text", ["yes, go ahead", "yes chase them", "yes please, ask them", "Chase it"])
async def test_what_a_button_offers_is_done_by_words(late: Chat, text: str) -> None:
    await late.says("where is A7000?")
    await late.says(text)
    assert [(one.kind, one.order_number) for one in await made(late)] == [("chase_parcel", "A7000")]


@pytest.mark.parametrize("text", ["ok", "ok thanks", "no thanks", "how long does it take?", "don't chase it"])
async def test_what_agrees_to_nothing_presses_nothing(late: Chat, text: str) -> None:
    await late.says("where is A7000?")
    await late.says(text)
    assert not await made(late)


async def test_a_label_that_is_written_later_is_still_its_button(late: Chat) -> None:
    await late.says("where is A7000?")
    await late.says("how do I return something?")
    await late.says("chase it")
    assert [one.order_number for one in await made(late)] == ["A7000"]
