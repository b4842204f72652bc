"""Imports of a row a record: customers, products with their categories, events."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.fields import ATTRIBUTE
from bot.shop.importing.rows import BadRow, Flushed, Options, RowImport, Written
from bot.shop.intake import event_id, put_events
from bot.shop.pictures import drawn_picture
from kernel.times import to_micros
from retention.logs.columns import KINDS
from retention.types import EventKind
from storage.catalogue import Catalogue, Category, Product
from storage.customers import Customer, Customers
from storage.erased import Erased
from storage.events import StoredEvent
from storage.repository import portions
from storage.schema import consent
from storage.upsert import insert_records

_SOURCE = "import"


class CustomerImport(RowImport):
    """Adds customers and brings them up to date; what a customer has said about consent is never overruled."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._taken: dict[str, Customer] = {}
        self._marketing: dict[str, bool] = {}

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        customer_id = row["customer"]
        self._taken[customer_id] = Customer(
            id=customer_id,
            name=(row.get("name") or "")[:200],
            language=row.get("language") or self._options.language,
            time_zone=row.get("time_zone") or self._options.zone.key,
            email=row.get("email"),
            phone=row.get("phone"),
            tier=(row.get("tier") or "standard")[:30],
            points=row.get("points") or 0,
            created_at=row.get("created") or self._options.now,
        )
        if row.get("marketing") is not None:
            self._marketing[customer_id] = row["marketing"]

    async def flush(self, connection: AsyncConnection, last: bool) -> Flushed:
        erased = await Erased(connection).customers(self._taken)
        kept = [one for one in self._taken.values() if one.id not in erased]
        written = Written(customers=await Customers(connection).put_many(kept))
        written["consents"] = await self._consents(connection, erased)
        self._taken, self._marketing = {}, {}
        return Flushed(written=written, ignored=len(erased))

    async def _consents(self, connection: AsyncConnection, erased: set[str]) -> int:
        """Only for those of whom the ledger knows nothing yet."""
        known: set[str | None] = {*erased}
        said = select(consent.c.customer_id).where(consent.c.purpose == "marketing")
        for people in portions(self._marketing):
            known |= set(await connection.scalars(said.where(consent.c.customer_id.in_(people))))
        records = [
            (who, "marketing", granted, _SOURCE, to_micros(self._options.now))
            for who, granted in self._marketing.items()
            if who not in known
        ]
        return await insert_records(
            connection, consent, ("customer_id", "purpose", "granted", "source", "at"), records
        )


_ADDRESS = re.compile(r"https?://\S{1,2000}")
_BELOW_MEDIA = re.compile(r"(?<![\w/-])[\w-]++(/[\w-]++)*+\.(jpg|jpeg|png|webp)", re.IGNORECASE | re.ASCII)


class ProductImport(RowImport):
    """Adds products and brings them up to date."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._taken: dict[str, Product] = {}
        self._categories: dict[str, Category] = {}

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        price = row["price"]
        if price <= 0:
            raise BadRow("the price is not above 0")
        item = row["item"]
        name_zh, name_en = _names(row)
        category_id = self._category(row)
        self._taken[item] = Product(
            id=item,
            code=row.get("code") or item,
            name_zh=name_zh,
            name_en=name_en,
            description_zh=row.get("description_zh") or row.get("description_en") or "",
            description_en=row.get("description_en") or row.get("description_zh") or "",
            category_id=category_id,
            brand=(row.get("brand") or "")[:100],
            attributes=_attributes(row),
            list_price=price,
            cost=self._cost(price, row.get("cost")),
            currency=self._options.currency,
            stock=self._stock(row.get("stock")),
            picture=_picture(row.get("picture")) or drawn_picture(item),
            url=_address(row.get("url")),
            active=row.get("active") is not False,
            created_at=row.get("created") or self._options.now,
            updated_at=self._options.now,
        )

    async def flush(self, connection: AsyncConnection, last: bool) -> Flushed:
        catalogue = Catalogue(connection)
        written = Written(categories=await catalogue.put_categories(list(self._categories.values())))
        written["products"] = await catalogue.put_many(list(self._taken.values()))
        self._taken, self._categories = {}, {}
        return Flushed(written=written)

    def _category(self, row: Mapping[str, Any]) -> str | None:
        category_id = row.get("category") or row.get("category_en") or row.get("category_zh")
        if category_id is None:
            return None
        self._categories[category_id] = Category(
            id=category_id,
            name_zh=(row.get("category_zh") or category_id)[:200],
            name_en=(row.get("category_en") or category_id)[:200],
        )
        return str(category_id)

    def _cost(self, price: int, cost: int | None) -> int:
        if cost is None:
            return round(price * (1 - self._options.margin))
        if cost < 0:
            raise BadRow("the cost is below 0")
        return cost

    def _stock(self, stock: int | None) -> int:
        if stock is None:
            return self._options.stock
        # Some systems count what is sold but not yet there as less than nothing.
        return max(stock, 0)


def _names(row: Mapping[str, Any]) -> tuple[str, str]:
    name = row.get("name")
    zh, en = (
        row.get("name_zh") or name or row.get("name_en"),
        row.get("name_en") or name or row.get("name_zh"),
    )
    if zh is None or en is None:
        raise BadRow("the product has no name")
    return zh[:300], en[:300]


def _attributes(row: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for name, value in row.items():
        if name.startswith(ATTRIBUTE) and value is not None:
            label = name.removeprefix(ATTRIBUTE)
            pair = [label, value[:300]]
            found[label.lower()] = {"zh": pair, "en": pair}
    return found


def _picture(picture: str | None) -> str | None:
    if picture is None:
        return None
    if _ADDRESS.fullmatch(picture) or _BELOW_MEDIA.fullmatch(picture):
        return picture
    raise BadRow("the picture is neither an address nor a path below the media folder")


def _address(url: str | None) -> str | None:
    if url is not None and not _ADDRESS.fullmatch(url):
        raise BadRow("the link is no address that begins with http")
    return url


_OF_A_PRODUCT = frozenset({"view", "cart", "purchase", "return", "rating"})
_WITH_MONEY = frozenset({"purchase", "return"})


class EventImport(RowImport):
    """Adds events; the same facts are the same event."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._taken: list[StoredEvent] = []

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        kind = KINDS.get(row["kind"].lower())
        if kind is None:
            raise BadRow(f"{row['kind'][:40]!r} is no kind of event; there are {', '.join(EventKind)}")
        if kind in _OF_A_PRODUCT and row.get("item") is None:
            raise BadRow(f"a {kind} names a product")
        quantity = row.get("quantity")
        quantity = 1 if quantity is None else abs(quantity)
        if quantity == 0:
            raise BadRow("the quantity is 0")
        amount = row.get("amount")
        if amount is not None and kind == "return":
            amount = -abs(amount)
        self._taken.append(
            StoredEvent(
                id=_id(kind, row, quantity, amount),
                kind=kind,
                customer_id=row["customer"],
                product_id=row.get("item"),
                order_id=row.get("order"),
                at=row["time"],
                quantity=quantity,
                amount=amount,
                currency=self._options.currency if kind in _WITH_MONEY else None,
                value=_value(kind, row.get("value")),
                text=row.get("text"),
                channel=(row.get("channel") or "shop")[:30],
            )
        )

    async def flush(self, connection: AsyncConnection, last: bool) -> Flushed:
        put = await put_events(connection, self._taken)
        self._taken = []
        notes = {"purchases and returns of orders that are here: the orders count": put.of_orders}
        return Flushed(written=Written(events=put.new), ignored=put.of_erased, notes=Counter(notes))


def _id(kind: str, row: Mapping[str, Any], quantity: int, amount: int | None) -> str:
    if row.get("id") is not None:
        return str(row["id"])
    facts = (row["customer"], row.get("item"), row.get("order"), row["time"], quantity, amount)
    return event_id(kind, *facts, row.get("value"), row.get("text"))


def _value(kind: str, value: float | None) -> float | None:
    if kind == "rating":
        if value is None or not 1 <= value <= 5:
            raise BadRow("a rating is from 1 to 5 stars")
        return value
    return value if value is None or -1 <= value <= 1 else None
