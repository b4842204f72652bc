"""A small shop for conversations: two customers, four products, orders in every state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.catalogue import Catalogue, Category, Product
from storage.customers import Customer, Customers
from storage.orders import Order, OrderLine, Orders, Parcel, Refund, Scan

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
"""Wednesday 10:00 in Shanghai."""

ADDRESS = {"recipient": "王小明", "phone": "13800005678", "city": "杭州", "line": "文三路 1 号"}


async def fill(connection: AsyncConnection) -> None:
    """Write the shop into an empty store."""
    await Catalogue(connection).put_categories([Category(id="tea", name_zh="茶", name_en="Tea")])
    await Catalogue(connection).put_many(
        [
            _product("p1", "龙井茶", "Longjing Tea", 12800, 30),
            _product("p2", "陶瓷杯", "Ceramic Cup", 4500, 3),
            _product("p3", "竹茶盘", "Bamboo Tray", 9900, 0, restock_at=NOW + timedelta(days=6)),
            _product("p4", "旧茶壶", "Old Teapot", 19900, 9, active=False),
        ]
    )
    await Customers(connection).put_many(
        [
            Customer(
                id="c1",
                name="王小明",
                email="ming@example.com",
                phone="13800005678",
                tier="gold",
                points=320,
                created_at=NOW - timedelta(days=400),
            ),
            Customer(
                id="c2",
                name="Ann",
                language="en",
                time_zone="Europe/London",
                phone="+447700900123",
                created_at=NOW - timedelta(days=90),
            ),
        ]
    )
    await Orders(connection).put_many(
        [
            _order("o1", "A1024", "c1", "shipped", days=4, parcels=(_parcel("x1"),)),
            _order("o2", "A1019", "c1", "delivered", days=20, parcels=(_parcel("x2", delivered=True),)),
            _order("o3", "B2001", "c2", "paid", days=1),
        ]
    )


async def add_order(
    connection: AsyncConnection, order_id: str, number: str, status: str, **more: object
) -> None:
    """Another order of the first customer."""
    refunds = more.get("refunds", ())
    late = bool(more.get("late", False))
    parcels = (_parcel(f"x-{order_id}", late=late, old=bool(more.get("old", False))),) if late else ()
    await Orders(connection).put_many(
        [_order(order_id, number, "c1", status, days=2, parcels=parcels, refunds=refunds)]  # type: ignore[arg-type]
    )


def refund(status: str) -> Refund:
    """A refund asked for two days ago."""
    return Refund(
        id=f"r-{status}",
        amount=4500,
        currency="CNY",
        status=status,
        requested_at=NOW - timedelta(days=2),
        paid_at=NOW - timedelta(days=1) if status == "paid" else None,
        paid_to="微信支付" if status == "paid" else "",
    )


def _product(
    product_id: str,
    name_zh: str,
    name_en: str,
    price: int,
    stock: int,
    *,
    restock_at: datetime | None = None,
    active: bool = True,
) -> Product:
    return Product(
        id=product_id,
        code=product_id.upper(),
        name_zh=name_zh,
        name_en=name_en,
        description_zh=f"{name_zh}，很好。",
        description_en=f"A good {name_en}.",
        category_id="tea",
        attributes={"material": {"zh": ["材质", "陶"], "en": ["Material", "clay"]}},
        list_price=price,
        cost=price // 2,
        currency="CNY",
        stock=stock,
        restock_at=restock_at,
        active=active,
        created_at=NOW,
        updated_at=NOW,
    )


def _parcel(parcel_id: str, *, delivered: bool = False, late: bool = False, old: bool = False) -> Parcel:
    seen = NOW - (timedelta(days=3) if old else timedelta(hours=5))
    return Parcel(
        id=parcel_id,
        carrier="顺丰",
        tracking_number="SF100200300",
        tracking_url="https://carrier.example/SF100200300",
        status="delivered" if delivered else "in_transit",
        shipped_at=NOW - timedelta(days=3),
        estimated_at=NOW - timedelta(days=2) if late else NOW + timedelta(days=1),
        delivered_at=NOW - timedelta(days=15) if delivered else None,
        updated_at=seen,
        scans=(Scan(at=seen, place="杭州", text_zh="已到达分拨中心", text_en="Arrived at the hub"),),
    )


def _order(
    order_id: str,
    number: str,
    customer_id: str,
    status: str,
    *,
    days: int,
    parcels: tuple[Parcel, ...] = (),
    refunds: tuple[Refund, ...] = (),
) -> Order:
    return Order(
        id=order_id,
        number=number,
        customer_id=customer_id,
        status=status,
        placed_at=NOW - timedelta(days=days),
        total=17300,
        currency="CNY",
        ship_to=ADDRESS if customer_id == "c1" else {"phone": "+447700900123"},
        updated_at=NOW,
        lines=(
            OrderLine(product_id="p1", quantity=1, unit_price=12800),
            OrderLine(product_id="p2", quantity=1, unit_price=4500),
        ),
        parcels=parcels,
        refunds=refunds,
    )


async def add_older_orders(connection: AsyncConnection) -> None:
    """Three of six weeks ago."""
    orders = Orders(connection)
    delivered = await orders.get("o2")
    assert delivered is not None
    more = [
        replace(
            delivered,
            id=f"old{number}",
            number=f"A100{number}",
            placed_at=NOW - timedelta(days=40 + number),
            parcels=(),
        )
        for number in range(3)
    ]
    await orders.put_many(more)
