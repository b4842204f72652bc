"""Entries of the lists: who waits, what was asked for, who may be about to leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.conversation.ownership import CaseFacts, case_number
from bot.conversation.wording import money
from bot.staff.case_service import CaseService
from bot.staff.console.frame import Acting, small_button
from bot.staff.console.words import Words
from bot.staff.requests import ERASURE
from bot.staff.roles import ERASING
from storage.escalations import Escalation
from storage.requests import Request
from storage.warnings import Alarm, ChurnWarning

_MOST_REASONS = 3


class RequestCard:
    """What is typed into it stays while it is drawn again."""

    def __init__(
        self, request: Request, cases: CaseService, act: Acting, choose: Callable[[int], Awaitable[None]]
    ) -> None:
        self._cases, self._act, self._choose = cases, act, choose
        self._member, words = act.visit.member, act.visit.words
        self._words = words
        self.root = ui.card().classes("w-full p-3 gap-2 entry")
        with self.root:
            self._about = ui.column().classes("w-full gap-2")
            self._note = (
                ui.input(words("note-hint"))
                .classes("w-full")
                .props("dense outlined")
                .mark(f"note-{request.id}")
            )
            self._buttons = ui.row().classes("w-full gap-2")

    def show(self, request: Request) -> None:
        """Draw how it stands."""
        self._about.clear()
        with self._about:
            self._draw_about(request)
        self._buttons.clear()
        with self._buttons:
            self._draw_buttons(request)

    def _draw_about(self, request: Request) -> None:
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

    def _draw_buttons(self, request: Request) -> None:
        if request.state == "asked":
            self._decide_button("accept", "accepted", request)
        if request.kind == ERASURE:
            self._erase_button(request)
        else:
            self._decide_button("done", "done", request)
        self._decide_button("decline", "declined", request)
        ui.space()
        ui.button(self._words("conversation"), on_click=partial(self._choose, request.conversation_id)).props(
            "dense no-caps flat"
        )

    def _decide_button(self, label: str, decision: str, request: Request) -> None:
        async def decide() -> None:
            work = self._cases.decide(
                self._member,
                request.id,
                seen_state=request.state,
                decision=decision,
                note=(self._note.value or "").strip(),
            )
            if await self._act(work, "decided"):
                # It has been said; the next decision has words of its own.
                self._note.value = ""

        color = "negative" if decision == "declined" else "primary"
        small_button(self._words(label), decide, color=color)

    def _erase_button(self, request: Request) -> None:
        """Only an admin's, once it is accepted, and asked for twice: it can't be undone."""
        if request.state != "accepted" or self._member.role not in ERASING:
            return
        words = self._words
        with ui.dialog() as dialog, ui.card():
            ui.label(words("erase-sure", request=request.number))
            with ui.row().classes("w-full justify-end"):
                ui.button(words("erase-cancel"), on_click=dialog.close).props("flat no-caps").mark(
                    "erase-cancel"
                )
                ui.button(words("erase"), on_click=lambda: dialog.submit(True), color="negative").props(
                    "unelevated no-caps"
                ).mark("erase-sure")

        async def ask() -> None:
            if await dialog:
                work = self._cases.decide(self._member, request.id, seen_state=request.state, decision="done")
                await self._act(work, "erased")

        ui.button(words("erase"), on_click=ask, color="negative").props(
            "dense no-caps padding='2px 12px'"
        ).mark(f"erase-{request.id}")


def draw_alarm(alarm: Alarm, words: Words, zone: ZoneInfo, seen: Callable[[], Awaitable[None]]) -> None:
    """What happened, how often since when; `seen` takes it off the page."""
    since = f"{alarm.raised_at.astimezone(zone):%m-%d %H:%M}"
    with ui.card().classes("w-full p-3 gap-1 entry"):
        ui.label(words.of("alarm", alarm.kind)).classes("font-medium")
        with ui.row().classes("w-full items-center justify-between no-wrap gap-2"):
            ui.label(words("alarm-count", count=alarm.count, time=since)).classes("text-sm soft")
            small_button(words("seen-to"), seen).mark(f"alarm-{alarm.id}")


def draw_warning(warning: ChurnWarning, words: Words, seen: Callable[[], Awaitable[None]]) -> None:
    """A card; `seen` takes the warning off the list."""
    with ui.card().classes("w-full p-3 gap-1 entry"):
        with ui.row().classes("w-full items-center justify-between no-wrap gap-2"):
            ui.label(warning.customer_name or warning.customer_id).classes("font-medium truncate")
            urgent = "urgent" if warning.band == "high" else "warm"
            ui.label(words.of("band", warning.band)).classes(f"chip {urgent}")
        ui.label(_facts(warning, words)).classes("text-sm")
        if reasons := pushing(warning.reasons, words):
            ui.label(words("because", reasons=reasons)).classes("text-sm opacity-80")
        with ui.row().classes("w-full items-center justify-between no-wrap"):
            ui.label(words("customer-linked", id=warning.customer_id)).classes("text-xs soft")
            small_button(words("seen-to"), seen).mark(f"seen-{warning.id}")


def _facts(warning: ChurnWarning, words: Words) -> str:
    parts = [words("leaves", percent=round(100 * warning.probability))]
    if warning.lead_days is not None:
        days = round(abs(warning.lead_days))
        parts.append(words("due-in-days" if warning.lead_days >= 0 else "overdue-days", days=days))
    if warning.expected_loss and warning.currency:
        parts.append(words("at-stake", amount=money(warning.expected_loss, warning.currency)))
    return words("comma").join(parts)


def pushing(reasons: Sequence[Mapping[str, Any]], words: Words) -> str:
    """What pushes a risk up, strongest first, in words; the scores are kept in that order."""
    up = [str(one["code"]) for one in reasons if one.get("weight", 0) > 0]
    return words("comma").join(words.of("feature", code) for code in up[:_MOST_REASONS])


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCase:
    """A case as the list shows it now."""

    case: Escalation
    holder: str
    """The name of whoever has it, or nothing."""
    due: str
    """By when it is to be answered, in words, or nothing."""
    overdue: bool


class CaseEntry:
    """A card to press, which opens the conversation."""

    def __init__(self, shown: ShownCase, words: Words, choose: Callable[[int], Awaitable[None]]) -> None:
        self._words = words
        press = partial(choose, shown.case.conversation_id)
        self.root = (
            ui.card()
            .classes("w-full cursor-pointer p-3 gap-1 entry")
            .props("role=button tabindex=0")
            .on("click", press)
            .on("keydown.enter", press)
        )
        with self.root:
            with ui.row().classes("w-full items-center justify-between no-wrap gap-2"):
                self._person = ui.label().classes("font-medium truncate")
                self._reason = ui.label().classes("chip")
            with ui.row().classes("w-full items-center justify-between no-wrap text-xs"):
                self._state = ui.label().classes("soft")
                self._due = ui.label()
            self._about = ui.label().classes("text-sm opacity-80 line-clamp-2 summary")

    def show(self, shown: ShownCase) -> None:
        """Only the words that changed go to the browser."""
        words, case = self._words, shown.case
        self._person.text = words.person(case.customer_name or case.account_name, case.address)
        self._reason.text = words.of("reason", case.reason)
        self._reason.classes(replace="chip urgent" if case.priority <= 0 else "chip")
        state = words.of("state", case.state)
        holder = f" · {shown.holder}" if shown.holder else ""
        self._state.text = f"{case_number(case.id)} · {words.of('channel', case.channel)} · {state}{holder}"
        self._due.text = shown.due
        self._due.classes(replace="text-negative font-medium" if shown.overdue else "soft")
        self._about.text = words.case(CaseFacts.read(case.summary))
        self._about.visible = bool(self._about.text)
