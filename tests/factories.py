"""Small makers of rows, so that a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import erasure
from storage.catalogue import Catalogue, Product
from storage.customers import Accounts, Consents, Customer, Customers
from storage.events import Events, StoredEvent
from storage.person import find_customer
from storage.schema import budget
from storage.scores import Score, Scores

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""


async def add_customer(
    connection: AsyncConnection,
    customer_id: str = "c1",
    *,
    language: str = "zh",
    time_zone: str = "Asia/Shanghai",
    marketing: bool | None = True,
    telegram: str | None = None,
    risk: float | None = None,
    personal_prices: bool = True,
) -> None:
    """A customer with a word on marketing, perhaps a linked Telegram account and a churn score."""
    await Customers(connection).put_many(
        [
            Customer(
                id=customer_id,
                name=f"Name {customer_id}",
                language=language,
                time_zone=time_zone,
                personal_prices=personal_prices,
                created_at=NOW - timedelta(days=400),
            )
        ]
    )
    if marketing is not None:
        await Consents(connection).record(
            "marketing", marketing, source="test", now=NOW - timedelta(days=30), customer_id=customer_id
        )
    if telegram is not None:
        account = await Accounts(connection).get_or_create(
            "telegram", telegram, name="", language=language, now=NOW
        )
        await Accounts(connection).link(account.id, customer_id, "deep_link", NOW)
    if risk is not None:
        await add_score(connection, customer_id, risk)


async def add_score(
    connection: AsyncConnection, customer_id: str, risk: float, expected_value: int | None = None
) -> None:
    """A churn score; above 0.7 it is in the band `high`."""
    await Scores(connection).replace(
        [
            Score(
                customer_id=customer_id,
                kind="churn",
                value=risk,
                band="high" if risk > 0.7 else "low",
                reasons=[],
                policy="test",
                as_of=NOW,
                expected_value=expected_value,
                currency=None if expected_value is None else "CNY",
            )
        ]
    )


async def add_product(
    connection: AsyncConnection,
    product_id: str = "p1",
    *,
    list_price: int = 10_000,
    cost: int = 5_000,
    stock: int = 10,
    active: bool = True,
) -> None:
    """A product in CNY."""
    await Catalogue(connection).put_many(
        [
            Product(
                id=product_id,
                code=product_id.upper(),
                name_zh=f"商品 {product_id}",
                name_en=f"Product {product_id}",
                list_price=list_price,
                cost=cost,
                currency="CNY",
                stock=stock,
                active=active,
                created_at=NOW - timedelta(days=200),
                updated_at=NOW,
            )
        ]
    )


async def add_purchase(
    connection: AsyncConnection, customer_id: str, product_id: str, at: datetime, amount: int = 10_000
) -> None:
    """A purchase event."""
    await Events(connection).append(
        [
            StoredEvent(
                id=f"{customer_id}-{product_id}-{at.timestamp()}",
                kind="purchase",
                customer_id=customer_id,
                product_id=product_id,
                at=at,
                amount=amount,
                currency="CNY",
            )
        ]
    )


async def add_budget(
    connection: AsyncConnection, total: int, budget_id: str = "b1", now: datetime = NOW
) -> None:
    """A discount budget that runs now."""
    await connection.execute(
        insert(budget).values(
            id=budget_id,
            total=total,
            reserved=0,
            currency="CNY",
            starts_at=now - timedelta(days=30),
            ends_at=now + timedelta(days=30),
        )
    )


async def erase_customer(connection: AsyncConnection, customer_id: str, now: datetime = NOW) -> None:
    """Have a customer erased."""
    await erasure.erase(connection, await find_customer(connection, customer_id), now)
