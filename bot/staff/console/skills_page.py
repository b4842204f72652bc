"""Each skill's switch, and how often staff agreed with what it drafted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from nicegui import events, ui

from bot.staff.console.acting import Acting
from bot.staff.console.frame import Visit
from bot.staff.switchboard import SkillState, Switchboard
from storage.drafts import MODES, Agreement

_REFRESH_SECONDS = 5.0


class SkillsPage:
    """One browser's view of the switches."""

    def __init__(self, switchboard: Switchboard, visit: Visit) -> None:
        self._switchboard = switchboard
        self._visit = visit
        self._seen: Sequence[SkillState] | None = None
        self._act = Acting(visit.words, self._again)

    def build(self) -> None:
        """Draw the page and keep it up to date."""
        self._visit.draw_header("skills")
        with ui.column().classes("w-full gap-3 page scrolling"):
            ui.label(self._visit.words("skills-what-for")).classes("text-sm soft lead")
            self._place = ui.element().classes("w-full tiles")
        self._visit.keep(self._refresh, _REFRESH_SECONDS)

    async def _again(self) -> None:
        """After a press the switch shows how things stand, even if it was refused."""
        self._seen = None
        await self._refresh()

    async def _refresh(self) -> None:
        states = await self._switchboard.skills()
        if states == self._seen:
            return
        self._place.clear()
        with self._place:
            for state in states:
                self._draw(state)
        # Last: what could not be drawn is tried again.
        self._seen = states

    def _draw(self, state: SkillState) -> None:
        words, name = self._visit.words, state.skill.name
        with ui.card().classes("w-full p-3 gap-2 skill").mark(f"skill-{name}"):
            with ui.row().classes("w-full items-start justify-between no-wrap gap-2"):
                with ui.column().classes("gap-0 min-w-0"):
                    ui.label(words.of("skill", name)).classes("font-medium leading-tight")
                    ui.label(name).classes("text-xs soft")
                if state.skill.always:
                    ui.label(words("always-on")).classes("chip")
                else:
                    self._draw_switch(state)
            if state.agreement is not None:
                self._draw_agreement(state.agreement)

    def _draw_switch(self, state: SkillState) -> None:
        words, name = self._visit.words, state.skill.name
        ui.toggle(
            {mode: words(f"mode-{mode}") for mode in MODES},
            value=state.mode,
            on_change=partial(self._switch, name),
        ).props("dense no-caps unelevated padding='2px 10px'").classes(f"switch {state.mode}").props(
            f'role=group aria-label="{words.of("skill", name)}"'
        )

    async def _switch(self, name: str, event: events.ValueChangeEventArguments[str]) -> None:
        await self._act(self._switchboard.set(self._visit.member, name, event.value), "switched")

    def _draw_agreement(self, agreement: Agreement) -> None:
        words = self._visit.words
        if agreement.rate is None:
            ui.label(words("drafts-unjudged", drafts=agreement.drafts)).classes("text-sm soft")
            return
        told = words("drafts-agreed", agreed=agreement.agreed, judged=agreement.judged)
        ui.label(told).classes("text-sm")
        ui.linear_progress(agreement.rate, show_value=False).classes("w-full")
