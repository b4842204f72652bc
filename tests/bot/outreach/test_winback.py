"""Whether win-back writes to anybody is the shop's own decision, except in the demo."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from bot.commands.outreach import app
from bot.outreach.last_look import LastLook
from bot.outreach.planner import WIN_BACK, Planner, ensure_win_back
from bot.settings import Settings
from bot.staff.campaigns import ACTIVE, PAUSED, CampaignService
from storage import NotFound, Store
from storage.campaigns import Campaign, Campaigns
from storage.schema import customer, outbox, product
from storage.settings import SettingStore
from storage.shop import Shop
from tests.bot.outreach.campaigns import SOON, campaign, leave, one_planned
from tests.conftest import make_tables
from tests.factories import NOW, add_customer, add_product


async def ensured(store: Store) -> Campaign:
    # Of the installation; with another one in ten would be left alone where a test wants them written to.
    await store.write(lambda c: SettingStore(c).put("seed", 7))
    await store.write(lambda c: ensure_win_back(c, NOW))
    async with store.read() as connection:
        return await Campaigns(connection).named(WIN_BACK)


async def _demo(connection: AsyncConnection) -> None:
    await add_product(connection, "p1")
    await connection.execute(update(product).values(demo=True))
    await connection.execute(update(customer).values(demo=True))


async def test_a_real_shop_starts_it_itself(any_store: Store) -> None:
    await any_store.write(lambda c: add_product(c, "p1"))
    made = await ensured(any_store)
    assert (made.state, made.started) == (PAUSED, False)
    (report,) = await CampaignService(any_store, clock=lambda: NOW).reports()
    assert not report.started


async def test_a_store_that_is_nobodys_shop_yet_has_none(any_store: Store) -> None:
    with pytest.raises(NotFound):
        await ensured(any_store)


async def test_the_demo_shows_it_at_work(any_store: Store) -> None:
    await any_store.write(_demo)
    assert (await ensured(any_store)).state == ACTIVE


@pytest.mark.parametrize("state", ["active", "paused", "ended"])
async def test_one_that_is_there_stays_as_it_is(any_store: Store, state: str) -> None:
    made = await campaign(any_store, name=WIN_BACK)
    await any_store.write(lambda c: Campaigns(c).set_state(made.id, state, NOW))
    assert (await ensured(any_store)).state == state


async def test_the_demos_campaign_goes_with_the_demo(
    any_store: Store, planner: Planner, last_look: LastLook
) -> None:
    """And what it had planned with it, though the messenger is still linked to somebody's account."""
    await one_planned(any_store, planner)
    await any_store.write(_demo)
    await any_store.write(lambda c: Shop(c).remove_demo())
    assert await leave(any_store, last_look) == []
    await any_store.write(lambda c: add_product(c, "p9"))
    made = await ensured(any_store)
    assert (made.state, made.started) == (PAUSED, False)
    # A real customer may have the number that one of the demo's had.
    await any_store.write(lambda c: Campaigns(c).set_state(made.id, ACTIVE, NOW))
    assert await one_planned_again(any_store, planner) == 1


async def one_planned_again(store: Store, planner: Planner) -> int:
    async def prepare(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        await add_customer(connection, "c", telegram="1", risk=0.9)

    await store.write(prepare)
    await planner.run(await campaign(store, name=WIN_BACK), "s9", SOON)
    async with store.read() as connection:
        waiting = await connection.scalars(select(outbox.c.id).where(outbox.c.state == "ready"))
        return len(waiting.all())


async def _one_of_each(connection: AsyncConnection) -> None:
    """A customer for each reason not to be written to."""
    await add_product(connection, "p1")
    await add_customer(connection, "unscored", telegram="1")
    await add_customer(connection, "content", telegram="2", risk=0.2)
    await add_customer(connection, "silent", telegram="3", risk=0.9, marketing=None)
    await add_customer(connection, "stopped", telegram="4", risk=0.9, marketing=False)
    await add_customer(connection, "elsewhere", risk=0.9)


def said(*command: str) -> str:
    done = CliRunner().invoke(app, list(command))
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_the_commands_say_that_it_waits_and_then_whom_it_passes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    url = Settings(home=tmp_path).store_url

    async def fill() -> None:
        await make_tables(url)
        store = Store.open(url)
        await store.write(_one_of_each)
        await store.close()

    asyncio.run(fill())
    for command in ("plan", "show"):
        told = said(command)
        assert "win-back is not started" in told
        assert "liuke outreach resume win-back" in told
    (shown,) = json.loads(CliRunner().invoke(app, ["show", "--json"]).output)
    assert (shown["state"], shown["started"]) == (PAUSED, False)
    assert "win-back is active" in said("resume", WIN_BACK)
    told = said("plan")
    assert "nobody to decide for" in told
    for why in (
        "1 have no churn risk yet",
        "1 are not at high risk",
        "2 have not agreed to be written to",
        "1 have no messenger linked",
    ):
        assert why in told.replace("│", "").replace("  ", " "), told
    assert "win-back is paused" in said("pause", WIN_BACK)
    assert "lets it go on" in said("show")
