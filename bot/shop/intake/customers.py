"""Takes in what the shop says of customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.consents import take_consents
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.guests import give_orders_of_guests
from bot.shop.intake.merging import (
    Change,
    FieldTimes,
    Taken,
    changes_of,
    filled,
    in_future,
    once_each,
    without_refused,
)
from bot.shop.intake.people import AddressRecord, CustomerRecord
from storage.customers import Customer, Customers
from storage.erased import Erased, normal_email, normal_phone
from storage.points import Points

_PARTS = tuple(AddressRecord.model_fields)
_APART = ("id", "updated_at", "marketing", "marketing_at", "consents", "addresses")
"""What is not a column of its own, or is merged by parts."""


async def take_customers(
    connection: AsyncConnection, records: Sequence[CustomerRecord], now: datetime, defaults: Defaults
) -> Taken:
    """Add customers or bring them up to date; those who had themselves erased stay erased.

    Whoever ordered as a guest, with the e-mail address or phone number of a customer, is that customer.
    """
    kept, refused = once_each(records, [one.id for one in records])
    refused += in_future(kept, now)
    kept = without_refused(kept, refused)
    erased = await Erased(connection).customers(one.id for one in kept.values())
    out = frozenset(place for place, one in kept.items() if one.id in erased)
    ours = [one for place, one in kept.items() if place not in out]
    known = await Customers(connection).by_ids([one.id for one in ours])
    balances = await Points(connection).balances([one.id for one in ours if _counts_points(one)], now)
    merged = [customer_of(one, known.get(one.id), now, defaults, balances.get(one.id)) for one in ours]
    different = [one for one in merged if one != known.get(one.id)]
    await Customers(connection).put_many(different)
    spoke = await take_consents(connection, ours, now)
    moved = await give_orders_of_guests(connection, different, now)
    consents = tuple(Change("consents", str(word.id), None, word) for word in spoke)
    return Taken(
        changed=len(different),
        changes=changes_of("customers", different, known) + consents,
        erased=out,
        refused=tuple(refused),
        more={"consents": len(spoke), "orders": moved},
    )


def customer_of(
    record: CustomerRecord,
    known: Customer | None,
    now: datetime,
    defaults: Defaults,
    balance: int | None = None,
) -> Customer:
    """The customer as they are known after a record.

    Args:
        balance: how many points they have now, by what is known; None: it is not asked for.
    """
    said = record.said(*_APART)
    blank: dict[str, Any] = {
        "name": "", "tier": "standard", "points": 0, "language": defaults.language, "time_zone": defaults.time_zone
    }  # fmt: skip
    times = FieldTimes(known.field_times if known else None)
    values = filled(times.newest(said, record.updated_at), blank)
    if "points" in values:
        values |= _points(record, known, now, balance)
    if "addresses" in record.model_fields_set:
        values["addresses"] = _addresses(record, known, times)
    values["field_times"] = times.kept
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


def _counts_points(record: CustomerRecord) -> bool:
    """Whether it matters for a record how many points there are by what is known."""
    return record.points is not None and record.updated_at is None


def _points(
    record: CustomerRecord, known: Customer | None, now: datetime, balance: int | None
) -> dict[str, Any]:
    """The balance as a record tells it, and as of when; the same as is known already is no news."""
    if record.points is None:
        return {"points": 0, "points_at": None}
    if known is not None and known.points_at is not None and record.points == balance:
        return {"points": known.points, "points_at": known.points_at}
    return {"points": record.points, "points_at": min(record.updated_at or now, now)}


def _addresses(
    record: CustomerRecord, known: Customer | None, times: FieldTimes
) -> dict[str, dict[str, str]]:
    """Those that are known, with those that a record names; each part of each has its own time."""
    at = record.updated_at
    addresses = {name: dict(parts) for name, parts in known.addresses.items()} if known is not None else {}
    told: dict[str, dict[str, Any]] = {}
    if record.addresses is None:
        if times.newest({"addresses": None}, at):
            told = {name: dict.fromkeys(_PARTS) for name in addresses}
    elif times.holds("addresses", at):
        told = {
            name: dict.fromkeys(_PARTS) if one is None else one.said()
            for name, one in record.addresses.items()
        }
    for name, words in told.items():
        whole = {**addresses.get(name, {}), **times.newest(words, at, f"addresses.{name}.")}
        addresses[name] = {part: whole[part] for part in _PARTS if whole.get(part)}
    return {name: addresses[name] for name in sorted(addresses) if addresses[name]}
