"""What waits for a person, and who took it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, or_, select, update

from storage.errors import Conflict
from storage.repository import Repository
from storage.schema import account, conversation, customer, escalation

OPEN = ("waiting", "taken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A conversation handed to people, with where it is and whom it concerns."""

    id: int
    conversation_id: int
    reason: str
    """asked, complaint, danger, negative, not_understood, shadow, request, …"""
    priority: int
    """0 is the most urgent; below 0 nothing else counts."""
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
    reply_email: str | None
    """Where they may be answered if they have left; for that alone, and never checked."""
    reply_wording: str | None
    """What they were told it is for, as they read it."""
    channel: str
    address: str
    language: str
    account_name: str
    customer_id: str | None
    customer_name: str
    last_incoming_at: datetime | None


class Escalations(Repository):
    """The queue: danger first, then the earliest promise, so that the oldest case does not starve.

    The states change by compare-and-set; `bot.conversation.state` joins them to the conversation's owner.
    """

    async def find(
        self, states: tuple[str, ...] = OPEN, staff_id: int | None = None, limit: int | None = None
    ) -> list[Escalation]:
        """Cases in these states in the order in which they should be taken, the first `limit` or all.

        `staff_id` keeps one's own.
        """
        query = _JOINED.where(escalation.c.state.in_(states))
        if staff_id is not None:
            query = query.where(escalation.c.staff_id == staff_id)
        danger_first = case((escalation.c.priority < 0, 0), else_=1)
        query = query.order_by(danger_first, escalation.c.due_at, escalation.c.priority, escalation.c.id)
        return await self._list(Escalation, query.limit(limit))

    async def count(self, states: tuple[str, ...] = OPEN) -> int:
        """How many cases are in these states."""
        return await self._count(escalation, escalation.c.state.in_(states))

    async def open_among(self, conversation_ids: Collection[int]) -> set[int]:
        """Those of some conversations that have an open case."""
        is_open = escalation.c.state.in_(OPEN)
        return await self._among(escalation.c.conversation_id, conversation_ids, is_open)

    async def get(self, escalation_id: int) -> Escalation:
        """One case.

        Raises:
            NotFound: there is none with this id.
        """
        this = _JOINED.where(escalation.c.id == escalation_id)
        return await self._found(Escalation, this, f"case {escalation_id}")

    async def open_of(self, conversation_id: int) -> Escalation | None:
        """The case of a conversation that is waiting or taken."""
        theirs = _JOINED.where(escalation.c.conversation_id == conversation_id, escalation.c.state.in_(OPEN))
        return await self._one(Escalation, theirs.order_by(escalation.c.id.desc()).limit(1))

    async def of_person(
        self, conversation_id: int, customer_id: str | None, limit: int = 20
    ) -> list[Escalation]:
        """Cases of a conversation, and of all others of its customer's where one is known; the latest first."""
        theirs = escalation.c.conversation_id == conversation_id
        if customer_id is not None:
            theirs = or_(theirs, account.c.customer_id == customer_id)
        return await self._list(
            Escalation, _JOINED.where(theirs).order_by(escalation.c.id.desc()).limit(limit)
        )

    async def unanswered_at(self, channel: str, address: str) -> Escalation | None:
        """The open case of the conversation at an address, where nobody has answered yet."""
        here = (conversation.c.channel == channel, conversation.c.address == address)
        theirs = _JOINED.where(*here, _UNANSWERED).order_by(escalation.c.id.desc())
        return await self._one(Escalation, theirs.limit(1))

    async def keep_email(self, escalation_id: int, email: str, wording: str) -> bool:
        """Keep where a case may be answered; False where it has been answered, or ended."""
        this = update(escalation).where(escalation.c.id == escalation_id, _UNANSWERED)
        return await self._changed(this.values(reply_email=email, reply_wording=wording))

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
        return await self._add(
            escalation,
            conversation_id=conversation_id,
            reason=reason,
            priority=priority,
            summary=summary,
            state="waiting",
            opened_at=now,
            due_at=due_at,
        )

    async def take(self, escalation_id: int, staff_id: int, now: datetime) -> None:
        """Give a waiting case to one person.

        Raises:
            Conflict: it is not waiting any more.
        """
        if not await self._changed(
            update(escalation)
            .where(escalation.c.id == escalation_id, escalation.c.state == "waiting")
            .values(state="taken", staff_id=staff_id, taken_at=now)
        ):
            raise Conflict("somebody else took this case first")

    async def release(self, escalation_id: int, staff_id: int) -> None:
        """Put a case back into the queue, with its old promise.

        Raises:
            Conflict: this person does not hold it.
        """
        if not await self._changed(
            update(escalation)
            .where(
                escalation.c.id == escalation_id,
                escalation.c.state == "taken",
                escalation.c.staff_id == staff_id,
            )
            .values(state="waiting", staff_id=None, taken_at=None)
        ):
            raise Conflict("this case is not yours any more")

    async def end(self, escalation_id: int, *, seen_state: str, state: str, now: datetime) -> None:
        """End a case as `back` or `closed`, if it is still in `seen_state`.

        Raises:
            Conflict: it has moved on.
        """
        if not await self._changed(
            update(escalation)
            .where(escalation.c.id == escalation_id, escalation.c.state == seen_state)
            .values(state=state, ended_at=now)
        ):
            raise Conflict("this case has moved on; look again")

    async def answered(self, escalation_id: int, now: datetime) -> None:
        """Note the time of the first answer; later ones change nothing."""
        await self._connection.execute(
            update(escalation)
            .where(escalation.c.id == escalation_id, escalation.c.first_answer_at.is_(None))
            .values(first_answer_at=now)
        )

    async def raise_priority(
        self, escalation_id: int, priority: int, due_at: datetime, *, reason: str, summary: str
    ) -> bool:
        """Make a case more urgent, for a reason; never less, and its promise never later. False where it was as
        urgent already."""
        this = update(escalation).where(escalation.c.id == escalation_id)
        now = {"priority": priority, "reason": reason, **({"summary": summary} if summary else {})}
        raised = await self._changed(this.where(escalation.c.priority > priority).values(now))
        await self._connection.execute(this.where(escalation.c.due_at > due_at).values(due_at=due_at))
        return raised


_UNANSWERED = escalation.c.state.in_(OPEN) & escalation.c.first_answer_at.is_(None)

_JOINED: Select[Any] = (
    select(
        *escalation.c,
        conversation.c.channel,
        conversation.c.address,
        conversation.c.language,
        conversation.c.last_incoming_at,
        account.c.name.label("account_name"),
        account.c.customer_id,
        func.coalesce(customer.c.name, "").label("customer_name"),
    )
    .join(conversation, conversation.c.id == escalation.c.conversation_id)
    .join(account, account.c.id == conversation.c.account_id)
    .outerjoin(customer, customer.c.id == account.c.customer_id)
)
