"""The owner's rules for prices: in force when they change, shown and previewed, and told to customers as they are."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from bot.cli import app
from bot.conversation import price_rules
from bot.conversation.texts import Texts
from bot.settings import Settings
from bot.shop.prices import FILE, Prices, examples, meaning, parse_prices, preview
from nlu.types import Passage
from retention.pricing.policy import WrittenPrices
from retention.types import Money, PricePolicy, ProductState
from storage import Store
from tests.conftest import make_tables
from tests.factories import NOW, add_product

BUDGET = (
    '[budget]\ncurrency = "CNY"\neach = "week"\ntotal = 500\ncustomer = 50\ncampaigns = { win-back = 90 }\n'
)
TEXTS = Texts.load()


def write(home: Path, text: str) -> Path:
    path = home / FILE
    path.write_text(text, encoding="utf-8")
    return path


# --- in force ----------------------------------------------------------------------------------------------


def test_a_changed_file_is_taken_and_a_deleted_one_ends_the_rules(tmp_path: Path) -> None:
    prices = Prices(tmp_path)
    assert prices.policy == PricePolicy()
    write(tmp_path, "bought_before = 3\n")
    assert prices.policy.bought_before == 300
    (tmp_path / FILE).unlink()
    assert prices.policy == PricePolicy()


def test_a_broken_file_keeps_the_rules_in_use_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, f"bought_before = 3\n{BUDGET}")
    prices = Prices(tmp_path)
    write(tmp_path, "bought_before = 300\nlargest_discount = -1")
    for _ in range(3):
        assert prices.policy.bought_before == 300
        assert prices.budgets
    assert len(prices.problems) == 2
    [told] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "bought_before: " in told
    assert "The rules in use stay" in told
    write(tmp_path, "bought_before = 4")
    assert (prices.policy.bought_before, prices.problems) == (400, ())


def test_what_an_offer_must_stay_inside_follows_from_the_rules(tmp_path: Path) -> None:
    write(tmp_path, f"[caps]\nat_once = 3\n{BUDGET}")
    prices = Prices(tmp_path, "Asia/Shanghai")
    limits = prices.limits("CNY", NOW, "win-back")
    assert limits is not None
    assert [(one.id, one.total, one.campaign) for one in limits.rules] == [
        ("CNY week 2026-11-23", 50_000, None),
        ("CNY week 2026-11-23 win-back", 9_000, "win-back"),
    ]
    begins = limits.rules[0].starts_at.astimezone(ZoneInfo("Asia/Shanghai"))
    assert begins.isoformat() == "2026-11-23T00:00:00+08:00"
    assert ([one.customer for one in limits.rules], limits.most_live) == ([5_000, None], 3)
    other = prices.limits("CNY", NOW, "another")
    assert other is not None
    assert [one.id for one in other.rules] == ["CNY week 2026-11-23"]
    assert prices.limits("USD", NOW) is None


def test_all_budgets_hold_that_run_now(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [[budget]]
        currency = "CNY"
        each = "day"
        total = 100
        [[budget]]
        currency = "CNY"
        each = "month"
        total = 1000
        customer = 20
        campaigns = { win-back = 300 }
        [[budget]]
        currency = "CNY"
        first_day = 2026-11-01
        last_day = 2026-11-11
        total = 500
        [[budget]]
        currency = "EUR"
        each = "week"
        total = 7
        """,
    )
    prices = Prices(tmp_path, "Asia/Shanghai")

    def running(currency: str, campaign: str | None = None) -> list[tuple[str, int, int | None]]:
        limits = prices.limits(currency, NOW, campaign)
        return [] if limits is None else [(one.id, one.total, one.customer) for one in limits.rules]

    assert running("CNY", "win-back") == [
        ("CNY day 2026-11-25", 10_000, None),
        ("CNY month 2026-11-01", 100_000, 2_000),
        ("CNY month 2026-11-01 win-back", 30_000, None),
    ]
    assert running("CNY") == [running("CNY", "win-back")[place] for place in (0, 1)]
    assert running("EUR") == [("EUR week 2026-11-23", 700, None)]
    assert prices.limits("USD", NOW) is None


# --- shown -------------------------------------------------------------------------------------------------

TEA = ProductState(
    product="p1", list_price=Money(12_800, "CNY"), cost=Money(6_000, "CNY"), stock=9, category="tea"
)


def test_a_preview_is_what_each_kind_of_customer_would_get() -> None:
    shown = preview(PricePolicy(), TEA, NOW)
    assert {name: one.price.minor for name, one in shown.items()} == {
        "new": 12_800, "regular": 12_160, "loyal": 11_776, "win-back": 10_880,
    }  # fmt: skip
    shown = preview(PricePolicy(), TEA, NOW, budget_set=False)
    assert {one.reasons[-1].code for one in shown.values()} == {"no_budget"}
    assert [one.name for one in examples(PricePolicy(loyalty=()))] == ["new", "win-back"]


def test_every_rule_is_told() -> None:
    told = {one.key.split(".")[0] for one in meaning(parse_prices(BUDGET))}
    assert told == set(WrittenPrices.model_fields)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def fill(settings: Settings, setup: Callable[[AsyncConnection], Awaitable[None]]) -> None:
    await make_tables(settings.store_url)
    async with Store.open(settings.store_url) as store:
        await store.write(setup)


def run(*more: str) -> Any:
    return CliRunner().invoke(app, ["prices", "rules", *more])


def test_the_command_shows_rules_preview_and_what_is_missing(home: Path) -> None:
    asyncio.run(fill(Settings(home=home), partial(add_product, cost=None)))
    write(home, "[margin]\ncategories = { teas = 30 }")
    shown = run()
    assert shown.exit_code == 0
    assert "8 % from 10 purchase days" in shown.output
    assert "no budget is set" in shown.output
    assert "1 products on sale get no personal price: their cost is not known" in shown.output
    assert "margin.categories: teas is no category or product" in shown.output


def test_the_command_gives_the_preview_to_programs(home: Path) -> None:
    asyncio.run(fill(Settings(home=home), add_product))
    write(home, f'endings = [".90"]\n{BUDGET}')
    facts = json.loads(run("--json").output)
    assert facts["policy"].startswith("rules/1+")
    loyal = next(one for one in facts["preview"] if one["customer"] == "loyal")
    assert (loyal["price"], loyal["reasons"]) == (9_190, ["list_price", "loyalty", "price_ending"])


def test_the_command_names_every_mistake(home: Path) -> None:
    asyncio.run(fill(Settings(home=home), add_product))
    write(home, "discounts = 1\nlargest_discount = 101")
    bad = run()
    assert bad.exit_code == 1
    assert "discounts: is no rule" in bad.output
    assert "largest_discount: should be 100 or less" in bad.output
    chinese = run("--language", "zh")
    assert chinese.exit_code == 1
    assert "largest_discount：应不大于 100" in chinese.output
    assert "discounts：没有这条规则" in chinese.output


# --- told to customers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_published_rules_are_those_in_force(language: str) -> None:
    say = partial(TEXTS.say, language)
    policy = parse_prices(
        "bought_before = 0\nlargest_discount = 12.5\n[[loyalty]]\npurchase_days = 4\noff = 6"
    ).policy()
    told = price_rules.published(say, policy)
    for part in ("12.5", "6", "4", "180", "5–15"):
        assert part in told
    assert price_rules.published(say, PricePolicy(enabled=False)) == say("price-rules-off")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_says_the_rules_in_force_where_it_leaves_room(language: str) -> None:
    say = partial(TEXTS.say, language)
    passage = Passage(
        page="p", title="t", text="Here: {price-rules} For {price-hours} hours.", language="en", score=1.0,
        answer="For {price-hours} hours.",
    )  # fmt: skip
    policy = PricePolicy(validity_hours=48)
    found = price_rules.filled(say, policy, passage)
    assert found.text == f"Here: {price_rules.published(say, policy)} For 48 hours."
    assert found.answer == "For 48 hours."


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_disclosure_names_an_estimate_of_risk_where_one_was_used(language: str) -> None:
    say = partial(TEXTS.say, language)
    risk = say("price-basis-win_back")
    used = price_rules.basis(say, [{"code": "list_price"}, {"code": "loyalty"}, {"code": "win_back"}])
    assert risk in say("offer-disclosure", basis=used)
    assert say("price-basis-loyalty") in used
    assert risk not in price_rules.basis(say, [{"code": "list_price"}, {"code": "loyalty"}])
