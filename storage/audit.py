"""The append-only log of what people and the program decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from storage.repository import Repository
from storage.schema import audit

TERMINAL = "terminal"
"""Who decided something by a command, without saying as whom."""
_STAFF = "staff:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One decision: who did what to what."""

    id: int
    at: datetime
    actor: str
    """bot, system, rule (what the shop has written down), terminal (whoever runs commands on the server), or
    staff:<id>."""
    action: str
    subject: str
    """What it was done to, such as `conversation:12`."""
    details: Mapping[str, Any]

    @property
    def staff_id(self) -> int | None:
        """The member of staff who did it; None where the program did."""
        kind, _, number = self.actor.partition(":")
        return int(number) if kind == "staff" and number.isdecimal() else None


class Audit(Repository):
    """Writes and reads decisions; nothing here changes or deletes one."""

    async def add(
        self, actor: str, action: str, subject: str, details: Mapping[str, Any], now: datetime
    ) -> None:
        """Keep one decision. Details hold codes and numbers, never the words of a message."""
        await self._connection.execute(
            insert(audit).values(at=now, actor=actor, action=action, subject=subject, details=dict(details))
        )

    async def of(self, subject: str, limit: int = 100) -> list[AuditEntry]:
        """What was done to one subject, newest first."""
        return await self._list(
            AuditEntry,
            select(audit).where(audit.c.subject == subject).order_by(audit.c.id.desc()).limit(limit),
        )

    async def latest(
        self, *, before: int | None = None, people_only: bool = False, limit: int = 50
    ) -> list[AuditEntry]:
        """The newest decisions of all.

        Args:
            before: only those older than the one with this id.
            people_only: leave out what the program decided by itself.
            limit: at most so many.
        """
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.id < before)
        if people_only:
            query = query.where(audit.c.actor.startswith(_STAFF) | (audit.c.actor == TERMINAL))
        return await self._list(AuditEntry, query)
