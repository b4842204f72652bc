"""Takes in what the shop says of orders, with their parcels, refunds, purchases and codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.guests import Contact, Recognised, recognise
from bot.shop.intake.merging import (
    FieldTimes,
    Refusal,
    Taken,
    changes_of,
    filled,
    in_future,
    incomplete,
    once_each,
    unknown,
    without_refused,
)
from bot.shop.intake.parcels import come_by_itself, left_with, parcels_of, refund_id_of, refunds_of
from bot.shop.intake.purchases import PAID, put_orders
from bot.shop.intake.records import LineRecord, OrderRecord, ParcelLineRecord
from kernel.sentence import Sentence, about
from storage.catalogue import Catalogue
from storage.customers import Customers
from storage.erased import Erased
from storage.known_orders import KnownOrders
from storage.orders import Order, OrderLine, Orders
from storage.redemptions import Redeemed, Redemptions

# Whoever orders for the first time gets an account at about the same time.
_REGISTERING = timedelta(days=1)
_WAY = ("", "placed", "paid", "packed", "shipped", "delivered")
_BLANK: Mapping[str, Any] = {"discount": 0, "shipping_fee": 0, "payment_method": ""}
_NEEDED = ("placed_at", "currency", "lines")
_DIFFERS = Sentence("codes redeemed at another price or for another product: `liuke codes list --differing`")
_PARTS = ("lines", "parcels", "refunds", "ship_to", "total", "email", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersTaken(Taken):
    """What became of a batch of orders."""

    codes: Redeemed


async def take_orders(
    connection: AsyncConnection, records: Sequence[OrderRecord], now: datetime, defaults: Defaults
) -> OrdersTaken:
    """Add orders or bring them up to date, with all that belongs to them, each whole or not at all.

    An order that comes without an id is the one with its number; one that came with its number alone before gets the
    id that the shop calls it by.
    """
    ids = await _ids(connection, records)
    kept, refused = once_each(records, ids)
    refused += in_future(kept, now)
    erased = await _of_erased(connection, kept, ids)
    kept = without_refused({place: one for place, one in kept.items() if place not in erased}, refused)
    refused += await _settle_numbers(connection, kept, ids)
    kept = without_refused(kept, refused)
    known = await Orders(connection).by_ids([ids[place] for place in kept], lock=True)
    refused += _incomplete(kept, ids, known) + await _without_reference(connection, kept)
    kept = without_refused(kept, refused)
    was = known
    whose = await _recognised(connection, kept, known, ids, now, defaults)
    known = {name: _moved(item, whose.moved) for name, item in known.items()}
    owners = _owners(kept, known, ids, whose)
    since = await Customers(connection).since({one for one in owners.values() if one is not None})
    merged = {
        place: order_of(one, ids[place], known.get(ids[place]), owners[place], now)
        for place, one in kept.items()
    }
    different = [one for one in merged.values() if one != known.get(one.id)]
    put = await put_orders(connection, different, known, now)
    same = [one for one in merged.values() if one.coupon_code and one == known.get(one.id)]
    again = await Redemptions(connection).by_orders(same, now)
    codes = put.codes + again
    return OrdersTaken(
        changed=len(different),
        changes=whose.changes + changes_of("orders", different, was),
        erased=frozenset(erased),
        refused=tuple(refused),
        more={"events": put.events, "codes": codes.changed},
        notes=Counter(note for place, one in merged.items() for note in _odd(kept[place], one, since))
        + Counter({_DIFFERS: len(codes.odd)}),
        codes=codes,
    )


def order_of(
    record: OrderRecord, order_id: str, known: Order | None, customer_id: str | None, now: datetime
) -> Order:
    """The order as it is known after a record.

    Args:
        customer_id: whose it is, if anybody's.
    """
    said = record.said("id", "updated_at", *_PARTS)
    parts = {name: getattr(record, name) for name in ("lines", "total") if name in record.model_fields_set}
    if "customer_id" in said or customer_id is not None:
        said["customer_id"] = customer_id
    times = FieldTimes(known.field_times if known else None)
    values = filled(times.newest(said | parts, record.updated_at), _BLANK)
    if "ship_to" in record.model_fields_set:
        before = known.ship_to if known is not None else {}
        # Each part has its own time: one system may say the street, another the city.
        words = record.ship_to.said() if record.ship_to is not None else dict.fromkeys(before)
        words = times.newest(words, record.updated_at, "ship_to.")
        values["ship_to"] = {name: word for name, word in {**before, **words}.items() if word}
    if "lines" in values:
        values["lines"] = _lines(values["lines"], known)
    base = known if known is not None else _new(record, order_id, values, now)
    counts_itself = values.get("total", 0) is None
    total = values.pop("total", None)
    said_status = values.pop("status", base.said_status if base.said_status is not None else base.status)
    item = replace(base, **values, said_status=said_status)
    if record.model_fields_set & {"parcels", "refunds"}:
        item = replace(
            item, parcels=parcels_of(record, item, times), refunds=refunds_of(record, item, times, now)
        )
    settled = _settled(record, item, None if counts_itself else known, total)
    parcels = left_with(item.parcels, said_status)
    item = replace(item, **settled, parcels=parcels, field_times=times.kept)
    return item if item == known else replace(item, updated_at=now)


def _new(record: OrderRecord, order_id: str, values: Mapping[str, Any], now: datetime) -> Order:
    number = record.number if "number" in record.model_fields_set else order_id
    return Order(
        id=order_id,
        number=number,
        customer_id=None,
        status="",
        placed_at=values["placed_at"],
        total=0,
        currency=values["currency"],
        updated_at=now,
    )


def _settled(record: OrderRecord, item: Order, known: Order | None, total: int | None) -> dict[str, Any]:
    """What follows from the rest: how far its parcels say that it has come, when it was paid, and its total."""
    settled: dict[str, Any] = {}
    status, come = item.said_status or "", _come(item)
    if come is not None and status in _WAY[: _WAY.index(come)]:
        status = come
    settled["status"] = status or "paid"
    if item.paid_at is None and (settled["status"] in PAID or record.status in PAID):
        settled["paid_at"] = item.placed_at
    counted = (item.lines, item.discount, item.shipping_fee)
    if total is not None:
        settled["total"] = total
    elif known is None or counted != (known.lines, known.discount, known.shipping_fee):
        settled["total"] = total_of(item)
    return settled


def _come(item: Order) -> str | None:
    """How far the parcels of an order say that it has come; None where they say nothing."""
    come = [come_by_itself(box) for box in item.sent]
    if come and set(come) == {"delivered"}:
        return "shipped" if item.unsent() else "delivered"
    return None if set(come) <= {"label"} else "shipped"


def total_of(item: Order) -> int:
    """What the lines, less the discount, with the fee make; a tax is taken for one that the prices contain."""
    goods = sum(line.quantity * line.unit_price for line in item.lines)
    return max(goods - item.discount + item.shipping_fee, 0)


def _odd(record: OrderRecord, item: Order, since: Mapping[str, datetime]) -> Iterator[str]:
    """What somebody should look at in an order.

    Args:
        since: when people became customers, by id, where the shop says it.
    """
    if "lines" in record.model_fields_set and item.total - total_of(item) not in (0, item.tax or 0):
        yield Sentence("orders whose total is not what their lines make: the total counts")
    if item.placed_at + _REGISTERING < since.get(item.customer_id or "", item.placed_at):
        yield Sentence("orders older than their customer: look since when they are one (`created_at`)")
    ordered = {line.product_id for line in item.lines}
    if any(line.product_id not in ordered for box in item.parcels for line in box.lines or ()):
        yield Sentence("parcels that hold what is not in their order: look which of the two is right")


def _lines(records: Sequence[Any], known: Order | None) -> tuple[OrderLine, ...]:
    lines = tuple(OrderLine(**line.model_dump()) for line in records)
    if known is not None and [_facts(one) for one in known.lines] == [_facts(one) for one in lines]:
        return known.lines
    return lines


def _facts(line: OrderLine) -> tuple[str, int, int]:
    return line.product_id, line.quantity, line.unit_price


async def _ids(connection: AsyncConnection, records: Sequence[OrderRecord]) -> list[str]:
    """The id of the order that each record speaks of."""
    alone = {one.number for one in records if "id" not in one.model_fields_set}
    known = await KnownOrders(connection).by_numbers(alone)
    here = {one.number: one.id for one in records if {"id", "number"} <= one.model_fields_set}
    ids = []
    for one in records:
        if "id" in one.model_fields_set:
            ids.append(one.id)
        else:
            ids.append(here.get(one.number) or (known[one.number].id if one.number in known else one.number))
    return ids


async def _of_erased(
    connection: AsyncConnection, kept: Mapping[int, OrderRecord], ids: Sequence[str]
) -> set[int]:
    people = await Erased(connection).customers(one.customer_id for one in kept.values())
    sold = await Erased(connection).orders(
        {ids[place]: one.number or ids[place] for place, one in kept.items()}
    )
    return {place for place, one in kept.items() if one.customer_id in people or ids[place] in sold}


async def _settle_numbers(
    connection: AsyncConnection, kept: Mapping[int, OrderRecord], ids: Sequence[str]
) -> list[Refusal]:
    """See that no two orders have one number; those known by their numbers alone get their ids."""
    wanted: dict[str, int] = {}
    refused = []
    for place, one in kept.items():
        if one.number is not None and wanted.setdefault(one.number, place) != place:
            refused.append(
                Refusal(
                    place,
                    "number_taken",
                    "number",
                    Sentence("two orders have the number {number!r}", number=one.number),
                )
            )
    # Whoever comes by the number alone is the order with that number.
    wanted = {number: place for number, place in wanted.items() if "id" in kept[place].model_fields_set}
    orders = KnownOrders(connection)
    others = {
        number: one.id
        for number, one in (await orders.by_numbers(wanted)).items()
        if one.id != ids[wanted[number]]
    }
    there = await orders.by_ids({ids[wanted[number]] for number in others})
    taken = {number for number, other in others.items() if other != number or ids[wanted[number]] in there}
    refused += [
        Refusal(
            wanted[number],
            "number_taken",
            "number",
            about(number, Sentence("belongs to the order {order!r}", order=others[number])),
        )
        for number in sorted(taken)
    ]
    await orders.give_ids({number: ids[wanted[number]] for number in others if number not in taken})
    return refused


def _incomplete(
    kept: Mapping[int, OrderRecord], ids: Sequence[str], known: Mapping[str, Order]
) -> list[Refusal]:
    refused = [
        refusal
        for place, one in kept.items()
        if ids[place] not in known
        for refusal in incomplete(place, "order", one.model_fields_set, _NEEDED)
    ]
    for place, one in kept.items():
        there = {item.id for item in known[ids[place]].refunds} if ids[place] in known else set()
        for number, told in enumerate(one.refunds or ()):
            if refund_id_of(told, ids[place], known.get(ids[place])) not in there:
                missing = incomplete(place, "refund", told.model_fields_set, ("amount", "status"))
                refused += [replace(lack, field=f"refunds.{number}.{lack.field}") for lack in missing]
    return refused


async def _without_reference(connection: AsyncConnection, kept: Mapping[int, OrderRecord]) -> list[Refusal]:
    """Refuse orders of customers or products that aren't here."""
    named = {one.customer_id for one in kept.values() if one.customer_id is not None}
    people = await Customers(connection).present(named)
    products = await Catalogue(connection).known(
        {line.product_id for one in kept.values() for _, line in _named(one)}
    )
    refused = [
        unknown(place, "customer_id", "there is no customer {id!r}", one.customer_id)
        for place, one in kept.items()
        if one.customer_id is not None and one.customer_id not in people
    ]
    return refused + [
        unknown(place, f"{part}.product_id", "there is no product {id!r}", line.product_id)
        for place, one in kept.items()
        for part, line in _named(one)
        if line.product_id not in products
    ]


def _named(record: OrderRecord) -> Iterator[tuple[str, LineRecord | ParcelLineRecord]]:
    """Every line that names a product, with its place."""
    for number, line in enumerate(record.lines or ()):
        yield f"lines.{number}", line
    for number, box in enumerate(record.parcels or ()):
        for within, item in enumerate(box.lines or ()):
            yield f"parcels.{number}.lines.{within}", item


async def _recognised(
    connection: AsyncConnection,
    kept: Mapping[int, OrderRecord],
    known: Mapping[str, Order],
    ids: Sequence[str],
    now: datetime,
    defaults: Defaults,
) -> Recognised:
    """Who has the e-mail address or phone number of each order of which nobody says whose it is."""
    ordered = {}
    for place, one in kept.items():
        before = None if "customer_id" in one.model_fields_set else known.get(ids[place])
        contact = Contact.of(one.email, one.phone)
        if one.customer_id is None and contact.keys:
            ordered[place] = (contact, None if before is None else before.customer_id)
    return await recognise(connection, ordered, now, defaults)


def _moved(item: Order, moved: Mapping[str, str]) -> Order:
    owner = moved.get(item.customer_id or "")
    return item if owner is None else replace(item, customer_id=owner)


def _owners(
    kept: Mapping[int, OrderRecord], known: Mapping[str, Order], ids: Sequence[str], whose: Recognised
) -> dict[int, str | None]:
    """Whose each order is by what a record says; None where that is no news."""
    owners: dict[int, str | None] = {}
    for place, one in kept.items():
        owner = whose.owners.get(place, one.customer_id)
        before = known.get(ids[place])
        same = one.customer_id is None and before is not None and before.customer_id == owner
        owners[place] = None if same else owner
    return owners
