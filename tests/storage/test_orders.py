"""Orders with all that belongs to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from storage import Store
from storage.orders import OrderLine, Orders, Refund
from tests.storage.shop import NOW, an_order, stock_shop


async def test_an_order_comes_back_whole(any_store: Store) -> None:
    await any_store.write(stock_shop)
    async with any_store.read() as connection:
        found = await Orders(connection).by_number(" #10O1 ")
    assert found is not None
    named = OrderLine(
        product_id="p1",
        quantity=1,
        unit_price=19_900,
        name_zh="不锈钢电热水壶 1.7升",
        name_en="Stainless steel kettle 1.7 L",
    )
    assert found == replace(an_order(), lines=(named,))
    last = found.parcels[0].last_scan
    assert last is not None
    assert last.text("zh") == "到达"
    assert last.text("en") == "Arrived"


async def test_no_such_order(any_store: Store) -> None:
    async with any_store.read() as connection:
        assert await Orders(connection).by_number("999") is None
        assert await Orders(connection).get("999") is None
        assert await Orders(connection).by_customer("nobody") == []


async def test_a_customers_orders_come_newest_first(any_store: Store) -> None:
    await any_store.write(stock_shop)
    newer = [
        an_order(f"n{i}", placed_at=NOW + timedelta(hours=i), parcels=(), refunds=()) for i in range(150)
    ]
    assert await any_store.write(lambda c: Orders(c).put_many(newer)) == 150
    async with any_store.read() as connection:
        found = await Orders(connection).by_customer("c1", limit=2)
    assert [item.id for item in found] == ["n149", "n148"]
    assert len(found[0].lines) == 1


async def test_putting_an_order_again_replaces_its_lines(any_store: Store) -> None:
    await any_store.write(stock_shop)
    assert await any_store.write(lambda c: Orders(c).put_many([an_order()])) == 0
    changed = an_order(lines=(OrderLine(product_id="p2", quantity=3, unit_price=9_900),), status="delivered")
    assert await any_store.write(lambda c: Orders(c).put_many([changed])) == 1
    async with any_store.read() as connection:
        found = await Orders(connection).get("o1")
    assert found is not None
    assert [(line.product_id, line.quantity) for line in found.lines] == [("p2", 3)]
    assert found.status == "delivered"
    assert len(found.parcels[0].scans) == 2


async def test_status_address_and_refund_change(any_store: Store) -> None:
    await any_store.write(stock_shop)
    paid = Refund(
        id="o1-r", amount=500, currency="CNY", status="paid", requested_at=NOW, paid_at=NOW, paid_to="card"
    )
    changed = an_order(status="cancelled", ship_to={"city": "上海"}, refunds=(paid,))
    await any_store.write(lambda c: Orders(c).put_many([changed]))
    async with any_store.read() as connection:
        found = await Orders(connection).get("o1")
    assert found is not None
    assert (found.status, found.ship_to, found.refunds) == ("cancelled", {"city": "上海"}, (paid,))
