"""What went wrong with an order: told in pieces, kept once, and what a return asked for leads to."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from nlu.acts import Act
from storage.requests import Requests
from storage.schema import request
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, kept, said
from tests.fakes import Meaning, does, means

BOTH = does(Act.GIVES, points=(0, 1))


@pytest.mark.parametrize(
    ("trouble", "wish"),
    [
        ("A1019 收到是坏的，杯口裂了一条很长的缝", "换个新的，不想退钱"),
        ("A1019 arrived broken, there is a long crack", "I'd rather have a new one than the money"),
    ],
)
async def test_a_picture_and_a_wish_are_added_to_the_trouble_just_reported(
    chat: Chat, trouble: str, wish: str
) -> None:
    await chat.link()
    await chat.says(trouble, "delivery_problem")
    chat.understander.script["杯子侧面 crack 裂了一条缝"] = does(Act.ADDS)
    reply = said(await chat.sends("photo", caption="杯子侧面 crack 裂了一条缝"))
    assert "补充到申请" in reply or "added that" in reply
    assert said(await chat.says(wish, does(Act.ADDS)))
    conversation = (await chat.contact()).conversation
    async with chat.store.read() as connection:
        (made,) = await Requests(connection).of_conversation(conversation.id)
    assert made.details["text"].split("\n") == [trouble, "杯子侧面 crack 裂了一条缝", wish]


async def test_a_trouble_told_again_is_added_and_kept_once_and_within_bounds(chat: Chat) -> None:
    await chat.link()
    told = ["A1019 杯口裂了", "还有一条腿也是弯的，站不稳", "还有一条腿也是弯的，站不稳"]
    reason = (("reason", "杯口裂了"),)
    await chat.says(told[0], Meaning(intents=(("item_problem", 0.9),), slots=reason))
    assert "编号" in said(await chat.says("两件都是", BOTH))
    for text in told[1:]:
        assert "补充到申请" in said(await chat.says(text, does(Act.ADDS)))
    ((_, words),) = await kept(chat)
    assert words.split("\n") == [told[0], "两件都是", told[1]]
    for number in range(6):
        await chat.says(f"{number}" + "裂了" * 240, does(Act.ADDS))
    ((_, words),) = await kept(chat)
    assert len(words) == 2_000
    assert "\n5裂了" in words


async def test_what_was_said_before_the_reason_was_asked_is_kept_with_it(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 cup too small, can I swap it", "return_request")
    await chat.says("too small for me")
    assert await kept(chat) == [("A1019", "A1019 cup too small, can I swap it\ntoo small for me")]


async def test_a_question_about_another_order_is_no_reason_for_a_refund(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 不想要了，退款", "refund_request")
    asked = does(Act.ASIDE, wishes=(("delivery_time", "A1024到底啥时候到"),))
    reply = said(await chat.says("A1024到底啥时候到", asked))
    assert "预计" in reply
    assert "退款的原因" in reply, "what was asked is still open"
    assert not await kept(chat)


async def test_another_number_in_place_of_the_reason_is_the_order_that_is_meant(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(shop.add_older_orders)
    await chat.says("A1019 想退货", "return_request")
    assert "A1001" in said(await chat.says("A1001"))
    assert not await kept(chat)
    await chat.says("杯口有一条缝")
    await chat.says("都是", BOTH)
    assert await kept(chat) == [("A1001", "A1019 想退货\nA1001\n杯口有一条缝\n都是")]


async def test_the_number_of_the_same_order_is_no_reason(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 想退货", "return_request")
    assert said(await chat.says("A1019"))
    assert not await kept(chat)


RETURNED = "A1019 想退货\n杯口有一条缝\n都是"


async def _return_asked_for(chat: Chat) -> None:
    await chat.says("A1019 想退货", "return_request")
    await chat.says("杯口有一条缝")
    await chat.says("都是", BOTH)
    assert await kept(chat) == [("A1019", RETURNED)]


@pytest.mark.parametrize(
    "question", ["退货地址是哪里", "退货寄到哪", "where do i send it", "what happens next?"]
)
async def test_after_a_return_was_asked_for_it_is_told_where_the_goods_go(chat: Chat, question: str) -> None:
    await chat.link()
    await _return_asked_for(chat)
    text = said(await chat.says(question, "return_request"))
    assert "请先不要寄出" in text or "don't post it yet" in text
    assert "R26" in text
    assert [words for _, words in await kept(chat)] == [RETURNED]


async def test_a_return_asked_for_again_is_named_and_not_asked_about(chat: Chat) -> None:
    await chat.link()
    await _return_asked_for(chat)
    assert "什么原因" not in said(await chat.says("A1019 茶也想退", "return_request"))
    assert "申请过了" in said(await chat.presses("return:start:o2"))
    assert await kept(chat) == [("A1019", f"{RETURNED}\nA1019 茶也想退")]


async def test_what_a_colleague_wrote_of_an_accepted_return_answers_where_it_goes(chat: Chat) -> None:
    await chat.link()
    await _return_asked_for(chat)

    async def accept(connection: AsyncConnection) -> None:
        await connection.execute(update(request).values(state="accepted", note="寄到杭州仓"))

    await chat.store.write(accept)
    text = said(await chat.says("退货地址是哪里", "return_request"))
    assert "已通过" in text
    assert "寄到杭州仓" in text


@pytest.mark.parametrize("question", ["退货寄到哪", "where should I send it?"])
async def test_where_goods_are_sent_is_no_question_of_money(chat: Chat, question: str) -> None:
    await chat.link()
    await chat.says("A1019 太小了 想换L", "return_request")
    text = said(await chat.says(question, "return_request"))
    assert "原付款方式" not in text
    assert "不要寄出" in text or "don't post" in text
    assert not await kept(chat)
    await chat.says("太小了")
    await chat.says("都是", BOTH)
    assert await kept(chat) == [("A1019", "A1019 太小了 想换L\n都是")]


async def test_a_parcel_that_is_lost_in_place_of_one_sent_elsewhere_is_looked_into(chat: Chat) -> None:
    await chat.link()
    await chat.says("redirect the parcel of A1024, please", means("redirect"))
    lost = Meaning(intents=(("delivery_problem", 0.9),), acts={Act.NO: 0.9})
    await chat.says("no, nowhere. It is lost, order A1024", lost)
    assert [number for number, _ in await kept(chat)] == ["A1024"]


async def test_a_lower_price_that_the_shop_does_not_know_is_passed_on_once_confirmed(chat: Chat) -> None:
    await chat.link()
    asked = said(await chat.says("A1019 got cheaper, I want the difference", means("price_protection")))
    assert "where and at what price" in asked or "多少钱" in asked
    told = Meaning(intents=(("price_question", 0.2),), acts={Act.GIVES: 0.9}, slots=(("amount", "59"),))
    back = said(await chat.says("59 in your live stream", told))
    assert "59" in back
    assert not await kept(chat)
    await chat.says("yes", does(Act.YES))
    ((number, words),) = await kept(chat)
    assert number == "A1019"
    assert "live stream" in words


async def test_a_parcel_that_was_asked_after_and_is_still_called_lost_is_looked_into(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1024 催一下快递", means("chase_parcel"))
    await chat.says("A1024 快递说签收了 我没收到 要报失", means("delivery_problem"))
    conversation = (await chat.contact()).conversation
    async with chat.store.read() as connection:
        made = await Requests(connection).of_conversation(conversation.id)
    assert {one.kind for one in made} == {"chase_parcel", "delivery_problem"}
