"""The shop's log: what customers did. It is only ever added to, but for what orders say of purchases and returns,
which changes with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import Integer, bindparam, delete, func, select

from storage.orders import Order
from storage.repository import Repository, portions
from storage.schema import event
from storage.upsert import insert_new, upsert

OF_ORDERS = ("purchase", "return")
"""Kinds of events that follow from orders."""
# Nothing comes of an order before it is placed; clocks and time zones may be wrong by so much.
_CLOCKS = timedelta(days=1)
_ORDERS_IN_A_STATEMENT = 500


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """A purchase or return in the log that names an order."""

    id: str
    kind: str
    order_id: str
    """The order's id, also where the event names it by its number."""
    product_id: str | None


# Asked with each message: built once.
_LATEST = (
    select(event)
    .where(event.c.customer_id == bindparam("customer"))
    .order_by(event.c.at.desc(), event.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
_LATEST_OF_KINDS = _LATEST.where(event.c.kind.in_(bindparam("kinds", expanding=True)))


class Events(Repository):
    """Reads and extends the log."""

    async def append(self, events: Sequence[StoredEvent]) -> int:
        """Add events; return how many were new. An id that is there already is the same event."""
        return await insert_new(self._connection, event, [_row(item) for item in events])

    async def follow_orders(self, stated: Sequence[StoredEvent], gone: Collection[str]) -> int:
        """Bring the log in step with orders; return how many events are new, different or taken away.

        Args:
            stated: the purchases and returns of the orders as they are now.
            gone: ids of those that are theirs no longer.
        """
        changed = await upsert(self._connection, event, [_row(item) for item in stated])
        for part in portions(gone):
            # What a log of sales says was given back has such ids as well, but names no order.
            theirs = event.c.id.in_(part) & event.c.order_id.is_not(None)
            changed += (await self._connection.execute(delete(event).where(theirs))).rowcount
        return changed

    async def of_orders(self, orders: Sequence[Order]) -> list[OrderEvent]:
        """The purchases and returns in the log that name one of the orders and are its customer's."""
        called = {(item.customer_id, name): item.id for item in orders for name in (item.number, item.id)}
        found: list[OrderEvent] = []
        # The log is sorted by customer and time, so few customers and a late moment leave little to look at.
        for part in portions(sorted(orders, key=lambda item: item.placed_at), _ORDERS_IN_A_STATEMENT):
            rows = await self._connection.execute(
                select(event.c.id, event.c.kind, event.c.customer_id, event.c.order_id, event.c.product_id)
                .where(event.c.customer_id.in_({item.customer_id for item in part}))
                .where(event.c.at >= part[0].placed_at - _CLOCKS)
                .where(event.c.kind.in_(OF_ORDERS), event.c.order_id.is_not(None))
            )
            found += [
                OrderEvent(
                    id=row.id,
                    kind=row.kind,
                    order_id=called[row.customer_id, row.order_id],
                    product_id=row.product_id,
                )
                for row in rows
                if (row.customer_id, row.order_id) in called
            ]
        return found

    async def there(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that are in the log."""
        return await self._among(event.c.id, ids)

    async def customers(self, kind: str, product_id: str, other: str | None = None) -> int:
        """How many customers did something with a product, and with another one, too, if one is given."""
        statement = select(func.count(event.c.customer_id.distinct())).where(
            event.c.kind == kind, event.c.product_id == product_id
        )
        if other is not None:
            with_other = select(event.c.customer_id).where(event.c.kind == kind, event.c.product_id == other)
            statement = statement.where(event.c.customer_id.in_(with_other))
        return int(await self._connection.scalar(statement) or 0)

    async def by_customer(
        self, customer_id: str, *, limit: int = 1_000, kinds: Collection[str] = ()
    ) -> list[StoredEvent]:
        """A customer's latest events, at most `limit`, oldest first; of some kinds alone, where they are given."""
        asked: dict[str, Any] = {"customer": customer_id, "limit": limit}
        if kinds:
            return (await self._list(StoredEvent, _LATEST_OF_KINDS, asked | {"kinds": list(kinds)}))[::-1]
        return (await self._list(StoredEvent, _LATEST, asked))[::-1]


_NAMES = [one.name for one in fields(StoredEvent)]
_values = attrgetter(*_NAMES)


def _row(item: StoredEvent) -> dict[str, Any]:
    # `asdict` copies each value deeply, which takes ten times as long.
    row = dict(zip(_NAMES, _values(item), strict=True))
    row["text"] = item.text[:300] if item.text else None
    return row
