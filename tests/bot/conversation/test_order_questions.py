"""What is asked of an order is what is answered: a verdict, a day, a sum, and not the whole of it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.orders import Order, OrderLine, Orders
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning

DAY = timedelta(days=1)
FACTS = Meaning(intents=(("order_facts", 0.9),))
STATUS = Meaning(intents=(("order_status", 0.9),))
UNSURE = Meaning(intents=(("product_question", 0.2),), wishes=())


def when(said_: str, day: str) -> Meaning:
    """Whether it comes by a day."""
    return Meaning(intents=(("delivery_time", 0.9),), day=(said_, day))


def changing(order_id: str, **values: object) -> Callable[[AsyncConnection], Awaitable[None]]:
    """An order, told anew."""

    async def work(connection: AsyncConnection) -> None:
        order = await Orders(connection).get(order_id)
        assert order is not None
        changed: Order = replace(order, **values)  # type: ignore[arg-type]
        await Orders(connection).put_many([changed])

    return work


async def spoken_of(chat: Chat, text: str = "A1024 到哪了") -> None:
    """An order was told of."""
    await chat.link()
    await chat.says(text, "order_status")


@pytest.mark.parametrize(
    ("text", "meaning", "first"),
    [
        ("能赶上周五吗", when("周五", "2026-11-27"), "应该可以"),
        ("今天能到吗", when("今天", "2026-11-25"), "恐怕赶不上"),
        ("will it be here by friday?", when("by friday", "2026-11-27"), "Yes, it should be"),
        ("will it come today?", when("today", "2026-11-25"), "No, probably not"),
        ("before tomorrow?", when("before tomorrow", "2026-11-26"), "No, probably not"),
        ("周四前能到吗", when("周四", "2026-11-26"), "恐怕赶不上"),
    ],
)
async def test_whether_it_is_there_by_a_day_is_said_first(
    chat: Chat, text: str, meaning: Meaning, first: str
) -> None:
    await spoken_of(chat)
    answer = said(await chat.says(text, meaning))
    assert answer.startswith(first)
    assert "11月26日" in answer or "26 Nov" in answer


async def test_what_is_late_is_promised_for_no_day(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "shipped", late=True, old=True))
    await chat.says("A9000 到哪了", "order_status")
    answer = said(await chat.says("周五能到吗", when("周五", "2026-11-27")))
    assert answer.startswith("这个我不能保证")
    assert "已经晚了" in answer
    assert said(await chat.says("is it late?", UNSURE)).startswith("Yes.")


async def test_where_it_stands_still_is_told_with_since_when(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "shipped", late=True, old=True))
    await chat.says("A9000 到哪了", "order_status")
    answer = said(await chat.says("到底卡在哪了", STATUS))
    assert "11月22日" in answer
    assert "3 天" in answer
    assert "运单" not in answer, "what was not asked is not told again"


@pytest.mark.parametrize(
    ("status", "text", "first"),
    [
        ("paid", "has it been sent?", "Not yet."),
        ("paid", "发货了吗", "还没有。"),
        ("shipped", "has it shipped?", "Yes."),
        ("delivered", "has it arrived?", "Yes."),
    ],
)
async def test_whether_it_has_left_or_come_is_said_first(
    chat: Chat, status: str, text: str, first: str
) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", status, late=status == "shipped"))
    await chat.says("A9000", "order_status")
    assert said(await chat.says(text, STATUS)).startswith(first)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("how much was it", "¥173.00"),
        ("陶瓷杯多少钱", "¥45.00"),
        ("怎么付的钱", "银行卡"),
        ("how did i pay for it?", "By card"),
        ("which address is it going to?", "文三路"),
        ("寄到哪里的", "文三路"),
        ("when did i order it", "21 Nov"),
        ("几件", "2 件"),
    ],
)
async def test_one_fact_is_told_alone(chat: Chat, text: str, there: str) -> None:
    await chat.link()
    await chat.store.write(changing("o1", payment_method="card"))
    await chat.says("A1024 到哪了", "order_status")
    answer = said(await chat.says(text, FACTS))
    assert there in answer
    assert "顺丰" not in answer


async def test_what_is_not_recorded_is_said_to_be_so(chat: Chat) -> None:
    await chat.link("c2")
    await chat.says("where is B2001", "order_status")
    assert "isn't recorded" in said(await chat.says("how did i pay for it?", FACTS))


async def test_what_was_told_before_still_answers_another_question(chat: Chat) -> None:
    await spoken_of(chat)
    first = said(await chat.says("多少钱", FACTS))
    assert "¥173.00" in first
    again = said(await chat.says("一共花了多少", FACTS))
    assert "¥173.00" in again
    assert again != first, "not in the same words"


async def _three(connection: AsyncConnection) -> None:
    """A teapot for much, long ago."""
    order = await Orders(connection).get("o2")
    assert order is not None
    lines = (OrderLine(product_id="p4", quantity=1, unit_price=19_900),)
    dear = replace(
        order,
        id="o7",
        number="A0700",
        total=19_900,
        lines=lines,
        parcels=(),
        placed_at=order.placed_at - 90 * DAY,
    )
    await Orders(connection).put_many([dear])


async def test_which_cost_most_is_found_among_all(chat: Chat) -> None:
    await spoken_of(chat)
    await chat.store.write(_three)
    answer = said(await chat.says("哪单最贵", FACTS))
    assert answer.startswith("最贵的是")
    assert "A0700" in answer
    assert "A0700" not in said(await chat.says("which was the cheapest", FACTS))


async def test_what_two_cost_together_is_their_sum(chat: Chat) -> None:
    await spoken_of(chat)
    await chat.says("A1019 到哪了", "order_status")
    answer = said(await chat.says("两单一共多少钱", replace(FACTS, points=(0, 1))))
    assert "¥346.00" in answer
    assert "A1024" in answer
    assert "A1019" in answer


@pytest.mark.parametrize("text", ["陶瓷杯我买过几次", "how many times did i buy the ceramic cup"])
async def test_how_often_something_was_bought_is_counted(chat: Chat, text: str) -> None:
    await spoken_of(chat)
    await chat.store.write(_three)
    assert "2" in said(await chat.says(text, FACTS)).splitlines()[0]


@pytest.mark.parametrize("text", ["is it machine washable", "能放微波炉吗"])
async def test_what_is_asked_of_goods_is_no_question_of_the_order(chat: Chat, text: str) -> None:
    await spoken_of(chat)
    answer = said(await chat.says(text, "product_question"))
    assert "A1024" not in answer


async def test_what_is_asked_of_one_is_asked_of_the_other(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_three)
    await chat.says("A1024 多少钱", FACTS)
    answer = said(await chat.says("那旧茶壶呢", UNSURE))
    assert "¥199.00" in answer
    assert "A0700" in answer


async def test_what_is_late_says_by_how_many_days(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "shipped", late=True))
    assert "晚了 2 天" in said(await chat.says("A9000 到哪了", STATUS))


async def test_an_order_that_was_never_paid_was_cancelled_for_that(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "cancelled"))
    assert "没有付款记录" in said(await chat.says("A9000 怎么给我取消了", FACTS))


@pytest.mark.parametrize("text", ["陶瓷杯那个包裹到杭州没有", "has the cup left you yet"])
async def test_what_is_likeliest_asked_of_something_bought_is_asked_of_that(chat: Chat, text: str) -> None:
    await chat.link()
    unsure = Meaning(intents=(("order_status", 0.28),), wishes=())
    assert "A1024" in said(await chat.says(text, unsure))


async def test_when_it_left_is_told_first(chat: Chat) -> None:
    await spoken_of(chat)
    assert said(await chat.says("什么时候发出来的", STATUS)).startswith("订单 A1024 是 11月22日")
