"""The conversation engine: what arrived → what is said and written.

`Engine.handle` decides on a snapshot and returns a unit of work; the dispatcher commits it together with
"this update is done". Everything the work writes stands or falls with the compare-and-set on the
conversation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import dialogue, long_actions, ownership, unit_of_work
from bot.conversation.memory import Memory
from bot.conversation.registry import REGISTRY
from bot.conversation.routing import Reading
from bot.conversation.services import Services
from bot.conversation.skills import language, stopping
from bot.conversation.turn import Turn
from bot.delivery.ports import Work
from bot.messages import Incoming, IncomingKind
from bot.shop.customer_prices import CustomerPrices
from kernel.times import utc_now
from nlu.normalise import folded
from storage import Conflict
from storage.conversations import Contact, Conversations, Message
from storage.customers import Accounts, Customers
from storage.drafts import SkillSwitches
from storage.trial import AnyStore

# A switch thrown by staff holds in every replica after this many seconds.
_SWITCHES_HOLD = 2.0


class Engine:
    """Decides about what arrives from customers."""

    def __init__(
        self,
        store: AnyStore,
        services: Services,
        *,
        clock: Callable[[], datetime] = utc_now,
        switches_hold: float = _SWITCHES_HOLD,
    ) -> None:
        self._store = store
        self._services = services
        self._clock = clock
        self._switches_hold = switches_hold
        self._switches: dict[str, str] = {}
        self._switches_read_at = float("-inf")

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
        if incoming.kind is IncomingKind.BLOCKED:
            return lambda writing: unit_of_work.note_block(writing, incoming.channel, incoming.address, now)
        if incoming.kind is IncomingKind.UNBLOCKED:
            # It agrees to nothing.
            return lambda writing: Accounts(writing).set_blocked(contact.conversation.account_id, False)
        edited = await _edited(connection, contact, incoming)
        if incoming.kind is IncomingKind.EDIT and edited is None:
            return unit_of_work.nothing
        memory = Memory.recall(contact.conversation.memory, now)
        incoming = long_actions.whole(incoming, memory)
        turn = Turn(
            incoming=incoming,
            contact=contact,
            memory=memory,
            language=contact.conversation.language,
            now=now,
            connection=connection,
            services=self._services,
            prices=await CustomerPrices.load(
                connection, contact.customer_id, now, personal=contact.personal_prices
            ),
            skills=REGISTRY,
            text=folded(incoming.text),
        )
        reading = await dialogue.read(turn)
        turn = replace(turn, language=reading.language)
        if not reading.in_danger:
            if not ownership.speaks(contact.conversation):
                return unit_of_work.keeping(turn, reading, edited, stop=_says_stop(incoming, reading))
            if not await _wants_answer(turn, edited):
                return unit_of_work.keeping(turn, reading, edited)
        decisions = await dialogue.decide(turn, reading, await self._modes(connection))
        stop = reading.in_danger and _says_stop(incoming, reading)
        return unit_of_work.answering(turn, reading, decisions, edited, stop=stop)

    async def _modes(self, connection: AsyncConnection) -> dict[str, str]:
        """The skills' switches, read at most every few seconds."""
        moment = time.monotonic()
        if moment - self._switches_read_at > self._switches_hold:
            self._switches = await SkillSwitches(connection).all()
            self._switches_read_at = moment
        return self._switches


def _to_be_linked(contact: Contact, incoming: Incoming) -> bool:
    return incoming.signed_in_as is not None and incoming.signed_in_as != contact.customer_id


async def _introduce(connection: AsyncConnection, incoming: Incoming, now: datetime) -> None:
    """Make the account and the conversation at first contact, and link whom the shop's site vouches for."""
    account = await Accounts(connection).get_or_create(
        incoming.channel, incoming.address, name=incoming.sender_name, language=incoming.language, now=now
    )
    vouched = incoming.signed_in_as
    if vouched is not None and account.customer_id != vouched:
        customer = await Customers(connection).get(vouched)
        if customer is not None:
            await Accounts(connection).link(account.id, vouched, "site", now)
    spoken = language.of_first_words(incoming)
    await Conversations(connection).open(incoming.channel, incoming.address, account.id, spoken, now)


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


def _says_stop(incoming: Incoming, reading: Reading) -> bool:
    """A wish to be left alone that needs no asking: by command, by button, or plainly said."""
    match incoming.kind:
        case IncomingKind.COMMAND:
            return incoming.payload == "stop"
        case IncomingKind.BUTTON:
            return incoming.payload == "news:off"
    said = stopping.says_stop(incoming.text, reading.whole, busy=True)
    return said or stopping.stopping_part([part for _, part in reading.wishes]) is not None
