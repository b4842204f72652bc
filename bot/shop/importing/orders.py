"""Imports orders: a row a line of an order, the rows of one order one after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.rows import BadRow, Flushed, Options, RowImport, Written
from bot.shop.intake import put_orders
from kernel.money import LARGEST_AMOUNT
from storage.catalogue import Catalogue
from storage.codes import Reason
from storage.customers import Customers
from storage.erased import Erased
from storage.orders import STATUSES, KnownOrders, Order, OrderLine, Parcel

_STATUSES = {status: status for status in STATUSES} | {
    "new": "placed", "pending": "placed", "unpaid": "placed", "待付款": "placed",
    "processing": "paid", "confirmed": "paid", "待发货": "paid", "已付款": "paid",
    "in transit": "shipped", "sent": "shipped", "已发货": "shipped", "待收货": "shipped",
    "complete": "delivered", "completed": "delivered", "已完成": "delivered", "已签收": "delivered",
    "canceled": "cancelled", "已取消": "cancelled", "refunded": "returned", "已退货": "returned",
}  # fmt: skip
_WHY: Mapping[Reason, str] = {
    "used": "another order used the code",
    "expired": "the code had ended when the order was placed",
    "not_started": "the code did not hold yet when the order was placed",
    "withdrawn": "the code had been withdrawn",
    "other_customer": "the code is another customer's",
    "no_customer": "the code is a customer's, and the order is nobody's",
}
_ADDRESS = ("recipient", "phone", "country", "city", "line", "postcode")


@dataclass(slots=True)
class _Gathered:
    """The rows of one order; the first says what is true of the whole order."""

    first: Mapping[str, Any]
    status: str
    numbers: list[int] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)


class OrderImport(RowImport):
    """Adds orders with their lines, parcels and purchases, and brings them up to date."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._gathered: dict[str, _Gathered] = {}
        self._latest: str | None = None
        self._written: set[str] = set()

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        order = row["order"]
        if order in self._written:
            raise BadRow("the rows of an order must stand one after another")
        line = _line(row)
        if order not in self._gathered:
            self._gathered[order] = _Gathered(first=row, status=_status(row))
        self._gathered[order].numbers.append(number)
        self._gathered[order].lines.append(line)
        self._latest = order

    async def flush(self, connection: AsyncConnection, last: bool) -> Flushed:
        """Write the orders that are complete: all but the one whose rows may go on in the next portion."""
        ready = {
            number: gathered for number, gathered in self._gathered.items() if last or number != self._latest
        }
        allowed = await _of_nobody_erased(connection, ready)
        known, refusals = await self._known_only(connection, allowed)
        here = await KnownOrders(connection).by_numbers(known)
        orders = [
            self._order(here[number].id if number in here else number, number, gathered)
            for number, gathered in known.items()
        ]
        put = await put_orders(connection, orders, self._options.now)
        self._written |= ready.keys()
        self._gathered = {n: g for n, g in self._gathered.items() if n not in ready}
        return Flushed(
            written=Written(orders=put.changed, events=put.events, codes=put.codes.changed),
            refusals=refusals,
            ignored=sum(len(one.numbers) for number, one in ready.items() if number not in allowed),
            notes=Counter(f"codes not redeemed: {_WHY[one.reason]}" for one in put.codes.refused),
        )

    async def _known_only(
        self, connection: AsyncConnection, ready: Mapping[str, _Gathered]
    ) -> tuple[dict[str, _Gathered], list[tuple[int, BadRow]]]:
        """Without orders of products or customers that the store does not know."""
        items = await Catalogue(connection).known(
            {line.product_id for g in ready.values() for line in g.lines}
        )
        named = {g.first["customer"] for g in ready.values() if g.first.get("customer") is not None}
        people = await Customers(connection).present(named)
        known: dict[str, _Gathered] = {}
        refusals: list[tuple[int, BadRow]] = []
        for number, gathered in ready.items():
            who = gathered.first.get("customer")
            if who is not None and who not in people:
                bad = BadRow("there is no such customer: import customers first", "customer")
            elif any(line.product_id not in items for line in gathered.lines):
                bad = BadRow("there is no such product in the order: import products first", "item")
            else:
                known[number] = gathered
                continue
            refusals += [(row, bad) for row in gathered.numbers]
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


async def _of_nobody_erased(
    connection: AsyncConnection, ready: Mapping[str, _Gathered]
) -> dict[str, _Gathered]:
    """Without orders of people who had themselves erased: not even as rejected rows."""
    erased = await Erased(connection).customers(one.first.get("customer") for one in ready.values())
    sold = await Erased(connection).orders({number: number for number in ready})
    return {
        number: one
        for number, one in ready.items()
        if one.first.get("customer") not in erased and number not in sold
    }


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


def _web_address(url: str | None) -> str | None:
    return url if url is not None and url.startswith(("https://", "http://")) else None
