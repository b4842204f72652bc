"""What the store knows of demand beside orders: looks, carts, messages, notices asked for, coupons, earlier prices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, func, or_, select, type_coerce

from storage.repository import Repository, columns_of
from storage.restock import NOTICE
from storage.schema import campaign_contact, coupon, event, price_change, request

_DAY = 86_400_000_000

Counts = Mapping[tuple[str, int], int]
"""By product and number of the period since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A product that somebody asked to be told of when it is back: until then it could not be bought."""

    product_id: str
    since: datetime
    until: datetime | None
    """None: nobody has been told yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """A coupon for everybody; of a category or of some products, or of all."""

    category_id: str | None
    product_ids: Sequence[str] | None
    valid_from: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """A list price that became another one; minor units."""

    product_id: str
    at: datetime
    old_price: int
    new_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """On how many days of customers products were met, and on how many with another one; a day counts once."""

    alone: Mapping[str, int]
    """By product."""
    together: Mapping[tuple[str, str], int]
    """By a product that was asked for and another one."""
    every: int
    """Days of customers in all."""


class DemandLog(Repository):
    """Counts by product and period, and stretches of time."""

    async def counts(self, kind: str, since: datetime, until: datetime, days: int) -> Counts:
        """How many events of a kind each product has, in periods of so many days."""
        return await self._counted(
            select(event.c.product_id, _period(event.c.at, days), func.count())
            .where(event.c.kind == kind, event.c.at >= since, event.c.at < until)
            .where(event.c.product_id.is_not(None))
        )

    async def days(
        self, kinds: Sequence[str], products: Collection[str], since: datetime, until: datetime
    ) -> Days:
        """On how many days customers met each product, and each of `products` with another one.

        Args:
            kinds: of the events that count as meeting it, such as views, or purchases.
        """
        met = (
            select(event.c.customer_id, event.c.product_id, _period(event.c.at, 1))
            .where(event.c.kind.in_(kinds), event.c.at >= since, event.c.at < until)
            .where(event.c.product_id.is_not(None), event.c.customer_id.is_not(None))
            .distinct()
            .cte("met")
        )
        one, other = met.alias("one"), met.alias("other")
        alone = await self._connection.execute(
            select(met.c.product_id, func.count()).group_by(met.c.product_id)
        )
        visits = select(met.c.customer_id, met.c.period).distinct().subquery()
        every = await self._connection.scalar(select(func.count()).select_from(visits))
        together = await self._connection.execute(
            select(one.c.product_id, other.c.product_id, func.count())
            .join(other, (other.c.customer_id == one.c.customer_id) & (other.c.period == one.c.period))
            .where(self._in(one.c.product_id, sorted(products)), other.c.product_id != one.c.product_id)
            .group_by(one.c.product_id, other.c.product_id)
        )
        return Days(
            alone={row[0]: int(row[1]) for row in alone},
            together={(row[0], row[1]): int(row[2]) for row in together},
            every=int(every or 0),
        )

    async def notices(self, since: datetime, until: datetime, days: int) -> Counts:
        """How often each product was asked for while there was none."""
        return await self._counted(
            select(request.c.product_id, _period(request.c.created_at, days), func.count())
            .where(request.c.kind == NOTICE, request.c.product_id.is_not(None))
            .where(request.c.created_at >= since, request.c.created_at < until)
        )

    async def messages(self, since: datetime, until: datetime, days: int) -> Counts:
        """To how many customers a campaign showed each product."""
        contact = campaign_contact.c
        return await self._counted(
            select(contact.product_id, _period(contact.decided_at, days), func.count())
            .where(contact.arm == "message", contact.dropped.is_(None), contact.product_id.is_not(None))
            .where(contact.decided_at >= since, contact.decided_at < until)
        )

    async def gone(self, since: datetime) -> list[Gone]:
        """Products that were missed, with those that are still."""
        rows = await self._connection.execute(
            select(request.c.product_id, request.c.created_at, request.c.decided_at, request.c.state)
            .where(request.c.kind == NOTICE, request.c.product_id.is_not(None))
            .where(or_(request.c.created_at >= since, request.c.decided_at >= since))
        )
        return [
            Gone(
                product_id=row.product_id,
                since=row.created_at,
                # One that was taken back tells of no more than its own moment.
                until={"done": row.decided_at, "asked": None}.get(row.state, row.created_at),
            )
            for row in rows
        ]

    async def reduced(self, since: datetime) -> list[Reduced]:
        """Coupons for everybody that held at some time since a moment."""
        return await self._list(
            Reduced,
            select(*columns_of(coupon, Reduced))
            .where(coupon.c.customer_id.is_(None))
            .where(or_(coupon.c.valid_until.is_(None), coupon.c.valid_until > since)),
        )

    async def price_changes(self, since: datetime) -> list[PriceChange]:
        """How list prices changed since a moment, the oldest first."""
        return await self._list(
            PriceChange,
            select(*columns_of(price_change, PriceChange))
            .where(price_change.c.at >= since)
            .order_by(price_change.c.at, price_change.c.id),
        )

    async def _counted(self, statement: Select[Any]) -> Counts:
        product, period, _ = statement.selected_columns
        rows = await self._connection.execute(statement.group_by(product, period))
        return {(row[0], int(row[1])): int(row[2]) for row in rows}


def _period(at: Any, days: int) -> Any:
    return (type_coerce(at, BigInteger) // (days * _DAY)).label("period")
