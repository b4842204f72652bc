"""What customers want done: told in pieces, put right, interrupted, taken back, and asked of the shop once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.messages import IncomingKind
from nlu.acts import Act
from storage.requests import Request, Requests
from storage.schema import request
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, said
from tests.fakes import Meaning, does

_Turn = tuple[str, Meaning | str]

BOTH = does(Act.GIVES, points=(0, 1))
"""Both lines of the order that the question lists."""
YES = does(Act.YES, intent="affirm")
TAX_NUMBER = "91330106MA27XA1234"
CANCEL: tuple[_Turn, ...] = (("取消 A8000", "cancel_order"),)
ADDRESS: tuple[_Turn, ...] = (("A8000 改地址", "change_address"),)
REASON: tuple[_Turn, ...] = (("A1019 想退货", "return_request"),)
ITEMS: tuple[_Turn, ...] = (*REASON, ("尺寸不合适", does(Act.GIVES)))
TITLE: tuple[_Turn, ...] = (("A1019 开发票", "invoice_request"),)
QUESTIONS: dict[str, tuple[tuple[_Turn, ...], Meaning]] = {
    "cancel": (CANCEL, YES),
    "address": (ADDRESS, does(Act.GIVES)),
    "reason": (REASON, does(Act.GIVES)),
    "items": (ITEMS, BOTH),
    "title": (TITLE, does(Act.GIVES)),
}
"""What leads to a question, and its answer."""


def wishes(intent: str, text: str, *acts: Act, **told: Any) -> Meaning:
    """A message that does something and wishes something with its last words."""
    return does(*acts, wishes=((intent, text),), **told)


def first(intent: str, **told: Any) -> Meaning:
    """A message by itself, with what it tells."""
    return Meaning(intents=((intent, 0.9), ("chitchat", 0.02)), **told)


async def made(chat: Chat) -> list[Request]:
    """The requests that are still to be decided, oldest first."""
    async with chat.store.read() as connection:
        return await Requests(connection).find()


async def says(chat: Chat, turns: tuple[_Turn, ...]) -> None:
    for text, meaning in turns:
        await chat.says(text, meaning)


@pytest.mark.parametrize("asked", list(QUESTIONS))
@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("等我问下我媳妇", does(Act.WAITS)),
        (
            "等我问下我媳妇，文三路那边",
            does(Act.WAITS, Act.GIVES, slots=(("address", "文三路"),), points=(0,)),
        ),
        ("行，你等一下", does(Act.WAITS, Act.YES)),
        ("等等，那改地址呢", wishes("change_address", "那改地址呢", Act.WAITS, Act.YES)),
        ("弄好了吗", does(Act.ASKS_STATE)),
        ("问这个干嘛", does(Act.ASKS_ABOUT)),
        ("今天天气真差", does(Act.ASIDE, intent="out_of_scope")),
        ("龙井茶多少钱", wishes("price_question", "龙井茶多少钱", Act.ASIDE)),
        ("嗯嗯嗯", does()),
    ],
)
async def test_nothing_is_asked_of_the_shop_where_the_question_is_not_answered(
    bought: Chat, asked: str, text: str, meaning: Meaning
) -> None:
    await says(bought, QUESTIONS[asked][0])
    assert said(await bought.says(text, meaning))
    assert not await made(bought)
    await bought.says("就是这样，杭州市文三路3号", QUESTIONS[asked][1])
    if asked == "reason":
        assert not await made(bought)
        await bought.says("都是", BOTH)
    (one,) = await made(bought)
    assert text not in one.details.get("text", ""), "what was said by the way is no part of it"


@pytest.mark.parametrize("intent", ["chase_parcel", "cancel_order", "item_problem"])
async def test_who_asks_how_something_stands_that_was_never_asked_for_asks_for_nothing(
    bought: Chat, intent: str
) -> None:
    asks = Meaning(intents=((intent, 0.9),), acts={Act.ASKS_STATE: 0.9}, wishes=())
    assert "A1024" in said(await bought.says("A1024 催了吗", asks))
    assert not await made(bought)


async def test_what_a_question_is_for_is_told(bought: Chat) -> None:
    await says(bought, TITLE)
    assert "抬头就是发票开给谁" in said(await bought.says("抬头是啥", does(Act.ASKS_ABOUT)))


@pytest.mark.parametrize("asked", ["address", "reason", "items", "title"])
async def test_a_yes_is_no_value(bought: Chat, asked: str) -> None:
    await says(bought, QUESTIONS[asked][0])
    await bought.says("好的", YES)
    assert not await made(bought)


@pytest.mark.parametrize("asked", list(QUESTIONS))
async def test_what_is_let_go_is_not_asked_for(bought: Chat, asked: str) -> None:
    await says(bought, QUESTIONS[asked][0])
    assert "保持不变" in said(await bought.says("算了", does(Act.WITHDRAWS)))
    await bought.says("好的", YES)
    await bought.says("尺寸不合适", does(Act.GIVES))
    assert not await made(bought)


async def test_an_answer_after_half_an_hour_answers_nothing(bought: Chat) -> None:
    for asked, answer in QUESTIONS.values():
        await says(bought, asked)
        bought.now += timedelta(minutes=31)
        await bought.says("就是这样", answer)
        assert not await made(bought)


async def test_what_was_told_before_a_pause_is_not_asked_for_again(bought: Chat) -> None:
    await says(bought, ITEMS)
    bought.now += timedelta(minutes=31)
    assert "哪一件" in said(await bought.says("我想退货 A1019", "return_request"))
    await bought.says("都是", BOTH)
    (one,) = await made(bought)
    assert one.details["reason"] == "尺寸不合适"


async def test_what_the_first_message_tells_is_used(bought: Chat) -> None:
    text = "A1019 龙井茶发霉了要退"
    await bought.says(text, first("return_request", slots=(("reason", "发霉了"),)))
    (one,) = await made(bought)
    assert one.details == {"reason": "发霉了", "items": "龙井茶", "products": "p1", "text": text}


async def test_what_is_told_before_it_is_asked_for_is_used(bought: Chat) -> None:
    await bought.says("A1019 开发票", "invoice_request")
    told = (("invoice_title", "蓝天公司"), ("tax_number", TAX_NUMBER), ("email", "a@b.cn"))
    await bought.says("蓝天公司 91330106MA27XA1234 发到 a@b.cn", does(Act.GIVES, slots=told))
    (one,) = await made(bought)
    assert {key: one.details[key] for key in ("title", "tax_number", "email")} == {
        "title": "蓝天公司",
        "tax_number": TAX_NUMBER,
        "email": "a@b.cn",
    }


async def test_every_value_that_is_told_is_kept(bought: Chat) -> None:
    told = (("size", "L码"), ("colour", "深蓝"))
    text = "A1019 陶瓷杯 换深蓝的L码"
    assert "换深蓝的L码" in said(await bought.says(text, first("exchange_request", slots=told)))


@pytest.mark.parametrize(
    ("text", "meaning", "items"),
    [
        ("陶瓷杯那个", does(Act.GIVES), "陶瓷杯"),
        ("上面那个", does(Act.GIVES, points=(0,)), "龙井茶"),
        ("两个都是", BOTH, "龙井茶\n陶瓷杯"),
    ],
)
async def test_of_several_things_in_an_order_it_is_asked_which(
    bought: Chat, text: str, meaning: Meaning, items: str
) -> None:
    await bought.says("A1019 想退货", "return_request")
    asked = said(await bought.says("尺寸不合适", does(Act.GIVES)))
    assert "1. 龙井茶\n2. 陶瓷杯" in asked
    await bought.says(text, meaning)
    (one,) = await made(bought)
    assert one.details["items"] == items


async def test_a_return_that_names_another_version_is_an_exchange(bought: Chat) -> None:
    await bought.says("A1019 想退货", "return_request")
    reply = await bought.says(
        "陶瓷杯太小，换大号", does(Act.GIVES, slots=(("size", "大号"), ("reason", "太小")))
    )
    assert "换货申请" in said(reply)
    (one,) = await made(bought)
    assert (one.kind, one.details["wanted"], one.details["reason"]) == ("exchange", "大号", "陶瓷杯太小")
    await bought.says("好的", YES)
    assert len(await made(bought)) == 1


WHERE = "杭州文三路2号1栋101 王小明 13800005678"
WHERE_TOLD = (("address", "杭州文三路2号1栋101"), ("name", "王小明"), ("phone", "13800005678"))


@pytest.mark.parametrize("act", [Act.CORRECTS, Act.ADDS])
async def test_a_part_of_an_address_leaves_the_rest(bought: Chat, act: Act) -> None:
    await says(bought, ADDRESS)
    await bought.says(WHERE, does(Act.GIVES, slots=WHERE_TOLD))
    await bought.says("不对，是2栋", does(act, slots=(("address_part", "2栋"),)))
    (one,) = await made(bought)
    assert one.details["address"] == "杭州文三路2号2栋101"
    assert one.details["name"] == "王小明"
    assert one.details["phone"] == "13800005678"


async def test_a_part_of_an_address_wished_anew_leaves_the_rest(bought: Chat) -> None:
    await says(bought, ADDRESS)
    await bought.says(WHERE, does(Act.GIVES, slots=WHERE_TOLD))
    again = wishes("change_address", "改成2栋", slots=(("address_part", "2栋"),))
    assert "补充到申请" in said(await bought.says("A8000 改成2栋", again))
    (one,) = await made(bought)
    assert one.details["address"] == "杭州文三路2号2栋101"


async def test_another_title_keeps_the_tax_number(bought: Chat) -> None:
    await says(bought, TITLE)
    told = (("invoice_title", "蓝天公司"), ("tax_number", TAX_NUMBER))
    await bought.says("蓝天公司 91330106MA27XA1234", does(Act.GIVES, slots=told))
    other = does(Act.CORRECTS, slots=(("invoice_title", "白云公司"),))
    assert "已改成：白云公司" in said(await bought.says("错了，是白云公司", other))
    (one,) = await made(bought)
    assert (one.details["title"], one.details["tax_number"]) == ("白云公司", TAX_NUMBER)


async def test_a_reason_put_right_before_all_is_told(bought: Chat) -> None:
    await says(bought, ITEMS)
    other = does(Act.CORRECTS, slots=(("reason", "发霉了"),))
    assert "哪一件" in said(await bought.says("不是尺寸，是发霉了", other))
    await bought.says("都是", BOTH)
    (one,) = await made(bought)
    assert one.details["reason"] == "发霉了"


async def test_nothing_that_is_decided_is_changed(bought: Chat) -> None:
    await says(bought, (*TITLE, ("个人", does(Act.GIVES))))
    await bought.store.write(lambda c: c.execute(update(request).values(state="accepted")))
    other = does(Act.CORRECTS, slots=(("invoice_title", "白云公司"),))
    reply = await bought.says("错了，是白云公司", other)
    assert action(reply, "human:ask")
    (one,) = await made(bought)
    assert one.details["title"] == "personal"


@pytest.mark.parametrize(
    ("state", "answer"),
    [("asked", "还在等"), ("accepted", "正在办理"), ("declined", "没有通过"), ("done", "已办好")],
)
async def test_how_a_request_stands_is_told(bought: Chat, state: str, answer: str) -> None:
    await says(bought, (*TITLE, ("个人", does(Act.GIVES))))
    await bought.store.write(lambda c: c.execute(update(request).values(state=state)))
    text = said(await bought.says("好了吗", does(Act.ASKS_STATE)))
    assert answer in text
    assert "A1019 开发票" in text


async def test_of_two_requests_the_one_named_is_told_and_taken_back(bought: Chat) -> None:
    await says(bought, (*CANCEL, ("对", YES), *TITLE, ("个人", does(Act.GIVES))))
    assert "取消订单 A8000" in said(await bought.says("A8000 呢，好了吗", does(Act.ASKS_STATE)))
    assert "取消订单 A8000" in said(await bought.says("A8000 不取消了", does(Act.WITHDRAWS)))
    assert [one.kind for one in await made(bought)] == ["invoice"]


async def test_a_wish_by_the_way_is_answered_and_the_question_recalled(bought: Chat) -> None:
    await says(bought, CANCEL)
    reply = said(await bought.says("龙井茶多少钱", wishes("price_question", "龙井茶多少钱", Act.ASIDE)))
    assert "¥128.00" in reply
    assert "还要取消吗" in reply
    assert "提交取消申请" in said(await bought.says("对", YES))


async def test_two_things_at_once_are_both_asked_for(bought: Chat) -> None:
    await says(bought, CANCEL)
    invoice = wishes("invoice_request", "给A1019开发票", Act.ASIDE)
    assert "抬头" in said(await bought.says("顺便给A1019开发票", invoice))
    reply = said(await bought.says("个人", does(Act.GIVES)))
    assert "申请发票" in reply
    assert "还要取消吗" in reply
    assert "提交取消申请" in said(await bought.says("对", YES))
    assert {(one.kind, one.order_number) for one in await made(bought)} == {
        ("cancel_order", "A8000"),
        ("invoice", "A1019"),
    }


async def test_two_wishes_of_one_message_are_both_gone_through(bought: Chat) -> None:
    both = does(wishes=(("cancel_order", "取消A8000"), ("invoice_request", "给A1019开发票")))
    for part in ("取消A8000", "给A1019开发票"):
        bought.understander.script[part] = does()
    await bought.says("取消A8000，给A1019开发票", both)
    assert "还要取消吗" in said(await bought.says("个人", does(Act.GIVES)))
    await bought.says("对", YES)
    assert {one.kind for one in await made(bought)} == {"cancel_order", "invoice"}


async def test_an_answer_and_a_wish_in_one_message_both_count(bought: Chat) -> None:
    await says(bought, CANCEL)
    reply = said(await bought.says("对，龙井茶多少钱", wishes("price_question", "龙井茶多少钱", Act.YES)))
    assert "提交取消申请" in reply
    assert "¥128.00" in reply
    assert "还要取消吗" not in reply
    assert "还在等" in said(await bought.says("取消好了吗", does(Act.ASKS_STATE))), (
        "it is remembered as asked for"
    )


async def test_a_yes_that_says_again_what_it_confirms_is_answered_once(bought: Chat) -> None:
    await says(bought, CANCEL)
    reply = said(await bought.says("对，取消吧", wishes("cancel_order", "取消吧", Act.YES)))
    assert "提交取消申请" in reply
    assert "吗？" not in reply


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("不是这单，是 A9000", does(Act.CORRECTS)),
        ("是 A9000", does(Act.NO, Act.CORRECTS)),
        ("好的，取消 A9000", does(Act.YES)),
        ("A9000", does(Act.GIVES)),
    ],
)
async def test_another_order_takes_the_place_of_the_first(bought: Chat, text: str, meaning: Meaning) -> None:
    await says(bought, CANCEL)
    assert "要取消订单 A9000" in said(await bought.says(text, meaning))
    await bought.says("对", YES)
    (one,) = await made(bought)
    assert one.order_number == "A9000"


async def test_not_that_order_but_the_other_is_the_one_left(bought: Chat) -> None:
    await says(bought, CANCEL)
    reply = said(await bought.says("不是这单，是另一单", does(Act.NO, Act.CORRECTS, others=True)))
    assert "要取消订单 A9000" in reply


async def test_what_was_told_goes_with_the_task_to_another_order(bought: Chat) -> None:
    await bought.store.write(lambda c: shop.add_order(c, "o6", "A6000", "delivered"))
    await bought.says("A1019 陶瓷杯想退", "return_request")
    reply = await bought.says("不是这单，是 A6000，发霉了", does(Act.CORRECTS, slots=(("reason", "发霉了"),)))
    assert "A6000 里的哪一件" in said(reply), "the first order's items are not the other's"
    await bought.says("都是", BOTH)
    (one,) = await made(bought)
    assert (one.order_number, one.details["reason"]) == ("A6000", "发霉了")


async def test_an_order_that_was_sent_meanwhile_is_not_cancelled_by_a_yes(bought: Chat) -> None:
    await says(bought, CANCEL)
    await bought.store.write(lambda c: shop.add_order(c, "o8", "A8000", "shipped"))
    assert "取消不了了" in said(await bought.says("对", YES))
    assert not await made(bought)


@pytest.mark.parametrize("asked", list(QUESTIONS))
async def test_nothing_is_asked_for_of_an_order_that_is_no_longer_theirs(bought: Chat, asked: str) -> None:
    await says(bought, QUESTIONS[asked][0])
    await bought.link("c2")
    await bought.says("就是这样，3号", QUESTIONS[asked][1])
    assert not await made(bought)


async def test_an_edited_answer_puts_the_request_right(bought: Chat) -> None:
    await says(bought, TITLE)
    await bought.says("蓝天公司 91330106MA27XA1234", does(Act.GIVES))
    bought.understander.script["白云公司"] = does(Act.CORRECTS, slots=(("invoice_title", "白云公司"),))
    await bought.does(IncomingKind.EDIT, text="白云公司", message_ref="2")
    (one,) = await made(bought)
    assert one.details["title"] == "白云公司"


async def test_a_yes_that_was_edited_does_nothing_twice(bought: Chat) -> None:
    await says(bought, (*CANCEL, ("对", YES)))
    bought.understander.script["对！"] = YES
    await bought.does(IncomingKind.EDIT, text="对！", message_ref="2")
    assert len(await made(bought)) == 1
