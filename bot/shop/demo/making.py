"""Makes the demo shop: simulates it, and hands it to the intake in one transaction.

Customers and products are told as records. Orders are values that the intake writes with their purchases and returns,
and what else customers did are rows: as records those half a million things would take half a minute more.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.demo import ledger as books
from bot.shop.demo.catalogue import DemoProduct, all_products, categories
from bot.shop.demo.chances import Chances
from bot.shop.demo.orders import DAY, KINDS, NOTHING, EventColumns, Shipping
from bot.shop.demo.simulation import Simulation
from bot.shop.demo.world import DemoCustomer, Market, Traits, demo_customers, draw_traits, open_market, places
from bot.shop.intake.customers import customer_of
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.products import product_of
from bot.shop.intake.purchases import came_back, put_orders
from bot.shop.intake.records import ProductRecord
from kernel.console import Progress, quiet
from kernel.times import from_micros, to_micros, utc_now
from storage import Conflict, Store
from storage.catalogue import Catalogue, Category, Product
from storage.customers import Customer, Customers
from storage.orders import Order
from storage.repository import portions
from storage.schema import (
    budget,
    consent,
    coupon,
    event,
    price_change,
)
from storage.shop import Shop, ShopKind
from storage.upsert import insert_records

DEFAULT_SEED = 20_260_301
CUSTOMERS = 5_000
DAYS = 548
CURRENCY = "CNY"

_EVENT = (
    "id", "kind", "customer_id", "product_id", "order_id", "at", "quantity", "amount", "currency", "value",
    "text", "channel",
)  # fmt: skip
_PRICE_CHANGE = ("product_id", "at", "old_price", "new_price", "currency")
_CONSENT = ("customer_id", "account_id", "purpose", "granted", "source", "at")
_EVENTS_AT_ONCE = 50_000
_ORDERS_AT_ONCE = 2_000
_ROWS_OF_AN_ORDER = 6
# The default of 2 MB would write every index page many times over.
_CACHE_KB = 256_000

Rows = tuple[Table, tuple[str, ...], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoShop:
    """Everything to be written, as the database keeps it."""

    categories: list[Category]
    products: list[Product]
    customers: list[Customer]
    tables: list[Rows]
    """What belongs to them, and the shop's coupons."""
    orders: list[Order]
    events: Rows
    """What is known from the orders is not among them."""


async def make_demo(
    store: Store,
    seed: int = DEFAULT_SEED,
    now: datetime | None = None,
    progress: Progress | None = None,
    *,
    replace: bool = False,
    customers: int = CUSTOMERS,
    days: int = DAYS,
) -> DemoShop:
    """Fill a store with the demo shop; the same seed and moment make the same shop.

    Args:
        now: the end of the shop's history; midnight UTC before this moment by default.
        replace: take out a demo shop that is there already.
        customers: how many there are.
        days: how long the history is; at least 120.

    Raises:
        Conflict: the store holds a real shop, or a demo shop and it isn't to be replaced.
    """
    tell = progress or quiet
    tell("simulating", 0.0)
    moment = now or _midnight()
    made = await asyncio.to_thread(build_demo, seed, moment, customers=customers, days=days)
    tell("writing", 0.25)

    async def write(connection: AsyncConnection) -> None:
        await _make_room(connection, replace)
        await _write(connection, made, moment, tell)

    await store.write(write)
    tell("done", 1.0)
    return made


def build_demo(seed: int, now: datetime, *, customers: int = CUSTOMERS, days: int = DAYS) -> DemoShop:
    """Simulate the shop and make its rows; touches no store."""
    streams = [np.random.default_rng([seed, number]) for number in range(7)]
    start = now - timedelta(days=days)
    catalogue = all_products()
    traits = draw_traits(customers, days, catalogue, streams[0])
    market = open_market(catalogue, start.date(), days, streams[1])
    start_offset = start.hour * 3_600 + start.minute * 60 + start.second
    simulation = Simulation(
        traits, catalogue, market, Shipping(Chances(streams[2])), start_offset, Chances(streams[3])
    )
    simulation.run()
    people = demo_customers(traits, streams[4])
    product_ids = [f"P{1_001 + number}" for number in range(len(catalogue))]
    start_micros = to_micros(start)
    ledger = books.Bookkeeper(product_ids, people, start_micros, days * DAY, streams[5]).write(
        simulation.orders
    )
    columns = simulation.journal.columns(days * DAY)
    joined_at = _joined_micros(traits, columns, start_micros, streams[6])
    customers_ = _customers(traits, people, ledger, joined_at, streams[6], now)
    tables: list[Rows] = [
        (price_change, _PRICE_CHANGE, _price_changes(market, product_ids, start_micros)),
        (consent, _CONSENT, _consents(people, joined_at, to_micros(now), streams[6])),
        (coupon, books.COUPON, books.coupons(people, now)),
        (budget, books.BUDGET, books.budgets(now)),
    ]
    return DemoShop(
        categories=[Category(id=s.id, name_zh=s.name[0], name_en=s.name[1]) for s in categories()],
        products=_products(catalogue, market, product_ids, start, now),
        customers=customers_,
        tables=tables,
        orders=ledger.orders,
        events=(event, _EVENT, _events(columns, catalogue, people, product_ids, ledger, start_micros)),
    )


async def _make_room(connection: AsyncConnection, replace: bool) -> None:
    shop = Shop(connection)
    kind = await shop.kind()
    if kind is ShopKind.REAL:
        raise Conflict("the store holds a real shop; the demo shop would be mixed into it")
    if kind is ShopKind.DEMO:
        if not replace:
            raise Conflict("the store already holds the demo shop")
        await shop.remove_demo()


async def _write(connection: AsyncConnection, made: DemoShop, now: datetime, tell: Progress) -> None:
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KB}")
    else:
        # It counts the rows of a table after a transaction, and would read what is empty to it from end to end.
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    catalogue = Catalogue(connection)
    await catalogue.put_categories(made.categories)
    await catalogue.put_many(made.products)
    await Customers(connection).put_many(made.customers)
    total = sum(len(rows) for *_, rows in (*made.tables, made.events)) + len(made.orders) * _ROWS_OF_AN_ORDER
    written = 0

    def done(rows: int) -> None:
        nonlocal written
        written += rows
        tell("writing", 0.25 + 0.75 * written / total)

    for rows in made.tables:
        await _insert(connection, rows, done)
    for portion in portions(made.orders, _ORDERS_AT_ONCE):
        await put_orders(connection, portion, {}, now)
        done(len(portion) * _ROWS_OF_AN_ORDER)
    await _insert(connection, made.events, done)
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("PRAGMA cache_size = -2000")


async def _insert(connection: AsyncConnection, rows: Rows, done: Callable[[int], None]) -> None:
    table, names, records = rows
    for portion in portions(records, _EVENTS_AT_ONCE):
        await insert_records(connection, table, names, portion)
        done(len(portion))


def _products(
    catalogue: list[DemoProduct], market: Market, ids: list[str], start: datetime, now: datetime
) -> list[Product]:
    found = []
    lines = Counter(item.line for item in catalogue)
    for number, (item, product_id) in enumerate(zip(catalogue, ids, strict=True)):
        launched = int(market.launched[number])
        # What is not new came in over the two years before the window, line by line.
        age = 30 + item.line * 4
        restock = int(market.restock_in[number])
        said = ProductRecord.model_validate(
            {
                "id": product_id,
                "code": item.code,
                "name_zh": item.name[0],
                "name_en": item.name[1],
                "description_zh": item.description[0],
                "description_en": item.description[1],
                "category": {"id": item.category.id},
                "brand": item.brand,
                "group_id": item.code[:-2] if lines[item.line] > 1 else None,
                "options": item.options,
                "attributes": item.attributes,
                "list_price": int(market.price[-1, number]),
                "cost": item.cost,
                "currency": CURRENCY,
                "stock": int(market.stock[number]),
                "restock_at": now + timedelta(days=restock) if restock > 0 else None,
                "picture": f"products/{product_id}.jpg",
                "created_at": start + timedelta(days=launched if launched else -age),
            }
        )
        found.append(replace(product_of(said, None, now), demo=True))
    return found


def _price_changes(market: Market, ids: list[str], start_micros: int) -> list[tuple[Any, ...]]:
    days, products = np.nonzero(np.diff(market.price, axis=0))
    return [
        (
            ids[product],
            start_micros + ((day + 1) * DAY + 3_600) * 1_000_000,
            int(market.price[day, product]),
            int(market.price[day + 1, product]),
            CURRENCY,
        )
        for day, product in zip(days.tolist(), products.tolist(), strict=True)
        if day + 1 > market.launched[product]
    ]


def _joined_micros(
    traits: Traits, columns: EventColumns, start_micros: int, rng: np.random.Generator
) -> list[int]:
    """When customers signed up: on their day, but before the first thing they did."""
    joined = traits.joined * DAY + rng.integers(0, 3_600, len(traits.joined))
    first = np.full(len(joined), np.iinfo(np.int64).max)
    np.minimum.at(first, columns.customer, columns.second)
    seconds = np.minimum(joined, first - 120)
    return [start_micros + second * 1_000_000 for second in seconds.tolist()]


def _customers(
    traits: Traits,
    people: list[DemoCustomer],
    ledger: books.Ledger,
    joined_at: list[int],
    rng: np.random.Generator,
    now: datetime,
) -> list[Customer]:
    fixed_prices_only = (rng.random(len(people)) < 0.03).tolist()
    made = []
    for number, one in enumerate(people):
        spent = ledger.spent.get(number, 0) // 100
        said = CustomerRecord.model_validate(
            {
                "id": one.id,
                "name": one.name,
                "language": one.language,
                "time_zone": places()[one.place].time_zone,
                "email": one.email,
                "phone": one.phone,
                "tier": _tier(spent),
                "points": spent // 10,
                "addresses": {"main": one.ship_to},
                "default_address": "main",
                "created_at": from_micros(joined_at[number]),
            }
        )
        known = customer_of(said, None, now, Defaults())
        made.append(replace(known, personal_prices=not fixed_prices_only[number], demo=True))
    return made


def _tier(spent_yuan: int) -> str:
    if spent_yuan >= 8_000:
        return "platinum"
    if spent_yuan >= 3_000:
        return "gold"
    return "silver" if spent_yuan >= 1_000 else "standard"


def _consents(
    people: list[DemoCustomer], joined_at: list[int], now_micros: int, rng: np.random.Generator
) -> list[tuple[Any, ...]]:
    """Most agree at sign-up to be written to; some take it back."""
    draws = rng.random((len(people), 4)).tolist()
    rows: list[tuple[Any, ...]] = []
    for one, joined, (marketing, profiling, stops, when) in zip(people, joined_at, draws, strict=True):
        rows.append((one.id, None, "marketing", marketing < 0.74, "sign-up", joined))
        rows.append((one.id, None, "profiling", profiling < 0.88, "sign-up", joined))
        if marketing < 0.74 and stops < 0.09:
            at = joined + int((now_micros - joined) * when)
            rows.append((one.id, None, "marketing", False, "unsubscribe link", at))
    return rows


def _events(
    columns: EventColumns,
    catalogue: list[DemoProduct],
    people: list[DemoCustomer],
    product_ids: list[str],
    ledger: books.Ledger,
    start_micros: int,
) -> list[tuple[Any, ...]]:
    """What customers did, save what is known from their orders: purchases, and returns of all that was bought."""
    customer_ids = [one.id for one in people]
    languages = [0 if one.language == "zh" else 1 for one in people]
    words = [(item.noun, item.category.name) for item in catalogue]
    at = (start_micros + columns.second * 1_000_000).tolist()
    value = [None if number != number else number for number in columns.value.tolist()]
    back = {item.id for item in ledger.orders if came_back(item)}
    rows = []
    for index, (kind, who, product, order_, when, quantity, amount, text, stars) in enumerate(
        zip(
            columns.kind.tolist(), columns.customer.tolist(), columns.product.tolist(),
            columns.order.tolist(), at, columns.quantity.tolist(), columns.amount.tolist(),
            columns.text.tolist(), value, strict=True,
        )
    ):  # fmt: skip
        name, order_id = KINDS[kind], None if order_ == NOTHING else ledger.ids[order_]
        if name == "purchase" or (name == "return" and order_id in back):
            continue
        said = None if text == NOTHING else words[text][index % 4 == 0][languages[who]].lower()
        paid = name == "return"
        rows.append(
            (
                f"demo-{index:07}", name, customer_ids[who],
                None if product == NOTHING else product_ids[product], order_id,
                when, quantity, amount if paid else None, CURRENCY if paid else None, stars, said, "shop",
            )
        )  # fmt: skip
    return rows


def _midnight() -> datetime:
    return utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
