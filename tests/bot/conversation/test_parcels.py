"""Several parcels of an order, parcels of returns, and why a refund was decided so, in the words of a customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.orders import Order, Orders, Parcel, ParcelLine, Refund
from storage.schema import parcel as table
from storage.schema import parcel_scan
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, buttons, said

DAY = timedelta(days=1)


def parcel(number: str, *products: str, **values: object) -> Parcel:
    """One with these products, or of which nobody says what is in it."""
    box = Parcel(
        id=number, carrier="中通", tracking_number=number, status="in_transit", updated_at=shop.NOW,
        lines=tuple(ParcelLine(product_id=one) for one in products) if products else None,
    )  # fmt: skip
    return replace(box, **values)  # type: ignore[arg-type]


async def say(chat: Chat, order_id: str = "o1", **values: object) -> None:
    """Something else of an order."""

    async def work(connection: AsyncConnection) -> None:
        (order,) = (await Orders(connection).by_ids([order_id])).values()
        changed: Order = replace(order, **values)  # type: ignore[arg-type]
        # Writing an order adds parcels, and takes none away.
        await connection.execute(delete(parcel_scan))
        await connection.execute(delete(table).where(table.c.order_id == order_id))
        await Orders(connection).put_many([changed])

    await chat.store.write(work)


async def test_each_parcel_says_what_is_in_it(chat: Chat) -> None:
    await chat.link()
    await say(chat, parcels=(parcel("ZT1", "p1"), parcel("ZT2", "p2")))
    text = said(await chat.says("A1024 到哪了", "order_status"))
    assert "分 2 个包裹" in text
    first, _, second = text.partition("ZT2")
    assert "包裹内：龙井茶" in first
    assert "陶瓷杯" not in first
    assert "包裹内：陶瓷杯" in second
    assert "还没发出" not in text


async def test_who_asks_for_one_thing_is_told_of_its_parcel(chat: Chat) -> None:
    await chat.link()
    delivered = parcel("ZT2", "p2", status="delivered", delivered_at=shop.NOW - DAY)
    await say(chat, parcels=(parcel("ZT1", "p1", estimated_at=shop.NOW + DAY), delivered))
    await chat.says("A1024 到哪了", "order_status")
    text = said(await chat.says("陶瓷杯到哪了", "order_status"))
    assert "ZT2" in text
    assert "送达" in text
    assert "ZT1" not in text
    assert "ZT1" in said(await chat.says("那龙井茶呢，到哪了", "order_status"))
    assert "明天" in said(await chat.says("龙井茶什么时候到", "delivery_time"))


async def test_what_is_in_no_parcel_is_said_to_be_not_sent_yet(chat: Chat) -> None:
    await chat.link()
    await say(chat, parcels=(parcel("ZT1", "p1"),))
    text = said(await chat.says("where is A1024?", "order_status"))
    assert "A part of order A1024 has been sent" in text
    assert "In it: Longjing Tea" in text
    assert "Not sent yet: Ceramic Cup" in text
    text = said(await chat.says("where is my ceramic cup", "order_status"))
    assert "hasn't been sent yet" in text
    assert "ZT1" not in text
    assert "还没有发出" in said(await chat.says("我的陶瓷杯到哪了", "order_status"))


async def test_where_something_of_theirs_is_is_no_question_about_a_product(chat: Chat) -> None:
    await chat.link()
    await say(chat, parcels=(parcel("ZT1", "p1"),))
    assert "hasn't been sent yet" in said(await chat.says("where is my ceramic cup?", "product_question"))
    assert "还没有发出" in said(await chat.says("我的陶瓷杯到哪了", "stock_question"))


async def test_some_of_a_line_may_be_missing(chat: Chat) -> None:
    await chat.link()
    (order,) = (await _orders(chat, "o1")).values()
    lines = tuple(replace(line, quantity=3) for line in order.lines)
    two = (ParcelLine(product_id="p1"), ParcelLine(product_id="p2", quantity=2))
    await say(chat, lines=lines, parcels=(parcel("ZT1", lines=two),))
    text = said(await chat.says("A1024 到哪了", "order_status"))
    assert "龙井茶 × 3、陶瓷杯 × 2" in text
    assert "还没发出：陶瓷杯" in text


async def test_where_nobody_says_what_is_in_a_parcel_nothing_is_made_up(chat: Chat) -> None:
    await chat.link()
    await say(chat, parcels=(parcel("ZT1", "p1"), parcel("ZT2")))
    text = said(await chat.says("我的陶瓷杯到哪了", "order_status"))
    assert "ZT1" in text
    assert "ZT2" in text
    assert "还没" not in text


async def test_a_parcel_without_carrier_and_number_is_spoken_of_in_whole_sentences(chat: Chat) -> None:
    await chat.link()
    await say(chat, parcels=(parcel("ZT1", carrier="", tracking_number=""),))
    assert "with the carrier, no tracking number." in said(await chat.says("where is A1024?", "order_status"))


BACK = parcel("TH1", direction="return", updated_at=shop.NOW - DAY)
ARRIVED = replace(BACK, status="delivered", delivered_at=shop.NOW - DAY)


async def test_a_return_on_its_way_is_no_parcel_to_the_customer(chat: Chat) -> None:
    await chat.link()
    await say(chat, "o2", parcels=(replace(parcel("ZT1"), status="delivered"), BACK))
    text = said(await chat.says("A1019 到哪了", "order_status"))
    assert "ZT1" in text
    assert "TH1" not in text


@pytest.mark.parametrize(
    "text",
    ["我寄回的包裹你们收到了吗", "退货的快递到哪了", "Did you get my return?", "Has my return arrived yet?"],
)
async def test_where_a_return_is_is_answered_with_its_own_parcel(chat: Chat, text: str) -> None:
    await chat.link()
    await say(chat, "o2", parcels=(parcel("ZT1", status="delivered"), ARRIVED))
    answer = said(await chat.says(text, "order_status"))
    assert "TH1" in answer
    assert "仓库" in answer or "warehouse" in answer
    assert "ZT1" not in answer


async def test_how_a_refund_stands_says_where_the_return_is(chat: Chat) -> None:
    await chat.link()
    await say(
        chat,
        "o2",
        refunds=(shop.refund("requested"),),
        parcels=(ARRIVED, replace(BACK, id="b", refund_id="other", tracking_number="TH2")),
    )
    text = said(await chat.says("A1019 的退款到哪一步了", "refund_status"))
    assert "正在审核" in text
    assert "11月24日" in text
    assert "TH2" not in text, "it belongs to another refund"


DECLINED: Refund = replace(
    shop.refund("declined"), decided_at=shop.NOW - DAY, decision_reason="The cup came back used."
)


@pytest.mark.parametrize(
    "text",
    [
        "退款为什么被拒",
        "为什么退款申请没通过",
        "why was my refund declined?",
        "What's the reason you rejected my return?",
    ],
)
@pytest.mark.parametrize("read_as", ["refund_status", "refund_request", "complaint", "return_policy"])
async def test_why_a_refund_was_declined(chat: Chat, text: str, read_as: str) -> None:
    await chat.link()
    await say(chat, "o2", refunds=(DECLINED,))
    reply = await chat.says(text, read_as)
    assert "The cup came back used." in said(reply)
    assert "11月24日" in said(reply) or "24 Nov" in said(reply)
    assert any(button.action == "human:ask" for button in buttons(reply))


async def test_a_refund_declined_without_a_reason_says_what_is_known(chat: Chat) -> None:
    await chat.link()
    await say(chat, "o2", refunds=(shop.refund("declined"),))
    text = said(await chat.says("why was my refund declined?", "refund_status"))
    assert "was declined" in text
    assert "reason" not in text
    assert "ask for a person" in text


async def test_when_a_refund_was_approved(chat: Chat) -> None:
    await chat.link()
    await say(chat, "o2", refunds=(replace(DECLINED, status="approved", decision_reason=""),))
    assert "已于 11月24日 周二 审核通过" in said(await chat.says("退款到哪一步了", "refund_status"))


async def test_nobody_hears_of_somebody_elses_refund(chat: Chat) -> None:
    await chat.link("c2")
    await say(chat, "o2", refunds=(DECLINED,))
    assert "used" not in said(await chat.says("why was my refund declined?", "refund_status"))


async def _orders(chat: Chat, *ids: str) -> dict[str, Order]:
    async with chat.store.read() as connection:
        return await Orders(connection).by_ids(ids)


@pytest.mark.parametrize("text", ["龙井茶收到了陶瓷杯呢", "the longjing tea came, the ceramic cup didn't"])
async def test_a_part_that_has_not_come_is_no_damage(chat: Chat, text: str) -> None:
    await chat.link()
    delivered = parcel("ZT2", "p1", status="delivered", delivered_at=shop.NOW - DAY)
    await say(chat, parcels=(parcel("ZT1", "p2", estimated_at=shop.NOW + DAY), delivered))
    answer = said(await chat.says(text, "item_problem"))
    assert "A1024" in answer
    assert "ZT1" in answer


async def test_where_a_parcel_is_stuck_is_told_beside_its_chase(chat: Chat) -> None:
    await chat.link()
    old = parcel("ZT1", updated_at=shop.NOW - 4 * DAY, estimated_at=shop.NOW - 2 * DAY)
    await say(chat, parcels=(old,))
    answer = said(await chat.says("我的包裹卡住了，卡在哪了", "order_status"))
    assert "ZT1" in answer
