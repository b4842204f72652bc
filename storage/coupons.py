"""The shop's coupons: their rules, which hold for a customer, and by which orders they were used.

One that is a customer's own is used once, and keeps that itself. One that is everyone's is used by the orders that
carry its code, placed while it held and not cancelled: nothing else is kept of it. Of more orders than it is for, those
that were placed first have used it, in whichever order they came in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from storage.orders import Order
from storage.repository import Repository, columns_of, portions
from storage.schema import coupon, order
from storage.upsert import upsert

Spent = Literal["used_up", "customer_limit"]
"""Why everyone's coupon can't be used by one order more: by nobody's, or not by this customer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A coupon of the shop: an amount or a percentage off. Money is in minor units of `currency`."""

    code: str
    customer_id: str | None
    """None: it is everyone's."""
    text_zh: str = ""
    """In the shop's own words; empty: its rules say it, as for `text_en`."""
    text_en: str = ""
    amount: int | None
    percent: float | None
    min_spend: int = 0
    currency: str
    category_id: str | None = None
    product_ids: Sequence[str] | None = None
    """The only ones that it is for; None: all."""
    max_uses: int | None = None
    """By how many orders, where it is everyone's; None: any number."""
    per_customer: int | None = None
    """By how many orders of one customer, where it is everyone's; None: any number."""
    valid_from: datetime
    valid_until: datetime | None
    """None: it has no end."""
    used_at: datetime | None = None
    order_id: str | None = None
    """The order that used it, where it is known."""
    discrepancy: str | None = None
    """How that order differs from its rules (`storage.discrepancies`); None where it fits."""
    changed_at: datetime | None = None
    """When something of it changed last, as far as it is known."""
    field_times: Mapping[str, int] | None = None
    """When the shop changed a field, microseconds since 1970, of those that came with a time."""


class Coupons(Repository):
    """The shop's coupons."""

    async def get(self, code: str) -> Coupon | None:
        """A coupon by its code, in any case of letters; also one that no longer holds."""
        return await self._one(Coupon, COUPON.where(func.upper(coupon.c.code) == code.upper()))

    async def by_codes(self, codes: Collection[str]) -> dict[str, Coupon]:
        """Those of the coupons that exist, by their code as it is written."""
        found: dict[str, Coupon] = {}
        for part in portions(codes):
            known = await self._list(Coupon, COUPON.where(coupon.c.code.in_(part)))
            found |= {one.code: one for one in known}
        return found

    async def holding(self, customer_id: str | None, now: datetime) -> list[Coupon]:
        """Those that this customer, or a stranger, can use now, their own first."""
        owner: ColumnElement[bool] = coupon.c.customer_id.is_(None)
        if customer_id is not None:
            owner = or_(owner, coupon.c.customer_id == customer_id)
        found = await self._list(
            Coupon,
            COUPON.where(owner, coupon.c.used_at.is_(None))
            .where(coupon.c.valid_from <= now, ~ended(now))
            .order_by(coupon.c.customer_id.is_(None), coupon.c.valid_until.nulls_last(), coupon.c.code),
        )
        return [one for one in found if await self.spent(one, customer_id) is None]

    async def put_many(self, coupons: Sequence[Coupon]) -> int:
        """Add coupons or bring them up to date; return how many were new or changed."""
        rows = [asdict(one) for one in coupons]
        return await upsert(self._connection, coupon, rows, stamps=frozenset({"changed_at"}))

    async def carriers(self, codes: Collection[str]) -> list[str]:
        """The ids of the orders that carry one of these codes."""
        found: list[str] = []
        for part in portions([code.strip().upper() for code in codes]):
            carrying = select(order.c.id).where(order.c.coupon_code.is_not(None), _carried.in_(part))
            found += await self._connection.scalars(carrying)
        return found

    async def spent(self, found: Coupon, customer_id: str | None) -> Spent | None:
        """Why one order more can't use a coupon; None where it can."""
        if found.customer_id is not None:
            return None
        carrying = _carrying(found)
        if found.max_uses is not None and await self._count(order, *carrying) >= found.max_uses:
            return "used_up"
        if found.per_customer is not None and customer_id is not None:
            theirs = await self._count(order, *carrying, order.c.customer_id == customer_id)
            return "customer_limit" if theirs >= found.per_customer else None
        return None

    async def beyond(self, claims: Sequence[tuple[Coupon, Order]]) -> dict[str, Spent]:
        """Those of the orders that came too late to use a coupon that they carry, by id; they are in the store."""
        by_code: dict[str, list[Order]] = defaultdict(list)
        limited = {one.code: one for one, _ in claims if one.customer_id is None}
        for one, item in claims:
            by_code[one.code].append(item)
        found: dict[str, Spent] = {}
        for code, one in limited.items():
            found |= await self._beyond_theirs(one, by_code[code]) | await self._beyond_all(
                one, by_code[code]
            )
        return found

    async def _beyond_all(self, found: Coupon, orders: Sequence[Order]) -> dict[str, Spent]:
        if found.max_uses is None:
            return {}
        last = (
            await self._connection.execute(
                _FIRST.where(*_carrying(found)).offset(found.max_uses - 1).limit(1)
            )
        ).first()
        if last is None:
            return {}
        return {
            item.id: "used_up" for item in orders if (item.placed_at, item.id) > (last.placed_at, last.id)
        }

    async def _beyond_theirs(self, found: Coupon, orders: Sequence[Order]) -> dict[str, Spent]:
        if found.per_customer is None:
            return {}
        theirs: dict[str, list[str]] = defaultdict(list)
        for part in portions({item.customer_id for item in orders} - {None}):
            for row in await self._connection.execute(
                _FIRST.where(*_carrying(found), order.c.customer_id.in_(part))
            ):
                theirs[row.customer_id].append(row.id)
        late = {one for ids in theirs.values() for one in ids[found.per_customer :]}
        return {item.id: "customer_limit" for item in orders if item.id in late}


_carried: ColumnElement[str] = func.upper(func.trim(order.c.coupon_code))
_FIRST = select(order.c.id, order.c.placed_at, order.c.customer_id).order_by(order.c.placed_at, order.c.id)


def ended(now: datetime) -> ColumnElement[bool]:
    """Whether a coupon no longer holds."""
    return and_(coupon.c.valid_until.is_not(None), coupon.c.valid_until <= now)


def _carrying(found: Coupon) -> tuple[ColumnElement[bool], ...]:
    """Of the orders those that have used everyone's coupon, or would have if there were no limit."""
    return (
        order.c.coupon_code.is_not(None),
        _carried == found.code.strip().upper(),
        order.c.status != "cancelled",
        order.c.placed_at >= found.valid_from,
        true() if found.valid_until is None else order.c.placed_at < found.valid_until,
    )


COUPON = select(*columns_of(coupon, Coupon))
"""The columns of `Coupon`."""
