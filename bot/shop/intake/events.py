"""Takes in what customers did in the shop, each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.merging import Taken, changes_of, in_future, without_refused
from bot.shop.intake.purchases import event_id, is_settled, return_id
from bot.shop.intake.records import Currency, Identifier, Line, Moment, Record, SignedMinor, printable, unsaid
from storage.erased import Erased
from storage.events import OF_ORDERS, Events, StoredEvent
from storage.known_orders import KnownOrder, KnownOrders


class EventRecord(Record):
    """One thing a customer did in the shop."""

    id: Identifier = unsaid()
    """The same id again is the same event. Left out: the same facts are the same event."""
    kind: Literal["view", "search", "cart", "purchase", "return", "rating", "complaint"]
    customer_id: Identifier
    product_id: Identifier | None = None
    order_id: Identifier | None = None
    """Its id or its number."""
    at: Moment
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    amount: SignedMinor | None = None
    """Minor units, for the whole row; negative for a return."""
    currency: Currency | None = None
    value: Annotated[float, Field(ge=-1, le=5, allow_inf_nan=False)] | None = None
    """Stars of a rating, 1 to 5."""
    text: Line | None = None
    """Words of a search."""
    channel: Annotated[str, Field(max_length=30), AfterValidator(printable)] = "shop"


async def take_events(
    connection: AsyncConnection, records: Sequence[EventRecord], now: datetime, _defaults: Defaults
) -> Taken:
    """Append events that are not there yet.

    A purchase that names a known order, by its id or number, is the one that is known from the order; so is a
    return, once the order came back.
    """
    refused = in_future(dict(enumerate(records)), now)
    kept = without_refused(dict(enumerate(records)), refused)
    erased = await Erased(connection).customers(item.customer_id for item in kept.values())
    events = [_event(one) for one in kept.values() if one.customer_id not in erased]
    known = await _known_from_orders(connection, [item for item in events if item.kind in OF_ORDERS])
    own = [item for item in events if item.id not in known]
    there = await Events(connection).there([item.id for item in own])
    new = {item.id: item for item in own if item.id not in there}
    return Taken(
        changed=await Events(connection).append(list(new.values())),
        changes=changes_of("events", new.values(), {}),
        erased=frozenset(place for place, one in kept.items() if one.customer_id in erased),
        refused=tuple(refused),
        more={"of_orders": len(events) - len(own)},
    )


def _event(record: EventRecord) -> StoredEvent:
    facts = record.model_dump(exclude={"id"})
    event = StoredEvent(id=record.id or "", **facts)
    return event if event.id else replace(event, id=_id_of(event))


def _id_of(event: StoredEvent) -> str:
    """The same as it has always been made of: a file that was imported before must not count again."""
    return event_id(
        event.kind, event.customer_id, event.product_id, event.order_id, event.at, event.quantity, event.amount,
        event.value, event.text,
    )  # fmt: skip


async def _known_from_orders(connection: AsyncConnection, events: Sequence[StoredEvent]) -> set[str]:
    """The ids of those purchases and returns that are known from their orders."""
    orders = await _named(connection, {item.order_id for item in events if item.order_id is not None})
    known = [(item, orders[item.order_id]) for item in events if item.order_id in orders]
    returns = {
        item.id: return_id(order.number, item.product_id or "")
        for item, order in known
        if item.kind == "return"
    }
    there = await Events(connection).there(list(returns.values()))
    return {item.id for item, _ in known if item.kind == "purchase" or returns[item.id] in there}


async def _named(connection: AsyncConnection, names: set[str]) -> dict[str | None, KnownOrder]:
    """Orders whose purchases are known from them, by the id or number that they are named by."""
    orders = KnownOrders(connection)
    found = {**await orders.by_numbers(names), **await orders.by_ids(names)}
    return {name: order for name, order in found.items() if is_settled(order)}
