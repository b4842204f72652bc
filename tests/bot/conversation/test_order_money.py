"""Whether an order is paid, packed, what was paid for one kind of goods, and what a refund is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nlu.acts import Act
from storage.orders import OrderLine
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_order_questions import FACTS, STATUS, changing
from tests.bot.conversation.test_tasks import made
from tests.fakes import Meaning, does

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("did you get my payment for A1024?", "Yes, we have it"), ("A1024 付款成功了吗", "收到了")],
)
async def test_whether_the_money_has_come_is_said_with_its_day(chat: Chat, text: str, verdict: str) -> None:
    await chat.link()
    await chat.store.write(changing("o1", paid_at=shop.NOW - 4 * DAY, payment_method="card"))
    answer = said(await chat.says(text, STATUS))
    assert answer.startswith(verdict)
    assert "SF100200300" not in answer, "that is no question of where it is"


async def test_what_is_not_paid_is_said_to_be_so(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "placed"))
    assert "未付款" in said(await chat.says("A9000 付款成功了吗", STATUS))


@pytest.mark.parametrize(
    ("status", "text", "verdict"),
    [("packed", "is it packed already?", "is packed already"), ("paid", "已经打包了吗", "还没有打包")],
)
async def test_whether_it_is_packed_is_answered_though_a_request_is_open(
    chat: Chat, status: str, text: str, verdict: str
) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", status))
    await chat.says("A9000 我要取消", "cancel_order")
    await chat.says("对", does(Act.YES))
    assert await made(chat)
    asks = Meaning(intents=(("order_status", 0.8),), acts={Act.ASKS_STATE: 0.6}, wishes=())
    answer = said(await chat.says(text, asks))
    assert "A9000" in answer
    assert verdict in answer


async def test_what_was_paid_for_one_kind_of_goods_is_the_sum_of_its_lines(chat: Chat) -> None:
    await chat.link()
    answer = said(await chat.says("how much did I pay for all cups", FACTS))
    assert "¥90.00 for 2 items" in answer
    assert "¥346.00" not in answer


async def _back_for_the_cup(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(changing("o2", refunds=(shop.refund("approved"),)))


async def test_a_refund_of_one_thing_does_not_answer_for_another(chat: Chat) -> None:
    await _back_for_the_cup(chat)
    wish = "I want to send the tea back, it tastes stale"
    await chat.says(f"A1019: {wish}", does(Act.ASIDE, intent="return_request", wishes=(
        ("return_request", wish),), slots=(("reason", "it tastes stale"),)))  # fmt: skip
    assert [(one.kind, one.order_number) for one in await made(chat)] == [("return", "A1019")]


async def test_a_refund_answers_for_what_it_is_for(chat: Chat) -> None:
    await _back_for_the_cup(chat)
    answer = said(await chat.says("A1019: I want to send the cup back", "return_request"))
    assert "¥45.00" in answer
    assert not await made(chat)


@pytest.mark.parametrize("text", ["how long until I see the money", "退款几天到账"])
async def test_when_a_refund_comes_is_told_by_the_shops_rule_first(chat: Chat, text: str) -> None:
    await _back_for_the_cup(chat)
    chat.pages.passages = {"多久": "Five working days.", "how long until i get": "Five working days."}
    answer = said(await chat.says(text, "refund_status"))
    assert "Five working days." in answer.splitlines()
    assert "¥45.00" in answer


async def test_a_reason_in_the_other_language_is_quoted_as_the_shops_words(chat: Chat) -> None:
    await chat.link()
    told = replace(shop.refund("approved"), reason="The lid was cracked")
    await chat.store.write(changing("o2", refunds=(told,)))
    assert "“The lid was cracked”" in said(await chat.says("A1019 的退款呢", "refund_status"))


async def test_what_was_kept_of_a_total_is_said(chat: Chat) -> None:
    await chat.link()
    line = OrderLine(product_id="p1", quantity=1, unit_price=12800)
    back = replace(shop.refund("paid"), amount=12000)
    await chat.store.write(changing("o2", status="returned", total=12800, lines=(line,), refunds=(back,)))
    answer = said(await chat.says("A1019 退了扣了多少", FACTS))
    assert "¥8.00" in answer
