"""Requests are filed whole: for the right order and things, with what was told beside the wish, before it or apart."""

from __future__ import annotations

import pytest

from nlu.acts import Act
from storage.requests import Request, Requests
from tests.bot.conversation import shop
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


AGREES = Meaning(intents=(("affirm", 0.95),), acts={Act.YES: 0.95}, wishes=())
NOTHING = Meaning(intents=(("chitchat", 0.1),), wishes=())


async def test_a_yes_behind_words_that_only_note_takes_what_was_offered(bought: Chat) -> None:
    await bought.store.write(lambda c: shop.add_order(c, "o7", "A7000", "shipped", late=True))
    await bought.says("A7000 到哪了", "order_status")
    bought.understander.script["do that please"] = AGREES
    await bought.says("right, do that please", AGREES)
    (one,) = await made(bought)
    assert (one.kind, one.order_number) == ("chase_parcel", "A7000")
    assert "A7000 到哪了" in one.details["text"]


async def test_a_plain_yes_said_once_more_in_other_words_is_one(bought: Chat) -> None:
    await bought.says("取消 A8000", CANCEL)
    bought.understander.script["嗯嗯"] = AGREES
    await bought.says(
        "嗯嗯，帮我弄掉吧", Meaning(intents=(("affirm", 0.2),), acts={Act.YES: 0.99}, wishes=())
    )
    assert [one.kind for one in await made(bought)] == ["cancel_order"]


async def test_a_number_that_only_an_invoice_needs_wishes_one(bought: Chat) -> None:
    told = Meaning(intents=(("chitchat", 0.1),), wishes=(), slots=(("tax_number", "91310000MA1FL3L10X"),))
    await bought.says("A1019 到了吗", "order_status")
    assert "抬头" in said(await bought.says("91310000MA1FL3L10X", told))
    assert not await made(bought)


async def test_an_address_told_before_the_wish_is_kept_for_it(bought: Chat) -> None:
    address = Meaning(intents=(("chitchat", 0.9),), wishes=(), address="杭州市西湖区文三路2号")
    await bought.says("我住到杭州市西湖区文三路2号了", address)
    await bought.says("A8000 寄到那里吧", means("change_address"))
    (one,) = await made(bought)
    assert "文三路2号" in one.details["address"]


async def test_what_is_hardly_a_wish_is_asked_about_in_a_first_message_too(bought: Chat) -> None:
    hardly = Meaning(intents=(("item_problem", 0.35),), wishes=())
    assert "A1019" in said(await bought.says("A1019 那套跟我哥送的一样", hardly))
    assert not await made(bought)


async def test_what_went_wrong_told_when_asked_is_the_complaint(bought: Chat) -> None:
    await bought.says("你们店员态度太差", "complaint")
    await bought.says("问了三遍头都不抬", NOTHING)
    (one,) = await made(bought)
    assert one.kind == "complaint"
    assert {"你们店员态度太差", "问了三遍头都不抬"} <= set(one.details["text"].splitlines())


@pytest.mark.parametrize("words", ["那别发了", "so don't bother sending them"])
async def test_an_order_spoken_of_that_is_not_to_be_sent_is_cancelled(bought: Chat, words: str) -> None:
    await bought.says("A8000 到哪了", "order_status")
    reply = said(await bought.says(words, Meaning(intents=(("deny", 0.5),), wishes=())))
    assert "A8000" in reply
    assert not await made(bought)
    await bought.says("好的", does(Act.YES))
    assert [one.kind for one in await made(bought)] == ["cancel_order"]


async def test_what_is_still_on_its_way_goes_elsewhere_by_the_carrier(bought: Chat) -> None:
    await bought.says("A1024 到哪了", "order_status")
    other = Meaning(intents=(("change_address", 0.9),), address="杭州市西湖区文三路2号")
    assert "文三路2号" in said(await bought.says("改送到杭州市西湖区文三路2号", other))
    await bought.says("好的", does(Act.YES))
    (one,) = await made(bought)
    assert (one.kind, one.order_number) == ("redirect", "A1024")


async def test_what_is_said_of_the_courier_and_asks_nothing_is_asked_about(bought: Chat) -> None:
    await bought.says("A1024 到哪了", "order_status")
    await bought.says("到了搁棚子里就成", Meaning(intents=(("shipping_options", 0.9),), wishes=()))
    assert not await made(bought)
    await bought.says("好的", does(Act.YES))
    (one,) = await made(bought)
    assert (one.kind, one.details["note"]) == ("delivery_note", "到了搁棚子里就成")


async def test_the_number_of_a_customer_is_read_back_for_a_call(bought: Chat) -> None:
    assert "13800005678" in said(await bought.says("给我来个电话，明天下午三点半", means("human_agent")))
    assert not await made(bought)


async def test_a_return_settles_the_trouble_that_was_asked_about(bought: Chat) -> None:
    await bought.says("A1019 那套跟我哥送的一样", Meaning(intents=(("item_problem", 0.35),), wishes=()))
    reason = Meaning(intents=(("return_request", 0.9),), slots=(("reason", "重复了"),))
    await bought.says("A1019 的龙井茶我退了吧，重复了", reason)
    back = said(await bought.says("对", does(Act.YES)))
    assert [one.kind for one in await made(bought)] == ["return"]
    assert "商品问题" not in back


@pytest.mark.parametrize("words", ["把我的资料都删干净", "get rid of everything you have on me"])
async def test_what_is_kept_of_somebody_is_deleted_in_other_words_too(bought: Chat, words: str) -> None:
    await bought.says(words, means("my_data"))
    assert not await made(bought)
    await bought.says("好的", does(Act.YES))
    assert [one.kind for one in await made(bought)] == ["data_erasure"]


async def test_who_wants_to_hear_once_it_is_there_takes_the_notice_that_was_offered(bought: Chat) -> None:
    await bought.says("竹茶盘有货吗", means("stock_question"))
    await bought.says("no worries, give me a shout when it is", NOTHING)
    async with bought.store.read() as connection:
        found = await Requests(connection).find(kind="restock_notice")
    assert len(found) == 1
