"""How many points somebody has: what the shop told last, and what changed after that."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store
from storage.customers import Customer, Customers
from storage.points import PointChange, Points
from tests.factories import NOW

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Said:
    """A change of points on a day."""

    change: int
    day: int
    balance: int | None = None


def on(day: int) -> datetime:
    return NOW - timedelta(days=10 - day)


async def somebody(store: Store, changes: Sequence[Said], points: int = 0, as_of: int | None = None) -> str:
    """A new customer, with a balance of the shop's as of a day; returns the id."""
    name = f"c{next(_numbers)}"
    told = None if as_of is None else on(as_of)

    async def work(connection: AsyncConnection) -> None:
        await Customers(connection).put_many(
            [Customer(id=name, points=points, points_at=told, created_at=NOW)]
        )
        rows = [
            PointChange(
                id=f"{name}-{number}",
                customer_id=name,
                at=on(one.day),
                change=one.change,
                balance=one.balance,
            )
            for number, one in enumerate(changes)
        ]
        assert await Points(connection).append(rows) == len(rows)
        assert await Points(connection).append(rows) == 0

    await store.write(work)
    return name


async def balance(store: Store, changes: Sequence[Said], points: int = 0, as_of: int | None = None) -> int:
    name = await somebody(store, changes, points, as_of)
    async with store.read() as connection:
        return await Points(connection).balance(name, NOW)


HISTORY = [Said(50, 1), Said(-20, 3), Said(5, 6)]


@pytest.mark.parametrize(
    ("changes", "told", "expected"),
    [
        ([], {}, 0),
        (HISTORY, {}, 35),
        ([], {"points": 70, "as_of": 2}, 70),
        (HISTORY, {"points": 70, "as_of": 2}, 55),
        (HISTORY, {"points": 70, "as_of": 9}, 70),
        ([*HISTORY, Said(1, 4, balance=31)], {}, 36),
        ([*HISTORY, Said(1, 4, balance=31)], {"points": 70, "as_of": 2}, 36),
        ([*HISTORY, Said(1, 4, balance=31)], {"points": 70, "as_of": 5}, 75),
        # What will be credited is not there yet, and of two balances at one moment the smaller promises nothing.
        ([*HISTORY, Said(100, 12)], {}, 35),
        ([Said(1, 4, balance=31), Said(2, 4, balance=33)], {}, 31),
        # A balance of 0 is one.
        ([Said(50, 1)], {"points": 0, "as_of": 2}, 0),
    ],
)
async def test_the_balance(
    any_store: Store, changes: list[Said], told: dict[str, int], expected: int
) -> None:
    assert await balance(any_store, changes, **told) == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.integers(-50, 50), st.booleans()), max_size=8),
    told=st.none() | st.integers(0, 8),
    data=st.data(),
)
async def test_whatever_part_of_its_books_the_shop_tells_the_balance_is_right(
    any_store: Store, steps: list[tuple[int, bool]], told: int | None, data: st.DataObject
) -> None:
    """One change a day, some told with the balance after them, and perhaps a balance with the customer."""
    books = list(itertools.accumulate((change for change, _ in steps), initial=0))
    changes = [
        Said(change, day, books[day] if with_balance else None)
        for day, (change, with_balance) in enumerate(steps, start=1)
    ]
    shuffled = data.draw(st.permutations(changes))
    as_of = None if told is None else min(told, len(steps))
    points = 0 if as_of is None else books[as_of]
    assert await balance(any_store, shuffled, points, as_of) == books[-1]


async def test_the_latest_come_first_and_only_theirs(any_store: Store) -> None:
    name = await somebody(any_store, HISTORY)
    await somebody(any_store, [Said(1, 7)])
    async with any_store.read() as connection:
        found = await Points(connection).latest(name, NOW, limit=2)
    assert [(one.change, one.at) for one in found] == [(5, on(6)), (-20, on(3))]
