"""Where is my order, in the words of a customer."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from nlu.acts import Act
from storage.requests import Request, Requests
from storage.schema import request
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, buttons, said
from tests.fakes import Meaning, does, means


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


@pytest.mark.parametrize("text", ["什么时候能处理好", "When will it be done?"])
async def test_who_asks_when_a_request_will_be_done_is_told_how_it_stands(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.presses("change:cancel-yes:o8")
    (made,) = await _open(chat)
    assert made.number in said(await chat.says(text, does(Act.ASKS_STATE, intent="delivery_time")))


async def test_a_change_of_mind_takes_the_cancellation_back(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.presses("change:cancel-yes:o8")
    assert "已经撤回" in said(await chat.says("算了不取消了", does(Act.WITHDRAWS, intent="cancel_order")))


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
    assert "哪一件" in said(await chat.says("颜色不喜欢，退货"))
    assert "退换申请" in said(await chat.says("陶瓷杯那个"))
    (made,) = await _open(chat)
    assert made.details["reason"] == "颜色不喜欢，退货"
    assert made.details["items"] == "陶瓷杯"


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
    both = (("order_status", "A1024 到哪了"), ("price_question", "龙井茶多少钱"))
    whole = Meaning(intents=(("order_status", 0.6), ("price_question", 0.3)), wishes=both)
    text = said(await chat.says("A1024 到哪了？龙井茶多少钱", whole))
    assert "顺丰" in text
    assert "¥128.00" in text


async def test_somebody_elses_order_reads_like_one_that_does_not_exist(chat: Chat) -> None:
    await chat.link()
    other = said(await chat.says("B2001 到哪了", "order_status")).replace("B2001", "N")
    nobody = said(await chat.says("B9999 到哪了", "order_status")).replace("B9999", "N")
    assert other == nobody
    assert "不是您账号里的订单" in other
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


async def _with_request(chat: Chat, wish: str, intent: Meaning | str) -> None:
    """An order that has not been shipped, and a change of it asked for."""
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.says(wish, intent)
    if intent == "cancel_order":
        await chat.says("对", "affirm")
    if intent == "change_order":
        await chat.says("两件都换", does(Act.GIVES, points=(0, 1)))
    assert await _open(chat)


async def _open(chat: Chat) -> list[Request]:
    async with chat.store.read() as connection:
        return await Requests(connection).find()


_Wish = tuple[str, Meaning | str]
_CANCEL: _Wish = ("取消 A8000", "cancel_order")
_COLOUR: _Wish = ("A8000 换成白色", "change_order")
_ADDRESS: _Wish = (
    "A8000 地址改成杭州市文三路2号",
    Meaning(intents=(("change_address", 0.9),), address="杭州市文三路2号"),
)


@pytest.mark.parametrize(
    ("wish", "no"),
    [(_CANCEL, "no wait dont"), (_CANCEL, "算了吧"), (_COLOUR, "手滑了 不是这个"), (_COLOUR, "actually nvm")],
)
async def test_a_request_is_taken_back(chat: Chat, wish: _Wish, no: str) -> None:
    await _with_request(chat, *wish)
    reply = said(await chat.says(no, does(Act.WITHDRAWS)))
    assert "已经撤回" in reply or "taken that request back" in reply
    assert not await _open(chat)
    await chat.says(no, does(Act.WITHDRAWS))
    assert not await _open(chat)


@pytest.mark.parametrize("button", ["change:cancel-yes:o8", "change:address:o8"])
async def test_a_no_after_a_request_by_button_takes_it_back(chat: Chat, button: str) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.says("A8000 到哪了", "order_status")
    await chat.presses(button)
    if "address" in button:
        await chat.says("杭州文三路 2 号，王小明")
    assert await _open(chat)
    assert "已经撤回" in said(await chat.says("手滑了", "deny"))


@pytest.mark.parametrize("act", [(), (Act.NO,)])
async def test_a_no_that_takes_nothing_back_leaves_a_request_alone(chat: Chat, act: tuple[Act, ...]) -> None:
    await _with_request(chat, *_CANCEL)
    await chat.says("龙井茶多少钱", "price_question")
    assert "先不弄了" in said(await chat.says("算了，不买了", does(*act, intent="deny")))
    assert await _open(chat)


async def test_a_no_to_another_question_leaves_a_request_alone(chat: Chat) -> None:
    await _with_request(chat, *_CANCEL)
    between = Meaning(intents=(("order_status", 0.24), ("refund_status", 0.22)), acts={}, wishes=())
    assert "还是" in said(await chat.says("那个呢那个", between))
    await chat.says("都不是", does(Act.NO, intent="deny"))
    assert await _open(chat)


async def test_how_it_should_be_instead_puts_the_request_right(chat: Chat) -> None:
    await _with_request(chat, *_COLOUR)
    reply = said(await chat.says("不对，要黑色", does(Act.NO, Act.CORRECTS)))
    assert "已改成：黑色" in reply
    (made,) = await _open(chat)
    assert made.details["wanted"] == "黑色"
    assert made.details["text"].split("\n") == ["A8000 换成白色", "两件都换", "不对，要黑色"]


async def test_what_is_accepted_is_not_said_to_be_taken_back(chat: Chat) -> None:
    await _with_request(chat, *_CANCEL)
    await chat.store.write(
        lambda c: c.execute(update(request).where(request.c.kind == "cancel_order").values(state="accepted"))
    )
    reply = await chat.says("手滑了", does(Act.WITHDRAWS))
    assert "已经在办" in said(reply)
    assert action(reply, "human:ask")


@pytest.mark.parametrize("text", ["did you cancel it", "have you cancelled it?", "取消没"])
async def test_whether_it_was_cancelled_is_told_and_not_asked(chat: Chat, text: str) -> None:
    await _with_request(chat, *_CANCEL)
    reply = await chat.says(text, does(Act.ASKS_STATE, intent="cancel_order"))
    assert "still waiting" in said(reply) or "还在等" in said(reply)
    assert not buttons(reply)


async def test_what_is_asked_for_already_is_not_offered_again(chat: Chat) -> None:
    await _with_request(chat, *_CANCEL)
    assert "已经在" in said(await chat.says("取消订单", "cancel_order"))
    assert not buttons(chat.last)


async def test_keeping_an_order_by_an_old_button_takes_the_request_back(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    keep = action(await chat.says("取消 A8000", "cancel_order"), "change:keep")
    assert "保持不变" in said(await chat.presses(keep))
    await chat.presses("change:cancel-yes:o8")
    assert "已经撤回" in said(await chat.presses(keep))
    assert not await _open(chat)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("can you speak english", does(Act.ASIDE, intent="out_of_scope")),
        ("用我同事那边的就好", does(Act.WAITS)),
        ("要写单元号吗", does(Act.ASKS_ABOUT)),
        ("改好了吗", does(Act.ASKS_STATE)),
        ("好的", does(Act.YES)),
    ],
)
async def test_what_is_no_address_is_not_taken_for_one(chat: Chat, text: str, meaning: Meaning) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.says("A8000 改地址", "change_address")
    assert said(await chat.says(text, meaning))
    assert not await _open(chat)
    assert "文三路" in said(await chat.says("杭州文三路，王小明"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("A8000 我不在家 寄到公司 北京市朝阳区建国路1号 张三 13900000000", "北京市朝阳区建国路1号"),
        ("A8000 please send it to 5 Elm St London", "5 Elm St London"),
    ],
)
async def test_all_that_was_said_with_a_new_address_reaches_staff(
    chat: Chat, text: str, address: str
) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    meaning = Meaning(intents=(("change_address", 0.9),), address=address)
    assert address in said(await chat.says(text, meaning))
    (made,) = await _open(chat)
    assert made.details == {"address": address, "text": text}


async def test_a_long_address_is_kept_within_bounds(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.says("A8000 改地址", "change_address")
    await chat.says("杭州文三路 2 号" + "，请放门口" * 200)
    (made,) = await _open(chat)
    assert {key: len(value) for key, value in made.details.items()} == {"address": 499, "text": 1_019}


@pytest.mark.parametrize("asked_before", [False, True])
async def test_an_address_that_shall_stay_is_not_asked_for_again(chat: Chat, asked_before: bool) -> None:
    if asked_before:
        await _with_request(chat, *_ADDRESS)
    else:
        await chat.link()
        await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.says("A8000 改地址", "change_address")
    reply = said(await chat.says("算了地址也别改了", does(Act.WITHDRAWS, intent="change_address")))
    assert ("已经撤回" if asked_before else "保持不变") in reply
    assert not await _open(chat)
