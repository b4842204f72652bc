"""Who is worth winning back first: those who may leave and still buy, not those who left long ago."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.refit import refit
from bot.settings import Settings
from storage import Store
from storage.schema import metadata, score
from tests.factories import NOW, add_customer, add_product, add_purchase

OF_A_KIND = 40


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path)
    store = Store.open(made.store_url)
    await store.write(lambda connection: connection.run_sync(metadata.create_all))
    await store.write(_shop)
    await store.close()
    return made


async def _shop(connection: AsyncConnection) -> None:
    """Some buy still, and some bought as much and as often until a year ago."""
    for number in range(8):
        await add_product(connection, f"p{number}")
    for kind, since in (("here", 0), ("gone", 365)):
        for number in range(OF_A_KIND):
            customer = f"{kind}{number:02}"
            await add_customer(connection, customer)
            for visit in range(2 + number % 4):
                when = NOW - timedelta(days=since + 5 + number + 30 * visit)
                await add_purchase(connection, customer, f"p{(number + visit) % 8}", when)


async def test_little_is_at_stake_with_those_long_gone(settings: Settings) -> None:
    await refit(settings, seed=1, progress=lambda _step, _share: None, now=NOW)
    store = Store.open(settings.store_url)
    async with store.read() as connection:
        rows = {row.customer_id: row for row in await connection.execute(select(score))}
    await store.close()
    assert len(rows) == 2 * OF_A_KIND
    here, gone = (
        sum(rows[f"{kind}{number:02}"].at_stake for number in range(OF_A_KIND)) for kind in ("here", "gone")
    )
    assert gone < here / 20
    for name, row in rows.items():
        assert row.expected_value > 0 or name.startswith("gone")
        assert row.currency == "CNY"
        assert row.at_stake == round(row.value * row.expected_value)
