"""The conversation engine: what arrived → what is said and written.

`Engine.handle` decides on a snapshot and returns a unit of work; the dispatcher commits it together with
"this update is done". Everything the work writes stands or falls with the compare-and-set on the
conversation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import phrases, state
from bot.conversation.answering import AnsweredTurn
from bot.conversation.dialogue import Dialogue
from bot.conversation.history import keep_incoming, queue
from bot.conversation.in_turn import InTurn
from bot.conversation.memory import Memory
from bot.conversation.messages import Incoming, IncomingKind, Reply
from bot.conversation.turn import Services, Turn
from bot.delivery.ports import Work
from nlu.types import Understander, Understanding
from storage import Conflict, Store
from storage.conversations import Contact, Conversations, Message
from storage.customers import Accounts, Consents, Customers
from storage.drafts import SkillSwitches

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
        self._reader = InTurn(self._dialogue.read)
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
        reading = await self._reader(turn)
        turn = replace(turn, language=reading.language)
        if not state.speaks(contact.conversation):
            return _kept_for_staff(turn, reading.whole, edited)
        if not await _wants_answer(turn, edited):
            return _kept(turn, reading.whole, edited)
        modes = await self._switches.modes(connection)
        decisions = await self._dialogue.decide(turn, reading, modes)
        return AnsweredTurn(turn=turn, reading=reading, decisions=decisions, edited=edited)


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
    stop = _says_stop(turn.incoming, understanding)
    keep = _kept(turn, understanding, edited)

    async def work(connection: AsyncConnection) -> None:
        await keep(connection)
        if stop:
            await _opt_out(connection, turn.contact, "conversation", turn.now)

    return work


def _says_stop(incoming: Incoming, understanding: Understanding | None) -> bool:
    """A wish to be left alone that needs no asking: by command, button, the usual word, or plainly said."""
    match incoming.kind:
        case IncomingKind.COMMAND:
            return incoming.payload == "stop"
        case IncomingKind.BUTTON:
            return incoming.payload == "news:off"
    said = understanding is not None and (
        understanding.understood and understanding.intent == "opt_out" and understanding.probability >= _CLEAR
    )
    return said or phrases.about_messages(incoming.text) == "opt_out"


def _kept(turn: Turn, understanding: Understanding | None, edited: Message | None) -> Work:
    async def work(connection: AsyncConnection) -> None:
        await Conversations(connection).advance(
            turn.contact.conversation,
            memory=turn.memory.dump(turn.now),
            language=turn.contact.conversation.language,
            now=turn.now,
        )
        await keep_incoming(connection, turn, understanding, None, edited)
        if turn.incoming.callback_ref is not None:
            await queue(connection, turn, Reply(language=turn.language), None)

    return work


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
