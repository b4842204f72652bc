"""Whose shop is in the store: nobody's yet, the demo's, or a real one; and taking the demo out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, Table, delete, select, update

from storage.repository import Repository, columns_of, references
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
        for demo, kind in ((False, ShopKind.REAL), (True, ShopKind.DEMO)):
            for table in (product, customer, order):
                if await self._is_there(select(table.c.demo).where(table.c.demo.is_(demo)).limit(1)):
                    return kind
        return ShopKind.EMPTY

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
    """An import."""

    id: int
    kind: str
    """Of rows, or where the files are from."""
    source: str
    """The files' names."""
    counts: Mapping[str, int]
    started_at: datetime
    finished_at: datetime | None
    """None: it was stopped on its way."""
    undone_at: datetime | None


class ImportRuns(Repository):
    """What was imported when. An import that changed nothing of files that were imported before is not kept."""

    async def begin(self, kind: str, source: str, source_hash: str, now: datetime) -> int:
        """Note that an import begins; return its number."""
        return await self._add(
            import_run, kind=kind, source=source, source_hash=source_hash, counts={}, started_at=now
        )

    async def finish(self, import_id: int, counts: Mapping[str, int], changed: bool, now: datetime) -> None:
        """Note what it came to, or forget it."""
        if not changed and await self._was_imported_before(import_id):
            await self._connection.execute(delete(import_run).where(import_run.c.id == import_id))
            return
        await self._connection.execute(
            update(import_run)
            .where(import_run.c.id == import_id)
            .values(counts=dict(counts), finished_at=now)
        )

    async def note_undone(self, import_id: int, now: datetime) -> None:
        """Note that what it did was taken back."""
        await self._connection.execute(
            update(import_run).where(import_run.c.id == import_id).values(undone_at=now)
        )

    async def get(self, import_id: int) -> ImportRun | None:
        """The import with this number."""
        return await self._one(ImportRun, _IMPORTS.where(import_run.c.id == import_id))

    async def latest(self, n: int = 20) -> list[ImportRun]:
        """The newest imports, the last first."""
        return await self._list(ImportRun, _IMPORTS.order_by(import_run.c.id.desc()).limit(n))

    async def _was_imported_before(self, import_id: int) -> bool:
        this = import_run.alias()
        same = select(import_run.c.id).where(
            this.c.id == import_id,
            import_run.c.id != import_id,
            import_run.c.kind == this.c.kind,
            import_run.c.source_hash == this.c.source_hash,
            import_run.c.undone_at.is_(None),
        )
        return await self._is_there(same.limit(1))


_IMPORTS = select(*columns_of(import_run, ImportRun))
