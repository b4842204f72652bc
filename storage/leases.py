"""What only one process may do: work held by a lease, and recurring work by its slot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, update

from storage.repository import Repository
from storage.schema import job_run, lease
from storage.upsert import dialect_insert, insert_ignoring_conflicts


class Leases(Repository):
    """Named leases that run out by themselves when their owner dies.

    A lease tells processes apart only as well as their clocks agree, so it keeps work from being done twice
    in vain; where doing it twice would be wrong, a compare-and-set must guard it as well.
    """

    async def acquire(self, name: str, owner: str, now: datetime, ttl: timedelta) -> bool:
        """Take or renew a lease until `now + ttl`; False while somebody else holds it."""
        fresh = dialect_insert(self._connection, lease).values(name=name, owner=owner, expires_at=now + ttl)
        taken = await self._connection.execute(
            fresh.on_conflict_do_update(
                index_elements=[lease.c.name],
                set_={"owner": fresh.excluded.owner, "expires_at": fresh.excluded.expires_at},
                where=or_(lease.c.owner == owner, lease.c.expires_at <= now),
            ).returning(lease.c.name)
        )
        return taken.first() is not None

    async def release(self, name: str, owner: str) -> None:
        """Give a lease back early; nothing happens where it is not the owner's."""
        await self._connection.execute(delete(lease).where(lease.c.name == name, lease.c.owner == owner))


class JobRuns(Repository):
    """Who ran what, when, and how it ended."""

    async def claim(self, job: str, slot: str, owner: str, now: datetime) -> int | None:
        """Take a slot; None when somebody already has."""
        taken = await self._connection.execute(
            insert_ignoring_conflicts(self._connection, job_run)
            .values(job=job, slot=slot, owner=owner, started_at=now, outcome="running", details={})
            .returning(job_run.c.id)
        )
        return taken.scalar_one_or_none()

    async def finish(self, run_id: int, outcome: str, details: Mapping[str, Any], now: datetime) -> None:
        """Record how a slot ended: `done`, `failed`, or `stopped` with the program."""
        await self._connection.execute(
            update(job_run)
            .where(job_run.c.id == run_id)
            .values(finished_at=now, outcome=outcome, details=dict(details))
        )
