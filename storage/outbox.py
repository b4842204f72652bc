"""What leaves: every message the program sends is a row here first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import outbox_statements as statements
from storage.outbox_rows import EndState, Finish, OutboxKind, OutboxRow, Policy, Reaped
from storage.schema import outbox

__all__ = ["EndState", "Finish", "Outbox", "OutboxKind", "OutboxRow", "Policy", "Reaped"]

# One number for "claiming": senders on PostgreSQL take turns, so that none skips a row that another has
# locked and claims a later one of the same conversation.
_CLAIMING = 0x6C69756B65


class Outbox:
    """The outbox table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(
        self,
        *,
        channel: str,
        address: str,
        kind: OutboxKind,
        policy: Policy,
        reply: Mapping[str, Any],
        now: datetime,
        author: str = "bot",
        callback_ref: str | None = None,
        message_id: int | None = None,
        customer_id: str | None = None,
        dedupe_key: str | None = None,
        not_before: datetime | None = None,
    ) -> int | None:
        """Queue a message (`reply` from `dump_reply`); return its id, or None if `dedupe_key` is there."""
        put = await self._connection.execute(
            statements.PUT[self._connection.dialect.name],
            {
                "channel": channel,
                "address": address,
                "kind": kind,
                "policy": policy,
                "state": "ready",
                "dedupe_key": dedupe_key,
                "payload": reply,
                "author": author,
                "callback_ref": callback_ref,
                "message_id": message_id,
                "customer_id": customer_id,
                "created_at": now,
                "not_before": not_before or now,
                "attempts": 0,
                "message_refs": [],
            },
        )
        outbox_id: int | None = put.scalar_one_or_none()
        return outbox_id

    async def get(self, outbox_id: int) -> OutboxRow | None:
        """One row."""
        found = (await self._connection.execute(select(outbox).where(outbox.c.id == outbox_id))).first()
        return None if found is None else OutboxRow(**found._mapping)

    async def any_ready(self, channels: Collection[str], policy: Policy, now: datetime) -> bool:
        """Whether a look with `ready` could be worth a transaction."""
        found = await self._connection.execute(
            statements.ANY_READY, {"channels": channels, "of_policy": policy, "now": now}
        )
        return found.first() is not None

    async def ready(
        self, channels: Collection[str], policy: Policy, owner: str, now: datetime, limit: int
    ) -> list[OutboxRow]:
        """Rows to claim now, locked until the transaction ends, oldest first.

        Rows of policy `retry` keep their order within a conversation: one is left out while an earlier one
        waits for its time or is in other hands. Those already claimed by `owner` itself don't hold back
        others; it sends them in order.
        """
        await self._take_turn()
        if policy == "once":
            return await self._some_ready(statements.READY_ONCE, channels, now, limit)
        held = await self._connection.execute(
            statements.HELD_BACK, {"channels": channels, "by": owner, "now": now}
        )
        held_from = {(row.channel, row.address): row.id for row in held}
        chosen: list[OutboxRow] = []
        after = 0
        # Left out here and not in SQL: a planner without fresh statistics makes the join of one table with
        # itself quadratic.
        while True:
            rows = await self._some_ready(statements.READY_RETRY, channels, now, limit, after)
            chosen += [row for row in rows if row.id < held_from.get(row.place, row.id + 1)]
            if len(rows) < limit or len(chosen) >= limit:
                return chosen[:limit]
            after = rows[-1].id

    async def _some_ready(
        self, statement: Any, channels: Collection[str], now: datetime, limit: int, after: int = 0
    ) -> list[OutboxRow]:
        found = await self._connection.execute(
            statement, {"channels": channels, "now": now, "at_most": limit, "after": after}
        )
        return [OutboxRow(**row._mapping) for row in found]

    async def claim(self, rows: Sequence[OutboxRow], owner: str, until: datetime) -> list[OutboxRow]:
        """Put rows of `ready` in `owner`'s hands until a time; return them as they are now."""
        if not rows:
            return []
        claimed = await self._connection.execute(
            statements.CLAIM, {"ids": [row.id for row in rows], "to_owner": owner, "until": until}
        )
        return sorted((OutboxRow(**row._mapping) for row in claimed), key=lambda row: row.id)

    async def postpone(self, until: Mapping[int, datetime]) -> None:
        """Let ready rows wait: row id to the time before which it isn't looked at."""
        if not until:
            return
        await self._connection.execute(
            update(outbox)
            .where(outbox.c.id == bindparam("of_id"), outbox.c.state == "ready")
            .values(not_before=bindparam("later")),
            [{"of_id": outbox_id, "later": later} for outbox_id, later in until.items()],
        )

    async def start_sending(self, row: OutboxRow, now: datetime, until: datetime) -> bool:
        """The point of no return of a `once` row; False where it isn't its owner's to send any more.

        Commit it before the first byte leaves: a message is sent at most once because nobody gets past this
        twice.
        """
        started = await self._connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id, outbox.c.state == "claimed", _same_claim(row))
            .values(state="sending", lease_until=until)
        )
        return started.rowcount == 1

    async def finish(self, finishes: Sequence[Finish], now: datetime) -> None:
        """Record how attempts ended, each where the row is still in the hands that tried."""
        if not finishes:
            return
        await self._connection.execute(
            statements.FINISH,
            [_finish_parameters(finish, now) for finish in finishes],
        )
        await self._write_references(finishes)

    async def renew(self, rows: Sequence[OutboxRow], until: datetime) -> None:
        """Keep rows in hand longer, those that still are."""
        if not rows:
            return
        await self._connection.execute(
            update(outbox)
            .where(
                outbox.c.id == bindparam("of_id"),
                outbox.c.owner == bindparam("by"),
                outbox.c.attempts == bindparam("attempt"),
                statements.state_is("claimed", "sending"),
            )
            .values(lease_until=bindparam("later")),
            [{**_claim_parameters(row), "later": until} for row in rows],
        )

    async def release(self, rows: Sequence[OutboxRow]) -> None:
        """Give claimed rows back untried."""
        if not rows:
            return
        await self._connection.execute(
            update(outbox)
            .where(
                outbox.c.id == bindparam("of_id"),
                outbox.c.owner == bindparam("by"),
                outbox.c.attempts == bindparam("attempt"),
                outbox.c.state == "claimed",
            )
            .values(state="ready", owner=None, lease_until=None),
            [_claim_parameters(row) for row in rows],
        )

    async def reap(self, now: datetime) -> Reaped:
        """Free what dead owners held: claimed rows become ready, rows being sent `unknown`."""
        expired = outbox.c.lease_until <= now
        unknown = await self._connection.execute(
            update(outbox)
            .where(outbox.c.state == "sending", expired)
            .values(state="unknown", finished_at=now, error="owner died while sending", lease_until=None)
        )
        ready = await self._connection.execute(
            update(outbox)
            .where(outbox.c.state == "claimed", expired)
            .values(state="ready", owner=None, lease_until=None)
        )
        return Reaped(ready=ready.rowcount, unknown=unknown.rowcount)

    async def cancel(self, outbox_id: int, now: datetime, reason: str) -> bool:
        """Take back a message that is still ready; False where it is too late."""
        cancelled = await self._connection.execute(
            update(outbox)
            .where(outbox.c.id == outbox_id, outbox.c.state == "ready")
            .values(state="cancelled", finished_at=now, error=reason[:200])
        )
        return cancelled.rowcount == 1

    async def resend(self, outbox_id: int, now: datetime) -> bool:
        """Send an `unknown` or `failed` row again: a choice of the staff, never made by the program."""
        freed = await self._connection.execute(
            update(outbox)
            .where(outbox.c.id == outbox_id, outbox.c.state.in_(("unknown", "failed")))
            .values(state="ready", not_before=now, finished_at=None, error=None, owner=None)
        )
        return freed.rowcount == 1

    async def counts(self) -> dict[str, int]:
        """How many rows are in each state."""
        found = await self._connection.execute(
            select(outbox.c.state, func.count().label("rows")).group_by(outbox.c.state)
        )
        return {row.state: row.rows for row in found}

    async def _take_turn(self) -> None:
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CLAIMING})

    async def _write_references(self, finishes: Sequence[Finish]) -> None:
        sent = [
            {"of_id": finish.row.message_id, "ref": finish.message_refs[0]}
            for finish in finishes
            if finish.row.message_id is not None and finish.message_refs
        ]
        if sent:
            await self._connection.execute(
                statements.REFER,
                sent,
            )


def _same_claim(row: OutboxRow) -> Any:
    # The number of the attempt tells a claim from a later one by the same owner.
    return and_(outbox.c.owner == row.owner, outbox.c.attempts == row.attempts)


def _claim_parameters(row: OutboxRow) -> dict[str, Any]:
    return {"of_id": row.id, "by": row.owner, "attempt": row.attempts}


def _finish_parameters(finish: Finish, now: datetime) -> dict[str, Any]:
    return {
        **_claim_parameters(finish.row),
        "to_state": finish.state,
        "later": finish.not_before or finish.row.not_before,
        "ended": None if finish.state == "ready" else now,
        "refs": list(finish.message_refs),
        "why": finish.error[:200] if finish.error else None,
    }
