"""Takes a batch in, in one transaction: whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.api.rows import CodeNotRedeemed, EventsTaken, OrdersTaken, PromiseDiffers, Taken
from bot.shop.intake.coupons import CouponRecord, take_coupons
from bot.shop.intake.customers import take_customers
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.events import EventRecord, take_events
from bot.shop.intake.merging import Refusal
from bot.shop.intake.merging import Taken as TakenIn
from bot.shop.intake.orders import take_orders
from bot.shop.intake.people import CustomerRecord, PointRecord
from bot.shop.intake.points import take_points
from bot.shop.intake.products import take_products
from bot.shop.intake.records import OrderRecord, ProductRecord, Record
from storage import Store

_NAMED = 20
_SAYS = {
    "code_taken": "a coupon's code is that of a personal price",
    "incomplete": "something new lacks what it needs; what is missing is in `where`",
    "invalid": "what is said doesn't fit what is known; each place and what to mend is in `where`",
    "in_future": "a time lies in the future; look at the clock and the time zone that it comes from",
    "number_taken": "an order's number belongs to another order",
    "twice_in_batch": "each may be in a batch once; send the latest alone",
    "unknown_reference": "send customers and products before what names them, such as their orders",
}

R = TypeVar("R", bound=Record)
T = TypeVar("T", bound=TakenIn)
Take: TypeAlias = Callable[[AsyncConnection, Sequence[R], datetime, Defaults], Coroutine[Any, Any, T]]


class BatchRefused(Exception):
    """The batch can't be taken; nothing of it was."""

    def __init__(self, code: str, where: Sequence[str]) -> None:
        self.code = code
        self.where = list(where)[:_NAMED]
        super().__init__(_SAYS[code])


class Intake:
    """Takes batches into a store."""

    def __init__(self, store: Store, clock: Callable[[], datetime], defaults: Defaults) -> None:
        self._store = store
        self._clock = clock
        self._defaults = defaults

    async def customers(self, records: Sequence[CustomerRecord]) -> Taken:
        """Add customers or bring them up to date."""
        return Taken(**_counts(records, await self._take("customers", take_customers, records)))

    async def products(self, records: Sequence[ProductRecord]) -> Taken:
        """Add products or bring them up to date, with their categories; a new price is kept as a change."""
        return Taken(**_counts(records, await self._take("products", take_products, records)))

    async def coupons(self, records: Sequence[CouponRecord]) -> Taken:
        """Add coupons or bring them up to date."""
        return Taken(**_counts(records, await self._take("coupons", take_coupons, records)))

    async def orders(self, records: Sequence[OrderRecord]) -> OrdersTaken:
        """Add orders or bring them up to date, with all that belongs to them, their purchases and their codes."""
        taken = await self._take("orders", take_orders, records)
        codes = [CodeNotRedeemed.model_validate(one, from_attributes=True) for one in taken.codes.refused]
        odd = [PromiseDiffers.model_validate(one, from_attributes=True) for one in taken.codes.odd]
        return OrdersTaken(**_counts(records, taken), codes=codes, discrepancies=odd, notes=dict(taken.notes))

    async def events(self, records: Sequence[EventRecord]) -> EventsTaken:
        """Append events; one that is there already, or that is known from its order, is the same event."""
        taken = await self._take("events", take_events, records)
        return EventsTaken(**_counts(records, taken), of_orders=taken.more["of_orders"])

    async def points(self, records: Sequence[PointRecord]) -> Taken:
        """Append changes of points; one that is there already is the same change."""
        return Taken(**_counts(records, await self._take("points", take_points, records)))

    async def _take(self, name: str, take: Take[R, T], records: Sequence[R]) -> T:
        async def work(connection: AsyncConnection) -> T:
            taken = await take(connection, records, self._clock(), self._defaults)
            if taken.refused:
                code = taken.refused[0].code
                raise BatchRefused(code, [_place(name, one) for one in taken.refused])
            return taken

        return await self._store.write(work)


def _place(name: str, refusal: Refusal) -> str:
    return f"{name}.{refusal.place}.{refusal.field}: {refusal.reason}"


def _counts(records: Sequence[Record], taken: TakenIn) -> dict[str, Any]:
    return {"received": len(records), "changed": taken.changed, "ignored": len(taken.erased)}
