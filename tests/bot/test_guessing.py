"""Nobody finds an order's four digits by trying, and nobody who knows them is kept out for long."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.linking import guessing
from bot.linking.guessing import NEAR, WRONG_IN_ALL_EVERY, WRONG_OF_A_CLIENT, WRONG_OF_A_CLIENT_EVERY
from bot.linking.linker import Linker, LinkResult
from storage import Store
from storage.customers import Accounts, Customer, Customers
from storage.orders import Order, Orders
from storage.warnings import Alarm, Alarms

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
LINKER = Linker(b"k" * 32, "s" * 32)
SECOND = timedelta(seconds=1)


class Street:
    """People who try to prove orders, each from a new account."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.number = 0

    async def tries(
        self, order: str, digits: str, client: str, now: datetime = NOW, account: str = ""
    ) -> LinkResult:
        self.number += 1
        address = account or f"visitor-{self.number}"

        async def work(connection: AsyncConnection) -> LinkResult:
            made = await Accounts(connection).get_or_create("web", address, now=now)
            return await LINKER.prove(connection, made.id, order, digits, now, client)

        return await self.store.write(work)

    async def guesses(self, count: int, client: str = "", now: datetime = NOW) -> list[LinkResult]:
        """Wrong attempts on ever other orders from ever other accounts; without a client, of many."""
        return [
            await self.tries(f"A-{number}", "0000", client or f"client-{number // 5}", now)
            for number in range(count)
        ]

    async def alarms(self) -> list[Alarm]:
        async with self.store.read() as connection:
            return await Alarms(connection).open()


@pytest.fixture
async def street(any_store: Store) -> Street:
    async def fill(connection: AsyncConnection) -> None:
        await Customers(connection).put_many([Customer(id="c1", phone="13911115678", created_at=NOW)])
        await Orders(connection).put_many(
            [
                Order(
                    id="o1", number="1024", customer_id="c1", status="paid", placed_at=NOW, total=1,
                    currency="CNY", updated_at=NOW,
                )
            ]
        )  # fmt: skip

    await any_store.write(fill)
    return Street(any_store)


async def test_new_visitors_do_not_get_one_client_new_guesses(street: Street) -> None:
    """Two hundred guesses on sixty orders by forty visitors, as one was seen to try."""
    tried = [
        await street.tries(f"A-{number % 60}", f"{number:04}", "guesser", account=f"visitor-{number % 40}")
        for number in range(200)
    ]
    assert tried.count(LinkResult.WRONG) == WRONG_OF_A_CLIENT
    assert await street.tries("1024", "5678", "guesser") is LinkResult.TOO_MANY
    assert await street.tries("1024", "5678", "elsewhere") is LinkResult.LINKED
    later = NOW + WRONG_OF_A_CLIENT_EVERY + SECOND
    assert await street.tries("1024", "5678", "guesser", later) is LinkResult.LINKED


async def test_guesses_side_by_side_are_counted_one_by_one(street: Street) -> None:
    tried = await asyncio.gather(*(street.tries(f"A-{n}", "0000", "guesser") for n in range(40)))
    assert tried.count(LinkResult.WRONG) == WRONG_OF_A_CLIENT


async def test_right_ones_do_not_count(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mobile network's customers are one client, and most know their orders."""
    monkeypatch.setattr("bot.linking.linker.ATTEMPTS_PER_ORDER", 10_000)
    for _ in range(WRONG_OF_A_CLIENT + 10):
        assert await street.tries("1024", "5678", "network") is LinkResult.LINKED
    assert await street.tries("1024", "0000", "network") is LinkResult.WRONG


async def test_staff_are_told_of_guessers_from_everywhere(street: Street) -> None:
    tried = await street.guesses(NEAR)
    assert set(tried) == {LinkResult.WRONG}
    assert await street.alarms() == []
    assert await street.tries("1024", "5678", "customer") is LinkResult.LINKED
    assert await street.alarms() == []
    assert await street.tries("A-1", "0000", "customer") is LinkResult.WRONG
    (near,) = await street.alarms()
    assert (near.kind, near.details) == ("guessing", {"limit": "near"})


async def test_beyond_the_limit_in_all_no_proof_tells_anything(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "_IN_ALL", replace(guessing._IN_ALL, burst=6))
    monkeypatch.setattr(guessing, "NEAR", 4)
    assert await street.guesses(6) == [LinkResult.WRONG] * 6
    assert await street.tries("1024", "5678", "customer") is LinkResult.PAUSED
    assert await street.tries("1024", "0000", "customer") is LinkResult.PAUSED
    (reached,) = await street.alarms()
    assert reached.details == {"limit": "reached"}
    assert reached.count == 4
    later = NOW + WRONG_IN_ALL_EVERY
    assert await street.tries("1024", "5678", "customer", later) is LinkResult.LINKED


async def test_where_no_client_is_known_only_the_limit_in_all_is_added(street: Street) -> None:
    tried = [await street.tries(f"A-{number}", "0000", "") for number in range(3 * WRONG_OF_A_CLIENT)]
    assert set(tried) == {LinkResult.WRONG}
