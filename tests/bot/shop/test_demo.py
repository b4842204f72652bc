"""The demo shop holds together, has its rhythms, and is the same for the same seed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from bot.shop.demo.making import DemoShop, build_demo, make_demo
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.orders import take_orders
from bot.shop.intake.purchases import events_of
from bot.shop.intake.records import OrderRecord, ParcelRecord, RefundRecord
from kernel.times import from_micros, to_micros
from retention.types import EventKind
from storage import Conflict, Store
from storage.orders import STATUSES, Order, Orders
from storage.repository import portions
from storage.schema import (
    category,
    coupon,
    customer,
    event,
    order,
    order_line,
    parcel,
    parcel_scan,
    price_change,
    product,
    refund,
)
from storage.shop import Shop, ShopKind

NOW = datetime(2026, 4, 15, tzinfo=UTC)
DAY = 86_400_000_000

# Read by many tests, made into dictionaries once.
_ROWS: dict[tuple[int, str], list[dict[str, Any]]] = {}


@pytest.fixture(scope="module")
def demo() -> DemoShop:
    return build_demo(11, NOW, customers=1_200)


def rows(demo: DemoShop, table: Table) -> list[dict[str, Any]]:
    """As the database keeps them."""
    key = (id(demo), table.name)
    if key not in _ROWS:
        _ROWS[key] = [_row(one, more) for one, more in _things(demo, table)]
    return _ROWS[key]


def _things(demo: DemoShop, table: Table) -> Iterator[tuple[Any, dict[str, Any]]]:
    tables = [*demo.tables, demo.events]
    told = [
        dict(zip(names, row, strict=True)) for t, names, records in tables if t is table for row in records
    ]
    match table.name:
        case "customer":
            yield from ((one, {}) for one in demo.customers)
        case "orders":
            yield from ((one, {}) for one in demo.orders)
        case "order_line":
            yield from ((line, {"order_id": one.id}) for one in demo.orders for line in one.lines)
        case "parcel":
            yield from ((box, {"order_id": one.id}) for one in demo.orders for box in one.parcels)
        case "parcel_scan":
            boxes = (box for one in demo.orders for box in one.parcels)
            yield from ((scan, {"parcel_id": box.id}) for box in boxes for scan in box.scans)
        case "refund":
            yield from ((one, {"order_id": item.id}) for item in demo.orders for one in item.refunds)
        case "event":
            yield from ((one, {}) for item in demo.orders for one in events_of(item))
            yield from ((one, {}) for one in told)
        case _:
            yield from ((one, {}) for one in told)


def _row(thing: Any, more: dict[str, Any]) -> dict[str, Any]:
    if isinstance(thing, dict):
        return thing
    values = {one.name: getattr(thing, one.name) for one in fields(thing)}
    return more | {n: to_micros(v) if isinstance(v, datetime) else v for n, v in values.items()}


def test_the_same_seed_and_day_make_the_same_shop() -> None:
    first, again = (build_demo(5, NOW, customers=120, days=150) for _ in range(2))
    assert first.products == again.products
    assert (first.customers, first.orders, first.events) == (again.customers, again.orders, again.events)
    assert [records for _, _, records in first.tables] == [records for _, _, records in again.tables]
    other = build_demo(6, NOW, customers=120, days=150)
    assert other.events != first.events


def test_everything_that_can_say_so_says_that_it_is_a_demo(demo: DemoShop) -> None:
    assert all(item.demo for item in demo.products)
    for table in (customer, order, coupon):
        assert all(row["demo"] for row in rows(demo, table))


def test_nobody_in_it_can_be_reached(demo: DemoShop) -> None:
    for person in rows(demo, customer):
        assert person["email"].endswith("@example.com")
        assert person["phone"].startswith(("1000", "+1555"))


def test_nothing_happens_in_the_future_or_before_somebody_came(demo: DemoShop) -> None:
    now = int(NOW.timestamp() * 1e6)
    joined = {person["id"]: person["created_at"] for person in rows(demo, customer)}
    for happened in rows(demo, event):
        assert joined[happened["customer_id"]] < happened["at"] < now
    assert all(row["placed_at"] < now and row["updated_at"] <= now for row in rows(demo, order))
    assert all(scan["at"] < now for scan in rows(demo, parcel_scan))


def test_kinds_and_statuses_are_the_known_ones(demo: DemoShop) -> None:
    assert {row["kind"] for row in rows(demo, event)} <= {kind.value for kind in EventKind}
    assert {row["status"] for row in rows(demo, order)} <= set(STATUSES)


def test_orders_add_up_and_match_their_purchases(demo: DemoShop) -> None:
    goods: Counter[str] = Counter()
    for line in rows(demo, order_line):
        goods[line["order_id"]] += line["quantity"] * line["unit_price"]
    bought: Counter[str] = Counter()
    buyer: dict[str, str] = {}
    for happened in rows(demo, event):
        if happened["kind"] == "purchase":
            bought[happened["order_id"]] += happened["amount"]
            buyer[happened["order_id"]] = happened["customer_id"]
    for row in rows(demo, order):
        assert row["total"] == goods[row["id"]] - row["discount"] + row["shipping_fee"]
        if row["paid_at"] is None:
            assert row["id"] not in bought
        else:
            assert bought[row["id"]] == goods[row["id"]] - row["discount"]
            assert buyer[row["id"]] == row["customer_id"]


def test_parcels_follow_their_orders_and_scans_their_parcels(demo: DemoShop) -> None:
    orders = {row["id"]: row for row in rows(demo, order)}
    scans = defaultdict(list)
    for scan in rows(demo, parcel_scan):
        scans[scan["parcel_id"]].append(scan["at"])
    for box in rows(demo, parcel):
        assert orders[box["order_id"]]["placed_at"] < box["updated_at"]
        assert orders[box["order_id"]]["status"] not in ("placed", "paid", "cancelled")
        if box["shipped_at"]:
            assert orders[box["order_id"]]["placed_at"] < box["shipped_at"]
        if box["delivered_at"]:
            assert box["shipped_at"] < box["delivered_at"]
        if scans[box["id"]]:
            assert scans[box["id"]] == sorted(scans[box["id"]])
            assert box["updated_at"] == scans[box["id"]][-1]


def test_carriers_and_places_are_named_in_the_customers_language(demo: DemoShop) -> None:
    languages = {row["id"]: row["language"] for row in rows(demo, customer)}
    owners = {row["id"]: languages[row["customer_id"]] for row in rows(demo, order)}
    for row in rows(demo, parcel):
        assert row["carrier"].isascii() == (owners[row["order_id"]] != "zh")
    parcels = {row["id"]: owners[row["order_id"]] for row in rows(demo, parcel)}
    for row in rows(demo, parcel_scan):
        assert row["place"].isascii() == (parcels[row["parcel_id"]] != "zh")


def test_prices_never_fall_below_cost_and_match_their_history(demo: DemoShop) -> None:
    cost = {item.id: item.cost for item in demo.products}
    price = {item.id: item.list_price for item in demo.products}
    latest: dict[str, int] = {}
    for change in rows(demo, price_change):
        assert min(change["old_price"], change["new_price"]) > cost[change["product_id"]]
        assert latest.get(change["product_id"], change["old_price"]) == change["old_price"]
        latest[change["product_id"]] = change["new_price"]
    assert all(price[item] == last for item, last in latest.items())
    assert all(line["unit_price"] > cost[line["product_id"]] for line in rows(demo, order_line))


def test_some_goods_are_sold_out_and_some_of_those_come_back(demo: DemoShop) -> None:
    out = [item for item in demo.products if item.stock == 0]
    assert 10 <= len(out) <= 60
    assert any(item.restock_at for item in out)
    assert any(item.restock_at is None for item in out)
    assert all(item.restock_at is None or item.restock_at > NOW for item in demo.products)
    assert any(item.created_at > NOW - timedelta(days=45) for item in demo.products)


def test_weekends_and_the_great_sales_are_busier(demo: DemoShop) -> None:
    days = Counter(from_micros(row["at"]).date() for row in rows(demo, event) if row["kind"] == "purchase")
    by_weekday: defaultdict[int, list[int]] = defaultdict(list)
    for day, count in days.items():
        by_weekday[day.weekday()].append(count)
    mean = {weekday: sum(counts) / len(counts) for weekday, counts in by_weekday.items()}
    assert min(mean[5], mean[6]) > 1.1 * max(mean[0], mean[1], mean[2])
    singles_day = max(days[day] for day in days if (day.month, day.day) == (11, 11))
    assert singles_day > 3 * sum(days.values()) / len(days)
    by_month = Counter((day.year, day.month) for day in days for _ in range(days[day]))
    assert by_month[2025, 11] > 1.3 * by_month[2026, 2]


def test_what_is_used_up_is_bought_again_in_a_rhythm(demo: DemoShop) -> None:
    moments = defaultdict(list)
    for row in rows(demo, event):
        if row["kind"] == "purchase":
            moments[row["customer_id"], row["product_id"]].append(row["at"] / DAY)
    habits = [times for times in moments.values() if len(times) >= 5]
    assert len(habits) > 300
    steady = 0
    for times in habits:
        gaps = sorted(later - earlier for earlier, later in pairwise(times))
        steady += gaps[-2] < 3 * gaps[len(gaps) // 2]
    assert steady > 0.8 * len(habits)


def test_customers_drift_away_and_more_of_them_after_trouble(demo: DemoShop) -> None:
    """The trouble can be seen in the log; that it was the cause is written nowhere."""
    now = int(NOW.timestamp() * 1e6)
    last_order: dict[str, int] = {}
    count: Counter[str] = Counter()
    for row in rows(demo, order):
        last_order[row["customer_id"]] = max(last_order.get(row["customer_id"], 0), row["placed_at"])
        count[row["customer_id"]] += 1
    regulars = {who for who, number in count.items() if number >= 6}
    drifted = {who for who in regulars if last_order[who] < now - 150 * DAY}
    assert 0.08 < len(drifted) / len(regulars) < 0.5
    troubled = _troubled_at_the_end(demo, last_order)
    share_after_trouble = len(drifted & troubled) / len(regulars & troubled)
    share_without = len(drifted - troubled) / len(regulars - troubled)
    assert share_after_trouble > 1.3 * share_without


def _troubled_at_the_end(demo: DemoShop, last_order: dict[str, int]) -> set[str]:
    """Customers with a complaint, a poor rating or a late parcel within two months of their last order."""
    owner = {row["id"]: row["customer_id"] for row in rows(demo, order)}
    troubled = set()
    for row in rows(demo, event):
        poor = row["kind"] == "complaint" or (row["kind"] == "rating" and row["value"] <= 2)
        if poor and abs(row["at"] - last_order.get(row["customer_id"], 0)) < 60 * DAY:
            troubled.add(row["customer_id"])
    for box in rows(demo, parcel):
        late = box["delivered_at"] and box["delivered_at"] > box["estimated_at"]
        if late and abs(box["delivered_at"] - last_order[owner[box["order_id"]]]) < 60 * DAY:
            troubled.add(owner[box["order_id"]])
    return troubled


def test_there_is_something_to_talk_about(demo: DemoShop) -> None:
    now = int(NOW.timestamp() * 1e6)
    statuses = Counter(row["status"] for row in rows(demo, order))
    assert min(statuses[s] for s in ("paid", "packed", "shipped", "delivered", "cancelled", "returned")) > 0
    on_the_way = [box for box in rows(demo, parcel) if box["shipped_at"] and not box["delivered_at"]]
    assert len(on_the_way) > 20
    assert any(box["estimated_at"] < now for box in on_the_way)
    assert any(box["updated_at"] < now - 4 * DAY for box in on_the_way)
    assert len({row["status"] for row in rows(demo, refund)}) >= 3
    live = [row for row in rows(demo, coupon) if row["valid_from"] < now < row["valid_until"]]
    assert any(row["customer_id"] is None for row in live)
    assert any(row["customer_id"] for row in live)


async def test_it_fits_into_either_database_once(any_store: Store) -> None:
    small: Any = {"customers": 150, "days": 150}
    steps: list[float] = []
    made = await make_demo(any_store, 3, NOW, lambda _what, share: steps.append(share), **small)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    async with any_store.read() as connection:
        for table in (customer, order, parcel_scan, event):
            assert await connection.scalar(select(func.count()).select_from(table)) == len(rows(made, table))
        assert await connection.scalar(select(func.count()).select_from(product)) == len(made.products)
        assert await Shop(connection).kind() is ShopKind.DEMO
    with pytest.raises(Conflict, match="already"):
        await make_demo(any_store, 3, NOW, **small)
    await make_demo(any_store, 4, NOW, replace=True, **small)
    await any_store.write(lambda connection: Shop(connection).remove_demo())
    async with any_store.read() as connection:
        assert await Shop(connection).kind() is ShopKind.EMPTY
        for table in (customer, order, order_line, parcel, parcel_scan, refund, event, product, category):
            assert await connection.scalar(select(func.count()).select_from(table)) == 0


async def test_it_is_what_the_intake_would_make_of_it(store: Store) -> None:
    """Its orders, told anew as a shop would tell them, change nothing, and its log is that of its orders."""
    made = await make_demo(store, 3, NOW, customers=120, days=150)
    async with store.read() as connection:
        ids = list(await connection.scalars(select(order.c.id)))
        before = await Orders(connection).by_ids(ids)
        log = sorted((await connection.execute(select(event.c.id, event.c.amount))).all())
    told = [_told(item) for item in before.values()]
    taken = [
        await store.write(lambda c, part=part: take_orders(c, part, NOW, Defaults()))
        for part in portions(told)
    ]
    assert sum(one.changed for one in taken) == 0
    assert {name for one in taken for name in one.notes} == set()
    assert len(made.orders) == len(told)
    said = [OrderRecord(id=one.id, payment_method="gift card") for one in before.values()]
    for part in portions(said):
        await store.write(lambda c, part=part: take_orders(c, part, NOW, Defaults()))
    async with store.read() as connection:
        assert sorted((await connection.execute(select(event.c.id, event.c.amount))).all()) == log


def _told(item: Order) -> OrderRecord:
    """An order as a shop tells it by the API."""
    said = {name: getattr(item, name) for name in OrderRecord.model_fields if hasattr(item, name)}
    names = "product_id", "quantity", "unit_price"
    said["lines"] = [{name: getattr(line, name) for name in names} for line in item.lines]
    for name, kind in (("parcels", ParcelRecord), ("refunds", RefundRecord)):
        said[name] = [
            {
                one: getattr(part, one)
                for one in kind.model_fields
                if one != "updated_at" and getattr(part, one) is not None
            }
            for part in getattr(item, name)
        ]
    for box in said["parcels"]:
        box["scans"] = [asdict(scan) for scan in box["scans"]]
    return OrderRecord(**{name: value for name, value in said.items() if name != "updated_at"})
