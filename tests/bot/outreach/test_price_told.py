"""What a win-back message says of the price: the customer's live offer beside everybody's price, and its code."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversation.texts import Texts
from bot.outreach.last_look import WinBackWriter
from bot.shop.customer_prices import CustomerPrices
from storage.customers import Customer
from tests.bot.shop.test_customer_prices import live, product
from tests.factories import NOW

WRITE = WinBackWriter(Texts.load(), {"zh": "小茶铺", "en": "Tea House"}, "Asia/Shanghai")
PRICES = CustomerPrices(NOW)
OFFERED = PRICES.having(live(11_520, valid_until=NOW + timedelta(days=3)))


def told(language: str, prices: CustomerPrices, sale: int | None = None) -> list[str]:
    customer = Customer(id="c1", name="Ann", language=language, created_at=NOW)
    (card,) = WRITE(customer, product(12_800, sale), prices).cards
    return card.text.splitlines()[1:]


@pytest.mark.parametrize(
    ("language", "price", "disclosed"),
    [
        ("zh", "专属价 ¥115.20（现价 ¥128.00），优惠码 LK1，11月28日 周六 12:00 前有效。", "个人优惠价"),
        (
            "en",
            "¥115.20 for you (instead of ¥128.00) with code LK1, until Sat 28 Nov, 12:00.",
            "personalised",
        ),
    ],
)
def test_an_offer_is_told_with_its_code_and_that_it_is_personal(
    language: str, price: str, disclosed: str
) -> None:
    first, second = told(language, OFFERED)
    assert first == price
    assert disclosed in second


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "¥99.00（原价 ¥128.00）"), ("en", "¥99.00 (was ¥128.00)")]
)
def test_where_everybody_pays_less_than_the_offer_that_is_the_price(language: str, words: str) -> None:
    assert told(language, OFFERED, 9_900) == [words]
    assert told(language, PRICES, 9_900) == [words]
    assert told(language, PRICES) == ["¥128.00"]


def test_the_end_is_told_at_the_customers_place() -> None:
    customer = Customer(id="c1", name="Ann", language="en", time_zone="Europe/London", created_at=NOW)
    (card,) = WRITE(customer, product(12_800), OFFERED).cards
    assert "until Sat 28 Nov, 04:00" in card.text
