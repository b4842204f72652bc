"""The page of prices: rules are checked as they are typed, an offer is explained, list prices are decided by admins."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.testing.user_simulation import user_simulation

from bot.conversation.texts import Texts
from bot.staff.console.frame import listening
from bot.staff.console.prices_page import PricesPage
from bot.staff.list_prices import ListPrices
from bot.staff.price_rules import PriceRules
from storage.catalogue import Catalogue
from storage.price_proposals import APPROVED, PROPOSED, RULE, UNDONE, NewProposal, PriceProposals
from storage.staff import StaffMember
from tests.bot.delivery.fakes import until
from tests.bot.staff.test_list_prices import member
from tests.bot.staff.test_price_figures import RULES, Shop, shop
from tests.bot.staff.visits import Visitor
from tests.factories import NOW

__all__ = ["shop"]


def page_for(shop: Shop, who: StaffMember) -> Callable[[], object]:
    async def page() -> None:
        if await listening():
            rules = PriceRules(shop.store, shop.home, clock=lambda: NOW)
            PricesPage(
                rules, shop.reports, ListPrices(shop.store), Texts.load(), Visitor(who).visit()
            ).build()

    return page


async def test_rules_are_checked_while_they_are_typed_and_saved(shop: Shop) -> None:
    admin = await member(shop.store)
    async with user_simulation(page_for(shop, admin)) as user:
        await user.open("/")
        await user.should_see("Nobody is offered a personal price: no budget is set.")
        await user.should_see("What they would give")
        (box,) = user.find(marker="rules", kind=ui.textarea).elements
        (save,) = user.find(marker="save", kind=ui.button).elements
        box.value = "bought_before = 200\n[caps]\nat_onc = 1\n"
        await user.should_see("2 mistakes:")
        await user.should_not_see("What they would give")
        await user.should_see("caps.at_onc: is no rule")
        assert not save.enabled
        box.value = RULES
        await user.should_not_see("2 mistakes:")
        user.find(marker="check").click()
        await user.should_see("¥92.00")
        user.find(marker="save").click()
        await until(lambda: (shop.home / "prices.toml").exists())
        await user.should_not_see("no budget is set")
    assert (shop.home / "prices.toml").read_text("utf-8") == RULES


async def test_what_is_typed_stays_when_somebody_else_saves(shop: Shop) -> None:
    admin = await member(shop.store)
    async with user_simulation(page_for(shop, admin)) as user:
        await user.open("/")
        await user.should_see("What they would give")
        (box,) = user.find(marker="rules", kind=ui.textarea).elements
        box.value = "largest_discount = 9\n"
        shop.rules(RULES)
        user.find(marker="save").click()
        await until(lambda: "Somebody has saved other rules meanwhile" in str(user.notify.messages))
        await user.should_see("Somebody has saved other rules since you began.")
        assert box.value == "largest_discount = 9\n"
        user.find(marker="load").click()
        await until(lambda: box.value == RULES)


async def test_who_may_only_look_has_nothing_to_save_or_approve(shop: Shop) -> None:
    shop.rules(RULES)
    await shop.store.write(lambda c: PriceProposals(c).put([a_proposal("p1")], NOW))
    viewer = await member(shop.store, "viewer")
    async with user_simulation(page_for(shop, viewer)) as user:
        await user.open("/")
        await user.should_see("Only admins can save rules.")
        await user.should_not_see(marker="save")
        user.find(marker="tab-list").click()
        await user.should_see("Only admins can decide about them.")
        await user.should_not_see("Approve")


async def test_the_budget_is_shown_and_an_offer_explained(shop: Shop) -> None:
    shop.rules(RULES)
    await shop.promise("LKONE22", "p1", 500)
    await shop.promise("LKTWO33", "p2", 700, "win-back")
    await shop.use("LKTWO33")
    async with user_simulation(page_for(shop, await member(shop.store, "viewer"))) as user:
        await user.open("/")
        await user.should_see(marker="tab-budget")
        user.find(marker="tab-budget").click()
        await user.should_see("Used ¥7.00 · promised ¥5.00 · left ¥88.00 of ¥100.00")
        await user.should_see("Of it for win-back")
        user.find(marker="tab-offers").click()
        await user.should_see("¥95.00 instead of ¥100.00: ¥5.00 less (−5 %)")
        await user.should_see("Because of: bought on several days −5 %")
        user.find(marker="offer-LKONE22").click()
        await user.should_see("By rules/1, with a chance of 100 %; never below ¥0.01.")
        await user.should_see("from the price for everybody")
        user.find(marker="tab-policies").click()
        user.find(marker="judge").click()
        await user.should_see("No decision about a price is over yet")


def a_proposal(product_id: str) -> NewProposal:
    reasons = [
        {"code": "expected_margin", "value": 1_250.0, "weight": None},
        {"code": "elasticity", "value": -1.31, "weight": None},
        {"code": "surprise", "value": -0.1, "weight": 0.2},
    ]
    return NewProposal(
        product_id=product_id, old_price=10_000, new_price=10_500, currency="CNY", gain=1_250.0, low=300.0,
        high=2_100.0, reasons=reasons,
    )  # fmt: skip


async def test_a_list_price_is_approved_and_undone(shop: Shop) -> None:
    admin, lists = await member(shop.store), ListPrices(shop.store)
    async with user_simulation(page_for(shop, admin)) as user:
        await user.open("/")
        await user.should_see(marker="tab-list")
        user.find(marker="tab-list").click()
        await user.should_see("liuke prices propose")
    await shop.store.write(lambda c: PriceProposals(c).put([a_proposal("p1")], NOW))
    (one,) = await lists.all(PROPOSED)
    async with user_simulation(page_for(shop, admin)) as user:
        await user.open("/")
        await user.should_see(marker="tab-list")
        user.find(marker="tab-list").click()
        await user.should_see("¥100.00 → ¥105.00 (+5.0 %)")
        await user.should_see("Expected margin: ¥12.50 more (¥3.00 … ¥21.00, 90 %)")
        await user.should_see(
            "elasticity of demand: -1.31, sold in the last week, beside its forecast: -10 %"
        )
        user.find(marker=f"approve-{one.id}").click()
        await user.should_see(marker=f"undo-{one.id}")
        assert await price(shop) == 10_500
        assert [found.id for found in await lists.all(APPROVED)] == [one.id]
        user.find(marker="look-earned").click()
        await user.should_see("can’t be told yet: fewer than five products")
        user.find(marker=f"undo-{one.id}").click()
        await user.should_not_see(marker=f"undo-{one.id}")
    assert await price(shop) == 10_000


async def test_what_the_rule_approved_is_named_so_and_undone_by_the_same_button(shop: Shop) -> None:
    admin, lists = await member(shop.store), ListPrices(shop.store)
    [one] = await shop.store.write(lambda c: PriceProposals(c).put([a_proposal("p1")], NOW))
    await shop.store.write(
        lambda c: PriceProposals(c).approve(one.id, RULE, NOW, rule={"largest_change": "5"})
    )
    assert await price(shop) == 10_500
    async with user_simulation(page_for(shop, admin)) as user:
        await user.open("/")
        await user.should_see(marker="tab-list")
        user.find(marker="tab-list").click()
        await user.should_see("approved by the rule in prices.toml")
        user.find(marker=f"undo-{one.id}").click()
        await user.should_not_see(marker=f"undo-{one.id}")
    assert await price(shop) == 10_000
    assert [found.decided_by for found in await lists.all(UNDONE)] == [RULE]


async def test_every_budget_is_shown(shop: Shop) -> None:
    day = '\n[[budget]]\ncurrency = "CNY"\neach = "day"\ntotal = 20\n'
    shop.rules(RULES.replace("[budget]", "[[budget]]") + day)
    async with user_simulation(page_for(shop, await member(shop.store))) as user:
        await user.open("/")
        await user.should_see(marker="tab-budget")
        user.find(marker="tab-budget").click()
        await user.should_see("of ¥100.00")
        await user.should_see("of ¥20.00")


async def price(shop: Shop) -> int:
    async with shop.store.read() as connection:
        found = await Catalogue(connection).get("p1")
    assert found is not None
    return found.list_price
