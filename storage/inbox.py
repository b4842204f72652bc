"""What arrived: kept before it is acknowledged, handled once and in order within a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import conversation_lease, inbox
from storage.upsert import dialect_insert, insert_ignoring_conflicts

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


class Inbox:
    """The inbox table and the leases on conversations.

    A replica handles a conversation while it holds its lease. Leases keep replicas out of each other's way;
    that an update is handled once, and after all earlier ones, rests on `complete` alone.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, updates: Sequence[NewUpdate], now: datetime) -> dict[tuple[str, str], int]:
        """Keep updates, ignoring those already kept; return new ones' ids by (channel, update id)."""
        if not updates:
            return {}
        added = await self._connection.execute(
            insert_ignoring_conflicts(self._connection, inbox).returning(
                inbox.c.id, inbox.c.channel, inbox.c.update_id
            ),
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
        fresh = dialect_insert(self._connection, conversation_lease)
        held = await self._connection.execute(
            fresh.on_conflict_do_update(
                index_elements=[conversation_lease.c.channel, conversation_lease.c.address],
                set_={"owner": fresh.excluded.owner, "expires_at": fresh.excluded.expires_at},
                where=or_(
                    conversation_lease.c.owner == fresh.excluded.owner,
                    conversation_lease.c.expires_at <= now,
                ),
            ).returning(conversation_lease.c.channel, conversation_lease.c.address),
            # In order, so that two replicas never wait for each other.
            [
                {"channel": channel, "address": address, "owner": owner, "expires_at": until}
                for channel, address in sorted(set(places))
            ],
        )
        return {(row.channel, row.address) for row in held}

    async def release(self, leases: Mapping[Place, datetime], owner: str) -> None:
        """Give leases back, each only if it still runs until the given time: not one renewed meanwhile."""
        if not leases:
            return
        await self._connection.execute(
            delete(conversation_lease).where(
                conversation_lease.c.channel == bindparam("of_channel"),
                conversation_lease.c.address == bindparam("of_address"),
                conversation_lease.c.expires_at == bindparam("until"),
                conversation_lease.c.owner == bindparam("by"),
            ),
            [
                {"of_channel": channel, "of_address": address, "until": until, "by": owner}
                for (channel, address), until in sorted(leases.items())
            ],
        )

    async def waiting(self, now: datetime, limit: int) -> list[Place]:
        """Conversations with something to handle now that nobody holds, the longest waiting first."""
        retried_later = inbox.alias("retried_later")
        found = await self._connection.execute(
            select(inbox.c.channel, inbox.c.address)
            .where(
                inbox.c.state == "new",
                ~exists().where(
                    conversation_lease.c.channel == inbox.c.channel,
                    conversation_lease.c.address == inbox.c.address,
                    conversation_lease.c.expires_at > now,
                ),
                ~exists().where(
                    retried_later.c.state == "new",
                    retried_later.c.channel == inbox.c.channel,
                    retried_later.c.address == inbox.c.address,
                    retried_later.c.not_before > now,
                ),
            )
            .group_by(inbox.c.channel, inbox.c.address)
            .order_by(func.min(inbox.c.id))
            .limit(limit)
        )
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
        found = await self._connection.execute(
            select(*_ROW)
            .where(inbox.c.state == "new", tuple_(inbox.c.channel, inbox.c.address).in_(places))
            .order_by(inbox.c.id)
            .limit(limit)
        )
        return [InboxRow(**row._mapping) for row in found]

    async def complete(self, row: InboxRow, owner: str, now: datetime) -> bool:
        """Mark an update handled; False where it isn't for `owner` to handle it now.

        That is: somebody else handled it, the lease went to somebody else, or an earlier update of the
        conversation is still to be handled. Then the caller's transaction must be undone. What the customer
        wrote is kept in the history from here on, so it is dropped here.
        """
        return await self._end(row, owner, {"state": "done", "payload": {}, "handled_at": now, "error": None})

    async def retry(self, row: InboxRow, owner: str, not_before: datetime, error: str) -> bool:
        """Count a failed attempt and put the update off; False as for `complete`."""
        return await self._end(
            row, owner, {"attempts": row.attempts + 1, "not_before": not_before, "error": error[:200]}
        )

    async def fail(self, row: InboxRow, owner: str, now: datetime, error: str) -> bool:
        """Give an update up so that the conversation goes on; False as for `complete`."""
        return await self._end(
            row,
            owner,
            {"state": "failed", "attempts": row.attempts + 1, "handled_at": now, "error": error[:200]},
        )

    async def _end(self, row: InboxRow, owner: str, values: dict[str, Any]) -> bool:
        earlier = inbox.alias("earlier")
        ended = await self._connection.execute(
            update(inbox)
            .where(
                inbox.c.id == row.id,
                inbox.c.state == "new",
                exists().where(
                    conversation_lease.c.channel == row.channel,
                    conversation_lease.c.address == row.address,
                    conversation_lease.c.owner == owner,
                ),
                ~exists().where(
                    earlier.c.state == "new",
                    earlier.c.channel == row.channel,
                    earlier.c.address == row.address,
                    earlier.c.id < row.id,
                ),
            )
            .values(values)
        )
        return ended.rowcount == 1

    async def count(self, state: str = "new") -> int:
        """How many updates are in a state."""
        return (
            await self._connection.execute(
                select(func.count()).select_from(inbox).where(inbox.c.state == state)
            )
        ).scalar_one()

    async def prune(self, now: datetime, keep: timedelta) -> int:
        """Forget updates handled longer than `keep` ago; a channel delivers no update again that late."""
        gone = await self._connection.execute(
            delete(inbox).where(and_(inbox.c.state.in_(("done", "failed")), inbox.c.handled_at < now - keep))
        )
        return gone.rowcount


_ROW = (
    inbox.c.id,
    inbox.c.channel,
    inbox.c.address,
    inbox.c.payload,
    inbox.c.received_at,
    inbox.c.attempts,
)
