"""Takes in what the shop says of customers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.guests import give_orders_of_guests
from bot.shop.intake.merging import FieldTimes, Taken, changes_of, filled, once_each
from bot.shop.intake.records import CustomerRecord
from storage.customers import Customer, Customers
from storage.erased import Erased, normal_email, normal_phone
from storage.repository import portions
from storage.schema import consent
from storage.upsert import insert_new

_SHOP = frozenset({"shop", "import"})
"""Sources of consents that the shop tells."""


async def take_customers(
    connection: AsyncConnection, records: Sequence[CustomerRecord], now: datetime, defaults: Defaults
) -> Taken:
    """Add customers or bring them up to date; those who had themselves erased stay erased.

    Whoever ordered as a guest, with the e-mail address or phone number of a customer, is that customer.
    """
    kept, twice = once_each(records, [one.id for one in records])
    erased = await Erased(connection).customers(one.id for one in kept.values())
    out = frozenset(place for place, one in kept.items() if one.id in erased)
    ours = [one for place, one in kept.items() if place not in out]
    known = await Customers(connection).by_ids([one.id for one in ours])
    merged = [customer_of(one, known.get(one.id), now, defaults) for one in ours]
    different = [one for one in merged if one != known.get(one.id)]
    await Customers(connection).put_many(different)
    spoke = await _take_consents(
        connection, [one for one in ours if "marketing" in one.model_fields_set], now
    )
    moved = await give_orders_of_guests(connection, different, now)
    return Taken(
        changed=len(different),
        changes=changes_of("customers", different, known),
        erased=out,
        refused=tuple(twice),
        more={"consents": spoke, "orders": moved},
    )


def customer_of(
    record: CustomerRecord, known: Customer | None, now: datetime, defaults: Defaults
) -> Customer:
    """The customer as they are known after a record."""
    said = record.said("id", "updated_at", "marketing", "marketing_at")
    blank: dict[str, Any] = {
        "name": "", "tier": "standard", "points": 0, "language": defaults.language, "time_zone": defaults.time_zone
    }  # fmt: skip
    times = FieldTimes(known.field_times if known else None)
    holds = times.newest(said, record.updated_at)
    values = filled(holds, blank) | {"field_times": times.kept}
    for name, normal in (("email", normal_email), ("phone", normal_phone)):
        if name in values:
            values[name] = normal(values[name])
    if "created_at" in values:
        if known is not None and known.created_said:
            # When they came is known since then.
            del values["created_at"]
        else:
            values["created_said"] = True
    if known is not None:
        return replace(known, **values)
    return Customer(id=record.id, **({**blank, "created_at": now} | values))


async def _take_consents(
    connection: AsyncConnection, records: Sequence[CustomerRecord], now: datetime
) -> int:
    """Add what they agreed to or refused to the ledger, unless it is there or a later word holds.

    A yes without its time is none where they refused by themselves, in a chat or by an erasure: it may be what they
    took back by that.
    """
    latest = await _latest_of(connection, [one.id for one in records])
    rows = []
    for one in records:
        # A clock that runs ahead must not make a yes that no later no could take back.
        at = min(one.marketing_at or now, now)
        last = latest.get(one.id)
        if last is not None and (last.granted == one.marketing or last.at > at):
            continue
        if last is not None and one.marketing and one.marketing_at is None and last.source not in _SHOP:
            continue
        rows.append(
            {
                "customer_id": one.id,
                "purpose": "marketing",
                "granted": one.marketing,
                "source": "shop",
                "at": at,
            }
        )
    return await insert_new(connection, consent, rows)


async def _latest_of(connection: AsyncConnection, people: Iterable[str]) -> Mapping[str, Any]:
    """The latest word on marketing of each; of two at one moment the refusal."""
    found: dict[str, Any] = {}
    for part in portions(list(people)):
        rows = await connection.execute(
            select(consent.c.customer_id, consent.c.granted, consent.c.at, consent.c.source)
            .where(consent.c.purpose == "marketing", consent.c.customer_id.in_(part))
            .order_by(consent.c.at, consent.c.granted.desc())
        )
        found |= {row.customer_id: row for row in rows}
    return found
