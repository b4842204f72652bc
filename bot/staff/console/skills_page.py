"""Each skill's switch, and how often staff agreed with what it drafted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from nicegui import events, ui

from bot.staff.console.frame import RedrawnPage, Visit
from bot.staff.skill_toggles import SkillState, SkillToggles
from storage.drafts import MODES, Agreement


class SkillsPage(RedrawnPage[Sequence[SkillState]]):
    """One browser's view of the switches."""

    _name = "skills"

    def __init__(self, skills: SkillToggles, visit: Visit) -> None:
        super().__init__(visit)
        self._toggles = skills

    def _draw_frame(self) -> None:
        with ui.column().classes("w-full gap-3 page scrolling"):
            ui.label(self._words("skills-what-for")).classes("text-sm soft lead")
            self._place = ui.element().classes("w-full tiles")

    async def _read(self) -> Sequence[SkillState]:
        return await self._toggles.skills()

    def _draw(self, found: Sequence[SkillState]) -> None:
        for state in found:
            self._draw_skill(state)

    def _draw_skill(self, state: SkillState) -> None:
        words, name = self._words, state.skill.name
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
        words, name = self._words, state.skill.name
        ui.toggle(
            {mode: words(f"mode-{mode}") for mode in MODES},
            value=state.mode,
            on_change=partial(self._switch, name),
        ).props("dense no-caps unelevated padding='2px 10px'").classes(f"switch {state.mode}").props(
            f'role=group aria-label="{words.of("skill", name)}"'
        )

    async def _switch(self, name: str, event: events.ValueChangeEventArguments[str]) -> None:
        await self._act(self._toggles.set(self._visit.member, name, event.value), "switched")

    def _draw_agreement(self, agreement: Agreement) -> None:
        words = self._words
        if agreement.rate is None:
            ui.label(words("drafts-unjudged", drafts=agreement.drafts)).classes("text-sm soft")
            return
        told = words("drafts-agreed", agreed=agreement.agreed, judged=agreement.judged)
        ui.label(told).classes("text-sm")
        ui.linear_progress(agreement.rate, show_value=False).classes("w-full")
