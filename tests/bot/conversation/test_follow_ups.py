"""Which order a message means, one-word messages, and links."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.messages import IncomingKind
from nlu.acts import Act
from storage.requests import Requests
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, buttons, kept, said
from tests.fakes import Meaning, does, means

BOTH = does(Act.GIVES, points=(0, 1))
"""Both lines of the order that the question lists."""


async def test_the_list_of_orders_is_short_and_not_read_out_twice(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(shop.add_older_orders)
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
    ((_, words),) = await kept(chat)
    assert "裂了一条缝" in words, "what was said meanwhile is kept"


async def test_the_last_order_is_the_newest(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(shop.add_older_orders)
    assert "A1024" in said(await chat.says("上一单帮我开个发票", "invoice_request"))


async def test_one_recent_order_is_meant_when_the_others_are_old(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(shop.add_older_orders)
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
    await chat.store.write(shop.add_older_orders)
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    assert "A1019" in said(await chat.says("上一单收到是坏的", "item_problem"))


async def test_what_came_long_ago_is_not_asked_about_when_something_is_broken(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(shop.add_older_orders)
    text = said(await chat.says("收到的东西坏了", "item_problem"))
    assert "A1019" in text
    assert "A1001" not in text


async def test_a_photo_is_kept_while_the_order_is_still_to_be_named(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(shop.add_older_orders)
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
    await chat.store.write(shop.add_older_orders)
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
    await chat.store.write(shop.add_older_orders)
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
    await chat.store.write(shop.add_older_orders)
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
    await chat.store.write(shop.add_older_orders)
    await chat.says("I still haven't got my money back", "refund_status")
    text = said(await chat.says("where does it go, to my card?", "order_status"))
    assert "original payment method" in text


@pytest.mark.parametrize("text", ["what did I order last?", "我上次买了什么"])
async def test_what_was_bought_last_is_the_newest_order_with_its_items(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.store.write(shop.add_older_orders)
    reply = said(await chat.says(text, "recommend_request"))
    assert "A1024" in reply
    assert " × " in reply
    assert "A1001" not in reply
