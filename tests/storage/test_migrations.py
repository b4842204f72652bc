"""The schema that migrations make is the one the code speaks of, however and by how many it is made."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.times import to_micros
from storage import Store, migrate
from storage.migrate import migrate_down
from storage.schema import budget, coupon, metadata, offer, offer_budget
from storage.store import exclusive

START = "import asyncio, sys; from storage import migrate; asyncio.run(migrate(sys.argv[1]))"


async def tables(url: str) -> set[str]:
    async with exclusive(url) as engine, engine.connect() as connection:
        return await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_migrated_schema_is_the_declared_one(any_url: str) -> None:
    await migrate(any_url)
    async with exclusive(any_url) as engine, engine.connect() as connection:
        found = await connection.run_sync(differences)
    assert found == [], "write a migration: python -m storage.migrations WHY"


@pytest.mark.slow
async def test_down_undoes_what_up_did(any_url: str) -> None:
    await migrate(any_url)
    await migrate_down(any_url, "base")
    assert await tables(any_url) == {"alembic_version"}
    await migrate(any_url)
    assert await tables(any_url) == {*metadata.tables, "alembic_version"}


async def test_migrating_again_keeps_what_is_there(any_url: str) -> None:
    await migrate(any_url)
    store = Store.open(any_url)
    await store.write(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO lease (name, owner, expires_at) VALUES ('a', 'b', 1)"
        )
    )
    await store.close()
    await migrate(any_url)
    store = Store.open(any_url)
    async with store.read() as connection:
        assert (await connection.exec_driver_sql("SELECT owner FROM lease")).scalar_one() == "b"
    await store.close()


@pytest.mark.slow
async def test_many_programs_may_start_at_once(any_url: str) -> None:
    starting = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", START, any_url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(6)
    ]
    outcomes = await asyncio.gather(*(process.communicate() for process in starting))
    assert [process.returncode for process in starting] == [0] * 6, [error for _, error in outcomes]
    assert await tables(any_url) == {*metadata.tables, "alembic_version"}


# --- 0004: codes that were used on orders, and live offers that doubled ---------------------------------------

BEGAN = datetime.now(UTC) - timedelta(days=30)
SOON = datetime.now(UTC) + timedelta(days=2)


async def put(connection: AsyncConnection, table: str, **values: Any) -> None:
    """A row of a table as it was then."""
    values = {
        name: to_micros(value) if isinstance(value, datetime) else value for name, value in values.items()
    }
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    await connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608


async def put_offer(connection: AsyncConnection, code: str, customer: str, price: int, **more: Any) -> None:
    values = {
        "code": code, "customer_id": customer, "product_id": "p", "price": price, "list_price": 10_000, "floor": 1,
        "currency": "CNY", "state": "live", "reason": "asked", "reasons": "[]", "policy": "p", "probability": 1.0,
        "budget_id": "b", "created_at": BEGAN, "valid_until": SOON,
    }  # fmt: skip
    await put(connection, "offer", **{**values, **more})


async def put_order(connection: AsyncConnection, name: str, code: str, **more: Any) -> None:
    values = {
        "id": name, "number": name, "customer_id": "c1", "status": "paid", "placed_at": BEGAN + timedelta(days=1),
        "total": 1, "discount": 0, "shipping_fee": 0, "currency": "CNY", "payment_method": "", "ship_to": "{}",
        "coupon_code": code, "demo": False, "updated_at": BEGAN,
    }  # fmt: skip
    await put(connection, "orders", **{**values, **more})


async def shop_of_then(connection: AsyncConnection) -> None:
    for name in ("c1", "c2", "c3"):
        await put(
            connection, "customer", id=name, name="", language="zh", time_zone="UTC", tier="", points=0,
            personal_prices=True, demo=False, created_at=BEGAN,
        )  # fmt: skip
    await put(
        connection, "product", id="p", code="p", name_zh="", name_en="", description_zh="", description_en="", brand="",
        attributes="{}", list_price=1, cost=1, currency="CNY", stock=1, active=True, demo=False, search_text="",
        created_at=BEGAN, updated_at=BEGAN,
    )  # fmt: skip
    await put(
        connection,
        "budget",
        id="b",
        total=99_999,
        reserved=12_500,
        currency="CNY",
        starts_at=BEGAN,
        ends_at=SOON,
    )


async def offers_of_then(connection: AsyncConnection) -> None:
    """12,500 is reserved: nothing for what had expired, was withdrawn, or has no budget."""
    over = BEGAN + timedelta(days=3)
    await put_offer(connection, "L-USED", "c1", 9_000)
    await put_order(connection, "o2", "l-used", placed_at=BEGAN + timedelta(days=2))
    await put_order(connection, "o3", "L-USED")
    # The job had not ended it yet, and an order of somebody else, or a cancelled one, is no use.
    await put_offer(connection, "L-RUN-OUT", "c1", 8_000, valid_until=over)
    await put_order(connection, "o4", "L-RUN-OUT", customer_id="c2")
    await put_order(connection, "o5", "L-RUN-OUT", status="cancelled")
    await put_order(connection, "o6", "L-RUN-OUT", placed_at=BEGAN + timedelta(days=4))
    await put_offer(connection, "L-BEST", "c1", 8_500)
    # Used without anybody saying so, and expired by the job.
    await put_offer(connection, "L-LATE", "c2", 9_300, valid_until=over, state="expired")
    await put_order(connection, "o7", "L-LATE", customer_id="c2")
    await put_offer(connection, "L-TWIN-1", "c2", 8_000)
    await put_offer(connection, "L-WORSE", "c2", 9_500)
    await put_offer(connection, "L-TWIN-2", "c2", 8_000, budget_id=None)
    await put_offer(connection, "L-KNOWN", "c3", 7_500, state="used", used_at=BEGAN)
    await put_order(connection, "o8", "L-KNOWN", customer_id="c3")
    await put_offer(connection, "L-ALONE", "c3", 7_000)
    await put_offer(connection, "L-GONE", "c3", 9_000, state="withdrawn")
    await put_order(connection, "o9", "L-GONE", customer_id="c3")
    for code, owner, order in (("BIRTHDAY", "c1", "o10"), ("ALL", None, "o11")):
        await put(
            connection, "coupon", code=code, customer_id=owner, text_zh="", text_en="", min_spend=0, currency="CNY",
            valid_from=BEGAN, valid_until=SOON, demo=False,
        )  # fmt: skip
        await put_order(connection, order, code)


async def test_used_codes_and_doubled_offers_are_put_right(any_url: str) -> None:
    await migrate(any_url, "0003")
    store = Store.open(any_url)
    await store.write(shop_of_then)
    await store.write(offers_of_then)
    await store.close()
    await migrate(any_url)
    store = Store.open(any_url)
    async with store.read() as connection:
        offers = {row.code: row for row in await connection.execute(select(offer))}
        coupons = {row.code: row for row in await connection.execute(select(coupon))}
        [left] = (await connection.execute(select(budget))).all()
        drawn = set(await connection.scalars(select(offer_budget.c.offer_id)))
    await store.close()
    assert {code: (row.state, row.order_id) for code, row in offers.items()} == {
        "L-USED": ("used", "o3"), "L-RUN-OUT": ("expired", None), "L-BEST": ("live", None),
        "L-LATE": ("used", "o7"), "L-TWIN-1": ("live", None), "L-WORSE": ("withdrawn", None),
        "L-TWIN-2": ("withdrawn", None), "L-KNOWN": ("used", "o8"), "L-ALONE": ("live", None),
        "L-GONE": ("withdrawn", None),
    }  # fmt: skip
    assert offers["L-USED"].used_at == BEGAN + timedelta(days=1)
    assert offers["L-KNOWN"].used_at == BEGAN
    assert {code: row.order_id for code, row in coupons.items()} == {"BIRTHDAY": "o10", "ALL": None}
    assert coupons["BIRTHDAY"].used_at == BEGAN + timedelta(days=1)
    holding = [row for row in offers.values() if row.state in ("live", "used") and row.id in drawn]
    assert offers["L-TWIN-2"].id not in drawn
    assert left.reserved == sum(row.list_price - row.price for row in holding) == 10_700


# --- 0022: every budget of an offer --------------------------------------------------------------------------------


async def test_the_budgets_of_an_offer_are_kept_and_found_again(any_url: str) -> None:
    await migrate(any_url, "0021")
    store = Store.open(any_url)

    async def offers_of_then(connection: AsyncConnection) -> None:
        await put(connection, "customer", id="c1", time_zone="UTC", name="", language="zh", tier="", points=0,
                  personal_prices=True, demo=False, guest=False, created_at=BEGAN)  # fmt: skip
        await put(
            connection, "product", id="p", code="p", name_zh="", name_en="", description_zh="", description_en="",
            brand="", attributes="{}", options="{}", stock_by_place="{}", more_pictures="[]", list_price=1, cost=1,
            currency="CNY", stock=1, active=True, demo=False, search_text="", created_at=BEGAN, updated_at=BEGAN,
        )  # fmt: skip
        common = {"total": 9, "currency": "CNY", "starts_at": BEGAN, "ends_at": SOON, "written": True}
        await put(connection, "budget", id="month", reserved=3_000, **common)
        await put(connection, "budget", id="month win-back", reserved=1_000, campaign="win-back", **common)
        more = {"state": "used", "tier": 0, "budget_id": "month"}
        await put_offer(connection, "L-1", "c1", 9_000, **more, campaign_budget_id="month win-back")
        await put_offer(connection, "L-2", "c1", 8_000, **more)
        await put_offer(connection, "L-3", "c1", 9_000, **{**more, "budget_id": None})

    await store.write(offers_of_then)
    await store.close()
    await migrate(any_url)
    store = Store.open(any_url)
    async with store.read() as connection:
        rows = await connection.execute(select(offer.c.code, offer_budget.c.budget_id).join(offer_budget))
        drawn = {tuple(row) for row in rows}
    await store.close()
    assert drawn == {("L-1", "month"), ("L-1", "month win-back"), ("L-2", "month")}
    await migrate_down(any_url, "0021")
    store = Store.open(any_url)
    async with store.read() as connection:
        before = await connection.execute(text("SELECT code, budget_id, campaign_budget_id FROM offer"))
        assert {tuple(row) for row in before} == {
            ("L-1", "month", "month win-back"), ("L-2", "month", None), ("L-3", None, None),
        }  # fmt: skip
    await store.close()
