"""Products, prices, offers, and what belongs to the customer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.skills import bargain_words
from bot.messages import ACTION_BYTES
from nlu.acts import Act
from storage.catalogue import Catalogue, Category
from storage.requests import Requests
from storage.schema import coupon, order
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, buttons, said
from tests.fakes import Meaning, does


async def test_price_stock_and_attributes_are_the_shops_own(chat: Chat) -> None:
    assert "¥128.00" in said(await chat.says("龙井茶多少钱", "price_question"))
    assert "仅剩 3 件" in said(await chat.says("陶瓷杯有货吗", "stock_question"))
    assert "预计 12月1日 周二 补货" in said(await chat.says("竹茶盘有货吗", "stock_question"))
    assert "材质：陶" in said(await chat.says("陶瓷杯是什么材质", "product_question"))
    assert "Material: clay" in said(await chat.says("what material is the Ceramic Cup", "product_question"))


async def test_the_second_one_and_how_much_resolve_to_what_was_shown(chat: Chat) -> None:
    await chat.says("推荐一下", "recommend_request")
    assert [card.product_id for card in (chat.last.cards if chat.last else ())] == ["p1", "p2"]
    price = does(wishes=(("price_question", "第二个多少钱"),), points=(1,))
    assert "陶瓷杯" in said(await chat.says("第二个多少钱", price))
    assert "仅剩 3 件" in said(await chat.says("还有货吗", "stock_question"))


async def _toothpaste(connection: AsyncConnection) -> None:
    """One that tastes of tea, on a shelf of its own, and beside the tea what isn't called so; their ids come first."""
    catalogue = Catalogue(connection)
    cup = await catalogue.get("p2")
    assert cup is not None
    await catalogue.put_categories([Category(id="care", name_zh="个护", name_en="Care")])
    paste = replace(cup, id="a1", code="A1", name_zh="牙膏 茶", name_en="Toothpaste, tea", category_id="care")
    scoop = replace(cup, id="a0", code="A0", name_zh="竹匙", name_en="Bamboo scoop")
    await catalogue.put_many([paste, scoop, replace(cup, category_id="care")])


@pytest.mark.parametrize("text", ["送 个 爱 喝茶 的 朋友", "something for a friend who loves tea"])
async def test_who_asks_for_tea_is_recommended_tea_and_nothing_to_fill_the_list(
    chat: Chat, text: str
) -> None:
    await chat.store.write(_toothpaste)
    await chat.says(text, "recommend_request")
    assert [card.product_id for card in (chat.last.cards if chat.last else ())] == ["p1"]


async def test_once_all_that_was_asked_for_was_seen_something_else_is_recommended(chat: Chat) -> None:
    await chat.store.write(_toothpaste)
    await chat.says("喝茶 的 朋友", "recommend_request")
    await chat.says("喝茶 的 朋友", "recommend_request")
    assert [card.product_id for card in (chat.last.cards if chat.last else ())] == ["a0", "a1", "p2"]


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("想买 台 洗衣机", "不一定有"),
        ("推荐 点 什么", "很受欢迎"),
        ("妈妈 生日 送 什么", "很受欢迎"),
        ("看看 热卖", "很受欢迎"),
        ("show me your best sellers", "popular"),
        ("i need a washing machine", "not sure"),
    ],
)
async def test_who_asks_for_what_is_not_sold_is_not_shown_other_things_as_if_it_were_that(
    chat: Chat, text: str, heading: str
) -> None:
    reply = await chat.says(text, "recommend_request")
    assert heading in said(reply)
    assert reply is not None
    assert reply.cards


async def test_who_only_says_for_whom_it_is_is_shown_what_is_liked(chat: Chat) -> None:
    told = Meaning(intents=(("recommend_request", 0.9),), slots=(("recipient", "my sister"),))
    assert "popular" in said(await chat.says("something for my sister", told))


async def test_who_goes_on_to_look_for_goods_is_not_asked_which_product_again(chat: Chat) -> None:
    assert "哪件商品" in said(await chat.says("查库存", "stock_question"))
    assert "没有找到" in said(await chat.says("看看 女装", "product_search"))
    assert "哪件商品" in said(await chat.says("查库存", "stock_question"))
    answered = said(await chat.says("龙井茶", "product_search"))
    assert "龙井茶" in answered
    assert "有货" in answered


async def test_a_product_that_is_gone_is_said_to_be_gone(chat: Chat) -> None:
    assert "下架" in said(await chat.says("旧茶壶多少钱", "price_question"))
    assert "下架" in said(await chat.presses("product:show:p4"))
    assert "下架" in said(await chat.presses("offer:ask:deleted"))


async def test_what_is_not_sold_is_said_and_nothing_odd_is_shown_for_it(chat: Chat) -> None:
    reply = await chat.says("有 火箭 吗", "product_search")
    assert "没有找到" in said(reply)
    assert reply is not None
    assert not reply.cards


async def test_a_personal_price_is_disclosed_valid_and_firm(chat: Chat) -> None:
    await chat.link()
    await chat.says("龙井茶多少钱", "price_question")
    first = said(await chat.says("能便宜点吗", "discount_request"))
    assert "¥115.20" in first
    assert "个人优惠价" in first, "that it is personal is said beside it"
    assert "11月28日" in first
    again = said(await chat.says("再便宜点", "discount_request"))
    assert "最低价" in again
    assert "¥115.20" in again
    assert "专属价 ¥115.20" in said(await chat.says("龙井茶多少钱", "price_question"))


async def test_a_stranger_gets_the_list_price_and_is_told_how_to_get_more(chat: Chat) -> None:
    reply = await chat.says("龙井茶能便宜点吗", "discount_request")
    assert "¥128.00" in said(reply)
    assert action(reply, "link:start")


async def test_a_hundred_percent_is_refused_with_a_smile(chat: Chat) -> None:
    assert "can't give it away" in said(await chat.says("give me 100% off", "discount_request"))


@pytest.mark.parametrize(
    "text",
    [
        "白送", "那送我得了", "免费送我", "0元购", "打0折", "零元", "free of charge please", "can I get it for free",
        "is it free?", "can I have a free one", "let me have the lamp for nothing", "100% off",
    ],
)  # fmt: skip
def test_whoever_wants_it_for_nothing_is_understood(text: str) -> None:
    assert bargain_words.for_nothing(text)


@pytest.mark.parametrize(
    "text",
    [
        "500元卖不卖", "600元行不行", "满200元有优惠吗", "有50元的券吗", "500元以内", "1,000元", "10折",
        "今天送得了吗", "thanks for nothing", "I waited a week for nothing", "fragrance free lotion",
        "is it sugar free", "free of parabens", "feel free to call", "free shipping?", "100% cotton shirt",
    ],
)  # fmt: skip
def test_a_sum_or_what_something_is_free_of_is_not_for_nothing(text: str) -> None:
    assert not bargain_words.for_nothing(text)


@pytest.mark.parametrize("text", ["100元卖不卖", "110元行不行", "满200元有优惠吗", "有50元的券吗"])
async def test_a_sum_is_haggled_over_and_not_laughed_at(chat: Chat, text: str) -> None:
    await chat.link()
    await chat.says("龙井茶多少钱", "price_question")
    intent = "discount_request" if text.endswith("吗") else None
    assert "¥115.20" in said(await chat.says(text, intent))


async def test_without_a_discount_the_answer_is_honest(chat: Chat) -> None:
    await chat.link()
    chat.decisions.discount = 0.0
    assert "没有额外优惠" in said(await chat.says("龙井茶便宜点", "discount_request"))
    assert "没法再低" in said(await chat.says("再便宜点嘛", "discount_request"))


async def test_codes_are_explained_and_other_peoples_codes_are_unknown(chat: Chat) -> None:
    rows = [
        {"code": "TEA10", "customer_id": None, "valid_until": chat.now + timedelta(days=5)},
        {"code": "OLD55", "customer_id": None, "valid_until": chat.now - timedelta(days=5)},
        {"code": "ANN77", "customer_id": "c2", "valid_until": chat.now + timedelta(days=5)},
    ]
    values = {
        "text_zh": "满 100 减 10",
        "text_en": "10 off 100",
        "amount": 1000,
        "min_spend": 10000,
        "currency": "CNY",
        "valid_from": chat.now - timedelta(days=30),
        "demo": False,
    }
    await chat.store.write(lambda c: c.execute(insert(coupon), [{**values, **row} for row in rows]))
    await chat.link()
    assert "¥100.00" in said(await chat.says("TEA10 用不了", "coupon_problem"))
    assert "过期" in said(await chat.says("OLD55 用不了", "coupon_problem"))
    assert "查不到" in said(await chat.says("ANN77 用不了", "coupon_problem"))
    assert "TEA10" in said(await chat.presses("offer:list"))


async def test_questions_of_policy_are_answered_from_the_pages_or_not_at_all(chat: Chat) -> None:
    chat.pages.passages["退货"] = "收到 7 天内可以退货。"
    assert "7 天内" in said(await chat.says("退货有什么规定", "return_policy"))
    reply = await chat.says("保修多久", "warranty_repair")
    assert "不想乱说" in said(reply)
    assert action(reply, "human:ask")


async def test_my_data_tells_what_is_kept_and_erasure_wants_a_second_word(chat: Chat) -> None:
    await chat.link()
    reply = await chat.says("你们存了我什么数据", "my_data")
    assert "2 个订单" in said(reply)
    reply = await chat.presses(action(reply, "data:erase"))
    assert "无法恢复" in said(reply)
    assert "已申请删除" in said(await chat.presses(action(reply, "data:erase-yes")))
    async with chat.store.read() as connection:
        (asked,) = await Requests(connection).find(kind="data_erasure")
    assert asked.customer_id == "c1"


async def test_who_asks_twice_without_an_account_has_one_request_whoever_else_asks(
    chat: Chat, new_chat: Callable[..., Chat]
) -> None:
    other = new_chat(address="200")
    for asking in (chat, other, chat, other):
        await asking.presses("data:erase-yes")
    async with chat.store.read() as connection:
        asked = await Requests(connection).find(kind="data_erasure")
    assert sorted(request.address for request in asked) == ["100", "200"]


async def test_personal_prices_can_be_switched_off(chat: Chat) -> None:
    await chat.link()
    reply = await chat.commands("prices")
    await chat.presses(action(reply, "prices:off"))
    assert not (await chat.contact()).personal_prices


async def test_an_invoice_takes_a_title(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1019 开发票", "invoice_request")
    assert "申请发票" in said(await chat.says("杭州某某科技有限公司 91330100MA0000000X"))


async def test_a_review_is_kept_once(chat: Chat) -> None:
    await chat.link()
    reply = await chat.says("想评价 A1019", "leave_review")
    assert "谢谢" in said(await chat.presses(action(reply, "review:5")))
    assert "谢谢" in said(await chat.presses(action(reply, "review:5")))


async def test_points_and_level_are_told(chat: Chat) -> None:
    await chat.link()
    text = said(await chat.says("我有多少积分", "membership_points"))
    assert "320" in text
    assert "金卡" in text


async def test_button_actions_fit_every_channel(chat: Chat) -> None:
    await chat.link()
    for text, intent in (
        ("你好", "greeting"),
        ("A1024 到哪了", "order_status"),
        ("推荐", "recommend_request"),
    ):
        for button in buttons(await chat.says(text, intent)):
            assert len(button.action.encode()) <= 64


async def test_a_coupon_without_words_is_told_by_its_rules(chat: Chat) -> None:
    values = {
        "text_zh": "", "text_en": "", "currency": "CNY", "min_spend": 0,
        "valid_from": shop.NOW - timedelta(days=1), "valid_until": shop.NOW + timedelta(days=9),
    }  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"code": "LESS20", "amount": 2_000, "min_spend": 20_000, "category_id": "tea"},
        {"code": "LESS15", "percent": 15.0, "product_ids": ["p1", "p2"]},
        {"code": "LESS5", "amount": 550, "text_en": "A treat"},
    ]
    for number, row in enumerate(rows):
        row = {**values, "valid_until": shop.NOW + timedelta(days=5 + number), **row}
        await chat.store.write(lambda c, row=row: c.execute(insert(coupon), [row]))
    text = said(await chat.says("有什么优惠", "discount_request"))
    assert "满¥200减¥20，限茶，优惠码 LESS20" in text
    assert "打8.5折，限龙井茶、陶瓷杯" in text
    assert "立减¥5.50" in text
    text = said(await chat.says("any discount?", "discount_request"))
    assert "¥20 off orders of ¥200 or more, only for Tea, code LESS20" in text
    assert "15% off, only for Longjing Tea, Ceramic Cup" in text
    assert "A treat" in text
    assert "is valid: 15% off" in said(await chat.says("LESS15 doesn't work", "coupon_problem"))
    await chat.store.write(lambda c: c.execute(update(coupon).values(valid_until=None)))
    assert "only for Tea, code LESS20\n" in said(await chat.says("any discount?", "discount_request"))
    assert "15% off, only for Longjing Tea, Ceramic Cup, with no end date" in said(
        await chat.says("LESS15 doesn't work", "coupon_problem")
    )
    assert "LESS20，长期有效" in said(await chat.says("有什么优惠", "discount_request"))


async def test_a_code_may_be_a_plain_word(chat: Chat) -> None:
    values = {
        "text_zh": "", "text_en": "", "currency": "CNY", "min_spend": 0, "amount": 500,
        "valid_from": shop.NOW - timedelta(days=1), "valid_until": shop.NOW + timedelta(days=9),
    }  # fmt: skip
    rows = [{"code": "Welcome"}, {"code": "ANNS", "customer_id": "c2"}]
    for row in rows:
        await chat.store.write(lambda c, row=row: c.execute(insert(coupon), [{**values, **row}]))
    assert "是有效的：立减¥5，" in said(await chat.says("welcome 这个码用不了", "coupon_problem"))
    assert "发给我" in said(await chat.says("anns 这个码用不了", "coupon_problem"))
    assert "前面说的" in said(await chat.says("WELCOME")), "the same again"


async def test_a_coupon_that_was_used_up_is_not_offered_and_says_so(chat: Chat) -> None:
    values = {
        "text_zh": "减", "text_en": "off", "currency": "CNY", "amount": 500, "min_spend": 0,
        "valid_from": shop.NOW - timedelta(days=30), "valid_until": shop.NOW + timedelta(days=9),
    }  # fmt: skip
    rows = [{"code": "FIRST1", "max_uses": 1}, {"code": "ONCE1", "per_customer": 1}]
    for row, number in zip(rows, ("o3", "o1"), strict=True):
        await chat.store.write(lambda c, row=row: c.execute(insert(coupon), [{**values, **row}]))
        used = update(order).where(order.c.id == number).values(coupon_code=str(row["code"]).lower())
        await chat.store.write(lambda c, used=used: c.execute(used))
    assert "ONCE1" in said(await chat.says("有什么优惠", "discount_request"))
    await chat.link()
    text = said(await chat.says("有什么优惠", "discount_request"))
    assert "FIRST1" not in text
    assert "ONCE1" not in text
    assert "已经用完" in said(await chat.says("FIRST1 用不了", "coupon_problem"))
    assert "您已经用过" in said(await chat.says("ONCE1 用不了", "coupon_problem"))


async def test_coupons_of_another_shelf_are_not_named_for_a_product(chat: Chat) -> None:
    async with chat.store.read() as connection:
        assert {shelf.id for shelf in await Catalogue(connection).categories()} == {"tea"}
    await chat.store.write(
        lambda c: Catalogue(c).put_categories([Category(id="pets", name_zh="宠物", name_en="Pets")])
    )
    values = {
        "text_zh": "满 100 减 10",
        "text_en": "10 off 100",
        "amount": 1000,
        "min_spend": 10000,
        "currency": "CNY",
        "valid_from": chat.now - timedelta(days=1),
        "valid_until": chat.now + timedelta(days=5),
        "demo": False,
    }
    rows = [{"code": "TEA10", "category_id": "tea"}, {"code": "PETS9", "category_id": "pets"}]
    await chat.store.write(lambda c: c.execute(insert(coupon), [{**values, **row} for row in rows]))
    reply = said(await chat.says("龙井茶便宜点", "discount_request"))
    assert "TEA10" in reply or "满 100 减 10" in reply
    assert "PETS9" not in reply


@pytest.mark.parametrize("looked_at", ["", "龙井茶还有货吗"])
async def test_after_the_offers_only_a_product_is_taken_for_the_answer(chat: Chat, looked_at: str) -> None:
    await chat.link()
    if looked_at:
        await chat.says(looked_at, "stock_question")
    offers = said(await chat.presses("offer:list"))
    assert "哪" in offers, "it asks which product"
    other = said(await chat.says("要放冰箱吗", "product_question"))
    assert other != offers
    assert "优惠" not in other
    await chat.presses("offer:list")
    assert "个人优惠价" in said(await chat.says("陶瓷杯", does(Act.GIVES, intent="product_question")))


async def test_what_a_page_says_of_discounts_comes_with_what_is_on_offer(chat: Chat) -> None:
    offers = said(await chat.presses("offer:list"))
    chat.pages.passages["学生"] = "学生验证后 9.5 折。"
    answer = said(await chat.says("学生有优惠吗", "discount_request"))
    assert "学生验证后 9.5 折" in answer
    assert offers in answer


async def test_a_button_that_names_a_product_by_a_long_id_is_as_good_as_any(chat: Chat) -> None:
    long = "茶" * 90

    async def renamed(connection: AsyncConnection) -> None:
        catalogue = Catalogue(connection)
        pot = await catalogue.get("p2")
        assert pot is not None
        await catalogue.put_many([replace(pot, id=long, code="long", stock=0)])

    await chat.store.write(renamed)
    shown = await chat.presses(f"product:show:{long}")
    assert shown is not None
    similar = shown.cards[0].buttons[-1]
    assert len(similar.action.encode()) <= ACTION_BYTES
    pressed = await chat.presses(similar.action)
    assert pressed is not None
    assert pressed.text.startswith("和“陶瓷杯”类似的有")
    # What the bot has forgotten can't be pressed any more, and it says so.
    assert "已经过期" in said(await chat.presses("~" + "0" * 24))
