"""What the shop can't do is said before anything is asked of people, and nothing is asked of them on a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.memory import Memory
from bot.messages import Reply
from nlu.acts import Act
from storage.orders import Orders
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, buttons, said
from tests.bot.conversation.test_tasks import YES, first, made
from tests.fakes import Meaning, does

UNTIL_PACKED = "打包前可以取消、修改或改地址。打包后不能再改。"
UNTIL_SENT = "发货前可以取消、修改或改地址。"
THIRTY_DAYS = "签收后 30 天内可以退换。"
ADDRESS = Meaning(intents=(("change_address", 0.9),), slots=(("address", "杭州市文三路3号"),))
WISHES = {
    "取消 A7000": "cancel_order",
    "A7000 改成两件": "change_order",
    "A7000 寄到杭州市文三路3号": ADDRESS,
}


def labels(reply: Reply | None) -> list[str]:
    return [button.label for button in buttons(reply)]


@pytest.fixture
async def packed(bought: Chat) -> Chat:
    await bought.store.write(lambda c: shop.add_order(c, "o7", "A7000", "packed"))
    return bought


@pytest.mark.parametrize("text", list(WISHES))
async def test_a_packed_order_stays_as_it_is_where_the_pages_say_so(packed: Chat, text: str) -> None:
    packed.pages.passages["订单"] = UNTIL_PACKED
    answer = said(await packed.says(text, WISHES[text]))
    assert "已经打包" in answer
    assert UNTIL_PACKED in answer
    await packed.says("好的", YES)
    assert not await made(packed)


@pytest.mark.parametrize("rule", ["", UNTIL_SENT])
async def test_where_no_page_says_so_it_may_be_asked_until_it_leaves(packed: Chat, rule: str) -> None:
    if rule:
        packed.pages.passages["订单"] = rule
    assert "要取消订单 A7000" in said(await packed.says("取消 A7000", "cancel_order"))
    await packed.says("好的", YES)
    assert [one.kind for one in await made(packed)] == ["cancel_order"]


@pytest.mark.parametrize(("rule", "offered"), [("", True), (UNTIL_PACKED, False)])
async def test_a_button_is_shown_only_for_what_may_be_asked(packed: Chat, rule: str, offered: bool) -> None:
    if rule:
        packed.pages.passages["订单"] = rule
    shown = labels(await packed.says("A7000 到哪了", "order_status"))
    assert ("取消订单" in shown) is offered
    assert ("改地址" in shown) is offered
    assert "取消订单" in labels(await packed.says("A8000 到哪了", "order_status"))


@pytest.mark.parametrize(
    ("rule", "too_late"),
    [
        ("签收后三十天内可以退换。", True),
        ("签收后两周内可以退换，退款 3 天内到账。", True),
        ("两个月内可以退换，退款 5 天内到账。", False),
        ("Within two months of delivery; the money is back in 5 days.", False),
        ("30 个工作日内可以退换。", False),
    ],
)
async def test_the_longest_time_counts_in_whatever_unit_it_is_written(
    bought: Chat, rule: str, too_late: bool
) -> None:
    bought.pages.passages["几天之内"] = rule
    bought.now += timedelta(days=20)
    answer = said(await bought.says("A1019 的杯子想退", "return_request"))
    assert ("到今天 35 天" in answer) is too_late


@pytest.mark.parametrize("wish", ["return_request", "exchange_request"])
async def test_after_the_longest_time_that_the_pages_state_nothing_is_sent_back(
    bought: Chat, wish: str
) -> None:
    bought.pages.passages["几天之内"] = THIRTY_DAYS
    bought.now += timedelta(days=20)
    answer = said(await bought.says("A1019 的杯子想换一个颜色", first(wish)))
    assert "到今天 35 天" in answer
    assert THIRTY_DAYS in answer
    await bought.says("颜色不好看", does(Act.GIVES))
    assert not await made(bought)


async def test_within_that_time_and_for_a_fault_it_is_asked_for(bought: Chat) -> None:
    bought.pages.passages["几天之内"] = THIRTY_DAYS
    assert "到今天" not in said(await bought.says("A1019 的杯子想退", "return_request"))
    bought.now += timedelta(days=20)
    assert "到今天" not in said(await bought.says("A1019 的杯子漏水，要退", "return_request"))


async def test_what_was_declined_is_said_and_not_asked_for_again(bought: Chat) -> None:
    declined = replace(shop.refund("declined"), amount=17300)
    await bought.store.write(lambda c: shop.add_order(c, "o6", "A6000", "delivered", refunds=(declined,)))
    answer = await bought.says("A6000 的杯子碎了", "item_problem")
    assert "没有通过" in said(answer)
    assert "转人工" in labels(answer)
    assert not await made(bought)


async def test_a_refund_of_one_thing_stands_in_the_way_of_no_other(bought: Chat) -> None:
    paid = shop.refund("paid")
    await bought.store.write(lambda c: shop.add_order(c, "o6", "A6000", "delivered", refunds=(paid,)))
    assert "退款" in said(await bought.says("A6000 的陶瓷杯要退", "return_request"))
    assert not await made(bought)
    await bought.says("A6000 的龙井茶要退，不喜欢", first("return_request", slots=(("reason", "不喜欢"),)))
    (request,) = await made(bought)
    assert request.details["items"] == "龙井茶"


async def test_a_refund_of_the_only_thing_in_an_order_answers_what_is_said_of_it(bought: Chat) -> None:
    paid = replace(shop.refund("paid"), amount=12800)

    async def alone(connection: AsyncConnection) -> None:
        await shop.add_order(connection, "o6", "A6000", "delivered", refunds=(paid,))
        known = await Orders(connection).get("o6")
        assert known is not None
        await Orders(connection).put_many([replace(known, lines=known.lines[:1])])

    await bought.store.write(alone)
    assert "退款" in said(await bought.says("A6000 的龙井茶漏了", "item_problem"))
    assert not await made(bought)


async def test_a_way_to_pay_that_the_pages_do_not_name_is_not_asked_for(bought: Chat) -> None:
    bought.pages.passages["可以用哪些方式付款"] = "支持银行卡和现金。"
    told = first("payment_change", slots=(("payment_method", "支票"),))
    answer = said(await bought.says("A8000 改用支票付", told))
    assert "支持银行卡和现金。" in answer
    assert not await made(bought)
    await bought.says("那用银行卡", does(Act.GIVES, slots=(("payment_method", "银行卡"),)))
    assert [one.details["payment_method"] for one in await made(bought)] == ["银行卡"]


@pytest.mark.parametrize("way", ["銀行卡", "Visa", "mastercard 囉"])
async def test_a_way_to_pay_is_known_in_other_signs_and_by_the_name_of_a_card(bought: Chat, way: str) -> None:
    bought.pages.passages["可以用哪些方式付款"] = "支持银行卡和现金。"
    await bought.says(f"A8000 改用{way}付", first("payment_change", slots=(("payment_method", way),)))
    assert [one.details["payment_method"] for one in await made(bought)] == [way]


async def test_a_way_to_pay_is_not_named_by_words_that_any_way_has(bought: Chat) -> None:
    bought.pages.passages["可以用哪些方式付款"] = "支持银行卡付款和现金付款。"
    told = first("payment_change", slots=(("payment_method", "货到付款"),))
    assert "支持银行卡付款" in said(await bought.says("A8000 改用货到付款", told))
    assert not await made(bought)


async def test_how_an_unpaid_order_is_paid_needs_no_request(bought: Chat) -> None:
    await bought.store.write(lambda c: shop.add_order(c, "o5", "A5000", "placed"))
    told = first("payment_change", slots=(("payment_method", "银行卡"),))
    assert "还没付款" in said(await bought.says("A5000 改用银行卡付", told))
    assert not await made(bought)


async def test_trouble_with_what_has_not_arrived_is_asked_about(bought: Chat) -> None:
    answer = said(await bought.says("A1024 的杯子碎了", "item_problem"))
    assert "需要我为您提交" in answer or "哪一件" in answer
    if "哪一件" in answer:
        answer = said(await bought.says("杯子", does(Act.GIVES, points=(1,))))
    assert "SF100200300" in answer
    assert not await made(bought)
    await bought.says("好的", YES)
    assert [one.kind for one in await made(bought)] == ["item_problem"]


async def test_a_question_that_its_place_makes_a_wish_stays_a_question(bought: Chat) -> None:
    await bought.says("A8000 到哪了", "order_status")
    asks = Meaning(
        intents=(("payment_methods", 0.6), ("change_order", 0.05)),
        acts={},
        wishes=(("change_order", "这个能用几年"),),
    )
    await bought.says("这个能用几年", asks)
    assert not await made(bought)
    known = (await bought.contact()).conversation.memory
    assert Memory.recall(known, bought.now).pending is None


async def test_a_wish_that_its_words_leave_open_is_asked_about(bought: Chat) -> None:
    await bought.says("A1019 到哪了", "order_status")
    names = Meaning(
        intents=(("item_problem", 0.5), ("product_question", 0.6)),
        acts={},
        wishes=(("item_problem", "陶瓷杯 我订单里的"),),
        slots=(("item", "陶瓷杯"),),
    )
    assert "什么问题" in said(await bought.says("陶瓷杯 我订单里的", names))
    assert not await made(bought)


async def test_a_yes_with_a_question_behind_it_is_a_yes(bought: Chat) -> None:
    await bought.says("取消 A8000", "cancel_order")
    bought.understander.script["好的"] = YES
    unsure = Meaning(intents=(("price_question", 0.2), ("affirm", 0.1)), acts={Act.YES: 0.95}, wishes=())
    await bought.says("好的。那运费多少？", unsure)
    assert [one.kind for one in await made(bought)] == ["cancel_order"]


async def test_what_is_not_understood_leaves_the_question_open(bought: Chat) -> None:
    await bought.says("取消 A8000", "cancel_order")
    unclear = Meaning(
        intents=(("price_question", 0.3), ("stock_question", 0.25)), acts={Act.ASIDE: 0.9}, wishes=()
    )
    await bought.says("那个六块九", unclear)
    await bought.says("好的", YES)
    assert [one.kind for one in await made(bought)] == ["cancel_order"]


async def _changed(chat: Chat) -> None:
    told = first("change_order", slots=(("quantity", "15"), ("item", "陶瓷杯")))
    await chat.says("A8000 的陶瓷杯改成15个", told)
    (request,) = await made(chat)
    assert request.details["wanted"] == "15"


@pytest.mark.parametrize("act", [Act.ADDS, Act.CORRECTS])
async def test_how_many_is_told_anew_and_not_beside(bought: Chat, act: Act) -> None:
    await _changed(bought)
    await bought.says("14 个吧", does(act, slots=(("quantity", "14 个"),)))
    (request,) = await made(bought)
    assert request.details["wanted"] == "14 个"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (
            "还有没有别的杯子",
            Meaning(
                intents=(("product_search", 0.9),),
                acts={Act.ADDS: 0.9},
                wishes=(),
                slots=(("item", "别的杯子"),),
            ),
        ),
        ("我说的是这个", does(Act.CORRECTS)),
        ("那两件差多少钱", does(Act.CORRECTS, Act.ADDS)),
    ],
)
async def test_what_adds_nothing_to_a_request_is_not_added(bought: Chat, text: str, meaning: Meaning) -> None:
    await _changed(bought)
    (before,) = await made(bought)
    await bought.says(text, meaning)
    (now,) = await made(bought)
    assert now.details == before.details


async def test_who_takes_back_and_tells_a_number_wants_that_number(bought: Chat) -> None:
    await _changed(bought)
    told = Meaning(
        intents=(("change_order", 0.6), ("deny", 0.3)),
        acts={Act.WITHDRAWS: 0.9},
        wishes=(),
        slots=(("quantity", "4个"),),
    )
    await bought.says("算了 4个吧", told)
    (request,) = await made(bought)
    assert request.details["wanted"] == "4个"


async def test_a_word_that_counts_is_kept_with_its_figures(bought: Chat) -> None:
    await bought.says("A8000 的陶瓷杯改成12盒", first("change_order", slots=(("quantity", "盒"),)))
    (request,) = await made(bought)
    assert request.details["wanted"] == "12盒"


async def test_how_a_trouble_shall_be_settled_is_told_of_the_trouble(bought: Chat) -> None:
    await bought.says("A1019 的陶瓷杯碎了", "item_problem")
    (before,) = await made(bought)
    await bought.says("给我换个新的", first("exchange_request"))
    (now,) = await made(bought)
    assert now.number == before.number
    assert "给我换个新的" in now.details["text"]


async def test_of_a_parcel_that_never_came_all_is_paid_back(bought: Chat) -> None:
    told = first("refund_request", slots=(("reason", "一直没收到"),))
    await bought.says("A1024 一直没收到，退款", told)
    (request,) = await made(bought)
    assert request.details["items"] == "龙井茶\n陶瓷杯"


async def test_words_that_name_the_order_are_no_answer(bought: Chat) -> None:
    async def named(connection: AsyncConnection) -> None:
        known = await Orders(connection).get("o9")
        assert known is not None
        await Orders(connection).put_many([replace(known, lines=known.lines[:1])])

    await bought.store.write(named)
    await bought.says("A8000 开发票", "invoice_request")
    meant = does(Act.CORRECTS, Act.GIVES, slots=(("invoice_title", "龙井"), ("order", "A9000")))
    await bought.says("不是那单，是龙井那单 A9000", meant)
    assert not await made(bought)


async def test_who_has_no_tax_number_says_so_beside_other_words(bought: Chat) -> None:
    await bought.says("A1019 开发票", "invoice_request")
    await bought.says("抬头 青山有限公司", does(Act.GIVES, slots=(("invoice_title", "青山有限公司"),)))
    await bought.says("没有税号 我们在国外", does(Act.GIVES))
    assert [one.details["title"] for one in await made(bought)] == ["青山有限公司"]
