"""The shop's own rules: in force when they change, obeyed in what customers see."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from bot.cli import app
from bot.commands.outreach import plan_active
from bot.jobs.refit import refit
from bot.linking.linker import Linker
from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.outreach.planner import WIN_BACK
from bot.settings import Settings
from bot.shop.demo.making import make_demo
from bot.shop.rules import FILE, Listed, Steering
from retention.types import ShopRules
from storage import Store
from storage.campaigns import Campaigns
from storage.catalogue import Catalogue
from storage.schema import campaign_contact
from storage.schema import customer as customer_table
from tests.bot.conversation.chat import Chat
from tests.conftest import make_tables
from tests.factories import NOW, add_customer, add_product

ON_SALE = [Listed("TEA-1", "p1", "Tea"), Listed("mug", "p2", "cups"), Listed("Mug", "p3", "cups")]


def write(home: Path, text: str) -> Path:
    path = home / FILE
    path.write_text(text, encoding="utf-8")
    return path


# --- in force ----------------------------------------------------------------------------------------------


def test_a_changed_file_is_taken_and_a_deleted_one_ends_the_rules(tmp_path: Path) -> None:
    steering = Steering(tmp_path)
    assert steering.rules(ON_SALE) == ShopRules()
    write(tmp_path, 'pin = ["TEA-1"]')
    assert steering.rules(ON_SALE).pinned == ("p1",)
    write(tmp_path, 'bury = ["TEA-1"]\n')
    assert steering.rules(ON_SALE) == ShopRules(buried=frozenset({"p1"}))
    (tmp_path / FILE).unlink()
    assert steering.rules(ON_SALE) == ShopRules()


def test_a_broken_file_keeps_the_rules_in_use_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, 'pin = ["TEA-1"]')
    steering = Steering(tmp_path)
    write(tmp_path, 'pin = ["TEA-1", 7]')
    for _ in range(3):
        assert steering.rules(ON_SALE).pinned == ("p1",)
    [told] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "pin.1: " in told
    assert "The rules in use stay" in told


def test_a_file_broken_at_the_start_is_told_and_can_be_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "pin = [")
    steering = Steering(tmp_path)
    assert FILE in caplog.text
    assert steering.rules(ON_SALE) == ShopRules()
    write(tmp_path, 'pin = ["TEA-1"]')
    assert steering.rules(ON_SALE).pinned == ("p1",)


def test_what_is_not_on_sale_is_told_once_for_each_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, 'pin = ["gone", "TEA-1"]')
    steering = Steering(tmp_path)
    for _ in range(3):
        assert steering.rules(ON_SALE).pinned == ("p1",)
    assert caplog.text.count("pin: gone") == 1
    write(tmp_path, 'pin = ["gone", "TEA-1"] # still')
    steering.rules(ON_SALE)
    assert caplog.text.count("pin: gone") == 2


# --- obeyed ------------------------------------------------------------------------------------------------

DEMO_NOW = datetime(2026, 4, 15, 4, tzinfo=UTC)


@dataclass
class FittedShop:
    """The demo shop with its fitted model, and somebody in it who asks what to buy."""

    store: Store
    home: Path
    decisions: Decisions
    linker: Linker
    customer: str
    asked: int = 0

    async def shown(self) -> list[str]:
        """The cards of a recommendation in a new conversation, as codes."""
        self.asked += 1
        chat = Chat(
            store=self.store,
            linker=self.linker,
            address=str(self.asked),
            now=DEMO_NOW,
            decisions=self.decisions,  # type: ignore[arg-type]
        )
        await chat.link(self.customer)
        reply = await chat.says("推荐一下", "recommend_request")
        assert reply is not None
        known = await self.products([card.product_id for card in reply.cards if card.product_id])
        return [known[card.product_id][0] for card in reply.cards if card.product_id]

    async def products(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Code and category by id."""
        async with self.store.read() as connection:
            found = await Catalogue(connection).by_ids(ids)
        return {one.id: (one.code, one.category_id or "") for one in found.values()}

    async def by_code(self) -> dict[str, str]:
        """Category by code, of what can be sold."""
        async with self.store.read() as connection:
            return {
                one.code: one.category_id or "" for one in await Catalogue(connection).active() if one.stock
            }


@pytest.fixture
async def fitted_shop(store: Store, tmp_path: Path) -> FittedShop:
    settings = Settings(home=tmp_path)
    await make_demo(store, 1, DEMO_NOW, customers=120, days=150)
    await refit(settings, seed=1, progress=lambda _step, _share: None, now=DEMO_NOW)
    served = ServedRetention(store, tmp_path)
    assert await served.refresh()
    async with store.read() as connection:
        customer = await connection.scalar(select(customer_table.c.id).order_by(customer_table.c.id))
    decisions = Decisions(served, steering=Steering(tmp_path), stock_age=0.0)
    return FittedShop(store, tmp_path, decisions, await Linker.open(store, "secret"), str(customer))


@pytest.mark.slow
async def test_customers_are_shown_what_the_shop_wants(fitted_shop: FittedShop) -> None:
    before = await fitted_shop.shown()
    assert len(before) == 3
    category = await fitted_shop.by_code()

    write(fitted_shop.home, f'bury = ["{before[0]}"]')
    buried = await fitted_shop.shown()
    assert before[0] not in buried
    assert len(buried) == 3

    pinned = next(code for code in reversed(category) if code not in before)
    write(fitted_shop.home, f'pin = ["{pinned.lower()}"]')
    assert (await fitted_shop.shown())[0] == pinned

    [(crowded, count)] = Counter(category[code] for code in before).most_common(1)
    write(fitted_shop.home, f"[at_most]\n{crowded} = {count - 1}")
    capped = await fitted_shop.shown()
    assert Counter(category[code] for code in capped)[crowded] <= count - 1

    (fitted_shop.home / FILE).unlink()
    assert await fitted_shop.shown() == before


async def test_a_win_back_message_stays_personal_but_for_what_is_buried(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    async def shop(connection: AsyncConnection) -> None:
        for name in ("p1", "p2"):
            await add_product(connection, name)
        await add_customer(connection, "c1", telegram="1", risk=0.9)
        await Campaigns(connection).ensure(WIN_BACK, "win_back", holdout=0.0, settings={}, seed=7, now=NOW)

    await fill(settings, shop)
    write(tmp_path, 'bury = ["P1"]')
    store = Store.open(settings.store_url)
    await plan_active(settings, store, NOW)
    async with store.read() as connection:
        assert list(await connection.scalars(select(campaign_contact.c.product_id))) == ["p2"]
    await store.close()


# --- shown -------------------------------------------------------------------------------------------------


def test_the_command_shows_what_rules_mean_and_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    asyncio.run(fill(Settings(home=tmp_path), add_product))
    write(tmp_path, 'pin = ["p1"]\nbury = ["gone"]')
    good = CliRunner().invoke(app, ["rules"])
    assert good.exit_code == 0
    assert "Product p1" in good.output
    assert "bury: gone is not on sale" in good.output
    write(tmp_path, "pin = [1]")
    bad = CliRunner().invoke(app, ["rules"])
    assert bad.exit_code == 1
    assert "pin.0: " in bad.output


async def fill(settings: Settings, setup: Callable[[AsyncConnection], Awaitable[None]]) -> None:
    await make_tables(settings.store_url)
    store = Store.open(settings.store_url)
    await store.write(setup)
    await store.close()
