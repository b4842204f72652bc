"""Imports orders: a row a line of an order, the rows of one order one after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.errors import BadRow
from bot.shop.importing.options import Options
from bot.shop.importing.parsing import LARGEST_AMOUNT
from bot.shop.importing.written import Refusal, Written, event_id
from storage.events import Events, StoredEvent
from storage.orders import STATUSES, Order, OrderLine, Orders, Parcel
from storage.schema import customer, product

_STATUSES = {status: status for status in STATUSES} | {
    "new": "placed", "pending": "placed", "unpaid": "placed", "待付款": "placed",
    "processing": "paid", "confirmed": "paid", "待发货": "paid", "已付款": "paid",
    "in transit": "shipped", "sent": "shipped", "已发货": "shipped", "待收货": "shipped",
    "complete": "delivered", "completed": "delivered", "已完成": "delivered", "已签收": "delivered",
    "canceled": "cancelled", "已取消": "cancelled", "refunded": "returned", "已退货": "returned",
}  # fmt: skip
_ADDRESS = ("recipient", "phone", "country", "city", "line", "postcode")


@dataclass(slots=True)
class _Gathered:
    """The rows of one order; the first says what is true of the whole order."""

    first: Mapping[str, Any]
    status: str
    numbers: list[int] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)


class OrderImport:
    """Adds orders with their lines, parcels and purchases, and brings them up to date."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._gathered: dict[str, _Gathered] = {}
        self._latest: str | None = None
        self._written: set[str] = set()

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        """Accept a row."""
        order = row["order"]
        if order in self._written:
            raise BadRow("the rows of an order must stand one after another")
        line = _line(row)
        if order not in self._gathered:
            self._gathered[order] = _Gathered(first=row, status=_status(row))
        self._gathered[order].numbers.append(number)
        self._gathered[order].lines.append(line)
        self._latest = order

    async def flush(self, connection: AsyncConnection, last: bool) -> tuple[Written, list[Refusal]]:
        """Write the orders that are complete: all but the one whose rows may go on in the next portion."""
        ready = {
            number: gathered for number, gathered in self._gathered.items() if last or number != self._latest
        }
        known, refusals = await self._known_only(connection, ready)
        ids = await Orders(connection).ids_of(list(known))
        orders = [
            self._order(ids.get(number, number), number, gathered) for number, gathered in known.items()
        ]
        written = Written(orders=await Orders(connection).put_many(orders))
        events = [event for order in orders for event in _events(order)]
        written["events"] = await Events(connection).append(events)
        self._written |= ready.keys()
        self._gathered = {n: g for n, g in self._gathered.items() if n not in ready}
        return written, refusals

    async def _known_only(
        self, connection: AsyncConnection, ready: Mapping[str, _Gathered]
    ) -> tuple[dict[str, _Gathered], list[Refusal]]:
        """Without orders of products or customers that the store does not know."""
        items = await _existing(
            connection, product.c.id, [line.product_id for g in ready.values() for line in g.lines]
        )
        people = await _existing(connection, customer.c.id, [g.first.get("customer") for g in ready.values()])
        known: dict[str, _Gathered] = {}
        refusals: list[Refusal] = []
        for number, gathered in ready.items():
            who = gathered.first.get("customer")
            if who is not None and who not in people:
                reason = ("customer", "there is no such customer: import customers first")
            elif any(line.product_id not in items for line in gathered.lines):
                reason = ("item", "there is no such product in the order: import products first")
            else:
                known[number] = gathered
                continue
            refusals += [Refusal(row, *reason) for row in gathered.numbers]
        return known, refusals

    def _order(self, order_id: str, number: str, gathered: _Gathered) -> Order:
        row = gathered.first
        goods = sum(line.quantity * line.unit_price for line in gathered.lines)
        discount, fee = abs(row.get("discount") or 0), max(row.get("shipping_fee") or 0, 0)
        placed = row["time"]
        unpaid = gathered.status in ("placed", "cancelled")
        return Order(
            id=order_id,
            number=number,
            customer_id=row.get("customer"),
            status=gathered.status,
            placed_at=placed,
            paid_at=row.get("paid") or (None if unpaid else placed),
            total=max(goods - discount + fee, 0),
            discount=discount,
            shipping_fee=fee,
            currency=self._options.currency,
            payment_method=(row.get("payment_method") or "")[:40],
            ship_to={name: row[name] for name in _ADDRESS if row.get(name) is not None},
            coupon_code=None if row.get("coupon") is None else row["coupon"][:40],
            updated_at=self._options.now,
            lines=tuple(gathered.lines),
            parcels=self._parcels(order_id, row),
        )

    def _parcels(self, order_id: str, row: Mapping[str, Any]) -> tuple[Parcel, ...]:
        if row.get("tracking_number") is None:
            return ()
        shipped, delivered = row.get("shipped"), row.get("delivered")
        status = "delivered" if delivered else "in_transit" if shipped else "label"
        return (
            Parcel(
                id=f"{order_id}-1",
                carrier=(row.get("carrier") or "")[:60],
                tracking_number=row["tracking_number"][:60],
                tracking_url=_web_address(row.get("tracking_url")),
                status=status,
                shipped_at=shipped,
                delivered_at=delivered,
                # What was known then is all that is known.
                updated_at=delivered or shipped or row["time"],
            ),
        )


def _line(row: Mapping[str, Any]) -> OrderLine:
    quantity = 1 if row.get("quantity") is None else row["quantity"]
    if quantity <= 0:
        raise BadRow("the quantity is not above 0")
    if row["price"] < 0:
        raise BadRow("the price is below 0")
    if quantity * row["price"] > LARGEST_AMOUNT:
        raise BadRow("the amount is too large")
    return OrderLine(product_id=row["item"], quantity=quantity, unit_price=row["price"])


def _status(row: Mapping[str, Any]) -> str:
    said = row.get("status")
    if said is None:
        if row.get("delivered"):
            return "delivered"
        return "shipped" if row.get("shipped") else "paid"
    status = _STATUSES.get(said.lower())
    if status is None:
        raise BadRow(f"{said[:40]!r} is no status of an order; there are {', '.join(STATUSES)}")
    return status


def _events(order: Order) -> list[StoredEvent]:
    """The purchases of a paid order, and their return when it came back."""
    if order.customer_id is None or order.paid_at is None:
        return []
    seen: Counter[str] = Counter()
    events = []
    for line in order.lines:
        seen[line.product_id] += 1
        facts = (order.number, line.product_id, seen[line.product_id])
        kinds: list[tuple[str, datetime, int]] = [("purchase", order.placed_at, 1)]
        if order.status == "returned":
            kinds.append(("return", _after(order), -1))
        events += [
            StoredEvent(
                id=event_id(kind, *facts),
                kind=kind,
                customer_id=order.customer_id,
                product_id=line.product_id,
                order_id=order.id,
                at=at,
                quantity=line.quantity,
                amount=sign * line.quantity * line.unit_price,
                currency=order.currency,
            )
            for kind, at, sign in kinds
        ]
    return events


def _after(order: Order) -> datetime:
    known = [parcel.delivered_at for parcel in order.parcels if parcel.delivered_at is not None]
    return max([order.placed_at, *known])


def _web_address(url: str | None) -> str | None:
    return url if url is not None and url.startswith(("https://", "http://")) else None


async def _existing(
    connection: AsyncConnection, column: Column[Any], wanted: Sequence[str | None]
) -> set[str]:
    ids = sorted({item for item in wanted if item is not None})
    found: set[str] = set()
    for start in range(0, len(ids), 10_000):
        found |= set(await connection.scalars(select(column).where(column.in_(ids[start : start + 10_000]))))
    return found
