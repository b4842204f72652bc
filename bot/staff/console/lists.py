"""The left side: who waits, what was asked for, who may leave, and how skills on trial do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.conversation.case import CaseFacts
from bot.staff.console.acting import Acting
from bot.staff.console.warning_card import draw_warning
from bot.staff.console.words import Words
from bot.staff.desk import Desk
from storage.drafts import Agreement
from storage.escalations import Escalation
from storage.requests import Request
from storage.staff import StaffMember
from storage.warnings import ChurnWarning

_COUNTED_DOWN = 240
"""Minutes: what is due later has a time instead."""


class Lists:
    """Four lists below tabs; a click on an entry opens its conversation."""

    def __init__(
        self,
        desk: Desk,
        member: StaffMember,
        words: Words,
        acting: Acting,
        choose: Callable[[int], Awaitable[None]],
        *,
        zone: ZoneInfo,
    ) -> None:
        self._desk = desk
        self._member = member
        self._words = words
        self._act = acting
        self._choose = choose
        self._zone = zone
        self._seen: dict[str, object] = {}
        with ui.column().classes("w-full md:w-96 shrink-0 gap-2 lists"):
            with ui.tabs().classes("w-full").props("dense no-caps align=justify") as tabs:
                self._tabs = {
                    name: ui.tab(name, label=words(name))
                    for name in ("queue", "requests", "warnings", "drafts")
                }
            with ui.tab_panels(tabs, value="queue").classes("w-full bg-transparent p-0"):
                self._panels = {}
                for name in self._tabs:
                    with ui.tab_panel(name).classes("p-1"):
                        self._panels[name] = ui.column().classes("w-full gap-2")

    def show_queue(self, cases: Sequence[Escalation], names: Mapping[int, str], now: datetime) -> None:
        """Who waits, in the order in which they should be taken."""
        minute = int(now.timestamp() // 60)
        self._redraw("queue", len(cases), (cases, names, minute), lambda: self._draw_queue(cases, names, now))

    def show_requests(self, requests: Sequence[Request]) -> None:
        """What is undecided, oldest first."""
        self._redraw("requests", len(requests), requests, lambda: self._draw_requests(requests))

    def show_warnings(self, warnings: Sequence[ChurnWarning]) -> None:
        """Who may be about to leave, the dearest first."""
        self._redraw("warnings", len(warnings), warnings, lambda: self._draw_warnings(warnings))

    def show_trials(self, agreement: Sequence[Agreement]) -> None:
        """How often drafts were good as they were."""
        self._redraw("drafts", 0, agreement, lambda: self._draw_trials(agreement))

    def _redraw(self, part: str, count: int, value: object, draw: Callable[[], None]) -> None:
        if part in self._seen and self._seen[part] == value:
            return
        self._tabs[part].props["label"] = f"{self._words(part)} {count}" if count else self._words(part)
        self._tabs[part].update()
        self._panels[part].clear()
        with self._panels[part]:
            draw()
        # Last: what could not be drawn is tried again.
        self._seen[part] = value

    def _draw_queue(self, cases: Sequence[Escalation], names: Mapping[int, str], now: datetime) -> None:
        words = self._words
        if not cases:
            ui.label(words("nobody-waits")).classes("soft p-4")
        for case in cases:
            with (
                ui.card()
                .classes("w-full cursor-pointer p-3 gap-1 entry")
                .props("role=button tabindex=0")
                .on("click", partial(self._choose, case.conversation_id))
                .on("keydown.enter", partial(self._choose, case.conversation_id))
            ):
                with ui.row().classes("w-full items-center justify-between no-wrap gap-2"):
                    ui.label(words.person(case.customer_name or case.account_name, case.address)).classes(
                        "font-medium truncate"
                    )
                    urgent = "urgent" if case.priority == 0 else ""
                    ui.label(words.of("reason", case.reason)).classes(f"chip {urgent}")
                with ui.row().classes("w-full items-center justify-between no-wrap text-xs"):
                    state = words.of("state", case.state)
                    if case.staff_id is not None:
                        state = f"{state} · {names.get(case.staff_id, '?')}"
                    ui.label(f"{words.of('channel', case.channel)} · {state}").classes("soft")
                    self._due(case, now)
                if about := words.case(CaseFacts.read(case.summary)):
                    ui.label(about).classes("text-sm opacity-80 line-clamp-2 summary")

    def _due(self, case: Escalation, now: datetime) -> None:
        if case.first_answer_at is not None:
            return
        minutes = int((case.due_at - now).total_seconds() // 60)
        if minutes < 0:
            ui.label(self._words("overdue", minutes=-minutes)).classes("text-negative font-medium")
        elif minutes <= _COUNTED_DOWN:
            ui.label(self._words("due-in", minutes=minutes)).classes("soft")
        else:
            at = case.due_at.astimezone(self._zone)
            ui.label(self._words("due-at", time=f"{at:%m-%d %H:%M}")).classes("soft")

    def _draw_requests(self, requests: Sequence[Request]) -> None:
        if not requests:
            ui.label(self._words("no-requests")).classes("soft p-4")
        for request in requests:
            with ui.card().classes("w-full p-3 gap-2 entry"):
                self._draw_request(request)

    def _draw_request(self, request: Request) -> None:
        words = self._words
        with ui.row().classes("w-full items-center justify-between no-wrap"):
            ui.label(words.of("kind", request.kind)).classes("font-medium")
            ui.label(words.of("state", request.state)).classes("chip warm")
        about = [request.number]
        if request.order_number:
            about.append(words("order", number=request.order_number))
        if request.customer_id:
            about.append(words("customer-linked", id=request.customer_id))
        ui.label(" · ".join(about)).classes("text-xs soft")
        for key, value in request.details.items():
            ui.label(f"{words.of('detail', key)}: {value}").classes("text-sm pre").props("dir=auto")
        note = (
            ui.input(words("note-hint")).classes("w-full").props("dense outlined").mark(f"note-{request.id}")
        )
        with ui.row().classes("w-full gap-2"):
            if request.state == "asked":
                self._decide_button("accept", "accepted", request, note)
            self._decide_button("done", "done", request, note)
            self._decide_button("decline", "declined", request, note)
            ui.space()
            ui.button(words("conversation"), on_click=partial(self._choose, request.conversation_id)).props(
                "dense no-caps flat"
            )

    def _decide_button(self, label: str, decision: str, request: Request, note: ui.input) -> None:
        async def decide() -> None:
            work = self._desk.decide(
                self._member,
                request.id,
                seen_state=request.state,
                decision=decision,
                note=(note.value or "").strip(),
            )
            await self._act(work, "decided")

        color = "negative" if decision == "declined" else "primary"
        ui.button(self._words(label), on_click=decide, color=color).props(
            "dense no-caps outline padding='2px 12px'"
        )

    def _draw_warnings(self, warnings: Sequence[ChurnWarning]) -> None:
        if not warnings:
            ui.label(self._words("no-warnings")).classes("soft p-4")
        for warning in warnings:
            draw_warning(warning, self._words, partial(self._see_to, warning.id))

    async def _see_to(self, warning_id: int) -> None:
        await self._act(self._desk.see_to(self._member, warning_id), "seen-noted")

    def _draw_trials(self, agreement: Sequence[Agreement]) -> None:
        if not agreement:
            ui.label(self._words("no-drafts")).classes("soft p-4")
        for item in agreement:
            with ui.card().classes("w-full p-3 gap-2"):
                ui.label(self._words("agreement", skill=item.skill, agreed=item.agreed, judged=item.judged))
                ui.linear_progress(item.rate or 0.0, show_value=False)
