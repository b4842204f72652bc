"""A refit publishes a version that serving swaps in, and a damaged one leaves the old in place."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import KIND, ServedRetention
from bot.refit import refit
from bot.settings import Settings
from storage import Store
from storage.models import ModelVersions
from storage.schema import metadata, score
from tests.factories import NOW, add_customer, add_product, add_purchase

CUSTOMERS = 40


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path)
    store = Store.open(made.store_url)
    await store.write(lambda connection: connection.run_sync(metadata.create_all))
    await store.write(_shop)
    await store.close()
    return made


async def _shop(connection: AsyncConnection) -> None:
    for number in range(8):
        await add_product(connection, f"p{number}")
    for number in range(CUSTOMERS):
        await add_customer(connection, f"c{number:02}")
        for visit in range(1 + number % 5):
            when = NOW - timedelta(days=20 + number + 25 * visit)
            await add_purchase(connection, f"c{number:02}", f"p{(number + visit) % 8}", when)


def _silent(_step: str, _share: float) -> None:
    pass


async def test_a_refit_is_served_and_everybody_is_scored(settings: Settings) -> None:
    store = Store.open(settings.store_url)
    served = ServedRetention(store, settings.home)
    assert not await served.refresh()
    result = await refit(settings, seed=1, progress=_silent, now=NOW)
    assert result.customers_scored == CUSTOMERS
    assert await served.refresh()
    assert served.version == result.version
    async with store.read() as connection:
        values = [row.value for row in await connection.execute(select(score.c.value))]
    assert len(values) == CUSTOMERS
    assert all(0 <= value <= 1 for value in values)
    await store.close()


async def test_a_damaged_version_is_refused_and_the_good_one_stays(settings: Settings) -> None:
    store = Store.open(settings.store_url)
    served = ServedRetention(store, settings.home)
    good = await refit(settings, seed=1, progress=_silent, now=NOW)
    await served.refresh()
    bad = await refit(settings, seed=1, progress=_silent, now=NOW + timedelta(hours=1))
    manifest = bad.path / "manifest.json"
    facts = json.loads(manifest.read_text())
    victim = bad.path / sorted(facts["files"])[0]
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    assert not await served.refresh()
    assert served.version == good.version
    await store.close()


async def test_rolling_back_is_one_step(settings: Settings) -> None:
    store = Store.open(settings.store_url)
    served = ServedRetention(store, settings.home)
    first = await refit(settings, seed=1, progress=_silent, now=NOW)
    second = await refit(settings, seed=1, progress=_silent, now=NOW + timedelta(hours=1))
    await served.refresh()
    assert served.version == second.version
    await store.write(lambda c: ModelVersions(c).make_current(KIND, first.version, NOW))
    assert await served.refresh()
    assert served.version == first.version
    await store.close()
