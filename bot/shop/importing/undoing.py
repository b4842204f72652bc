"""Takes an import back: what it added goes, what it changed is as it was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.changes import fingerprint, from_kept
from bot.shop.intake.purchases import ids_of_events, put_orders
from kernel.console import Progress
from kernel.errors import LiukeError
from storage import Store
from storage.catalogue import Catalogue
from storage.coupons import Coupons
from storage.customers import Customers
from storage.events import Events
from storage.orders import Orders
from storage.repository import portions, references
from storage.schema import (
    churn_warning,
    consent,
    coupon,
    customer,
    event,
    guest_contact,
    import_change,
    import_run,
    order,
    order_line,
    parcel,
    parcel_scan,
    point_change,
    price_change,
    product,
    refund,
    score,
)
from storage.shop import ImportRuns

_PORTION = 200
_EXAMPLES = 5
_PARTS: Mapping[str, frozenset[str]] = {
    "customers": frozenset({churn_warning.name, score.name, consent.name, guest_contact.name}),
    "products": frozenset({price_change.name}),
    "coupons": frozenset(),
    "orders": frozenset({order_line.name, parcel.name, refund.name}),
}
"""What a thing has of its own or was worked out of it: that goes with it, and keeps nothing from being undone."""
_TABLES: Mapping[str, Table] = {
    "customers": customer, "products": product, "coupons": coupon, "orders": order
}  # fmt: skip
_LOGS = frozenset({"consents", "points", "events"})
"""Of these an import only adds to what is there, and nothing stands on them."""
_BACKWARDS = ("consents", "points", "events", "orders", "coupons", "products", "customers")


class UndoRefused(LiukeError):
    """The import can't be taken back; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What an import did to a thing."""

    key: str
    before: Any
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What an import that was taken back had done."""

    removed: int
    """Things that it had added."""
    restored: int
    """Things that it had changed."""


async def undo(store: Store, import_id: int, now: datetime, progress: Progress) -> Undone:
    """Take an import back, if nothing newer depends on it. What it said that a customer refuses stays refused.

    Goes on where it was stopped.

    Raises:
        UndoRefused: there is no such import, it was undone, or what it did was changed or used since.
    """
    async with store.read(long=True) as connection:
        kinds = await _undoable(connection, import_id)
    whole, done, removed = sum(map(len, kinds.values())), 0, 0
    for kind, changes in kinds.items():
        for portion in portions(changes, _PORTION):
            await store.write(partial(_take_back, import_id=import_id, kind=kind, changes=portion, now=now))
            done += len(portion)
            removed += sum(one.before is None for one in portion)
            progress("taking back", done / whole)
    await store.write(lambda connection: ImportRuns(connection).note_undone(import_id, now))
    return Undone(removed=removed, restored=done - removed)


async def _undoable(connection: AsyncConnection, import_id: int) -> dict[str, list[_Kept]]:
    """What an import did, by kind, in the order in which it is taken back."""
    run = await ImportRuns(connection).get(import_id)
    if run is None:
        raise UndoRefused(f"there is no import {import_id}; `liuke import list` shows them")
    if run.undone_at is not None:
        raise UndoRefused(f"the import {import_id} was undone already")
    kinds = {kind: await _kept(connection, import_id, kind) for kind in _BACKWARDS}
    if not any(kinds.values()):
        raise UndoRefused(f"the import {import_id} keeps nothing to undo")
    blocked = [
        why for kind, changes in kinds.items() for why in await _blocked(connection, kind, changes, kinds)
    ]
    if blocked:
        more = f" and {len(blocked) - _EXAMPLES} more" if len(blocked) > _EXAMPLES else ""
        raise UndoRefused(
            f"the import {import_id} can't be undone, since later things stand on it: "
            f"{'; '.join(blocked[:_EXAMPLES])}{more}. Undo later imports first, or import a corrected file"
        )
    return kinds


async def _kept(connection: AsyncConnection, import_id: int, kind: str) -> list[_Kept]:
    rows = await connection.execute(
        select(import_change.c.key, import_change.c.before, import_change.c.after)
        .where(import_change.c.import_id == import_id, import_change.c.kind == kind)
        .order_by(import_change.c.key)
    )
    return [_Kept(**row._mapping) for row in rows]


async def _now(connection: AsyncConnection, kind: str, keys: Sequence[str]) -> dict[str, Any]:
    """The things as they are."""
    match kind:
        case "customers":
            return await Customers(connection).by_ids(keys)
        case "products":
            return await Catalogue(connection).by_ids(keys)
        case "coupons":
            return await Coupons(connection).by_codes(keys)
        case "orders":
            return await Orders(connection).by_ids(keys)
    return {}


async def _blocked(
    connection: AsyncConnection, kind: str, changes: Sequence[_Kept], all_kinds: Mapping[str, Sequence[_Kept]]
) -> list[str]:
    """Why things can't be taken back."""
    if kind in _LOGS:
        return []
    found = []
    for portion in portions(changes):
        now = await _now(connection, kind, [one.key for one in portion])
        # Who was erased is not there any more, and nothing of theirs comes back.
        found += [
            f"{kind} {one.key!r} was changed since"
            for one in portion
            if one.key in now and fingerprint(kind, now[one.key]) != one.after
        ]
    new = [one.key for one in changes if one.before is None]
    own = {one.key for one in all_kinds["orders"] if one.before is None}
    for column in references(_TABLES[kind]):
        if column.table.name in _PARTS[kind]:
            continue
        for keys in portions(new):
            holders = select(column, *column.table.primary_key.columns).where(column.in_(keys))
            found += [
                f"{kind} {row[0]!r} is used in {column.table.name} {row[1]!r}"
                for row in await connection.execute(holders)
                if not (column.table.name in (order.name, order_line.name) and str(row[1]) in own)
            ]
    return found


async def _take_back(
    connection: AsyncConnection, import_id: int, kind: str, changes: Sequence[_Kept], now: datetime
) -> None:
    new = [one.key for one in changes if one.before is None]
    before = [from_kept(kind, one.before) for one in changes if one.before is not None]
    match kind:
        case "events":
            await connection.execute(delete(event).where(event.c.id.in_(new)))
        case "points":
            await connection.execute(delete(point_change).where(point_change.c.id.in_(new)))
        case "consents":
            theirs = consent.c.id.in_([int(one) for one in new])
            await connection.execute(delete(consent).where(theirs, consent.c.granted))
        case "orders":
            await _take_back_orders(connection, new, before, now)
        case "products":
            await _remove(connection, product, new, _PARTS[kind])
            moments = select(import_run.c.started_at).where(import_run.c.id == import_id).scalar_subquery()
            of_these = price_change.c.product_id.in_([one.id for one in before])
            await connection.execute(delete(price_change).where(of_these, price_change.c.at == moments))
            await Catalogue(connection).put_many(before)
        case "coupons":
            await _remove(connection, coupon, new, _PARTS[kind])
            await Coupons(connection).put_many(before)
        case "customers":
            await _remove(connection, customer, new, _PARTS[kind])
            await Customers(connection).put_many(before)
    keys = [one.key for one in changes]
    await connection.execute(
        delete(import_change).where(
            import_change.c.import_id == import_id,
            import_change.c.kind == kind,
            import_change.c.key.in_(keys),
        )
    )


async def _take_back_orders(
    connection: AsyncConnection, new: Sequence[str], before: Sequence[Any], now: datetime
) -> None:
    known = await Orders(connection).by_ids([*new, *(one.id for one in before)], lock=True)
    gone = {
        event_id
        for order_id in new
        if (item := known.get(order_id)) is not None
        for event_id in ids_of_events(item.number, [line.product_id for line in item.lines])
    }
    await Events(connection).follow_orders([], gone)
    await _remove(connection, order, new, _PARTS["orders"])
    # Writing an order adds to its refunds, and takes none away.
    await _delete_parts(connection, order, [one.id for one in before], frozenset({refund.name}))
    await put_orders(connection, before, known, now)


async def _remove(
    connection: AsyncConnection, table: Table, keys: Sequence[str], parts: frozenset[str]
) -> None:
    await _delete_parts(connection, table, keys, parts)
    (key,) = table.primary_key.columns
    await connection.execute(delete(table).where(key.in_(keys)))


async def _delete_parts(
    connection: AsyncConnection, table: Table, keys: Sequence[str], parts: frozenset[str]
) -> None:
    for column in references(table):
        if column.table.name not in parts:
            continue
        if column.table is parcel:
            theirs = select(parcel.c.id).where(column.in_(keys))
            await connection.execute(delete(parcel_scan).where(parcel_scan.c.parcel_id.in_(theirs)))
        await connection.execute(delete(column.table).where(column.in_(keys)))
