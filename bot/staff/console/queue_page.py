"""The main page: cases on the left, the conversation on the right, requests and trials in tabs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from nicegui import app as nicegui_app
from nicegui import ui

from bot.conversation.codec import load_reply
from bot.staff.console.words import Words
from bot.staff.desk import Case, Desk, NotAllowed
from storage import Conflict, NotFound
from storage.conversations import Message
from storage.drafts import Draft
from storage.escalations import Escalation
from storage.requests import Request
from storage.staff import StaffMember

_REFRESH_SECONDS = 2.0


class QueuePage:
    """One browser's view of the desk."""

    def __init__(
        self, desk: Desk, member: StaffMember, words: Words, *, demo: bool, sign_out: Callable[[], None]
    ) -> None:
        self._desk = desk
        self._member = member
        self._words = words
        self._demo = demo
        self._sign_out = sign_out
        self._chosen: int | None = None
        self._seen: dict[str, Any] = {}

    async def build(self) -> None:
        """Draw the page and keep it up to date."""
        self._header()
        with ui.row().classes("w-full no-wrap gap-4 items-stretch max-md:flex-wrap"):
            with ui.column().classes("w-full md:w-96 shrink-0 gap-2"):
                self._tabs()
            with ui.card().classes("grow min-w-0 gap-3").style("height: calc(100vh - 110px)"):
                self._conversation = ui.column().classes("w-full grow min-h-0 gap-2 no-wrap")
                self._composer = ui.column().classes("w-full shrink-0")
        self._show_nothing_chosen()
        await self._refresh()
        ui.timer(_REFRESH_SECONDS, self._refresh)

    def _header(self) -> None:
        words = self._words
        with ui.row().classes("w-full items-center no-wrap gap-3"):
            ui.label("留").classes("bg-teal-8 text-white rounded-xl text-lg font-bold px-3 py-1")
            ui.label(words("console")).classes("text-lg font-semibold")
            if self._demo:
                ui.label(words("shop-demo")).classes("text-xs text-grey-7 grow")
            else:
                ui.space()
            ui.button(words.other, on_click=self._switch_language).props("flat dense")
            ui.label(self._member.name).classes("text-sm")
            ui.button(words("sign-out"), on_click=self._sign_out).props("flat dense")

    def _tabs(self) -> None:
        words = self._words
        with ui.tabs().classes("w-full").props("dense no-caps") as tabs:
            queue = ui.tab("queue", label=words("queue"))
            ui.tab("requests", label=words("requests"))
            ui.tab("drafts", label=words("drafts"))
        with ui.tab_panels(tabs, value=queue).classes("w-full bg-transparent p-0"):
            with ui.tab_panel("queue").classes("p-0"):
                self._cases = ui.column().classes("w-full gap-2")
            with ui.tab_panel("requests").classes("p-0"):
                self._requests = ui.column().classes("w-full gap-2")
            with ui.tab_panel("drafts").classes("p-0"):
                self._trials = ui.column().classes("w-full gap-2")

    async def _refresh(self) -> None:
        """Draw again what has changed; what somebody is typing stays."""
        cases = await self._desk.queue()
        self._redraw("cases", [*cases, _minute()], lambda: self._draw_cases(cases))
        requests = await self._desk.requests()
        self._redraw("requests", requests, lambda: self._draw_requests(requests))
        agreement = await self._desk.agreement()
        self._redraw("trials", agreement, lambda: self._draw_trials(agreement))
        if self._chosen is not None:
            await self._refresh_case(self._chosen)

    async def _refresh_case(self, escalation_id: int) -> None:
        try:
            case = await self._desk.case(escalation_id)
        except NotFound:
            self._show_nothing_chosen()
            return
        self._redraw("case", case, lambda: self._draw_case(case))

    def _redraw(self, part: str, value: object, draw: Callable[[], None]) -> None:
        if self._seen.get(part) != value:
            self._seen[part] = value
            draw()

    def _draw_cases(self, cases: list[Escalation]) -> None:
        words = self._words
        self._cases.clear()
        with self._cases:
            if not cases:
                ui.label(words("nobody-waits")).classes("text-grey-7 p-4")
            for case in cases:
                with ui.card().classes("w-full cursor-pointer p-3 gap-1") as card:
                    card.on("click", lambda number=case.id: self._choose(number))
                    with ui.row().classes("w-full items-center justify-between no-wrap"):
                        ui.label(case.customer_name or case.account_name or case.address).classes(
                            "font-medium truncate"
                        )
                        ui.badge(
                            words.of("reason", case.reason),
                            color="negative" if case.priority == 0 else "teal-8",
                        )
                    with ui.row().classes("w-full items-center justify-between no-wrap text-xs"):
                        ui.label(f"{case.channel} · {words.of('state', case.state)}").classes("text-grey-7")
                        self._due(case)
                    if case.summary:
                        ui.label(case.summary).classes("text-sm text-grey-8 line-clamp-2")

    def _due(self, case: Escalation) -> None:
        if case.first_answer_at is not None:
            return
        minutes = int((case.due_at - datetime.now(UTC)).total_seconds() // 60)
        if minutes < 0:
            ui.label(self._words("overdue", minutes=-minutes)).classes("text-negative")
        else:
            ui.label(self._words("due-in", minutes=minutes)).classes("text-grey-7")

    def _draw_requests(self, requests: list[Request]) -> None:
        words = self._words
        self._requests.clear()
        with self._requests:
            if not requests:
                ui.label(words("no-requests")).classes("text-grey-7 p-4")
            for request in requests:
                with ui.card().classes("w-full p-3 gap-1"):
                    self._draw_request(request)

    def _draw_request(self, request: Request) -> None:
        words = self._words
        with ui.row().classes("w-full items-center justify-between no-wrap"):
            ui.label(words.of("kind", request.kind)).classes("font-medium")
            ui.badge(words.of("state", request.state), color="teal-8")
        about = request.number
        if request.order_number:
            about += " · " + words("order", number=request.order_number)
        ui.label(about).classes("text-xs text-grey-7")
        for key, value in request.details.items():
            ui.label(f"{key}: {value}").classes("text-sm")
        note = ui.input(words("note-hint")).classes("w-full").props("dense outlined")
        with ui.row().classes("gap-2"):
            if request.state == "asked":
                self._decide_button("accept", "accepted", request, note)
            self._decide_button("done", "done", request, note)
            self._decide_button("decline", "declined", request, note)

    def _decide_button(self, label: str, decision: str, request: Request, note: ui.input) -> None:
        async def decide() -> None:
            await self._act(
                self._desk.decide(
                    self._member,
                    request.id,
                    seen_state=request.state,
                    decision=decision,
                    note=note.value.strip(),
                ),
                "decided",
            )

        color = "negative" if decision == "declined" else "teal-8"
        ui.button(self._words(label), on_click=decide, color=color).props("dense no-caps outline")

    def _draw_trials(self, agreement: list[Any]) -> None:
        self._trials.clear()
        with self._trials:
            if not agreement:
                ui.label(self._words("no-drafts")).classes("text-grey-7 p-4")
            for item in agreement:
                with ui.card().classes("w-full p-3"):
                    ui.label(
                        self._words("agreement", skill=item.skill, agreed=item.agreed, judged=item.judged)
                    )
                    ui.linear_progress(item.rate or 0.0, show_value=False, color="teal-8")

    def _show_nothing_chosen(self) -> None:
        self._chosen = None
        self._seen.pop("case", None)
        self._conversation.clear()
        self._composer.clear()
        with self._conversation:
            ui.label(self._words("pick-case")).classes("text-grey-7 m-auto")

    async def _choose(self, escalation_id: int) -> None:
        self._chosen = escalation_id
        self._seen.pop("case", None)
        self._seen.pop("composer", None)
        await self._refresh_case(escalation_id)

    def _draw_case(self, case: Case) -> None:
        words = self._words
        contact = case.contact
        self._conversation.clear()
        with self._conversation:
            who = (
                words("customer-linked", id=contact.customer_id)
                if contact.customer_id
                else words("customer-unknown")
            )
            ui.label(contact.customer_name or contact.account_name or contact.conversation.address).classes(
                "text-lg font-medium"
            )
            ui.label(f"{contact.conversation.channel} · {who}").classes("text-xs text-grey-7")
            with ui.scroll_area().classes("w-full grow min-h-0") as area:
                with ui.column().classes("w-full gap-2"):
                    for message in case.messages:
                        self._draw_message(message)
                    for draft in case.drafts:
                        self._draw_draft(case, draft)
            area.scroll_to(percent=1.0)
        held = (case.escalation.state, case.escalation.staff_id)
        self._redraw("composer", held, lambda: self._draw_composer(case.escalation))

    def _draw_message(self, message: Message) -> None:
        text = message.text or f"[{message.kind}]"
        side = "customer" if message.direction == "in" else "ours"
        ui.label(text).classes(f"bubble {side}").tooltip(f"{message.author} · {message.at:%m-%d %H:%M} UTC")

    def _draw_draft(self, case: Case, draft: Draft) -> None:
        words = self._words
        original = load_reply(dict(draft.reply)).text
        with ui.card().classes("w-full p-3 gap-2 bg-amber-1 text-grey-10"):
            ui.label(words("draft-of", skill=draft.skill)).classes("text-xs")
            text = ui.textarea(value=original).classes("w-full").props("autogrow dense")
            with ui.row():
                ui.button(
                    words("use-draft"),
                    color="teal-8",
                    on_click=lambda: self._act(
                        self._desk.send_draft(self._member, case.escalation.id, draft, text.value, original),
                        "decided",
                    ),
                ).props("dense no-caps")
                ui.button(
                    words("reject-draft"),
                    on_click=lambda: self._act(
                        self._desk.judge(self._member, draft.id, "rejected"), "decided"
                    ),
                ).props("dense no-caps flat")

    def _draw_composer(self, case: Escalation) -> None:
        words = self._words
        mine = case.state == "taken" and case.staff_id == self._member.id
        self._composer.clear()
        with self._composer:
            if case.state == "taken" and not mine:
                ui.label(words("held-by-other", name=f"#{case.staff_id}")).classes("text-grey-7")
            if mine:
                self._answer_box(case)
            with ui.row().classes("gap-2"):
                if case.state == "waiting":
                    self._act_button("take", self._desk.take, case.id, "taken", primary=True)
                if mine:
                    self._act_button("release", self._desk.release, case.id, "released")
                if mine or case.state == "waiting" or self._member.role == "admin":
                    self._act_button("give-back", self._desk.give_back, case.id, "given-back", leave=True)
                    self._act_button("close", self._desk.close, case.id, "closed", leave=True)

    def _answer_box(self, case: Escalation) -> None:
        words = self._words
        box = (
            ui.textarea(placeholder=words("answer-hint")).classes("w-full").props("outlined autogrow rows=2")
        )

        async def send() -> None:
            text = box.value.strip()
            if text and await self._act(self._desk.answer(self._member, case.id, text), None):
                box.value = ""

        box.on("keydown.enter.exact.prevent", send)
        ui.button(words("send"), on_click=send, color="teal-8").props("no-caps")

    def _act_button(
        self,
        label: str,
        act: Callable[[StaffMember, int], Awaitable[None]],
        escalation_id: int,
        said: str,
        *,
        primary: bool = False,
        leave: bool = False,
    ) -> None:
        async def press() -> None:
            if await self._act(act(self._member, escalation_id), said) and leave:
                self._show_nothing_chosen()

        button = ui.button(self._words(label), on_click=press, color="teal-8").props("no-caps")
        if not primary:
            button.props("outline")

    async def _act(self, work: Awaitable[object], said: str | None) -> bool:
        """Do something and say how it went; whatever happened, show how things stand now."""
        try:
            await work
        except (Conflict, NotFound):
            ui.notify(self._words("conflict"), type="warning")
            done = False
        except NotAllowed:
            ui.notify(self._words("not-allowed"), type="warning")
            done = False
        else:
            if said:
                ui.notify(self._words(said), type="positive")
            done = True
        await self._refresh()
        return done

    def _switch_language(self) -> None:
        nicegui_app.storage.user["language"] = "en" if self._words.language == "zh" else "zh"
        ui.navigate.reload()


def _minute() -> int:
    """Changes every minute, so that promises are counted down."""
    return int(datetime.now(UTC).timestamp() // 60)
