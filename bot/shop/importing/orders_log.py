"""Imports a log of sales, a row a line, as all that is known of a shop.

Products, customers, orders and returns are made out of it; lines with a negative quantity are returns. The log is
looked at twice: once for what needs the whole of it (names, prices, since when there is what), and once for its orders.
"""

from __future__ import annotations

import heapq
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.rows import BadRow, Flushed, Options, RowImport, Write, scattered
from bot.shop.importing.told import Refused, Row, Told, record_of
from bot.shop.importing.values import minor
from bot.shop.importing.writing import write_all
from bot.shop.intake.events import EventRecord
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.purchases import event_id
from bot.shop.intake.records import OrderRecord, ProductRecord
from kernel.money import LARGEST_AMOUNT
from storage.catalogue import Catalogue
from storage.customers import Customers
from storage.known_orders import KnownOrder, KnownOrders
from storage.trial import Writes

# The price of a product is the median of its latest sales: one odd price does not count.
_LATEST_SALES = 25
_STILL_SOLD = timedelta(days=180)
_NAMES_KEPT = 20

Fields = Mapping[str, Any]


@dataclass(slots=True)
class _Item:
    """What the log says of a product."""

    first_sold: datetime
    last_sold: datetime
    names: Counter[str] = field(default_factory=Counter)
    latest: list[tuple[datetime, int]] = field(default_factory=list)
    """A heap of the latest sales with their prices."""

    def notice(self, line: _Line) -> None:
        self.first_sold, self.last_sold = min(self.first_sold, line.at), max(self.last_sold, line.at)
        if line.name is not None and (line.name in self.names or len(self.names) < _NAMES_KEPT):
            self.names[line.name] += 1
        if not line.returned or not self.latest:
            heapq.heappush(self.latest, (line.at, line.price))
            if len(self.latest) > _LATEST_SALES:
                heapq.heappop(self.latest)


@dataclass(frozen=True, slots=True)
class _Line:
    order: str
    item: str
    name: str | None
    quantity: int
    price: int
    returned: bool
    at: datetime
    customer: str | None

    @classmethod
    def of(cls, fields: Fields, currency: str, options: Options) -> Self:
        """A line of a row.

        Raises:
            BadRow: it is no sale and no return.
        """
        item, quantity, who = fields["item"], fields["quantity"], fields.get("customer")
        price = minor(fields["price"], currency)
        if item.upper() in options.not_products:
            raise BadRow("not a product but postage, a fee or a correction")
        if price <= 0:
            raise BadRow("the price is not above 0")
        if abs(quantity) * price > LARGEST_AMOUNT:
            raise BadRow("the amount is too large")
        if quantity == 0:
            raise BadRow("the quantity is 0")
        if quantity < 0 and who is None:
            raise BadRow("a return or correction of nobody")
        return cls(
            fields["order"], item, fields.get("name"), abs(quantity), price, quantity < 0, fields["time"], who
        )


class Overview:
    """What only the whole log says. Counters of products, customers and orders stay in memory, and no lines."""

    def __init__(self, rows: Iterable[tuple[Fields, BadRow | None]], options: Options) -> None:
        """Look through the log."""
        self._options = options
        self.currency = options.currency or options.defaults.currency
        self._items: dict[str, _Item] = {}
        self._customers: dict[str, datetime] = {}
        self._end = datetime.min.replace(tzinfo=UTC)
        self.scattered = scattered(self._through(rows))

    def _through(self, rows: Iterable[tuple[Fields, BadRow | None]]) -> Iterable[str | None]:
        for fields, bad in rows:
            if bad is None:
                with suppress(BadRow):
                    self._notice(_Line.of(fields, self.currency, self._options))
            yield fields.get("order")

    def _notice(self, line: _Line) -> None:
        self._items.setdefault(line.item, _Item(first_sold=line.at, last_sold=line.at)).notice(line)
        self._end = max(self._end, line.at)
        if line.customer is not None:
            self._customers[line.customer] = min(self._customers.get(line.customer, line.at), line.at)

    def product(self, item_id: str) -> ProductRecord:
        """A product by the whole log."""
        item = self._items[item_id]
        return ProductRecord(
            id=item_id,
            name=_name(item, item_id),
            list_price=round(median(price for _, price in item.latest)),
            currency=self.currency,
            stock=self._options.stock,
            active=item.last_sold > self._end - _STILL_SOLD,
            created_at=item.first_sold,
        )

    def customer(self, who: str) -> CustomerRecord:
        """A customer, since their first line."""
        return CustomerRecord(id=who, created_at=self._customers[who])


@dataclass(frozen=True, slots=True)
class _Sale:
    row: Row
    line: _Line
    country: str | None


_Return = tuple[Row, _Line, str]
"""With the id of the event that it is."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store knows of the things of some lines: that stays as it is."""

    products: set[str]
    customers: set[str]
    orders: Mapping[str, KnownOrder]

    def other_id(self, number: str) -> bool:
        """Whether the shop knows an order by an id of its own, and better than a log can."""
        return number in self.orders and self.orders[number].id != number


class LogImport(RowImport):
    """Makes a shop out of its log of sales. Products, customers and orders already there stay as they are."""

    def __init__(self, options: Options, overview: Overview) -> None:
        super().__init__(options)
        self._overview = overview
        self._sales: dict[str, list[_Sale]] = {}
        """By order."""
        self._latest: str | None = None
        self._returns: list[_Return] = []
        self._repeats: Counter[tuple[str, str]] = Counter()
        self._told: set[tuple[type, str]] = set()
        """Products and customers that were told already."""

    def take(self, row: Row, fields: Fields, bad: BadRow | None) -> Refused | None:
        try:
            if bad is not None:
                raise bad
            line = _Line.of(fields, self._overview.currency, self._options)
        except BadRow as odd:
            return Refused((row,), str(odd), odd.field)
        if line.returned:
            self._repeats[line.order, line.item] += 1
            repeat = self._repeats[line.order, line.item]
            self._returns.append((row, line, event_id("return", line.order, line.item, repeat)))
        else:
            self._sales.setdefault(line.order, []).append(_Sale(row, line, fields.get("country")))
            self._latest = line.order
        return None

    def complete(self, last: bool) -> Write:
        """The orders that are complete and the returns that came."""
        going_on = frozenset() if last else self._overview.scattered | {self._latest}
        numbers = [number for number in self._sales if number not in going_on]
        returns, self._returns = self._returns, []
        return partial(self._write, {number: self._sales.pop(number) for number in numbers}, returns)

    async def _write(
        self, orders: Mapping[str, Sequence[_Sale]], returns: Sequence[_Return], store: Writes
    ) -> Flushed:
        lines = [sale.line for sales in orders.values() for sale in sales]
        lines += [line for _, line, _ in returns]
        known = await store.write(lambda connection: _known(connection, lines))
        told: list[Told[Any] | Refused] = [*self._things(lines, known)]
        told += [self._order(number, sales) for number, sales in orders.items() if number not in known.orders]
        told += [
            self._return(row, line, name) for row, line, name in returns if not known.other_id(line.order)
        ]
        return await write_all(store, told, self._options)

    def _things(self, lines: Iterable[_Line], known: _Known) -> Iterable[Told[Any]]:
        """Products and customers that are new; they are told by themselves, and no row is theirs alone."""
        for line in lines:
            if line.item not in known.products and self._first(ProductRecord, line.item):
                yield Told(self._overview.product(line.item), ())
            who = line.customer
            if who is not None and who not in known.customers and self._first(CustomerRecord, who):
                yield Told(self._overview.customer(who), ())

    def _first(self, kind: type, name: str) -> bool:
        if (kind, name) in self._told:
            return False
        self._told.add((kind, name))
        return True

    def _order(self, number: str, sales: Sequence[_Sale]) -> Told[OrderRecord] | Refused:
        lines = [sale.line for sale in sales]
        placed_at = min(line.at for line in lines)
        said = {
            "number": number,
            "customer_id": next((line.customer for line in lines if line.customer is not None), None),
            # A line of such a log is written when the goods leave.
            "status": "delivered",
            "placed_at": placed_at,
            "paid_at": placed_at,
            "currency": self._overview.currency,
            "ship_to": {"country": next((sale.country for sale in sales if sale.country), None)},
            "lines": [
                {"product_id": line.item, "quantity": line.quantity, "unit_price": line.price}
                for line in lines
            ],
        }
        return record_of(OrderRecord, said, tuple(sale.row for sale in sales))

    def _return(self, row: Row, line: _Line, name: str) -> Told[EventRecord] | Refused:
        said = {
            "id": name,
            "kind": "return",
            "customer_id": line.customer,
            "product_id": line.item,
            "at": line.at,
            "quantity": line.quantity,
            "amount": -line.quantity * line.price,
            "currency": self._overview.currency,
        }
        return record_of(EventRecord, said, (row,))


async def _known(connection: AsyncConnection, lines: Iterable[_Line]) -> _Known:
    people = {line.customer for line in lines if line.customer is not None}
    return _Known(
        products=await Catalogue(connection).known({line.item for line in lines}),
        customers=await Customers(connection).present(people),
        orders=await KnownOrders(connection).by_numbers({line.order for line in lines}),
    )


def _name(item: _Item, item_id: str) -> str:
    """The most frequent description; one shouted in capitals is calmed."""
    if not item.names:
        return item_id
    name = min(item.names, key=lambda words: (-item.names[words], words))
    return (string.capwords(name) if name.isupper() else " ".join(name.split()))[:300].rstrip()
