"""The right side: one conversation, what is known of the customer, and the box to answer in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from nicegui import ui

from bot.conversation.ownership import case_number
from bot.staff.case_service import Case, CaseService
from bot.staff.console.case_log import CaseLog, Correcting
from bot.staff.console.frame import Acting, plain_button
from bot.staff.console.widgets import AnswerBox
from storage.escalations import Escalation
from storage.staff import StaffMember


class CaseView:
    """Draws a case into two places: the conversation, and what can be done."""

    def __init__(
        self, cases: CaseService, acting: Acting, *, leave: Callable[[], None], ended: Callable[[], None]
    ) -> None:
        """Draw it, empty.

        Args:
            cases: what can be done.
            acting: does what is pressed, for whoever sits here.
            leave: goes back to the lists.
            ended: told when this member has ended the case.
        """
        self._cases = cases
        self._act = acting
        self._member, self._words = acting.visit.member, acting.visit.words
        self._leave = leave
        self._ended = ended
        self._correcting = Correcting(cases, acting)
        with ui.card().classes("grow min-w-0 gap-0 p-0 no-wrap case overflow-hidden"):
            self._top = ui.row().classes("w-full items-center gap-3 px-4 py-3 case-top")
            self._facts = ui.row().classes("w-full items-center gap-2 case-facts")
            self._conversation = ui.column().classes("w-full grow min-h-0 gap-0 no-wrap case-log")
            self._composer = ui.column().classes("w-full shrink-0 gap-2 p-4 case-composer")
        self.show_nothing()

    def show_nothing(self) -> None:
        """Ask to choose something."""
        self._seen: dict[str, object] = {}
        self._shown: int | None = None
        for place in (self._top, self._facts, self._conversation, self._composer):
            place.clear()
        self._facts.visible = self._composer.visible = self._top.visible = False
        with self._conversation:
            ui.label(self._words("pick-case")).classes("soft m-auto")

    def show(self, case: Case) -> None:
        """Draw what has changed; what somebody is typing stays, and so does the place in the conversation."""
        conversation_id = case.contact.conversation.id
        if self._shown != conversation_id:
            self._begin(conversation_id)
        self._composer.visible = self._top.visible = True
        held = (case.escalation and (case.escalation.id, case.escalation.state, case.escalation.staff_id),)
        self._redraw("top", (case.contact, held), lambda: self._draw_top(case))
        escalation = case.escalation
        where = escalation and (escalation.reply_email, escalation.reply_wording)
        self._redraw("facts", (case.orders, case.requests, where), lambda: self._draw_facts(case))
        self._log.show(case)
        self._redraw("box", (held, case.names), lambda: self._show_box(case))

    def _begin(self, conversation_id: int) -> None:
        """Another conversation: nothing of the one before stays."""
        self.show_nothing()
        self._conversation.clear()
        with self._conversation:
            self._log = CaseLog(self._cases, self._act, self._correcting)
        with self._composer:
            self._box = AnswerBox(
                self._words, self._member.id, conversation_id, self._answer, self._act.refresh
            )
        self._shown = conversation_id

    def _redraw(self, part: str, value: object, draw: Callable[[], None]) -> None:
        if self._seen.get(part) != value:
            draw()
            # Last: what could not be drawn is tried again.
            self._seen[part] = value

    def _draw_top(self, case: Case) -> None:
        words, contact = self._words, case.contact
        self._top.clear()
        with self._top:
            ui.button(words("to-list"), icon="arrow_back", on_click=self._leave).props(
                "flat dense no-caps"
            ).classes("only-narrow")
            with ui.column().classes("gap-0 min-w-0 grow"):
                ui.label(
                    words.person(contact.customer_name or contact.account_name, contact.conversation.address)
                ).classes("text-base font-semibold truncate")
                who = (
                    words("customer-linked", id=contact.customer_id)
                    if contact.customer_id
                    else words("customer-unknown")
                )
                number = f"{case_number(case.escalation.id)} · " if case.escalation else ""
                ui.label(f"{number}{words.of('channel', contact.conversation.channel)} · {who}").classes(
                    "text-xs soft"
                )
            if case.escalation is None:
                take_over = self._press(self._cases.take_over, contact.conversation.id, "taken")
                self._button("take-over", take_over, primary=True)
            else:
                self._draw_actions(case.escalation)

    def _draw_actions(self, case: Escalation) -> None:
        mine = case.state == "taken" and case.staff_id == self._member.id
        if case.state == "waiting":
            self._button("take", self._press(self._cases.take, case.id, "taken"), primary=True)
        if mine:
            self._button("release", self._press(self._cases.release, case.id, "released"))
        if mine or case.state == "waiting" or self._member.role == "admin":
            self._button("give-back", self._press(self._cases.give_back, case.id, "given-back", ends=True))
            self._button("close", self._press(self._cases.close, case.id, "closed", ends=True))

    def _draw_facts(self, case: Case) -> None:
        words = self._words
        self._facts.clear()
        email = case.escalation.reply_email if case.escalation else None
        self._facts.visible = bool(case.orders or case.requests or email)
        with self._facts:
            if case.escalation and email:
                self._draw_email(email, case.escalation.reply_wording or "")
            for order in case.orders:
                status = words.of("status", order.status)
                ui.label(f"{words('order', number=order.number)} · {status}").classes("chip")
            for request in case.requests:
                kind, state = words.of("kind", request.kind), words.of("state", request.state)
                ui.label(f"{request.number} {kind} · {state}").classes("chip warm")

    def _draw_email(self, email: str, wording: str) -> None:
        """Liuke sends no mail: a link opens the program that does."""
        words = self._words
        with ui.column().classes("w-full gap-0 reply-email"):
            with ui.row().classes("items-center gap-1"):
                ui.label(words("reply-email")).classes("text-sm")
                ui.link(email, f"mailto:{quote(email, safe='@')}").classes("text-sm break-all")
                ui.label(words("reply-email-use")).classes("chip warm")
            ui.label(words("reply-wording", wording=wording)).classes("text-xs soft").props("dir=auto")

    def _show_box(self, case: Case) -> None:
        words, escalation = self._words, case.escalation
        if escalation is None:
            self._box.show(None, writable=False, why=words("bot-has-it"))
        elif escalation.state == "waiting":
            self._box.show(escalation.id, writable=False, why=words("take-first"))
        elif escalation.staff_id != self._member.id:
            name = case.names.get(escalation.staff_id or 0, "?")
            self._box.show(escalation.id, writable=False, why=words("held-by-other", name=name))
        else:
            self._box.show(escalation.id, writable=True, why="")

    async def _answer(self, escalation_id: int, sending: str, text: str) -> str | None:
        log = self._log
        problem = await self._act.attempt(
            self._cases.answer(self._member, escalation_id, text, sending=sending)
        )
        if problem is not None:
            return self._words("not-sent", reason=problem.words)
        log.to_end()
        return None

    def _press(
        self,
        act: Callable[[StaffMember, int], Awaitable[object]],
        what: int,
        said: str,
        *,
        ends: bool = False,
    ) -> Callable[[], Awaitable[None]]:
        async def press() -> None:
            if await self._act(act(self._member, what), said) and ends:
                self._ended()

        return press

    def _button(self, label: str, press: Callable[[], Awaitable[None]], *, primary: bool = False) -> None:
        button = plain_button(self._words(label), press)
        if not primary:
            button.props("outline")
