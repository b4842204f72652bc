"""What arrived: kept before it is acknowledged, handled once and in order within a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import bindparam, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.columns import UtcMicros
from storage.repository import Repository, columns_of
from storage.schema import conversation_lease, inbox

Place: TypeAlias = tuple[str, str]
"""A conversation: channel and address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpdate:
    """Something that has just arrived."""

    channel: str
    address: str
    update_id: str
    """Unique within the channel."""
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """Something that arrived and waits to be handled."""

    id: int
    channel: str
    address: str
    payload: Mapping[str, Any]
    received_at: datetime
    attempts: int
    """How often handling it has failed."""

    @property
    def place(self) -> Place:
        """The conversation it belongs to."""
        return self.channel, self.address


class Inbox(Repository):
    """The inbox table and the leases on conversations.

    A replica handles a conversation while it holds its lease. Leases keep replicas out of each other's way;
    that an update is handled once, and after all earlier ones, rests on `complete` alone.
    """

    async def add(self, updates: Sequence[NewUpdate], now: datetime) -> dict[tuple[str, str], int]:
        """Keep updates, ignoring those already kept; return new ones' ids by (channel, update id)."""
        if not updates:
            return {}
        added = await self._connection.execute(
            _ADD[self._connection.dialect.name],
            [
                {
                    "channel": arrived.channel,
                    "address": arrived.address,
                    "update_id": arrived.update_id,
                    "payload": arrived.payload,
                    "received_at": now,
                    "state": "new",
                    "attempts": 0,
                }
                for arrived in updates
            ],
        )
        return {(row.channel, row.update_id): row.id for row in added}

    async def lease(self, places: Sequence[Place], owner: str, now: datetime, until: datetime) -> set[Place]:
        """Take or renew leases on conversations; return those that `owner` now holds."""
        if not places:
            return set()
        held = await self._connection.execute(
            _LEASE[self._connection.dialect.name],
            # In order, so that two replicas never wait for each other.
            [
                {"channel": channel, "address": address, "owner": owner, "expires_at": until, "now": now}
                for channel, address in sorted(set(places))
            ],
        )
        return {(row.channel, row.address) for row in held}

    async def release(self, leases: Mapping[Place, datetime], owner: str) -> None:
        """Give leases back, each only if it still runs until the given time: not one renewed meanwhile."""
        if not leases:
            return
        await self._connection.execute(
            _RELEASE,
            [
                {"of_channel": channel, "of_address": address, "until": until, "by": owner}
                for (channel, address), until in sorted(leases.items())
            ],
        )

    async def waiting(self, now: datetime, limit: int) -> list[Place]:
        """Conversations with something to handle now that nobody holds, the longest waiting first."""
        found = await self._connection.execute(_WAITING, {"now": now, "at_most": limit})
        return [(row.channel, row.address) for row in found]

    async def expired(self, places: Sequence[Place], now: datetime) -> set[Place]:
        """Those of some conversations whose lease ran out instead of being given back: its owner died."""
        if not places:
            return set()
        found = await self._connection.execute(
            select(conversation_lease.c.channel, conversation_lease.c.address).where(
                conversation_lease.c.expires_at <= now,
                tuple_(conversation_lease.c.channel, conversation_lease.c.address).in_(places),
            )
        )
        return {(row.channel, row.address) for row in found}

    async def count_attempts(self, ids: Sequence[int]) -> None:
        """Count a failed attempt against updates whose handler died with its process."""
        if ids:
            await self._connection.execute(
                update(inbox).where(inbox.c.id.in_(ids)).values(attempts=inbox.c.attempts + 1)
            )

    async def new(self, places: Sequence[Place], limit: int) -> list[InboxRow]:
        """What waits in some conversations, oldest first."""
        if not places:
            return []
        return await self._list(
            InboxRow,
            select(*columns_of(inbox, InboxRow))
            .where(inbox.c.state == "new", tuple_(inbox.c.channel, inbox.c.address).in_(places))
            .order_by(inbox.c.id)
            .limit(limit),
        )

    async def complete(self, row: InboxRow, owner: str, now: datetime) -> bool:
        """Mark an update handled; False where it isn't for `owner` to handle it now.

        That is: somebody else handled it, the lease went to somebody else, or an earlier update of the
        conversation is still to be handled. Then the caller's transaction must be undone. What the customer
        wrote is kept in the history from here on, so it is dropped here.
        """
        return await self._end(_COMPLETE, row, owner, now=now)

    async def retry(self, row: InboxRow, owner: str, not_before: datetime, error: str) -> bool:
        """Count a failed attempt and put the update off; False as for `complete`."""
        return await self._end(_RETRY, row, owner, later=not_before, error=error)

    async def fail(self, row: InboxRow, owner: str, now: datetime, error: str) -> bool:
        """Give an update up so that the conversation goes on; False as for `complete`."""
        return await self._end(_FAIL, row, owner, now=now, error=error)

    async def _end(
        self,
        statement: Any,
        row: InboxRow,
        owner: str,
        *,
        now: datetime | None = None,
        later: datetime | None = None,
        error: str | None = None,
    ) -> bool:
        return await self._changed(
            statement,
            {
                "of_id": row.id,
                "of_channel": row.channel,
                "of_address": row.address,
                "by": owner,
                "now": now,
                "why": error and error[:200],
                "later": later,
            },
        )

    async def count(self, state: str = "new") -> int:
        """How many updates are in a state."""
        return await self._count(inbox, inbox.c.state == state)

    async def oldest(self, now: datetime) -> datetime | None:
        """When what waits longest for being handled came; what was put off isn't waiting."""
        found: datetime | None = await self._connection.scalar(
            select(func.min(inbox.c.received_at)).where(
                inbox.c.state == "new", or_(inbox.c.not_before.is_(None), inbox.c.not_before <= now)
            )
        )
        return found


# Statements are built once: building one takes SQLAlchemy several times as long as SQLite takes to run it.


def _lease_statement(insert: Any) -> Any:
    fresh = insert(conversation_lease)
    return fresh.on_conflict_do_update(
        index_elements=[conversation_lease.c.channel, conversation_lease.c.address],
        set_={"owner": fresh.excluded.owner, "expires_at": fresh.excluded.expires_at},
        where=or_(
            conversation_lease.c.owner == fresh.excluded.owner,
            conversation_lease.c.expires_at <= bindparam("now", type_=UtcMicros),
        ),
    ).returning(conversation_lease.c.channel, conversation_lease.c.address)


_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_ADD = {
    dialect: insert(inbox).on_conflict_do_nothing().returning(inbox.c.id, inbox.c.channel, inbox.c.update_id)
    for dialect, insert in _INSERTS.items()
}
_LEASE = {dialect: _lease_statement(insert) for dialect, insert in _INSERTS.items()}
_RELEASE = delete(conversation_lease).where(
    conversation_lease.c.channel == bindparam("of_channel"),
    conversation_lease.c.address == bindparam("of_address"),
    conversation_lease.c.expires_at == bindparam("until"),
    conversation_lease.c.owner == bindparam("by"),
)

_retried_later = inbox.alias("retried_later")
_WAITING = (
    select(inbox.c.channel, inbox.c.address)
    .where(
        inbox.c.state == "new",
        ~exists().where(
            conversation_lease.c.channel == inbox.c.channel,
            conversation_lease.c.address == inbox.c.address,
            conversation_lease.c.expires_at > bindparam("now"),
        ),
        ~exists().where(
            _retried_later.c.state == "new",
            _retried_later.c.channel == inbox.c.channel,
            _retried_later.c.address == inbox.c.address,
            _retried_later.c.not_before > bindparam("now"),
        ),
    )
    .group_by(inbox.c.channel, inbox.c.address)
    .order_by(func.min(inbox.c.id))
    .limit(bindparam("at_most"))
)

_earlier = inbox.alias("earlier")
_END = update(inbox).where(
    inbox.c.id == bindparam("of_id"),
    inbox.c.state == "new",
    exists().where(
        conversation_lease.c.channel == bindparam("of_channel"),
        conversation_lease.c.address == bindparam("of_address"),
        conversation_lease.c.owner == bindparam("by"),
    ),
    ~exists().where(
        _earlier.c.state == "new",
        _earlier.c.channel == bindparam("of_channel"),
        _earlier.c.address == bindparam("of_address"),
        _earlier.c.id < bindparam("of_id"),
    ),
)
_COMPLETE = _END.values(state="done", payload={}, handled_at=bindparam("now"), error=None)
_RETRY = _END.values(attempts=inbox.c.attempts + 1, not_before=bindparam("later"), error=bindparam("why"))
_FAIL = _END.values(
    state="failed", attempts=inbox.c.attempts + 1, handled_at=bindparam("now"), error=bindparam("why")
)
