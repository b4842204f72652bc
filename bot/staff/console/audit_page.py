"""Who did what: people's decisions and the bot's, newest first."""

from __future__ import annotations

from nicegui import ui

from bot.staff.audit_log import AuditEntries, read_audit_log
from bot.staff.console.frame import RedrawnPage, Visit, small_button
from storage import Store
from storage.audit import AuditEntry


class AuditPage(RedrawnPage[AuditEntries]):
    """One browser's view of the log of decisions."""

    _name = "audit"

    def __init__(self, store: Store, visit: Visit) -> None:
        super().__init__(visit)
        self._store = store
        self._people_only = False
        self._before: list[int] = []
        """The way back: each page's beginning, the newest page having none."""

    def _draw_frame(self) -> None:
        words = self._words
        with ui.column().classes("w-full gap-2 page scrolling"):
            with ui.row().classes("w-full items-center justify-between"):
                ui.label(words("audit-what-for")).classes("text-sm soft lead")
                ui.switch(words("people-only"), on_change=lambda event: self._filter(bool(event.value)))
            self._place = ui.column().classes("w-full gap-2")

    async def _read(self) -> AuditEntries:
        before = self._before[-1] if self._before else None
        return await read_audit_log(self._store, before=before, people_only=self._people_only)

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

    def _draw(self, found: AuditEntries) -> None:
        words = self._words
        if not found.entries:
            ui.label(words("no-audit")).classes("soft p-4")
            return
        with ui.card().classes("w-full p-0 gap-0 log"):
            for entry in found.entries:
                self._draw_entry(entry, found)
        with ui.row().classes("w-full gap-2"):
            if self._before:
                small_button(words("newer"), self._newer)
            if (older := found.older) is not None:
                small_button(words("older"), lambda: self._older(older))

    def _draw_entry(self, entry: AuditEntry, page: AuditEntries) -> None:
        words = self._words
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
                    ui.label(self._subject(kind, key, entry, page)).classes("text-sm soft")
                if entry.action in ("escalate", "raise"):
                    ui.label(words.of("reason", str(entry.details.get("reason")))).classes("chip")

    def _subject(self, kind: str, key: str, entry: AuditEntry, page: AuditEntries) -> str:
        words = self._words
        if kind == "staff":
            name = words.author(entry.subject, page.names, self._visit.member.id)
            role = str(entry.details.get("role", ""))
            return f"{name} · {words.of('role', role)}" if role else name
        if kind == "skill":
            return words.of("skill", key)
        if kind == "import":
            files = int(entry.details.get("files", 0))
            return words("subject-import", source=words.of("source", key), files=files)
        if kind == "campaign":
            key = str(entry.details.get("name", key))
        return words.of("subject", kind, key=key)
