"""Hands records that were read from files to the intake, and says of which rows something became of nothing."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.changes import keep_changes
from bot.shop.importing.rows import Flushed, Options, Written
from bot.shop.importing.told import Refused, Told, row_of
from bot.shop.intake.coupons import CouponRecord, take_coupons
from bot.shop.intake.customers import take_customers
from bot.shop.intake.events import EventRecord, take_events
from bot.shop.intake.merging import Refusal, Taken
from bot.shop.intake.orders import OrdersTaken, take_orders
from bot.shop.intake.people import CustomerRecord, PointRecord
from bot.shop.intake.points import take_points
from bot.shop.intake.products import take_products
from bot.shop.intake.records import OrderRecord, ProductRecord
from kernel.sentence import Sentence
from storage.codes import Reason
from storage.repository import portions
from storage.trial import Writes

_TAKE: Mapping[Any, tuple[str, Any]] = {
    CustomerRecord: ("customers", take_customers),
    PointRecord: ("points", take_points),
    ProductRecord: ("products", take_products),
    CouponRecord: ("coupons", take_coupons),
    OrderRecord: ("orders", take_orders),
    EventRecord: ("events", take_events),
}
"""In this order: points, coupons and orders name customers, coupons and orders products, orders coupons."""
_WHY: Mapping[Reason, Sentence] = {
    "used": Sentence("another order used the code"),
    "expired": Sentence("the code had ended when the order was placed"),
    "not_started": Sentence("the code did not hold yet when the order was placed"),
    "withdrawn": Sentence("the code had been withdrawn"),
    "other_customer": Sentence("the code is another customer's"),
    "no_customer": Sentence("the code is a customer's, and the order is nobody's"),
    "used_up": Sentence("as many orders as the code is for used it before"),
    "customer_limit": Sentence("the customer had used the code as often as one may"),
}
_OF_ORDERS = Sentence("purchases and returns of orders that are here: the orders count")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """How many records are written at once, and whether others get their turn in between."""

    records: int = 2_000
    considerate: bool = False
    """Wait after each transaction for as long as it took: SQLite lets one process write at a time."""


def _pace_of(options: Options) -> _Pace:
    """Beside the bot each transaction takes about a hundredth of a second."""
    return _Pace(records=25, considerate=True) if options.beside_others else _Pace()


async def write_all(store: Writes, made: Sequence[Told[Any] | Refused], options: Options) -> Flushed:
    """Write records in transactions of some at a time, customers and products before the orders that name them."""
    refused = [one for one in made if isinstance(one, Refused)]
    order = list(_TAKE)
    told = sorted(
        (one for one in made if isinstance(one, Told)), key=lambda one: order.index(type(one.record))
    )
    whole = Flushed(written=Written(), refused=refused)
    pace = _pace_of(options)
    for portion in portions(told, pace.records):
        began = time.monotonic()
        whole += await store.write(partial(_write, told=portion, options=options))
        if pace.considerate:
            await asyncio.sleep(time.monotonic() - began)
    return whole


async def _write(connection: AsyncConnection, told: Iterable[Told[Any]], options: Options) -> Flushed:
    """Write records in one transaction, customers and products before the orders that name them."""
    written, notes = Written(), Counter[str]()
    refused: list[Refused] = []
    ignored = 0
    records: dict[Any, list[Told[Any]]] = {kind: [] for kind in _TAKE}
    for one in told:
        records[type(one.record)].append(one)
    for kind, (name, take) in _TAKE.items():
        for batch in _rounds(records[kind]):
            taken: Taken = await take(
                connection, [one.record for one in batch], options.now, options.defaults
            )
            if options.import_id is not None:
                await keep_changes(connection, options.import_id, taken.changes)
            written[name] += taken.changed
            # The first of several is enough to mend a record by.
            first = {refusal.place: refusal for refusal in reversed(taken.refused)}
            refused += [_refused(batch[place], refusal) for place, refusal in first.items()]
            ignored += sum(len(batch[place].rows) for place in taken.erased)
            notes.update(taken.notes)
            notes[_OF_ORDERS] += taken.more.get("of_orders", 0)
            written.update({what: count for what, count in taken.more.items() if what != "of_orders"})
            if isinstance(taken, OrdersTaken):
                notes.update(
                    Sentence("codes not redeemed: {why}", why=_WHY[one.reason]) for one in taken.codes.refused
                )
    return Flushed(written=written, refused=refused, ignored=ignored, notes=+notes)


def _rounds(records: Sequence[Told[Any]]) -> list[list[Told[Any]]]:
    """The records in batches in which each thing is spoken of once: what is said later holds."""
    rounds: list[list[Told[Any]]] = []
    seen: Counter[str] = Counter()
    for one in records:
        record = one.record
        name = str(record.id or getattr(record, "number", "") or id(record))
        turn = seen[name]
        seen[name] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(one)
    return rounds


def _refused(one: Told[Any], refusal: Refusal) -> Refused:
    place = [int(part) if part.isdecimal() else part for part in refusal.field.split(".")]
    return Refused(one.rows, refusal.reason, refusal.field, row_of(place, one.rows))
