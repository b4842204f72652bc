"""What a browser shows when it opens or comes back: the conversation as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Outgoing, dump_reply
from storage import Store
from storage.conversations import Conversations, NewMessage
from storage.erased import Erased, customer_identity
from storage.schema import conversation, message, staff

_PAGE = 100
_NEWS = 1_000
# Two transactions may become visible in another order than that of their ids; one that was late is found by
# looking again at the last moments.
_LATE = timedelta(seconds=15)
_LATE_IDS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WebMessage:
    """One message as a browser shows it."""

    visitor: str
    id: int
    author: str
    """customer, bot, system, or the name of the member of staff who wrote it."""
    mine: bool
    """Written by the visitor."""
    reply: Mapping[str, Any]
    """As `dump_reply` makes it; a visitor's own message has its text alone."""
    at: datetime
    ref: str | None = None
    """The browser's own id of a message it sent."""


class WebHistory:
    """Reads the messages of web conversations, and keeps those that came past the conversation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def is_erased(self, customer_id: str) -> bool:
        """Whether the shop's site vouches for somebody who had themselves erased."""
        async with self._store.read() as connection:
            return await Erased(connection).knows(customer_identity(customer_id))

    async def since(self, visitor: str, after_id: int, now: datetime) -> list[WebMessage]:
        """A visitor's messages after one, oldest first; the latest hundred when there are more.

        The last moments' are among them even when they are not after it.
        """
        return await self._select(
            _MESSAGES.where(conversation.c.address == visitor, _after(after_id, now)).limit(_PAGE)
        )

    async def has_conversation(self, visitor: str) -> bool:
        """Whether the visitor has ever written, or a conversation was opened for them."""
        async with self._store.read() as connection:
            return await Conversations(connection).contact("web", visitor) is not None

    async def news(self, after_id: int, now: datetime) -> list[WebMessage]:
        """The same for all visitors together."""
        return await self._select(_MESSAGES.where(_after(after_id, now)).limit(_NEWS))

    async def newest_id(self) -> int:
        """The latest message's id; 0 before the first."""
        async with self._store.read() as connection:
            latest = await connection.scalar(select(message.c.id).order_by(message.c.id.desc()).limit(1))
        return int(latest or 0)

    async def keep(self, outgoing: Outgoing, now: datetime) -> int | None:
        """Put a message that no conversation wrote, such as a campaign's, into the history and return its id.

        The same one twice is kept once. None where there is no conversation with the visitor.
        """

        async def work(connection: AsyncConnection) -> int | None:
            conversations = Conversations(connection)
            contact = await conversations.contact(outgoing.channel, outgoing.address)
            if contact is None:
                return None
            reference = f"outbox:{outgoing.outbox_id}"
            kept = await connection.scalar(
                select(message.c.id).where(
                    message.c.conversation_id == contact.conversation.id, message.c.channel_ref == reference
                )
            )
            if kept is not None:
                return int(kept)
            return await conversations.append(
                NewMessage(
                    conversation_id=contact.conversation.id,
                    direction="out",
                    author="bot",
                    kind="notice",
                    text=outgoing.reply.text,
                    payload=dump_reply(outgoing.reply),
                    channel_ref=reference,
                    at=now,
                )
            )

        return await self._store.write(work)

    async def _select(self, wanted: Select[Any]) -> list[WebMessage]:
        async with self._store.read() as connection:
            rows = (await connection.execute(wanted)).all()
        return [_web_message(row._mapping) for row in reversed(rows) if _visible(row._mapping)]


_STAFF_AUTHOR = "staff:" + staff.c.id.cast(message.c.author.type)

_MESSAGES: Select[Any] = (
    select(message, conversation.c.address, staff.c.name.label("staff_name"))
    .join(conversation, conversation.c.id == message.c.conversation_id)
    .outerjoin(staff, message.c.author == _STAFF_AUTHOR)
    .where(conversation.c.channel == "web", message.c.kind != "note")
    .order_by(message.c.id.desc())
)


def _after(after_id: int, now: datetime) -> Any:
    return and_(message.c.id > after_id - _LATE_IDS, or_(message.c.id > after_id, message.c.at > now - _LATE))


def _visible(row: Mapping[Any, Any]) -> bool:
    """An opening or a press without words is kept but is nothing to look at."""
    return row["direction"] == "out" or bool(row["text"])


def _web_message(row: Mapping[Any, Any]) -> WebMessage:
    mine = row["direction"] == "in"
    return WebMessage(
        visitor=row["address"],
        id=row["id"],
        author=row["staff_name"] or row["author"],
        mine=mine,
        reply={"text": row["text"]} if mine else row["payload"] or {"text": row["text"]},
        at=row["at"],
        ref=_reference(row) if mine else None,
    )


def _reference(row: Mapping[Any, Any]) -> str | None:
    """What the browser called it: a press is known by its update alone."""
    update = row["payload"].get("update")
    return update.partition(":")[2] if isinstance(update, str) else row["channel_ref"]
