"""Rules for prices are saved by admins alone, never over somebody else's, and it is written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.shop.prices import Prices
from bot.staff.price_rules import PriceRules, RulesChanged, RulesNotKept
from bot.staff.roles import AccessChanged, NotAllowed
from retention.written import RulesInvalid
from storage import Store
from storage.audit import Audit
from storage.staff import Staff
from tests.bot.staff.test_list_prices import member
from tests.factories import NOW, add_product

RULES = 'largest_discount = 12\n\n[budget]\ncurrency = "CNY"\neach = "month"\ntotal = 100\n'


@pytest.fixture
def rules(any_store: Store, tmp_path: Path) -> PriceRules:
    return PriceRules(any_store, tmp_path, clock=lambda: NOW)


async def actions(store: Store) -> list[str]:
    async with store.read() as connection:
        return [one.action for one in await Audit(connection).latest()]


async def test_saved_rules_hold_at_once_and_are_written_down(
    any_store: Store, rules: PriceRules, tmp_path: Path
) -> None:
    admin, in_force = await member(any_store), Prices(tmp_path)
    assert not in_force.budgets
    kept = await rules.keep(admin, RULES, rules.read().version)
    assert kept == rules.read()
    assert (tmp_path / "prices.toml").read_text("utf-8") == RULES
    assert in_force.policy.max_discount == 0.12
    assert in_force.budgets
    async with any_store.read() as connection:
        (entry,) = await Audit(connection).latest()
    assert (entry.action, entry.staff_id, entry.details["budget"]) == ("prices_saved", admin.id, True)


@pytest.mark.parametrize("role", ["viewer", "agent", "campaigner"])
async def test_others_may_only_look(any_store: Store, rules: PriceRules, role: str) -> None:
    with pytest.raises(NotAllowed):
        await rules.keep(await member(any_store, role), RULES, rules.read().version)
    assert rules.read().text == ""


async def test_an_admin_who_is_none_any_more_saves_nothing(any_store: Store, rules: PriceRules) -> None:
    admin = await member(any_store)
    await any_store.write(lambda c: Staff(c).change(admin.id, role="viewer"))
    with pytest.raises(AccessChanged):
        await rules.keep(admin, RULES, rules.read().version)
    assert rules.read().text == ""


async def test_nobody_overwrites_what_somebody_else_saved_meanwhile(
    any_store: Store, rules: PriceRules, tmp_path: Path
) -> None:
    admin, before = await member(any_store), rules.read().version
    (tmp_path / "prices.toml").write_text("largest_discount = 7\n", "utf-8")
    with pytest.raises(RulesChanged):
        await rules.keep(admin, RULES, before)
    assert rules.read().text == "largest_discount = 7\n"
    assert await actions(any_store) == []
    await rules.keep(admin, RULES, rules.read().version)
    assert rules.read().text == RULES


async def test_a_text_with_mistakes_is_not_kept_and_every_one_is_told(
    any_store: Store, rules: PriceRules
) -> None:
    wrong = 'bought_before = "2"\n[caps]\nat_onc = 1\n'
    first, second = map(str, rules.problems(wrong))
    assert first.startswith("bought_before: ")
    assert second.startswith("caps.at_onc: is no rule")
    assert rules.problems("largest_discount = ")
    assert rules.problems(RULES) == ()
    with pytest.raises(RulesInvalid):
        await rules.keep(await member(any_store), wrong, rules.read().version)
    assert rules.read().text == ""


async def test_where_the_file_cannot_be_written_the_log_says_nothing_either(
    any_store: Store, tmp_path: Path
) -> None:
    rules = PriceRules(any_store, tmp_path / "away")
    with pytest.raises(RulesNotKept):
        await rules.keep(await member(any_store), RULES, rules.read().version)
    assert await actions(any_store) == []


async def test_a_link_stays_a_link(any_store: Store, rules: PriceRules, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "prices.toml").symlink_to(real / "rules.toml")
    await rules.keep(await member(any_store), RULES, rules.read().version)
    assert (tmp_path / "prices.toml").is_symlink()
    assert (real / "rules.toml").read_text("utf-8") == RULES


async def test_a_text_is_tried_on_the_shops_products(any_store: Store, rules: PriceRules) -> None:
    await any_store.write(lambda c: add_product(c, "p1"))
    without = await rules.tried("")
    assert (without.budget, without.on_sale, without.without_cost) == (False, 1, 0)
    assert not any(one.personal for one in without.offers["p1"].values())
    found = await rules.tried(RULES)
    assert found.budget
    assert found.offers["p1"]["loyal"].price.minor == 9_200
    assert found.offers["p1"]["win-back"].discount == pytest.approx(0.12)
    with pytest.raises(RulesInvalid):
        await rules.tried("nonsense = 1")
