"""The right side: one conversation, what is known of the customer, and the box to answer in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.conversation.codec import load_reply
from bot.conversation.messages import Reply
from bot.staff.console.acting import Acting
from bot.staff.console.correcting import Correcting
from bot.staff.console.words import Words
from bot.staff.desk import Case, Desk
from storage.conversations import Message
from storage.drafts import Draft
from storage.escalations import Escalation
from storage.staff import StaffMember


class CaseView:
    """Draws a case into two places: the conversation, and what can be done."""

    def __init__(
        self,
        desk: Desk,
        member: StaffMember,
        words: Words,
        acting: Acting,
        *,
        zone: ZoneInfo,
        leave: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._member = member
        self._words = words
        self._act = acting
        self._zone = zone
        self._leave = leave
        self._correcting = Correcting(desk, member, words, acting)
        with ui.card().classes("grow min-w-0 gap-0 p-0 no-wrap case overflow-hidden"):
            self._top = ui.row().classes("w-full items-center gap-3 px-4 py-3 case-top")
            self._facts = ui.row().classes("w-full items-center gap-2 case-facts")
            self._conversation = ui.column().classes("w-full grow min-h-0 gap-0 no-wrap case-log")
            self._composer = ui.column().classes("w-full shrink-0 gap-2 p-4 case-composer")
        self._seen: dict[str, object] = {}

    def show_nothing(self) -> None:
        """Ask to choose something."""
        self._seen = {}
        for place in (self._top, self._facts, self._conversation, self._composer):
            place.clear()
        self._facts.visible = self._composer.visible = self._top.visible = False
        with self._conversation:
            ui.label(self._words("pick-case")).classes("soft m-auto")

    def show(self, case: Case) -> None:
        """Draw what has changed; what somebody is typing stays."""
        self._facts.visible = self._composer.visible = self._top.visible = True
        held = (case.escalation and (case.escalation.id, case.escalation.state, case.escalation.staff_id),)
        self._redraw("top", (case.contact, held), lambda: self._draw_top(case))
        self._redraw("facts", (case.orders, case.requests), lambda: self._draw_facts(case))
        self._redraw("log", (case.messages, case.drafts, case.corrections), lambda: self._draw_log(case))
        self._redraw("composer", (case.contact.conversation.id, held), lambda: self._draw_composer(case))

    def _redraw(self, part: str, value: object, draw: Callable[[], None]) -> None:
        if self._seen.get(part) != value:
            draw()
            # Last: what could not be drawn is tried again.
            self._seen[part] = value

    def _draw_top(self, case: Case) -> None:
        words, contact = self._words, case.contact
        self._top.clear()
        with self._top:
            with ui.column().classes("gap-0 min-w-0 grow"):
                ui.label(
                    words.person(contact.customer_name or contact.account_name, contact.conversation.address)
                ).classes("text-base font-semibold truncate")
                who = (
                    words("customer-linked", id=contact.customer_id)
                    if contact.customer_id
                    else words("customer-unknown")
                )
                ui.label(f"{words.of('channel', contact.conversation.channel)} · {who}").classes(
                    "text-xs soft"
                )
            if case.escalation is None:
                self._button("take-over", self._take_over(case), primary=True)
            else:
                self._draw_actions(case.escalation)

    def _draw_actions(self, case: Escalation) -> None:
        mine = case.state == "taken" and case.staff_id == self._member.id
        if case.state == "waiting":
            self._button("take", self._press(self._desk.take, case.id, "taken"), primary=True)
        if mine:
            self._button("release", self._press(self._desk.release, case.id, "released"))
        if mine or case.state == "waiting" or self._member.role == "admin":
            self._button("give-back", self._press(self._desk.give_back, case.id, "given-back", leave=True))
            self._button("close", self._press(self._desk.close, case.id, "closed", leave=True))

    def _draw_facts(self, case: Case) -> None:
        words = self._words
        self._facts.clear()
        self._facts.visible = bool(case.orders or case.requests)
        with self._facts:
            for order in case.orders:
                status = words.of("status", order.status)
                ui.label(f"{words('order', number=order.number)} · {status}").classes("chip")
            for request in case.requests:
                kind, state = words.of("kind", request.kind), words.of("state", request.state)
                ui.label(f"{request.number} {kind} · {state}").classes("chip warm")

    def _draw_log(self, case: Case) -> None:
        self._conversation.clear()
        with self._conversation, ui.scroll_area().classes("w-full grow min-h-0") as area:
            with ui.column().classes("w-full gap-1"):
                for message in case.messages:
                    self._draw_message(message, case)
                for draft in case.drafts:
                    self._draw_draft(case, draft)
            area.scroll_to(percent=1.0)

    def _draw_message(self, message: Message, case: Case) -> None:
        words = self._words
        at = f"{message.at.astimezone(self._zone):%m-%d %H:%M}"
        if message.direction == "in" and not message.text and message.kind in ("start", "other"):
            ui.label(f"{words.of('message', message.kind)} · {at}").classes("self-center meta")
            return
        side = "customer" if message.direction == "in" else "ours"
        with ui.column().classes(f"bubble-box gap-0 {side}"):
            text = message.text or words.of("message", _kind(message))
            ui.label(text).classes(f"bubble {side}").props("dir=auto")
            if message.direction == "out" and message.payload:
                self._draw_offered(load_reply(dict(message.payload)))
            author = words.author(message.author, case.names, self._member.id)
            ui.label(f"{author} · {at}").classes("meta")
            if message.direction == "in" and message.text:
                self._correcting.draw(message, case.corrections.get(message.id))

    def _draw_offered(self, reply: Reply) -> None:
        """Cards and buttons that the customer saw, in small."""
        titles = [card.title for card in reply.cards]
        labels = [button.label for row in reply.buttons for button in row]
        for text in titles:
            ui.label(f"▪ {text}").classes("offered")
        if labels:
            ui.label("  ".join(f"[{label}]" for label in labels)).classes("offered")

    def _draw_draft(self, case: Case, draft: Draft) -> None:
        words = self._words
        drafted = load_reply(dict(draft.reply))
        with ui.column().classes("w-full gap-2 draft"):
            ui.label(words("draft-of", skill=draft.skill)).classes("text-xs")
            text = ui.textarea(value=drafted.text).classes("w-full").props("autogrow dense outlined")
            self._draw_offered(drafted)
            with ui.row().classes("gap-2"):
                if case.escalation is not None:
                    escalation_id = case.escalation.id

                    async def send() -> None:
                        work = self._desk.send_draft(self._member, escalation_id, draft, text.value or "")
                        await self._act(work, "draft-sent")

                    self._button("use-draft", send, primary=True)

                async def reject() -> None:
                    await self._act(self._desk.judge(self._member, draft.id, "rejected"), "draft-rejected")

                self._button("reject-draft", reject)

    def _draw_composer(self, case: Case) -> None:
        words, escalation = self._words, case.escalation
        self._composer.clear()
        with self._composer:
            if escalation is None:
                ui.label(words("bot-has-it")).classes("soft text-sm")
            elif escalation.state == "waiting":
                ui.label(words("take-first")).classes("soft text-sm")
            elif escalation.staff_id != self._member.id:
                name = case.names.get(escalation.staff_id or 0, "?")
                ui.label(words("held-by-other", name=name)).classes("soft text-sm")
            else:
                self._answer_box(escalation.id)

    def _answer_box(self, escalation_id: int) -> None:
        words = self._words
        with ui.row().classes("w-full no-wrap items-end gap-2"):
            box = (
                ui.textarea(placeholder=words("answer-hint"))
                .classes("grow")
                .props("outlined dense autogrow autofocus input-style='max-height:180px'")
                .mark("answer")
            )

            async def send() -> None:
                text = (box.value or "").strip()
                if text and await self._act(self._desk.answer(self._member, escalation_id, text), None):
                    box.value = ""

            # Enter alone sends, unless it ends the choice of a Chinese word.
            box.on(
                "keydown",
                send,
                js_handler="(e) => { if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) "
                "{ e.preventDefault(); setTimeout(() => emit(), 60); } }",
            )
            self._button("send", send, primary=True)

    def _take_over(self, case: Case) -> Callable[[], Awaitable[None]]:
        async def press() -> None:
            await self._act(self._desk.take_over(self._member, case.contact.conversation.id), "taken")

        return press

    def _press(
        self,
        act: Callable[[StaffMember, int], Awaitable[None]],
        escalation_id: int,
        said: str,
        *,
        leave: bool = False,
    ) -> Callable[[], Awaitable[None]]:
        async def press() -> None:
            if await self._act(act(self._member, escalation_id), said) and leave:
                self._leave()

        return press

    def _button(self, label: str, press: Callable[[], Awaitable[None]], *, primary: bool = False) -> None:
        button = ui.button(self._words(label), on_click=press).props("no-caps unelevated")
        if not primary:
            button.props("outline")


def _kind(message: Message) -> str:
    media = message.payload.get("media")
    return str(media["kind"]) if isinstance(media, dict) and "kind" in media else message.kind
