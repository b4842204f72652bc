"""Which order a message means, one-word messages, and links."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import IncomingKind
from nlu.acts import Act
from nlu.types import DialogueContext, Entity, EntityKind, Understanding
from storage.catalogue import Catalogue
from storage.orders import OrderLine, Orders
from storage.requests import Requests
from storage.schema import request
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, buttons, said
from tests.bot.conversation.test_finding import kettles
from tests.fakes import Meaning, ScriptedUnderstander, does, means

BOTH = does(Act.GIVES, points=(0, 1))
"""Both lines of the order that the question lists."""


async def _add_older_orders(connection: AsyncConnection) -> None:
    orders = Orders(connection)
    delivered = await orders.get("o2")
    assert delivered is not None
    more = [
        replace(
            delivered,
            id=f"old{number}",
            number=f"A100{number}",
            placed_at=shop.NOW - timedelta(days=40 + number),
            parcels=(),
        )
        for number in range(3)
    ]
    await orders.put_many(more)


async def test_the_list_of_orders_is_short_and_not_read_out_twice(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    first = await chat.says("我要退货", "return_request")
    assert said(first).count("已送达") == 3
    again = await chat.sends("photo", caption="侧面裂了一条缝")
    assert "照片收到" in said(again)
    assert "已送达" not in said(again)
    assert len(buttons(again)) == 3
    both = Meaning(intents=(("return_request", 0.9),), slots=(("reason", "侧面裂了一条缝"),))
    chat.understander.script["我要退货\n侧面裂了一条缝"] = both
    assert "哪一件" in said(await chat.says("第一个", does(Act.GIVES, points=(0,))))
    await chat.says("都是", BOTH)
    ((_, words),) = await _kept(chat)
    assert "裂了一条缝" in words, "what was said meanwhile is kept"


async def test_the_last_order_is_the_newest(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    assert "A1024" in said(await chat.says("上一单帮我开个发票", "invoice_request"))


async def test_one_recent_order_is_meant_when_the_others_are_old(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    assert "A1024" in said(await chat.says("帮我开个发票", "invoice_request"))


async def test_two_wishes_are_about_the_same_order(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o9", "A1030", "delivered"))
    await chat.says("A1024到哪了", "order_status")
    assert "A1024" in said(await chat.says("另外帮我开张发票", "invoice_request"))


@pytest.mark.parametrize("word", ["快递", "parcel?"])
async def test_a_parcel_in_one_word_is_asked_for(chat: Chat, word: str) -> None:
    await chat.link()
    assert "A1024" in said(await chat.says(word, "shipping_options"))


async def test_a_link_from_the_shop_is_not_called_a_match(chat: Chat) -> None:
    token, _expires = await chat.store.write(lambda c: chat.linker.deep_link_token(c, "c1", chat.now))
    assert "已经连上" in said(await chat.does(IncomingKind.START, payload=token))


async def test_the_last_one_is_the_newest_it_can_be(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    assert "A1019" in said(await chat.says("上一单收到是坏的", "item_problem"))


async def test_what_came_long_ago_is_not_asked_about_when_something_is_broken(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    text = said(await chat.says("收到的东西坏了", "item_problem"))
    assert "A1019" in text
    assert "A1001" not in text


async def test_a_photo_is_kept_while_the_order_is_still_to_be_named(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    await chat.says("我要退货", "return_request")
    chat.understander.script["杯子裂了"] = means("item_problem")
    reply = await chat.sends("photo", caption="杯子裂了")
    assert "照片收到" in said(reply)
    assert "A1001" not in reply.text if reply is not None else False
    assert any(button.action.endswith(":o2") for button in buttons(reply))
    assert "照片收到" in said(await chat.sends("photo"))
    assert "A1001" in said(await chat.says("A1001")), "an order that is not in the list will do too"


async def test_what_was_said_before_a_button_chose_the_order_is_the_reason(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    first = await chat.says("我要退货", "return_request")
    await chat.sends("photo", caption="侧面裂了一条缝")
    assert "什么原因" in said(await chat.presses(buttons(first)[0].action))
    await chat.says("裂了")
    await chat.says("都是", BOTH)
    async with chat.store.read() as connection:
        (request,) = await Requests(connection).find()
    assert "裂了一条缝" in request.details["text"]


@pytest.mark.parametrize("question", ["改好了吗", "is it changed now?"])
async def test_whether_it_is_done_yet_is_told_and_not_taken_for_a_new_wish(chat: Chat, question: str) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.says("A8000 改一下", "change_order")
    await chat.says("两个都换成白色的那种", BOTH)
    text = said(await chat.says(question, does(Act.ASKS_STATE, intent="change_order")))
    assert "R26" in text
    assert "A8000" in text
    assert "？" not in text


async def test_done_yet_means_nothing_where_nothing_was_asked_for(chat: Chat) -> None:
    await chat.link()
    assert "申请" not in said(await chat.says("改好了吗"))


async def test_a_personal_price_comes_first_once_there_is_one(chat: Chat) -> None:
    await chat.link()
    await chat.says("龙井茶能便宜点吗", "discount_request")
    text = said(await chat.says("多少钱来着", "price_question"))
    assert text.index("¥115.20") < text.index("¥128.00")
    assert "专属价" in text, "that it is personal is said beside it"


async def test_the_time_of_the_news_is_said_once(chat: Chat) -> None:
    await chat.link()
    assert said(await chat.says("A1024 到哪了", "order_status")).count("05:00") == 1


async def test_a_person_is_offered_once_and_goods_come_without_regret(chat: Chat) -> None:
    await chat.link()
    unclear = means("chitchat", negative=True)
    await chat.says("什么东西啊", unclear)
    reply = await chat.says("这都什么跟什么", replace(unclear, intents=()))
    assert [button.action for button in buttons(reply)].count("human:ask") <= 1
    assert "抱歉" not in said(await chat.says("龙井茶多少钱啊烦死了", means("price_question", negative=True)))


async def test_nothing_is_asked_of_the_shop_on_a_guess(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 到哪了", "order_status")
    guess = replace(means("item_problem"), intents=(("item_problem", 0.21), ("product_search", 0.07)))
    reply = await chat.says("100元以内的绿茶有哪些", guess)
    assert "编号" not in said(reply)


@pytest.mark.parametrize("text", ["算了不退了", "never mind"])
async def test_which_order_is_not_asked_any_more_once_it_is_let_go(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    await chat.says("我要退货", "return_request")
    reply = await chat.says(text, does(Act.WITHDRAWS))
    assert not buttons(reply)
    assert "保持不变" in said(reply) or "nothing changes" in said(reply)


async def test_what_is_none_of_the_shops_business_is_said_so_as_often_as_it_comes(chat: Chat) -> None:
    for text in ("天气怎么样", "谁赢了比赛", "写首诗"):
        assert "超出我的能力" in said(await chat.says(text, "out_of_scope"))


@pytest.mark.parametrize("text", ["What do you know about me?", "你们存了我的什么资料"])
async def test_what_is_known_about_a_customer_is_no_small_talk(chat: Chat, text: str) -> None:
    await chat.link()
    assert "320" in said(await chat.says(text, "chitchat"))


async def test_talk_of_something_else_is_no_reason_for_a_return(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 想退货", "return_request")
    assert "编号" not in said(await chat.says("今天天气真差劲啊", "out_of_scope"))


async def test_a_parcel_named_and_nothing_else_is_looked_for(chat: Chat) -> None:
    await chat.link()
    assert "A1024" in said(await chat.says("我的快递呢", "shipping_options"))


async def test_talk_of_something_else_is_not_noted_for_an_order(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    await chat.says("我要退货", "return_request")
    assert not buttons(await chat.says("今天天气真差劲啊", "out_of_scope"))


async def test_an_outburst_is_no_reason_for_a_return(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 想退货", "return_request")
    outburst = replace(means("thanks", negative=True), understood=False)
    assert "编号" not in said(await chat.says("你们太慢了！！", outburst))


async def test_one_word_that_answers_a_question_is_no_call_for_a_person(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 开发票", "invoice_request")
    assert "申请发票" in said(await chat.says("个人", does(Act.GIVES, intent="human_agent")))
    await chat.says("A1019 想退货", "return_request")
    assert "人工" in said(await chat.says("我要找客服", "human_agent"))


@pytest.mark.parametrize("text", ["你是真人吗", "is this a bot?"])
async def test_whether_it_is_a_person_is_answered_however_it_is_asked(chat: Chat, text: str) -> None:
    answer = said(await chat.says(text))
    assert "不是真人" in answer or "not a person" in answer


@pytest.mark.parametrize(
    ("asked", "follow_up", "answer"),
    [
        ("退款到哪了 A7000", "是退回原来的卡吗", "微信支付"),
        ("where is my refund for A7000?", "where does it go, to my card?", "微信支付"),
    ],
)
async def test_where_a_refund_goes_is_told(chat: Chat, asked: str, follow_up: str, answer: str) -> None:
    await chat.link()
    await chat.store.write(
        lambda c: shop.add_order(c, "o7", "A7000", "cancelled", refunds=(shop.refund("paid"),))
    )
    await chat.says(asked, "refund_status")
    assert answer in said(await chat.says(follow_up, means("order_status", negative=True)))


async def test_where_a_refund_goes_is_told_while_the_order_is_still_open(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    await chat.says("I still haven't got my money back", "refund_status")
    text = said(await chat.says("where does it go, to my card?", "order_status"))
    assert "original payment method" in text


@pytest.mark.parametrize("text", ["what did I order last?", "我上次买了什么"])
async def test_what_was_bought_last_is_the_newest_order_with_its_items(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    reply = said(await chat.says(text, "recommend_request"))
    assert "A1024" in reply
    assert " × " in reply
    assert "A1001" not in reply


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
    ((_, words),) = await _kept(chat)
    assert words.split("\n") == [told[0], "两件都是", told[1]]
    for number in range(6):
        await chat.says(f"{number}" + "裂了" * 240, does(Act.ADDS))
    ((_, words),) = await _kept(chat)
    assert len(words) == 2_000
    assert "\n5裂了" in words


async def _kept(chat: Chat) -> list[tuple[str | None, str]]:
    """Order and words of every request of the conversation, latest first."""
    conversation = (await chat.contact()).conversation
    async with chat.store.read() as connection:
        made = await Requests(connection).of_conversation(conversation.id)
    return [(item.order_number, item.details["text"]) for item in made]


async def test_what_was_said_before_the_reason_was_asked_is_kept_with_it(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 cup too small, can I swap it", "return_request")
    await chat.says("too small for me")
    assert await _kept(chat) == [("A1019", "A1019 cup too small, can I swap it\ntoo small for me")]


async def test_a_question_about_another_order_is_no_reason_for_a_refund(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 不想要了，退款", "refund_request")
    asked = does(Act.ASIDE, wishes=(("delivery_time", "A1024到底啥时候到"),))
    reply = said(await chat.says("A1024到底啥时候到", asked))
    assert "预计" in reply
    assert "退款的原因" in reply, "what was asked is still open"
    assert not await _kept(chat)


async def test_another_number_in_place_of_the_reason_is_the_order_that_is_meant(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_add_older_orders)
    await chat.says("A1019 想退货", "return_request")
    assert "A1001" in said(await chat.says("A1001"))
    assert not await _kept(chat)
    await chat.says("杯口有一条缝")
    await chat.says("都是", BOTH)
    assert await _kept(chat) == [("A1001", "A1019 想退货\nA1001\n杯口有一条缝\n都是")]


async def test_the_number_of_the_same_order_is_no_reason(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 想退货", "return_request")
    assert said(await chat.says("A1019"))
    assert not await _kept(chat)


RETURNED = "A1019 想退货\n杯口有一条缝\n都是"


async def _return_asked_for(chat: Chat) -> None:
    await chat.says("A1019 想退货", "return_request")
    await chat.says("杯口有一条缝")
    await chat.says("都是", BOTH)
    assert await _kept(chat) == [("A1019", RETURNED)]


@pytest.mark.parametrize(
    "question", ["退货地址是哪里", "退货寄到哪", "where do i send it", "what happens next?"]
)
async def test_after_a_return_was_asked_for_it_is_told_where_the_goods_go(chat: Chat, question: str) -> None:
    await chat.link()
    await _return_asked_for(chat)
    text = said(await chat.says(question, "return_request"))
    assert "请先不要寄出" in text or "don't post it yet" in text
    assert "R26" in text
    assert [words for _, words in await _kept(chat)] == [RETURNED]


async def test_a_return_asked_for_again_is_named_and_not_asked_about(chat: Chat) -> None:
    await chat.link()
    await _return_asked_for(chat)
    assert "什么原因" not in said(await chat.says("A1019 茶也想退", "return_request"))
    assert "申请过了" in said(await chat.presses("return:start:o2"))
    assert await _kept(chat) == [("A1019", f"{RETURNED}\nA1019 茶也想退")]


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
    await chat.says("A1019 杯子太小了 想换L", "return_request")
    text = said(await chat.says(question, "return_request"))
    assert "原付款方式" not in text
    assert "不要寄出" in text or "don't post" in text
    assert not await _kept(chat)
    await chat.says("太小了")
    await chat.says("都是", BOTH)
    assert await _kept(chat) == [("A1019", "A1019 杯子太小了 想换L\n都是")]


async def _scarf_and_tray(connection: AsyncConnection) -> None:
    """Two orders of one line each, neither of which holds what the others do."""
    catalogue, orders = Catalogue(connection), Orders(connection)
    cup, shipped = await catalogue.get("p2"), await orders.get("o1")
    assert cup is not None
    assert shipped is not None
    scarf = replace(cup, id="w1", code="W1", name_zh="羊毛围巾 红色", name_en="Wool scarf, red")
    await catalogue.put_many([scarf])
    for number, (product, status) in enumerate((("w1", "paid"), ("p3", "delivered"))):
        line = OrderLine(product_id=product, quantity=1, unit_price=4500)
        more = {"status": status, "parcels": (), "lines": (line,)}
        placed = shop.NOW - timedelta(days=5 + number)
        new = replace(shipped, id=f"w{number}", number=f"W100{number}", placed_at=placed, **more)  # type: ignore[arg-type]
        await orders.put_many([new])


@pytest.mark.parametrize("text", ["cancel my scarf order", "围巾 那单 取消", "我的 羊毛围巾 不要了"])
async def test_the_goods_named_say_which_order_is_meant(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.says("A1024 到哪了", "order_status")
    assert "W1000" in said(await chat.says(text, "cancel_order"))


@pytest.mark.parametrize(
    "text", ["can you add a scarf", "再加 一条 围巾", "the box came late, cancel it", "取消 吧"]
)
async def test_the_order_spoken_of_stays_where_no_other_is_named(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.says("A1024 到哪了", "order_status")
    assert "A1024" in said(await chat.says(text, "cancel_order"))


async def test_an_order_of_a_list_is_chosen_by_what_is_in_it(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.commands("orders")
    unsure = Meaning(intents=(("order_status", 0.5), ("item_problem", 0.3)))
    assert "W1000" in said(await chat.says("the scarf one. is it shipped", unsure))


async def test_other_goods_in_place_of_the_reason_are_another_order(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.says("A1019 想退货", "return_request")
    await chat.says("A1024 到哪了", does(Act.ASIDE, wishes=(("order_status", "A1024 到哪了"),)))
    other = does(Act.CORRECTS, slots=(("order", "W1001"),))
    assert "W1001" in said(await chat.says("不是，是 W1001 那单", other))
    assert not await _kept(chat)


@pytest.mark.parametrize(
    ("text", "meaning", "answer"),
    [
        ("do you have it in black", "stock_question", "Kettle, black"),
        ("how much is it now", "price_question", "¥45.00"),
        ("烫不烫", "product_question", "电热水壶 白色"),
    ],
)
async def test_what_is_alone_in_the_order_spoken_of_is_meant(
    chat: Chat, text: str, meaning: str, answer: str
) -> None:
    async def bought(connection: AsyncConnection) -> None:
        await kettles(connection)
        order = await Orders(connection).get("o1")
        assert order is not None
        line = OrderLine(product_id="k0", quantity=1, unit_price=4500)
        await Orders(connection).put_many([replace(order, lines=(line,))])

    await chat.link()
    await chat.store.write(bought)
    await chat.says("龙井茶还有货吗", "stock_question")
    await chat.says("A1024 到哪了", "order_status")
    assert answer in said(await chat.says(text, meaning))


async def test_of_several_things_in_an_order_it_is_asked_which_is_meant(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1024 到哪了", "order_status")
    reply = await chat.says("how much is it now", "price_question")
    assert reply is not None
    assert [card.product_id for card in reply.cards] == ["p1", "p2"]


async def test_other_goods_than_those_in_the_order_are_looked_for(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(_scarf_and_tray)
    await chat.says("W1000 到哪了", "order_status")
    assert "陶瓷杯" in said(await chat.says("陶瓷 杯子 有 吗", "stock_question"))


@dataclass
class _Unsure(ScriptedUnderstander):
    """Takes any number for an order's, with as little certainty as the real one."""

    def _one(self, text: str, dialogue: DialogueContext | None) -> Understanding:
        found = [
            Entity(kind=EntityKind.ORDER_NUMBER, text=match[0], value=match[0], start=0, end=0, score=0.5)
            for match in re.finditer(r"\d{4,}", text)
        ]
        return replace(super()._one(text, dialogue), entities=tuple(found))


@pytest.mark.parametrize(
    ("text", "number"), [("bill 12345 please", "A1024"), ("bill for 77001 please", "77001")]
)
async def test_a_number_that_may_be_anything_is_an_order_only_where_there_is_one(
    new_chat: Callable[..., Chat], text: str, number: str
) -> None:
    chat = new_chat(understander=_Unsure())
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o77", "77001", "delivered"))
    await chat.says("where is my parcel", "order_status")
    reply = said(await chat.says(text, "invoice_request"))
    assert number in reply
    assert "12345" not in reply


@pytest.mark.parametrize("text", ["VAT A1019", "tax number: A1019", "税号 A1019", "纳税人识别号是A1019"])
async def test_a_tax_number_names_no_order(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.says("A1024 到哪了", "order_status")
    reply = said(await chat.says(text, "invoice_request"))
    assert "A1024" in reply
    assert "A1019" not in reply


@pytest.mark.parametrize(
    ("place", "number", "product"),
    [("刚才那第一个呢", 2, "龙井茶"), ("what about the second from before", 3, "Ceramic Cup")],
)
async def test_a_product_that_is_pointed_at_is_no_meaning(
    chat: Chat, place: str, number: int, product: str
) -> None:
    await chat.link()
    await chat.says("推荐一下", "recommend_request")
    between = Meaning(intents=(("return_policy", 0.2), ("order_status", 0.19)), understood=False)
    assert "您是想问" in said(await chat.says("100卖不卖", between))
    assert product in said(await chat.says(place, does(points=(number,))))


@pytest.mark.parametrize("text", ["第一个", "1", "the first one please", "选第一个吧", "option 1"])
async def test_a_place_alone_picks_one_of_the_meanings(chat: Chat, text: str) -> None:
    await chat.link()
    between = Meaning(intents=(("order_status", 0.2), ("return_policy", 0.19)), understood=False)
    await chat.says("那个咋样了啊", between)
    assert "A1024" in said(await chat.says(text, does(Act.GIVES, points=(0,))))
