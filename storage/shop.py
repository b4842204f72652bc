"""Whose shop is in the store: nobody's yet, the demo's, or a real one; and taking the demo out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, Table, delete, insert, select, update

from storage.repository import Repository, references
from storage.schema import (
    budget,
    campaign,
    category,
    consent,
    coupon,
    customer,
    event,
    import_run,
    model_version,
    order,
    outbox,
    product,
)

DEMO_BUDGET = "demo"


class ShopKind(StrEnum):
    """What a store holds."""

    EMPTY = "empty"
    DEMO = "demo"
    REAL = "real"


class Shop(Repository):
    """The shop as a whole."""

    async def kind(self) -> ShopKind:
        """Real as soon as one real product, customer or order is there."""
        kinds: set[bool] = set()
        for table in (product, customer, order):
            rows = await self._connection.scalars(select(table.c.demo).distinct())
            kinds |= {bool(demo) for demo in rows}
        if not kinds:
            return ShopKind.EMPTY
        return ShopKind.REAL if False in kinds else ShopKind.DEMO

    async def remove_demo(self) -> None:
        """Take out the demo's customers, products, orders, events and campaigns, and whatever was about them.

        Conversations stay, with accounts that belong to nobody.
        """
        people = select(customer.c.id).where(customer.c.demo.is_(True))
        await self._remove_campaigns()
        await self._connection.execute(delete(event).where(event.c.customer_id.in_(people)))
        # What an account said itself stays said.
        await self._connection.execute(
            delete(consent).where(consent.c.customer_id.in_(people), consent.c.account_id.is_(None))
        )
        await self._remove(coupon, select(coupon.c.code).where(coupon.c.demo.is_(True)))
        await self._remove(order, select(order.c.id).where(order.c.demo.is_(True)))
        await self._remove(customer, people)
        await self._remove(product, select(product.c.id).where(product.c.demo.is_(True)))
        used = select(product.c.category_id).where(product.c.category_id.is_not(None))
        await self._remove(category, select(category.c.id).where(category.c.id.not_in(used)))
        await self._remove(budget, select(budget.c.id).where(budget.c.id == DEMO_BUDGET))
        # Models that were fitted to the demo know nothing of what comes.
        await self._connection.execute(update(model_version).values(current=False))

    async def _remove_campaigns(self) -> None:
        """What a campaign had planned does not leave, and the next campaign may write to whom it wrote."""
        await self._remove(campaign, select(campaign.c.id))
        messages = update(outbox).where(outbox.c.kind == "campaign")
        await self._connection.execute(
            messages.where(outbox.c.state.in_(("ready", "claimed"))).values(state="cancelled", error="erased")
        )
        await self._connection.execute(messages.values(dedupe_key=None))

    async def _remove(self, table: Table, keys: Select[Any]) -> None:
        """Delete rows by key, and before them what points at them: emptied where it may be, else deleted."""
        for column in references(table):
            if column.nullable:
                await self._connection.execute(
                    update(column.table).where(column.in_(keys)).values({column.name: None})
                )
            else:
                own_key = next(iter(column.table.primary_key.columns))
                await self._remove(column.table, select(own_key).where(column.in_(keys)))
        key = next(iter(table.primary_key.columns))
        await self._connection.execute(delete(table).where(key.in_(keys)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    """A finished import."""

    id: int
    kind: str
    """A kind of rows, or whose exports the files were."""
    source: str
    """The files' names."""
    counts: Mapping[str, int]
    """`rows`, `rejected`, and what was new or changed."""
    started_at: datetime


class ImportRuns(Repository):
    """What was imported when; a file that is imported again keeps its one row."""

    async def latest(self, limit: int = 20) -> list[ImportRun]:
        """The last ones, newest first."""
        columns = (getattr(import_run.c, one.name) for one in fields(ImportRun))
        return await self._list(ImportRun, select(*columns).order_by(import_run.c.id.desc()).limit(limit))

    async def record(
        self, kind: str, source: str, source_hash: str, counts: Mapping[str, int], now: datetime
    ) -> None:
        """Note a finished import."""
        known = await self._connection.scalar(
            select(import_run.c.id).where(import_run.c.kind == kind, import_run.c.source_hash == source_hash)
        )
        if known is None:
            await self._connection.execute(
                insert(import_run).values(
                    kind=kind,
                    source=source,
                    source_hash=source_hash,
                    counts=dict(counts),
                    started_at=now,
                    finished_at=now,
                )
            )
