"""One price for one customer: whatever is asked, each answer tells the customer's offer beside everybody's price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.baskets import BasketTemplate
from bot.messages import Reply
from storage.catalogue import Catalogue
from storage.coupons import Coupon, Coupons
from storage.offers import NewOffer, Offers
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, buttons, said
from tests.bot.conversation.test_with_the_model import real_model
from tests.fakes import Meaning

YOURS, EVERYBODYS = "¥115.20", "¥128.00"
CODE = "LKYOURS99"
BASKET = "https://shop.example/cart?add={code}&qty={quantity}&coupon={coupon}"


def offer(product_id: str = "p1", price: int = 11_520, code: str = CODE, **values: object) -> NewOffer:
    told = {
        "code": code,
        "customer_id": "c1",
        "product_id": product_id,
        "price": price,
        "list_price": 12_800,
        "floor": 1,
        "currency": "CNY",
        "reason": "asked",
        "reasons": [],
        "policy": "test",
        "probability": 1.0,
        "valid_until": shop.NOW + timedelta(days=3),
        **values,
    }
    return NewOffer(**told)  # type: ignore[arg-type]


async def give(chat: Chat, *offers: NewOffer) -> None:
    for one in offers:
        await chat.store.write(lambda c, one=one: Offers(c).reserve(one, shop.NOW))  # type: ignore[misc]


@pytest.fixture
async def offered(chat: Chat) -> Chat:
    """A customer with a live offer for the tea, ¥115.20 instead of ¥128.00."""
    await chat.link()
    await give(chat, offer())
    return chat


def shows_both(reply: Reply | None) -> bool:
    """Whether a reply tells the customer's price, and everybody's price nowhere but beside it."""
    text = said(reply)
    alone = [line for line in text.splitlines() if EVERYBODYS in line and YOURS not in line]
    assert not alone, alone
    return YOURS in text


COUNTED = Meaning(intents=(("price_question", 0.9),), slots=(("quantity", "3"),))
ASKED: list[tuple[str, str, Meaning | str]] = [
    ("zh", "龙井茶多少钱", "price_question"),
    ("zh", "龙井茶有货吗", "stock_question"),
    ("zh", "龙井茶怎么样", "product_question"),
    ("zh", "龙井茶", "product_search"),
    ("zh", "120元以内 的 茶", "product_search"),
    ("zh", "推荐 点 什么", "recommend_request"),
    ("zh", "龙井茶 和 陶瓷杯 哪个便宜", "product_compare"),
    ("zh", "龙井茶 和 陶瓷杯 比一比", "product_compare"),
    ("zh", "龙井茶 和 陶瓷杯 一共多少钱", "price_question"),
    ("zh", "3 份 龙井茶 多少钱", COUNTED),
    ("zh", "店里 最贵 的 是 哪个", "product_search"),
    ("zh", "龙井茶能便宜点吗", "discount_request"),
    ("zh", "有什么优惠", "discount_request"),
    ("zh", "我要买龙井茶", "place_order"),
    ("zh", "跟上次一样再来一单", "reorder"),
    ("zh", "龙井茶到货告诉我", "restock_notice"),
    ("en", "how much is the Longjing Tea", "price_question"),
    ("en", "is the Longjing Tea in stock", "stock_question"),
    ("en", "tell me about the Longjing Tea", "product_question"),
    ("en", "tea", "product_search"),
    ("en", "tea under ¥120", "product_search"),
    ("en", "what do you recommend", "recommend_request"),
    ("en", "which is cheaper , the Longjing Tea or the Ceramic Cup", "product_compare"),
    ("en", "compare the Longjing Tea and the Ceramic Cup", "product_compare"),
    ("en", "how much are the Longjing Tea and the Ceramic Cup together", "price_question"),
    ("en", "how much for 3 Longjing Tea", COUNTED),
    ("en", "what is the most expensive thing in the shop", "product_search"),
    ("en", "can I get the Longjing Tea cheaper", "discount_request"),
    ("en", "any offers", "discount_request"),
    ("en", "I want to buy the Longjing Tea", "place_order"),
    ("en", "the same again please", "reorder"),
    ("en", "tell me when the Longjing Tea is back", "restock_notice"),
]


@pytest.mark.parametrize(("language", "text", "meaning"), ASKED, ids=[text for _, text, _ in ASKED])
async def test_whatever_is_asked_tells_the_same_price(
    offered: Chat, language: str, text: str, meaning: Meaning | str
) -> None:
    offered.language = language
    assert shows_both(await offered.says(text, meaning))


@pytest.mark.parametrize(
    "pressed",
    [
        "product:show:p1",
        "offer:ask:p1",
        "offer:list",
        "offer:cheaper:p2",
        "recommend:like:p2",
        "restock:ask:p1",
    ],
)
async def test_whatever_is_pressed_tells_the_same_price(offered: Chat, pressed: str) -> None:
    shown = shows_both(await offered.presses(pressed))
    assert shown or pressed == "offer:cheaper:p2", "nothing is cheaper than the cup"


async def test_what_is_asked_on_after_it_was_shown_tells_the_same_price(offered: Chat) -> None:
    await offered.says("推荐 点 什么", "recommend_request")
    for text, meaning in [
        ("哪个更贵", "product_compare"),
        ("一共多少钱", "price_question"),
        ("贵一点的那个有货吗", "stock_question"),
        ("给我看看更贵的", "recommend_request"),
        ("第一个怎么买", "place_order"),
        ("再便宜点", "discount_request"),
        ("再便宜点嘛", "discount_request"),
        ("还能再少吗", "discount_request"),
        ("我再想想", "discount_request"),
    ]:
        shows_both(await offered.says(text, meaning))


NATURAL = [
    "龙井茶多少钱",
    "龙井茶怎么卖的",
    "有没有龙井茶",
    "想买点茶",
    "推荐一款茶叶",
    "120块以内的茶有吗",
    "龙井和陶瓷杯哪个更便宜",
    "龙井茶两份加一个陶瓷杯多少钱",
    "三份龙井多少钱",
    "龙井茶还有货吗",
    "龙井茶能不能便宜点",
    "有什么优惠活动",
    "你们店最贵的是什么",
    "上次买的再来一份",
    "我要下单龙井茶",
    "龙井茶和陶瓷杯有什么区别",
    "送长辈的礼物有推荐吗",
    "最便宜的茶是哪款",
    "龙井茶的材质是什么",
    "How much is the Longjing tea?",
    "Do you have any tea?",
    "Recommend me a tea",
    "Anything under 120?",
    "Is the Longjing tea cheaper than the ceramic cup?",
    "How much for two Longjing teas and a cup?",
    "What would three of the Longjing tea cost?",
    "Is the Longjing tea in stock?",
    "Any discount on the Longjing tea?",
    "What offers do you have?",
    "What's your most expensive product?",
    "Same as last time please",
    "I'd like to order the Longjing tea",
    "Compare the Longjing tea with the ceramic cup",
    "A gift for my mum around 120",
    "What's the cheapest tea you have?",
    "What is the Longjing tea made of?",
]


async def test_the_shipped_model_tells_no_other_price(new_chat: Callable[..., Chat]) -> None:
    understander, pages = real_model()
    told = 0
    for number, text in enumerate(NATURAL):
        chat = new_chat(understander=understander, pages=pages, address=f"n{number}")
        await chat.link()
        if not number:
            await give(chat, offer())
        told += shows_both(await chat.says(text))
    assert told > len(NATURAL) * 0.6, "most of them are answered with the tea's price"


async def test_a_limit_and_the_dearest_go_by_what_this_customer_pays(
    offered: Chat, new_chat: Callable[..., Chat]
) -> None:
    def shown(reply: Reply | None) -> list[str | None]:
        assert reply is not None
        return [card.product_id for card in reply.cards]

    stranger = new_chat(address="200", language="en")
    limit = ("tea from 110 to 120", "product_search")
    assert "p1" in shown(await offered.says(*limit))
    assert "p1" not in shown(await stranger.says(*limit))
    await give(offered, offer("p2", 4_000, "LKCUP1", list_price=4_500))
    await offered.store.write(lambda c: _another(c, 4_200))
    cheapest = ("what is the cheapest thing in the shop", "product_search")
    again, anybody = new_chat(address="101", language="en"), new_chat(address="201", language="en")
    await again.link()
    assert shown(await again.says(*cheapest)) == ["p2"]
    assert shown(await anybody.says(*cheapest)) == ["p9"]


async def _another(connection: AsyncConnection, price: int, **values: object) -> None:
    """Another tea of that price."""
    catalogue = Catalogue(connection)
    tea = await catalogue.get("p1")
    assert tea is not None
    made = replace(
        tea, id="p9", code="P9", name_zh="碧螺春", name_en="Biluochun", list_price=price, cost=1, **values
    )  # type: ignore[arg-type]
    await catalogue.put_many([made])


async def test_an_offer_may_make_the_cheapest_of_what_is_among_the_dearest(chat: Chat) -> None:
    async def many(connection: AsyncConnection) -> None:
        catalogue = Catalogue(connection)
        cup = await catalogue.get("p2")
        assert cup is not None
        named = {"name_zh": "杯", "name_en": "Mug"}
        await catalogue.put_many(
            [replace(cup, id=f"m{n}", code=f"M{n}", list_price=1_000 + n, cost=1, **named) for n in range(40)]
        )

    await chat.store.write(many)
    await chat.link()
    await give(chat, offer(price=900))
    reply = await chat.says("what is the cheapest thing in the shop", "product_search")
    assert reply is not None
    assert [card.product_id for card in reply.cards] == ["p1"]
    assert "¥9.00 instead of ¥128.00" in reply.text


async def test_of_several_pieces_one_is_at_the_offers_price(offered: Chat) -> None:
    text = said(await offered.says("3 份 龙井茶 多少钱", COUNTED))
    assert "¥371.20" in text, "115.20 + 2 × 128.00"
    assert f"其中一件用优惠码 {CODE}" in text
    offered.language = "en"
    text = said(await offered.says("how much for 3 Longjing Tea", COUNTED))
    assert "¥371.20 for 3 × Longjing Tea: one at your price of ¥115.20 with code LKYOURS99" in text
    assert "the others at ¥128.00 each" in text


async def test_an_order_takes_one_code_the_one_that_saves_most(offered: Chat) -> None:
    await give(offered, offer("p2", 4_000, "LKCUP1", list_price=4_500))
    both = ("how much are the Longjing Tea and the Ceramic Cup together", "price_question")
    text = said(await offered.says(*both))
    assert "Altogether ¥160.20" in text, "115.20 + 45.00"
    assert "your price of ¥40.00 for one takes another order, with code LKCUP1" in text
    coupon = Coupon(
        code="BIG50", customer_id=None, amount=5_000, percent=None, currency="CNY", min_spend=0,
        valid_from=shop.NOW - timedelta(days=1), valid_until=None,
    )  # fmt: skip
    await offered.store.write(lambda c: Coupons(c).put_many([coupon]))
    text = said(await offered.says(*both))
    assert "Altogether ¥173.00" in text
    assert "With code BIG50 (¥50 off): ¥123.00" in text
    assert shows_both(offered.last)


async def test_the_link_into_the_basket_carries_the_code_else_the_card_tells_it(
    offered: Chat, new_chat: Callable[..., Chat]
) -> None:
    assert f"您的优惠码：{CODE}" in said(await offered.presses("product:show:p1"))
    carrying = new_chat(address="300", basket=BasketTemplate.parse(BASKET))
    await carrying.link()
    reply = await carrying.presses("product:show:p1")
    assert CODE not in said(reply)
    assert any(f"coupon={CODE}" in (button.url or "") for button in buttons(reply))
    reply = await carrying.says("我要买龙井茶", "place_order")
    assert shows_both(reply)
    assert any(f"coupon={CODE}" in (button.url or "") for button in buttons(reply))


async def test_a_sale_below_the_offer_is_what_everybody_pays(offered: Chat) -> None:
    async def sale(connection: AsyncConnection) -> None:
        tea = await Catalogue(connection).get("p1")
        assert tea is not None
        await Catalogue(connection).put_many([replace(tea, sale_price=11_000)])

    await offered.store.write(sale)
    for text in ("龙井茶多少钱", "龙井茶有货吗"):
        answer = said(await offered.says(text, "price_question"))
        assert "¥110.00（原价 ¥128.00）" in answer
        assert YOURS not in answer


@pytest.mark.parametrize("ended", ["used", "withdrawn", "expired"])
async def test_an_offer_that_has_ended_is_told_no_more(offered: Chat, ended: str) -> None:
    async def end(connection: AsyncConnection) -> None:
        (live,) = await Offers(connection).live("c1", shop.NOW)
        await Offers(connection).end(ended, shop.NOW)
        assert live.code == CODE

    await offered.store.write(end)
    answer = said(await offered.says("龙井茶有货吗", "stock_question"))
    assert EVERYBODYS in answer
    assert YOURS not in answer


async def test_nobody_else_sees_it_nor_who_wants_no_personal_prices(
    offered: Chat, new_chat: Callable[..., Chat]
) -> None:
    other = new_chat(address="200")
    await other.link("c2")
    assert YOURS not in said(await other.says("龙井茶多少钱", "price_question"))
    await offered.presses("prices:off")
    for text, intent in [("龙井茶多少钱", "price_question"), ("推荐 点 什么", "recommend_request")]:
        answer = said(await offered.says(text, intent))
        assert EVERYBODYS in answer
        assert YOURS not in answer


async def test_it_is_said_until_when_and_on_its_last_day_until_which_hour(offered: Chat) -> None:
    offered.language = "en"
    asked = ("is the Longjing Tea in stock", "stock_question")
    assert "¥115.20 instead of ¥128.00 (yours until Sat 28 Nov)" in said(await offered.says(*asked))
    offered.now = shop.NOW + timedelta(days=3, hours=-2)
    assert "(yours until 10:00 today)" in said(await offered.says(*asked))
