"""A shop whose currency has no smaller unit: limits, sums, totals, offers and orders are in whole yen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.skills import bargaining
from bot.conversation.wording import money
from bot.messages import Reply
from nlu.products.budgets import budget
from storage.catalogue import Catalogue
from storage.schema import order, order_line
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_one_price import give, offer
from tests.bot.conversation.test_with_the_model import real_model
from tests.fakes import Meaning

PRICES = {"p1": 1_280, "p2": 450, "p3": 990, "p4": 1_990}


async def in_yen(connection: AsyncConnection) -> None:
    catalogue = Catalogue(connection)
    goods = (await catalogue.by_ids(PRICES)).values()
    await catalogue.put_many(
        [replace(one, list_price=PRICES[one.id], cost=100, currency="JPY") for one in goods]
    )
    tray = await catalogue.get("p3")
    assert tray is not None
    await catalogue.put_many([replace(tray, stock=5)])
    await connection.execute(update(order).values(currency="JPY", total=1_730, shipping_fee=0, discount=0))
    await connection.execute(
        update(order_line).values(unit_price=1_280).where(order_line.c.product_id == "p1")
    )
    await connection.execute(update(order_line).values(unit_price=450).where(order_line.c.product_id == "p2"))


@pytest.fixture
async def yen(chat: Chat) -> Chat:
    """A customer of a shop in Japan."""
    await chat.store.write(in_yen)
    await chat.link()
    return chat


def shown(reply: Reply | None) -> list[str | None]:
    assert reply is not None
    return sorted(card.product_id or "" for card in reply.cards)


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("1000円以内", 1_000), ("1,000円以下", 1_000), ("under ¥1000", 1_000), ("under JP¥1,000", 1_000),
        ("1000日元以内", 1_000), ("一千日元以内", 1_000), ("no more than 1,500 yen", 1_500), ("预算 5000 日元", 5_000),
        ("2万韩元以内", 20_000), ("under 20,000 won", 20_000), ("₩20,000以下", 20_000), ("max 3000 yen", 3_000),
    ],
)  # fmt: skip
def test_a_limit_is_read_in_the_words_of_the_currency(text: str, most: int) -> None:
    spent = budget(text)
    assert spent is not None
    assert (spent.low, spent.high) == (None, most)


@pytest.mark.parametrize(
    "text", ["10日元旦放假吗", "3日元气森林", "size 20 won't fit me", "2 won ton soups", "二十日元旦"]
)
def test_a_day_and_what_will_not_fit_are_no_sums(text: str) -> None:
    assert budget(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "1000円以内 的 茶",
        "1,000円以下 的 茶",
        "¥1000 以内 的 茶",
        "1000日元以内 的 茶",
        "tea under ¥1000",
        "tea under 1,000 yen",
        "tea up to JP¥1,000",
        "tea for 1000 yen or less",
    ],
)
async def test_what_costs_more_than_the_limit_is_not_shown(yen: Chat, text: str) -> None:
    assert shown(await yen.says(text, "product_search")) == ["p2", "p3"]
    assert "JP¥450" in said(yen.last)
    assert "JP¥990" in said(yen.last)


async def test_an_offer_counts_within_the_limit(yen: Chat) -> None:
    await give(yen, offer("p1", 995, list_price=1_280, currency="JPY"))
    assert "p1" in shown(await yen.says("tea under ¥1000", "product_search"))
    assert "JP¥995 instead of JP¥1,280 (yours until Sat 28 Nov)" in said(yen.last)


async def test_cards_prices_and_totals_have_no_decimals(yen: Chat) -> None:
    three = Meaning(intents=(("price_question", 0.9),), slots=(("quantity", "3"),))
    for text, meaning, figure in (
        ("龙井茶多少钱", "price_question", "JP¥1,280"),
        ("龙井茶", "product_search", "JP¥1,280"),
        ("3 份 龙井茶 多少钱", three, "JP¥3,840"),
        ("龙井茶 和 陶瓷杯 一共多少钱", "price_question", "JP¥1,730"),
        ("龙井茶 和 陶瓷杯 哪个便宜", "product_compare", "JP¥830"),
        ("龙井茶能便宜点吗", "discount_request", "JP¥1,152"),
    ):
        answer = said(await yen.says(text, meaning))
        assert figure in answer
        assert ".00" not in answer
        assert "JP¥12.80" not in answer


async def test_something_cheaper_is_cheaper_by_a_yen_at_least(yen: Chat) -> None:
    async def alike(connection: AsyncConnection) -> None:
        cup = await Catalogue(connection).get("p2")
        assert cup is not None
        same = replace(cup, id="p8", code="P8", name_zh="茶 同价", name_en="Tea, the same price")
        less = replace(cup, id="p9", code="P9", name_zh="茶 便宜", name_en="Tea, cheaper", list_price=449)
        await Catalogue(connection).put_many([same, less])

    await yen.says("tea under ¥460", "product_search")
    await yen.store.write(alike)
    assert shown(await yen.says("anything cheaper ?", "recommend_request")) == ["p9"]


@pytest.mark.parametrize("bid", ["1200円行吗", "¥1200行吗", "1200日元行吗", "will you take 1200 yen"])
async def test_a_bid_in_yen_is_answered_in_yen(yen: Chat, bid: str) -> None:
    await yen.says("龙井茶多少钱", "price_question")
    await yen.says("能便宜点吗", "discount_request")
    assert "JP¥1,152" in said(await yen.says(bid, "discount_request"))


def test_a_sign_that_several_currencies_share_stands_for_each_of_them() -> None:
    assert (
        bargaining.Sum(words="¥1000", major=1000, currencies=frozenset({"CNY", "JPY"})).price(1_280, "JPY")
        == 1_000
    )
    assert (
        bargaining.Sum(words="¥10", major=10, currencies=frozenset({"CNY", "JPY"})).price(1_280, "CNY")
        == 1_000
    )
    assert bargaining.Sum(words="£10", major=10, currencies=frozenset({"GBP"})).price(1_280, "JPY") is None


async def test_an_order_is_known_by_its_sum_in_yen(yen: Chat) -> None:
    await yen.store.write(lambda c: c.execute(update(order).where(order.c.id == "o2").values(total=2_480)))
    for text in ("2480円 的 那个 订单 到哪了", "2,480 的 订单 到哪了", "where is my order of 2480"):
        assert "A1019" in said(await yen.says(text, "order_status"))


async def test_the_shipped_model_reads_limits_in_yen(new_chat: Callable[..., Chat]) -> None:
    understander, pages = real_model()
    for number, text in enumerate(
        (
            "1000円以内的茶有吗",
            "有没有1000日元以下的茶",
            "any tea under ¥1000?",
            "I'm looking for tea for up to 1,000 yen",
        )
    ):
        chat = new_chat(understander=understander, pages=pages, address=f"y{number}")
        if not number:
            await chat.store.write(in_yen)
        reply = await chat.says(text)
        assert shown(reply), text
        assert "p1" not in shown(reply), text


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (1_280, "JPY", "JP¥1,280"),
        (12_000, "KRW", "₩12,000"),
        (1_250, "KWD", "KWD 1.250"),
        (-450, "JPY", "-JP¥450"),
    ],
)
def test_an_amount_is_written_in_the_units_that_there_are(minor: int, currency: str, words: str) -> None:
    assert money(minor, currency) == words
