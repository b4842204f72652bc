"""The point of no return of a message that must not leave twice: the last look at it, and the step past it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.clock import Clock
from bot.delivery.faults import describe
from storage import Conflict
from storage.outbox import Outbox, OutboxRow

log = logging.getLogger(__name__)

_AFTER_BAD_LOOK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Leave:
    """It may leave, saying this (from `dump_reply`)."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Drop:
    """It must not leave any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """It must not leave before."""

    until: datetime


Verdict: TypeAlias = Leave | Drop | Wait


class LastLook(Protocol):
    """Who decides about a message of a kind when it leaves; `bot.outreach` has one for each."""

    async def look(self, connection: AsyncConnection, row: OutboxRow, now: datetime) -> Verdict:
        """Whether it may leave now, and with which words; in the transaction of the point of no return."""
        ...

    async def not_sent(self, connection: AsyncConnection, row: OutboxRow) -> None:
        """Told, in the transaction that records it, of a message that has not left after all."""
        ...


LastLooks: TypeAlias = Mapping[str, LastLook]
"""By the kind of message; others leave as they were put."""


@dataclass(frozen=True, slots=True)
class Started:
    """A row past the point of no return, and when it was looked at."""

    row: OutboxRow
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Takes claimed rows past the point of no return."""

    lease: timedelta
    last_looks: LastLooks
    clock: Clock

    async def start(self, connection: AsyncConnection, row: OutboxRow) -> Started | None:
        """Look a last time and step past the point of no return; None where the row doesn't leave now.

        Nothing about it or its customer changes between the look and the commit, and the time is taken in
        between: however long this process stood still before, what it knew then counts for nothing.
        """
        outbox = Outbox(connection)
        held_until = await outbox.hold(row)
        now = self.clock()
        if held_until is None or held_until <= now:
            return None
        verdict = await self._look(connection, row, now)
        if isinstance(verdict, Leave):
            started = await outbox.start_sending(row, now, now + self.lease, verdict.payload)
            return None if started is None else Started(started, now)
        await outbox.release([row])
        if isinstance(verdict, Drop):
            await outbox.cancel(row.id, now, verdict.reason)
        else:
            await outbox.postpone({row.id: verdict.until})
        return None

    async def _look(self, connection: AsyncConnection, row: OutboxRow, now: datetime) -> Verdict:
        last_look = self.last_looks.get(row.kind)
        if last_look is None:
            return Leave(row.payload)
        try:
            async with connection.begin_nested():
                return await last_look.look(connection, row, now)
        except Conflict:
            pass  # what it wanted to promise was promised to somebody else at the same moment
        except Exception as error:  # noqa: BLE001 - one bad row mustn't hold up the campaign
            log.error("message %d couldn't be looked at again: %s", row.id, describe(error))
        return Wait(now + _AFTER_BAD_LOOK)
