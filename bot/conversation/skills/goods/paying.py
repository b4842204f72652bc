"""What some goods come to for this customer, with the code that takes most off: of a coupon, or of a live offer.

An order takes one code, and an offer's is for one piece: further pieces, and goods with offers of their own, cost what
everybody pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.skills.goods import coupons
from bot.conversation.turn import Turn
from storage.catalogue import Product
from storage.coupons import Coupon


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPay:
    """What some goods come to, minor units, and with which code."""

    whole: int
    """Without a code."""
    total: int
    code: str = ""
    """Empty: no code takes anything off."""
    until: datetime | None = None
    """The code's end, if it has one."""
    coupon: Coupon | None = None
    """It is a coupon's …"""
    offered: Product | None = None
    """… or the offer's for this product, of which it makes one piece cheaper."""


async def to_pay(turn: Turn, wanted: Sequence[tuple[Product, int]]) -> ToPay:
    """What so many pieces of some products come to, with the one code that takes most off."""
    whole = sum(turn.prices.of(product).everybody * count for product, count in wanted)
    off, coupon = await coupons.best(turn, wanted) or (0, None)
    offered = [product for product, _ in wanted if turn.prices.of(product).offer is not None]
    most = max(offered, key=lambda one: turn.prices.of(one).saved, default=None)
    if most is not None and (price := turn.prices.of(most)).offer is not None and price.saved >= off:
        until = price.offer.valid_until
        return ToPay(whole=whole, total=whole - price.saved, code=price.code, until=until, offered=most)
    if coupon is None:
        return ToPay(whole=whole, total=whole)
    return ToPay(whole=whole, total=whole - off, code=coupon.code, until=coupon.valid_until, coupon=coupon)


def so_many(turn: Turn, product: Product, count: int, bill: ToPay) -> str:
    """What several pieces of one product come to, and what each of them costs."""
    total = turn.money(bill.whole if bill.coupon is not None else bill.total, product.currency)
    values: dict[str, str | int] = {"name": product.name(turn.language), "count": count, "total": total}
    if bill.offered is not None:
        return turn.say("total-one-offer", **values, **turn.of_offer(product))
    if turn.prices.of(product).offer is not None:
        return turn.say("total-one-apart", **values, **turn.of_offer(product))
    return turn.say("total-one", **values, price=_apiece(turn, product))


def line(turn: Turn, product: Product, count: int, bill: ToPay) -> str:
    """One product of several that are added up."""
    values: dict[str, str | int] = {"name": product.name(turn.language), "count": count}
    if turn.prices.of(product).offer is None:
        return turn.say("total-line", **values, price=_apiece(turn, product))
    here = bill.offered is not None and bill.offered.id == product.id
    text_id = "total-line-offer" if here else "total-line-apart"
    return turn.say(text_id, **values, **turn.of_offer(product))


def _apiece(turn: Turn, product: Product) -> str:
    return turn.money(turn.prices.of(product).amount, product.currency)


async def with_coupon(turn: Turn, bill: ToPay, currency: str) -> list[str]:
    """The coupon that takes most off, and what is left to pay; () where none does."""
    if bill.coupon is None:
        return []
    left, text = turn.money(bill.total, currency), await coupons.worth(turn, bill.coupon)
    return [turn.say("total-coupon", total=left, code=bill.code, text=text)]
