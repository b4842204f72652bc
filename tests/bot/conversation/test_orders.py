"""Where is my order, in the words of a customer."""

from __future__ import annotations

from storage.requests import Requests
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, buttons, said
from tests.fakes import means


async def test_tells_where_the_parcel_is_with_carrier_scan_time_and_link(chat: Chat) -> None:
    await chat.link()
    reply = await chat.says("我的快递到哪了", "order_status")
    text = said(reply)
    assert "A1024" in text
    assert "顺丰" in text
    assert "已到达分拨中心" in text
    assert "11月25日 周三 05:00" in text, "times are the customer's own"
    assert "明天（11月26日 周四）" in text
    assert any(button.url == "https://carrier.example/SF100200300" for button in buttons(reply))


async def test_when_will_it_come_needs_no_number_after_an_order_was_named(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1024 到哪了", "order_status")
    assert "预计" in said(await chat.says("那什么时候能到", "delivery_time"))


async def test_english_customer_gets_english_dates(chat: Chat) -> None:
    await chat.link()
    text = said(await chat.says("where is A1024?", "order_status"))
    assert "on its way" in text
    assert "Thu 26 Nov" in text


async def test_a_late_parcel_is_admitted_and_can_be_chased(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A9000", "shipped", late=True, old=True))
    reply = await chat.says("A9000 怎么还没到", "order_status")
    assert "已经晚了" in said(reply)
    assert "可能不准" in said(reply), "old news is said to be old"
    asked = await chat.presses(action(reply, "parcel:chase"))
    assert "去催" in said(asked)


async def test_several_open_orders_are_listed_and_one_is_picked_in_words(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    reply = await chat.says("我的订单呢", "order_status")
    assert "A8000" in said(reply)
    assert "A1024" in said(reply)
    assert "A8000" in said(await chat.says("第一个"))


async def test_cancelling_asks_first_and_then_only_asks_for_it(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    reply = await chat.says("取消订单 A8000", "cancel_order")
    assert "¥173.00" in said(reply)
    reply = await chat.says("对", "affirm")
    assert "提交取消申请" in said(reply)
    assert "还没有取消" in said(reply)
    again = await chat.presses("change:cancel-yes:o8")
    assert "已经在" in said(again), "asking twice makes one request"


async def test_a_change_of_mind_takes_the_cancellation_back(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.presses("change:cancel-yes:o8")
    assert "已经撤回" in said(await chat.says("算了不取消了", "cancel_order"))


async def test_shipped_orders_can_not_be_cancelled(chat: Chat) -> None:
    await chat.link()
    reply = await chat.says("取消 A1024", "cancel_order")
    assert "取消不了了" in said(reply)
    assert action(reply, "return:start")


async def test_a_new_address_is_asked_for_and_repeated(chat: Chat) -> None:
    await chat.link("c2")
    await chat.says("I need to change the address", "change_address")
    reply = await chat.says("Ann Lee, 12 High Street, Leeds, 07700900123")
    assert "12 High Street" in said(reply)
    assert "isn't changed until" in said(reply)


async def test_a_return_wants_a_reason_and_becomes_a_request(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 想退货", "return_request")
    reply = await chat.says("杯子颜色不喜欢，退货")
    assert "退换申请" in said(reply)


async def test_refund_state_is_told_as_it_is(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(
        lambda c: shop.add_order(c, "o7", "A7000", "cancelled", refunds=(shop.refund("paid"),))
    )
    text = said(await chat.says("退款到哪了 A7000", "refund_status"))
    assert "¥45.00" in text
    assert "微信支付" in text


async def test_two_wishes_are_both_answered(chat: Chat) -> None:
    await chat.link()
    chat.understander.script |= {
        "A1024 到哪了": means("order_status"),
        "龙井茶多少钱": means("price_question"),
    }
    whole = means("order_status")
    whole = type(whole)(intents=(("order_status", 0.6), ("price_question", 0.3)))
    text = said(await chat.says("A1024 到哪了？龙井茶多少钱", whole))
    assert "顺丰" in text
    assert "¥128.00" in text


async def test_somebody_elses_order_reads_like_one_that_does_not_exist(chat: Chat) -> None:
    await chat.link()
    other = said(await chat.says("B2001 到哪了", "order_status")).replace("B2001", "N")
    nobody = said(await chat.says("B9999 到哪了", "order_status")).replace("B9999", "N")
    assert other == nobody
    assert "没找到" in other
    assert await chat.presses("order:show:o3") == await chat.presses("order:show:nothing")


async def test_another_order_is_not_the_one_just_spoken_of(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.says("A1024 到哪了", "order_status")
    assert "A8000" in said(await chat.says("另一个订单呢", "order_status"))


async def test_which_carrier_is_that_of_the_order_spoken_of(chat: Chat) -> None:
    await chat.link()
    chat.pages.passages["快递"] = "默认发京东。"
    assert "京东" in said(await chat.says("你们发什么快递", "shipping_options"))
    await chat.says("A1024 到哪了", "order_status")
    assert "SF100200300" in said(await chat.says("发的什么快递", "shipping_options"))
    assert "预计明天" in said(await chat.says("什么时候到", "delivery_time"))


async def test_naming_another_order_does_not_confirm_the_first_one(chat: Chat) -> None:
    await chat.link()
    for order_id, number in (("o7", "A7000"), ("o8", "A8000")):
        await chat.store.write(lambda c, i=order_id, n=number: shop.add_order(c, i, n, "paid"))
    await chat.says("取消 A7000", "cancel_order")
    text = said(await chat.says("取消 A8000", "cancel_order"))
    assert "要取消订单 A8000" in text
    assert "提交取消申请" in said(await chat.says("确定", "affirm"))
    async with chat.store.read() as connection:
        (asked,) = await Requests(connection).find()
    assert asked.order_number == "A8000"


async def test_stop_is_heard_whatever_the_bot_had_asked(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 开发票", "invoice_request")
    assert "不再给您发" in said(await chat.says("退订"))
    await chat.says("A1019 开发票", "invoice_request")
    assert "人工同事" in said(await chat.says("转人工", "human_agent"))
