"""Nobody learns anything about an order before they have proved whose it is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.linking import guessing
from bot.messages import IncomingKind, Reply
from storage.schema import message
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, said

NewChat = Callable[..., Chat]


async def test_a_stranger_is_asked_for_two_facts_and_then_gets_the_answer(chat: Chat) -> None:
    assert "手机号后四位" in said(await chat.says("A1024 到哪了", "order_status"))
    text = said(await chat.says("5678"))
    assert "王小明" in text
    assert "顺丰" in text, "the wish is answered without being asked again"
    assert (await chat.contact()).customer_id == "c1"


async def test_both_facts_may_come_at_once_or_the_mail_instead(new_chat: NewChat) -> None:
    one = new_chat(address="1")
    await one.says("查订单", "order_status")
    assert "顺丰" in said(await one.says("A1024 5678"))
    two = new_chat(address="2")
    await two.says("查订单", "order_status")
    assert "邮箱" in said(await two.says("订单号 A1024"))
    assert "顺丰" in said(await two.says("ming@example.com"))


@pytest.mark.parametrize(
    "messages",
    [
        ("10234567 5678",),
        ("5678 10234567",),
        ("订单号10234567，尾号5678",),
        ("10234567", "10234567 尾号 5678"),
        ("138 0000 5678", "10234567"),
        ("10239999", "10234567", "5678"),
        ("it's 10234567 and the phone is +86 138 0000 5678",),
    ],
)
async def test_facts_are_found_however_they_are_said(chat: Chat, messages: tuple[str, ...]) -> None:
    await chat.store.write(lambda c: shop.add_order(c, "o5", "10234567", "paid"))
    await chat.says("查订单", "order_status")
    for text in messages:
        await chat.says(text)
    assert (await chat.contact()).customer_id == "c1"


@pytest.mark.parametrize("text", ["500元卖不卖", "耳机要 ¥616 吗", "打到850块行吗"])
async def test_a_sum_is_no_order_number(chat: Chat, text: str) -> None:
    await chat.says("查订单", "order_status")
    asked_for_the_second_fact = said(await chat.says("A1024"))
    await chat.says("查订单", "order_status")
    assert said(await chat.says(text)) != asked_for_the_second_fact


async def test_the_limit_holds_and_offers_a_person(chat: Chat) -> None:
    await chat.says("查订单", "order_status")
    for _ in range(5):
        assert "对不上" in said(await chat.says("A1024 0000"))
    text = said(await chat.says("A1024 5678"))
    assert "次数太多" in text


async def test_who_comes_while_others_guess_is_offered_a_person(
    new_chat: NewChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "_IN_ALL", replace(guessing._IN_ALL, burst=1))
    monkeypatch.setattr(guessing, "NEAR", 1)
    guesser, customer = new_chat(address="1"), new_chat(address="2")
    for chat in (guesser, customer):
        await chat.says("查订单", "order_status")
    assert "对不上" in said(await guesser.says("A1024 0000"))
    told = await customer.says("A1024 5678")
    assert "暂时不能核对" in said(told)
    assert action(told, "human:") == "human:ask"


async def test_guesses_count_against_the_client_they_come_from(
    new_chat: NewChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "WRONG_OF_A_CLIENT", 1)
    for address, client, answer in (("1", "x", "对不上"), ("2", "x", "次数太多"), ("3", "y", "顺丰")):
        chat = new_chat(address=address)
        await chat.says("查订单", "order_status")
        digits = "0000" if address == "1" else "5678"
        told = await chat.does(IncomingKind.TEXT, text=f"A1024 {digits}", client=client)
        assert answer in said(told)


async def test_a_deep_link_links_and_stays_out_of_the_history(chat: Chat) -> None:
    token, _ = await chat.store.write(
        lambda connection: chat.linker.deep_link_token(connection, "c1", chat.now)
    )
    assert "王小明" in said(await chat.does(IncomingKind.START, payload=token))
    assert (await chat.contact()).customer_id == "c1"
    async with chat.store.read() as connection:
        kept = (await connection.execute(select(message.c.text, message.c.payload))).all()
    assert token not in str(kept)


async def test_a_forged_or_used_link_is_refused(new_chat: NewChat) -> None:
    first, second = new_chat(address="1"), new_chat(address="2")
    token, _ = await first.store.write(
        lambda connection: first.linker.deep_link_token(connection, "c1", first.now)
    )
    await first.does(IncomingKind.START, payload=token)
    assert "不能用了" in said(await second.does(IncomingKind.START, payload=token))
    assert "不能用了" in said(await second.does(IncomingKind.START, payload="l-forged"))
    assert (await second.contact()).customer_id is None


async def test_whom_the_site_vouches_for_is_linked(chat: Chat) -> None:
    text = said(await chat.does(IncomingKind.TEXT, text="你好", signed_in_as="c1"))
    assert text
    assert (await chat.contact()).customer_id == "c1"


async def test_a_customer_the_site_made_up_is_not(chat: Chat) -> None:
    await chat.does(IncomingKind.TEXT, text="你好", signed_in_as="nobody")
    assert (await chat.contact()).customer_id is None


_numbers = itertools.count()
REAL, MADE_UP = "A1024", "A7777"
WISHES = (
    ("order_status", "{n} 到哪了"),
    ("delivery_time", "when will {n} arrive"),
    ("cancel_order", "取消订单 {n}"),
    ("change_address", "{n} 换个地址"),
    ("return_request", "return {n}"),
    ("refund_status", "{n} 的退款呢"),
    ("delivery_problem", "{n} 丢了"),
    ("invoice_request", "{n} 开发票"),
    ("price_protection", "{n} 降价了"),
    ("leave_review", "评价 {n}"),
    ("item_problem", "{n} is broken"),
)
BUTTONS = (
    "order:show:{id}",
    "change:cancel-yes:{id}",
    "return:start:{id}",
    "refund:status:{id}",
    "parcel:chase:{id}",
    "invoice:personal:{id}",
    "protect:ask:{id}",
    "review:5:{id}",
)


async def _dialogue(
    chat: Chat, number: str, order_id: str, wishes: list[int], presses: list[int], fact: str
) -> list[Reply | None]:
    replies = []
    for index in wishes:
        intent, text = WISHES[index]
        replies.append(await chat.says(text.format(n=number), intent))
    replies += [await chat.presses(BUTTONS[index].format(id=order_id)) for index in presses]
    replies.append(await chat.says(f"{number} {fact}"))
    return replies


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wishes=st.lists(st.integers(0, len(WISHES) - 1), max_size=3),
    presses=st.lists(st.integers(0, len(BUTTONS) - 1), max_size=2),
    fact=st.sampled_from(["0000", "nobody@example.com", "abc", ""]),
)
async def test_a_strangers_replies_do_not_depend_on_whether_the_order_exists(
    new_chat: NewChat, wishes: list[int], presses: list[int], fact: str
) -> None:
    number = next(_numbers)
    real, made_up = new_chat(address=f"real-{number}"), new_chat(address=f"made-up-{number}")
    seen = await _dialogue(real, REAL, "o1", wishes, presses, fact)
    other = await _dialogue(made_up, MADE_UP, "o77", wishes, presses, fact)
    assert [_without(reply, REAL, "o1") for reply in seen] == [
        _without(reply, MADE_UP, "o77") for reply in other
    ]


def _without(reply: Reply | None, number: str, order_id: str) -> str:
    # Whoever is handed over has a case of their own.
    return re.sub(r"C-\d+", "C-", repr(reply)).replace(number, "N").replace(order_id, "ID")


@pytest.mark.parametrize(("intent", "text"), WISHES)
async def test_no_wish_about_an_order_is_answered_to_a_stranger(chat: Chat, intent: str, text: str) -> None:
    answer = said(await chat.says(text.format(n=REAL), intent))
    assert "顺丰" not in answer
    assert "龙井" not in answer
    assert "Longjing" not in answer


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Can I still change the address?", "change_address"),
        ("还能改地址吗", "change_address"),
        ("能开发票吗", "invoice_request"),
        ("怎么取消订单", "cancel_order"),
        ("can I swap it", "exchange_request"),
        ("a cup is cracked, by when do you want to hear of it", "delivery_problem"),
        ("the courier rang while we were out, is there a second try", "order_status"),
    ],
)
async def test_a_stranger_hears_the_rule_before_they_are_asked_who_they_are(
    chat: Chat, text: str, intent: str
) -> None:
    chat.pages.passages[text] = "That is the rule."
    answer = said(await chat.says(text, intent))
    _, rule, who = answer.partition("That is the rule.")
    assert rule
    assert "手机号后四位" in who or "last four digits" in who
    assert "王小明" in said(await chat.says("A1024 5678")), "and goes on once it is known"


@pytest.mark.parametrize(
    ("text", "intent"), [("where is my order", "order_status"), ("A1024 改地址", "change_address")]
)
async def test_what_is_of_one_order_alone_is_answered_by_no_rule(chat: Chat, text: str, intent: str) -> None:
    chat.pages.passages[text] = "That is the rule."
    assert "rule" not in said(await chat.says(text, intent))
