"""Who is worth winning back first: those who may leave and still buy, not those who left long ago."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import retention
from bot.jobs.refit import expected_spend, refit
from bot.models.history import read_history
from bot.settings import Settings
from kernel.times import to_micros
from retention.checks import check
from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.value import model as value
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


async def test_what_is_expected_is_said_by_the_version_in_use(settings: Settings) -> None:
    """So a roll-back takes it back; a version without a model of value says nothing."""
    done = await refit(settings, seed=1, progress=lambda _step, _share: None, now=NOW)
    history = read_history(settings.store_url, to_micros(NOW))
    found = expected_spend(done.path, history, now=NOW)
    model = value.in_folder(done.path)
    assert model is not None
    table = buyers(Shop(check(history, NOW).history), to_micros(NOW))
    days = retention.load(done.path).churn.horizon_days
    expected = dict(zip(table.customers, model.value(table.values, days).tolist(), strict=True))
    assert {name: one.minor for name, one in found.items()} == pytest.approx(expected, abs=0.5)
    manifest = done.path / "manifest.json"
    facts = json.loads(manifest.read_text())
    facts["files"] = {name: one for name, one in facts["files"].items() if not name.startswith("value.")}
    manifest.write_text(json.dumps(facts))
    assert expected_spend(done.path, history, now=NOW) == {}
