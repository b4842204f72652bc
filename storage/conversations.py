"""Conversations and every word of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict, NotFound
from storage.schema import (
    account,
    conversation,
    correction,
    customer,
    draft,
    escalation,
    message,
    message_edit,
    request,
)
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
    account_language: str | None
    blocked: bool
    customer_id: str | None
    customer_name: str
    customer_language: str | None
    time_zone: str | None
    tier: str
    points: int
    personal_prices: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation's history."""

    id: int
    conversation_id: int
    direction: str
    """in, out."""
    author: str
    """customer, bot, system, staff:<id>."""
    kind: str
    text: str
    payload: Mapping[str, Any]
    understanding: Mapping[str, Any] | None
    skill: str | None
    channel_ref: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be appended."""

    conversation_id: int
    direction: str
    author: str
    kind: str
    at: datetime
    text: str = ""
    payload: Mapping[str, Any] | None = None
    understanding: Mapping[str, Any] | None = None
    skill: str | None = None
    channel_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a message said before it was changed."""

    message_id: int
    old_text: str
    at: datetime


class Conversations:
    """One conversation a channel and address; changes are compare-and-set on its version."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def contact(self, channel: str, address: str) -> Contact | None:
        """The conversation at an address with its account and customer; None before the first contact."""
        row = (
            await self._connection.execute(_CONTACT_AT, {"at_channel": channel, "at_address": address})
        ).one_or_none()
        return None if row is None else _contact(row)

    async def contact_of(self, conversation_id: int) -> Contact:
        """The same by the conversation's id.

        Raises:
            NotFound: there is no such conversation.
        """
        row = (
            await self._connection.execute(_CONTACT.where(conversation.c.id == conversation_id))
        ).one_or_none()
        if row is None:
            raise NotFound(f"there is no conversation {conversation_id}")
        return _contact(row)

    async def get(self, conversation_id: int) -> Conversation:
        """One conversation.

        Raises:
            NotFound: there is none with this id.
        """
        row = (
            await self._connection.execute(select(conversation).where(conversation.c.id == conversation_id))
        ).one_or_none()
        if row is None:
            raise NotFound(f"there is no conversation {conversation_id}")
        return Conversation(**row._mapping)

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
        changed = await self._connection.execute(
            _ADVANCE,
            {
                "seen_id": seen.id,
                "seen_version": seen.version,
                "memory": dict(memory),
                "language": language,
                "last_incoming_at": now,
            },
        )
        if changed.rowcount != 1:
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
        changed = await self._connection.execute(
            update(conversation)
            .where(and_(*conditions))
            .values(owner=owner, staff_id=staff_id, owner_since=now, version=conversation.c.version + 1)
        )
        if changed.rowcount != 1:
            raise Conflict("somebody else owns the conversation by now; look again")

    async def append(self, new: NewMessage) -> int:
        """Append a message and return its id."""
        row = (
            await self._connection.execute(
                _APPEND,
                {
                    "conversation_id": new.conversation_id,
                    "direction": new.direction,
                    "author": new.author,
                    "kind": new.kind,
                    "text": new.text,
                    "payload": dict(new.payload or {}),
                    "understanding": None if new.understanding is None else dict(new.understanding),
                    "skill": new.skill,
                    "channel_ref": new.channel_ref,
                    "at": new.at,
                },
            )
        ).one()
        return int(row.id)

    async def history(
        self, conversation_id: int, limit: int = 50, before_id: int | None = None
    ) -> list[Message]:
        """The latest messages, oldest first; `before_id` pages further back."""
        conditions = [message.c.conversation_id == conversation_id]
        if before_id is not None:
            conditions.append(message.c.id < before_id)
        rows = await self._connection.execute(
            select(message).where(*conditions).order_by(message.c.id.desc()).limit(limit)
        )
        return [Message(**row._mapping) for row in rows][::-1]

    async def since(self, conversation_id: int, after_id: int, limit: int = 100) -> list[Message]:
        """Messages after one, oldest first: what a page that reconnects has missed."""
        rows = await self._connection.execute(
            select(message)
            .where(message.c.conversation_id == conversation_id, message.c.id > after_id)
            .order_by(message.c.id)
            .limit(limit)
        )
        return [Message(**row._mapping) for row in rows]

    async def by_ref(self, conversation_id: int, channel_ref: str) -> Message | None:
        """The customer's message the channel knows by `channel_ref`."""
        row = (
            await self._connection.execute(
                select(message)
                .where(
                    message.c.conversation_id == conversation_id,
                    message.c.channel_ref == channel_ref,
                    message.c.direction == "in",
                )
                .order_by(message.c.id)
                .limit(1)
            )
        ).one_or_none()
        return None if row is None else Message(**row._mapping)

    async def latest_incoming(self, conversation_id: int) -> Message | None:
        """The last thing the customer wrote."""
        row = (
            await self._connection.execute(
                select(message)
                .where(message.c.conversation_id == conversation_id, message.c.direction == "in")
                .order_by(message.c.id.desc())
                .limit(1)
            )
        ).one_or_none()
        return None if row is None else Message(**row._mapping)

    async def edit(self, seen: Message, text: str, now: datetime) -> None:
        """Give a message its new text and keep the old one beside it."""
        await self._connection.execute(
            insert(message_edit).values(message_id=seen.id, old_text=seen.text, at=now)
        )
        await self._connection.execute(update(message).where(message.c.id == seen.id).values(text=text))

    async def forget(self, account_id: int) -> int:
        """Blank everything an account and the shop wrote to each other; return how many messages there were.

        That they wrote, when, and who answered stays; requests, cases and drafts lose their words too.
        """
        theirs = select(conversation.c.id).where(conversation.c.account_id == account_id)
        within = message.c.conversation_id.in_(theirs)
        messages = select(message.c.id).where(within)
        execute = self._connection.execute
        await execute(delete(message_edit).where(message_edit.c.message_id.in_(messages)))
        await execute(delete(correction).where(correction.c.message_id.in_(messages)))
        await execute(update(draft).where(draft.c.conversation_id.in_(theirs)).values(reply={}))
        await execute(
            update(request).where(request.c.conversation_id.in_(theirs)).values(details={}, note="")
        )
        await execute(update(escalation).where(escalation.c.conversation_id.in_(theirs)).values(summary=""))
        await execute(
            update(conversation)
            .where(conversation.c.account_id == account_id)
            .values(memory={}, version=conversation.c.version + 1)
        )
        blanked = await execute(update(message).where(within).values(text="", payload={}, understanding=None))
        return blanked.rowcount

    async def edits(self, conversation_id: int) -> list[Edit]:
        """What messages of a conversation said before they were changed, oldest first."""
        rows = await self._connection.execute(
            select(message_edit.c.message_id, message_edit.c.old_text, message_edit.c.at)
            .join(message, message.c.id == message_edit.c.message_id)
            .where(message.c.conversation_id == conversation_id)
            .order_by(message_edit.c.id)
        )
        return [Edit(**row._mapping) for row in rows]


_CONVERSATION_FIELDS = (
    "id",
    "channel",
    "address",
    "account_id",
    "owner",
    "staff_id",
    "owner_since",
    "language",
    "memory",
    "version",
    "opened_at",
    "last_incoming_at",
)

_CONTACT: Select[Any] = (
    select(
        *(conversation.c[name] for name in _CONVERSATION_FIELDS),
        account.c.name.label("account_name"),
        account.c.language.label("account_language"),
        account.c.blocked,
        account.c.customer_id,
        customer.c.name.label("customer_name"),
        customer.c.language.label("customer_language"),
        customer.c.time_zone,
        customer.c.tier,
        customer.c.points,
        customer.c.personal_prices,
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


def _contact(row: Row[Any]) -> Contact:
    values = row._mapping
    return Contact(
        conversation=Conversation(**{name: values[name] for name in _CONVERSATION_FIELDS}),
        account_name=values["account_name"],
        account_language=values["account_language"],
        blocked=values["blocked"],
        customer_id=values["customer_id"],
        customer_name=values["customer_name"] or "",
        customer_language=values["customer_language"],
        time_zone=values["time_zone"],
        tier=values["tier"] or "standard",
        points=values["points"] or 0,
        personal_prices=True if values["personal_prices"] is None else values["personal_prices"],
    )
