"""Writes orders with the purchases and returns that they are in the shop's log.

A paid order is a purchase of each of its lines at the moment at which it was placed. An order that came back, which
is one returned, one cancelled after payment, or one whose money was all paid back, is a return of each line, too. A
refund of a part says nothing of which goods came back, so it is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.event_ids import digest, keys_of
from storage import Store
from storage.events import Events, StoredEvent
from storage.known_orders import KnownOrder
from storage.orders import Order, Orders
from storage.redemptions import Redeemed, Redemptions
from storage.settings import SettingStore

PAID = frozenset({"paid", "packed", "shipped", "delivered", "returned"})
_PLACE = "orders.purchases"
_PORTION = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersPut:
    """What became of some orders."""

    events: int
    """Purchases and returns that are new, different or taken away."""
    codes: Redeemed


async def put_orders(
    connection: AsyncConnection, orders: Sequence[Order], known: Mapping[str, Order], now: datetime
) -> OrdersPut:
    """Write orders, with their purchases in the log and the codes that they used.

    Customers who had themselves erased must have been left out, and orders that are known locked.

    Args:
        known: those of the orders that are there, as they are, by id.
    """
    # In the order of their ids, as the lock takes them: so do those that are new.
    orders = sorted(orders, key=lambda item: item.id)
    await Orders(connection).put_many(orders)
    before = [(item, was) for item in orders if (was := known.get(item.id)) is not None]
    await Orders(connection).remove_parcels(
        {box.id for item, was in before for box in was.parcels}
        - {box.id for item, _ in before for box in item.parcels}
    )
    await Orders(connection).remove_refunds(
        {one.id for item, was in before for one in was.refunds}
        - {one.id for item, _ in before for one in item.refunds}
    )
    # The log has been in step with the orders as they were: of them nothing else can be there.
    were = {
        event_id
        for _, was in before
        for event_id in ids_of_events(was.number, [line.product_id for line in was.lines])
    }
    looked_for = [one for item in orders for one in _to_look_for(item, known.get(item.id))]
    return OrdersPut(
        events=await follow(connection, orders, were | await superseded(connection, looked_for)),
        codes=await Redemptions(connection).by_orders(orders, now),
    )


async def follow(connection: AsyncConnection, orders: Sequence[Order], before: Set[str]) -> int:
    """Bring the log in step with orders; return how many events are new, different or taken away.

    Args:
        before: ids of purchases and returns of theirs that may be in the log.
    """
    events = [event for item in orders for event in events_of(item)]
    return await Events(connection).follow_orders(events, before - {event.id for event in events})


async def superseded(connection: AsyncConnection, orders: Sequence[Order]) -> set[str]:
    """The ids of purchases in the log that are known from orders; of returns of their goods, too, where they came back.

    What came back of an order in part the shop can only say by a return of its own: that stays.
    """
    back = {(item.id, line.product_id) for item in orders if came_back(item) for line in item.lines}
    told = await Events(connection).of_orders([item for item in orders if is_settled(item)])
    return {one.id for one in told if one.kind == "purchase" or (one.order_id, one.product_id) in back}


def _to_look_for(item: Order, before: Order | None) -> Iterator[Order]:
    """An order of which the shop may have told purchases before the order did, or returns; as each one's it was."""
    moved = before is not None and before.customer_id != item.customer_id
    if before is None or moved or not is_settled(before) or came_back(item):
        yield item
    if before is not None and moved and item.customer_id is not None:
        yield replace(item, customer_id=before.customer_id)


def event_id(kind: str, *facts: str | int | float | datetime | None) -> str:
    """An id that the same facts always get, so that an event taken twice is there once."""
    return f"{kind}-{digest(*facts)}"


def events_of(order: Order) -> list[StoredEvent]:
    """The purchases of an order, and their returns where it came back; none while it is nobody's or not paid.

    Each has an id by the order's number, the product, and which of the product's lines it is: the same whichever
    road the order took.
    """
    if order.customer_id is None or not _is_paid(order):
        return []
    keys = keys_of(order.number, [line.product_id for line in order.lines])
    purchases = [
        StoredEvent(
            id=f"purchase-{key}",
            kind="purchase",
            customer_id=order.customer_id,
            product_id=line.product_id,
            order_id=order.id,
            at=order.placed_at,
            quantity=line.quantity,
            amount=amount,
            currency=order.currency,
        )
        for key, line, amount in zip(keys, order.lines, _paid_for_lines(order), strict=True)
    ]
    if not came_back(order):
        return purchases
    at = _back_at(order)
    return purchases + [
        StoredEvent(
            id=f"return-{key}",
            kind="return",
            customer_id=bought.customer_id,
            product_id=bought.product_id,
            order_id=order.id,
            at=at,
            quantity=bought.quantity,
            amount=-(bought.amount or 0),
            currency=order.currency,
        )
        for key, bought in zip(keys, purchases, strict=True)
    ]


def is_settled(order: Order | KnownOrder) -> bool:
    """Whether the purchases of an order are known from it: somebody paid for it, or it was cancelled.

    One that is unpaid may have been left at that by a shop that sends its purchases as events.
    """
    return order.customer_id is not None and (_is_paid(order) or order.status == "cancelled")


def came_back(order: Order) -> bool:
    """Whether everything that was bought came back, or never left."""
    if order.status in ("returned", "cancelled"):
        return _is_paid(order)
    paid_back = sum(
        one.amount for one in order.refunds if (one.status, one.currency) == ("paid", order.currency)
    )
    return paid_back >= order.total > 0


def ids_of_events(number: str, products: Sequence[str]) -> Iterator[str]:
    """The id of every event that an order with this number and these products, line by line, can ever have."""
    for key in keys_of(number, products):
        yield f"purchase-{key}"
        yield f"return-{key}"


def return_id(number: str, product: str) -> str:
    """The id of the return of a product of an order: it is in the log once the order came back."""
    return f"return-{keys_of(number, [product])[0]}"


def _is_paid(order: Order | KnownOrder) -> bool:
    return order.paid_at is not None or order.status in PAID


def _paid_for_lines(order: Order) -> Iterator[int]:
    """What was paid for each line: the order's discount is spread over them by their prices, to the last unit."""
    goods = sum(line.quantity * line.unit_price for line in order.lines)
    off = min(order.discount, goods)
    passed = spread = 0
    for line in order.lines:
        price = line.quantity * line.unit_price
        passed += price
        share = off * passed // goods - spread if goods else 0
        spread += share
        yield price - share


def _back_at(order: Order) -> datetime:
    """As near as is known: when the money was asked back, or it came back, or had arrived, or was paid."""
    known = [one for one in order.refunds if one.requested_at != order.placed_at]
    asked = [one.requested_at for one in known if one.status != "declined"]
    back = [box.delivered_at for box in order.sent_back if box.delivered_at is not None]
    arrived = [box.delivered_at for box in order.sent if box.delivered_at is not None]
    return max([order.placed_at, *(asked or back or arrived or ([order.paid_at] if order.paid_at else []))])


async def derive_purchases(store: Store, progress: Callable[[str, float], None]) -> int:
    """Put the purchases of every order that is here into the log, once; return how many orders that were.

    Goes on where it was stopped. Beside another process doing the same it only does the work twice.
    """
    async with store.read() as connection:
        place = await _place(connection)
        left = 0 if place is None else await Orders(connection).count(after=place)
    done = 0
    while place is not None:
        place, portion = await store.write(_derive)
        done += portion
        if portion:
            progress("reading purchases out of the orders", min(done / left, 1.0))
    return done


async def _place(connection: AsyncConnection) -> str | None:
    """The id of the last order that is done; None when all are."""
    place = await SettingStore(connection).get(_PLACE, {"after": ""})
    return None if place is None else str(place["after"])


async def _derive(connection: AsyncConnection) -> tuple[str | None, int]:
    """The next portion; returns the place then, and how many orders that were."""
    place = await _place(connection)
    orders = [] if place is None else await Orders(connection).page(after=place, limit=_PORTION)
    await follow(connection, orders, await superseded(connection, orders))
    place = orders[-1].id if len(orders) == _PORTION else None
    await SettingStore(connection).put(_PLACE, None if place is None else {"after": place})
    return place, len(orders)
