"""Imports a log of sales, a row a line, as all that is known of a shop.

Products, customers, orders, purchases and returns are made out of it. Lines with a negative quantity are returns.
Nothing but counters stays in memory: lines are written as they come, and what needs the whole log (names,
prices, totals) is settled at the end.
"""

from __future__ import annotations

import heapq
import string
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from sqlalchemy import Column, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.rows import BadRow, Flushed, Options, RowImport, Written
from bot.shop.importing.told import Refused, Row
from bot.shop.importing.values import minor
from bot.shop.intake.purchases import event_id
from bot.shop.pictures import drawn_picture
from kernel.money import LARGEST_AMOUNT
from storage.catalogue import Catalogue, Product
from storage.customers import Customer
from storage.erased import Erased
from storage.events import Events, StoredEvent
from storage.known_orders import KnownOrders
from storage.repository import portions
from storage.schema import customer, order, order_line, product
from storage.trial import Writes
from storage.upsert import insert_new

# The price of a product is the median of its latest sales: one odd price does not count.
_LATEST_SALES = 25
_STILL_SOLD = timedelta(days=180)
_NAMES_KEPT = 20
_UNSETTLED = -1
"""Stands for a stock or total until the end of the log is reached, even if that takes another run."""


@dataclass(slots=True)
class _Order:
    customer: str | None
    placed_at: datetime
    country: str | None


@dataclass(slots=True)
class _Item:
    """What the log says of a product."""

    first_sold: datetime
    last_sold: datetime
    names: Counter[str] = field(default_factory=Counter)
    latest: list[tuple[datetime, int]] = field(default_factory=list)
    """A heap of the latest sales with their prices."""


@dataclass(frozen=True, slots=True)
class _Line:
    order: str
    number: int
    item: str
    quantity: int
    price: int
    returned: bool
    repeat: int
    """How many lines of the same order sold, or took back, the product up to this one."""
    at: datetime
    customer: str | None


class LogImport(RowImport):
    """Makes a shop out of its log of sales. Products, customers and orders already there stay as they are."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._items: dict[str, _Item] = {}
        self._customers: dict[str, datetime] = {}
        self._orders: dict[str, _Order] = {}
        self._lines_of: Counter[str] = Counter()
        self._repeats: Counter[tuple[str, str, bool]] = Counter()
        self._fresh: list[_Line] = []
        self._currency = options.currency or options.defaults.currency
        self._end = datetime.min.replace(tzinfo=UTC)

    def take(self, row: Row, fields: Mapping[str, Any], bad: BadRow | None) -> Refused | None:
        if bad is not None:
            return Refused((row,), str(bad), bad.field)
        try:
            self._notice(fields)
        except BadRow as odd:
            return Refused((row,), str(odd), odd.field)
        return None

    def _notice(self, row: Mapping[str, Any]) -> None:
        item, quantity, who = row["item"], row["quantity"], row.get("customer")
        price = minor(row["price"], self._currency)
        if item.upper() in self._options.not_products:
            raise BadRow("not a product but postage, a fee or a correction")
        if price <= 0:
            raise BadRow("the price is not above 0")
        if abs(quantity) * price > LARGEST_AMOUNT:
            raise BadRow("the amount is too large")
        if quantity == 0:
            raise BadRow("the quantity is 0")
        if quantity < 0 and who is None:
            raise BadRow("a return or correction of nobody")
        line = self._line(row["order"], item, quantity, price, row["time"], who)
        self._fresh.append(line)
        self._notice_item(line, row.get("name"))
        if who is not None:
            self._customers[who] = min(self._customers.get(who, line.at), line.at)
        if not line.returned:
            known = self._orders.setdefault(line.order, _Order(who, line.at, row.get("country")))
            known.placed_at = min(known.placed_at, line.at)

    async def flush(self, store: Writes, last: bool) -> Flushed:
        """Write the lines that came, and at the end what the whole log says."""
        return await store.write(partial(self._write, last=last))

    async def _write(self, connection: AsyncConnection, last: bool) -> Flushed:
        ignored = await self._leave_out_erased(connection)
        written = await self._make_room(connection)
        others = await self._other_ids(connection)
        lines = [_line_row(line) for line in self._fresh if not line.returned and line.order not in others]
        written["lines"] = await insert_new(connection, order_line, lines)
        events = [
            self._event(line, line.customer)
            for line in self._fresh
            if line.customer is not None and line.order not in others
        ]
        written["events"] = await Events(connection).append(events)
        if last:
            await self._settle_products(connection)
            await self._settle_orders(connection)
            await _pull_back(connection, customer.c.created_at, self._customers)
        self._fresh = []
        return Flushed(written=written, ignored=ignored)

    async def _leave_out_erased(self, connection: AsyncConnection) -> int:
        """Forget new lines of people who had themselves erased; return how many those were."""
        erased = await Erased(connection).customers({line.customer for line in self._fresh})
        sold = await Erased(connection).orders({line.order: line.order for line in self._fresh})
        lines = len(self._fresh)
        self._fresh = [line for line in self._fresh if line.customer not in erased and line.order not in sold]
        return lines - len(self._fresh)

    async def _make_room(self, connection: AsyncConnection) -> Written:
        """The rows that the new lines point at, for now with what is known so far."""
        written = Written()
        items = sorted({line.item for line in self._fresh})
        products = [{**asdict(self._product(item)), "stock": _UNSETTLED, "active": False} for item in items]
        written["products"] = await insert_new(connection, product, products)
        people = sorted({line.customer for line in self._fresh if line.customer is not None})
        customers = [asdict(self._customer(who)) for who in people]
        written["customers"] = await insert_new(connection, customer, customers)
        numbers = sorted({line.order for line in self._fresh if not line.returned})
        orders = [self._order_row(number) for number in numbers]
        written["orders"] = await insert_new(connection, order, orders)
        return written

    async def _other_ids(self, connection: AsyncConnection) -> set[str]:
        """Orders that the shop already knows by an id of its own, and better than a log can."""
        numbers = sorted({line.order for line in self._fresh})
        known = await KnownOrders(connection).by_numbers(numbers)
        return {number for number, one in known.items() if one.id != number}

    async def _settle_products(self, connection: AsyncConnection) -> None:
        """Names and prices by the whole log, for products that this log brought."""
        rows = await connection.scalars(select(product.c.id).where(product.c.stock == _UNSETTLED))
        ours = [item for item in rows if item in self._items]
        await Catalogue(connection).put_many([self._product(item) for item in ours])
        first_sold = {item: self._items[item].first_sold for item in ours}
        await _pull_back(connection, product.c.created_at, first_sold)

    async def _settle_orders(self, connection: AsyncConnection) -> None:
        """What the orders come to, now that all their lines are there."""
        moments = {number: known.placed_at for number, known in self._orders.items()}
        await _pull_back(connection, order.c.placed_at, moments)
        await _pull_back(connection, order.c.paid_at, moments)
        total = (
            select(func.coalesce(func.sum(order_line.c.quantity * order_line.c.unit_price), 0))
            .where(order_line.c.order_id == order.c.id)
            .scalar_subquery()
        )
        await connection.execute(update(order).where(order.c.total == _UNSETTLED).values(total=total))

    def _line(
        self, number: str, item: str, quantity: int, price: int, at: datetime, who: str | None
    ) -> _Line:
        returned = quantity < 0
        self._repeats[number, item, returned] += 1
        repeat = self._repeats[number, item, returned]
        position = self._lines_of[number]
        if not returned:
            self._lines_of[number] += 1
        return _Line(number, position, item, abs(quantity), price, returned, repeat, at, who)

    def _notice_item(self, line: _Line, name: str | None) -> None:
        known = self._items.setdefault(line.item, _Item(first_sold=line.at, last_sold=line.at))
        known.first_sold, known.last_sold = min(known.first_sold, line.at), max(known.last_sold, line.at)
        self._end = max(self._end, line.at)
        if name is not None and (name in known.names or len(known.names) < _NAMES_KEPT):
            known.names[name] += 1
        if not line.returned or not known.latest:
            heapq.heappush(known.latest, (line.at, line.price))
            if len(known.latest) > _LATEST_SALES:
                heapq.heappop(known.latest)

    def _product(self, item_id: str) -> Product:
        item = self._items[item_id]
        price = round(median(price for _, price in item.latest))
        name = _name(item, item_id)
        return Product(
            id=item_id,
            code=item_id,
            name_zh=name,
            name_en=name,
            list_price=price,
            currency=self._currency,
            stock=self._options.stock,
            picture=drawn_picture(item_id),
            active=item.last_sold > self._end - _STILL_SOLD,
            created_at=item.first_sold,
            updated_at=self._options.now,
        )

    def _customer(self, who: str) -> Customer:
        return Customer(
            id=who,
            language=self._options.defaults.language,
            time_zone=self._options.defaults.time_zone,
            created_at=self._customers[who],
        )

    def _order_row(self, number: str) -> dict[str, Any]:
        known = self._orders[number]
        return {
            "id": number,
            "number": number,
            "customer_id": known.customer,
            # A line of such a log is written when the goods leave.
            "status": "delivered",
            "placed_at": known.placed_at,
            "paid_at": known.placed_at,
            "total": _UNSETTLED,
            "currency": self._currency,
            "ship_to": {"country": known.country} if known.country else {},
            "updated_at": self._options.now,
        }

    def _event(self, line: _Line, who: str) -> StoredEvent:
        kind = "return" if line.returned else "purchase"
        return StoredEvent(
            id=event_id(kind, line.order, line.item, line.repeat),
            kind=kind,
            customer_id=who,
            product_id=line.item,
            order_id=None if line.returned else line.order,
            at=line.at,
            quantity=line.quantity,
            amount=(-1 if line.returned else 1) * line.quantity * line.price,
            currency=self._currency,
        )


def _line_row(line: _Line) -> dict[str, Any]:
    return {
        "order_id": line.order,
        "line": line.number,
        "product_id": line.item,
        "quantity": line.quantity,
        "unit_price": line.price,
    }


def _name(item: _Item, item_id: str) -> str:
    """The most frequent description; one shouted in capitals is calmed."""
    if not item.names:
        return item_id
    name = min(item.names, key=lambda words: (-item.names[words], words))
    return (string.capwords(name) if name.isupper() else " ".join(name.split()))[:300]


async def _pull_back(
    connection: AsyncConnection, column: Column[Any], moments: Mapping[str, datetime]
) -> None:
    """Earlier moments in place of later ones: a log need not be sorted by time."""
    table = column.table
    rows: dict[str, datetime | None] = {}
    for ids in portions(moments):
        found = await connection.execute(select(table.c.id, column).where(table.c.id.in_(ids)))
        rows |= {row[0]: row[1] for row in found}
    late = [key for key, moment in rows.items() if moment is not None and moment > moments[key]]
    for key in late:
        await connection.execute(update(table).where(table.c.id == key).values({column.name: moments[key]}))
