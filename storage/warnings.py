"""What staff should look at beside their cases: customers about to leave, and what belongs to no conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select, update

from storage.errors import Conflict, NotFound
from storage.repository import Repository
from storage.schema import alarm, churn_warning, customer
from storage.upsert import dialect_insert, insert_new


class _SeenTo(Repository):
    async def _see_to(self, table: Table, what: str, key: int, staff_id: int, now: datetime) -> None:
        if await self._changed(
            update(table)
            .where(table.c.id == key, table.c.seen_at.is_(None))
            .values(seen_at=now, staff_id=staff_id)
        ):
            return
        if not await self._count(table, table.c.id == key):
            raise NotFound(f"there is no {what} {key}")
        raise Conflict(f"{what} {key} has been seen to already")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something of one kind that has happened, once or often, since somebody last saw to it."""

    id: int
    kind: str
    count: int
    details: Mapping[str, Any]
    """Of the latest time: codes and numbers, never a name or the words of a message."""
    raised_at: datetime
    latest_at: datetime
    seen_at: datetime | None
    staff_id: int | None


class Alarms(_SeenTo):
    """Alarms; of each kind at most one is open, and counts."""

    async def sound(self, kind: str, now: datetime, details: Mapping[str, Any] | None = None) -> None:
        """Raise an alarm, or count it where one of its kind is open."""
        fresh = dialect_insert(self._connection, alarm).values(
            kind=kind, count=1, details=dict(details or {}), raised_at=now, latest_at=now
        )
        await self._connection.execute(
            fresh.on_conflict_do_update(
                index_elements=[alarm.c.kind],
                index_where=alarm.c.seen_at.is_(None),
                set_={
                    "count": alarm.c.count + 1,
                    "details": fresh.excluded.details,
                    "latest_at": fresh.excluded.latest_at,
                },
            )
        )

    async def open(self) -> list[Alarm]:
        """Alarms that nobody has seen to, the latest first."""
        return await self._list(
            Alarm,
            select(alarm).where(alarm.c.seen_at.is_(None)).order_by(alarm.c.latest_at.desc(), alarm.c.id),
        )

    async def see_to(self, alarm_id: int, staff_id: int, now: datetime) -> None:
        """Somebody saw to it; the next of its kind is a new alarm.

        Raises:
            NotFound: there is no such alarm.
            Conflict: somebody else saw to it first.
        """
        await self._see_to(alarm, "alarm", alarm_id, staff_id, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWarning:
    """A customer whose risk went up a band."""

    customer_id: str
    at: datetime
    was: str
    band: str
    probability: float
    lead_days: float | None
    """Until their next purchase is due; below 0: since when it is overdue."""
    expected_loss: int | None
    """Minor units, within the horizon of the score."""
    currency: str | None
    reasons: Sequence[Mapping[str, Any]]
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnWarning(NewWarning):
    """A warning as staff see it."""

    id: int
    customer_name: str
    seen_at: datetime | None
    staff_id: int | None


class Warnings(_SeenTo):
    """Warnings, each told once."""

    async def add(self, warnings: Sequence[NewWarning]) -> int:
        """Keep warnings; return how many were new. A customer has one for each moment of scoring."""
        rows = [{**asdict(one), "reasons": [dict(reason) for reason in one.reasons]} for one in warnings]
        return await insert_new(self._connection, churn_warning, rows)

    async def open(self, *, limit: int = 50) -> list[ChurnWarning]:
        """Warnings that nobody has seen to, the newest night first, and in it who is the most expensive to lose."""
        return await self._list(
            ChurnWarning,
            select(churn_warning, customer.c.name.label("customer_name"))
            .join(customer, customer.c.id == churn_warning.c.customer_id)
            .where(churn_warning.c.seen_at.is_(None), customer.c.erased_at.is_(None))
            .order_by(
                churn_warning.c.at.desc(),
                func.coalesce(churn_warning.c.expected_loss, 0).desc(),
                churn_warning.c.probability.desc(),
                churn_warning.c.id,
            )
            .limit(limit),
        )

    async def see_to(self, warning_id: int, staff_id: int, now: datetime) -> None:
        """Somebody saw to it.

        Raises:
            NotFound: there is no such warning.
            Conflict: somebody else saw to it first.
        """
        await self._see_to(churn_warning, "warning", warning_id, staff_id, now)
