"""Who does what only one process may do at a time, such as polling a messenger."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import lease
from storage.upsert import dialect_insert


class Leases:
    """Named leases that run out by themselves when their owner dies.

    A lease tells processes apart only as well as their clocks agree, so it keeps work from being done twice
    in vain; where doing it twice would be wrong, a compare-and-set must guard it as well.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

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

    async def holder(self, name: str, now: datetime) -> str | None:
        """Who holds a lease, or None."""
        return (
            await self._connection.execute(
                select(lease.c.owner).where(lease.c.name == name, lease.c.expires_at > now)
            )
        ).scalar_one_or_none()
