"""Plays one scenario and keeps what was said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from storage.conversations import Conversations
from storage.escalations import Escalations
from storage.requests import Requests
from storage.schema import inbox, outbox
from tests.botapi import Message, Person, buttons_of
from tests.e2e.transcript.cast import Player, link_token
from tests.e2e.transcript.scenario import OpenLink, Press, Say, Scenario, Send, Staff, Step, Unanswered
from tests.e2e.transcript.stage import Stage

_ANSWERS_WITHIN = 10.0
# What another process has in hand can only be looked at.
_LOOK_AGAIN = 0.05
_LOST = re.compile(
    r"您是想问|没看懂|没弄明白|我这边出了点问题"
    r"|do you mean “|didn't get that|still don't follow|went wrong on (our|my) side",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Line:
    """Something that was said or done."""

    who: str
    """customer, bot, staff, or stage for what is only told."""
    text: str
    buttons: tuple[tuple[str, ...], ...] = ()
    picture: bool = False


@dataclass(slots=True)
class Played:
    """A conversation as it went."""

    scenario: Scenario
    language: str
    lines: list[Line] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Performance:
    """One customer of the fake Telegram playing one scenario."""

    def __init__(self, stage: Stage, scenario: Scenario, language: str, player: Player | None) -> None:
        self._stage = stage
        self._scenario = scenario
        self._player = player
        first_name = (player.name.split()[0] if player else "") or ("Sam" if language == "en" else "小林")
        self._person: Person = stage.api.person(first_name, "en" if language == "en" else "zh-hans")
        self.played = Played(scenario, language)

    async def play(self) -> Played:
        """Play it to the end, or to the first answer that does not come."""
        try:
            await self._open()
            for step in self._scenario.steps:
                await self._step(step)
        except (TimeoutError, LookupError, RuntimeError) as error:
            self._problem(f"{type(error).__name__}: {error}")
        return self.played

    async def _open(self) -> None:
        """Press Start, as everybody does first; a linked customer comes by the shop's link."""
        if any(isinstance(step, OpenLink) for step in self._scenario.steps):
            return
        token = ""
        if self._player is not None and self._scenario.linked:
            token = await link_token(self._stage.store, self._player.customer_id, datetime.now(UTC))
        self._person.starts(token)
        await self._answer()

    async def _step(self, step: Step) -> None:
        match step:
            case Say():
                self._tell("customer", self._fill(step.text))
                self._person.says(self._fill(step.text))
                self._hear(await self._answer(), step.expect, step.never, understood=step.understood)
            case Press():
                label = self._pressed(step.label)
                self._tell("customer", f"[{label}]")
                self._hear(await self._answer(), step.expect, step.never)
            case Send():
                self._send(step)
                self._hear(await self._answer(), step.expect, step.never)
            case OpenLink():
                await self._open_link()
                self._hear(await self._answer(), step.expect, step.never)
            case Unanswered():
                self._tell("customer", step.text)
                self._person.says(step.text)
                await self._arrived(step.text)
            case Staff():
                await self._staff(step)

    # --- the customer -------------------------------------------------------------------------------------

    def _pressed(self, wanted: str) -> str:
        for message in reversed(self._person.chat.messages.values()):
            for button in buttons_of(message):
                if wanted in button["text"] and "callback_data" in button:
                    self._person.presses(button["text"], message)
                    return str(button["text"])
        raise LookupError(f"no button {wanted!r}")

    def _send(self, step: Send) -> None:
        chinese = self.played.language == "zh"
        if step.what == "sticker":
            self._tell("customer", f"{'贴纸' if chinese else 'sticker'} {step.note}")
            self._person.sends_sticker(step.note)
        elif step.what == "voice":
            self._tell("customer", "🎤 " + ("语音" if chinese else "voice note"))
            self._person.sends_file("voice")
        else:
            self._tell("customer", f"🖼 {step.note}")
            self._person.sends_photo(step.note)

    async def _open_link(self) -> None:
        assert self._player is not None
        made = await self._stage.program.liuke_json("customer", "link", self._player.customer_id)
        address, _, token = str(made["deep_link"]).partition("?start=")
        self._tell("customer", f"{address}?start=…")
        self._person.starts(token)

    async def _answer(self) -> list[Message]:
        """Everything the bot writes now: until nothing of this chat waits in the inbox or outbox."""
        await self._person.hears(1, within=_ANSWERS_WITHIN)
        async with asyncio.timeout(_ANSWERS_WITHIN):
            while await self._in_hand():  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_AGAIN)
        return self._person.answers

    async def _in_hand(self) -> int:
        address = str(self._person.id)
        arrived = select(func.count()).where(inbox.c.address == address, inbox.c.state == "new")
        leaving = select(func.count()).where(outbox.c.address == address, outbox.c.finished_at.is_(None))
        async with self._stage.store.read() as connection:
            return int(await connection.scalar(arrived) or 0) + int(await connection.scalar(leaving) or 0)

    def _hear(self, heard: Sequence[Message], expect: str, never: str, *, understood: bool = True) -> None:
        lines = [_line(message) for message in heard]
        self.played.lines += lines
        whole = "\n".join([line.text + "\n" + str(line.buttons) for line in lines])
        if expect and not re.search(self._fill(expect), whole, re.IGNORECASE | re.DOTALL):
            self._problem(f"expected {self._fill(expect)!r}")
        if never and re.search(self._fill(never), whole, re.IGNORECASE | re.DOTALL):
            self._problem(f"said {never!r}")
        if understood and _LOST.search(whole):
            self._problem("was not understood")

    # --- staff --------------------------------------------------------------------------------------------

    async def _staff(self, step: Staff) -> None:
        before = len(self._person.answers)
        if step.act == "decide":
            await self._decide(step)
        else:
            arguments = [step.words] if step.act == "answer" else []
            await self._stage.program.liuke("staff", step.act, str(await self._case()), *arguments)
        if step.act in ("answer", "decide"):
            heard = await self._person.hears(before + 1, within=_ANSWERS_WITHIN)
            self._hear(heard[before:], step.expect, "")
        else:
            told = {"take": ("员工接手了会话", "A member of staff takes the conversation"),
                    "back": ("员工把会话交还给机器人", "Staff give the conversation back")}[step.act]  # fmt: skip
            self._tell("stage", told[0] if self.played.language == "zh" else told[1])

    async def _decide(self, step: Staff) -> None:
        async with self._stage.store.read() as connection:
            conversation = await self._conversation(connection)
            requests = await Requests(connection).of_conversation(conversation.id)
        request = max(requests, key=lambda found: found.id)
        note = ["--note", step.note] if step.note else []
        await self._stage.program.liuke("staff", "decide", str(request.id), step.words, *note)

    async def _case(self) -> int:
        async with self._stage.store.read() as connection:
            conversation = await self._conversation(connection)
            cases = await Escalations(connection).find()
        return next(case.id for case in cases if case.conversation_id == conversation.id)

    async def _arrived(self, text: str) -> None:
        """Wait until staff can read it."""
        async with asyncio.timeout(_ANSWERS_WITHIN):
            while True:
                async with self._stage.store.read() as connection:
                    conversation = await self._conversation(connection)
                    history = await Conversations(connection).history(conversation.id)
                if any(message.text == text and message.direction == "in" for message in history):
                    break
                await asyncio.sleep(_LOOK_AGAIN)
        if self._person.answers:
            self._problem("the bot answered while a person had the conversation")

    async def _conversation(self, connection: Any) -> Any:
        contact = await Conversations(connection).contact("telegram", str(self._person.id))
        if contact is None:
            raise LookupError("there is no conversation")
        return contact.conversation

    # --- keeping ------------------------------------------------------------------------------------------

    def _tell(self, who: str, text: str) -> None:
        self.played.lines.append(Line(who, text))

    def _problem(self, what: str) -> None:
        said = next(
            (line.text for line in reversed(self.played.lines) if line.who == "customer"), "the start"
        )
        self.played.problems.append(
            f"{self.played.language} “{self._scenario.title}”, after “{said}”: {what}"
        )

    def _fill(self, text: str) -> str:
        player = self._player
        if player is None:
            return text
        for mark, value in (("{order}", player.order), ("{fact}", player.fact), ("{name}", player.name)):
            text = text.replace(mark, value)
        return text


def _line(message: Message) -> Line:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return Line(
        who="bot",
        text=str(message.get("text", message.get("caption", ""))),
        buttons=tuple(tuple(str(button["text"]) for button in row) for row in rows),
        picture="photo" in message,
    )
