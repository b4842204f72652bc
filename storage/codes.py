"""What codes stand for, of personal prices and coupons, and how they stand.

A code is used once, by its customer, before its end. The use is kept on the offer or coupon itself, with the order
where one is known. A coupon that is everyone's may be used by many, once an order; its use is the code on the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, func, select

from storage.coupons import COUPON, Coupon, Spent
from storage.offers import StoredOffer
from storage.orders import Order
from storage.repository import Repository, portions
from storage.schema import coupon, offer

Promise = StoredOffer | Coupon
"""What a code stands for."""

Reason = Literal[
    "used", "expired", "not_started", "withdrawn", "other_customer", "no_customer", "order_cancelled", Spent
]
"""Why a code is not redeemed."""

State = Literal["live", "used", "expired", "not_started", "withdrawn"]
"""How a code stands at a moment."""


class Codes(Repository):
    """Looks codes up, in any case of letters. `lock` keeps others from changing them before the transaction ends."""

    async def find(self, code: str, *, lock: bool = False) -> Promise | None:
        """What a code stands for, if it is known."""
        return (await self.named([code], lock=lock)).get(code_key(code))

    async def named(self, codes: Sequence[str], *, lock: bool = False) -> dict[str, Promise]:
        """Those of the codes that are known, by `code_key`."""
        keys = sorted({code_key(code) for code in codes})
        found: dict[str, Promise] = {}
        for part in portions(keys):
            # The codes of offers are made here, in capitals; those of coupons are as the shop wrote them.
            of_both = await self._where(offer.c.code.in_(part), func.upper(coupon.c.code).in_(part), lock)
            for promise in of_both:
                found.setdefault(code_key(promise.code), promise)
        return found

    async def of_orders(self, orders: Sequence[Order]) -> list[Promise]:
        """What orders have used, or name; locked, all in one order, so that nobody waits for each other."""
        found: list[Promise] = []
        for part in portions(orders):
            ids = [item.id for item in part]
            keys = sorted({code_key(item.coupon_code) for item in part if item.coupon_code})
            of_offers: ColumnElement[bool] = offer.c.order_id.in_(ids)
            of_coupons: ColumnElement[bool] = coupon.c.order_id.in_(ids)
            if keys:
                of_offers |= offer.c.code.in_(keys)
                of_coupons |= func.upper(coupon.c.code).in_(keys)
            found += await self._where(of_offers, of_coupons, True)
        return found

    async def _where(
        self, offers: ColumnElement[bool], coupons: ColumnElement[bool], lock: bool
    ) -> list[Promise]:
        of_offers = select(offer).where(offers).order_by(offer.c.id)
        of_coupons = COUPON.where(coupons).order_by(coupon.c.code)
        if lock:
            of_offers, of_coupons = of_offers.with_for_update(), of_coupons.with_for_update()
        found: list[Promise] = [*await self._list(StoredOffer, of_offers)]
        return found + await self._list(Coupon, of_coupons)


def code_key(code: str) -> str:
    """What two ways to write a code have in common."""
    return code.strip().upper()


def refusal(promise: Promise, customer_id: str | None, order_id: str | None, at: datetime) -> Reason | None:
    """Why a customer or order can't use a code at a moment; None where it can, or where it was used just so."""
    if order_id is not None and promise.order_id == order_id:
        return None
    if promise.customer_id is not None and promise.customer_id != customer_id:
        return "no_customer" if customer_id is None else "other_customer"
    if promise.used_at is not None:
        # A use without an order is completed by the customer's first order that names the code.
        return None if promise.order_id is None else "used"
    state = state_of(promise, at)
    return None if state == "live" else state


def state_of(promise: Promise, at: datetime) -> State:
    """How a code stands at a moment."""
    if promise.used_at is not None:
        return "used"
    if isinstance(promise, StoredOffer) and promise.state == "withdrawn":
        return "withdrawn"
    if promise.valid_until is not None and at >= promise.valid_until:
        return "expired"
    # Nobody knows a personal code before it is made: an order that carries one and looks older has a day alone.
    return "not_started" if isinstance(promise, Coupon) and at < promise.valid_from else "live"


def as_used(promise: Promise, order_id: str | None, at: datetime) -> Promise:
    """The code once it is used; everyone's stays as it is."""
    if promise.customer_id is None:
        return promise
    return replace(promise, used_at=promise.used_at or at, order_id=order_id or promise.order_id)
