"""Whether a code would be redeemed, and for what price, without using it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select

from storage.codes import Codes, Promise, Reason, code_key, refusal
from storage.coupons import Coupon, Coupons
from storage.errors import NotFound
from storage.offers import StoredOffer
from storage.repository import Repository
from storage.schema import order, product

Objection = Reason | Literal["other_product", "other_category", "below_min_spend"]
"""Why a code would not be redeemed, or is not for what is being bought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What is known of what somebody is about to buy."""

    customer_id: str | None = None
    order_id: str | None = None
    product_id: str | None = None
    total: int | None = None
    """Of the goods that the code is for, before it; minor units of its currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What would become of a code."""

    promise: Promise
    objection: Objection | None
    """None: it would be redeemed."""
    off: int | None
    """What a coupon takes off the total, where that is known; minor units."""


class Checks(Repository):
    """Looks at codes as `Redemptions.use` would, and changes nothing."""

    async def check(self, code: str, checkout: Checkout, now: datetime) -> Checked:
        """What would become of a code now; with an order, when that was placed.

        Raises:
            NotFound: there is no such code, no such order, or the order is another customer's.
        """
        found = await Codes(self._connection).find(code)
        if found is None:
            raise NotFound(f"there is no code {code!r}")
        who, at, cancelled, carried = checkout.customer_id, now, False, False
        if checkout.order_id is not None:
            this = select(order.c.customer_id, order.c.placed_at, order.c.status, order.c.coupon_code)
            row = (await self._connection.execute(this.where(order.c.id == checkout.order_id))).first()
            if row is None:
                raise NotFound(f"there is no order {checkout.order_id!r}; send the order first")
            if who and row.customer_id not in (None, who):
                raise NotFound(f"there is no order {checkout.order_id!r} of this customer")
            who, at, cancelled = who or row.customer_id, row.placed_at, row.status == "cancelled"
            carried = code_key(row.coupon_code or "") == code_key(code)
        objection: Objection | None = refusal(found, who, checkout.order_id, at)
        if objection is None and isinstance(found, Coupon) and not carried:
            objection = await Coupons(self._connection).spent(found, who)
        if objection is None:
            objection = "order_cancelled" if cancelled else await self._misfit(found, checkout)
        return Checked(promise=found, objection=objection, off=_off(found, checkout.total))

    async def _misfit(self, found: Promise, checkout: Checkout) -> Objection | None:
        """Why a code that holds is not for what is being bought."""
        if isinstance(found, StoredOffer):
            return "other_product" if checkout.product_id not in (None, found.product_id) else None
        if checkout.total is not None and checkout.total < found.min_spend:
            return "below_min_spend"
        named = checkout.product_id
        if found.product_ids is not None and named is not None and named not in found.product_ids:
            return "other_product"
        if found.category_id is not None and checkout.product_id is not None:
            this = select(product.c.category_id).where(product.c.id == checkout.product_id)
            if await self._connection.scalar(this) != found.category_id:
                return "other_category"
        return None


def _off(found: Promise, total: int | None) -> int | None:
    if isinstance(found, StoredOffer):
        return None
    if found.amount is not None:
        return found.amount if total is None else min(found.amount, total)
    if found.percent is None or total is None:
        return None
    return min(round(total * found.percent / 100), total)
