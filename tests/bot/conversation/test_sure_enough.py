"""How sure one must be of a wish before something is asked of the shop, and what is said first to a question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.registry import REGISTRY
from nlu.acts import Act
from storage.orders import Orders
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_tasks import YES, made
from tests.bot.conversation.test_with_the_model import real_chat
from tests.fakes import Meaning, does

__all__ = ["real_chat"]


def guess(intent: str) -> Meaning:
    """Words that alone wish something, where what is said around them doesn't make it a wish."""
    return Meaning(intents=((intent, 0.9), ("chitchat", 0.02)), acts={}, wishes=())


@pytest.mark.parametrize("intent", ["delivery_problem", "chase_parcel"])
async def test_what_only_the_words_wish_is_asked_about_first(bought: Chat, intent: str) -> None:
    await bought.says("A1024 到哪了", "order_status")
    assert "需要我为您提交" in said(await bought.says("要是丢了咋办", guess(intent)))
    assert not await made(bought)
    await bought.says("好的", YES)
    # What is still on its way is asked after, whatever it is called.
    assert [(one.kind, one.order_number) for one in await made(bought)] == [("chase_parcel", "A1024")]


async def test_a_no_to_that_question_asks_for_nothing(bought: Chat) -> None:
    await bought.says("A1024 到哪了", "order_status")
    await bought.says("要是丢了咋办", guess("delivery_problem"))
    await bought.says("不用", does(Act.NO, intent="deny"))
    await bought.says("好的", YES)
    assert not await made(bought)


async def test_what_tells_values_needs_no_question(bought: Chat) -> None:
    await bought.says("A8000 到哪了", "order_status")
    told = Meaning(
        intents=(("change_address", 0.9),), acts={}, wishes=(), slots=(("address", "杭州市文三路3号"),)
    )
    await bought.says("寄到杭州市文三路3号", told)
    assert [one.kind for one in await made(bought)] == ["change_address"]


async def test_more_of_a_trouble_goes_to_the_request_that_was_made_of_it(bought: Chat) -> None:
    await bought.says("A1019 的杯子碎了", "item_problem")
    if not await made(bought):
        await bought.says("都是", does(Act.GIVES, points=(0, 1)))
    (before,) = await made(bought)
    await bought.says("箱子我已经扔了", guess("delivery_problem"))
    (now,) = await made(bought)
    assert now.number == before.number
    assert "箱子我已经扔了" in now.details["text"]


def test_every_task_of_an_order_finds_it_again() -> None:
    asked = [one for one in REGISTRY.tasks.values() if one.order is not None or one.wished_by]
    of_an_order = [
        one for one in asked if one.order is not None or one.request in ("delivery_problem", "chase_parcel")
    ]
    assert all(one.own_order is not None for one in of_an_order)


async def test_a_question_is_answered_while_a_person_is_waited_for(real_chat: Chat) -> None:
    await real_chat.says("转人工")
    assert "工作日" in said(await real_chat.says("退款一般几天到账？"))


@pytest.mark.parametrize(("text", "answer"), [("A1024", "A1024"), ("A1019", "A1019")])
async def test_a_bare_number_is_an_orders(real_chat: Chat, text: str, answer: str) -> None:
    assert answer in said(await real_chat.says(text))


@pytest.mark.parametrize("text", ["k", "嗯", "123", "嘎嘎嘎咕噜", "阿斯顿发阿斯蒂芬", "blorp the fleem"])
async def test_what_describes_nothing_begins_no_search(real_chat: Chat, text: str) -> None:
    reply = await real_chat.says(text)
    assert not (reply.cards if reply is not None else ())
    assert "想找" not in said(reply)
    assert "looking for" not in said(reply)


@pytest.mark.parametrize("text", ["改好了吗", "弄好了没", "处理得怎么样了"])
async def test_who_asks_how_a_request_stands_is_told_that(real_chat: Chat, text: str) -> None:
    await real_chat.store.write(lambda connection: shop.add_order(connection, "o8", "A8000", "paid"))
    await real_chat.says("A8000 改地址")
    await real_chat.says("杭州市西湖区文三路88号3幢502 李敏 13900001111")
    assert "还在等" in said(await real_chat.says(text))


async def test_a_question_beside_a_wish_for_time_is_answered(real_chat: Chat) -> None:
    await real_chat.says("A1019 想退货")
    assert "工作日" in said(await real_chat.says("等下，退款一般几天到账？"))


@pytest.mark.parametrize("text", ["A8000 再加一个竹茶盘", "please add bamboo tray to A8000"])
async def test_what_is_added_to_an_order_is_none_of_its_lines(bought: Chat, text: str) -> None:
    tray = "竹茶盘" if "竹茶盘" in text else "bamboo tray"
    item = Meaning(intents=(("change_order", 0.9),), slots=(("item", tray), ("quantity", "一个")))
    await bought.says(text, item)
    (one,) = await made(bought)
    assert (one.kind, one.details["added"]) == ("change_order", tray)


async def test_a_name_that_sounds_like_adding_adds_nothing(bought: Chat) -> None:
    swap = Meaning(intents=(("change_order", 0.9),), slots=(("item", "加湿器"), ("version", "加湿器")))
    await bought.says("A8000 换成加湿器", swap)
    assert all("added" not in one.details for one in await made(bought))


@pytest.mark.parametrize(
    "pressed", ["return:ask:o1", "change:ask:o1", "check:ask:o1", "return:x", "check:y:o2"]
)
async def test_a_forged_button_begins_no_task_of_another_skill(bought: Chat, pressed: str) -> None:
    assert "过期" in said(await bought.presses(pressed))
    assert not await made(bought)


async def test_a_new_address_is_the_accounts_where_no_order_can_be_sent_there(bought: Chat) -> None:
    async with bought.store.read() as connection:
        known = await Orders(connection).by_customer("c1", limit=10)
    sent = [replace(one, status="delivered") for one in known if one.status in ("placed", "paid", "packed")]
    await bought.store.write(lambda connection: Orders(connection).put_many(sent))
    await bought.says("我搬家了 改下地址", "change_address")
    await bought.says("杭州市文三路3号", does(Act.GIVES, slots=(("address", "杭州市文三路3号"),)))
    assert [one.kind for one in await made(bought)] == ["account_address"]
