"""What staff say a message really meant: training examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import NotFound
from storage.schema import conversation, correction, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One message and what it meant."""

    message_id: int
    text: str
    label: str
    staff_id: int | None
    at: datetime


class Corrections:
    """At most one a message: the latest says how it stands."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(
        self, message_id: int, label: str, *, staff_id: int, now: datetime, text: str | None = None
    ) -> None:
        """Say what a customer's message meant; `text` is what is kept of it, by default all.

        Raises:
            NotFound: there is no such message of a customer, or it has no words (any more).
        """
        said = await self._connection.scalar(
            select(message.c.text).where(message.c.id == message_id, message.c.direction == "in")
        )
        if not said:
            raise NotFound(f"there is no message {message_id} of a customer with words in it")
        await self.drop(message_id)
        await self._connection.execute(
            insert(correction).values(
                message_id=message_id, text=text or said, label=label, staff_id=staff_id, at=now
            )
        )

    async def drop(self, message_id: int) -> None:
        """Take a correction back, where there is one."""
        await self._connection.execute(delete(correction).where(correction.c.message_id == message_id))

    async def of_conversation(self, conversation_id: int) -> dict[int, str]:
        """Labels by message."""
        rows = await self._connection.execute(
            select(correction.c.message_id, correction.c.label)
            .join(message, message.c.id == correction.c.message_id)
            .where(message.c.conversation_id == conversation_id)
        )
        return {row.message_id: row.label for row in rows}

    async def of_account(self, account_id: int) -> Sequence[Correction]:
        """Those of one account's messages, oldest first."""
        rows = await self._connection.execute(
            _ALL.join(message, message.c.id == correction.c.message_id)
            .join(conversation, conversation.c.id == message.c.conversation_id)
            .where(conversation.c.account_id == account_id)
        )
        return [Correction(**row._mapping) for row in rows]

    async def all(self) -> Sequence[Correction]:
        """Every correction, oldest first."""
        return [Correction(**row._mapping) for row in await self._connection.execute(_ALL)]


_ALL = select(
    correction.c.message_id, correction.c.text, correction.c.label, correction.c.staff_id, correction.c.at
).order_by(correction.c.id)
