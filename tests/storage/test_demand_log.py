"""What the store knows of demand beside orders is counted by product and week, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store
from storage.demand_log import DemandLog
from storage.events import Events, StoredEvent
from storage.restock import NOTICE
from storage.schema import (
    account,
    campaign,
    campaign_contact,
    campaign_run,
    conversation,
    coupon,
    customer,
    request,
)
from tests.storage.shop import NOW, stock_shop

WEEK = 7
SINCE, UNTIL = NOW - timedelta(days=60), NOW


def week(days_ago: int) -> int:
    return int((NOW - timedelta(days=days_ago)).timestamp()) // (WEEK * 86_400)


async def fill(connection: AsyncConnection) -> None:
    await stock_shop(connection)
    await Events(connection).append(
        [
            StoredEvent(id=f"v{place}", kind=kind, customer_id="c1", product_id=product, at=NOW - timedelta(days=ago))
            for place, (kind, product, ago) in enumerate(
                [("view", "p1", 9), ("view", "p1", 9), ("view", "p2", 30), ("view", "p1", 90), ("view", None, 9),
                 ("cart", "p1", 9)]
            )
        ]
    )  # fmt: skip


async def test_looks_and_carts_are_counted_by_week(any_store: Store) -> None:
    await any_store.write(fill)
    async with any_store.read() as connection:
        log = DemandLog(connection)
        assert await log.counts("view", SINCE, UNTIL, WEEK) == {("p1", week(9)): 2, ("p2", week(30)): 1}
        assert await log.counts("cart", SINCE, UNTIL, WEEK) == {("p1", week(9)): 1}


async def test_who_asked_to_be_told_says_from_when_to_when_there_was_none(any_store: Store) -> None:
    asked, told = NOW - timedelta(days=20), NOW - timedelta(days=12)

    async def ask(connection: AsyncConnection) -> None:
        await fill(connection)
        await connection.execute(insert(account).values(id=1, channel="web", address="a", created_at=asked))
        place = {"channel": "web", "address": "a", "account_id": 1}
        await connection.execute(
            insert(conversation).values(id=1, **place, owner_since=asked, opened_at=asked)
        )
        for number, (state, decided) in enumerate([("done", told), ("asked", None), ("declined", told)]):
            values = {"kind": NOTICE, "product_id": "p1", "conversation_id": 1, "created_at": asked}
            await connection.execute(
                insert(request).values(**values, number=str(number), state=state, decided_at=decided)
            )

    await any_store.write(ask)
    async with any_store.read() as connection:
        log = DemandLog(connection)
        assert await log.notices(SINCE, UNTIL, WEEK) == {("p1", week(20)): 3}
        found = await log.gone(SINCE)
    assert {one.until for one in found} == {told, None, asked}
    assert all((one.product_id, one.since) == ("p1", asked) for one in found)


async def test_messages_that_were_sent_count_and_coupons_for_everybody(any_store: Store) -> None:
    async def write(connection: AsyncConnection) -> None:
        await fill(connection)
        await connection.execute(
            insert(campaign).values(id=1, name="w", kind="win_back", holdout=0.1, created_at=NOW)
        )
        await connection.execute(insert(campaign_run).values(id=1, campaign_id=1, slot="s", started_at=NOW))
        for place, (arm, dropped) in enumerate(
            [("message", None), ("message", "consent"), ("holdout", None)]
        ):
            await connection.execute(insert(customer).values(id=f"m{place}", created_at=NOW))
            await connection.execute(
                insert(campaign_contact).values(
                    campaign_id=1, run_id=1, customer_id=f"m{place}", arm=arm, dropped=dropped, probability=0.5,
                    product_id="p2", risk=0.5, decided_at=NOW - timedelta(days=9),
                )
            )  # fmt: skip
        for code, owner, ends in (
            ("ALL", None, NOW),
            ("OVER", None, SINCE),
            ("OWN", "m0", NOW),
            ("EVER", None, None),
        ):
            await connection.execute(
                insert(coupon).values(
                    code=code, customer_id=owner, text_zh="", text_en="", currency="CNY", valid_from=SINCE,
                    valid_until=ends, product_ids=["p1"],
                )
            )  # fmt: skip

    await any_store.write(write)
    async with any_store.read() as connection:
        log = DemandLog(connection)
        assert await log.messages(SINCE, UNTIL, WEEK) == {("p2", week(9)): 1}
        found = await log.reduced(SINCE)
    assert [(one.product_ids, one.valid_until) for one in found] == [(["p1"], NOW), (["p1"], None)]


async def test_days_on_which_products_were_met_count_once_and_by_customer(any_store: Store) -> None:
    def row(number: int, kind: str, who: str, product: str | None, ago: float) -> StoredEvent:
        at = NOW - timedelta(days=ago)
        return StoredEvent(id=f"d{number}", kind=kind, customer_id=who, product_id=product, at=at)

    met = [
        ("view", "c1", "p1", 9.0), ("view", "c1", "p1", 9.01), ("cart", "c1", "p2", 9.02), ("view", "c1", "p1", 8.0),
        ("view", "c2", "p2", 9.0), ("purchase", "c2", "p1", 9.0), ("view", "c2", None, 9.0), ("view", "c1", "p2", 90.0),
    ]  # fmt: skip

    async def fill_days(connection: AsyncConnection) -> None:
        await stock_shop(connection)
        await Events(connection).append([row(number, *one) for number, one in enumerate(met)])

    await any_store.write(fill_days)
    async with any_store.read() as connection:
        log = DemandLog(connection)
        found = await log.days(("view", "cart"), {"p1"}, SINCE, UNTIL)
        assert dict(found.alone) == {"p1": 2, "p2": 2}
        assert dict(found.together) == {("p1", "p2"): 1}
        assert found.every == 3
        nothing = await log.days(("return",), {"p1"}, SINCE, UNTIL)
        assert (dict(nothing.alone), dict(nothing.together), nothing.every) == ({}, {}, 0)
