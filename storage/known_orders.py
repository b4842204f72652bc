"""What is known already of orders that come in, without all that belongs to them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, bindparam, delete, insert, select, update

from storage.repository import Repository, columns_of, portions, references
from storage.schema import event, order, point_change


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrder:
    """What tells an order from others, and how it stands."""

    id: str
    number: str
    customer_id: str | None
    status: str
    paid_at: datetime | None
    currency: str


class KnownOrders(Repository):
    """Looks orders up without all that belongs to them."""

    async def by_ids(self, ids: Collection[str]) -> dict[str, KnownOrder]:
        """Those of the orders that are known, by id."""
        return {one.id: one for one in await self._where(order.c.id, ids)}

    async def by_numbers(self, numbers: Collection[str]) -> dict[str, KnownOrder]:
        """Those of the orders that are known, by number."""
        return {one.number: one for one in await self._where(order.c.number, numbers)}

    async def give_ids(self, ids: Mapping[str, str]) -> None:
        """Give orders other ids, with everything that points at them; old id to new.

        For orders that came with a number alone, once the shop says what it calls them itself.
        """
        known = await self.by_ids(ids)
        changes = [
            {"old": one.id, "new": ids[one.id], "named": one.number, "who": one.customer_id,
             # No two orders have one number, so the old one gives its up first.
             "aside": secrets.token_hex(20)}
            for one in known.values()
        ]  # fmt: skip
        if not changes:
            return
        same = [column for column in order.columns if column.name not in ("id", "number")]
        copy = select(
            bindparam("new", type_=order.c.id.type), bindparam("named", type_=order.c.number.type), *same
        )
        old: Any = bindparam("old")
        new: Any = bindparam("new")
        steps: list[Any] = [
            update(order).where(order.c.id == old).values(number=bindparam("aside")),
            insert(order).from_select(
                ["id", "number", *(one.name for one in same)], copy.where(order.c.id == old)
            ),
            *(update(one.table).where(one == old).values({one.name: new}) for one in references(order)),
            update(event)
            .where(event.c.customer_id == bindparam("who"), event.c.order_id == old)
            .values(order_id=new),
            update(point_change).where(point_change.c.order_id == old).values(order_id=new),
            delete(order).where(order.c.id == old),
        ]
        for step in steps:
            await self._connection.execute(step, changes)

    async def _where(self, column: Column[str], wanted: Collection[str]) -> list[KnownOrder]:
        found: list[KnownOrder] = []
        known = select(*columns_of(order, KnownOrder))
        for part in portions(sorted(wanted)):
            found += await self._list(KnownOrder, known.where(self._in(column, part)))
        return found
