"""What is asked of money that goes back: which refund, how much in all, why not, and to where."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nlu.acts import Act
from storage.orders import Refund
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning, does

DAY = timedelta(days=1)
STATUS = Meaning(intents=(("refund_status", 0.9),))
SHORT = Meaning(intents=(("product_question", 0.2),), wishes=())
DECLINED: Refund = replace(
    shop.refund("declined"), id="r1", decided_at=shop.NOW - DAY, decision_reason="The cup came back used."
)


async def _three(chat: Chat) -> None:
    await chat.link()
    paid = replace(shop.refund("paid"), id="r2", amount=12_800)
    coming = replace(shop.refund("approved"), id="r3", amount=4_500)
    for place, one in enumerate((DECLINED, paid, coming)):
        await chat.store.write(
            lambda c, n=place, one=one: shop.add_order(
                c, f"o{n + 4}", f"A{n + 4}000", "delivered", refunds=(one,)
            )
        )


@pytest.mark.parametrize("text", ["一共退了我多少钱", "how much have you refunded altogether"])
async def test_how_much_comes_back_in_all_is_paid_and_still_to_come(chat: Chat, text: str) -> None:
    await _three(chat)
    answer = said(await chat.says(text, STATUS))
    assert "¥128.00" in answer
    assert "¥45.00" in answer
    assert "¥173.00" not in answer


@pytest.mark.parametrize("text", ["my refunds please", "我的几笔退款"])
async def test_each_of_several_is_told_with_the_reason_of_a_declined_one(chat: Chat, text: str) -> None:
    await _three(chat)
    answer = said(await chat.says(text, STATUS))
    assert all(number in answer for number in ("A4000", "A5000", "A6000"))
    assert "The cup came back used." in answer


async def test_the_refund_of_the_order_that_is_named_is_told(chat: Chat) -> None:
    await _three(chat)
    assert "¥128.00" in said(await chat.says("A5000 的退款呢", STATUS))
    assert "A6000" in said(await chat.says("那 A6000 呢", SHORT)), "the same is asked of another"


async def test_the_reason_comes_first_where_it_is_asked_for(chat: Chat) -> None:
    await _three(chat)
    answer = said(await chat.says("why was the refund for A4000 declined?", STATUS))
    assert answer.startswith("The reason given: The cup came back used.")


@pytest.mark.parametrize("text", ["A4000 凭什么这样", "A4000: why this, I ask you"])
async def test_why_nothing_came_back_needs_no_word_for_it_where_the_order_is_named(
    chat: Chat, text: str
) -> None:
    await _three(chat)
    assert "The cup came back used." in said(await chat.says(text, "complaint"))


@pytest.mark.parametrize("text", ["paid to where", "just 128 was it"])
async def test_what_follows_a_refund_is_asked_of_it(chat: Chat, text: str) -> None:
    await _three(chat)
    await chat.says("A5000 的退款呢", STATUS)
    assert "微信支付" in said(await chat.says(text, SHORT))


async def test_where_the_money_goes_follows_a_refund(chat: Chat) -> None:
    await _three(chat)
    await chat.says("A5000 的退款呢", STATUS)
    assert "微信支付" in said(await chat.says("退到哪张卡", STATUS))


async def test_what_was_never_paid_back_is_said_to_be_so(chat: Chat) -> None:
    await _three(chat)
    answer = said(await chat.says("A1019 的退款到了吗", STATUS))
    assert "A1019" in answer
    assert "没有退款记录" in answer


async def test_a_yes_to_the_refund_that_is_offered_asks_for_it(chat: Chat) -> None:
    await chat.link()
    offered = await chat.says("A1024 的退款到哪了", "refund_status")
    assert said(offered).endswith("需要申请退款吗？")
    assert "申请退款" in said(await chat.says("好的", does(Act.YES)))
    contact = await chat.contact()
    assert [task["name"] for task in contact.conversation.memory["tasks"]] == ["refund"]


async def test_a_no_to_the_refund_that_is_offered_asks_for_nothing(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1024 的退款到哪了", "refund_status")
    await chat.says("不用了", does(Act.NO))
    contact = await chat.contact()
    assert not contact.conversation.memory.get("tasks")
    assert not contact.conversation.memory.get("pending")


@pytest.mark.parametrize(
    "text",
    [
        "how much came back for the cup",
        "did you ever pay that back",
        "did I get all of it back",
        "补偿我的钱到账没",
    ],
)
async def test_money_that_went_back_is_heard_however_it_is_called(chat: Chat, text: str) -> None:
    await chat.link()
    paid = replace(shop.refund("paid"), id="r2", amount=12_800)
    await chat.store.write(lambda c: shop.add_order(c, "o4", "A4000", "returned", refunds=(paid,)))
    assert "¥128.00" in said(await chat.says(text, Meaning(intents=(("price_question", 0.5),), wishes=())))


async def test_why_not_all_came_back_says_how_much_less(chat: Chat) -> None:
    await chat.link()
    paid = replace(shop.refund("paid"), id="r2", amount=12_800)
    await chat.store.write(lambda c: shop.add_order(c, "o4", "A4000", "returned", refunds=(paid,)))
    await chat.says("A4000 的退款呢", STATUS)
    assert "¥45.00" in said(await chat.says("怎么不是173", SHORT))


async def test_what_is_approved_is_said_not_to_be_paid_yet(chat: Chat) -> None:
    await _three(chat)
    assert "还没到账" in said(await chat.says("A6000 的退款到账了么", STATUS))


async def test_what_was_paid_back_is_named_by_the_reason(chat: Chat) -> None:
    await chat.link()
    for number, reason in (("A4000", "Squashed on one side"), ("A5000", "Wrong colour")):
        paid = replace(shop.refund("paid"), id=number, reason=reason)
        await chat.store.write(
            lambda c, n=number, one=paid: shop.add_order(c, n, n, "delivered", refunds=(one,))
        )
    answer = said(await chat.says("how much came back for the squashed cup", STATUS))
    assert "A4000" in answer
    assert "A5000" not in answer
