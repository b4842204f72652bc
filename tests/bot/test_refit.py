"""A refit publishes a version that serving swaps in, and a damaged one leaves the old in place."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

import retention
from bot.commands.models import app as models
from bot.jobs.refit import refit
from bot.models.retention import KIND, ServedRetention
from bot.privacy import erasure
from bot.privacy.erasure import Eraser
from bot.settings import Settings
from retention import backtest, promotion
from retention.reviewing import Review
from retention.segments import nightly as segments
from retention.value import model as value_model
from storage import Store
from storage.models import ModelVersions
from storage.schema import score
from storage.warnings import Warnings
from tests.conftest import make_tables
from tests.factories import NOW, add_customer, add_product, add_purchase, add_score

pytestmark = pytest.mark.slow

CUSTOMERS = 40
ENOUGH = 140
"""Customers, for clusters."""


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    return await _opened(tmp_path, CUSTOMERS)


async def _opened(home: Path, customers: int) -> Settings:
    made = Settings(home=home)
    await make_tables(made.store_url)
    store = Store.open(made.store_url)
    await store.write(partial(_shop, customers))
    await store.close()
    return made


async def _shop(customers: int, connection: AsyncConnection) -> None:
    for number in range(8):
        await add_product(connection, f"p{number}")
    for number in range(customers):
        await add_customer(connection, f"who-{number:02}")
        for visit in range(1 + number % 5):
            when = NOW - timedelta(days=20 + number + 25 * visit)
            await add_purchase(connection, f"who-{number:02}", f"p{(number + visit) % 8}", when)


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


async def test_who_is_erased_while_it_fits_is_neither_named_nor_scored(settings: Settings) -> None:
    def erase() -> None:
        asyncio.run(_erased(settings, "who-07"))

    def in_between(step: str, _share: float) -> None:
        if step == "checking the history":
            # As by another process.
            thread = Thread(target=erase)
            thread.start()
            thread.join()

    result = await refit(settings, seed=1, progress=in_between, now=NOW)
    assert "who-06" in retention.listed(result.path)
    assert not [path.name for path in _files(settings.home) if b"who-07" in path.read_bytes()]
    # Nor is the nameless one that their purchases belong to now.
    later = await refit(settings, seed=1, progress=_silent, now=NOW + timedelta(hours=1))
    assert later.promoted
    store = Store.open(settings.store_url)
    async with store.read() as connection:
        scored = set((await connection.execute(select(score.c.customer_id))).scalars())
    await store.close()
    assert scored == {f"who-{number:02}" for number in range(CUSTOMERS)} - {"who-07"}


def _files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


async def _erased(settings: Settings, customer_id: str) -> None:
    store = Store.open(settings.store_url)
    await Eraser(store, settings.home).erase(erasure.customer(customer_id), actor="system")
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

    async def back(connection: AsyncConnection) -> None:
        before = await ModelVersions(connection).before(KIND)
        assert before is not None
        await ModelVersions(connection).make_current(KIND, before.version, NOW + timedelta(hours=2))

    await store.write(back)
    assert await served.refresh()
    assert served.version == first.version
    await store.close()


async def test_a_worse_version_is_kept_but_not_served(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await refit(settings, seed=1, progress=_silent, now=NOW)
    worse = promotion.compare("brier", np.full(90, 0.1), np.linspace(0.2, 0.4, 90), seed=1)
    bad = Review(verdict=promotion.judge(first.version, [worse]), drift=None)
    monkeypatch.setattr(retention, "review", lambda *_, **__: bad)
    second = await refit(settings, seed=1, progress=_silent, now=NOW + timedelta(hours=1))
    assert not second.promoted
    store = Store.open(settings.store_url)
    async with store.read() as connection:
        current = await ModelVersions(connection).current(KIND)
        kept = {one.version: one for one in await ModelVersions(connection).all(KIND)}
        policies = {row.policy for row in await connection.execute(select(score.c.policy))}
    await store.close()
    assert current is not None
    assert current.version == first.version
    assert {policy.split("/")[1] for policy in policies} == {first.version}
    refused = kept[second.version].report["verdict"]
    assert (refused["promoted"], refused["against"]) == (False, first.version)
    assert refused["comparisons"][0]["gain"] == pytest.approx(-0.2)
    assert "worse on the last window" in refused["reason"]


async def test_only_the_first_version_is_fitted_without_a_trial(settings: Settings) -> None:
    first = await refit(settings, seed=1, progress=_silent, now=NOW)
    assert (first.promoted, list(first.comparisons)) == (True, [])
    second = await refit(settings, seed=1, progress=_silent, now=NOW + timedelta(days=1))
    assert second.promoted
    assert "nothing fair to compare with" in second.reason
    assert [backtest.in_folder(one.path) is None for one in (first, second)] == [True, False]


async def test_a_report_goes_with_every_version(settings: Settings) -> None:
    await refit(settings, seed=1, progress=_silent, now=NOW)
    await refit(settings, seed=1, progress=_silent, now=NOW + timedelta(days=1))
    store = Store.open(settings.store_url)
    async with store.read() as connection:
        second, first = await ModelVersions(connection).all(KIND)
    await store.close()
    assert first.report["verdict"]["reason"] == "there was none before: nothing to compare it with"
    assert first.report["drift"] is None
    assert second.report["drift"]["version"] == first.version
    assert {one["level"] for one in second.report["drift"]["shifts"]} == {"steady"}
    lacking = {one["model"]: one for one in second.report["readiness"] if not one["enough"]}
    assert "churn" in lacking
    assert lacking["churn"]["needed"]
    assert lacking["churn"]["fallback"]


def test_value_and_segments_are_fitted_kept_and_shown_with_every_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the second night on with how far the clusters are those of the first; a roll-back takes them along."""
    settings = asyncio.run(_opened(tmp_path, ENOUGH))
    nights = [
        asyncio.run(refit(settings, seed=1, progress=_silent, now=NOW + timedelta(days=night)))
        for night in (0, 1)
    ]
    for night in nights:
        files = {one.name for one in night.path.iterdir()}
        assert {"value.json", "segments.json", "segments.npz"} <= files
        assert not any(name.endswith((".pkl", ".pickle")) for name in files)
        assert value_model.in_folder(night.path) is not None
    assert [night.promoted for night in nights] == [True, True]
    first, second = (segments.in_folder(night.path) for night in nights)
    assert first is not None
    assert second is not None
    assert first[1] is not None
    assert second[1] is not None
    assert first[1].numbers.tolist() == second[1].numbers.tolist()
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    _, old = json.loads(_told("list", "--json"))
    new = json.loads(_told("show", "--json"))
    assert new["metrics"]["clusters_agreement"] > 0.9
    assert "clusters_agreement" not in old["metrics"]
    assert new["metrics"]["clusters_k"] == second[1].k
    assert new["metrics"]["value_purchases_mae"] > 0
    for kind in ("segment", "cluster"):
        assert sum(one["customers"] for one in new["groups"] if one["kind"] == kind) == ENOUGH
    shown = _told("show")
    for words in (
        "Clusters",
        "Segments",
        "How many clusters",
        "silhouette",
        "clusters_agreement",
        "may lose",
    ):
        assert words in shown
    assert "Rand" in _told("list")
    assert nights[0].version in _told("rollback")
    assert json.loads(_told("show", "--json"))["version"] == nights[0].version
    after = asyncio.run(refit(settings, seed=1, progress=_silent, now=NOW + timedelta(days=2)))
    assert after.comparisons
    assert all("margin" in one for one in after.comparisons)


def _told(*arguments: str) -> str:
    done = CliRunner().invoke(models, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout


async def test_whose_risk_rose_is_told_to_staff_once(settings: Settings) -> None:
    store = Store.open(settings.store_url)
    await store.write(lambda connection: add_score(connection, "who-03", 0.1))
    first = await refit(settings, seed=1, progress=_silent, now=NOW)
    assert first.warnings == 1
    second = await refit(settings, seed=1, progress=_silent, now=NOW + timedelta(hours=1))
    assert second.warnings == 0
    async with store.read() as connection:
        (warning,) = await Warnings(connection).open()
    await store.close()
    assert (warning.customer_id, warning.was, warning.band) == ("who-03", "low", "medium")
    assert warning.reasons
