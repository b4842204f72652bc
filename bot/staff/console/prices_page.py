"""Prices: the rules for personal prices, what they cost, the newest ones, what they brought, and list prices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from nicegui import ui

from bot.conversation.texts import Texts
from bot.staff.console.frame import Acting, RedrawnPage, Visit, plain_button
from bot.staff.console.prices_demand import DemandPicture
from bot.staff.console.prices_figures import draw_judgement, draw_offers, draw_spending, explain
from bot.staff.console.prices_list import draw_earned, draw_proposals
from bot.staff.console.prices_rules import RulesEditor
from bot.staff.console.widgets import Part
from bot.staff.console.words import Words
from bot.staff.list_prices import ListPrices
from bot.staff.price_figures import PriceFigures, PriceReports
from bot.staff.price_rules import PriceRules, RulesFile
from bot.staff.roles import PRICING
from kernel.times import utc_now
from storage.catalogue import Product
from storage.offers import StoredOffer
from storage.price_proposals import APPROVED, PROPOSED, StoredProposal

TABS = ("rules", "budget", "offers", "policies", "list", "demand")
_APPROVED_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the page shows."""

    file: RulesFile
    figures: PriceFigures
    proposals: Sequence[StoredProposal]
    """Open ones, then the newest approved ones."""
    products: Mapping[str, Product]
    """Those of the proposals, by id."""


class OnDemand:
    """A button for what takes long, and that it is under way."""

    def __init__(self, words: Words, act: Acting, work: Callable[[], Awaitable[None]], label: str) -> None:
        """Draw it; `work` shows what it found."""
        self._act, self._work = act, work
        self.button = plain_button(words(label), self._press)
        with ui.column().classes("w-full gap-1") as self._going:
            ui.label(words("prices-going")).classes("text-sm").props("role=status")
            bar = ui.linear_progress(0.0, show_value=False).props("indeterminate rounded size=10px")
            bar.props["aria-label"] = words("prices-going")
        self._going.visible = False

    async def _press(self) -> None:
        self.button.disable()
        self._going.visible = True
        try:
            await self._act(self._work(), None)
        finally:
            self._going.visible = False
            self.button.enable()


class PricesPage(RedrawnPage[Found]):
    """One browser's view of prices."""

    _name = "prices"
    _every = 15.0

    def __init__(
        self, rules: PriceRules, reports: PriceReports, lists: ListPrices, texts: Texts, visit: Visit
    ) -> None:
        """Wire it up; `texts` are those that customers are told."""
        super().__init__(visit)
        self._reports, self._lists = reports, lists
        self._prices = visit.member.role in PRICING
        self._editor = RulesEditor(rules, texts, visit, self._act)

    def _draw_frame(self) -> None:
        words = self._words
        with (
            ui.column().classes("w-full gap-3 scrolling page no-wrap prices").style("flex-direction: column")
        ):
            ui.label(words("prices-what-for")).classes("text-sm soft lead")
            self._missing = Part(self._draw_missing)
            with ui.tabs().props("no-caps dense align=left") as tabs:
                for name in TABS:
                    ui.tab(name, label=words(f"prices-{name}")).mark(f"tab-{name}")
            with ui.tab_panels(tabs, value="rules").classes("w-full price-panels"):
                with ui.tab_panel("rules").classes("p-0"):
                    self._editor.draw()
                with ui.tab_panel("budget").classes("p-0"):
                    self._spending = Part(lambda figures: draw_spending(words, self._visit.zone, figures))
                with ui.tab_panel("offers").classes("p-0"):
                    self._offers = Part(self._draw_offers)
                with ui.tab_panel("policies").classes("p-0"):
                    self._draw_policies()
                with ui.tab_panel("list").classes("p-0"):
                    self._draw_earned()
                    self._list = Part(self._draw_list)
                with ui.tab_panel("demand").classes("p-0"):
                    self._draw_demand()

    async def _read(self) -> Found:
        open_ones = await self._lists.all(PROPOSED)
        proposals = [*open_ones, *(await self._lists.all(APPROVED))[:_APPROVED_SHOWN]]
        return Found(
            file=self._editor.file(),
            figures=await self._reports.figures(),
            proposals=tuple(proposals),
            products=await self._reports.products({one.product_id for one in proposals}),
        )

    async def _refresh(self) -> None:
        found = await self._read()
        figures = found.figures
        self._missing.show(figures.missing, figures.on_sale, figures.without_cost)
        self._spending.show(figures)
        self._offers.show(figures.offers, figures.products)
        self._list.show(found.proposals, found.products)
        await self._editor.follow(found.file)

    def _draw_missing(self, missing: Sequence[str], on_sale: int, without_cost: int) -> None:
        """Why nobody, or not everybody, is offered a personal price."""
        for code in missing:
            said = self._words.of("missing", code, number=without_cost, all=on_sale)
            ui.label(said).classes("over w-full").props("role=status")

    def _draw_offers(self, offers: Sequence[StoredOffer], products: Mapping[str, Product]) -> None:
        async def press(one: StoredOffer) -> None:
            eligible = await self._reports.eligible(one)
            with self._dialogs:
                explain(self._words, self._visit.zone, one, products.get(one.product_id), eligible)

        draw_offers(self._words, self._visit.zone, offers, products, press)

    def _draw_policies(self) -> None:
        words = self._words
        with ui.column().classes("w-full gap-3"):
            ui.label(words("policies-what-for")).classes("text-sm soft lead")

            async def work() -> None:
                judged.show(await self._reports.judged())

            OnDemand(words, self._act, work, "policies-look").button.mark("judge")
            judged = Part(lambda found: draw_judgement(words, found))

    def _draw_demand(self) -> None:
        words = self._words
        with ui.column().classes("w-full gap-3"):
            ui.label(words("demand-what-for")).classes("text-sm soft lead")

            async def work() -> None:
                demand.show(await self._lists.demand(utc_now()))

            OnDemand(words, self._act, work, "demand-look").button.mark("demand")
            demand = Part(lambda found: DemandPicture(words, found).draw())

    def _draw_earned(self) -> None:
        async def work() -> None:
            earned.show(await self._lists.outcome(utc_now()))

        with ui.column().classes("w-full gap-3 pb-3"):
            OnDemand(self._words, self._act, work, "list-earned-look").button.mark("look-earned")
            earned = Part(lambda found: draw_earned(self._words, found))

    def _draw_list(self, proposals: Sequence[StoredProposal], products: Mapping[str, Product]) -> None:
        async def decide(what: str, one: StoredProposal) -> None:
            do = {"approve": self._lists.approve, "decline": self._lists.decline, "undo": self._lists.undo}
            await self._act(do[what](self._visit.member, one.id, utc_now()), f"list-{what}-done")

        draw_proposals(self._words, proposals, products, decide if self._prices else None)
