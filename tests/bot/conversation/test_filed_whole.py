"""Requests are filed whole: for the right order and things, with what was told beside the wish, before it or apart."""

from __future__ import annotations

import pytest

from nlu.acts import Act
from storage.requests import Request, Requests
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning, does, means

CANCEL = means("cancel_order")
CHANGE = means("change_order")
RETURN = means("return_request")


async def made(chat: Chat) -> list[Request]:
    """The requests that are still to be decided, oldest first."""
    async with chat.store.read() as connection:
        return await Requests(connection).find()


@pytest.mark.parametrize(
    ("wish", "value"),
    [
        ("A8000 收件人改成李四", ("name", "李四")),
        ("the phone of A8000 is wrong, it is 13907125566", ("phone", "13907125566")),
    ],
)
async def test_whom_a_parcel_goes_to_is_changed_alone(
    bought: Chat, wish: str, value: tuple[str, str]
) -> None:
    told = Meaning(intents=(("change_address", 0.9),), slots=(value,))
    reply = said(await bought.says(wish, told))
    (one,) = await made(bought)
    assert (one.kind, one.order_number, one.details[value[0]]) == ("change_address", "A8000", value[1])
    assert "地址不变" in reply or "stays as it is" in reply


@pytest.mark.parametrize("words", ["姓名电话不变", "name and phone stay the same"])
async def test_who_says_what_stays_takes_no_new_address_back(bought: Chat, words: str) -> None:
    address = Meaning(intents=(("change_address", 0.9),), address="杭州市西湖区文三路2号")
    await bought.says("A8000 改到杭州市西湖区文三路2号", address)
    await bought.says(words, does(Act.WITHDRAWS))
    (one,) = await made(bought)
    assert "文三路2号" in one.details["address"]


@pytest.mark.parametrize(
    ("wish", "meaning"),
    [
        ("A8000 里的龙井茶不要了", CHANGE),
        ("A8000里面的龙井茶取消掉", CANCEL),
        ("please take the tea out of order A8000", CHANGE),
        ("cancel just the longjing tea in order A8000, keep the cup", CANCEL),
    ],
)
async def test_a_thing_is_left_out_of_an_order_and_the_rest_stays(
    bought: Chat, wish: str, meaning: Meaning
) -> None:
    reply = said(await bought.says(wish, meaning))
    (one,) = await made(bought)
    assert (one.kind, one.details["products"]) == ("change_order", "p1")
    assert "龙井茶" in reply or "Longjing" in reply


async def test_a_part_is_left_out_where_all_was_to_be_cancelled(bought: Chat) -> None:
    await bought.says("取消 A8000", CANCEL)
    await bought.says("只要去掉龙井茶，陶瓷杯留着", does(Act.CORRECTS))
    (one,) = await made(bought)
    assert (one.kind, one.details["products"]) == ("change_order", "p1")


@pytest.mark.parametrize(
    ("words", "product"), [("陶瓷杯没问题", "p1"), ("陶瓷杯留着", "p1"), ("the longjing tea is fine", "p2")]
)
async def test_what_is_said_to_be_well_is_not_sent_back(bought: Chat, words: str, product: str) -> None:
    told = Meaning(intents=(("return_request", 0.9),), slots=(("reason", "太小了"),))
    await bought.says("A1019 想退货，太小了", told)
    await bought.says(words, does(Act.GIVES, Act.WITHDRAWS))
    (one,) = await made(bought)
    assert one.details["products"] == product


async def test_what_stays_takes_no_request_back(bought: Chat) -> None:
    told = Meaning(intents=(("return_request", 0.9),), slots=(("reason", "裂了"),))
    await bought.says("A1019 的陶瓷杯想退，裂了", told)
    await bought.says("龙井茶留着", does(Act.WITHDRAWS))
    (one,) = await made(bought)
    assert one.details["products"] == "p2"


async def test_a_yes_that_reads_as_a_no_by_itself_cancels_nothing(bought: Chat) -> None:
    await bought.says("取消 A8000", CANCEL)
    unsure = Meaning(intents=(("deny", 0.31), ("affirm", 0.3)), acts={Act.YES: 0.86}, wishes=())
    await bought.says("还是留着吧", unsure)
    assert not await made(bought)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("好的谢谢", Meaning(intents=(("thanks", 0.75), ("affirm", 0.18)), acts={Act.YES: 1.0}, wishes=())),
        (
            "ok cancel",
            Meaning(intents=(("cancel_order", 0.99),), acts={Act.YES: 0.7, Act.WITHDRAWS: 0.5}, wishes=()),
        ),
    ],
)
async def test_a_yes_in_other_words_is_one(bought: Chat, words: str, meaning: Meaning) -> None:
    await bought.says("取消 A8000", CANCEL)
    await bought.says(words, meaning)
    assert [one.kind for one in await made(bought)] == ["cancel_order"]


@pytest.mark.parametrize("before", [(), ("陶瓷杯太薄了",)])
async def test_a_reason_beside_or_before_the_wish_is_its_reason(
    bought: Chat, before: tuple[str, ...]
) -> None:
    bought.understander.script["陶瓷杯太薄了"] = does(Act.GIVES, intent="out_of_scope")
    for words in before:
        await bought.says(words)
    await bought.says("A1019 的陶瓷杯要退" if before else "陶瓷杯太薄了，A1019 的陶瓷杯要退", RETURN)
    (one,) = await made(bought)
    assert (one.details["products"], one.details["reason"]) == ("p2", "陶瓷杯太薄了")


async def test_what_was_told_of_a_trouble_is_not_asked_again_for_the_money(bought: Chat) -> None:
    await bought.says(
        "A1019 的陶瓷杯裂了", Meaning(intents=(("item_problem", 0.9),), slots=(("item", "陶瓷杯"),))
    )
    await bought.says("直接退钱", "refund_request")
    assert {one.kind: one.details["products"] for one in await made(bought)} == {
        "item_problem": "p2",
        "refund": "p2",
    }


async def test_a_question_after_a_trouble_asks_for_no_money(bought: Chat) -> None:
    await bought.says(
        "A1019 的陶瓷杯裂了", Meaning(intents=(("item_problem", 0.9),), slots=(("item", "陶瓷杯"),))
    )
    await bought.says("你们怎么赔？", "refund_request")
    assert [one.kind for one in await made(bought)] == ["item_problem"]


async def test_a_number_that_stays_as_it_is_is_no_change(bought: Chat) -> None:
    told = Meaning(intents=(("change_order", 0.9),), slots=(("quantity", "1件"),))
    await bought.says("A8000 的龙井茶1件我想改一下", told)
    assert not await made(bought)


@pytest.mark.parametrize("joint", ["另外", "also ", "and also "])
async def test_two_wishes_that_are_joined_are_both_heard(bought: Chat, joint: str) -> None:
    bought.understander.script["取消 A8000"] = CANCEL
    bought.understander.script[f"{joint}A1019 开个人发票"] = means("invoice_request")
    await bought.says(f"取消 A8000，{joint}A1019 开个人发票", "cancel_order")
    await bought.says("对", does(Act.YES))
    assert {one.kind for one in await made(bought)} == {"cancel_order", "invoice"}


async def test_another_wish_than_the_one_an_order_is_asked_for_is_heard(bought: Chat) -> None:
    await bought.says("到哪了", "order_status")
    await bought.says("取消 A8000", "cancel_order")
    await bought.says("对", does(Act.YES))
    assert [(one.kind, one.order_number) for one in await made(bought)] == [("cancel_order", "A8000")]


async def test_nothing_is_wrong_yet_with_what_has_not_left(bought: Chat) -> None:
    told = Meaning(intents=(("item_problem", 0.9),), slots=(("item", "龙井茶"), ("version", "500克")))
    await bought.says("A8000 的龙井茶拍错了，要500克的", told)
    assert [one.kind for one in await made(bought)] == ["change_order"]
