"""What leaves: every message the program sends is a row here first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, bindparam, select, text, update

from storage import outbox_statements as statements
from storage.repository import Repository
from storage.schema import customer, outbox

OutboxKind = Literal["reply", "staff", "notice", "campaign", "restock"]
Policy = Literal["retry", "once"]
EndState = Literal["sent", "failed", "unknown", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A message on its way.

    `retry` rows go ready → claimed → sent or failed, and back to ready until that is known. `once` rows go
    ready → claimed → sending → sent, failed or unknown; only proof that nothing was sent takes them back.
    """

    id: int
    channel: str
    address: str
    kind: str
    policy: str
    state: str
    dedupe_key: str | None
    payload: Mapping[str, Any]
    author: str
    callback_ref: str | None
    message_id: int | None
    customer_id: str | None
    created_at: datetime
    not_before: datetime
    attempts: int
    owner: str | None
    lease_until: datetime | None
    message_refs: Sequence[str]
    finished_at: datetime | None
    error: str | None

    @property
    def place(self) -> tuple[str, str]:
        """The conversation it belongs to: channel and address."""
        return self.channel, self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """How an attempt ended."""

    row: OutboxRow
    state: EndState | Literal["ready"]
    """ready: to be tried again at `not_before`."""
    message_refs: Sequence[str] = ()
    error: str | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped:
    """Rows whose owner died."""

    ready: int
    """Nothing had been sent for sure, or the row may be sent twice."""
    unknown: int
    """May have been sent; not sent again."""


__all__ = ["EndState", "Finish", "Outbox", "OutboxKind", "OutboxRow", "Policy", "Reaped"]

# One number for "claiming": senders on PostgreSQL take turns, so that none skips a row that another has
# locked and claims a later one of the same conversation.
_CLAIMING = 0x6C69756B65


class Outbox(Repository):
    """The outbox table."""

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

    async def put_again(
        self, dedupe_key: str, *, channel: str, address: str, now: datetime, not_before: datetime
    ) -> int | None:
        """Let a cancelled message wait to leave once more; return its id, or None if it isn't cancelled."""
        put = await self._connection.execute(
            update(outbox)
            .where(outbox.c.dedupe_key == dedupe_key, outbox.c.state == "cancelled")
            .values(
                state="ready",
                channel=channel,
                address=address,
                created_at=now,
                not_before=not_before,
                owner=None,
                lease_until=None,
                finished_at=None,
                error=None,
            )
            .returning(outbox.c.id)
        )
        outbox_id: int | None = put.scalar_one_or_none()
        return outbox_id

    async def get(self, outbox_id: int) -> OutboxRow | None:
        """One row."""
        return await self._one(OutboxRow, select(outbox).where(outbox.c.id == outbox_id))

    async def is_claimed(self, row: OutboxRow) -> bool:
        """Whether a row is still in the hands that claimed it."""
        return await self._is_there(select(outbox.c.id).where(_still_claimed(row)))

    async def was_put(self, dedupe_key: str) -> bool:
        """Whether a message was queued under this key, whatever became of it."""
        return await self._is_there(select(outbox.c.id).where(outbox.c.dedupe_key == dedupe_key))

    async def is_on_its_way(self, dedupe_key: str) -> bool:
        """Whether a message waits, or is being sent."""
        on_its_way = statements.state_is("ready", "claimed", "sending")
        return await self._is_there(select(outbox.c.id).where(outbox.c.dedupe_key == dedupe_key, on_its_way))

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
        return await self._list(
            OutboxRow, statement, {"channels": channels, "now": now, "at_most": limit, "after": after}
        )

    async def claim(self, rows: Sequence[OutboxRow], owner: str, until: datetime) -> list[OutboxRow]:
        """Put rows of `ready` in `owner`'s hands until a time; return them as they are now."""
        if not rows:
            return []
        values = {"ids": [row.id for row in rows], "to_owner": owner, "until": until}
        return sorted(await self._list(OutboxRow, statements.CLAIM, values), key=lambda row: row.id)

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

    async def hold(self, row: OutboxRow) -> datetime | None:
        """Let nothing happen to a claimed row, nor to its customer, until the transaction ends.

        Whoever reads after this sees every word of the customer that was committed before, and none can be
        committed meanwhile: what names a customer locks the customer's row, as their other messages do here.
        On SQLite the transaction has the whole file anyway.

        Returns:
            Until when the claim holds; None where it holds no more. Look at the clock only now: it may have
            taken long to get here.
        """
        if row.customer_id is not None:
            await self._connection.execute(
                select(customer.c.id).where(customer.c.id == row.customer_id).with_for_update()
            )
        held: datetime | None = await self._connection.scalar(
            select(outbox.c.lease_until).where(_still_claimed(row)).with_for_update()
        )
        return held

    async def start_sending(
        self, row: OutboxRow, now: datetime, until: datetime, payload: Mapping[str, Any] | None = None
    ) -> OutboxRow | None:
        """The point of no return of a `once` row; None where it isn't its owner's to send any more.

        Commit it before the first byte leaves: a message is sent at most once because nobody gets past this
        twice.

        Args:
            now: a claim that ended before doesn't count.
            until: when its attempt counts as lost.
            payload: what it says instead of what it said.
        """
        said = {} if payload is None else {"payload": payload}
        return await self._one(
            OutboxRow,
            update(outbox)
            .where(_still_claimed(row), outbox.c.lease_until > now)
            .values(state="sending", lease_until=until, **said)
            .returning(outbox),
        )

    async def finish(self, finishes: Sequence[Finish], now: datetime) -> None:
        """Record how attempts ended, each where the row is still in the hands that tried."""
        if not finishes:
            return
        values = [_finish_parameters(finish, now) for finish in finishes]
        await self._connection.execute(statements.FINISH, values)
        await self._write_references(finishes)

    async def renew(self, rows: Sequence[OutboxRow], until: datetime) -> None:
        """Keep rows in hand longer, those that still are."""
        if not rows:
            return
        await self._connection.execute(
            update(outbox)
            .where(statements.SAME_ATTEMPT, statements.state_is("claimed", "sending"))
            .values(lease_until=bindparam("later")),
            [{**_claim_parameters(row), "later": until} for row in rows],
        )

    async def release(self, rows: Sequence[OutboxRow]) -> None:
        """Give claimed rows back untried."""
        if not rows:
            return
        await self._connection.execute(
            update(outbox)
            .where(statements.SAME_ATTEMPT, outbox.c.state == "claimed")
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
        return await self._changed(
            update(outbox)
            .where(outbox.c.id == outbox_id, outbox.c.state == "ready")
            .values(state="cancelled", finished_at=now, error=reason[:200])
        )

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
            await self._connection.execute(statements.REFER, sent)


def _still_claimed(row: OutboxRow) -> Any:
    # The number of the attempt tells a claim from a later one by the same owner.
    return and_(
        outbox.c.id == row.id,
        outbox.c.state == "claimed",
        outbox.c.owner == row.owner,
        outbox.c.attempts == row.attempts,
    )


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
