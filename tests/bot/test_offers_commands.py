"""`liuke offers`: which personal prices there are, why, and what their policies bring."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from bot.cli import app
from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.settings import Settings
from kernel import console
from kernel.times import utc_now
from storage import Store
from tests.bot.models.test_judging import buy, shop, tell
from tests.conftest import make_tables
from tests.factories import add_budget, add_purchase

RUN = CliRunner()


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The code of an offer that holds, in a shop whose log tells of others that are over."""
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    monkeypatch.setattr(console.out, "width", 220)
    return asyncio.run(_made(tmp_path))


async def _made(home: Path) -> str:
    url, now = Settings(home=home).store_url, utc_now()
    await make_tables(url)
    async with Store.open(url) as store:
        decisions = Decisions(ServedRetention(store, home), stock_age=0.0)
        return await store.write(partial(_fill, decisions, now))


async def _fill(decisions: Decisions, now: datetime, connection: AsyncConnection) -> str:
    await shop(connection)
    await add_budget(connection, 100_000, now=now)
    for months in range(1, 11):
        await add_purchase(connection, "c1", "p1", now - timedelta(days=30 * months))
    for days in range(20, 80):
        at = now - timedelta(days=days)
        await tell(connection, at, held=timedelta(hours=20))
        if days % 3 == 0:
            await buy(connection, at + timedelta(hours=2))
    made = await decisions.offer(connection, customer_id="c1", product_id="p1", reason="asked", now=now)
    stored = await decisions.reserve(connection, made, reason="asked", now=now)
    await decisions.record_shown(
        connection, made, customer_id="c1", account_id=None, conversation_id=None, now=now
    )
    return stored.code


def said(*command: str, fails: bool = False) -> str:
    done = RUN.invoke(app, ["offers", *command])
    assert done.exit_code == (1 if fails else 0), done.output
    return " ".join((done.stdout + done.stderr).split())


def test_the_list_tells_price_and_rules_in_words(code: str) -> None:
    told = said("list")
    assert all(
        part in told
        for part in (code, "live", "Product p1", "90.00", "100.00", "bought on several days −8 %")
    )
    assert "多次购买" in said("list", "--language", "zh")
    assert "商品 p1" in said("list", "--language", "zh")
    assert code not in said("list", "--state", "used")
    (one,) = json.loads(said("list", "--json"))
    assert (one["code"], one["price"]) == (code, 9_000)


def test_a_code_is_explained_rule_by_rule(code: str) -> None:
    told = said("explain", code.lower())
    for part in (
        "bought on several days",
        "10",
        "8 %",
        "bought it before",
        "2 %",
        "from the price for everybody",
    ):
        assert part in told
    assert "By rules/1, with probability 1." in told
    assert "What could have been chosen" in told
    explained = json.loads(said("explain", code, "--json"))
    assert explained["eligible"] == [
        {"price": 10_000, "probability": 0.0},
        {"price": 9_000, "probability": 1.0},
    ]
    assert "no personal price with the code" in said("explain", "LKNOTHERE", fails=True)


def test_policies_are_told_by_what_they_brought() -> None:
    told = said("policies")
    assert "rules/1" in told
    assert "33.3%" in told
    assert "not told by this log" in told
    found = json.loads(said("policies", "--json"))
    assert found["policies"][0]["value"]["mean"] == pytest.approx(8_000 / 3)
    assert found["by_tier"][0]["group"] == "standard"


def test_the_budget_tells_what_is_promised_and_left() -> None:
    (one,) = json.loads(said("budget", "--json"))["budgets"]
    assert (one["total"], one["used"], one["promised"], one["left"]) == (100_000, 0, 1_000, 99_000)
    told = said("budget")
    assert all(part in told for part in ("¥1,000.00", "¥10.00", "¥990.00"))


def test_without_a_budget_it_is_said_why_there_are_no_offers(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text("on = false", encoding="utf-8")
    assert "Personal prices are switched off" in said("budget")
