"""What an import did to each thing: kept beside it, so that it can be undone while nothing newer depends on it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.merging import Change
from storage.catalogue import Product
from storage.consents import ConsentWord
from storage.coupons import Coupon
from storage.customers import Customer
from storage.events import StoredEvent
from storage.orders import Order
from storage.points import PointChange
from storage.schema import import_change
from storage.upsert import insert_records

THINGS: Mapping[str, type[Any]] = {
    "customers": Customer, "products": Product, "coupons": Coupon, "orders": Order, "events": StoredEvent,
    "points": PointChange, "consents": ConsentWord,
}  # fmt: skip
_COLUMNS = ("import_id", "kind", "key", "before", "after")
# Of two changes of one thing, what was before the first and after the second.
_LATER = 'ON CONFLICT ("import_id", "kind", "key") DO UPDATE SET "after" = excluded."after"'


async def keep_changes(connection: AsyncConnection, import_id: int, changes: Sequence[Change]) -> None:
    """Keep what an import did, in the transaction in which it did it."""
    records = [
        (
            import_id,
            change.kind,
            change.id,
            None if change.before is None else json.dumps(as_kept(change.kind, change.before)),
            fingerprint(change.kind, change.after),
        )
        for change in changes
    ]
    await insert_records(connection, import_change, _COLUMNS, records, on_conflict=_LATER)


def as_kept(kind: str, thing: Any) -> Any:
    """A thing as JSON."""
    return _adapter(kind).dump_python(thing, mode="json")


def from_kept(kind: str, kept: Any) -> Any:
    """A thing that was kept as JSON."""
    return _adapter(kind).validate_python(kept)


def fingerprint(kind: str, thing: Any) -> str:
    """What tells a thing from how it is otherwise, whether it was just made or read from the store."""
    return hashlib.sha256(_adapter(kind).dump_json(_as_stored(thing))).hexdigest()


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(THINGS[kind])


def _as_stored(thing: Any) -> Any:
    match thing:
        case Order():
            return replace(
                thing,
                lines=tuple(replace(line, name_zh="", name_en="") for line in thing.lines),
                parcels=tuple(sorted(thing.parcels, key=lambda box: box.id)),
                refunds=tuple(sorted(thing.refunds, key=lambda one: one.id)),
            )
        case Coupon():
            # When this program saw it change tells nothing of how it is.
            return replace(thing, changed_at=None)
        case Customer():
            # The switch is the customer's own, and no import changes it.
            return replace(thing, personal_prices=True)
    return thing
