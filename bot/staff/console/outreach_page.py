"""Campaigns: what came of them, whom they chose and why, and how to stop one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from nicegui import ui

from bot.outreach.office import ACTIVE, ENDED, PAUSED, CampaignReport, Office
from bot.staff.console.acting import Acting
from bot.staff.console.campaign_card import CampaignCard
from bot.staff.console.frame import Visit
from storage.responses import Contacted

_REFRESH_SECONDS = 15.0


class OutreachPage:
    """One browser's view of the campaigns."""

    def __init__(self, office: Office, visit: Visit) -> None:
        self._office = office
        self._visit = visit
        self._opened: set[str] = set()
        self._act = Acting(visit.words, self._refresh)
        self._seen: Sequence[tuple[CampaignReport, list[Contacted]]] | None = None

    def build(self) -> None:
        """Draw the page and keep it up to date."""
        self._visit.draw_header("outreach")
        with ui.column().classes("w-full gap-4 page scrolling"):
            ui.label(self._visit.words("outreach-what-for")).classes("text-sm soft lead")
            self._place = ui.column().classes("w-full gap-4")
        # Not among the cards: those are drawn anew when a figure changes.
        self._dialogs = ui.element()
        self._visit.keep(self._refresh, _REFRESH_SECONDS)

    async def _refresh(self) -> None:
        found = [
            (report, await self._office.contacts(report.campaign.name))
            for report in await self._office.reports()
        ]
        if found == self._seen:
            return
        self._place.clear()
        with self._place:
            if not found:
                ui.label(self._visit.words("no-campaigns")).classes("soft p-4")
            for report, contacts in found:
                card = CampaignCard(self._visit, report, contacts, self._opened)
                card.draw(partial(self._draw_actions, report))
        # Last: what could not be drawn is tried again.
        self._seen = found

    def _draw_actions(self, report: CampaignReport) -> None:
        state = report.campaign.state
        if state == ACTIVE:
            self._button("pause", self._to(report, PAUSED))
        if state == PAUSED:
            self._button("resume", self._to(report, ACTIVE))
        if state != ENDED:
            self._button("end", lambda: self._ask_to_end(report))

    def _to(self, report: CampaignReport, state: str) -> Callable[[], Awaitable[None]]:
        async def press() -> None:
            work = self._office.set_state(self._visit.member, report.campaign.name, state)
            await self._act(work, f"campaign-is-{state}")

        return press

    def _ask_to_end(self, report: CampaignReport) -> None:
        """There is no way back from an end."""
        words = self._visit.words
        with self._dialogs, ui.dialog() as dialog, ui.card().classes("w-96 gap-3"):
            ui.label(words("end-campaign", name=report.campaign.name)).classes("font-semibold")
            ui.label(words("end-for-good")).classes("text-sm soft")

            async def end() -> None:
                dialog.close()
                await self._to(report, ENDED)()

            with ui.row().classes("w-full justify-end gap-2"):
                self._button("keep-campaign", dialog.close)
                ui.button(words("end-it"), on_click=end, color="negative").props("no-caps unelevated")
        dialog.on("hide", dialog.delete)
        dialog.open()

    def _button(self, label: str, press: Callable[[], object]) -> None:
        ui.button(self._visit.words(label), on_click=press).props("no-caps outline dense padding='2px 12px'")
