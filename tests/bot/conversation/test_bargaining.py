"""Bargaining: which product, rivals' prices, what more of it brings, the last word once, and the way to the basket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.baskets import BasketTemplate
from bot.conversation.memory import Memory
from nlu.acts import Act
from storage.catalogue import Catalogue
from storage.coupons import Coupon, Coupons
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, buttons, said
from tests.fakes import Meaning, does, means

LESS = "discount_request"
UNSURE = Meaning(intents=(("out_of_scope", 0.1),), understood=False)
TEMPLATE = "https://shop.example/cart?add={code}&qty={quantity}&coupon={coupon}"


async def _more_tea(connection: AsyncConnection) -> None:
    catalogue = Catalogue(connection)
    tea = await catalogue.get("p1")
    assert tea is not None
    loose = replace(
        tea, id="p5", code="P5", name_zh="散装龙井茶", name_en="Loose Longjing Tea", list_price=6_800
    )
    await catalogue.put_many([loose])


async def _coupon(connection: AsyncConnection, code: str, *, off: int, least: int) -> None:
    coupon = Coupon(
        code=code, customer_id=None, amount=off, percent=None, min_spend=least, currency="CNY",
        valid_from=shop.NOW - timedelta(days=1), valid_until=shop.NOW + timedelta(days=20),
    )  # fmt: skip
    await Coupons(connection).put_many([coupon])


@pytest.fixture
async def store_with_basket(new_chat: Callable[..., Chat]) -> Chat:
    """A customer of a shop whose basket can be filled by a link."""
    chat = new_chat(basket=BasketTemplate.parse(TEMPLATE))
    await chat.link()
    return chat


@pytest.fixture
async def english(new_chat: Callable[..., Chat]) -> Chat:
    """A stranger who writes English to a shop with a basket."""
    return new_chat(language="en", basket=BasketTemplate.parse(TEMPLATE))


def links(chat: Chat) -> list[str]:
    return [button.url for button in buttons(chat.last) if button.url is not None]


async def memory(chat: Chat) -> Memory:
    return Memory.recall((await chat.contact()).conversation.memory, chat.now)


# --- which product --------------------------------------------------------------------------------------------


async def test_the_product_spoken_of_is_meant_whatever_is_on_the_screen_since(chat: Chat) -> None:
    await chat.link()
    await chat.says("陶瓷杯多少钱", "price_question")
    await chat.presses("offer:list")
    assert "陶瓷杯" in said(await chat.says("能便宜点吗", LESS))


async def test_an_order_shown_since_is_not_bargained_over(chat: Chat) -> None:
    await chat.link()
    await chat.says("陶瓷杯多少钱", "price_question")
    await chat.says("A1019 到哪了", "order_status")
    answer = said(await chat.says("这个能便宜点吗", LESS))
    assert "¥40.50" in answer
    assert "龙井茶" not in answer


async def test_of_several_on_the_screen_it_asks_which_once(chat: Chat) -> None:
    await chat.says("推荐一下", "recommend_request")
    asked = said(await chat.says("能便宜点吗", LESS))
    assert "哪一件" in asked
    assert {"龙井茶", "陶瓷杯"} <= set(asked.replace("：", "\n").replace("· ", "").split("\n"))
    again = said(await chat.says("再便宜点呗", LESS))
    assert "哪一件" not in again
    assert "¥128.00" in again, "what each of them costs is told instead"
    assert "帮您下单" in said(await chat.says("再少点", LESS)), "and that is not told twice"


async def test_the_answer_to_which_is_taken(chat: Chat) -> None:
    await chat.link()
    await chat.says("推荐一下", "recommend_request")
    await chat.says("能便宜点吗", LESS)
    assert "¥40.50" in said(await chat.says("陶瓷杯", does(intent="product_question")))


async def test_the_cheapest_of_them_is_an_answer_to_which(chat: Chat) -> None:
    await chat.link()
    await chat.says("推荐一下", "recommend_request")
    await chat.says("能便宜点吗", LESS)
    assert "¥40.50" in said(await chat.says("the cheapest one", does(Act.GIVES, intent="product_question")))


async def test_versions_listed_with_their_prices_leave_open_which(chat: Chat) -> None:
    async def versions(connection: AsyncConnection) -> None:
        catalogue = Catalogue(connection)
        tea = await catalogue.get("p1")
        assert tea is not None
        size = {
            place: {"size": {"zh": ["规格", f"{place}克"], "en": ["Size", f"{place} g"]}}
            for place in (100, 250)
        }
        await catalogue.put_many(
            [
                replace(
                    tea, id=f"w{place}", code=f"W{place}", name_zh=f"白牡丹 {place}克",
                    name_en=f"White Peony {place} g", group_id="white", options=size[place], list_price=place * 100,
                )
                for place in (100, 250)
            ]
        )  # fmt: skip

    await chat.store.write(versions)
    await chat.says("白牡丹 多少钱", "price_question")
    asked = said(await chat.says("能便宜点吗", LESS))
    assert "哪一件" in asked
    assert "250克" in asked
    assert "¥250.00" in said(await chat.says("250克 的", does(intent="product_question")))


# --- rivals' prices -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("京东上才99", "¥99.00"), ("拼多多59包邮", "¥59.00"), ("隔壁店比你便宜20块", "¥108.00"),
        ("Amazon has it for £20", "£20"), ("i saw it 15 cheaper elsewhere", "¥113.00"), ("别家更便宜", ""),
    ],
)  # fmt: skip
async def test_a_rivals_price_is_not_matched_and_what_there_is_is_said(
    store_with_basket: Chat, text: str, named: str
) -> None:
    chat = store_with_basket
    await chat.says("龙井茶多少钱", "price_question")
    answer = said(await chat.says(text, UNSURE))
    assert "不跟别家比价" in answer or "don't match" in answer
    assert named in answer
    assert "¥115.20" in answer, "and the personal price"
    again = said(await chat.says("淘宝也便宜", UNSURE))
    assert "比价" not in again, "the rule is said once"


async def test_what_the_pages_say_of_matching_is_said_instead(chat: Chat) -> None:
    chat.pages.passages["别的店更便宜"] = "同一商品在京东卖得更便宜的，凭链接补差价。"
    await chat.says("龙井茶多少钱", "price_question")
    answer = said(await chat.says("京东上才99", UNSURE))
    assert "凭链接补差价" in answer
    assert "不跟别家比价" not in answer


async def test_an_entry_that_speaks_of_no_other_shop_is_no_rule_for_them(chat: Chat) -> None:
    chat.pages.passages["他们的价格"] = "买了之后我们自己降价的，7 天内补差价。"
    await chat.says("龙井茶多少钱", "price_question")
    assert "不跟别家比价" in said(await chat.says("京东上才99", UNSURE))


async def test_a_rival_that_is_dearer_is_told_so(chat: Chat) -> None:
    await chat.says("龙井茶多少钱", "price_question")
    answer = said(await chat.says("京东卖 150", UNSURE))
    assert "不用那么多" in answer
    assert "¥150" not in answer


@pytest.mark.parametrize("text", ["发京东快递吗", "can i pay with amazon pay, is it cheaper"])
async def test_a_carrier_or_a_way_to_pay_is_no_rival(chat: Chat, text: str) -> None:
    await chat.says("龙井茶多少钱", "price_question")
    answer = said(await chat.says(text, "shipping_options"))
    assert "比价" not in answer
    assert "don't match" not in answer


async def test_a_sum_that_the_customer_names_is_never_the_price(store_with_basket: Chat) -> None:
    chat = store_with_basket
    await chat.says("龙井茶多少钱", "price_question")
    answer = said(await chat.says("100块我直接拿下", UNSURE))
    assert "¥100.00 真做不到" in answer
    assert "¥115.20" in answer
    assert "真做不到" not in said(await chat.says("100块行不行", UNSURE)), "the same sum is answered once"
    enough = said(await chat.says("那120行不行", UNSURE))
    assert "不用那么多" in enough
    assert "点下面的按钮" in enough, "it is agreed, and the order follows"


# --- what more of it brings -----------------------------------------------------------------------------------


async def test_so_many_are_reckoned_with_coupon_and_postage(chat: Chat) -> None:
    await chat.store.write(lambda c: _coupon(c, "TEN", off=1_000, least=8_000))
    chat.pages.passages["运费"] = "满 99 元包邮，不满收 8 元。"
    await chat.says("陶瓷杯多少钱", "price_question")
    two = replace(means(LESS), slots=(("quantity", "两个"),))
    answer = said(await chat.says("买 两个 能便宜点不", two))
    assert "一共 ¥90.00" in answer
    assert "TEN" in answer
    assert "¥80.00" in answer
    assert "3 件 ¥135.00，包邮" in answer, "with one more it goes post-free"
    assert "已经包邮" not in answer


@pytest.mark.parametrize(
    ("text", "answer"), [("2 for 70 ?", "¥70.00 isn't possible"), ("2 for 95 ?", "here it's ¥90.00")]
)
async def test_a_sum_for_so_many_is_answered_for_so_many(english: Chat, text: str, answer: str) -> None:
    await english.says("how much is the Ceramic Cup", "price_question")
    said_ = said(await english.says(text, replace(UNSURE, slots=(("quantity", "2"),))))
    assert answer in said_
    assert "¥90.00" in said_


async def test_two_products_together_are_reckoned_together(english: Chat) -> None:
    await english.store.write(lambda c: _coupon(c, "TEN", off=1_000, least=15_000))
    await english.says("how much is the Longjing Tea", "price_question")
    answer = said(await english.says("any discount together with the Ceramic Cup ?", LESS))
    assert "¥173.00" in answer
    assert "TEN" in answer


async def test_postage_is_no_gift(english: Chat) -> None:
    english.pages.passages["shipping"] = "Free from ¥99 per order. Otherwise ¥8."
    await english.says("how much is the Ceramic Cup", "price_question")
    await english.says("any discount?", LESS)
    answer = said(await english.says("can you throw in the postage", UNSURE))
    assert "Free from ¥99" in answer
    assert "gift" not in answer


async def test_what_one_more_brings_is_told_with_the_last_word(chat: Chat) -> None:
    await chat.store.write(lambda c: _coupon(c, "TEN", off=1_000, least=8_000))
    await chat.link()
    chat.decisions.discount = 0.0
    await chat.says("陶瓷杯多少钱", "price_question")
    assert "TEN" not in said(await chat.says("便宜点", LESS)), "it doesn't hold for one"
    assert "买 2 件（¥90.00）" in said(await chat.says("再便宜点", LESS))


async def test_more_of_it_is_not_told_where_it_makes_none_cheaper(chat: Chat) -> None:
    await chat.store.write(lambda c: _coupon(c, "ONE", off=100, least=20_000))
    await chat.link()
    await chat.says("龙井茶多少钱", "price_question")
    await chat.says("便宜点", LESS)
    assert "ONE" not in said(await chat.says("再便宜点", LESS)), "the personal price is better than that"


async def test_no_gift_is_made_up(chat: Chat) -> None:
    await chat.says("龙井茶多少钱", "price_question")
    assert "没有赠品" in said(await chat.says("送个小礼物呗", LESS))
    chat.pages.passages["赠品"] = "满 200 元赠送茶巾，赠品送完为止。"
    await chat.says("陶瓷杯多少钱", "price_question")
    assert "茶巾" in said(await chat.says("有没有赠品", LESS))


# --- the last word --------------------------------------------------------------------------------------------


async def test_the_last_word_is_said_once_and_then_the_order_is_helped(store_with_basket: Chat) -> None:
    chat = store_with_basket
    await chat.says("龙井茶多少钱", "price_question")
    asks = ("能便宜点吗", "再便宜点", "最低多少", "太贵了", "再少点嘛", "底价多少")
    answers = [said(await chat.says(text, LESS)) for text in asks]
    assert len(set(answers)) == len(answers), "nothing is said in the same words"
    assert "最低价" in answers[1]
    assert "规则" in answers[1], "the reason"
    assert sum("最后的价" in answer for answer in answers) == 1
    assert "下单" in answers[2]
    assert all("¥115.20" in answer for answer in answers[:5])
    assert action(chat.last, "human:ask"), "in the end a person"


async def test_what_else_is_asked_is_answered_after_the_last_word_too(chat: Chat) -> None:
    await chat.link()
    await chat.says("龙井茶多少钱", "price_question")
    for text in ("能便宜点吗", "再便宜点", "最低多少", "太贵了", "再少点嘛", "底价多少"):
        await chat.says(text, LESS)
    assert "没有赠品" in said(await chat.says("送个小礼物呗", LESS))
    assert action(chat.last, "human:ask")


async def test_another_product_begins_anew(chat: Chat) -> None:
    await chat.link()
    await chat.says("龙井茶多少钱", "price_question")
    for text in ("便宜点", "再便宜点", "再少点"):
        await chat.says(text, LESS)
    await chat.says("陶瓷杯多少钱", "price_question")
    assert "省 ¥4.50" in said(await chat.says("这个能便宜点吗", LESS))


async def test_whoever_leaves_is_shown_what_is_cheaper_once(chat: Chat) -> None:
    await chat.store.write(_more_tea)
    await chat.says("龙井茶多少钱", "price_question")
    await chat.says("便宜点", LESS)
    first = await chat.says("那算了 太贵了", UNSURE)
    assert first is not None
    assert [card.product_id for card in first.cards] == ["p5"]
    second = await chat.says("算了 我去京东买", UNSURE)
    assert second is not None
    assert not second.cards
    assert "随时找我" in second.text


async def test_a_reason_for_something_under_way_is_no_haggling(chat: Chat) -> None:
    await chat.link()
    await chat.says("龙井茶能便宜点吗", LESS)
    await chat.says("我要退货 A1019", "return_request")
    assert (await memory(chat)).tasks
    answer = said(await chat.says("贵了 退100块 行不行", does(Act.GIVES, slots=(("reason", "贵了"),))))
    assert "做不到" not in answer


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("有没有便宜一点的", True), ("anything cheaper?", True), ("有便宜点的款吗", True), ("got a cheaper one?", True),
        ("能便宜点吗", False), ("can you do better", False), ("cheaper price please", False), ("再便宜点", False),
    ],
)  # fmt: skip
async def test_cheaper_goods_are_looked_for_or_the_price_is_bargained_over(
    chat: Chat, text: str, looks: bool
) -> None:
    await chat.store.write(_more_tea)
    await chat.says("龙井茶多少钱", "price_question")
    reply = await chat.says(text, LESS)
    assert reply is not None
    assert [card.product_id for card in reply.cards] == (["p5"] if looks else [])
    assert ("¥128.00" in reply.text) != looks


async def test_something_similar_that_is_cheaper_is_none_of_another_kind(chat: Chat) -> None:
    await chat.store.write(_more_tea)
    await chat.says("龙井茶多少钱", "price_question")
    reply = await chat.says(
        "oh that is far too dear for my small purse , got anything similar that's cheaper ?",
        "recommend_request",
    )
    assert reply is not None
    assert [card.product_id for card in reply.cards] == ["p5"]
    await chat.presses("product:show:p5")
    assert "最便宜" in said(await chat.says("有没有便宜一点的", LESS)), "that there is none is said"


@pytest.mark.parametrize("intent", ["recommend_request", "product_search"])
@pytest.mark.parametrize("text", ["anything cheaper ?", "anything cheaper ? and where are you ?"])
async def test_something_cheaper_than_the_product_spoken_of_is_of_its_kind(
    chat: Chat, intent: str, text: str
) -> None:
    await chat.store.write(_more_tea)
    await chat.says("龙井茶多少钱", "price_question")
    more = (("store_info", "where are you ?"),) if "where" in text else ()
    reply = await chat.says(text, replace(means(intent), wishes=((intent, "anything cheaper ?"), *more)))
    assert reply is not None
    assert [card.product_id for card in reply.cards] == ["p5"], "and not a cup that costs less"
    assert "cheaper than Longjing Tea" in reply.text or "比“龙井茶”更便宜" in reply.text


async def test_what_else_a_message_asks_is_answered_too(english: Chat) -> None:
    english.pages.passages["delivery"] = "Two to four days."
    await english.says("how much is the Longjing Tea", "price_question")
    both = Meaning(
        intents=((LESS, 0.5), ("shipping_fee", 0.4)),
        wishes=((LESS, "can you do better"), ("shipping_fee", "what is delivery")),
    )
    answer = said(await english.says("can you do better and what is delivery", both))
    assert "¥128.00" in answer
    assert "Two to four days" in answer


# --- the way to the order -------------------------------------------------------------------------------------


async def test_an_offer_carries_the_link_with_its_code(store_with_basket: Chat) -> None:
    chat = store_with_basket
    await chat.says("龙井茶多少钱", "price_question")
    text = said(await chat.says("能便宜点吗", LESS))
    [link] = links(chat)
    code = link.partition("&coupon=")[2]
    assert code in text
    assert link == f"https://shop.example/cart?add=P1&qty=1&coupon={code}"
    taken = said(await chat.says("就要这个", Meaning(intents=(("affirm", 0.9),))))
    assert "¥115.20" in taken
    assert links(chat) == [link]


async def test_a_coupon_that_takes_more_off_than_the_personal_price_is_taken(store_with_basket: Chat) -> None:
    chat = store_with_basket
    await chat.says("龙井茶多少钱", "price_question")
    assert "¥115.20" in said(await chat.says("能便宜点吗", LESS))
    await chat.store.write(lambda c: _coupon(c, "TWENTY", off=2_000, least=8_000))
    assert "¥108.00" in said(await chat.says("就要这个", "place_order"))
    assert links(chat) == ["https://shop.example/cart?add=P1&qty=1&coupon=TWENTY"]


@pytest.mark.parametrize("yes", ["ok then", "deal", "i'll take it", "how do I order"])
async def test_a_yes_to_a_price_leads_to_the_basket(english: Chat, yes: str) -> None:
    await english.store.write(lambda c: _coupon(c, "TEN", off=1_000, least=8_000))
    await english.says("how much is the Longjing Tea", "price_question")
    await english.says("can you do better", LESS)
    await english.says(yes, Meaning(intents=(("affirm", 0.8),)))
    assert links(english) == ["https://shop.example/cart?add=P1&qty=1&coupon=TEN"]


async def test_as_many_as_were_reckoned_go_into_the_basket(english: Chat) -> None:
    await english.says("how much is the Longjing Tea", "price_question")
    await english.says("any discount?", LESS)
    await english.says("what if i take two", replace(UNSURE, slots=(("quantity", "two"),)))
    await english.says("ok", Meaning(intents=(("affirm", 0.9),)))
    assert links(english) == ["https://shop.example/cart?add=P1&qty=2"]
    await english.says("what if i take two", replace(UNSURE, slots=(("quantity", "two"),)))
    await english.says("ok i'll take one then", "place_order")
    assert links(english) == ["https://shop.example/cart?add=P1&qty=1"]


async def test_no_more_than_there_are_go_into_the_basket(english: Chat) -> None:
    await english.says("how much is the Ceramic Cup", "price_question")
    answer = said(
        await english.says("i'll take 9", replace(means("place_order"), slots=(("quantity", "9"),)))
    )
    assert "Only 3 of Ceramic Cup are in stock" in answer
    assert links(english) == ["https://shop.example/cart?add=P2&qty=3"]


async def test_cards_lead_to_the_basket_where_there_is_one_and_the_goods_are_in_stock(english: Chat) -> None:
    reply = await english.says("recommend something", "recommend_request")
    assert reply is not None
    assert len(links(english)) == len(reply.cards) > 0
    await english.says("tell me about the Bamboo Tray", "product_question")
    assert not links(english), "it is out of stock"


async def test_without_a_basket_the_products_own_page_is_linked(chat: Chat) -> None:
    async def with_page(connection: AsyncConnection) -> None:
        catalogue = Catalogue(connection)
        tea = await catalogue.get("p1")
        assert tea is not None
        await catalogue.put_many([replace(tea, url="https://shop.example/tea")])

    await chat.store.write(with_page)
    await chat.says("龙井茶多少钱", "price_question")
    await chat.says("就要这个", "place_order")
    assert links(chat) == ["https://shop.example/tea"]


async def test_without_any_link_the_pages_tell_how_to_order(chat: Chat) -> None:
    chat.pages.passages["怎么下单"] = "放进购物车，30 分钟内付款。"
    await chat.link()
    await chat.says("龙井茶多少钱", "price_question")
    await chat.says("便宜点", LESS)
    answer = said(await chat.says("就要这个", "place_order"))
    assert "30 分钟内付款" in answer
    assert "优惠码" in answer
    assert not links(chat)


async def test_what_is_sold_out_is_not_sent_to_the_basket(store_with_basket: Chat) -> None:
    chat = store_with_basket
    await chat.says("竹茶盘多少钱", "price_question")
    reply = await chat.says("我要下单", "place_order")
    assert "下不了单" in said(reply)
    assert not links(chat)
    assert action(reply, "recommend:like")


async def test_how_to_order_without_a_product_is_what_the_pages_say(english: Chat) -> None:
    english.pages.passages["order"] = "Put it into the basket and pay."
    assert "Put it into the basket" in said(await english.says("how do I order", "place_order"))
    assert not links(english)


async def test_whoever_thinks_about_it_is_given_time(store_with_basket: Chat) -> None:
    chat = store_with_basket
    await chat.says("龙井茶多少钱", "price_question")
    await chat.says("便宜点", LESS)
    answer = said(await chat.says("我再看看吧", UNSURE))
    assert "不急" in answer
    assert "11月28日" in answer
