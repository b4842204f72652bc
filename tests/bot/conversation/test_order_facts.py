"""Facts of an order that are asked for in passing: what its sum is made up of, who took it in, which parcel it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.skills import order_asked
from bot.conversation.skills.order_words import Fact
from storage.orders import Orders, Scan
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning

FEE = Meaning(intents=(("shipping_fee", 0.9),))
FACTS = Meaning(intents=(("order_facts", 0.9),))
UNSURE = Meaning(intents=(("product_question", 0.2),), wishes=())


async def _made_up(connection: AsyncConnection) -> None:
    """A shipping fee of ¥20 and a discount of ¥20, and a carrier's note for what has come."""
    orders = Orders(connection)
    first, second = await orders.get("o1"), await orders.get("o2")
    assert first is not None
    assert second is not None
    box = second.parcels[0]
    at = box.delivered_at or box.updated_at
    scans = (
        Scan(at=at - timedelta(days=1), place="上海", text_zh="到达分拨中心", text_en="Arrived at the hub"),
        Scan(at=at, place="杭州", text_zh="放门卫室", text_en="Left at the gate"),
    )
    await orders.put_many(
        [
            replace(first, shipping_fee=2000, discount=2000),
            replace(second, parcels=(replace(box, scans=scans), *second.parcels[1:])),
        ]
    )


@pytest.mark.parametrize("text", ["我那单运费怎么收了20", "20 for shipping?? how's that made up"])
async def test_what_shipping_cost_is_told_of_the_order(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(_made_up)
    answer = said(await chat.says(text, FEE))
    assert "A1024" in answer.splitlines()[0]
    assert "¥20.00" in answer.splitlines()[0]


@pytest.mark.parametrize("text", ["运费多少", "what is the delivery charge to Leeds"])
async def test_what_shipping_costs_is_told_of_the_shop(chat: Chat, text: str) -> None:
    await chat.link()
    assert "A1024" not in said(await chat.says(text, FEE))


@pytest.mark.parametrize("text", ["A1019 谁签的", "who took in A1019? it wasn't me"])
async def test_who_took_it_in_is_told_and_nothing_is_asked_of_the_shop(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(_made_up)
    answer = said(await chat.says(text, Meaning(intents=(("delivery_problem", 0.9),))))
    assert "门卫室" in answer or "the gate" in answer
    assert "分拨中心" in answer or "the hub" in answer
    assert "R2" not in answer, "no request"


async def test_an_order_is_found_by_the_number_of_its_parcel(chat: Chat) -> None:
    await chat.link()
    answer = said(await chat.says("SF100200300 是哪一单的", FACTS))
    assert "A1024" in answer
    assert "A1019" not in answer, "no list to choose from"


async def _in_august(connection: AsyncConnection) -> None:
    orders = Orders(connection)
    order = await orders.get("o2")
    assert order is not None
    placed = datetime.fromisoformat("2026-08-12T10:00:00+08:00")
    await orders.put_many([replace(order, id="o8", number="A0812", placed_at=placed, parcels=())])


@pytest.mark.parametrize("text", ["八月那单多少钱", "the one from August, how much was it", "第一单多少钱"])
async def test_an_order_is_found_by_its_month_or_its_place(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(_in_august)
    assert "A0812" in said(await chat.says(text, FACTS))


async def test_one_question_read_as_two_is_answered_once(chat: Chat) -> None:
    await chat.link()
    text = "订单一共多少钱"
    meaning = replace(FACTS, wishes=(("price_question", text), ("order_facts", text)))
    answer = said(await chat.says(text, meaning))
    assert "A1024" in answer
    assert "哪件商品" not in answer


@pytest.mark.parametrize("text", ["bang on schedule or not?", "是不是晚了"])
async def test_what_only_an_order_can_be_asked_needs_no_wish(chat: Chat, text: str) -> None:
    await chat.link()
    assert "A1024" in said(await chat.says(text, UNSURE))


@pytest.mark.parametrize(
    ("text", "asked", "not_asked"),
    [
        ("how can I pay", None, Fact.PAID_WITH),
        ("how was that big order paid", Fact.PAID_WITH, None),
        ("这几单加起来多少钱", Fact.TOTAL, Fact.COUNT),
        ("一个多少钱", Fact.CONTENTS, Fact.TOTAL),
        ("do I pay customs duty", None, Fact.RECORD),
        ("when did it leave customs", Fact.RECORD, None),
    ],
)
def test_words_ask_for_facts(text: str, asked: Fact | None, not_asked: Fact | None) -> None:
    found = order_asked.asked_in(text)
    assert asked is None or asked in found
    assert not_asked not in found


GOODS = Meaning(intents=(("price_question", 0.9),))


@pytest.mark.parametrize("text", ["bought a Ceramic Cup of you, paid with what?", "我买的 陶瓷杯 怎么付的"])
async def test_what_only_an_order_can_be_asked_is_asked_of_no_goods(chat: Chat, text: str) -> None:
    await chat.link()
    assert "A1024" in said(await chat.says(text, GOODS))


@pytest.mark.parametrize("text", ["what does the Ceramic Cup cost", "想买的 陶瓷杯 运费多少"])
async def test_what_is_asked_of_goods_to_buy_is_asked_of_no_order(chat: Chat, text: str) -> None:
    await chat.link()
    assert "A10" not in said(await chat.says(text, GOODS))


async def test_a_day_of_what_has_come_may_be_either(chat: Chat) -> None:
    await chat.link()
    answer = said(await chat.says("A1019 what day was that", FACTS))
    assert "5 Nov" in answer, "when it was placed"
    assert "10 Nov" in answer, "and when it came"


async def test_what_became_of_an_order_goes_before_its_sum(chat: Chat) -> None:
    await chat.link()

    async def cancelled(connection: AsyncConnection) -> None:
        known = await Orders(connection).get("o2")
        assert known is not None
        await Orders(connection).put_many([replace(known, status="cancelled", parcels=())])

    await chat.store.write(cancelled)
    answer = said(await chat.says("A1019 多少钱", FACTS))
    assert "已取消" in answer.splitlines()[0]
    assert "没有付款记录" in answer


async def test_who_asks_for_the_tracking_of_two_hears_both(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "shipped", late=True))
    answer = said(await chat.says("tracking numbers of both please", "order_status"))
    assert "A9000" in answer
    assert "A1024" in answer
    assert answer.count("SF100200300") == 2


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("have the blue wellies left yet?", Fact.SENT),
        ("has the parcel for my mum moved at all", Fact.STILL),
        ("did my present get to Leeds", Fact.ARRIVED),
        ("the cups, sent?", Fact.SENT),
        ("are they on their way", Fact.SENT),
        ("包裹到英国没有", Fact.ARRIVED),
        ("最后一次有消息是几号", Fact.STILL),
        ("都拖了二十天了", Fact.LATE),
        ("怎么给我取消了", Fact.WHY),
        ("what did I pay those with", Fact.PAID_WITH),
        ("when did I last order that", Fact.PLACED),
        ("each?", Fact.CONTENTS),
        ("did the hamper get delivered", Fact.ARRIVED),
        ("are the wellies in the country yet", Fact.ARRIVED),
        ("新靴子谁帮我收的", Fact.RECORD),
    ],
)
def test_a_fact_is_asked_for_by_the_form_of_a_question(text: str, asked: Fact) -> None:
    assert asked in order_asked.asked_in(text)


def test_how_many_and_for_how_much_are_both_asked() -> None:
    assert {Fact.COUNT, Fact.TOTAL} <= order_asked.asked_in("买了几件 一共多少钱")
    assert Fact.TOTAL not in order_asked.asked_in("一共几件")


def test_what_holds_other_words_asks_for_none_of_them() -> None:
    assert Fact.LATE not in order_asked.asked_in("is it too late to change the address")
    assert Fact.ADDRESS not in order_asked.asked_in("what are you going to do")
    assert Fact.CONTENTS not in order_asked.asked_in("what did I pay in total for that one")
    assert not order_asked.asked_in("do you have any left")


async def test_how_many_and_for_how_much_are_both_told(chat: Chat) -> None:
    await chat.link()
    answer = said(await chat.says("A1024 买了几件 一共多少钱", FACTS))
    assert "2 件" in answer
    assert "¥173.00" in answer


@pytest.mark.parametrize(
    ("way", "text", "told"),
    [
        ("扫码支付", "how did i pay for A1024?", "QR payment"),
        ("对公转账", "how did i pay for A1024?", "bank transfer"),
        ("gift card", "A1024 怎么付的钱", "礼品卡"),
        ("支付宝", "A1024 怎么付的钱", "支付宝"),
    ],
)
async def test_a_way_of_paying_is_told_in_the_customers_language(
    chat: Chat, way: str, text: str, told: str
) -> None:
    await chat.link()

    async def paid(connection: AsyncConnection) -> None:
        order = await Orders(connection).get("o1")
        assert order is not None
        await Orders(connection).put_many([replace(order, payment_method=way)])

    await chat.store.write(paid)
    assert told in said(await chat.says(text, FACTS))


async def test_what_a_carrier_has_recorded_is_asked_on_of(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_made_up)
    await chat.says("A1019 谁签的", FACTS)
    answer = said(await chat.says("哪天", UNSURE))
    assert "放门卫室" in answer
    assert "11月10日" in answer


async def test_a_fact_that_was_told_is_told_again_and_no_rule_instead(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "shipped", late=True, old=True))
    await chat.says("A9000 卡在哪了", Meaning(intents=(("order_status", 0.9),)))
    assert "22 Nov" in said(await chat.says("since when", UNSURE))
