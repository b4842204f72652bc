"""Warnings that a customer may be about to leave, and who saw to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict, NotFound
from storage.schema import churn_warning, customer
from storage.upsert import insert_ignoring_conflicts

_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWarning:
    """A customer whose risk went up a band."""

    customer_id: str
    at: datetime
    was: str
    band: str
    probability: float
    lead_days: float | None
    expected_loss: int | None
    currency: str | None
    reasons: Sequence[Mapping[str, Any]]
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnWarning:
    """A warning as staff see it."""

    id: int
    customer_id: str
    customer_name: str
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
    seen_at: datetime | None
    staff_id: int | None


class Warnings:
    """Warnings, each told once."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, warnings: Sequence[NewWarning]) -> int:
        """Keep warnings; return how many were new. A customer has one for each moment of scoring."""
        rows = [
            {
                "customer_id": one.customer_id,
                "at": one.at,
                "was": one.was,
                "band": one.band,
                "probability": one.probability,
                "lead_days": one.lead_days,
                "expected_loss": one.expected_loss,
                "currency": one.currency,
                "reasons": [dict(reason) for reason in one.reasons],
                "policy": one.policy,
            }
            for one in warnings
        ]
        added = 0
        for start in range(0, len(rows), _CHUNK):
            statement = insert_ignoring_conflicts(self._connection, churn_warning)
            done = await self._connection.execute(statement.values(rows[start : start + _CHUNK]))
            added += done.rowcount
        return added

    async def open(self, *, limit: int = 50) -> list[ChurnWarning]:
        """Warnings that nobody has seen to, the newest night first, and in it who is the most expensive to lose."""
        rows = await self._connection.execute(
            select(
                *(churn_warning.c[name] for name in _SHOWN),
                customer.c.name.label("customer_name"),
            )
            .join(customer, customer.c.id == churn_warning.c.customer_id)
            .where(churn_warning.c.seen_at.is_(None), customer.c.erased_at.is_(None))
            .order_by(
                churn_warning.c.at.desc(),
                func.coalesce(churn_warning.c.expected_loss, 0).desc(),
                churn_warning.c.probability.desc(),
                churn_warning.c.id,
            )
            .limit(limit)
        )
        return [ChurnWarning(**row._mapping) for row in rows]

    async def waiting(self) -> int:
        """How many nobody has seen to."""
        return int(
            await self._connection.scalar(
                select(func.count())
                .select_from(churn_warning.join(customer, customer.c.id == churn_warning.c.customer_id))
                .where(churn_warning.c.seen_at.is_(None), customer.c.erased_at.is_(None))
            )
            or 0
        )

    async def see_to(self, warning_id: int, staff_id: int, now: datetime) -> None:
        """Somebody saw to it.

        Raises:
            NotFound: there is no such warning.
            Conflict: somebody else saw to it first.
        """
        changed = await self._connection.execute(
            update(churn_warning)
            .where(churn_warning.c.id == warning_id, churn_warning.c.seen_at.is_(None))
            .values(seen_at=now, staff_id=staff_id)
        )
        if changed.rowcount == 1:
            return
        found = await self._connection.scalar(
            select(churn_warning.c.id).where(churn_warning.c.id == warning_id)
        )
        if found is None:
            raise NotFound(f"there is no warning {warning_id}")
        raise Conflict(f"warning {warning_id} has been seen to already")


_SHOWN = (
    "id", "customer_id", "at", "was", "band", "probability", "lead_days",
    "expected_loss", "currency", "reasons", "seen_at", "staff_id",
)  # fmt: skip
