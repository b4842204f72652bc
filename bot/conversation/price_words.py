"""A customer's price in words: their offer beside what everybody pays, a sale beside the list price."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.conversation.wording import money
from bot.shop.customer_prices import CustomerPrice

Say = Callable[..., str]
"""A text's id and its values → the text in the reader's language."""
Until = Callable[[datetime], str]
"""The end of an offer as the reader reads it."""


def in_words(say: Say, price: CustomerPrice, until: Until) -> str:
    """What one piece costs: `¥115.20 instead of ¥128.00 (yours until Thu 3 Dec)`, `¥99.00 (was ¥128.00)`, `¥128.00`."""
    now = money(price.amount, price.currency)
    if price.offer is not None:
        everybody = money(price.everybody, price.currency)
        return say("price-personal", price=now, list=everybody, until=until(price.offer.valid_until))
    if price.everybody < price.list_price:
        return say("price-on-sale", price=now, was=money(price.list_price, price.currency))
    return now


def of_offer(price: CustomerPrice, until: Until) -> dict[str, str]:
    """What sentences with the code of an offer name: `price`, `list`, `saved`, `code` and `until`.

    Raises:
        ValueError: no offer makes the price.
    """
    if price.offer is None:
        raise ValueError("no offer makes this price")
    return {
        "price": money(price.amount, price.currency),
        "list": money(price.everybody, price.currency),
        "saved": money(price.saved, price.currency),
        "code": price.code,
        "until": until(price.offer.valid_until),
    }
