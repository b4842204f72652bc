"""Orders with their lines, parcels, scans and refunds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new, upsert
from storage.errors import NotFound
from storage.schema import order, order_line, parcel, parcel_scan, product, refund

T = TypeVar("T")

STATUSES = ("placed", "paid", "packed", "shipped", "delivered", "cancelled", "returned")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """So many of one product at a price; minor units."""

    product_id: str
    quantity: int
    unit_price: int
    name_zh: str = ""
    """Of the product, when read."""
    name_en: str = ""

    def name(self, language: str) -> str:
        """The product's name in a language."""
        return (self.name_zh or self.name_en) if language.startswith("zh") else (self.name_en or self.name_zh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Where a parcel was seen."""

    at: datetime
    place: str = ""
    text_zh: str = ""
    text_en: str = ""

    def text(self, language: str) -> str:
        """What the carrier said, in a language."""
        return (self.text_zh or self.text_en) if language.startswith("zh") else (self.text_en or self.text_zh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A parcel on its way."""

    id: str
    carrier: str
    tracking_number: str
    tracking_url: str | None = None
    status: str
    """label, in_transit, out_for_delivery, delivered, exception."""
    shipped_at: datetime | None = None
    estimated_at: datetime | None = None
    delivered_at: datetime | None = None
    updated_at: datetime
    """As of when the carrier said so."""
    scans: tuple[Scan, ...] = ()
    """Oldest first."""

    @property
    def last_scan(self) -> Scan | None:
        """Where it was seen last."""
        return self.scans[-1] if self.scans else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money going back; minor units."""

    id: str
    amount: int
    currency: str
    status: str
    """requested, approved, paid, declined."""
    reason: str = ""
    requested_at: datetime
    paid_at: datetime | None = None
    paid_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order with everything that belongs to it. Money is in minor units of `currency`."""

    id: str
    number: str
    customer_id: str | None
    status: str
    """One of `STATUSES`."""
    placed_at: datetime
    paid_at: datetime | None = None
    total: int
    """What the customer pays: lines less discount plus shipping fee."""
    discount: int = 0
    shipping_fee: int = 0
    currency: str
    payment_method: str = ""
    ship_to: Mapping[str, str] = field(default_factory=dict)
    """recipient, phone, country, city, line, postcode."""
    coupon_code: str | None = None
    demo: bool = False
    updated_at: datetime
    lines: tuple[OrderLine, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    refunds: tuple[Refund, ...] = ()
    """Oldest first."""


class Orders:
    """The shop's orders."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, order_id: str) -> Order | None:
        """The order with this id."""
        return await self._first(select(order).where(order.c.id == order_id))

    async def by_number(self, number: str) -> Order | None:
        """The order a customer calls so; spaces around it and a leading # don't matter, nor does case."""
        wanted = number.strip().lstrip("#＃").strip()
        found = await self._first(select(order).where(order.c.number == wanted))
        if found is None and not wanted.isdecimal():
            found = await self._first(
                select(order).where(func.lower(order.c.number) == wanted.lower()).limit(1)
            )
        return found

    async def by_customer(self, customer_id: str, *, limit: int = 20) -> list[Order]:
        """A customer's orders, newest first."""
        statement = (
            select(order)
            .where(order.c.customer_id == customer_id)
            .order_by(order.c.placed_at.desc(), order.c.id.desc())
            .limit(limit)
        )
        return await self._whole(statement)

    async def ids_of(self, numbers: Sequence[str]) -> dict[str, str]:
        """The ids of those of the order numbers that are known."""
        found: dict[str, str] = {}
        for start in range(0, len(numbers), 10_000):
            rows = await self._connection.execute(
                select(order.c.number, order.c.id).where(order.c.number.in_(numbers[start : start + 10_000]))
            )
            found |= {row.number: row.id for row in rows}
        return found

    async def put_many(self, orders: Sequence[Order]) -> int:
        """Add orders or bring them up to date, with all that belongs to them; return the orders changed.

        Lines, parcels and scans that an order no longer has are taken away.
        """
        changed = await upsert(
            self._connection, order, [_order_row(item) for item in orders], stamps=frozenset({"updated_at"})
        )
        parcels = [(item.id, box) for item in orders for box in item.parcels]
        await self._replace_lines(orders)
        await upsert(self._connection, parcel, [_parcel_row(owner, box) for owner, box in parcels])
        await self._replace_scans([box for _, box in parcels])
        await upsert(
            self._connection, refund, [_refund_row(item.id, sum_) for item in orders for sum_ in item.refunds]
        )
        return changed

    async def set_status(self, order_id: str, status: str, *, now: datetime) -> None:
        """What the shop did with the order.

        Raises:
            NotFound: there is no such order.
            ValueError: no such status.
        """
        if status not in STATUSES:
            raise ValueError(f"{status!r} is no status of an order; there are {', '.join(STATUSES)}")
        await self._change(order_id, status=status, updated_at=now)

    async def set_ship_to(self, order_id: str, ship_to: Mapping[str, str], *, now: datetime) -> None:
        """Another address.

        Raises:
            NotFound: there is no such order.
        """
        await self._change(order_id, ship_to=dict(ship_to), updated_at=now)

    async def put_refund(self, order_id: str, item: Refund) -> None:
        """Add a refund or bring it up to date."""
        await upsert(self._connection, refund, [_refund_row(order_id, item)])

    async def _change(self, order_id: str, **values: Any) -> None:
        result = await self._connection.execute(update(order).where(order.c.id == order_id).values(**values))
        if result.rowcount == 0:
            raise NotFound("there is no such order")

    async def _replace_lines(self, orders: Sequence[Order]) -> None:
        rows = [
            {
                "order_id": item.id,
                "line": number,
                "product_id": line.product_id,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
            }
            for item in orders
            for number, line in enumerate(item.lines)
        ]
        await self._delete(order_line.c.order_id, [item.id for item in orders])
        await insert_new(self._connection, order_line, rows)

    async def _replace_scans(self, parcels: Sequence[Parcel]) -> None:
        rows = [
            {
                "parcel_id": box.id,
                "scan": number,
                "at": scan.at,
                "place": scan.place,
                "text_zh": scan.text_zh,
                "text_en": scan.text_en,
            }
            for box in parcels
            for number, scan in enumerate(box.scans)
        ]
        await self._delete(parcel_scan.c.parcel_id, [box.id for box in parcels])
        await insert_new(self._connection, parcel_scan, rows)

    async def _delete(self, column: Column[Any], ids: Sequence[str]) -> None:
        for start in range(0, len(ids), 1_000):
            await self._connection.execute(
                delete(column.table).where(column.in_(list(ids[start : start + 1_000])))
            )

    async def _first(self, statement: Select[Any]) -> Order | None:
        return next(iter(await self._whole(statement)), None)

    async def _whole(self, statement: Select[Any]) -> list[Order]:
        """The orders with what belongs to them: one statement a table, however many orders."""
        rows = (await self._connection.execute(statement)).all()
        ids = [row.id for row in rows]
        if not ids:
            return []
        lines = await self._grouped(
            select(order_line, product.c.name_zh, product.c.name_en)
            .join(product, product.c.id == order_line.c.product_id)
            .where(order_line.c.order_id.in_(ids))
            .order_by(order_line.c.order_id, order_line.c.line),
            "order_id",
            _line,
        )
        parcels = await self._parcels(ids)
        refunds = await self._grouped(
            select(refund).where(refund.c.order_id.in_(ids)).order_by(refund.c.requested_at, refund.c.id),
            "order_id",
            _refund,
        )
        return [
            Order(
                **row._mapping,
                lines=tuple(lines[row.id]),
                parcels=tuple(parcels[row.id]),
                refunds=tuple(refunds[row.id]),
            )
            for row in rows
        ]

    async def _parcels(self, order_ids: Sequence[str]) -> dict[str, list[Parcel]]:
        theirs = select(parcel.c.id).where(parcel.c.order_id.in_(order_ids))
        scans = await self._grouped(
            select(parcel_scan)
            .where(parcel_scan.c.parcel_id.in_(theirs))
            .order_by(parcel_scan.c.parcel_id, parcel_scan.c.at, parcel_scan.c.scan),
            "parcel_id",
            lambda row: Scan(at=row.at, place=row.place, text_zh=row.text_zh, text_en=row.text_en),
        )
        return await self._grouped(
            select(parcel).where(parcel.c.order_id.in_(order_ids)).order_by(parcel.c.shipped_at, parcel.c.id),
            "order_id",
            lambda row: _parcel(row, scans[row.id]),
        )

    async def _grouped(
        self, statement: Select[Any], key: str, make: Callable[[Any], T]
    ) -> dict[str, list[T]]:
        groups: dict[str, list[T]] = defaultdict(list)
        for row in await self._connection.execute(statement):
            groups[getattr(row, key)].append(make(row))
        return groups


def _line(row: Any) -> OrderLine:
    return OrderLine(
        product_id=row.product_id,
        quantity=row.quantity,
        unit_price=row.unit_price,
        name_zh=row.name_zh,
        name_en=row.name_en,
    )


def _parcel(row: Any, scans: Sequence[Scan]) -> Parcel:
    values = {name: value for name, value in row._mapping.items() if name != "order_id"}
    return Parcel(**values, scans=tuple(scans))


def _refund(row: Any) -> Refund:
    return Refund(**{name: value for name, value in row._mapping.items() if name != "order_id"})


def _order_row(item: Order) -> dict[str, Any]:
    return {
        column.name: dict(item.ship_to) if column.name == "ship_to" else getattr(item, column.name)
        for column in order.columns
    }


def _parcel_row(order_id: str, item: Parcel) -> dict[str, Any]:
    names = [column.name for column in parcel.columns if column.name != "order_id"]
    return {"order_id": order_id, **{name: getattr(item, name) for name in names}}


def _refund_row(order_id: str, item: Refund) -> dict[str, Any]:
    names = [column.name for column in refund.columns if column.name != "order_id"]
    return {"order_id": order_id, **{name: getattr(item, name) for name in names}}
