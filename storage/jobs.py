"""Slots of recurring work: a tick may fire in every replica, one of them runs the slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import job_run
from storage.upsert import insert_ignoring_conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One slot of a job."""

    id: int
    job: str
    slot: str
    owner: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    details: Mapping[str, Any]


class JobRuns:
    """Who ran what, when, and how it ended."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, job: str, slot: str, owner: str, now: datetime) -> int | None:
        """Take a slot; None when somebody already has."""
        taken = await self._connection.execute(
            insert_ignoring_conflicts(self._connection, job_run)
            .values(job=job, slot=slot, owner=owner, started_at=now, outcome="running", details={})
            .returning(job_run.c.id)
        )
        return taken.scalar_one_or_none()

    async def finish(self, run_id: int, outcome: str, details: Mapping[str, Any], now: datetime) -> None:
        """Record how a slot ended: `done` or `failed`."""
        await self._connection.execute(
            update(job_run)
            .where(job_run.c.id == run_id)
            .values(finished_at=now, outcome=outcome, details=dict(details))
        )

    async def latest(self, job: str, n: int = 1) -> list[JobRun]:
        """The newest slots of a job."""
        rows = await self._connection.execute(
            select(job_run).where(job_run.c.job == job).order_by(job_run.c.id.desc()).limit(n)
        )
        return [JobRun(**row._mapping) for row in rows]
