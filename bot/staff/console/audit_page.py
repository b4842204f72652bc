"""Who did what: people's decisions and the bot's, newest first."""

from __future__ import annotations

from nicegui import ui

from bot.staff.console.frame import Visit
from bot.staff.trail import Trail, TrailPage
from storage.audit import AuditEntry

_REFRESH_SECONDS = 5.0


class AuditPage:
    """One browser's view of the log of decisions."""

    def __init__(self, trail: Trail, visit: Visit) -> None:
        self._trail = trail
        self._visit = visit
        self._people_only = False
        self._before: list[int] = []
        """The way back: each page's beginning, the newest page having none."""
        self._seen: TrailPage | None = None

    def build(self) -> None:
        """Draw the page and keep it up to date."""
        words = self._visit.words
        self._visit.draw_header("audit")
        with ui.column().classes("w-full gap-2 page scrolling"):
            with ui.row().classes("w-full items-center justify-between"):
                ui.label(words("audit-what-for")).classes("text-sm soft lead")
                ui.switch(words("people-only"), on_change=lambda event: self._filter(bool(event.value)))
            self._place = ui.column().classes("w-full gap-2")
        self._visit.keep(self._refresh, _REFRESH_SECONDS)

    async def _refresh(self) -> None:
        before = self._before[-1] if self._before else None
        page = await self._trail.page(before=before, people_only=self._people_only)
        if page == self._seen:
            return
        self._place.clear()
        with self._place:
            self._draw(page)
        # Last: what could not be drawn is tried again.
        self._seen = page

    async def _filter(self, people_only: bool) -> None:
        self._people_only = people_only
        self._before.clear()
        await self._refresh()

    async def _older(self, before: int) -> None:
        self._before.append(before)
        await self._refresh()

    async def _newer(self) -> None:
        self._before.pop()
        await self._refresh()

    def _draw(self, page: TrailPage) -> None:
        words = self._visit.words
        if not page.entries:
            ui.label(words("no-audit")).classes("soft p-4")
            return
        with ui.card().classes("w-full p-0 gap-0 log"):
            for entry in page.entries:
                self._draw_entry(entry, page)
        with ui.row().classes("w-full gap-2"):
            if self._before:
                ui.button(words("newer"), on_click=self._newer).props(
                    "no-caps outline dense padding='2px 12px'"
                )
            if (older := page.older) is not None:
                ui.button(words("older"), on_click=lambda: self._older(older)).props(
                    "no-caps outline dense padding='2px 12px'"
                )

    def _draw_entry(self, entry: AuditEntry, page: TrailPage) -> None:
        words = self._visit.words
        with ui.element().classes("log-row"):
            ui.label(f"{entry.at.astimezone(self._visit.zone):%Y-%m-%d %H:%M}").classes("log-time")
            ui.label(words.author(entry.actor, page.names, self._visit.member.id)).classes("log-who")
            with ui.row().classes("items-baseline gap-2 min-w-0"):
                ui.label(words.of("action", entry.action))
                kind, _, key = entry.subject.partition(":")
                if kind == "conversation":
                    ui.link(words("subject-conversation", key=key), f"/?conversation={key}").classes(
                        "text-sm"
                    )
                else:
                    ui.label(self._subject(kind, key, entry)).classes("text-sm soft")
                if entry.action == "escalate":
                    ui.label(words.of("reason", str(entry.details.get("reason")))).classes("chip")

    def _subject(self, kind: str, key: str, entry: AuditEntry) -> str:
        words = self._visit.words
        if kind == "skill":
            return words.of("skill", key)
        if kind == "campaign":
            key = str(entry.details.get("name", key))
        return words.of("subject", kind, key=key)
