"""Conversations and every word of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, insert, select, true, update

from storage.errors import Conflict
from storage.repository import Repository, columns_of
from storage.schema import account, conversation, customer, message, message_edit
from storage.upsert import insert_ignoring_conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation as it stands."""

    id: int
    channel: str
    address: str
    account_id: int
    owner: str
    """bot, queue, person, closed."""
    staff_id: int | None
    """Who answers while the owner is a person."""
    owner_since: datetime
    language: str
    memory: Mapping[str, Any]
    version: int
    opened_at: datetime
    last_incoming_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A conversation with the account and the customer it belongs to, read in one statement."""

    conversation: Conversation
    account_name: str
    blocked: bool
    customer_id: str | None
    customer_name: str
    time_zone: str | None
    tier: str
    personal_prices: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be appended."""

    conversation_id: int
    direction: str
    """in, out."""
    author: str
    """customer, bot, system, staff:<id>."""
    kind: str
    at: datetime
    text: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    understanding: Mapping[str, Any] | None = None
    skill: str | None = None
    channel_ref: str | None = None
    missed: str | None = None
    """Of a customer's message: why it may not have been understood, one of `storage.missed.WHY`."""
    trace: Mapping[str, Any] | None = None
    """Of an answer of the bot's: what it comes from, as `bot.conversation.trace` writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(NewMessage):
    """One message of a conversation's history."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a message said before it was changed."""

    message_id: int
    old_text: str
    at: datetime


class Conversations(Repository):
    """One conversation a channel and address; changes are compare-and-set on its version."""

    async def contact(self, channel: str, address: str) -> Contact | None:
        """The conversation at an address with its account and customer; None before the first contact."""
        return await self._one(_contact, _CONTACT_AT, {"at_channel": channel, "at_address": address})

    async def contact_of(self, conversation_id: int) -> Contact:
        """The same by the conversation's id.

        Raises:
            NotFound: there is no such conversation.
        """
        this = _CONTACT.where(conversation.c.id == conversation_id)
        return await self._found(_contact, this, f"conversation {conversation_id}")

    async def get(self, conversation_id: int) -> Conversation:
        """One conversation.

        Raises:
            NotFound: there is none with this id.
        """
        this = select(conversation).where(conversation.c.id == conversation_id)
        return await self._found(Conversation, this, f"conversation {conversation_id}")

    async def open(self, channel: str, address: str, account_id: int, language: str, now: datetime) -> None:
        """Make the conversation at an address unless it is already there."""
        values = {
            "channel": channel,
            "address": address,
            "account_id": account_id,
            "language": language,
            "owner": "bot",
            "owner_since": now,
            "opened_at": now,
            "memory": {},
            "version": 0,
        }
        await self._connection.execute(insert_ignoring_conflicts(self._connection, conversation), values)

    async def advance(
        self, seen: Conversation, *, memory: Mapping[str, Any], language: str, now: datetime
    ) -> None:
        """Keep what a turn of the dialogue changed.

        Raises:
            Conflict: the conversation is no longer what `seen` was.
        """
        if not await self._changed(
            _ADVANCE,
            {
                "seen_id": seen.id,
                "seen_version": seen.version,
                "memory": dict(memory),
                "language": language,
                "last_incoming_at": now,
            },
        ):
            raise Conflict("the conversation went on meanwhile")

    async def set_owner(
        self,
        conversation_id: int,
        *,
        expected: Collection[str],
        owner: str,
        staff_id: int | None,
        now: datetime,
        held_by: int | None = None,
    ) -> None:
        """Hand the conversation over, if its owner is one of `expected` (and `held_by`, when given).

        Only `bot.conversation.state` calls this: there each hand-over gets its reason.

        Raises:
            Conflict: somebody else owns it by now.
        """
        conditions = [conversation.c.id == conversation_id, conversation.c.owner.in_(list(expected))]
        if held_by is not None:
            conditions.append(conversation.c.staff_id == held_by)
        if not await self._changed(
            update(conversation)
            .where(and_(*conditions))
            .values(owner=owner, staff_id=staff_id, owner_since=now, version=conversation.c.version + 1)
        ):
            raise Conflict("somebody else owns the conversation by now; look again")

    async def append(self, new: NewMessage) -> int:
        """Append a message and return its id."""
        values = {name: getattr(new, name) for name in _MESSAGE_FIELDS}
        values["payload"] = dict(new.payload)
        return int((await self._connection.execute(_APPEND, values)).scalar_one())

    async def history(self, conversation_id: int, limit: int = 50) -> list[Message]:
        """The latest messages, oldest first."""
        theirs = select(message).where(message.c.conversation_id == conversation_id)
        return (await self._list(Message, theirs.order_by(message.c.id.desc()).limit(limit)))[::-1]

    async def by_ref(self, conversation_id: int, channel_ref: str) -> Message | None:
        """The customer's message the channel knows by `channel_ref`."""
        this = _incoming(conversation_id).where(message.c.channel_ref == channel_ref)
        return await self._one(Message, this.order_by(message.c.id).limit(1))

    async def latest_incoming(self, conversation_id: int) -> Message | None:
        """The last thing the customer wrote."""
        return await self._one(Message, _incoming(conversation_id).order_by(message.c.id.desc()).limit(1))

    async def edit(self, seen: Message, text: str, now: datetime) -> None:
        """Give a message its new text and keep the old one beside it; what was missed was said in the old words."""
        await self._connection.execute(
            insert(message_edit).values(message_id=seen.id, old_text=seen.text, at=now)
        )
        await self._connection.execute(
            update(message).where(message.c.id == seen.id).values(text=text, missed=None)
        )

    async def edits(self, conversation_id: int) -> list[Edit]:
        """What messages of a conversation said before they were changed, oldest first."""
        return await self._list(
            Edit,
            select(message_edit.c.message_id, message_edit.c.old_text, message_edit.c.at)
            .join(message, message.c.id == message_edit.c.message_id)
            .where(message.c.conversation_id == conversation_id)
            .order_by(message_edit.c.id),
        )


_CONVERSATION_FIELDS = [one.name for one in fields(Conversation)]
_MESSAGE_FIELDS = [one.name for one in fields(NewMessage)]

_CONTACT: Select[Any] = (
    select(
        *columns_of(conversation, Conversation),
        account.c.name.label("account_name"),
        account.c.blocked,
        account.c.customer_id,
        func.coalesce(customer.c.name, "").label("customer_name"),
        customer.c.time_zone,
        func.coalesce(func.nullif(customer.c.tier, ""), "standard").label("tier"),
        func.coalesce(customer.c.personal_prices, true()).label("personal_prices"),
    )
    .join(account, account.c.id == conversation.c.account_id)
    .outerjoin(customer, customer.c.id == account.c.customer_id)
)

# Built once: making a statement costs as much as running it, and every message runs these.
_CONTACT_AT = _CONTACT.where(
    conversation.c.channel == bindparam("at_channel"), conversation.c.address == bindparam("at_address")
)
_ADVANCE = (
    update(conversation)
    .where(conversation.c.id == bindparam("seen_id"), conversation.c.version == bindparam("seen_version"))
    .values(
        memory=bindparam("memory"),
        language=bindparam("language"),
        last_incoming_at=bindparam("last_incoming_at"),
        version=conversation.c.version + 1,
    )
)
_APPEND = insert(message).returning(message.c.id)


def _incoming(conversation_id: int) -> Select[Any]:
    """What the customer wrote."""
    return select(message).where(message.c.conversation_id == conversation_id, message.c.direction == "in")


def _contact(**values: Any) -> Contact:
    known = Conversation(**{name: values.pop(name) for name in _CONVERSATION_FIELDS})
    return Contact(conversation=known, **values)
