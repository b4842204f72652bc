"""The rules for personal prices in an editor: every mistake while they are typed, what they would give, and Save."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from nicegui import ui

from bot.conversation import price_rules
from bot.conversation.texts import Texts
from bot.conversation.wording import money
from bot.shop.prices import FILE, examples
from bot.staff.console.frame import Acting, Visit, plain_button, small_button
from bot.staff.console.mistake_words import mistake
from bot.staff.console.widgets import Part, cell, heading, table
from bot.staff.price_rules import PriceRules, RulesFile, Tried
from bot.staff.roles import PRICING
from retention.pricing.rules import policy_id
from retention.types import Offer

_LONGEST = 100_000


class RulesEditor:
    """One browser's text of the rules; what is typed stays while others change the file."""

    def __init__(self, rules: PriceRules, texts: Texts, visit: Visit, act: Acting) -> None:
        """Wire it up; `texts` are those that customers are told."""
        self._rules, self._texts, self._act = rules, texts, act
        self._member, self._words = visit.member, visit.words
        self._may = visit.member.role in PRICING
        self._loaded: RulesFile | None = None
        self._tried_text = ""
        self.file = rules.read

    def draw(self) -> None:
        """Draw it where this is called."""
        words = self._words
        with ui.column().classes("w-full gap-3"):
            ui.label(words("rules-what-for", file=FILE)).classes("text-sm soft lead")
            self._box = (
                ui.textarea(on_change=self._typed)
                .classes("w-full rules-text")
                .props(f"outlined autogrow debounce=300 spellcheck=false maxlength={_LONGEST}")
                .mark("rules")
            )
            self._box.props["placeholder"] = words("rules-none")
            self._box.props["aria-label"] = FILE
            if not self._may:
                self._box.props("readonly")
            self._mistakes = Part(self._draw_mistakes)
            self._changed = Part(self._draw_changed)
            with ui.row().classes("w-full gap-2 items-center"):
                plain_button(words("rules-check"), self.check).mark("check")
                if self._may:
                    self._save = plain_button(words("rules-save"), self._keep).mark("save")
                else:
                    ui.label(words("rules-look")).classes("text-sm soft")
            self._tried = Part(self._draw_tried)

    async def follow(self, file: RulesFile) -> None:
        """Take over the file where nothing was typed, or say that it is another."""
        before = self._loaded
        if before is None or (before.version != file.version and not self._is_typed(before)):
            await self._load(file)
        else:
            self._changed.show(before.version != file.version)

    async def check(self) -> None:
        """Say every mistake, or what the rules would give."""
        text = self._box.value or ""
        if not self._say_mistakes(text):
            self._tried_text = text
            self._tried.show(await self._rules.tried(text))

    async def _load(self, file: RulesFile) -> None:
        self._loaded = file
        self._box.value = file.text
        self._changed.show(False)
        await self.check()

    def _is_typed(self, before: RulesFile) -> bool:
        return (self._box.value or "").strip() != before.text.strip()

    def _typed(self) -> None:
        text = self._box.value or ""
        self._say_mistakes(text)
        if text != self._tried_text:
            self._tried.show(None)

    def _say_mistakes(self, text: str) -> bool:
        problems = self._rules.problems(text)
        self._mistakes.show(tuple(mistake(self._words, one) for one in problems))
        if self._may:
            self._save.set_enabled(not problems)
        return bool(problems)

    async def _keep(self) -> None:
        loaded, text = self._loaded, self._box.value or ""
        if loaded is None:
            return

        async def work() -> None:
            kept = await self._rules.keep(self._member, text, loaded.version)
            self._loaded, self._box.value = kept, kept.text

        if await self._act(work(), "rules-saved"):
            await self.check()

    def _draw_mistakes(self, problems: Sequence[str]) -> None:
        if not problems:
            return
        with ui.column().classes("over w-full gap-1").props("role=alert"):
            ui.label(self._words("rules-mistakes", number=len(problems))).classes("font-semibold")
            for one in problems:
                ui.label(one).classes("text-sm break-anywhere")

    def _draw_changed(self, changed: bool) -> None:
        if changed:
            with ui.row().classes("over w-full items-center gap-3").props("role=status"):
                ui.label(self._words("rules-changed"))
                small_button(self._words("rules-load"), lambda: self._load(self._rules.read())).mark("load")

    def _draw_tried(self, tried: Tried | None) -> None:
        if tried is None:
            return
        words, policy = self._words, tried.written.policy()
        with ui.card().classes("w-full p-4 gap-2").mark("tried"):
            heading(words("rules-told"))
            say = partial(self._texts.say, words.language)
            for line in price_rules.published(say, policy).splitlines():
                ui.label(line).classes("text-sm lead")
            ui.label(policy_id(policy)).classes("text-xs soft")
        with ui.card().classes("w-full p-4 gap-2"):
            heading(words("rules-would-give"))
            self._draw_missing(tried)
            names = [one.name for one in examples(policy)]
            heads = [words.of("example", name) for name in names]
            with (
                ui.element().classes("w-full wide"),
                table((words("product"), words("for-everybody"), *heads)) as body,
            ):
                for product_id, offers in tried.offers.items():
                    with body, ui.element("tr"):
                        cell(tried.names[product_id][words.language])
                        first = next(iter(offers.values())).list_price
                        cell(money(first.minor, first.currency))
                        for name in names:
                            self._draw_offer(offers[name])

    def _draw_missing(self, tried: Tried) -> None:
        words = self._words
        lines = [] if tried.budget else [words("missing-no_budget")]
        if tried.without_cost:
            lines.append(words("missing-no_cost", number=tried.without_cost, all=tried.on_sale))
        lines += [words("rules-unknown", key=where, name=name) for where, name in tried.unknown]
        for line in lines:
            ui.label(line).classes("over w-full text-sm")

    def _draw_offer(self, offer: Offer) -> None:
        with ui.element("td"):
            if offer.personal:
                ui.label(money(offer.price.minor, offer.price.currency)).classes("font-medium")
                ui.label(f"−{offer.discount:.1%}").classes("text-xs soft")
            else:
                ui.label("–")
                ui.label(self._words.of("rule", offer.reasons[-1].code)).classes("text-xs soft")
