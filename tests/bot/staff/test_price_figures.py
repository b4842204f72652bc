"""What personal prices cost is told as the store has it, by campaign; and why none are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.shop.prices import Prices
from bot.staff.price_figures import PriceReports
from storage import Conflict, Store
from storage.offers import NewOffer, Offers
from storage.redemptions import Redemptions
from storage.schema import product
from tests.factories import NOW, add_budget, add_customer, add_product

RULES = '[budget]\ncurrency = "CNY"\neach = "month"\ntotal = 100\ncampaigns = { win-back = 40 }\n'


@dataclass
class Shop:
    """A store, the file of its rules, and what is told of them."""

    store: Store
    home: Path
    prices: Prices
    reports: PriceReports

    def rules(self, text: str) -> None:
        (self.home / "prices.toml").write_text(text, "utf-8")

    async def promise(self, code: str, product_id: str, off: int, campaign: str | None = None) -> None:
        new = NewOffer(
            code=code,
            customer_id="c1",
            product_id=product_id,
            price=10_000 - off,
            list_price=10_000,
            floor=1,
            currency="CNY",
            reason="win_back" if campaign else "asked",
            reasons=[{"code": "list_price", "value": 10_000}, {"code": "loyalty", "weight": off / 10_000}],
            policy="rules/1",
            probability=1.0,
            valid_until=NOW + timedelta(hours=72),
        )
        limits = self.prices.limits("CNY", NOW, campaign)
        await self.store.write(lambda c: Offers(c).reserve(new, NOW, limits))

    async def use(self, code: str) -> None:
        await self.store.write(lambda c: Redemptions(c).use(code, customer_id="c1", order_id=None, now=NOW))

    async def missing(self) -> Sequence[str]:
        return (await self.reports.figures()).missing


@pytest.fixture
async def shop(any_store: Store, tmp_path: Path) -> Shop:
    async def fill(connection: Any) -> None:
        await add_customer(connection, "c1")
        for name in ("p1", "p2", "p3"):
            await add_product(connection, name)

    await any_store.write(fill)
    prices = Prices(tmp_path)
    return Shop(any_store, tmp_path, prices, PriceReports(any_store, prices, clock=lambda: NOW))


async def test_what_is_used_promised_and_left_adds_up_to_the_budget(shop: Shop) -> None:
    shop.rules(RULES)
    await shop.promise("A", "p1", 500)
    await shop.promise("B", "p2", 700, "win-back")
    await shop.promise("C", "p3", 900)
    await shop.use("C")
    whole, campaign = (await shop.reports.figures()).spending
    assert (whole.used, whole.promised, whole.budget.left, whole.budget.total) == (900, 1_200, 7_900, 10_000)
    assert (campaign.campaign, campaign.used, campaign.promised, campaign.budget.left) == (
        "win-back", 0, 700, 3_300,
    )  # fmt: skip
    assert {(one.reason, one.state): (one.offers, one.amount) for one in whole.given} == {
        ("asked", "live"): (1, 500),
        ("asked", "used"): (1, 900),
        ("win_back", "live"): (1, 700),
    }
    assert whole.starts_at is not None
    assert whole.ends_at is not None
    assert whole.starts_at <= NOW < whole.ends_at


async def test_an_offer_draws_on_every_budget_and_all_of_them_are_told(shop: Shop) -> None:
    day = '\n[[budget]]\ncurrency = "CNY"\neach = "day"\ntotal = 20\n'
    shop.rules(RULES.replace("[budget]", "[[budget]]") + day)
    await shop.promise("A", "p1", 500)
    await shop.promise("B", "p2", 700, "win-back")
    found = (await shop.reports.figures()).spending
    assert [(one.budget.id.split()[1], one.campaign, one.promised) for one in found] == [
        ("day", None, 1_200), ("month", None, 1_200), ("month", "win-back", 700),
    ]  # fmt: skip
    # The day has eight yuan left, however much the other period has.
    with pytest.raises(Conflict):
        await shop.promise("C", "p3", 900)
    await shop.store.write(lambda c: Offers(c).expire(NOW + timedelta(days=9)))
    assert {one.budget.reserved for one in (await shop.reports.figures()).spending} == {0}
    for code in ("D", "E"):
        await shop.promise(code, "p1" if code == "D" else "p2", 1_000)
    assert await shop.missing() == ("used_up",)


async def test_a_budget_without_a_rule_is_told_too(shop: Shop) -> None:
    await shop.store.write(lambda c: add_budget(c, 1_000))
    await shop.promise("A", "p1", 400)
    figures = await shop.reports.figures()
    (only,) = figures.spending
    assert (only.campaign, only.promised, only.budget.left) == (None, 400, 600)
    assert [one.code for one in figures.offers] == ["A"]
    assert figures.missing == ()


async def test_why_nobody_is_offered_anything(shop: Shop) -> None:
    assert await shop.missing() == ("no_budget",)
    shop.rules(RULES)
    assert await shop.missing() == ()
    shop.rules("on = false\n" + RULES)
    assert await shop.missing() == ("prices_off",)
    shop.rules('[budget]\ncurrency = "CNY"\nfirst_day = 2020-01-01\nlast_day = 2020-01-02\ntotal = 10\n')
    assert await shop.missing() == ("not_now",)
    shop.rules('[budget]\ncurrency = "CNY"\neach = "month"\ntotal = 5\n')
    await shop.promise("A", "p1", 500)
    assert await shop.missing() == ("used_up",)
    shop.rules("nonsense")
    assert await shop.missing() == ("broken", "used_up")


async def test_products_without_a_cost_are_counted_where_no_margin_stands_for_it(shop: Shop) -> None:
    shop.rules(RULES)
    await shop.store.write(lambda c: c.execute(update(product).where(product.c.id == "p1").values(cost=None)))
    found = await shop.reports.figures()
    assert (found.missing, found.without_cost, found.on_sale) == (("no_cost",), 1, 3)
    by_margin = PriceReports(shop.store, shop.prices, margin=0.5, clock=lambda: NOW)
    assert (await by_margin.figures()).missing == ()
