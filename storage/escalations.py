"""What waits for a person, and who took it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict, NotFound
from storage.schema import account, conversation, customer, escalation

OPEN = ("waiting", "taken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A conversation handed to people, with where it is and whom it concerns."""

    id: int
    conversation_id: int
    reason: str
    """asked, complaint, negative, not_understood, shadow, request, …"""
    priority: int
    """0 is the most urgent."""
    summary: str
    state: str
    """waiting, taken, back, closed."""
    opened_at: datetime
    due_at: datetime
    """The first answer is promised by then."""
    staff_id: int | None
    taken_at: datetime | None
    first_answer_at: datetime | None
    ended_at: datetime | None
    channel: str
    address: str
    language: str
    account_name: str
    customer_id: str | None
    customer_name: str
    last_incoming_at: datetime | None


class Escalations:
    """The queue: the earliest promise first within a priority, so that the oldest case does not starve.

    The states change by compare-and-set; `bot.conversation.state` joins them to the conversation's owner.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(
        self, states: tuple[str, ...] = OPEN, staff_id: int | None = None, limit: int = 200
    ) -> list[Escalation]:
        """Cases in these states in the order in which they should be taken; `staff_id` keeps one's own."""
        query = _JOINED.where(escalation.c.state.in_(states))
        if staff_id is not None:
            query = query.where(escalation.c.staff_id == staff_id)
        query = query.order_by(escalation.c.due_at, escalation.c.priority, escalation.c.id)
        return [_escalation(row) for row in await self._connection.execute(query.limit(limit))]

    async def get(self, escalation_id: int) -> Escalation:
        """One case.

        Raises:
            NotFound: there is none with this id.
        """
        row = (await self._connection.execute(_JOINED.where(escalation.c.id == escalation_id))).one_or_none()
        if row is None:
            raise NotFound(f"there is no case {escalation_id}")
        return _escalation(row)

    async def open_of(self, conversation_id: int) -> Escalation | None:
        """The case of a conversation that is waiting or taken."""
        row = (
            await self._connection.execute(
                _JOINED.where(escalation.c.conversation_id == conversation_id, escalation.c.state.in_(OPEN))
                .order_by(escalation.c.id.desc())
                .limit(1)
            )
        ).one_or_none()
        return None if row is None else _escalation(row)

    async def add(
        self,
        conversation_id: int,
        *,
        reason: str,
        priority: int,
        summary: str,
        due_at: datetime,
        now: datetime,
    ) -> int:
        """Put a case into the queue and return its id."""
        row = (
            await self._connection.execute(
                insert(escalation)
                .values(
                    conversation_id=conversation_id,
                    reason=reason,
                    priority=priority,
                    summary=summary,
                    state="waiting",
                    opened_at=now,
                    due_at=due_at,
                )
                .returning(escalation.c.id)
            )
        ).one()
        return int(row.id)

    async def take(self, escalation_id: int, staff_id: int, now: datetime) -> None:
        """Give a waiting case to one person.

        Raises:
            Conflict: it is not waiting any more.
        """
        changed = await self._connection.execute(
            update(escalation)
            .where(escalation.c.id == escalation_id, escalation.c.state == "waiting")
            .values(state="taken", staff_id=staff_id, taken_at=now)
        )
        if changed.rowcount != 1:
            raise Conflict("somebody else took this case first")

    async def release(self, escalation_id: int, staff_id: int) -> None:
        """Put a case back into the queue, with its old promise.

        Raises:
            Conflict: this person does not hold it.
        """
        changed = await self._connection.execute(
            update(escalation)
            .where(
                escalation.c.id == escalation_id,
                escalation.c.state == "taken",
                escalation.c.staff_id == staff_id,
            )
            .values(state="waiting", staff_id=None, taken_at=None)
        )
        if changed.rowcount != 1:
            raise Conflict("this case is not yours any more")

    async def end(self, escalation_id: int, *, seen_state: str, state: str, now: datetime) -> None:
        """End a case as `back` or `closed`, if it is still in `seen_state`.

        Raises:
            Conflict: it has moved on.
        """
        changed = await self._connection.execute(
            update(escalation)
            .where(escalation.c.id == escalation_id, escalation.c.state == seen_state)
            .values(state=state, ended_at=now)
        )
        if changed.rowcount != 1:
            raise Conflict("this case has moved on; look again")

    async def answered(self, escalation_id: int, now: datetime) -> None:
        """Note the time of the first answer; later ones change nothing."""
        await self._connection.execute(
            update(escalation)
            .where(escalation.c.id == escalation_id, escalation.c.first_answer_at.is_(None))
            .values(first_answer_at=now)
        )

    async def raise_priority(self, escalation_id: int, priority: int, due_at: datetime) -> None:
        """Make a case more urgent; never less, and its promise never later."""
        await self._connection.execute(
            update(escalation)
            .where(escalation.c.id == escalation_id, escalation.c.priority > priority)
            .values(priority=priority)
        )
        await self._connection.execute(
            update(escalation)
            .where(escalation.c.id == escalation_id, escalation.c.due_at > due_at)
            .values(due_at=due_at)
        )


_JOINED: Select[Any] = (
    select(
        *escalation.c,
        conversation.c.channel,
        conversation.c.address,
        conversation.c.language,
        conversation.c.last_incoming_at,
        account.c.name.label("account_name"),
        account.c.customer_id,
        customer.c.name.label("customer_name"),
    )
    .join(conversation, conversation.c.id == escalation.c.conversation_id)
    .join(account, account.c.id == conversation.c.account_id)
    .outerjoin(customer, customer.c.id == account.c.customer_id)
)


def _escalation(row: Row[Any]) -> Escalation:
    values = dict(row._mapping)
    values["customer_name"] = values["customer_name"] or ""
    return Escalation(**values)
