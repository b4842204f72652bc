"""What is in an order, how many, for how much, paid with what, going where: the fact that was asked for comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.conversation.skills import (
    addresses,
    delivery_words,
    order_asked,
    order_match,
    parcel_words,
    which_order,
)
from bot.conversation.skills.order_words import Fact
from bot.conversation.turn import Turn
from nlu.types import EntityKind
from storage.orders import Order, OrderLine

_WAYS_OF_PAYING: Mapping[str, tuple[str, ...]] = {
    "card": ("card", "bank card", "银行卡"),
    "wallet": ("wallet", "digital wallet", "mobile wallet", "电子钱包", "手机钱包"),
    "bank_transfer": ("bank_transfer", "bank transfer", "银行转账", "对公转账"),
    "cash": ("cash", "现金"),
    "qr": ("qr", "qr payment", "扫码支付"),
    "gift_card": ("gift_card", "gift card", "礼品卡"),
}
"""What ways of paying are called: a shop may write one in the other language than the customer's."""
_LISTED = 6
_NO_PURCHASE = "cancelled"


def of_one(turn: Turn, order: Order, asked: frozenset[Fact]) -> str:
    """The facts of an order that are asked for; empty where none is."""
    facts: list[str] = []
    meant = named(turn, order)
    if Fact.COUNT in asked:
        count = sum(line.quantity for line in meant)
        facts.append(turn.say("order-fact-count", number=order.number, count=count))
    if asked & {Fact.TOTAL, Fact.COSTS}:
        facts.append(costs(turn, order) if Fact.COSTS in asked else _cost(turn, order, meant))
    if Fact.PAID in asked:
        facts.append(_paid(turn, order))
    if Fact.PACKED in asked:
        facts.append(_packed(turn, order))
    if Fact.PLACED in asked:
        facts.append(turn.say("order-fact-placed", number=order.number, day=turn.day(order.placed_at)))
    if Fact.PAID_WITH in asked:
        facts.append(_paid_with(turn, order))
    if Fact.ADDRESS in asked:
        address = addresses.written(order.ship_to, turn.language)
        text_id = "order-fact-address" if address else "order-fact-no-address"
        facts.append(turn.say(text_id, number=order.number, address=address))
    if Fact.CONTENTS in asked and not facts:
        facts.append(turn.say("order-fact-lines", number=order.number))
        meant = list(order.lines)
    if asked & {Fact.CONTENTS, Fact.COUNT} and facts:
        facts += [_line(turn, order, line) for line in meant]
        if Fact.CONTENTS in asked and len(order.sent) > 1 and any(box.lines is None for box in order.sent):
            facts.append(turn.say("order-fact-unparted"))
    return "\n".join(facts)


def contents(turn: Turn, order: Order) -> str:
    """An order in short: when it was placed, for how much, how it stands, and of what is in it what a message names."""
    head = turn.say(
        "order-sheet",
        number=order.number,
        day=turn.day(order.placed_at),
        total=turn.money(order.total, order.currency),
        status=turn.say(f"status-{order.status}"),
    )
    sent = order.status in ("shipped", "delivered") and order.sent
    return "\n".join(
        [
            head,
            *(_line(turn, order, line) for line in named(turn, order)),
            *([costs(turn, order)] if order.shipping_fee or order.discount else []),
            *([parcel_words.of_order(turn, order)] if sent else []),
        ]
    )


def costs(turn: Turn, order: Order) -> str:
    """What an order costs, and what that is made up of."""
    goods = sum(line.unit_price * line.quantity for line in order.lines)
    values = {
        "number": order.number,
        "total": turn.money(order.total, order.currency),
        "goods": turn.money(goods, order.currency),
        "discount": turn.money(order.discount, order.currency),
        "shipping": turn.say("shipping-costs", fee=turn.money(order.shipping_fee, order.currency))
        if order.shipping_fee
        else turn.say("shipping-free"),
    }
    if not order.lines or goods - order.discount + order.shipping_fee != order.total:
        text_id = "order-fact-total"  # what else is in it, such as a tax, isn't known
    else:
        text_id = "order-fact-discounted" if order.discount else "order-fact-costs"
    return turn.say(text_id, **values)


def of_several(turn: Turn, orders: Sequence[Order], asked: frozenset[Fact]) -> str:
    """What is asked of several orders: what they cost or hold together, or how the way of each stands."""
    if asked & {Fact.TOTAL, Fact.SPENT} and Fact.COUNT not in asked:
        orders = [order for order in orders if order.status != _NO_PURCHASE] or orders
        if (of_goods := _sum_of_lines(turn, orders)) is not None:
            return of_goods
        sums: Counter[str] = Counter()
        for order in orders:
            sums[order.currency] += order.total
        total = turn.say("items-comma").join(turn.money(sum_, currency) for currency, sum_ in sums.items())
        head = turn.say("orders-sum", total=total, count=len(orders))
        lines = [
            turn.say(
                "orders-sum-line",
                number=order.number,
                items=which_order.items(turn, order),
                total=turn.money(order.total, order.currency),
            )
            for order in orders[:_LISTED]
        ]
        return "\n".join([head, *lines])
    if asked & order_asked.OF_DELIVERY or turn.intent != "order_facts":
        late = turn.now
        by_day = sorted(orders, key=lambda order: delivery_words.due(turn, order) or late.replace(year=9999))
        return "\n".join(which_order.way_line(turn, order) for order in by_day)
    if Fact.COUNT in asked:
        count = sum(line.quantity for order in orders for line in named(turn, order))
        return "\n".join(
            [
                turn.say("orders-count", count=count, orders=len(orders)),
                *(which_order.way_line(turn, one) for one in orders[:_LISTED]),
            ]
        )
    return "\n".join(which_order.one_line(turn, order) for order in orders[:_LISTED])


def _sum_of_lines(turn: Turn, orders: Sequence[Order]) -> str | None:
    """What the lines that are named cost together; None where orders are meant, or all that is in them."""
    lines = [(order, line) for order in orders for line in named(turn, order)]
    whole = len(lines) == sum(len(order.lines) for order in orders)
    if whole or not lines or order_asked.of_an_order(turn.text):
        return None
    currency = orders[0].currency
    same = [(order, line) for order, line in lines if order.currency == currency]
    total = sum(line.quantity * line.unit_price for _, line in same)
    count = sum(line.quantity for _, line in same)
    head = turn.say("lines-sum", total=turn.money(total, currency), count=count)
    rows = [
        turn.say(
            "lines-sum-line",
            number=order.number,
            name=line.name(turn.language),
            count=line.quantity,
            price=turn.money(line.unit_price, currency),
        )
        for order, line in same[:_LISTED]
    ]
    less = [turn.say("lines-sum-discount")] if any(order.discount for order, _ in same) else []
    return "\n".join([head, *rows, *less])


def of_all(turn: Turn, orders: Sequence[Order], asked: frozenset[Fact]) -> tuple[str, Order | None]:
    """What is asked of all of a customer's orders, newest first, and the one that is told of."""
    bought = [order for order in orders if order.status != _NO_PURCHASE] or list(orders)
    fitting = order_match.told_apart(turn, bought)
    if Fact.TIMES in asked:
        newest = fitting[0] if fitting else None
        if newest is None:
            return turn.say("orders-times", count=len(bought)), None
        lines = [which_order.one_line(turn, order) for order in fitting[:_LISTED]]
        return "\n".join([turn.say("orders-times", count=len(fitting)), *lines]), newest
    if Fact.SPENT in asked:
        spent = fitting or bought
        return of_several(turn, spent, asked), spent[0]
    dearest = Fact.DEAREST in asked
    among = fitting or bought
    # Sums in several currencies have no order; those of the newest order's are compared.
    same = [order for order in among if order.currency == among[0].currency]
    order = (max if dearest else min)(same, key=lambda one: one.total)
    values = {
        "number": order.number,
        "day": turn.day(order.placed_at),
        "total": turn.money(order.total, order.currency),
        "items": which_order.items(turn, order),
    }
    return turn.say("orders-dearest" if dearest else "orders-cheapest", **values), order


def named(turn: Turn, order: Order) -> list[OrderLine]:
    """The lines of an order that a message names; all where it names none."""
    product = turn.named(EntityKind.PRODUCT)
    fits = [order_match.fit(turn, line.name_zh, line.name_en) for line in order.lines]
    most = max(fits, default=0)
    found = [line for line, fit in zip(order.lines, fits, strict=True) if most and fit == most]
    return found or [line for line in order.lines if line.product_id == product] or list(order.lines)


def _cost(turn: Turn, order: Order, meant: Sequence[OrderLine]) -> str:
    """What the lines that are named cost, else the whole order."""
    if not meant or len(meant) == len(order.lines) or order_asked.of_an_order(turn.text):
        return costs(turn, order)
    prices = [
        turn.say(
            "order-fact-price",
            number=order.number,
            name=line.name(turn.language),
            count=line.quantity,
            price=turn.money(line.unit_price, order.currency),
            total=turn.money(line.unit_price * line.quantity, order.currency),
        )
        for line in meant
    ]
    return "\n".join([*prices, costs(turn, order)])


def _paid(turn: Turn, order: Order) -> str:
    """Whether the money of an order has come, when and how."""
    if order.status == "placed":
        return _paid_with(turn, order)
    if order.paid_at is None:
        return turn.say("order-fact-paid-unknown", number=order.number)
    total, day = turn.money(order.total, order.currency), turn.day(order.paid_at)
    paid = turn.say("order-fact-paid", number=order.number, total=total, day=day)
    return f"{paid}\n{_paid_with(turn, order)}" if order.payment_method else paid


def _packed(turn: Turn, order: Order) -> str:
    """Whether an order is packed, or has left already."""
    status = turn.say(f"status-{order.status}")
    verdict = "no" if order.status in ("placed", "paid", "cancelled") else "yes"
    return turn.say(f"order-fact-packed-{verdict}", number=order.number, status=status)


def _paid_with(turn: Turn, order: Order) -> str:
    if order.status == "placed":
        total = turn.money(order.total, order.currency)
        return turn.say("payment-unpaid", number=order.number, total=total)
    way = _way(turn, order)
    text_id = "order-fact-paid-with" if way else "order-fact-paid-unknown"
    return turn.say(text_id, number=order.number, way=way)


def _way(turn: Turn, order: Order) -> str:
    """The way in which an order was paid; empty where that isn't recorded."""
    way = order.payment_method
    known = next((one for one, called in _WAYS_OF_PAYING.items() if way.casefold() in called), None)
    own_words = way.isascii() != (turn.language == "zh") and way not in _WAYS_OF_PAYING
    return turn.say(f"paid-{known}") if known and not own_words else way


def _line(turn: Turn, order: Order, line: OrderLine) -> str:
    price = turn.money(line.unit_price, order.currency)
    return turn.say("order-fact-line", name=line.name(turn.language), count=line.quantity, price=price)
