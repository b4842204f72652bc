"""What belongs to a customer: points with where they came from, addresses to choose from, what is held about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.consents import MARKETING
from storage.customers import Consents, Customers
from storage.points import PointChange, Points
from storage.requests import Requests
from storage.schema import consent
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, buttons, said
from tests.fakes import Meaning

OFFICE = {"label": "公司", "recipient": "王小明", "city": "上海", "line": "南京路 2 号"}


async def with_history(connection: AsyncConnection, customer_id: str = "c1") -> None:
    """Six changes, the last of them for the order `o2`; then one that is still to come."""
    changes = [
        PointChange(
            id=f"{customer_id}-{number}", customer_id=customer_id, at=shop.NOW - timedelta(days=7 - number),
            change=number, reason_zh=f"签到{number}", reason_en=f"visit {number}",
        )
        for number in range(1, 6)
    ]  # fmt: skip
    changes += [
        PointChange(id=f"{customer_id}-6", customer_id=customer_id, at=shop.NOW, change=-4, order_id="A1019"),
        PointChange(
            id=f"{customer_id}-7", customer_id=customer_id, at=shop.NOW + timedelta(days=9), change=1_000
        ),
    ]
    await Points(connection).append(changes)


async def with_addresses(connection: AsyncConnection) -> None:
    known = await Customers(connection).get("c1")
    assert known is not None
    much = {"label": "仓库", "line": "很长的路" * 20}
    await Customers(connection).put_many(
        [
            replace(
                known,
                addresses={"a": much, "h": shop.ADDRESS, "o": OFFICE},
                default_address="o",
                birthday="--05-17",
            )
        ]
    )
    await shop.add_order(connection, "o8", "A8000", "paid")


@pytest.mark.parametrize("text", ["我有多少积分", "积分明细"])
async def test_points_are_told_with_their_latest_changes(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(with_history)
    lines = said(await chat.says(text, "membership_points")).splitlines()
    # The shop told 320 without a time, and 11 came since.
    assert lines[:2] == ["您有 331 积分，等级是金卡会员。", "最近的积分变动："]
    assert lines[2:] == [
        "11月25日 周三：-4，订单 A1019", "11月23日 周一：+5，签到5", "11月22日 周日：+4，签到4",
        "11月21日 周六：+3，签到3", "11月20日 周五：+2，签到2",
    ]  # fmt: skip


async def test_in_english_too_and_somebody_elses_order_is_not_named(
    new_chat: Callable[..., Chat],
) -> None:
    chat = new_chat(language="en")
    await chat.link("c2")
    await chat.store.write(lambda c: with_history(c, "c2"))
    lines = said(await chat.says("where did my points come from", "membership_points")).splitlines()
    assert lines[:4] == [
        "You have 11 points. Your level: standard.", "The latest changes:", "Wed 25 Nov: -4",
        "Mon 23 Nov: +5, visit 5",
    ]  # fmt: skip


async def test_another_address_of_theirs_can_be_chosen(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(with_addresses)
    reply = await chat.says("A8000 改地址", "change_address")
    # The one that the order goes to anyway is none of them.
    labels = [button.label for button in buttons(reply)]
    assert labels[0] == "公司: 南京路 2 号"
    assert (len(labels), len(labels[1])) == (2, 40)
    answer = said(await chat.presses(action(reply, "change:to-")))
    assert "上海 南京路 2 号 王小明" in answer
    async with chat.store.read() as connection:
        (made,) = await Requests(connection).find()
    assert made.kind == "change_address"
    assert made.details == {"address": "上海 南京路 2 号 王小明", "text": "A8000 改地址"}


async def test_an_old_button_does_not_stand_for_another_address(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(with_addresses)
    pressed = action(await chat.says("A8000 改地址", "change_address"), "change:to-")

    async def moves(connection: AsyncConnection) -> None:
        known = await Customers(connection).get("c1")
        assert known is not None
        moved = {**known.addresses, "o": {**OFFICE, "line": "北京路 3 号"}}
        await Customers(connection).put_many([replace(known, addresses=moved)])

    await chat.store.write(moves)
    reply = await chat.presses(pressed)
    assert "北京路 3 号" in buttons(reply)[0].label
    async with chat.store.read() as connection:
        assert await Requests(connection).find() == []


async def test_a_stranger_sees_no_addresses(new_chat: Callable[..., Chat], chat: Chat) -> None:
    await chat.link()
    await chat.store.write(with_addresses)
    pressed = action(await chat.says("A8000 改地址", "change_address"), "change:to-")
    other = new_chat(address="666")
    assert "南京路" not in said(await other.presses(pressed))


async def test_what_is_kept_is_named(chat: Chat, new_chat: Callable[..., Chat]) -> None:
    await chat.link()
    await chat.store.write(with_addresses)
    assert "320 积分、联系方式、3 个地址、生日，以及" in said(await chat.says("你们存了什么", "my_data"))
    other = new_chat(address="7", language="en")
    await other.link("c2")
    text = said(await other.says("what do you know about me", "my_data"))
    assert "0 points, your contact details and this chat. You don't receive offers here." in text


async def test_a_yes_here_lifts_a_no_to_this_channel_and_to_no_other(chat: Chat) -> None:
    await chat.link()

    async def refuse(connection: AsyncConnection) -> None:
        for channel in ("telegram", "email"):
            await Consents(connection).record(
                MARKETING, False, source="shop", now=shop.NOW, customer_id="c1", channel=channel
            )

    await chat.store.write(refuse)
    question = await chat.commands("subscribe")
    await chat.presses(action(question, "news:yes"))
    assert "已经订阅" in said(await chat.commands("subscribe"))
    async with chat.store.read() as connection:
        agreed = [
            await Consents(connection).granted(MARKETING, customer_id="c1", channel=channel)
            for channel in ("telegram", "web", "email")
        ]
        wordings = set(await connection.scalars(select(consent.c.wording).where(consent.c.granted)))
    assert agreed == [True, True, False]
    assert wordings == {said(question)}


REQUEST = Meaning(intents=(("request_status", 0.9),))


async def _asked(chat: Chat) -> dict[str, str]:
    """Two requests, made in another conversation; their numbers by kind."""
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.presses("change:cancel-yes:o8")
    await chat.says("A1019 陶瓷杯 裂了", "item_problem")
    await chat.says("杯口有一条缝")
    async with chat.store.read() as connection:
        return {one.kind: one.number for one in await Requests(connection).find()}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("A1019 的有结果了吗", "item_problem"),
        ("取消的那个申请怎么样了", "cancel_order"),
        ("any news on the cancellation of A8000", "cancel_order"),
    ],
)
async def test_the_request_that_is_named_is_told_of_wherever_it_was_made(
    chat: Chat, new_chat: Callable[..., Chat], text: str, kind: str
) -> None:
    numbers = await _asked(chat)
    assert len(numbers) == 2
    other = new_chat(address="55")
    await other.link()
    answer = said(await other.says(text, REQUEST))
    assert numbers.pop(kind) in answer
    assert not [number for number in numbers.values() if number in answer]


async def test_all_that_is_open_is_told_where_none_is_named(
    chat: Chat, new_chat: Callable[..., Chat]
) -> None:
    numbers = await _asked(chat)
    other = new_chat(address="55")
    await other.link()
    answer = said(await other.says("我的申请怎么样了", REQUEST))
    assert all(number in answer for number in numbers.values())
    stranger = new_chat(address="56")
    await stranger.link("c2")
    answer = said(await stranger.says("any news on my request", REQUEST))
    assert not any(number in answer for number in numbers.values())


async def test_how_an_order_stands_tells_what_was_asked_for_it(chat: Chat) -> None:
    numbers = await _asked(chat)
    assert numbers["cancel_order"] in said(await chat.says("A8000 现在怎么样", "order_status"))


async def test_what_was_told_already_is_not_told_to_another_question_that_the_pages_answer(
    chat: Chat,
) -> None:
    await chat.link()
    chat.pages.passages["给谁"] = "快递只拿到姓名、地址和电话。"
    block = said(await chat.says("你们存了什么", "my_data"))
    assert said(await chat.says("这些会给谁看？", "my_data")) == chat.pages.passages["给谁"]
    assert said(await chat.says("你们存了什么", "my_data")) == block, "asked for, it is told again"
