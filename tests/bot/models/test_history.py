"""The history that leaves the store is the one that is in it, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import all_events
from bot.models.history import read_history
from kernel.times import to_micros
from retention.checks import check
from retention.features import raw
from retention.features.expressions import RawTable, Shop
from storage import Store
from storage.events import Events, StoredEvent
from storage.schema import (
    account,
    campaign,
    campaign_contact,
    campaign_run,
    category,
    conversation,
    customer,
    message,
    outbox,
    product,
)
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


async def _talk(connection: AsyncConnection) -> None:
    """Customer `c1` is written to twice, answers once, and is upset; a stranger is nobody's customer."""
    for number, who in enumerate(("c1", None), start=1):
        await connection.execute(
            insert(account).values(
                id=number, channel="telegram", address=f"a{number}", customer_id=who, created_at=NOW
            )
        )
        await connection.execute(
            insert(conversation).values(
                id=number, channel="telegram", address=f"a{number}", account_id=number, owner_since=NOW,
                opened_at=NOW,
            )
        )  # fmt: skip

    async def say(
        days: float, meant: dict[str, Any] | None, *, where: int = 1, author: str = "customer"
    ) -> None:
        await connection.execute(
            insert(message).values(
                conversation_id=where,
                direction="in" if author == "customer" else "out",
                author=author,
                kind="text",
                text="a secret word",
                understanding=meant,
                at=NOW - timedelta(days=days),
            )
        )

    upset = {"intents": [["complaint", 0.9]], "sentiment": "negative", "strength": 0.8}
    await say(40, {"intents": [["track_order", 0.9]], "sentiment": "neutral", "strength": 0.9})
    await say(20, upset)
    await say(10, {"intents": [], "sentiment": "positive", "strength": 0.5})
    await say(9, None)
    await say(8, upset, author="bot")
    await say(7, upset, where=2)
    await say(-1, upset)
    await _write_to(connection, "early", NOW - timedelta(days=60))
    await _write_to(connection, "late", NOW - timedelta(days=12))
    await _write_to(connection, "lost", NOW - timedelta(days=5), state="unknown")


async def _write_to(connection: AsyncConnection, name: str, at: datetime, state: str = "sent") -> None:
    made = await connection.execute(
        insert(campaign)
        .values(name=name, kind="win_back", state="active", holdout=0.1, settings={}, seed=0, created_at=at)
        .returning(campaign.c.id)
    )
    number = made.scalar_one()
    await connection.execute(
        insert(campaign_run).values(id=number, campaign_id=number, slot="s", started_at=at, counts={})
    )
    await connection.execute(
        insert(outbox).values(
            id=number, channel="telegram", address="a1", kind="campaign", policy="once", state=state,
            payload={}, created_at=at, not_before=at, message_refs=[], finished_at=at,
        )
    )  # fmt: skip
    await connection.execute(
        insert(campaign_contact).values(
            campaign_id=number, run_id=number, customer_id="c1", arm="message", probability=0.9, risk=0.8,
            decided_at=at, outbox_id=number,
        )
    )  # fmt: skip


async def test_moods_and_campaigns_leave_as_events_and_words_stay(any_store: Store) -> None:
    await any_store.write(_shop)
    await any_store.write(_talk)
    rows = read_history(any_store.url, to_micros(NOW)).events.to_pylist()
    found = [row for row in rows if row["kind"] in ("message", "complaint", "contact", "response")]
    days = lambda row: round((to_micros(NOW) - row["at"]) / 86_400e6)  # noqa: E731
    assert {row["customer"] for row in found} == {"c1"}
    assert sorted((row["kind"], days(row), row["value"]) for row in found if row["kind"] == "message") == [
        ("message", 10, 0.5),
        ("message", 20, -0.8),
        ("message", 40, 0.0),
    ]
    others = sorted((row["kind"], days(row)) for row in found if row["kind"] != "message")
    assert others == [("complaint", 20), ("contact", 12), ("contact", 60), ("response", 10)]
    assert not any("secret" in str(row) for row in rows)


async def test_a_decision_sees_the_customer_as_the_nightly_fit_does(any_store: Store) -> None:
    await any_store.write(_shop)
    await any_store.write(_talk)
    history = check(read_history(any_store.url, to_micros(NOW)), NOW).history
    fitted = RawTable.of(Shop(history), to_micros(NOW))
    async with any_store.read() as connection:
        events = await all_events(connection, "c1")
    assert [one.at for one in events] == sorted(one.at for one in events)
    products = history.products.to_pylist()
    shelf = raw.ProductInfo(
        category={row["product"]: row["category"] for row in products if row["category"]},
        list_price={row["product"]: row["list_price"] for row in products},
    )
    served = raw.of_events(events, NOW, shelf)
    assert served is not None
    assert [served[name] for name in raw.NAMES] == fitted.values[fitted.customers.index("c1")].tolist()
    assert (served["mood_thousandths_90"], served["complaints"]) == (-300, 1)
    assert (served["contacts_90"], served["responses_90"]) == (2, 1)
