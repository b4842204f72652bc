"""Beside a customer's message: what the bot took it for, and what it really meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from bot.staff.console.acting import Acting
from bot.staff.console.words import Words
from bot.staff.desk import Desk
from nlu.intents import INTENTS
from storage.conversations import Message
from storage.staff import StaffMember


def offered(own: Sequence[str], corrected: str | None) -> list[str]:
    """What a message may have meant: the built-in intents, the shop's own, and what was said of it already."""
    return list(dict.fromkeys([*INTENTS, *own, *([corrected] if corrected else [])]))


class Correcting:
    """Draws the line below a message and the dialogue behind it; what is said there teaches the model."""

    def __init__(self, desk: Desk, member: StaffMember, words: Words, act: Acting) -> None:
        self._desk, self._member, self._words, self._act = desk, member, words, act
        # Not among the messages: those are drawn anew whenever one comes.
        self._place = ui.element()

    def draw(self, message: Message, corrected: str | None) -> None:
        """The line, for a message of the customer's that has words."""
        words = self._words
        said = words("corrected-to", intent=self._name(corrected)) if corrected else self._read_as(message)
        with ui.row().classes("items-center gap-1 no-wrap"):
            ui.label(said).classes("meta")
            ui.button(words("correct"), on_click=lambda: self._ask(message, corrected)).props(
                "flat dense no-caps size=sm"
            ).mark(f"correct-{message.id}")

    def _read_as(self, message: Message) -> str:
        intents = (message.understanding or {}).get("intents") or []
        return (
            self._words("read-as", intent=self._name(intents[0][0])) if intents else self._words("not-read")
        )

    def _name(self, intent: str) -> str:
        return self._words.of("intent", intent) if intent in INTENTS else intent

    async def _ask(self, message: Message, corrected: str | None) -> None:
        words = self._words
        own = await self._desk.own_intents()
        options = {intent: self._name(intent) for intent in offered(own, corrected)}
        with self._place, ui.dialog() as dialog, ui.card().classes("w-96 gap-3"):
            ui.label(words("what-meant")).classes("font-semibold")
            ui.label(message.text).classes("text-sm soft pre")
            chosen = (
                ui.select(options, value=corrected, label=words("intent"), with_input=True)
                .classes("w-full")
                .props("outlined dense")
                .mark("meant")
            )
            name = ui.input(words("own-intent")).classes("w-full").props("outlined dense").mark("own-intent")
            ui.label(words("what-for")).classes("text-xs soft")

            async def keep() -> None:
                label = (name.value or "").strip() or chosen.value
                await self._done(dialog, self._desk.correct(self._member, message, label or ""), "corrected")

            async def take_back() -> None:
                await self._done(dialog, self._desk.correct(self._member, message, None), "correction-gone")

            with ui.row().classes("w-full justify-end gap-2"):
                if corrected:
                    self._button("take-back", take_back).props("outline")
                self._button("keep-correction", keep)
        dialog.on("hide", dialog.delete)
        dialog.open()

    async def _done(self, dialog: ui.dialog, work: Awaitable[object], said: str) -> None:
        if await self._act(work, said):
            dialog.close()

    def _button(self, label: str, press: Callable[[], Awaitable[None]]) -> ui.button:
        return ui.button(self._words(label), on_click=press).props("no-caps unelevated")
