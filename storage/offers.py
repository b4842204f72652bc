"""Personal prices, the budget they draw on, public coupons, and what was shown to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict
from storage.schema import budget, coupon, offer, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOffer:
    """An offer as it was made; money in minor units."""

    id: int
    code: str
    customer_id: str
    product_id: str
    price: int
    list_price: int
    floor: int
    currency: str
    state: str
    reason: str
    reasons: Sequence[Mapping[str, Any]]
    policy: str
    probability: float
    budget_id: str | None
    created_at: datetime
    valid_until: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A coupon of the shop: an amount or a percentage off."""

    code: str
    customer_id: str | None
    text_zh: str
    text_en: str
    amount: int | None
    percent: float | None
    min_spend: int
    currency: str
    category_id: str | None
    valid_from: datetime
    valid_until: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be given away in discounts, minor units."""

    id: str
    total: int
    reserved: int
    currency: str

    @property
    def left(self) -> int:
        """What is not reserved yet."""
        return max(0, self.total - self.reserved)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffer:
    """An offer to be kept."""

    code: str
    customer_id: str
    product_id: str
    price: int
    list_price: int
    floor: int
    currency: str
    reason: str
    reasons: Sequence[Mapping[str, Any]]
    policy: str
    probability: float
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """A recommendation or an offer that a customer saw, with the chance it had of being chosen."""

    kind: str
    product_id: str
    position: int
    policy: str
    probability: float
    score: float
    reasons: Sequence[Mapping[str, Any]]


class Offers:
    """Personal prices. One live offer a customer and product; a discount reserves its budget first."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def live(self, customer_id: str, now: datetime, product_id: str | None = None) -> list[StoredOffer]:
        """The customer's offers that still hold, newest first."""
        conditions = [offer.c.customer_id == customer_id, offer.c.state == "live", offer.c.valid_until > now]
        if product_id is not None:
            conditions.append(offer.c.product_id == product_id)
        rows = await self._connection.execute(select(offer).where(*conditions).order_by(offer.c.id.desc()))
        return [_stored(row) for row in rows]

    async def since(self, customer_id: str, moment: datetime) -> list[StoredOffer]:
        """The customer's offers that hold or ended after a moment, used ones left out, newest first."""
        rows = await self._connection.execute(
            select(offer)
            .where(offer.c.customer_id == customer_id, offer.c.state.in_(("live", "expired")))
            .where(offer.c.valid_until > moment)
            .order_by(offer.c.id.desc())
        )
        return [_stored(row) for row in rows]

    async def reserve(self, new: NewOffer, now: datetime) -> StoredOffer:
        """Keep an offer and take its discount from the budget.

        Raises:
            Conflict: the customer got another live offer for the product, or the budget no longer covers it.
        """
        if await self.live(new.customer_id, now, new.product_id):
            raise Conflict("the customer already has a live offer for this product")
        budget_id = await self._take_budget(new.list_price - new.price, new.currency, now)
        row = (
            await self._connection.execute(
                insert(offer)
                .values(
                    code=new.code,
                    customer_id=new.customer_id,
                    product_id=new.product_id,
                    price=new.price,
                    list_price=new.list_price,
                    floor=new.floor,
                    currency=new.currency,
                    state="live",
                    reason=new.reason,
                    reasons=list(new.reasons),
                    policy=new.policy,
                    probability=new.probability,
                    budget_id=budget_id,
                    created_at=now,
                    valid_until=new.valid_until,
                )
                .returning(*offer.c)
            )
        ).one()
        return _stored(row)

    async def expire(self, now: datetime) -> int:
        """End offers whose time is over and give their discounts back to the budget; return how many."""
        ended = (
            await self._connection.execute(
                update(offer)
                .where(offer.c.state == "live", offer.c.valid_until <= now)
                .values(state="expired")
                .returning(offer.c.budget_id, offer.c.list_price - offer.c.price)
            )
        ).all()
        freed: dict[str, int] = {}
        for budget_id, discount in ended:
            if budget_id is not None:
                freed[budget_id] = freed.get(budget_id, 0) + discount
        for budget_id, amount in freed.items():
            await self._connection.execute(
                update(budget).where(budget.c.id == budget_id).values(reserved=budget.c.reserved - amount)
            )
        return len(ended)

    async def budget(self, currency: str, now: datetime) -> Budget | None:
        """The budget that runs now, or None when the shop set none."""
        row = (
            await self._connection.execute(
                select(budget)
                .where(budget.c.currency == currency, budget.c.starts_at <= now, budget.c.ends_at > now)
                .order_by(budget.c.id)
                .limit(1)
            )
        ).one_or_none()
        if row is None:
            return None
        return Budget(id=row.id, total=row.total, reserved=row.reserved, currency=row.currency)

    async def coupons(self, customer_id: str | None, now: datetime) -> list[Coupon]:
        """Coupons that hold now for this customer, their own first."""
        owner: ColumnElement[bool] = coupon.c.customer_id.is_(None)
        if customer_id is not None:
            owner = or_(owner, coupon.c.customer_id == customer_id)
        rows = await self._connection.execute(
            select(coupon)
            .where(owner, coupon.c.used_at.is_(None))
            .where(and_(coupon.c.valid_from <= now, coupon.c.valid_until > now))
            .order_by(coupon.c.customer_id.is_(None), coupon.c.valid_until)
        )
        return [_coupon(row) for row in rows]

    async def coupon(self, code: str) -> Coupon | None:
        """A coupon by its code, in any case of letters; also one that no longer holds."""
        row = (
            await self._connection.execute(select(coupon).where(func.upper(coupon.c.code) == code.upper()))
        ).one_or_none()
        return None if row is None else _coupon(row)

    async def record_shown(
        self,
        impressions: Sequence[Impression],
        *,
        customer_id: str | None,
        account_id: int | None,
        conversation_id: int | None,
        now: datetime,
    ) -> None:
        """Keep what a customer saw, so that policies can be judged later."""
        if not impressions:
            return
        await self._connection.execute(
            insert(shown),
            [
                {
                    "kind": item.kind,
                    "customer_id": customer_id,
                    "account_id": account_id,
                    "conversation_id": conversation_id,
                    "product_id": item.product_id,
                    "position": item.position,
                    "policy": item.policy,
                    "probability": item.probability,
                    "score": item.score,
                    "reasons": list(item.reasons),
                    "at": now,
                }
                for item in impressions
            ],
        )

    async def _take_budget(self, discount: int, currency: str, now: datetime) -> str | None:
        current = await self.budget(currency, now)
        if current is None or discount <= 0:
            return None
        taken = await self._connection.execute(
            update(budget)
            .where(budget.c.id == current.id, budget.c.reserved + discount <= budget.c.total)
            .values(reserved=budget.c.reserved + discount)
        )
        if taken.rowcount != 1:
            raise Conflict("the discount budget no longer covers this offer")
        return current.id


def _stored(row: Row[Any]) -> StoredOffer:
    return StoredOffer(**row._mapping)


def _coupon(row: Row[Any]) -> Coupon:
    values = dict(row._mapping)
    values.pop("demo")
    return Coupon(**values)
