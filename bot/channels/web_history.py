"""What a browser shows when it opens or comes back: the conversation as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage import Store
from storage.schema import conversation, message, staff

_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WebMessage:
    """One message as a browser shows it."""

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
    """Reads the messages of web conversations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def since(self, visitor: str, after_id: int) -> list[WebMessage]:
        """Messages after one, oldest first; the latest hundred when there are more."""
        newest = (
            select(message, staff.c.name.label("staff_name"))
            .join(conversation, conversation.c.id == message.c.conversation_id)
            .outerjoin(staff, message.c.author == _STAFF_AUTHOR)
            .where(conversation.c.channel == "web", conversation.c.address == visitor)
            .where(message.c.id > after_id, message.c.kind != "note")
            .order_by(message.c.id.desc())
            .limit(_PAGE)
        )
        async with self._store.read() as connection:
            rows = (await connection.execute(newest)).all()
        return [_web_message(row._mapping) for row in reversed(rows) if _visible(row._mapping)]


_STAFF_AUTHOR = "staff:" + staff.c.id.cast(message.c.author.type)


def _visible(row: Mapping[Any, Any]) -> bool:
    """An opening or a press without words is kept but is nothing to look at."""
    return row["direction"] == "out" or bool(row["text"])


def _web_message(row: Mapping[Any, Any]) -> WebMessage:
    mine = row["direction"] == "in"
    return WebMessage(
        id=row["id"],
        author=row["staff_name"] or row["author"],
        mine=mine,
        reply={"text": row["text"]} if mine else row["payload"] or {"text": row["text"]},
        at=row["at"],
        ref=row["channel_ref"] if mine else None,
    )
