"""Takes in how customers' points came and went, each change once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.merging import Taken, changes_of, unknown
from bot.shop.intake.people import PointRecord
from storage.customers import Customers
from storage.erased import Erased
from storage.points import PointChange, Points


async def take_points(
    connection: AsyncConnection, records: Sequence[PointRecord], _now: datetime, _defaults: Defaults
) -> Taken:
    """Append changes that are not there yet."""
    erased = await Erased(connection).customers(one.customer_id for one in records)
    people = await Customers(connection).present({one.customer_id for one in records})
    refused = tuple(
        unknown(place, "customer_id", "there is no customer {id!r}", one.customer_id)
        for place, one in enumerate(records)
        if one.customer_id not in people and one.customer_id not in erased
    )
    told = [_change(one) for one in records if one.customer_id in people]
    there = await Points(connection).there([one.id for one in told])
    new = {one.id: one for one in told if one.id not in there}
    return Taken(
        changed=await Points(connection).append(list(new.values())),
        changes=changes_of("points", new.values(), {}),
        erased=frozenset(place for place, one in enumerate(records) if one.customer_id in erased),
        refused=refused,
    )


def _change(record: PointRecord) -> PointChange:
    facts = record.model_dump(exclude={"id", "reason"})
    facts["reason_zh"] = record.reason_zh or record.reason
    facts["reason_en"] = record.reason_en or record.reason
    return PointChange(id=record.id or _id_of(record), **facts)


def _id_of(record: PointRecord) -> str:
    """What tells a change from others; a balance or a reason that is told later makes no other change of it."""
    facts = (record.customer_id, record.at.isoformat(), record.change, record.order_id)
    return hashlib.sha256("\x1f".join(map(str, facts)).encode("utf-8", "replace")).hexdigest()[:40]
