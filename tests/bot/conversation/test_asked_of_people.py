"""What only people can do, asked for in the chat: an offer, a call, a word to the courier; and how a case stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from bot.conversation import ownership
from bot.conversation.hours import OpeningHours
from bot.conversation.skills import tracking
from bot.staff.requests import conversation_of
from storage.orders import Parcel
from storage.requests import Request, Requests
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, said
from tests.bot.conversation.test_with_the_model import real_model
from tests.fakes import Meaning

HOURS = OpeningHours.parse("09:00-18:00", ZoneInfo("Asia/Shanghai"))


@pytest.fixture
async def real(new_chat: Callable[..., Chat]) -> Chat:
    """A linked customer in front of the bot with the real model and pages, and a shop that closes at six."""
    understander, pages = real_model()
    chat = new_chat(understander=understander, pages=pages, hours=HOURS)
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "p3", "P3000", "paid"))
    return chat


async def made(chat: Chat) -> list[Request]:
    async with chat.store.read() as connection:
        return await Requests(connection).of_conversation((await chat.contact()).conversation.id)


async def test_an_offer_is_asked_for_with_what_was_told(real: Chat) -> None:
    await real.says("我们公司要买80盒龙井茶，能报个价吗，12月20号要")
    (asked,) = await made(real)
    assert asked.kind == "quote"
    told = {name: asked.details.get(name) for name in ("item", "quantity", "date")}
    assert told == {"item": "龙井茶", "quantity": "80", "date": "2026-12-20"}


async def test_below_the_pages_number_there_is_no_offer_of_its_own(real: Chat) -> None:
    answer = said(await real.says("我们公司要买20盒龙井茶，能报个价吗"))
    assert "50 件起" in answer
    assert not await made(real)


@pytest.mark.parametrize("count", ["80", "80！", "eighty", "八十"])
async def test_what_is_missing_for_an_offer_is_asked(real: Chat, count: str) -> None:
    await real.says("Can I get a quote?")
    await real.says("Longjing Tea")
    await real.says(count)
    (asked,) = await made(real)
    assert asked.details["quantity"] == "80"


async def test_a_sign_that_is_no_number_is_not_how_many(real: Chat) -> None:
    await real.says("Can I get a quote?")
    await real.says("Longjing Tea")
    await real.says("①")
    assert not await made(real)


async def test_a_call_is_read_back_before_it_is_asked_for(real: Chat) -> None:
    back = await real.says("给我回个电话，13800138000，明天下午三点半")
    assert "11月26日 周四" in said(back)
    assert "15:30" in said(back)
    assert not await made(real)
    await real.presses(action(back, "call:yes"))
    (asked,) = await made(real)
    assert (asked.kind, asked.details["phone"]) == ("call_back", "13800138000")
    assert asked.details["when"] == "2026-11-26 15:30+08:00"


async def test_a_call_is_within_the_hours_of_people(real: Chat) -> None:
    back = said(await real.says("给我回个电话，13800138000，今晚八点"))
    assert "没有人上班" in back
    assert "9:00" in back


async def test_another_time_keeps_the_day(real: Chat) -> None:
    await real.says("给我回个电话，13800138000，明天下午三点半")
    back = said(await real.says("改成四点吧"))
    assert "11月26日 周四" in back
    assert "16:00" in back


async def test_a_call_is_dropped_by_its_button(real: Chat) -> None:
    back = await real.says("给我回个电话，13800138000，明天下午三点半")
    await real.presses(action(back, "call:no"))
    assert not await made(real)
    assert "过期" in said(await real.presses("call:yes"))


async def test_one_word_to_the_courier_is_kept_beside_the_other(real: Chat) -> None:
    await real.says("订单P3000放门卫")
    await real.says("送货前先打个电话")
    (asked,) = await made(real)
    assert asked.order_number == "P3000"
    assert asked.details["note"].splitlines() == ["订单P3000放门卫", "送货前先打个电话"]


async def test_what_has_arrived_needs_no_courier(real: Chat) -> None:
    assert "改" in said(await real.says("订单A1019放门卫"))
    assert not await made(real)


async def test_a_parcel_seen_today_is_not_asked_about(real: Chat) -> None:
    reply = await real.says("物流三天没更新了")
    assert action(reply, "parcel:chase")
    assert not await made(real)


async def test_a_complaint_has_a_number_at_once_and_how_it_stands_is_told(real: Chat) -> None:
    number = said(await real.says("我要投诉，快递员态度太差"))
    (asked,) = await made(real)
    assert asked.number in number
    assert asked.number in said(await real.says("我的投诉怎么样了"))
    async with real.store.read() as connection:
        here = (await real.contact()).conversation.id
        assert await conversation_of(connection, f" {asked.number.lower()} ") == here


async def test_how_to_complain_is_on_the_page(real: Chat) -> None:
    assert "24 小时" in said(await real.says("怎么投诉？"))
    assert not await made(real)


async def test_a_case_has_a_number_that_both_sides_find(chat: Chat, new_chat: Callable[..., Chat]) -> None:
    told = said(await chat.says("转人工", "human_agent"))
    conversation = (await chat.contact()).conversation.id
    async with chat.store.read() as connection:
        case = next(number for number in range(1, 9) if ownership.case_number(number) in told)
        assert await conversation_of(connection, f"c-{case}") == conversation
        assert await conversation_of(connection, "C-999") is None
        assert await conversation_of(connection, "nothing") is None
    number = ownership.case_number(case)
    asking = f"{number} 怎么样了"
    assert "等同事" in said(await chat.says(asking, "complaint"))
    # It says nothing to anybody else.
    assert "没有找到" in said(await new_chat(address="2").says(asking, "complaint"))
    await chat.says("不用人工了", Meaning(intents=(("deny", 0.9),)))


@pytest.mark.parametrize(
    ("text", "case"),
    [("C-12?", 12), ("受理编号c-7怎么样", 7), ("order C-A1", None), ("C-", None), ("12", None)],
)
def test_a_case_is_known_by_its_number_alone(text: str, case: int | None) -> None:
    assert ownership.case_named(text) == case


PARCEL = Parcel(
    id="x", carrier="SF Express", tracking_number="SF 1/2", status="in_transit", updated_at=shop.NOW
)


@pytest.mark.parametrize(
    ("parcel", "template", "address"),
    [
        (
            replace(PARCEL, tracking_url="https://own.example/1"),
            "https://shop.example/{number}",
            "https://own.example/1",
        ),
        (PARCEL, "https://shop.example/{number}", "https://shop.example/SF%201%2F2"),
        (PARCEL, "", "https://www.kuaidi100.com/chaxun?com=shunfeng&nu=SF%201%2F2"),
        (replace(PARCEL, carrier="顺丰"), "", "https://www.kuaidi100.com/chaxun?com=shunfeng&nu=SF%201%2F2"),
        (replace(PARCEL, carrier="Unknown"), "", ""),
        (replace(PARCEL, tracking_number=""), "https://shop.example/{number}", ""),
        (replace(PARCEL, tracking_url="http://plain.example/1", carrier="Unknown"), "", ""),
    ],
)
def test_where_a_parcel_is_followed(parcel: Parcel, template: str, address: str) -> None:
    assert tracking.address(parcel, template) == address
