"""The demo shop holds together, has its rhythms, and is the same for the same seed."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from bot.shop.demo.making import DemoShop, build_demo, make_demo
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.orders import take_orders
from bot.shop.intake.records import OrderRecord
from kernel.times import from_micros
from retention.types import EventKind
from storage import Conflict, Store
from storage.orders import STATUSES
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
    key = (id(demo), table.name)
    if key not in _ROWS:
        _ROWS[key] = [
            dict(zip(names, row, strict=True))
            for t, names, records in demo.tables
            if t is table
            for row in records
        ]
    return _ROWS[key]


def test_the_same_seed_and_day_make_the_same_shop() -> None:
    first, again = (build_demo(5, NOW, customers=120, days=150) for _ in range(2))
    assert first.products == again.products
    assert [records for _, _, records in first.tables] == [records for _, _, records in again.tables]
    other = build_demo(6, NOW, customers=120, days=150)
    assert other.tables[-1] != first.tables[-1]


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
        if row["status"] == "cancelled":
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
            assert await connection.scalar(select(func.count()).select_from(table)) == sum(
                len(rows) for other, _, rows in made.tables if other is table
            )
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


async def test_what_is_said_of_its_orders_later_counts_no_purchase_twice(store: Store) -> None:
    await make_demo(store, 3, NOW, customers=120, days=150)
    async with store.read() as connection:
        delivered = select(order.c.id).where(order.c.status == "delivered").limit(20)
        ids = list(await connection.scalars(delivered))
        before = sorted((await connection.execute(select(event.c.id, event.c.amount))).all())
    said = [OrderRecord(id=name, payment_method="gift card") for name in ids]
    taken = await store.write(lambda c: take_orders(c, said, NOW, Defaults()))
    assert taken.changed == 20
    async with store.read() as connection:
        assert sorted((await connection.execute(select(event.c.id, event.c.amount))).all()) == before
