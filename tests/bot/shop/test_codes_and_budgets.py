"""Whatever becomes of codes, budgets hold what has been promised or given, and no more."""

from __future__ import annotations

import itertools
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.orders import take_orders
from bot.shop.intake.records import OrderRecord
from storage import StorageError, Store
from storage.offers import NewOffer, Offers
from storage.redemptions import Redemptions
from storage.schema import budget, offer, order
from tests.factories import NOW, add_budget, add_customer, add_product

_numbers = itertools.count()
_HOURS = st.integers(0, 30)
_ORDERS = st.sampled_from(["a", "b", None])
_STEPS = st.one_of(
    st.tuples(st.just("promise"), _HOURS),
    st.tuples(st.just("use"), _HOURS, _ORDERS),
    st.tuples(st.just("give back"), _HOURS, _ORDERS),
    st.tuples(
        st.just("order"),
        _HOURS,
        st.sampled_from(["a", "b"]),
        st.sampled_from(["placed", "paid", "cancelled"]),
    ),
    st.tuples(st.just("expire"), _HOURS),
)


class _Customer:
    """Somebody with a code, two orders, and hours that pass."""

    def __init__(self) -> None:
        self.id = f"c{next(_numbers)}"
        self.codes: list[str] = []

    async def do(
        self, connection: AsyncConnection, what: str, hours: int = 0, more: tuple[str | None, ...] = ()
    ) -> None:
        now = NOW + timedelta(hours=hours)
        named = {"customer_id": self.id, "order_id": f"{self.id}-{more[0]}" if more and more[0] else None}
        match what:
            case "promise":
                await self._promise(connection, hours)
            case "use":
                await Redemptions(connection).use(self.codes[-1], **named, now=now)
            case "give back":
                await Redemptions(connection).give_back(self.codes[0], **named, now=now)
            case "order":
                await take_orders(connection, [self._order(hours, *more)], now, Defaults())
            case _:
                await Offers(connection).expire(now)

    async def _promise(self, connection: AsyncConnection, hours: int) -> None:
        code = f"L-{next(_numbers)}"
        now = NOW + timedelta(hours=hours)
        new = NewOffer(
            code=code, customer_id=self.id, product_id="p1", price=9_000 + hours, list_price=10_000,
            floor=1, currency="CNY", reason="asked", reasons=[], policy="p", probability=1.0,
            valid_until=now + timedelta(hours=10),
        )  # fmt: skip
        await Offers(connection).reserve(new, now)
        self.codes.append(code)

    def _order(self, hours: int, name: str | None = None, status: str | None = None) -> OrderRecord:
        return OrderRecord.model_validate({
            "id": f"{self.id}-{name}", "number": f"{self.id}-{name}", "customer_id": self.id, "status": status,
            "placed_at": NOW + timedelta(hours=hours), "total": 9_000, "currency": "CNY",
            "coupon_code": self.codes[-1], "lines": [{"product_id": "p1", "quantity": 1, "unit_price": 9_000}],
        })  # fmt: skip


async def _stock(connection: AsyncConnection) -> None:
    await add_product(connection)
    if await connection.scalar(select(budget.c.id)) is None:
        await add_budget(connection, 10**9)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEPS, min_size=2, max_size=14))
async def test_budgets_hold_what_was_promised_or_given(
    any_store: Store, steps: list[tuple[Any, ...]]
) -> None:
    who = _Customer()
    await any_store.write(_stock)
    await any_store.write(lambda c: add_customer(c, who.id, marketing=None))
    await any_store.write(lambda c: who.do(c, "promise"))
    for step in steps:
        with suppress(StorageError):
            await any_store.write(partial(who.do, what=step[0], hours=step[1], more=step[2:]))
        await _holds(any_store, who)


async def _holds(store: Store, who: _Customer) -> None:
    async with store.read() as connection:
        reserved = await connection.scalar(select(budget.c.reserved))
        offers = (await connection.execute(select(offer))).all()
        cancelled = set(await connection.scalars(select(order.c.id).where(order.c.status == "cancelled")))
    assert reserved == sum(row.list_price - row.price for row in offers if row.state in ("live", "used"))
    theirs = [row for row in offers if row.customer_id == who.id]
    assert sum(row.state == "live" for row in theirs) <= 1
    assert all((row.state == "used") == (row.used_at is not None) for row in theirs)
    assert not cancelled.intersection(row.order_id for row in theirs)
