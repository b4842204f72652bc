"""How customers' points came and went, and how many they have.

They have what the shop told last of their balance, with the customer or with a change, and what changed after that
moment. Where it never told a balance, all changes together make it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from storage.repository import Repository, portions
from storage.schema import customer, point_change
from storage.upsert import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChange:
    """Points that somebody got or lost."""

    id: str
    customer_id: str
    at: datetime
    change: int
    balance: int | None = None
    """After it, as the shop tells it."""
    reason_zh: str = ""
    reason_en: str = ""
    order_id: str | None = None
    """The order's id or its number; the order may not be here."""

    def reason(self, language: str) -> str:
        """Why, in a language where it is told in it, else in the other."""
        return self.reason_zh or self.reason_en if language == "zh" else self.reason_en or self.reason_zh


class Points(Repository):
    """Reads and extends the history of points."""

    async def append(self, changes: Sequence[PointChange]) -> int:
        """Add changes; return how many were new. An id that is there already is the same change."""
        return await insert_new(self._connection, point_change, [asdict(one) for one in changes])

    async def there(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are known."""
        return await self._among(point_change.c.id, ids)

    async def latest(self, customer_id: str, now: datetime, *, limit: int) -> list[PointChange]:
        """A customer's changes up to a moment, at most `limit`, the last first."""
        return await self._list(
            PointChange,
            select(point_change)
            .where(point_change.c.customer_id == customer_id, point_change.c.at <= now)
            .order_by(point_change.c.at.desc(), point_change.c.id.desc())
            .limit(limit),
        )

    async def balances(self, customer_ids: Collection[str], now: datetime) -> dict[str, int]:
        """How many points customers have at a moment, by customer."""
        found: dict[str, int] = {}
        for part in portions(customer_ids):
            theirs = select(customer.c.id, _balance(now)).where(customer.c.id.in_(part))
            found |= await self._pairs(theirs)
        return found

    async def balance(self, customer_id: str, now: datetime) -> int:
        """How many points a customer has at a moment; 0 where there is no such customer."""
        return (await self.balances([customer_id], now)).get(customer_id, 0)


def _balance(now: datetime) -> ColumnElement[int]:
    """What was told last, and what changed after it."""
    theirs = and_(point_change.c.customer_id == customer.c.id, point_change.c.at <= now)

    def told(column: Any) -> Any:
        # Of two balances at one moment nobody knows which came later: the smaller promises nothing.
        last = select(column).where(theirs, point_change.c.balance.is_not(None))
        last = last.order_by(point_change.c.at.desc(), point_change.c.balance).limit(1)
        return last.correlate(customer).scalar_subquery()

    of_change = func.coalesce(
        told(point_change.c.at) > customer.c.points_at, told(point_change.c.at).is_not(None)
    )
    since = case((of_change, told(point_change.c.at)), else_=customer.c.points_at)
    known = case((of_change, told(point_change.c.balance)), else_=customer.c.points)
    after = (
        select(func.sum(point_change.c.change))
        .where(theirs, or_(since.is_(None), point_change.c.at > since))
        .correlate(customer)
        .scalar_subquery()
    )
    return known + func.coalesce(after, 0)
