"""Codes at the till: type or scan one, see whose it is and what for, use it, give it back; which orders differ."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from bot.conversation.wording import money
from bot.staff.console.frame import RedrawnPage, Visit, plain_button, small_button
from bot.staff.roles import REDEEMING
from bot.staff.till import CodeCard, Differing, Till, UnknownCode
from storage.codes import Promise
from storage.coupons import Coupon
from storage.offers import StoredOffer

_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the page shows."""

    typed: str
    """The code that is looked for; empty: none."""
    card: CodeCard | None
    differing: Differing


class CodesPage(RedrawnPage[Found]):
    """One browser's view of a code, and of the orders that differ from what was promised."""

    _name = "codes"

    def __init__(self, till: Till, visit: Visit) -> None:
        super().__init__(visit)
        self._till = till
        self._typed = ""
        self._redeems = visit.member.role in REDEEMING

    def _draw_frame(self) -> None:
        words = self._words
        with ui.column().classes("w-full gap-4 page scrolling"):
            ui.label(words("codes-what-for")).classes("text-sm soft lead")
            with ui.row().classes("w-full gap-2 items-center no-wrap code-box"):
                self._box = (
                    ui.input(words("code"))
                    .classes("grow")
                    .props(
                        f"outlined autofocus clearable autocomplete=off autocapitalize=characters "
                        f"spellcheck=false maxlength={_LONGEST}"
                    )
                )
                self._box.on("keydown.enter", self._look)
                plain_button(words("look-up"), self._look)
            self._place = ui.column().classes("w-full gap-4")

    async def _read(self) -> Found:
        card = None
        if self._typed:
            try:
                card = await self._till.look(self._typed)
            except UnknownCode:
                card = None
        return Found(typed=self._typed, card=card, differing=await self._till.differing())

    async def _look(self) -> None:
        self._typed = (self._box.value or "").strip()
        # What is scanned next takes its place.
        self._box.run_method("select")
        await self._again()

    def _draw(self, found: Found) -> None:
        if found.card is not None:
            self._draw_card(found.card)
        elif found.typed:
            ui.label(self._words("no-such-code", code=found.typed)).classes("over w-full").props(
                "role=status"
            )
        self._draw_differing(found.differing)

    def _draw_card(self, card: CodeCard) -> None:
        words, one = self._words, card.promise
        with ui.card().classes("w-full p-4 gap-3 code-card").mark("code"):
            with ui.row().classes("w-full items-center gap-3"):
                ui.label(one.code).classes("text-xl font-semibold code")
                good = "chip" if card.state == "live" else "chip urgent"
                ui.label(words.of("code", card.state)).classes("chip warm" if card.state == "used" else good)
            ui.label(self._worth(card)).classes("text-lg")
            with ui.column().classes("w-full gap-1"):
                for line in self._facts(card):
                    ui.label(line).classes("text-sm")
            if one.discrepancy is not None:
                ui.label(self._difference(one)).classes("over w-full")
            if self._redeems:
                with ui.row().classes("w-full gap-2"):
                    self._draw_actions(card)

    def _draw_actions(self, card: CodeCard) -> None:
        words, everyones = self._words, card.promise.customer_id is None
        if card.state == "live" or (card.state == "expired" and not everyones):
            # An order that was placed while the code held may still use it.
            plain_button(words("use-code"), lambda: self._ask_who(card))
        if everyones or card.state == "used":
            small_button(words("give-code-back"), lambda: self._ask_to_give_back(card))

    def _ask_who(self, card: CodeCard) -> None:
        words, everyones = self._words, card.promise.customer_id is None
        self._ask_for(
            words("use-code-of", code=card.promise.code),
            words("which-order-what" if everyones else "who-is-it-what"),
            words("order-number" if everyones else "who-is-it"),
            "use-code",
            lambda said: self._act(
                self._till.use(self._visit.member, card.promise.code, said), "code-is-used"
            ),
        )

    def _ask_to_give_back(self, card: CodeCard) -> None:
        words, code = self._words, card.promise.code

        def give_back(said: str) -> Awaitable[bool]:
            return self._act(self._till.give_back(self._visit.member, code, said), "code-given-back")

        title = words("give-back-code", code=code)
        if card.promise.customer_id is None:
            self._ask_for(title, words("give-back-which"), words("order-number"), "give-code-back", give_back)
        else:
            self._ask(title, words("give-back-what"), "give-code-back", lambda: give_back(""))

    def _ask_for(
        self, title: str, what: str, hint: str, label: str, do: Callable[[str], Awaitable[bool]]
    ) -> None:
        """A dialog with one box to be filled in."""
        said = [""]

        def draw() -> None:
            ui.input(hint, on_change=lambda event: said.__setitem__(0, event.value or "")).classes(
                "w-full"
            ).props(f"outlined dense autofocus autocomplete=off maxlength={_LONGEST}")

        self._ask(title, what, label, lambda: do(said[0].strip()), draw=draw)

    def _draw_differing(self, differing: Differing) -> None:
        if not differing.count:
            return
        words = self._words
        with ui.card().classes("w-full p-4 gap-2 differing").mark("differing"):
            ui.label(words("differing", number=differing.count)).classes("font-semibold")
            ui.label(words("differing-what-for")).classes("text-sm soft lead")
            for card in differing.cards:
                one = card.promise
                with ui.column().classes("w-full gap-0 contact"):
                    with ui.row().classes("w-full items-center gap-2"):
                        ui.label(one.code).classes("font-medium")
                        ui.label(words("order", number=card.order_number or "")).classes("text-sm")
                        ui.label(self._whose(card)).classes("text-xs soft")
                    ui.label(self._difference(one)).classes("text-sm")
                    if card.product is not None:
                        ui.label(card.product.name(words.language)).classes("text-sm soft")

    def _worth(self, card: CodeCard) -> str:
        words, one = self._words, card.promise
        if not isinstance(one, StoredOffer):
            return (one.text_zh if words.language == "zh" else one.text_en) or self._rule(one)
        name = one.product_id if card.product is None else card.product.name(words.language)
        return words("costs", price=money(one.price, one.currency), product=name)

    def _rule(self, one: Coupon) -> str:
        """What a coupon takes off, where the shop has no words for it."""
        off = money(one.amount, one.currency) if one.amount is not None else f"{one.percent or 0:g} %"
        return self._words("takes-off", off=off)

    def _facts(self, card: CodeCard) -> list[str]:
        words, one, zone = self._words, card.promise, self._visit.zone
        told = [self._whose(card)]
        if isinstance(one, StoredOffer):
            code = one.product_id if card.product is None else card.product.code
            told.append(words("product-code", code=code, price=money(one.list_price, one.currency)))
        elif one.min_spend:
            told.append(words("from-sum", amount=money(one.min_spend, one.currency)))
        if one.valid_until is None:
            told.append(words("holds-always"))
        else:
            told.append(words("holds-until", time=f"{one.valid_until.astimezone(zone):%Y-%m-%d %H:%M}"))
        if one.used_at is not None:
            at = f"{one.used_at.astimezone(zone):%Y-%m-%d %H:%M}"
            number = card.order_number
            told.append(
                words("used-at", time=at) if number is None else words("used-by", time=at, number=number)
            )
        return told

    def _whose(self, card: CodeCard) -> str:
        words, known = self._words, card.customer
        if known is None:
            return words("everyones")
        parts = [known.name, card.contact, words("customer-linked", id=known.id)]
        return " · ".join(part for part in parts if part)

    def _difference(self, one: Promise) -> str:
        if not isinstance(one, StoredOffer) or one.paid is None:
            return self._words.of("differs", one.discrepancy or "")
        return self._words.of(
            "differs",
            one.discrepancy or "",
            paid=money(one.paid, one.currency),
            price=money(one.price, one.currency),
        )
