"""Where an order that used a personal price or a coupon is not what was promised.

The code is redeemed all the same: what the customer paid is paid. Somebody should look, though, whether the shop's
system charged wrongly. Shops write a reduced price in one of two ways, and either fits: the line says the promised
price, or it says the ordinary one and the order's discount holds the rest. A code is for one piece, so further pieces
of a line may be at the ordinary price. Of a coupon its rules are looked at: what it is for, and from which sum on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from storage.coupons import Coupon
from storage.offers import StoredOffer
from storage.orders import Order, OrderLine

Difference = Literal[
    "other_product", "other_category", "other_currency", "paid_more", "paid_less", "below_min_spend"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """An order that used a code and differs from it; money in minor units of the promise's currency."""

    order_id: str
    code: str
    what: Difference
    price: int | None
    """That was promised; None of a coupon."""
    paid: int | None
    """For one piece; None where it can't be compared."""


def discrepancy(promise: StoredOffer, order: Order) -> Discrepancy | None:
    """How an order differs from the personal price that it used; None where it fits."""
    what, paid = _compared(promise, order)
    if what is None:
        return None
    return Discrepancy(order_id=order.id, code=promise.code, what=what, price=promise.price, paid=paid)


def misfit(found: Coupon, order: Order, categories: Mapping[str, str | None]) -> Discrepancy | None:
    """Which rule of a coupon an order that used it doesn't meet; None where it meets all.

    Args:
        categories: of the order's products.
    """
    what = _broken_rule(found, order, categories)
    return what and Discrepancy(order_id=order.id, code=found.code, what=what, price=None, paid=None)


def _broken_rule(found: Coupon, order: Order, categories: Mapping[str, str | None]) -> Difference | None:
    lines: Sequence[OrderLine] = order.lines
    if found.product_ids is not None:
        lines = [line for line in lines if line.product_id in found.product_ids]
        if not lines:
            return "other_product"
    if found.category_id is not None:
        lines = [line for line in lines if categories.get(line.product_id) == found.category_id]
        if not lines:
            return "other_category"
    if order.currency != found.currency and (found.amount is not None or found.min_spend):
        return "other_currency"
    goods = sum(line.quantity * line.unit_price for line in lines)
    return "below_min_spend" if goods + _in_the_lines(found, order, goods) < found.min_spend else None


def _in_the_lines(found: Coupon, order: Order, goods: int) -> int:
    """What a coupon has taken off the lines' own prices: an order without a discount has it there."""
    if order.discount:
        return 0
    if found.amount is not None:
        return found.amount
    percent = found.percent or 0.0
    return round(goods * percent / (100 - percent)) if percent < 100 else found.min_spend


def _compared(promise: StoredOffer, order: Order) -> tuple[Difference | None, int | None]:
    lines = [line for line in order.lines if line.product_id == promise.product_id]
    if not lines:
        return "other_product", None
    if order.currency != promise.currency:
        return "other_currency", None
    if any(_fits(line, promise, order.discount) for line in lines):
        return None, None
    paid = min(line.unit_price for line in lines)
    if paid < promise.price:
        return "paid_less", paid
    return "paid_more", paid - order.discount


def _fits(line: OrderLine, promise: StoredOffer, discount: int) -> bool:
    if line.unit_price <= promise.price:
        return line.unit_price == promise.price
    further = line.quantity - 1
    most = promise.price + further * max(line.unit_price, promise.list_price)
    # The price of one may be the line's amount divided among its pieces, rounded.
    return line.quantity * line.unit_price - discount <= most + line.quantity // 2
