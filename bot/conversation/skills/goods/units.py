"""What a product costs by how much there is in it: 100 g, 100 ml or a piece, by its price and what it states."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.conversation.phrases import word_test
from bot.conversation.skills import qualities
from bot.conversation.skills.goods import values
from bot.conversation.skills.qualities import Quality, facts_of
from bot.conversation.turn import Turn
from bot.shop.goods import goods_of
from nlu.entities.numerals import chinese_number
from nlu.products import measures
from nlu.products import units as written
from storage.catalogue import Product

_PORTIONS = {"g": 100, "ml": 100, "piece": 1}
"""Of what is counted so, how much of it a price is told of."""
_USED_UP = ("!edible", "!topical", "!upkeep", "tea", "coffee", "drygoods", "snack")
"""Kinds of goods that are eaten, put on or used up."""
_PER = re.compile(
    rf"(?:\b(?:per|each|every|a(?=\s(?:{written.PATTERN})))\s|每|(?<=[钱块元])(?=一))"
    rf"(?P<said>(?:(?P<n>\d{{1,4}})|(?P<zh>[一二两三五十百千]{{1,3}}))?\s?(?P<unit>{written.PATTERN}))(?![\u4e00-\u9fff]?[数量])",
    re.IGNORECASE,
)
"""So much as a price is asked for."""
_how_much = word_test(
    "净 含量 容量 长 重量 份量 数量", "net* weight* content* volume* capacity length* amount*"
)
"""Labels of how much of something there is."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What so much of something costs."""

    words: str
    minor: Decimal
    unit: str
    """g, ml or piece, with the currency: only what is of one unit can be compared."""


def unit_price(turn: Turn, product: Product, quality: Quality) -> UnitPrice | None:
    """What 100 g, 100 ml or a piece of a product costs now; None where how much there is in it isn't stated.

    A weight or a volume counts before pieces, which may be of any size.
    """
    if not (qualities.says_per_unit(turn.text) or _is_used_up(product)):
        # What a tent weighs is not what one gets of it.
        return None
    amounts = [
        amount
        for fact in facts_of(product, turn.language)
        if fact.has(quality)
        for value in fact.values
        for amount in values.amounts(value)
        if amount.unit in _PORTIONS and amount.low == amount.high > 0
    ]
    amount = min(amounts, key=lambda one: list(_PORTIONS).index(one.unit), default=None)
    if amount is None:
        return None
    whole = turn.prices.of(product)
    minor = Decimal(whole.amount) / amount.high * _PORTIONS[amount.unit]
    words = turn.say(f"per-{amount.unit}", price=turn.money(round(minor), product.currency))
    if whole.offer is not None:
        words = turn.say("per-by-offer", unit=words, price=turn.price(product))
    return UnitPrice(words, minor, f"{amount.unit} {product.currency}")


def per(turn: Turn, product: Product) -> str:
    """What so much of a product costs, where a message asks for that of a metre or 100 g: worked out of its price, or
    that it isn't stated how much there is; empty where it doesn't."""
    asked = _PER.search(turn.text)
    if asked is None:
        return ""
    unit, times = written.counted(asked["unit"])
    zh = asked["zh"] or ""
    many = (chinese_number(zh) or chinese_number(f"一{zh}")) if zh else int(asked["n"] or 1)
    portion = times * (many or 1)
    held = {
        (measure.low, value)
        for label, value in product.labels(turn.language)
        for measure, _ in measures.stated(label, value)
        if measure.unit == unit and measure.exact and measure.low > 0 and _how_much(label)
    }
    name, price = product.name(turn.language), turn.price(product)
    said = asked["said"].strip()
    if len({low for low, _ in held}) != 1:
        return turn.say("per-unstated", name=name, price=price, portion=said)
    low, value = held.pop()
    each = turn.money(round(Decimal(turn.prices.of(product).amount) / low * portion), product.currency)
    return turn.say("per-asked", name=name, price=price, portion=said, each=each, amount=value)


def _is_used_up(product: Product) -> bool:
    """Whether it is eaten, put on or used up, by what the shop calls it and states of it."""
    goods = goods_of(product, None)
    return any(goods.is_of(kind, goods.name + goods.labels) for kind in _USED_UP)
