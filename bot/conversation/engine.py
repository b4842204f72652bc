"""The conversation engine: what arrived → what is said and written.

`Engine.handle` decides on a snapshot and returns a unit of work; the dispatcher commits it together with
"this update is done". Everything the work writes stands or falls with the compare-and-set on the
conversation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import state, wording
from bot.conversation.codec import dump_reply
from bot.conversation.dialogue import Decision, Dialogue, Reading
from bot.conversation.memory import Memory
from bot.conversation.messages import Incoming, IncomingKind, Reply
from bot.conversation.turn import Answer, Services, Turn
from bot.delivery.ports import Work
from nlu.types import Understander, Understanding
from storage import Conflict, Store
from storage.conversations import Contact, Conversations, Message, NewMessage
from storage.customers import Accounts, Consents, Customers
from storage.drafts import Drafts, SkillSwitches
from storage.outbox import Outbox

# A switch thrown by staff holds in every replica after this many seconds.
_SWITCHES_HOLD = 2.0
# Wishes to be left alone are obeyed even while a person owns the conversation, if they are clear.
_CLEAR = 0.8
MARKETING = "marketing"


class Engine:
    """The `Handler` of customer conversations."""

    def __init__(
        self,
        store: Store,
        understander: Understander,
        services: Services,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        switches_hold: float = _SWITCHES_HOLD,
    ) -> None:
        self._store = store
        self._services = services
        self._dialogue = Dialogue(understander)
        self._clock = clock
        self._switches = _Switches(switches_hold)

    async def handle(self, incoming: Incoming) -> Work:
        """Decide about one update.

        It reads on one connection and writes only in the work it returns, but for the rows that make somebody
        known at the first contact.
        """
        now = self._clock()
        async with self._store.read() as connection:
            contact = await Conversations(connection).contact(incoming.channel, incoming.address)
            if contact is not None and not _to_be_linked(contact, incoming):
                return await self._decide(connection, contact, incoming, now)
        await self._store.write(lambda writing: _introduce(writing, incoming, now))
        async with self._store.read() as connection:
            contact = await Conversations(connection).contact(incoming.channel, incoming.address)
            if contact is None:
                raise Conflict("the conversation vanished while it was opened")
            return await self._decide(connection, contact, incoming, now)

    async def _decide(
        self, connection: AsyncConnection, contact: Contact, incoming: Incoming, now: datetime
    ) -> Work:
        if incoming.kind in (IncomingKind.BLOCKED, IncomingKind.UNBLOCKED):
            return _blocking(contact, incoming, now)
        edited = await _edited(connection, contact, incoming)
        if incoming.kind is IncomingKind.EDIT and edited is None:
            return _nothing
        memory = Memory.recall(contact.conversation.memory, now)
        turn = Turn(
            incoming=incoming,
            contact=contact,
            memory=memory,
            language=contact.conversation.language,
            now=now,
            connection=connection,
            services=self._services,
            text=incoming.text,
        )
        reading = self._dialogue.read(turn)
        turn = replace(turn, language=reading.language)
        if not state.speaks(contact.conversation):
            return _kept_for_staff(turn, reading.whole, edited)
        if not await _wants_answer(turn, edited):
            return _kept(turn, reading.whole, edited)
        modes = await self._switches.modes(connection)
        decisions = await self._dialogue.decide(turn, reading, modes)
        return _Turned(turn=turn, reading=reading, decisions=decisions, edited=edited)


async def _nothing(_connection: AsyncConnection) -> None:
    """An edit of a message that was never seen, or that changed nothing."""


def _to_be_linked(contact: Contact, incoming: Incoming) -> bool:
    return incoming.signed_in_as is not None and incoming.signed_in_as != contact.customer_id


async def _introduce(connection: AsyncConnection, incoming: Incoming, now: datetime) -> None:
    """Make the account and the conversation at first contact, and link whom the shop's site vouches for."""
    account = await Accounts(connection).get_or_create(
        incoming.channel, incoming.address, name=incoming.sender_name, language=incoming.language, now=now
    )
    language = _language_of(incoming)
    vouched = incoming.signed_in_as
    if vouched is not None and account.customer_id != vouched:
        customer = await Customers(connection).get(vouched)
        if customer is not None:
            await Accounts(connection).link(account.id, vouched, "site", now)
    await Conversations(connection).open(incoming.channel, incoming.address, account.id, language, now)


def _language_of(incoming: Incoming) -> str:
    """The language of the first words: Chinese when the channel says so or the words are."""
    if any("\u4e00" <= character <= "\u9fff" for character in incoming.text):
        return "zh"
    if incoming.language is None:
        return "en" if incoming.text.strip() and incoming.text.isascii() else "zh"
    return "zh" if incoming.language.lower().startswith("zh") else "en"


async def _edited(connection: AsyncConnection, contact: Contact, incoming: Incoming) -> Message | None:
    """The message that an edit changes, if it really says something else now."""
    if incoming.kind is not IncomingKind.EDIT or incoming.message_ref is None:
        return None
    message = await Conversations(connection).by_ref(contact.conversation.id, incoming.message_ref)
    return message if message is not None and message.text != incoming.text else None


async def _wants_answer(turn: Turn, edited: Message | None) -> bool:
    """Not the further parts of an album, nor a change to something said long before."""
    incoming = turn.incoming
    if edited is not None:
        latest = await Conversations(turn.connection).latest_incoming(turn.contact.conversation.id)
        return latest is not None and latest.id == edited.id and bool(incoming.text.strip())
    return incoming.album is None or incoming.album != turn.memory.album


def _blocking(contact: Contact, incoming: Incoming, now: datetime) -> Work:
    """Blocking the shop is the channel's own way of saying stop; unblocking alone agrees to nothing."""
    blocked = incoming.kind is IncomingKind.BLOCKED

    async def work(connection: AsyncConnection) -> None:
        await Accounts(connection).set_blocked(contact.conversation.account_id, blocked)
        if blocked:
            await _opt_out(connection, contact, "blocked", now)

    return work


async def _opt_out(connection: AsyncConnection, contact: Contact, source: str, now: datetime) -> None:
    await Consents(connection).record(
        MARKETING,
        False,
        source=source,
        now=now,
        customer_id=contact.customer_id,
        account_id=contact.conversation.account_id,
    )


def _kept_for_staff(turn: Turn, understanding: Understanding | None, edited: Message | None) -> Work:
    """People own the conversation: keep what came, obey a clear "stop", and say nothing."""
    stop = turn.incoming.kind is IncomingKind.COMMAND and turn.incoming.payload == "stop"
    clear = understanding is not None and (
        understanding.understood and understanding.intent == "opt_out" and understanding.probability >= _CLEAR
    )
    keep = _kept(turn, understanding, edited)

    async def work(connection: AsyncConnection) -> None:
        await keep(connection)
        if stop or clear:
            await _opt_out(connection, turn.contact, "conversation", turn.now)

    return work


def _kept(turn: Turn, understanding: Understanding | None, edited: Message | None) -> Work:
    async def work(connection: AsyncConnection) -> None:
        await Conversations(connection).advance(
            turn.contact.conversation,
            memory=turn.memory.dump(turn.now),
            language=turn.contact.conversation.language,
            now=turn.now,
        )
        await _keep_incoming(connection, turn, understanding, None, edited)
        if turn.incoming.callback_ref is not None:
            await _queue(connection, turn, Reply(language=turn.language), None)

    return work


async def _queue(connection: AsyncConnection, turn: Turn, reply: Reply, message_id: int | None) -> None:
    """Let a reply leave; an empty one only stops the waiting sign on the button that was pressed."""
    await Outbox(connection).put(
        channel=turn.incoming.channel,
        address=turn.incoming.address,
        kind="reply",
        policy="retry",
        reply=dump_reply(reply),
        now=turn.now,
        callback_ref=turn.incoming.callback_ref,
        message_id=message_id,
        customer_id=turn.customer_id,
    )


async def _keep_incoming(
    connection: AsyncConnection,
    turn: Turn,
    understanding: Understanding | None,
    skill: str | None,
    edited: Message | None,
) -> int:
    incoming = turn.incoming
    if edited is not None:
        await Conversations(connection).edit(edited, incoming.text, turn.now)
        return edited.id
    return await Conversations(connection).append(
        NewMessage(
            conversation_id=turn.contact.conversation.id,
            direction="in",
            author="customer",
            kind=incoming.kind.value,
            text=incoming.text,
            payload=_payload(incoming),
            understanding=None if understanding is None else summary_of(understanding),
            skill=skill,
            channel_ref=incoming.message_ref if incoming.kind is not IncomingKind.BUTTON else None,
            at=incoming.at,
        )
    )


def _payload(incoming: Incoming) -> dict[str, Any]:
    media = incoming.media
    values: dict[str, Any] = {
        # A deep link's token is as good as a password for a day: it stays out of the history.
        "payload": "" if incoming.kind is IncomingKind.START else incoming.payload,
        # A press has no message of its own by which the channel could know it again.
        "update": incoming.update_id if incoming.kind is IncomingKind.BUTTON else None,
        "album": incoming.album,
        "media": None
        if media is None
        else {"kind": media.kind, "reference": media.reference, "emoji": media.emoji},
    }
    return {key: value for key, value in values.items() if value}


def summary_of(understanding: Understanding) -> dict[str, Any]:
    """What staff and reports need of an understanding."""
    return {
        "intents": [
            [score.intent, round(float(score.probability), 4)] for score in understanding.intents[:3]
        ],
        "sentiment": understanding.sentiment.value,
        "strength": round(float(understanding.sentiment_strength), 3),
        "urgent": bool(understanding.urgent),
        "understood": bool(understanding.understood),
        "language": understanding.language,
        "words": [
            [word.word, round(float(word.contribution), 3)] for word in understanding.deciding_words[:5]
        ],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turned:
    """The work of a turn that the bot answers."""

    turn: Turn
    reading: Reading
    decisions: tuple[Decision, ...]
    edited: Message | None

    async def __call__(self, connection: AsyncConnection) -> None:
        turn, conversation = self.turn, self.turn.contact.conversation
        sent: list[Answer] = []
        drafted: list[tuple[str, Answer]] = []
        for decision in self.decisions:
            if decision.shadow:
                drafted.append((decision.skill, await _rehearse(connection, decision.answer)))
            else:
                sent.append(await _settle(connection, decision.answer))
        answer = _announced(combine(sent), turn)
        language = answer.language or turn.language
        memory = answer.memory or turn.memory
        if answer.hand_over is not None:
            memory = memory.handed_over()
        conversations = Conversations(connection)
        await conversations.advance(
            conversation, memory=memory.dump(turn.now), language=language, now=turn.now
        )
        skills = "+".join(decision.skill for decision in self.decisions)[:60]
        message_id = await _keep_incoming(connection, turn, self.reading.whole, skills, self.edited)
        for effect in answer.effects:
            await effect(connection)
        for skill, draft in drafted:
            await Drafts(connection).add(
                conversation.id, message_id, skill, dump_reply(_reply(draft, turn.language)), turn.now
            )
        await self._own(connection, answer)
        await self._send(connection, answer, language, skills)

    async def _own(self, connection: AsyncConnection, answer: Answer) -> None:
        turn, conversation = self.turn, self.turn.contact.conversation
        if answer.hand_over is not None:
            await state.escalate(
                connection,
                conversation.id,
                reason=answer.hand_over.reason,
                priority=answer.hand_over.priority,
                summary=_summary(turn, self.reading.whole),
                now=turn.now,
            )
        elif conversation.owner == "closed":
            await state.reopen(connection, conversation.id, turn.now)

    async def _send(self, connection: AsyncConnection, answer: Answer, language: str, skills: str) -> None:
        turn, conversation = self.turn, self.turn.contact.conversation
        reply = _reply(answer, language)
        if not reply.text and not reply.cards:
            return
        message_id = await Conversations(connection).append(
            NewMessage(
                conversation_id=conversation.id,
                direction="out",
                author="bot",
                kind="reply",
                text=reply.text,
                payload=dump_reply(reply),
                skill=skills,
                at=turn.now,
            )
        )
        await _queue(connection, turn, reply, message_id)


async def _settle(connection: AsyncConnection, answer: Answer) -> Answer:
    while answer.then is not None:
        answer = await answer.then(connection)
    return answer


async def _rehearse(connection: AsyncConnection, answer: Answer) -> Answer:
    """What an answer would be, with nothing of it done: for a skill in shadow mode."""
    if answer.then is None:
        return answer
    savepoint = await connection.begin_nested()
    try:
        return await _settle(connection, answer)
    finally:
        await savepoint.rollback()


def combine(answers: list[Answer]) -> Answer:
    """Several answers as one message, in order."""
    if len(answers) == 1:
        return answers[0]
    combined = Answer(
        text="\n\n".join(answer.text for answer in answers if answer.text),
        buttons=tuple(line for answer in answers for line in answer.buttons),
        cards=tuple(card for answer in answers for card in answer.cards),
        effects=tuple(effect for answer in answers for effect in answer.effects),
    )
    for answer in answers:
        combined = replace(
            combined,
            memory=answer.memory or combined.memory,
            language=answer.language or combined.language,
            hand_over=answer.hand_over or combined.hand_over,
        )
    return combined


def _announced(answer: Answer, turn: Turn) -> Answer:
    """A hand-over is said once, with when to expect an answer; after it the bot is silent."""
    if answer.hand_over is None:
        return answer
    due = turn.now + state.FIRST_ANSWER[answer.hand_over.priority]
    told = turn.say("handed-over", when=wording.clock(due, turn.now, turn.language, turn.zone))
    return replace(answer, text=f"{answer.text}\n\n{told}".strip())


def _reply(answer: Answer, language: str) -> Reply:
    return Reply(text=answer.text, buttons=answer.buttons, cards=answer.cards, language=language)


def _summary(turn: Turn, understanding: Understanding | None) -> str:
    """The first thing a colleague should see: the wish, the mood, the order, the last words."""
    parts = []
    if understanding is not None and understanding.intent is not None:
        mood = understanding.sentiment.value + (", urgent" if understanding.urgent else "")
        parts.append(f"{understanding.intent} ({mood})")
    elif turn.memory.intents:
        parts.append(turn.memory.intents[0])
    if turn.memory.order is not None:
        parts.append(f"order {turn.memory.order}")
    if turn.incoming.text.strip():
        parts.append(f"“{turn.incoming.text.strip()[:300]}”")
    return " · ".join(parts)


class _Switches:
    """The skills' modes, read at most every few seconds."""

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._modes: dict[str, str] = {}
        self._read_at = float("-inf")

    async def modes(self, connection: AsyncConnection) -> dict[str, str]:
        moment = time.monotonic()
        if moment - self._read_at > self._hold:
            self._modes = await SkillSwitches(connection).all()
            self._read_at = moment
        return self._modes
