"""A proposed list price changes nothing until somebody approves it, and is undone as a whole."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Conflict, NotFound, Store
from storage.audit import Audit
from storage.catalogue import Catalogue
from storage.events import Events, StoredEvent
from storage.price_proposals import (
    APPROVED,
    DECLINED,
    LEFT_ALONE,
    REPLACED,
    UNDONE,
    NewProposal,
    PriceProposals,
)
from storage.schema import price_change
from tests.storage.shop import NOW, a_product, stock_shop

LATER = NOW + timedelta(days=1)


def a_proposal(**values: Any) -> NewProposal:
    usual: dict[str, Any] = {
        "product_id": "p1",
        "old_price": 19_900,
        "new_price": 20_500,
        "currency": "CNY",
        "gain": 1_200.0,
        "low": 100.0,
        "high": 2_000.0,
        "reasons": [{"code": "expected_margin", "value": 1_200.0}],
    }
    return NewProposal(**{**usual, **values})


async def proposed(store: Store, **values: Any) -> int:
    """The number of a proposal in a shop with products."""

    async def work(connection: AsyncConnection) -> int:
        await stock_shop(connection)
        await PriceProposals(connection).put([a_proposal(**values)], NOW)
        return (await PriceProposals(connection).latest())[0].id

    return await store.write(work)


async def price(store: Store, product_id: str = "p1") -> int:
    async with store.read() as connection:
        found = await Catalogue(connection).get(product_id)
    assert found is not None
    return found.list_price


async def changes(store: Store) -> list[tuple[int, int]]:
    async with store.read() as connection:
        rows = await connection.execute(select(price_change).order_by(price_change.c.id))
        return [(row.old_price, row.new_price) for row in rows]


async def test_nothing_changes_before_somebody_approves(any_store: Store) -> None:
    await proposed(any_store)
    assert await price(any_store) == 19_900
    assert await changes(any_store) == []


async def test_approval_changes_the_price_with_its_history_and_its_entry(any_store: Store) -> None:
    number = await proposed(any_store)
    done = await any_store.write(lambda c: PriceProposals(c).approve(number, "staff:1", LATER))
    assert (done.state, done.decided_by) == (APPROVED, "staff:1")
    assert await price(any_store) == 20_500
    assert await changes(any_store) == [(19_900, 20_500)]
    async with any_store.read() as connection:
        [entry] = await Audit(connection).of("product:p1")
    assert (entry.action, entry.actor) == ("list_price_approved", "staff:1")
    assert entry.details["new_price"] == 20_500


async def test_undoing_brings_the_price_back_once(any_store: Store) -> None:
    number = await proposed(any_store)
    await any_store.write(lambda c: PriceProposals(c).approve(number, "terminal", LATER))
    undone = await any_store.write(lambda c: PriceProposals(c).undo(number, "terminal", LATER))
    assert undone.state == UNDONE
    assert await price(any_store) == 19_900
    assert await changes(any_store) == [(19_900, 20_500), (20_500, 19_900)]
    with pytest.raises(Conflict, match="only an approved one"):
        await any_store.write(lambda c: PriceProposals(c).undo(number, "terminal", LATER))
    assert await price(any_store) == 19_900


async def test_a_price_changed_meanwhile_is_left(any_store: Store) -> None:
    number = await proposed(any_store)
    await any_store.write(lambda c: Catalogue(c).put_many([a_product(list_price=18_000)]))
    with pytest.raises(Conflict, match="somebody has changed it"):
        await any_store.write(lambda c: PriceProposals(c).approve(number, "terminal", LATER))
    assert await price(any_store) == 18_000
    async with any_store.read() as connection:
        assert (await PriceProposals(connection).get(number)).state == "proposed"


async def test_a_price_changed_after_approval_is_not_undone(any_store: Store) -> None:
    number = await proposed(any_store)
    await any_store.write(lambda c: PriceProposals(c).approve(number, "terminal", LATER))
    await any_store.write(lambda c: Catalogue(c).put_many([a_product(list_price=18_000)]))
    with pytest.raises(Conflict, match="somebody has changed it"):
        await any_store.write(lambda c: PriceProposals(c).undo(number, "terminal", LATER))
    assert await price(any_store) == 18_000


async def test_an_announced_sale_holds_the_price(any_store: Store) -> None:
    number = await proposed(any_store)
    sale = replace(a_product(), sale_price=15_000, sale_from=LATER + timedelta(days=2))
    await any_store.write(lambda c: Catalogue(c).put_many([sale]))
    with pytest.raises(Conflict, match="sale"):
        await any_store.write(lambda c: PriceProposals(c).approve(number, "terminal", LATER))
    assert await price(any_store) == 19_900


async def test_what_is_left_alone_declined_or_replaced_is_never_approved(any_store: Store) -> None:
    first = await proposed(any_store)

    async def more(connection: AsyncConnection) -> list[int]:
        one = PriceProposals(connection)
        await one.put([a_proposal(new_price=20_100)], LATER)
        await one.put([a_proposal(product_id="p2", state=LEFT_ALONE)], LATER)
        return [found.id for found in await one.latest()]

    left_alone, second, _ = await any_store.write(more)
    await any_store.write(lambda c: PriceProposals(c).decline(second, "terminal", LATER))
    async with any_store.read() as connection:
        states = {one.id: one.state for one in await PriceProposals(connection).latest()}
    assert states == {first: REPLACED, second: DECLINED, left_alone: LEFT_ALONE}
    for number in states:
        with pytest.raises(Conflict):
            await any_store.write(
                lambda c, number=number: PriceProposals(c).approve(number, "terminal", LATER)
            )
    with pytest.raises(NotFound):
        await any_store.write(lambda c: PriceProposals(c).approve(999, "terminal", LATER))
    assert await changes(any_store) == []


async def test_of_two_who_approve_at_once_one_does(any_store: Store) -> None:
    number = await proposed(any_store)

    async def approve() -> bool:
        try:
            await any_store.write(lambda c: PriceProposals(c).approve(number, "terminal", LATER))
        except Conflict:
            return False
        return True

    assert sorted(await asyncio.gather(approve(), approve(), approve())) == [False, False, True]
    assert await changes(any_store) == [(19_900, 20_500)]


async def test_sales_are_counted_by_period(any_store: Store) -> None:
    await any_store.write(stock_shop)
    rows = [
        StoredEvent(
            id=f"e{place}",
            kind="purchase",
            customer_id="c1",
            product_id="p1",
            at=NOW - timedelta(days=days),
            quantity=2,
            amount=500,
        )
        for place, days in enumerate((0, 0, 1, 40))
    ]
    await any_store.write(lambda c: Events(c).append(rows))
    async with any_store.read() as connection:
        found = await PriceProposals(connection).sold(NOW - timedelta(days=10), NOW + timedelta(days=1))
    assert sorted((one.quantity, one.amount) for one in found) == [(2, 500), (4, 1_000)]
