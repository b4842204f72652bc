"""The same again: what was bought last, or is bought again and again, with today's prices and stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.answer import Answer
from bot.conversation.skills import again_words, linking, order_facts, order_match, which_product
from bot.conversation.skills.goods import paying
from bot.conversation.turn import Skill, Turn
from storage.catalogue import Catalogue, Product
from storage.orders import Order, OrderLine, Orders

INTENT = "reorder"
_KNOWN = 50
_TIMES = 2
"""What stands in so many orders is bought again and again."""
_MOST = 8
"""So many of those are told at most."""
_CARDS = 4


@dataclass(frozen=True, slots=True)
class Again:
    """Something bought before, and how it is sold now."""

    line: OrderLine
    currency: str
    product: Product | None
    """None: the shop no longer knows it."""

    @property
    def sold(self) -> bool:
        """Whether it is still sold, in stock or not."""
        return self.product is not None and self.product.active


async def _again(turn: Turn) -> Answer:
    if turn.customer_id is None:
        return linking.ask(replace(turn, intent=INTENT))
    orders = await Orders(turn.connection).by_customer(turn.customer_id, limit=_KNOWN)
    bought = [order for order in orders if order.lines and order.status not in ("cancelled", "returned")]
    if not bought:
        return Answer(text=turn.say("orders-none"), memory=turn.memory.settled())
    fitting = order_match.told_apart(turn, bought)
    usual = _usual(bought) if not fitting and again_words.of_the_usual(turn.text) else []
    order = (fitting or bought)[0]
    lines = usual or [(line, order.currency) for line in order_facts.named(turn, order)]
    known = await Catalogue(turn.connection).by_ids({line.product_id for line, _ in lines})
    again = [Again(line, currency, known.get(line.product_id)) for line, currency in lines]
    head = (
        turn.say("reorder-usual", count=len(again))
        if usual
        else turn.say("reorder-last", number=order.number, day=turn.day(order.placed_at))
    )
    there = [one.product for one in again if one.sold and one.product is not None and one.product.stock > 0]
    text = "\n".join(
        [head, *(_line(turn, one) for one in again), *await _sum(turn, again), _end(turn, there)]
    )
    memory = turn.memory if usual else turn.memory.about_order(order.id)
    # What was looked for is looked for no longer.
    memory = replace(memory.showing(tuple(one.id for one in there[:_CARDS])), need=None)
    return Answer(text=text, cards=await which_product.cards(turn, there[:_CARDS]), memory=memory)


def _usual(orders: Sequence[Order]) -> list[tuple[OrderLine, str]]:
    """What stands in several orders, the oftenest first, each as it was bought last."""
    times = Counter(one for order in orders for one in {line.product_id for line in order.lines})
    newest: dict[str, tuple[OrderLine, str]] = {}
    for order in orders:
        for line in order.lines:
            newest.setdefault(line.product_id, (line, order.currency))
    often = [one for one, count in times.most_common() if count >= _TIMES]
    return [newest[one] for one in often[:_MOST]]


def _line(turn: Turn, one: Again) -> str:
    name, count = one.line.name(turn.language), one.line.quantity
    if not one.sold or one.product is None:
        return turn.say("reorder-gone", name=name, count=count)
    now = turn.prices.of(one.product).amount
    values: dict[str, str | int] = {
        "name": name,
        "count": count,
        "price": turn.price(one.product),
        "stock": which_product.stock(turn, one.product),
    }
    if now == one.line.unit_price and one.product.currency == one.currency:
        return turn.say("reorder-line", **values)
    return turn.say("reorder-line-was", was=turn.money(one.line.unit_price, one.currency), **values)


async def _sum(turn: Turn, again: Sequence[Again]) -> list[str]:
    """What all of it that is there costs today, where it is more than one piece and of one currency."""
    there = [
        (one.product, one.line.quantity)
        for one in again
        if one.sold and one.product is not None and one.product.stock >= one.line.quantity
    ]
    currencies = {product.currency for product, _ in there}
    if sum(count for _, count in there) <= 1 or len(currencies) != 1:
        return []
    bill = await paying.to_pay(turn, there)
    if bill.offered is None:
        return [turn.say("reorder-sum", total=turn.money(bill.whole, currencies.pop()))]
    total, name = turn.money(bill.total, currencies.pop()), bill.offered.name(turn.language)
    return [turn.say("reorder-sum-offer", total=total, name=name, code=bill.code)]


def _end(turn: Turn, there: Sequence[Product]) -> str:
    return turn.say("reorder-how" if there else "reorder-nothing")


SKILLS = (Skill(name=INTENT, only_tells=True, answer=_again, intents=(INTENT,), regrets=False),)
