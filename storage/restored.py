"""A store that was restored from a back-up: what it must not do again, and that outreach waits for a word.

What happened after the back-up is not in it: messages left, customers were answered, some said stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Self

from sqlalchemy import delete, select, update

from kernel.times import from_micros, to_micros
from storage.audit import Audit
from storage.campaigns import Campaigns
from storage.repository import Repository
from storage.schema import campaign, conversation_lease, inbox, lease, outbox, staff_session
from storage.settings import SettingStore

_KEY = "restored"
_REASON = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """Campaigns that wait since a back-up was restored."""

    made_at: datetime
    """When the back-up was made."""
    restored_at: datetime
    campaigns: Sequence[str]
    """Paused by it, by name, and not started again since."""
    messages: int
    """Were on their way at the back-up and are left alone."""
    updates: int
    """Had arrived and were not handled at the back-up, and are left alone."""

    @classmethod
    def of(cls, value: dict[str, object]) -> Self:
        """From what is kept."""
        moments = {name: from_micros(int(str(value[name]))) for name in ("made_at", "restored_at")}
        return cls(**{**value, **moments})  # type: ignore[arg-type]


class Restorations(Repository):
    """Settles a restored store, and knows what still waits."""

    async def settle(self, made_at: datetime, now: datetime) -> Restoration:
        """Let nothing leave again, and nobody be answered again, that may have been since the back-up.

        Messages on their way become `unknown`: nobody sends them, they count for the cap on campaigns as if they had
        left today, and whom a campaign chose stays chosen. What had arrived is given up with its words kept. Active
        campaigns are paused. Leases and sessions of staff end.
        """
        messages = await self._connection.execute(
            update(outbox)
            .where(outbox.c.state.in_(("ready", "claimed", "sending")))
            .values(state="unknown", finished_at=now, error=_REASON, owner=None, lease_until=None)
        )
        updates = await self._connection.execute(
            update(inbox)
            .where(inbox.c.state == "new")
            .values(state="failed", handled_at=now, error=_REASON, not_before=None)
        )
        for table in (lease, conversation_lease, staff_session):
            await self._connection.execute(delete(table))
        active = (
            await self._connection.execute(
                select(campaign.c.id, campaign.c.name).where(campaign.c.state == "active")
            )
        ).all()
        for one in active:
            await Campaigns(self._connection).set_state(one.id, "paused", now)
        restoration = Restoration(
            made_at=made_at,
            restored_at=now,
            campaigns=[one.name for one in active],
            messages=messages.rowcount,
            updates=updates.rowcount,
        )
        await self._keep(restoration)
        counts = {"messages": restoration.messages, "updates": restoration.updates}
        await Audit(self._connection).add("system", "store_restored", "store", counts, now)
        return restoration

    async def waiting(self) -> Restoration | None:
        """The restoration whose campaigns wait for somebody to let them go on; None where none does."""
        kept = await SettingStore(self._connection).get(_KEY)
        return Restoration.of(kept) if kept and kept["campaigns"] else None

    async def decided(self, name: str) -> None:
        """Somebody has said what becomes of a campaign."""
        waiting = await self.waiting()
        if waiting is not None and name in waiting.campaigns:
            left = [one for one in waiting.campaigns if one != name]
            await self._keep(replace(waiting, campaigns=left))

    async def _keep(self, restoration: Restoration) -> None:
        moments = {
            "made_at": to_micros(restoration.made_at),
            "restored_at": to_micros(restoration.restored_at),
        }
        await SettingStore(self._connection).put(_KEY, {**asdict(restoration), **moments})
