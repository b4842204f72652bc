"""A small shop that the tests of the repositories share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.catalogue import Catalogue, Category, Product
from storage.customers import Customer, Customers
from storage.orders import Order, OrderLine, Orders, Parcel, Refund, Scan

NOW = datetime(2026, 3, 2, 8, 30, 0, 123456, tzinfo=UTC)


def a_customer(customer_id: str = "c1", **values: Any) -> Customer:
    return Customer(**{"id": customer_id, "name": "王小明", "created_at": NOW, **values})


def a_product(product_id: str = "p1", **values: Any) -> Product:
    usual: dict[str, Any] = {
        "id": product_id,
        "code": product_id.upper(),
        "name_zh": "不锈钢电热水壶 1.7升",
        "name_en": "Stainless steel kettle 1.7 L",
        "category_id": "kitchen",
        "brand": "Hearthline",
        "attributes": {"colour": {"zh": ["颜色", "红色"], "en": ["Colour", "red"]}},
        "list_price": 19_900,
        "cost": 9_000,
        "currency": "CNY",
        "stock": 5,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Product(**{**usual, **values})


def an_order(order_id: str = "o1", **values: Any) -> Order:
    usual: dict[str, Any] = {
        "id": order_id,
        "number": f"10{order_id}",
        "customer_id": "c1",
        "status": "shipped",
        "placed_at": NOW - timedelta(days=3),
        "total": 19_900,
        "currency": "CNY",
        "ship_to": {"recipient": "王小明", "phone": "13800001234"},
        "updated_at": NOW,
        "lines": (OrderLine(product_id="p1", quantity=1, unit_price=19_900),),
        "parcels": (
            Parcel(
                id=f"{order_id}-1",
                carrier="Swift Parcel",
                tracking_number="SP1",
                status="in_transit",
                shipped_at=NOW - timedelta(days=2),
                updated_at=NOW - timedelta(hours=5),
                scans=(
                    Scan(at=NOW - timedelta(days=2), place="杭州", text_zh="已揽收", text_en="Picked up"),
                    Scan(at=NOW - timedelta(hours=5), place="上海", text_zh="到达", text_en="Arrived"),
                ),
            ),
        ),
        "refunds": (
            Refund(id=f"{order_id}-r", amount=500, currency="CNY", status="approved", requested_at=NOW),
        ),
    }
    return Order(**{**usual, **values})


async def stock_shop(connection: AsyncConnection) -> None:
    """One customer, three products on two shelves, one order."""
    await Customers(connection).put_many([a_customer()])
    catalogue = Catalogue(connection)
    await catalogue.put_categories(
        [
            Category(id="kitchen", name_zh="厨房电器", name_en="Kitchen appliances"),
            Category(id="tea", name_zh="茶叶", name_en="Tea"),
        ]
    )
    await catalogue.put_many(
        [
            a_product(),
            a_product("p2", name_zh="玻璃电热水壶", name_en="Glass kettle", list_price=9_900, stock=0),
            a_product(
                "p3",
                name_zh="西湖龙井 250克",
                name_en="Longjing green tea 250 g",
                category_id="tea",
                attributes={},
            ),
        ]
    )
    await Orders(connection).put_many([an_order()])
