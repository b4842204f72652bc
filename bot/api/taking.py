"""Puts the shop's rows into the store, a batch in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.api.rows import (
    CodeNotRedeemed,
    CustomerRow,
    EventRow,
    EventsTaken,
    OrderRow,
    OrdersTaken,
    ProductRow,
    Taken,
)  # fmt: skip
from bot.shop.intake import put_events, put_orders
from storage.catalogue import Catalogue, Category, Product
from storage.customers import Consents, Customer, Customers
from storage.erased import SOURCE, Erased
from storage.events import StoredEvent
from storage.orders import KnownOrders, Order, OrderLine, Parcel, Refund, Scan
from storage.schema import consent

_NAMED = 20


class BatchRefused(Exception):
    """The batch can't be taken; nothing of it was."""

    def __init__(self, code: str, message: str, where: Sequence[str] = ()) -> None:
        self.code = code
        self.where = list(where)[:_NAMED]
        super().__init__(message)


async def take_customers(connection: AsyncConnection, rows: Sequence[CustomerRow], now: datetime) -> Taken:
    """Add customers or bring them up to date; those who had themselves erased stay erased."""
    _each_once(rows, "customers")
    erased = await Erased(connection).customers(row.id for row in rows)
    kept = [row for row in rows if row.id not in erased]
    changed = await Customers(connection).put_many([_customer(row, now) for row in kept])
    for row in kept:
        if row.marketing is not None:
            await _take_consent(connection, row.id, row.marketing, row.marketing_at, now)
    return Taken(received=len(rows), changed=changed, ignored=len(rows) - len(kept))


async def take_products(connection: AsyncConnection, rows: Sequence[ProductRow], now: datetime) -> Taken:
    """Add products or bring them up to date, with their categories; a new price is kept as a change."""
    _each_once(rows, "products")
    catalogue = Catalogue(connection)
    categories = {row.category.id: row.category for row in rows if row.category is not None}
    await catalogue.put_categories(
        [Category(id=row.id, name_zh=row.name_zh, name_en=row.name_en) for row in categories.values()]
    )
    known = await catalogue.by_ids([row.id for row in rows])
    moved = [row for row in rows if row.id in known and known[row.id].list_price != row.list_price]
    for row in moved:
        await catalogue.set_price(row.id, row.list_price, now=now)
    # A row of which the price alone changed is no longer different now.
    alone = [row for row in moved if _same_but_price(_product(row, now), known[row.id])]
    changed = await catalogue.put_many([_product(row, now) for row in rows])
    return Taken(received=len(rows), changed=changed + len(alone))


async def take_orders(connection: AsyncConnection, rows: Sequence[OrderRow], now: datetime) -> OrdersTaken:
    """Add orders or bring them up to date, with lines, parcels and refunds, their purchases and their codes.

    Raises:
        BatchRefused: a customer, product or number is unknown or taken.
    """
    _each_once(rows, "orders")
    erased = await Erased(connection).customers(row.customer_id for row in rows)
    sold = await Erased(connection).orders({row.id: row.number for row in rows})
    kept = {row.id: row for row in rows if row.customer_id not in erased and row.id not in sold}
    await _check_references(connection, rows, kept)
    await _settle_numbers(connection, list(kept.values()))
    put = await put_orders(connection, [_order(row, now) for row in kept.values()], now)
    return OrdersTaken(
        received=len(rows),
        changed=put.changed,
        ignored=len(rows) - len(kept),
        codes=[CodeNotRedeemed.model_validate(one, from_attributes=True) for one in put.codes.refused],
    )


async def take_events(connection: AsyncConnection, rows: Sequence[EventRow], _now: datetime) -> EventsTaken:
    """Append events; one that is there already, or that is known from its order, is the same event."""
    put = await put_events(connection, [StoredEvent(**row.model_dump()) for row in rows])
    return EventsTaken(received=len(rows), changed=put.new, ignored=put.of_erased, of_orders=put.of_orders)


async def _take_consent(
    connection: AsyncConnection, customer_id: str, granted: bool, said_at: datetime | None, now: datetime
) -> None:
    """Add a word to the ledger, unless it is there or a later word was said to the bot.

    A yes without its time is no word of somebody who was erased: it may be what they had taken back.
    """
    latest = (
        await connection.execute(
            select(consent.c.granted, consent.c.at, consent.c.source)
            .where(consent.c.purpose == "marketing", consent.c.customer_id == customer_id)
            .order_by(consent.c.at.desc(), consent.c.granted)
            .limit(1)
        )
    ).one_or_none()
    if latest is not None and latest.source == SOURCE and said_at is None:
        return
    # A clock that runs ahead must not make a yes that no later no could take back.
    said_at = min(said_at or now, now)
    if latest is not None and (latest.granted == granted or latest.at > said_at):
        return
    await Consents(connection).record(
        "marketing", granted, source="shop", now=said_at, customer_id=customer_id
    )


async def _check_references(
    connection: AsyncConnection, rows: Sequence[OrderRow], kept: Mapping[str, OrderRow]
) -> None:
    """See that customers and products are here. Those of rows that are not kept don't matter."""
    named = {row.customer_id for row in kept.values() if row.customer_id is not None}
    customers = await Customers(connection).present(named)
    products = await Catalogue(connection).known({line.product_id for row in rows for line in row.lines})
    places = [(place, row) for place, row in enumerate(rows) if row.id in kept]
    missing = [
        f"orders.{place}.customer_id: there is no customer {row.customer_id!r}"
        for place, row in places
        if row.customer_id is not None and row.customer_id not in customers
    ]
    missing += [
        f"orders.{place}.lines.{number}.product_id: there is no product {line.product_id!r}"
        for place, row in places
        for number, line in enumerate(row.lines)
        if line.product_id not in products
    ]
    if missing:
        raise BatchRefused("unknown_reference", "send customers and products before their orders", missing)


async def _settle_numbers(connection: AsyncConnection, rows: Sequence[OrderRow]) -> None:
    """See that no two orders have one number. An import knows orders by their numbers alone: those get their ids."""
    wanted = {row.number: row.id for row in rows}
    if len(wanted) < len(rows):
        raise BatchRefused("number_taken", "two orders of the batch have the same number")
    orders = KnownOrders(connection)
    others = {
        number: one.id
        for number, one in (await orders.by_numbers(wanted)).items()
        if one.id != wanted[number]
    }
    there = await orders.by_ids({wanted[number] for number in others})
    taken = [
        f"{number} belongs to the order {other!r}"
        for number, other in others.items()
        if other != number or wanted[number] in there
    ]
    if taken:
        raise BatchRefused("number_taken", "an order's number belongs to another order", taken)
    await orders.give_ids({number: wanted[number] for number in others})


def _each_once(rows: Iterable[Any], name: str) -> None:
    twice = [key for key, count in Counter(row.id for row in rows).items() if count > 1]
    if twice:
        raise BatchRefused(
            "twice_in_batch", f"each of the {name} may be in a batch once; send the latest alone", twice
        )


def _customer(row: CustomerRow, now: datetime) -> Customer:
    known = row.model_dump(exclude={"created_at", "marketing", "marketing_at"})
    return Customer(**known, created_at=row.created_at or now)


def _product(row: ProductRow, now: datetime) -> Product:
    attributes: Any = {
        key: {language: list(words) for language, words in shown.items()}
        for key, shown in row.attributes.items()
    }
    return Product(
        **row.model_dump(exclude={"category", "cost", "attributes"}),
        category_id=row.category.id if row.category is not None else None,
        attributes=attributes,
        # Without a known cost there is no margin to give away.
        cost=row.list_price if row.cost is None else row.cost,
        created_at=now,
        updated_at=now,
    )


def _same_but_price(one: Product, other: Product) -> bool:
    same = {name: getattr(other, name) for name in ("list_price", "created_at", "updated_at")}
    return replace(one, **same) == other


def _order(row: OrderRow, now: datetime) -> Order:
    return Order(
        **row.model_dump(exclude={"ship_to", "lines", "parcels", "refunds"}),
        ship_to={key: value for key, value in row.ship_to.model_dump().items() if value},
        updated_at=now,
        lines=tuple(OrderLine(**line.model_dump()) for line in row.lines),
        parcels=tuple(
            Parcel(
                **parcel.model_dump(exclude={"scans"}),
                scans=tuple(Scan(**scan.model_dump()) for scan in parcel.scans),
            )
            for parcel in row.parcels
        ),
        refunds=tuple(Refund(**refund.model_dump()) for refund in row.refunds),
    )
