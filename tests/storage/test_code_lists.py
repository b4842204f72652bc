"""All codes a page at a time: none is missed or twice while codes are being made and used."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store
from storage.code_lists import CodeLists, CursorInvalid, Wanted
from storage.codes import Codes, State, state_of
from storage.offers import NewOffer, Offers
from storage.redemptions import Redemptions
from storage.schema import coupon, offer
from tests.factories import NOW, add_customer, add_product

HOUR = timedelta(hours=1)
_numbers = itertools.count()
STATES: tuple[State, ...] = ("live", "used", "expired", "not_started", "withdrawn")


async def add_offer(connection: AsyncConnection, now: datetime = NOW, holds: timedelta = HOUR) -> str:
    """A personal price of a customer who has no other."""
    code = f"L-{next(_numbers):06}"
    await add_customer(connection, code)
    new = NewOffer(
        code=code, customer_id=code, product_id="p1", price=9_000, list_price=10_000, floor=1, currency="CNY",
        reason="asked", reasons=[], policy="p", probability=1.0, valid_until=now + holds,
    )  # fmt: skip
    await Offers(connection).reserve(new, now)
    return code


async def add_coupon(connection: AsyncConnection, now: datetime = NOW, **values: Any) -> str:
    number = next(_numbers)
    # Before or after those that are there already, by its code.
    code = f"{'ZA'[number % 2]}{number:06}"
    row = {
        "code": code, "text_zh": "", "text_en": "", "amount": 1, "currency": "CNY", "valid_from": NOW - HOUR,
        "valid_until": NOW + HOUR, "changed_at": now,
    }  # fmt: skip
    await connection.execute(insert(coupon).values({**row, **values}))
    return code


async def codes(store: Store, wanted: Wanted, now: datetime = NOW, limit: int = 2) -> list[str]:
    """All of them, page by page."""
    found: list[str] = []
    after: str | None = None
    while True:
        async with store.read() as connection:
            page = await CodeLists(connection).page(wanted, now, after=after, limit=limit)
        assert len(page.codes) <= limit
        found += [one.code for one in page.codes]
        if page.next is None:
            return found
        assert len(page.codes) == limit
        after = page.next


_STEPS = st.lists(
    st.tuples(st.sampled_from(["page", "offer", "coupon", "use", "withdraw"]), st.integers(1, 4)), max_size=14
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.integers(0, 5), steps=_STEPS)
async def test_nothing_is_missed_or_twice(
    any_store: Store, before: int, steps: list[tuple[str, int]]
) -> None:
    await any_store.write(_empty)
    there = [await any_store.write(add_offer if number % 2 else add_coupon) for number in range(before)]
    seen: list[str] = []
    after: str | None = None
    ended = False
    made: list[str] = []
    changed: set[str] = set()
    began = NOW + timedelta(minutes=1)
    for what, number in [*steps, *[("page", 4)] * 5]:
        match what:
            case "offer" | "coupon":
                add = add_offer if what == "offer" else add_coupon
                made.append(await any_store.write(partial(add, now=began)))
            case "page" if not ended:
                async with any_store.read() as connection:
                    page = await CodeLists(connection).page(Wanted(), began, after=after, limit=number)
                seen += [one.code for one in page.codes]
                after, ended = page.next, page.next is None
                late = set(made)
            case "use" | "withdraw":
                changed |= await any_store.write(partial(_change, what, number, began))
    assert ended
    assert len(seen) == len(set(seen))
    assert set(there) <= set(seen)
    # What was promised meanwhile comes at the end.
    assert {code for code in late if code.startswith("L-")} <= set(seen)
    later = await codes(any_store, Wanted(changed_since=began), began)
    assert sorted(later) == sorted({*made, *changed})


async def _empty(connection: AsyncConnection) -> None:
    await connection.execute(delete(offer))
    await connection.execute(delete(coupon))
    await add_product(connection)


async def _change(what: str, number: int, now: datetime, connection: AsyncConnection) -> set[str]:
    """Use or withdraw a live offer, if there is one."""
    page = await CodeLists(connection).page(Wanted(state="live"), now, after=None, limit=100)
    live = [one for one in page.codes if one.code.startswith("L-")][number - 1 : number]
    for one in live:
        assert hasattr(one, "id")
        if what == "use":
            await Redemptions(connection).use(one.code, customer_id=one.customer_id, order_id=None, now=now)
        else:
            await Offers(connection).withdraw(one.id, now)
    return {one.code for one in live}


async def test_each_state_lists_what_is_in_it(any_store: Store) -> None:
    async def fill(connection: AsyncConnection) -> None:
        await add_product(connection)
        for _ in range(4):
            await add_offer(connection)
        await add_offer(connection, holds=3 * HOUR)
        page = await CodeLists(connection).page(Wanted(), NOW, after=None, limit=9)
        used, withdrawn, *_ = page.codes
        await Redemptions(connection).use(used.code, customer_id=used.customer_id, order_id=None, now=NOW)
        assert hasattr(withdrawn, "id")
        await Offers(connection).withdraw(withdrawn.id, NOW)
        day = timedelta(days=1)
        for values in (
            {}, {"valid_from": NOW + day, "valid_until": NOW + 2 * day}, {"used_at": NOW}, {"valid_until": NOW + day},
            {"valid_until": NOW},
        ):  # fmt: skip
            await add_coupon(connection, **values)

    await any_store.write(fill)
    for now in (NOW, NOW + HOUR, NOW + 2 * HOUR):
        everything = await codes(any_store, Wanted(), now)
        by_state = {state: await codes(any_store, Wanted(state=state), now, limit=1) for state in STATES}
        assert sorted(code for listed in by_state.values() for code in listed) == sorted(everything)
        async with any_store.read() as connection:
            known = await Codes(connection).named(everything)
        for state, listed in by_state.items():
            assert listed == [code for code in everything if state_of(known[code], now) == state]
            assert listed or now > NOW


@pytest.mark.parametrize(
    "cursor", ["", "x", "eDE", "b" * 60, "YwA", "é", "b25v", "bzk5OTk5OTk5OTk5OTk5OTk5OTk5OQ"]
)
async def test_what_no_page_gave_is_no_cursor(any_store: Store, cursor: str) -> None:
    async with any_store.read() as connection:
        with pytest.raises(CursorInvalid, match="no cursor"):
            await CodeLists(connection).page(Wanted(), NOW, after=cursor, limit=1)
