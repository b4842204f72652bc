"""A code that a customer used at the till: of a personal price or a coupon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict, NotFound
from storage.schema import coupon, offer, order


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """What a code was for."""

    code: str
    kind: str
    """offer, coupon."""
    customer_id: str | None
    """Whose it is; None for everyone's."""
    product_id: str | None
    """Offers only."""
    price: int | None
    """Offers: the price that was promised, in minor units."""
    currency: str
    used_at: datetime
    again: bool
    """The same order had used it already; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    code: str
    kind: str
    customer_id: str | None
    product_id: str | None
    price: int | None
    currency: str
    valid_from: datetime
    valid_until: datetime
    withdrawn: bool
    used_at: datetime | None

    def redeemed(self, at: datetime, *, again: bool) -> Redemption:
        return Redemption(
            code=self.code,
            kind=self.kind,
            customer_id=self.customer_id,
            product_id=self.product_id,
            price=self.price,
            currency=self.currency,
            used_at=at,
            again=again,
        )


class Redemptions:
    """Uses codes, each once; a coupon that is everyone's may be used by many."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def use(
        self, code: str, *, customer_id: str | None, order_id: str | None, now: datetime
    ) -> Redemption:
        """Mark a code as used and name it on the order.

        Args:
            code: in any case of letters.
            customer_id: who uses it, where the shop knows; somebody else's code is not found.
            order_id: the order that uses it. The same order using it again changes nothing.
            now: also the time that is kept.

        Raises:
            NotFound: there is no such code for this customer, or no such order.
            Conflict: it was used by another order, is withdrawn, or its time is not now.
        """
        found = await self._find(code.strip())
        if found is None or (customer_id and found.customer_id not in (None, customer_id)):
            raise NotFound(f"there is no code {code!r} for this customer")
        if order_id is not None and await self._is_on(order_id, found.code):
            return found.redeemed(found.used_at or now, again=True)
        if found.used_at is not None:
            raise Conflict(f"the code {found.code} was used on {found.used_at:%Y-%m-%d}")
        if found.withdrawn or not found.valid_from <= now < found.valid_until:
            raise Conflict(f"the code {found.code} does not hold now")
        await self._mark(found, now)
        if order_id is not None:
            await self._connection.execute(
                update(order).where(order.c.id == order_id).values(coupon_code=found.code)
            )
        return found.redeemed(now, again=False)

    async def _is_on(self, order_id: str, code: str) -> bool:
        row = (
            await self._connection.execute(select(order.c.coupon_code).where(order.c.id == order_id))
        ).one_or_none()
        if row is None:
            raise NotFound(f"there is no order {order_id!r}; send the order first")
        return bool(row.coupon_code == code)

    async def _find(self, code: str) -> _Code | None:
        of_offer = (
            await self._connection.execute(select(offer).where(func.upper(offer.c.code) == code.upper()))
        ).one_or_none()
        if of_offer is not None:
            return _Code(
                code=of_offer.code,
                kind="offer",
                customer_id=of_offer.customer_id,
                product_id=of_offer.product_id,
                price=of_offer.price,
                currency=of_offer.currency,
                valid_from=of_offer.created_at,
                valid_until=of_offer.valid_until,
                withdrawn=of_offer.state == "withdrawn",
                used_at=of_offer.used_at,
            )
        of_coupon = (
            await self._connection.execute(select(coupon).where(func.upper(coupon.c.code) == code.upper()))
        ).one_or_none()
        if of_coupon is None:
            return None
        return _Code(
            code=of_coupon.code,
            kind="coupon",
            customer_id=of_coupon.customer_id,
            product_id=None,
            price=None,
            currency=of_coupon.currency,
            valid_from=of_coupon.valid_from,
            valid_until=of_coupon.valid_until,
            withdrawn=False,
            used_at=of_coupon.used_at,
        )

    async def _mark(self, found: _Code, now: datetime) -> None:
        if found.kind == "offer":
            marked = await self._connection.execute(
                update(offer)
                .where(offer.c.code == found.code, offer.c.used_at.is_(None))
                .values(state="used", used_at=now)
            )
        elif found.customer_id is None:
            return
        else:
            marked = await self._connection.execute(
                update(coupon)
                .where(coupon.c.code == found.code, coupon.c.used_at.is_(None))
                .values(used_at=now)
            )
        if marked.rowcount != 1:
            raise Conflict(f"the code {found.code} was used at the same moment")
