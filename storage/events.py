"""The shop's log: what customers did, append-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new
from storage.schema import event


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One thing that happened. `kind` is one of retention's event kinds."""

    id: str
    kind: str
    customer_id: str
    product_id: str | None = None
    order_id: str | None = None
    at: datetime
    quantity: int = 1
    amount: int | None = None
    """Minor units for the whole row; negative for a return."""
    currency: str | None = None
    value: float | None = None
    """Stars of a rating (1 to 5); sentiment of a message (-1 to 1)."""
    text: str | None = None
    """Words of a search."""
    channel: str = "shop"


class Events:
    """Reads and extends the log."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(self, events: Sequence[StoredEvent]) -> int:
        """Add events; return how many were new. An id that is there already is the same event."""
        rows = [{**asdict(item), "text": item.text[:300] if item.text else None} for item in events]
        return await insert_new(self._connection, event, rows)

    async def by_customer(self, customer_id: str, *, limit: int = 1_000) -> list[StoredEvent]:
        """A customer's latest events, at most `limit`, oldest first."""
        rows = await self._connection.execute(
            select(event)
            .where(event.c.customer_id == customer_id)
            .order_by(event.c.at.desc(), event.c.id.desc())
            .limit(limit)
        )
        return [StoredEvent(**row._mapping) for row in reversed(rows.all())]
