"""The history that leaves the store is the one that is in it, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.history import read_history
from storage import Store
from storage.columns import to_micros
from storage.events import Events, StoredEvent
from storage.schema import category, customer, product
from tests.factories import NOW, add_customer, add_product


async def _shop(connection: AsyncConnection) -> None:
    await connection.execute(insert(category).values(id="snacks", name_zh="零食", name_en="Snacks"))
    await add_product(connection, "p1")
    await add_product(connection, "p2", active=False)
    await connection.execute(
        update(product)
        .where(product.c.id == "p1")
        .values(category_id="snacks", attributes={"size": {"zh": ["规格", "大"], "en": ["Size", "large"]}})
    )
    await add_customer(connection, "c1")
    await add_customer(connection, "gone")
    await connection.execute(update(customer).where(customer.c.id == "gone").values(erased_at=NOW))
    await Events(connection).append(
        [
            # The first rows of a column are empty: its type must not be guessed from them.
            *(
                StoredEvent(id=f"v{n}", kind="view", customer_id="c1", at=NOW - timedelta(days=9 - n))
                for n in range(5)
            ),
            StoredEvent(
                id="b",
                kind="purchase",
                customer_id="c1",
                product_id="p1",
                order_id="o1",
                at=NOW,
                quantity=2,
                amount=19_900,
                currency="CNY",
            ),
            StoredEvent(id="r", kind="rating", customer_id="c1", product_id="p1", at=NOW, value=4.5),
            StoredEvent(id="s", kind="search", customer_id="c1", at=NOW, text="海盐 chocolate"),
            StoredEvent(id="late", kind="view", customer_id="c1", at=NOW + timedelta(seconds=1)),
        ]
    )


async def test_every_row_leaves_with_its_types(any_store: Store) -> None:
    await any_store.write(_shop)
    history = read_history(any_store.url, to_micros(NOW))
    events = {row["id"]: row for row in history.events.to_pylist()}
    assert set(events) == {"v0", "v1", "v2", "v3", "v4", "b", "r", "s"}
    assert events["b"] | {"channel": None} == {
        "id": "b",
        "kind": "purchase",
        "customer": "c1",
        "product": "p1",
        "order": "o1",
        "at": to_micros(NOW),
        "quantity": 2,
        "amount": 19_900,
        "currency": "CNY",
        "value": None,
        "text": None,
        "channel": None,
    }
    assert events["r"]["value"] == 4.5
    assert events["s"]["text"] == "海盐 chocolate"


async def test_products_are_described_in_words(any_store: Store) -> None:
    await any_store.write(_shop)
    history = read_history(any_store.url, to_micros(NOW))
    products = {row["product"]: row for row in history.products.to_pylist()}
    assert products["p1"]["attributes"] == "规格 大 Size large 零食 Snacks"
    assert (products["p1"]["active"], products["p2"]["active"]) == (True, False)


async def test_erased_customers_stay_behind(any_store: Store) -> None:
    await any_store.write(_shop)
    history = read_history(any_store.url, to_micros(NOW))
    assert history.customers.column("customer").to_pylist() == ["c1"]
