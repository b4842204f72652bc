"""What was said in a conversation, what it really meant, and what skills on trial would have said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass

from nicegui import ui

from bot.conversation.trace import Trace, load_trace
from bot.messages import Reply, load_reply
from bot.staff.case_service import Case, CaseService
from bot.staff.console import why
from bot.staff.console.frame import Acting, plain_button
from bot.staff.console.widgets import KeyedList
from bot.staff.console.words import Words
from nlu.intents import INTENTS
from storage.conversations import Message
from storage.drafts import Draft


class ScrollLog(ui.element, component="scroll_log.js"):
    """Stays at the end while its reader is there."""

    def to_end(self) -> None:
        """Show the last message."""
        self.run_method("toEnd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message as it is shown now."""

    message: Message
    author: str
    corrected: str | None
    """What staff said that it really meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A draft as it is shown now."""

    draft: Draft
    case: int | None
    """The case in which it can be sent."""


class CaseLog:
    """The log of one conversation; a new message is put below those that are there."""

    def __init__(self, cases: CaseService, act: Acting, correcting: Correcting) -> None:
        self._cases, self._act, self._correcting = cases, act, correcting
        self._member, self._words, self._zone = act.visit.member, act.visit.words, act.visit.zone
        self._area = ScrollLog().classes("w-full grow min-h-0")
        with self._area:
            place = ui.column().classes("w-full gap-1 p-4")
        self._entries: KeyedList[Said | Drafted] = KeyedList(place, lambda _: _Drawn(self._draw))

    def show(self, case: Case) -> None:
        """Draw what has changed."""
        shown: dict[Hashable, Said | Drafted] = {
            ("message", message.id): Said(
                message=message,
                author=self._words.author(message.author, case.names, self._member.id),
                corrected=case.corrections.get(message.id),
            )
            for message in case.messages
        }
        open_case = None if case.escalation is None else case.escalation.id
        shown |= {("draft", draft.id): Drafted(draft=draft, case=open_case) for draft in case.drafts}
        self._entries.show(shown)

    def to_end(self) -> None:
        """Show the last message."""
        self._area.to_end()

    def _draw(self, shown: Said | Drafted) -> None:
        if isinstance(shown, Said):
            self._draw_message(shown)
        else:
            self._draw_draft(shown.draft, shown.case)

    def _draw_message(self, said: Said) -> None:
        words, message = self._words, said.message
        at = f"{message.at.astimezone(self._zone):%m-%d %H:%M}"
        if message.direction == "in" and not message.text and message.kind in ("start", "other"):
            ui.label(f"{words.of('message', message.kind)} · {at}").classes("self-center meta")
            return
        side = "customer" if message.direction == "in" else "ours"
        with ui.column().classes(f"bubble-box gap-0 {side}"):
            text = message.text or words.of("message", _kind(message))
            ui.label(text).classes(f"bubble {side}").props("dir=auto")
            if message.direction == "out" and message.payload:
                _draw_offered(load_reply(dict(message.payload)))
            ui.label(f"{said.author} · {at}").classes("meta")
            if message.direction == "in" and message.text:
                self._correcting.draw(message, said.corrected)
            trace = load_trace(message.trace) if message.direction == "out" else None
            if trace is not None:
                _draw_why(words, trace)

    def _draw_draft(self, draft: Draft, case_id: int | None) -> None:
        words = self._words
        drafted = load_reply(dict(draft.reply))
        with ui.column().classes("w-full gap-2 draft"):
            ui.label(words("draft-of", skill=draft.skill)).classes("text-xs")
            text = ui.textarea(value=drafted.text).classes("w-full").props("autogrow dense outlined")
            _draw_offered(drafted)
            with ui.row().classes("gap-2"):
                if case_id is not None:
                    escalation_id = case_id

                    async def send() -> None:
                        work = self._cases.send_draft(self._member, escalation_id, draft, text.value or "")
                        await self._act(work, "draft-sent")

                    plain_button(words("use-draft"), send)

                async def reject() -> None:
                    await self._act(self._cases.judge(self._member, draft.id, "rejected"), "draft-rejected")

                plain_button(words("reject-draft"), reject).props("outline")


class _Drawn:
    """An entry that is drawn whole whenever something of it changed."""

    def __init__(self, draw: Callable[[Said | Drafted], None]) -> None:
        self._draw = draw
        self.root = ui.column().classes("w-full gap-0")

    def show(self, shown: Said | Drafted) -> None:
        self.root.clear()
        with self.root:
            self._draw(shown)


def _draw_offered(reply: Reply) -> None:
    """Cards and buttons that the customer saw, in small."""
    titles = [card.title for card in reply.cards]
    labels = [button.label for row in reply.buttons for button in row]
    for text in titles:
        ui.label(f"▪ {text}").classes("offered")
    if labels:
        ui.label("  ".join(f"[{label}]" for label in labels)).classes("offered")


def _draw_why(words: Words, trace: Trace) -> None:
    """What the answer comes from, folded away: the browser opens it by itself."""
    with ui.element("details").classes("why"):
        with ui.element("summary"):
            ui.label(words("why"))
        ui.label("\n".join(why.lines(words, trace))).classes("pre").props("dir=auto")


def _kind(message: Message) -> str:
    media = message.payload.get("media")
    return str(media["kind"]) if isinstance(media, dict) and "kind" in media else message.kind


def offered(own: Sequence[str], corrected: str | None) -> list[str]:
    """What a message may have meant: the built-in intents, the shop's own, and what was said of it already."""
    return list(dict.fromkeys([*INTENTS, *own, *([corrected] if corrected else [])]))


class Correcting:
    """Draws the line below a message and the dialogue behind it; what is said there teaches the model."""

    def __init__(self, cases: CaseService, act: Acting) -> None:
        self._cases, self._act = cases, act
        self._member, self._words = act.visit.member, act.visit.words
        # Not among the messages: those are drawn anew whenever one comes.
        self._place = ui.element()

    def draw(self, message: Message, corrected: str | None) -> None:
        """The line, for a message of the customer's that has words."""
        words = self._words
        said = words("corrected-to", intent=self._name(corrected)) if corrected else self._read_as(message)
        with ui.row().classes("items-center gap-1 no-wrap"):
            ui.label(said).classes("meta")
            ui.button(words("correct"), on_click=lambda: self._ask(message, corrected)).props(
                "flat dense no-caps size=sm"
            ).mark(f"correct-{message.id}")

    def _read_as(self, message: Message) -> str:
        intents = (message.understanding or {}).get("intents") or []
        return (
            self._words("read-as", intent=self._name(intents[0][0])) if intents else self._words("not-read")
        )

    def _name(self, intent: str) -> str:
        return self._words.of("intent", intent) if intent in INTENTS else intent

    async def _ask(self, message: Message, corrected: str | None) -> None:
        words = self._words
        own = await self._cases.own_intents()
        options = {intent: self._name(intent) for intent in offered(own, corrected)}
        with self._place, ui.dialog() as dialog, ui.card().classes("w-96 gap-3"):
            ui.label(words("what-meant")).classes("font-semibold")
            ui.label(message.text).classes("text-sm soft pre")
            chosen = (
                ui.select(options, value=corrected, label=words("intent"), with_input=True)
                .classes("w-full")
                .props("outlined dense")
                .mark("meant")
            )
            name = ui.input(words("own-intent")).classes("w-full").props("outlined dense").mark("own-intent")
            ui.label(words("what-for")).classes("text-xs soft")

            async def keep() -> None:
                label = (name.value or "").strip() or chosen.value
                await self._done(dialog, self._cases.correct(self._member, message, label or ""), "corrected")

            async def take_back() -> None:
                await self._done(dialog, self._cases.correct(self._member, message, None), "correction-gone")

            with ui.row().classes("w-full justify-end gap-2"):
                if corrected:
                    plain_button(words("take-back"), take_back).props("outline")
                plain_button(words("keep-correction"), keep)
        dialog.on("hide", dialog.delete)
        dialog.open()

    async def _done(self, dialog: ui.dialog, work: Awaitable[object], said: str) -> None:
        if await self._act(work, said):
            dialog.close()
