"""Orders with their lines, parcels, scans and refunds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Select, Table, delete, func, select

from storage.repository import Repository, portions
from storage.schema import customer, order, order_line, parcel, parcel_scan, product, refund
from storage.upsert import insert_new, upsert

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
class ParcelLine:
    """So many of one product that are in a parcel."""

    product_id: str
    quantity: int | None = None
    """None: all that was ordered of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A parcel on its way, to the customer or back."""

    id: str
    direction: str = "outbound"
    """outbound, return."""
    lines: tuple[ParcelLine, ...] | None = None
    """What is in it; None: it is not known."""
    refund_id: str | None = None
    """Of the refund that a return belongs to."""
    carrier: str
    tracking_number: str
    tracking_url: str | None = None
    status: str
    """label, in_transit, out_for_delivery, delivered, exception."""
    said_status: str | None = None
    """As it was said, where `status` follows from other things as well; empty where it wasn't."""
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
    """When the order was placed, as long as nobody has said it."""
    decided_at: datetime | None = None
    """When it was approved or declined."""
    decision_reason: str = ""
    """Why, in the shop's words."""
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
    said_status: str | None = None
    """As the shop says it, where `status` follows from the parcels as well; empty where it doesn't say it."""
    placed_at: datetime
    paid_at: datetime | None = None
    total: int
    """What the customer pays, as the shop counts it."""
    discount: int = 0
    shipping_fee: int = 0
    tax: int | None = None
    """Added to the lines' prices or contained in them; None: unknown."""
    currency: str
    payment_method: str = ""
    ship_to: Mapping[str, str] = field(default_factory=dict)
    """recipient, phone, country, city, line, postcode."""
    coupon_code: str | None = None
    demo: bool = False
    updated_at: datetime
    field_times: Mapping[str, int] | None = None
    """When the shop changed a field, microseconds since 1970, of those that came with a time."""
    lines: tuple[OrderLine, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    refunds: tuple[Refund, ...] = ()
    """Oldest first."""

    @property
    def sent(self) -> tuple[Parcel, ...]:
        """The parcels to the customer."""
        return tuple(box for box in self.parcels if box.direction == "outbound")

    @property
    def sent_back(self) -> tuple[Parcel, ...]:
        """The parcels of returns."""
        return tuple(box for box in self.parcels if box.direction == "return")

    def unsent(self) -> dict[str, int]:
        """How many of which product are in no parcel; none where nobody says what is in one of them."""
        left: Counter[str] = Counter()
        if not self.sent or any(box.lines is None for box in self.sent):
            return left
        for line in self.lines:
            left[line.product_id] += line.quantity
        for box in self.sent:
            for item in box.lines or ():
                left[item.product_id] -= left[item.product_id] if item.quantity is None else item.quantity
        return +left


class Orders(Repository):
    """The shop's orders."""

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

    async def by_ids(self, ids: Collection[str], *, lock: bool = False) -> dict[str, Order]:
        """Those of the orders that exist, by id; `lock` keeps others from changing them meanwhile."""
        found: dict[str, Order] = {}
        for part in portions(sorted(ids), 1_000):
            statement = select(order).where(self._in(order.c.id, part))
            if lock:
                # By id, so that of two batches with the same orders one waits for the other and neither for both.
                statement = statement.order_by(order.c.id).with_for_update()
            found |= {item.id: item for item in await self._whole(statement)}
        return found

    async def of_customers(self, customer_ids: Collection[str]) -> list[Order]:
        """All orders of customers, by id."""
        statement = select(order).order_by(order.c.id)
        return [
            item
            for part in portions(customer_ids, 1_000)
            for item in await self._whole(statement.where(order.c.customer_id.in_(part)))
        ]

    async def count(self, *, after: str) -> int:
        """How many orders `page` has still to give."""
        return await self._count(order, *_page(after))

    async def page(self, *, after: str, limit: int) -> list[Order]:
        """The next orders after an id, by id: those of customers of a real shop who have not been erased."""
        return await self._whole(select(order).where(*_page(after)).order_by(order.c.id).limit(limit))

    async def put_many(self, orders: Sequence[Order]) -> int:
        """Add orders or bring them up to date, with all that belongs to them; return the orders changed.

        Lines and scans that an order no longer has are taken away.
        """
        rows = [_row(order, item, ship_to=dict(item.ship_to)) for item in orders]
        changed = await upsert(self._connection, order, rows, stamps=frozenset({"updated_at"}))
        lines = [
            _row(order_line, line, order_id=item.id, line=number)
            for item in orders
            for number, line in enumerate(item.lines)
        ]
        await self._delete(order_line.c.order_id, [item.id for item in orders])
        await insert_new(self._connection, order_line, lines)
        parcels = {
            box.id: _row(parcel, box, order_id=item.id, lines=_kept_lines(box))
            for item in orders
            for box in item.parcels
        }
        await upsert(self._connection, parcel, list(parcels.values()))
        scans = [
            _row(parcel_scan, scan, parcel_id=box.id, scan=number)
            for item in orders
            for box in item.parcels
            for number, scan in enumerate(box.scans)
        ]
        await self._delete(parcel_scan.c.parcel_id, list(parcels))
        await insert_new(self._connection, parcel_scan, scans)
        refunds = [_row(refund, one, order_id=item.id) for item in orders for one in item.refunds]
        await upsert(self._connection, refund, refunds)
        return changed

    async def remove_parcels(self, ids: Collection[str]) -> None:
        """Take parcels away, with their scans."""
        for column in (parcel_scan.c.parcel_id, parcel.c.id):
            await self._delete(column, list(ids))

    async def remove_refunds(self, ids: Collection[str]) -> None:
        """Take refunds away."""
        await self._delete(refund.c.id, list(ids))

    async def _delete(self, column: Column[Any], ids: Sequence[str]) -> None:
        for part in portions(ids, 1_000):
            await self._connection.execute(delete(column.table).where(self._in(column, part)))

    async def _first(self, statement: Select[Any]) -> Order | None:
        return next(iter(await self._whole(statement)), None)

    async def _whole(self, statement: Select[Any]) -> list[Order]:
        """The orders with what belongs to them: one statement a table, however many orders."""
        found = await self._connection.execute(statement)
        names = list(found.keys())
        rows = [dict(zip(names, row, strict=True)) for row in found]
        ids = [row["id"] for row in rows]
        if not ids:
            return []
        lines = await self._grouped(
            "order_id",
            OrderLine,
            select(
                order_line.c.order_id, order_line.c.product_id, order_line.c.quantity, order_line.c.unit_price,
                product.c.name_zh, product.c.name_en,
            )
            .join(product, product.c.id == order_line.c.product_id)
            .where(self._in(order_line.c.order_id, ids))
            .order_by(order_line.c.order_id, order_line.c.line),
        )  # fmt: skip
        parcels = await self._parcels(ids)
        refunds = await self._refunds(ids)
        return [
            Order(
                **row,
                lines=tuple(lines[row["id"]]),
                parcels=tuple(parcels[row["id"]]),
                refunds=tuple(refunds[row["id"]]),
            )
            for row in rows
        ]

    async def _refunds(self, order_ids: Sequence[str]) -> dict[str, list[Refund]]:
        theirs = select(refund).where(self._in(refund.c.order_id, order_ids))
        return await self._grouped("order_id", Refund, theirs.order_by(refund.c.requested_at, refund.c.id))

    async def _parcels(self, order_ids: Sequence[str]) -> dict[str, list[Parcel]]:
        theirs = select(parcel.c.id).where(self._in(parcel.c.order_id, order_ids))
        columns = (column for column in parcel_scan.c if column.name != "scan")
        scans = await self._grouped(
            "parcel_id",
            Scan,
            select(*columns)
            .where(parcel_scan.c.parcel_id.in_(theirs))
            .order_by(parcel_scan.c.parcel_id, parcel_scan.c.at, parcel_scan.c.scan),
        )
        return await self._grouped(
            "order_id",
            lambda **values: _parcel(scans[values["id"]], **values),
            select(parcel)
            .where(self._in(parcel.c.order_id, order_ids))
            .order_by(parcel.c.shipped_at, parcel.c.id),
        )

    async def _grouped(self, key: str, make: Callable[..., T], statement: Select[Any]) -> dict[str, list[T]]:
        """What `make` makes of the rows' other columns, by the key."""
        groups: dict[str, list[T]] = defaultdict(list)
        rows = await self._connection.execute(statement)
        # Asked once, not of every row: that takes a third of the time.
        names = list(rows.keys())
        for row in rows:
            values = dict(zip(names, row, strict=True))
            groups[values.pop(key)].append(make(**values))
        return groups


def _kept_lines(box: Parcel) -> list[dict[str, Any]] | None:
    return None if box.lines is None else [asdict(line) for line in box.lines]


def _parcel(scans: Sequence[Scan], lines: list[dict[str, Any]] | None, **values: Any) -> Parcel:
    within = None if lines is None else tuple(ParcelLine(**line) for line in lines)
    return Parcel(**values, lines=within, scans=tuple(scans))


def _page(after: str) -> tuple[ColumnElement[bool], ...]:
    erased = select(customer.c.id).where(customer.c.erased_at.is_not(None))
    return (
        order.c.id > after,
        order.c.demo.is_(False),
        order.c.customer_id.is_not(None),
        order.c.customer_id.not_in(erased),
    )


@cache
def _columns(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _row(table: Table, item: Any, **more: Any) -> dict[str, Any]:
    """The columns of a table, out of what belongs to a row and otherwise as an item's attributes are called."""
    return {name: more[name] if name in more else getattr(item, name) for name in _columns(table)}
