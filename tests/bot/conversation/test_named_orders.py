"""An order that a message names by its number is the one it is about, also beside a question about another."""

from __future__ import annotations

import pytest

from nlu.acts import Act
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_tasks import YES, made, wishes
from tests.fakes import Meaning, does


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("不是A1024，是A1019", "A1019"),
        ("I meant #A1019, not #A1024", "A1019"),
        ("A1024? sorry, A1019", "A1019"),
        ("not order A1024 but A1019", "A1019"),
    ],
)
async def test_a_number_that_is_put_right_is_not_meant(bought: Chat, text: str, number: str) -> None:
    answer = said(await bought.says(text, does(Act.CORRECTS, intent="order_status")))
    assert number in answer


async def test_what_is_told_of_another_order_is_not_told_of_the_one_asked_about(bought: Chat) -> None:
    await bought.says("A8000 改地址", "change_address")
    await bought.says(
        "A1024 那单都坏了，杭州市文三路3号的", does(Act.GIVES, slots=(("address", "杭州市文三路3号"),))
    )
    assert "A8000" not in [one.order_number for one in await made(bought)]


async def test_a_yes_holds_where_another_order_is_named_beside_it(bought: Chat) -> None:
    await bought.says("取消 A8000", "cancel_order")
    await bought.says("对，A1024 呢", does(Act.YES, wishes=(("order_status", "A1024 呢"),)))
    assert [one.order_number for one in await made(bought)] == ["A8000"]


@pytest.mark.parametrize("text", ["A1024 取消吧，不要了", "please cancel order A1024, I don't need it"])
async def test_another_wish_is_no_address(bought: Chat, text: str) -> None:
    await bought.says("A8000 改地址", "change_address")
    await bought.says(text, does(Act.GIVES, intent="cancel_order"))
    assert not [one for one in await made(bought) if one.kind == "change_address"]


@pytest.mark.parametrize("told", ["pressure 9", "9 bar and 2L", "#A8000"])
async def test_what_no_address_holds_is_told_of_none(bought: Chat, told: str) -> None:
    await bought.says(
        f"改成 {told}，A8000", wishes("change_order", f"改成 {told}", slots=(("address", told),))
    )
    assert not [one for one in await made(bought) if one.kind == "change_address"]


async def test_a_no_to_taking_a_request_back_keeps_it(bought: Chat) -> None:
    await bought.says("取消 A8000", "cancel_order")
    await bought.says("好", YES)
    await bought.says("不要了吧", Meaning(intents=(("chitchat", 0.3),), acts={Act.WITHDRAWS: 0.6}, wishes=()))
    await bought.says("不用，就那个", does(Act.NO, Act.WITHDRAWS, intent="deny"))
    assert [one.kind for one in await made(bought)] == ["cancel_order"]


async def test_a_reason_that_was_told_for_one_request_is_none_for_the_next(bought: Chat) -> None:
    await bought.says("A8000 取消", "cancel_order")
    await bought.says(
        "对，尺寸不合适", does(Act.YES, Act.GIVES, intent="affirm", slots=(("reason", "尺寸不合适"),))
    )
    await bought.says("A1019 想退货", "return_request")
    assert [one.kind for one in await made(bought)] == ["cancel_order"]
