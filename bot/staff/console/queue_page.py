"""The main page: lists on the left, the conversation on the right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.staff.console.acting import Acting
from bot.staff.console.case_view import CaseView
from bot.staff.console.lists import Lists
from bot.staff.console.words import Words
from bot.staff.desk import Desk
from storage import NotFound
from storage.staff import StaffMember

_REFRESH_SECONDS = 2.0


class QueuePage:
    """One browser's view of the desk."""

    def __init__(
        self,
        desk: Desk,
        member: StaffMember,
        words: Words,
        *,
        demo: bool,
        zone: ZoneInfo,
        still: Callable[[], Awaitable[StaffMember | None]],
        sign_out: Callable[[], None],
        switch_language: Callable[[], None],
    ) -> None:
        """Make it; `build` draws it.

        Args:
            desk: what can be done.
            member: who sits here.
            words: in their language.
            demo: say that the shop is a demonstration.
            zone: times are shown in it.
            still: the member as they are now; None when they may no longer be here.
            sign_out: ends the session.
            switch_language: shows the page in the other language.
        """
        self._desk = desk
        self._member = member
        self._words = words
        self._demo = demo
        self._zone = zone
        self._still = still
        self._sign_out = sign_out
        self._switch_language = switch_language
        self._chosen: int | None = None

    async def build(self) -> None:
        """Draw the page and keep it up to date."""
        acting = Acting(self._words, self._refresh)
        self._header()
        with ui.row().classes("w-full no-wrap gap-4 items-stretch max-md:flex-wrap page"):
            self._lists = Lists(self._desk, self._member, self._words, acting, self._choose)
            self._case = CaseView(
                self._desk, self._member, self._words, acting, zone=self._zone, leave=self._show_nothing
            )
        self._show_nothing()
        await self._refresh()
        ui.timer(_REFRESH_SECONDS, self._refresh, immediate=False)

    def _header(self) -> None:
        words = self._words
        with ui.row().classes("w-full items-center no-wrap gap-3 top"):
            ui.label("留").classes("mark")
            with ui.column().classes("gap-0 min-w-0 grow"):
                ui.label(words("console")).classes("text-lg font-semibold leading-tight")
                if self._demo:
                    ui.label(words("shop-demo")).classes("text-xs text-grey-7 truncate")
            ui.button(words.other, on_click=self._switch_language).props("flat dense no-caps no-wrap")
            ui.label(f"{self._member.name} · {words.of('role', self._member.role)}").classes(
                "text-sm whitespace-nowrap max-sm:hidden"
            )
            ui.button(words("sign-out"), on_click=self._sign_out).props("flat dense no-caps no-wrap")

    async def _refresh(self) -> None:
        """Draw again what has changed; what somebody is typing stays."""
        if await self._still() != self._member:
            # Signed out elsewhere, or given another role: begin again with what holds now.
            ui.navigate.reload()
            return
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
