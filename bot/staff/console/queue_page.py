"""The main page: lists on the left, the conversation on the right."""

from __future__ import annotations

from datetime import UTC, datetime

from nicegui import ui

from bot.staff.console.acting import Acting
from bot.staff.console.case_view import CaseView
from bot.staff.console.frame import Visit
from bot.staff.console.lists import Lists
from bot.staff.desk import Desk
from storage import NotFound

_REFRESH_SECONDS = 2.0


class QueuePage:
    """One browser's view of the desk."""

    def __init__(self, desk: Desk, visit: Visit, chosen: int | None = None) -> None:
        """Make it; `build` draws it.

        Args:
            desk: what can be done.
            visit: who sits here.
            chosen: the conversation to open at once.
        """
        self._desk = desk
        self._visit = visit
        self._chosen = chosen

    def build(self) -> None:
        """Draw the page and keep it up to date."""
        visit = self._visit
        acting = Acting(visit.words, self._refresh)
        visit.draw_header("desk")
        with ui.row().classes("w-full no-wrap gap-4 items-stretch max-md:flex-wrap page"):
            self._lists = Lists(self._desk, visit.member, visit.words, acting, self._choose, zone=visit.zone)
            self._case = CaseView(
                self._desk, visit.member, visit.words, acting, zone=visit.zone, leave=self._show_nothing
            )
        self._case.show_nothing()
        visit.keep(self._refresh, _REFRESH_SECONDS)

    async def _refresh(self) -> None:
        """Draw again what has changed; what somebody is typing stays."""
        names = await self._desk.names()
        self._lists.show_queue(await self._desk.queue(), names, datetime.now(UTC))
        self._lists.show_requests(await self._desk.requests())
        self._lists.show_warnings(await self._desk.warnings())
        self._lists.show_trials(await self._desk.agreement())
        if self._chosen is not None:
            await self._show(self._chosen)

    async def _choose(self, conversation_id: int) -> None:
        self._chosen = conversation_id
        await self._show(conversation_id)

    async def _show(self, conversation_id: int) -> None:
        try:
            case = await self._desk.conversation(conversation_id)
        except NotFound:
            self._show_nothing()
            return
        if self._chosen == conversation_id:
            self._case.show(case)

    def _show_nothing(self) -> None:
        self._chosen = None
        self._case.show_nothing()
