"""Puts the shop's rows into the store, a batch in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.api.rows import CustomerRow, EventRow, OrderRow, ProductRow, Taken
from storage.catalogue import Catalogue, Category, Product
from storage.customers import Consents, Customer, Customers
from storage.events import Events, StoredEvent
from storage.orders import Order, OrderLine, Orders, Parcel, Refund, Scan
from storage.schema import consent
from storage.schema import order as order_table

_NAMED = 20


class BatchRefused(Exception):
    """The batch can't be taken; nothing of it was."""

    def __init__(self, code: str, message: str, where: Sequence[str] = ()) -> None:
        self.code = code
        self.where = list(where)[:_NAMED]
        super().__init__(message)


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


async def take_customers(connection: AsyncConnection, rows: Sequence[CustomerRow], now: datetime) -> Taken:
    """Add customers or bring them up to date; those who had themselves erased stay erased."""
    _each_once(rows, "customers")
    customers = Customers(connection)
    known = await customers.by_ids([row.id for row in rows])
    kept = [row for row in rows if row.id not in known or known[row.id].erased_at is None]
    changed = await customers.put_many([_customer(row, now) for row in kept])
    for row in kept:
        if row.marketing is not None:
            await _take_consent(connection, row.id, row.marketing, row.marketing_at or now, now)
    return Taken(received=len(rows), changed=changed, ignored=len(rows) - len(kept))


async def take_products(connection: AsyncConnection, rows: Sequence[ProductRow], now: datetime) -> Taken:
    """Add products or bring them up to date, with their categories; a new price is kept as a change."""
    _each_once(rows, "products")
    catalogue = Catalogue(connection)
    shelves = {row.category.id: row.category for row in rows if row.category is not None}
    await catalogue.put_categories(
        [Category(id=row.id, name_zh=row.name_zh, name_en=row.name_en) for row in shelves.values()]
    )
    known = await catalogue.by_ids([row.id for row in rows])
    moved = [row for row in rows if row.id in known and known[row.id].list_price != row.list_price]
    for row in moved:
        await catalogue.set_price(row.id, row.list_price, now=now)
    # A row of which the price alone changed is no longer different now.
    alone = [row for row in moved if _same_but_price(_product(row, now), known[row.id])]
    changed = await catalogue.put_many([_product(row, now) for row in rows])
    return Taken(received=len(rows), changed=changed + len(alone))


async def take_orders(connection: AsyncConnection, rows: Sequence[OrderRow], now: datetime) -> Taken:
    """Add orders or bring them up to date, with lines, parcels and refunds.

    Raises:
        BatchRefused: a customer, product or number is unknown or taken.
    """
    _each_once(rows, "orders")
    known = await Customers(connection).by_ids([row.customer_id for row in rows if row.customer_id])
    await _check_references(connection, rows, known)
    await _check_numbers(connection, rows)
    kept = [row for row in rows if row.customer_id is None or known[row.customer_id].erased_at is None]
    changed = await Orders(connection).put_many([_order(row, now) for row in kept])
    return Taken(received=len(rows), changed=changed, ignored=len(rows) - len(kept))


async def take_events(connection: AsyncConnection, rows: Sequence[EventRow], _now: datetime) -> Taken:
    """Append events; one that is there already is the same event."""
    known = await Customers(connection).by_ids({row.customer_id for row in rows})
    erased = {name for name, customer in known.items() if customer.erased_at is not None}
    kept = [StoredEvent(**row.model_dump()) for row in rows if row.customer_id not in erased]
    new = await Events(connection).append(kept)
    return Taken(received=len(rows), changed=new, ignored=len(rows) - len(kept))


async def _take_consent(
    connection: AsyncConnection, customer_id: str, granted: bool, said_at: datetime, now: datetime
) -> None:
    """Add a word to the ledger, unless it is there or a later word was said to the bot."""
    latest = (
        await connection.execute(
            select(consent.c.granted, consent.c.at)
            .where(consent.c.purpose == "marketing", consent.c.customer_id == customer_id)
            .order_by(consent.c.at.desc(), consent.c.granted)
            .limit(1)
        )
    ).one_or_none()
    # A clock that runs ahead must not make a yes that no later no could take back.
    said_at = min(said_at, now)
    if latest is not None and (latest.granted == granted or latest.at > said_at):
        return
    await Consents(connection).record(
        "marketing", granted, source="shop", now=said_at, customer_id=customer_id
    )


async def _check_references(
    connection: AsyncConnection, rows: Sequence[OrderRow], known: dict[str, Customer]
) -> None:
    products = await Catalogue(connection).by_ids({line.product_id for row in rows for line in row.lines})
    missing = [
        f"orders.{place}.customer_id: there is no customer {row.customer_id!r}"
        for place, row in enumerate(rows)
        if row.customer_id is not None and row.customer_id not in known
    ]
    missing += [
        f"orders.{place}.lines.{number}.product_id: there is no product {line.product_id!r}"
        for place, row in enumerate(rows)
        for number, line in enumerate(row.lines)
        if line.product_id not in products
    ]
    if missing:
        raise BatchRefused("unknown_reference", "send customers and products before their orders", missing)


async def _check_numbers(connection: AsyncConnection, rows: Sequence[OrderRow]) -> None:
    wanted = {row.number: row.id for row in rows}
    if len(wanted) < len(rows):
        raise BatchRefused("number_taken", "two orders of the batch have the same number")
    found = await connection.execute(
        select(order_table.c.id, order_table.c.number).where(order_table.c.number.in_(list(wanted)))
    )
    taken = [f"{row.number} belongs to the order {row.id!r}" for row in found if wanted[row.number] != row.id]
    if taken:
        raise BatchRefused("number_taken", "an order's number belongs to another order", taken)


def _each_once(rows: Iterable[_HasId], name: str) -> None:
    twice = [key for key, count in Counter(row.id for row in rows).items() if count > 1]
    if twice:
        raise BatchRefused(
            "twice_in_batch", f"each of the {name} may be in a batch once; send the latest alone", twice
        )


def _customer(row: CustomerRow, now: datetime) -> Customer:
    return Customer(
        id=row.id,
        name=row.name,
        language=row.language,
        time_zone=row.time_zone,
        email=row.email,
        phone=row.phone,
        tier=row.tier,
        points=row.points,
        created_at=row.created_at or now,
    )


def _product(row: ProductRow, now: datetime) -> Product:
    return Product(
        id=row.id,
        code=row.code,
        name_zh=row.name_zh,
        name_en=row.name_en,
        description_zh=row.description_zh,
        description_en=row.description_en,
        category_id=row.category.id if row.category is not None else None,
        brand=row.brand,
        attributes={
            key: {language: list(words) for language, words in shown.items()}
            for key, shown in row.attributes.items()
        },
        list_price=row.list_price,
        # Without a known cost there is no margin to give away.
        cost=row.list_price if row.cost is None else row.cost,
        currency=row.currency,
        stock=row.stock,
        restock_at=row.restock_at,
        picture=row.picture,
        url=row.url,
        active=row.active,
        created_at=now,
        updated_at=now,
    )


def _same_but_price(one: Product, other: Product) -> bool:
    names = [
        name
        for name in Product.__dataclass_fields__
        if name not in ("list_price", "created_at", "updated_at")
    ]
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _order(row: OrderRow, now: datetime) -> Order:
    return Order(
        id=row.id,
        number=row.number,
        customer_id=row.customer_id,
        status=row.status,
        placed_at=row.placed_at,
        paid_at=row.paid_at,
        total=row.total,
        discount=row.discount,
        shipping_fee=row.shipping_fee,
        currency=row.currency,
        payment_method=row.payment_method,
        ship_to={key: value for key, value in row.ship_to.model_dump().items() if value},
        coupon_code=row.coupon_code,
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
