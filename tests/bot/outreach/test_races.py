"""At the same moment: two campaigns, an opt-out and a departure, a plan and a pause."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import false, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.departure import Leave, Verdict
from bot.outreach.last_look import LastLook
from bot.outreach.planner import Planner
from storage import Store
from storage.campaigns import Campaigns
from storage.customers import Consents
from storage.offers import NewOffer, Offers
from storage.outbox import OutboxRow
from storage.schema import customer
from tests.bot.delivery.fakes import until
from tests.bot.outreach.campaigns import SOON, campaign, claim, ended, one_planned, start
from tests.factories import NOW, add_budget, add_customer, add_product

PEOPLE = 12
LATER = SOON + timedelta(hours=1)


@asynccontextmanager
async def another(url: str) -> AsyncIterator[Store]:
    """The same store, opened by another process."""
    store = Store.open(url)
    try:
        yield store
    finally:
        await store.close()


WAITING = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'"""


async def waits_for_a_lock(store: Store) -> bool:
    async with store.read() as connection:
        return bool(await connection.scalar(text(WAITING)))


async def test_of_two_campaigns_at_the_same_moment_one_writes(
    any_store: Store,
    any_url: str,
    planner: Planner,
    last_look: LastLook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def everybody(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        for number in range(PEOPLE):
            await add_customer(connection, f"c{number:02}", telegram=str(1000 + number), risk=0.9)

    await any_store.write(everybody)
    # Two processes that plan side by side don't see each other's messages.
    monkeypatch.setattr("storage.audience._under_way", false)
    for name in ("win-back", "spring"):
        await planner.run(await campaign(any_store, holdout=0.0, name=name), "s1", NOW)
    rows = await claim(any_store, SOON)
    assert len(rows) == 2 * PEOPLE
    async with another(any_url) as other:
        started = await asyncio.gather(
            *(start(any_store, last_look, row, SOON) for row in rows[:PEOPLE]),
            *(start(other, last_look, row, SOON) for row in rows[PEOPLE:]),
        )
    written_to = [one.row.customer_id for one in started if one is not None]
    assert sorted(filter(None, written_to)) == [f"c{number:02}" for number in range(PEOPLE)]
    assert sorted(await ended(any_store), key=str) == sorted(
        [("sending", None)] * PEOPLE + [("cancelled", "cap")] * PEOPLE, key=str
    )


async def opt_out(connection: AsyncConnection) -> None:
    await Consents(connection).record("marketing", False, source="t", now=SOON, customer_id="c")


async def test_an_opt_out_that_is_being_committed_is_waited_for(
    any_store: Store, planner: Planner, last_look: LastLook
) -> None:
    await one_planned(any_store, planner)
    (row,) = await claim(any_store, SOON)
    said, on = asyncio.Event(), asyncio.Event()

    async def slowly(connection: AsyncConnection) -> None:
        await opt_out(connection)
        said.set()
        if any_store.dialect == "postgresql":
            await on.wait()

    stopping = asyncio.create_task(any_store.write(slowly))
    await said.wait()
    leaving = asyncio.create_task(start(any_store, last_look, row, SOON))
    if any_store.dialect == "postgresql":
        await until(lambda: waits_for_a_lock(any_store))
        on.set()
    await stopping
    assert await leaving is None
    assert await ended(any_store) == [("cancelled", "opted_out")]


def _offer(number: int, product_id: str, until: datetime) -> NewOffer:
    return NewOffer(
        code=f"L-{number}", customer_id="c", product_id=product_id, price=9_000, list_price=10_000, floor=1,
        currency="CNY", reason="asked", reasons=[], policy="p", probability=1.0, valid_until=until,
    )  # fmt: skip


async def test_an_offer_on_asking_and_one_that_leaves_wait_for_each_other_in_one_order(
    any_store: Store, any_url: str
) -> None:
    """Both hold the customer, then the budget: in two orders PostgreSQL would find a deadlock."""

    async def prepare(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        await add_product(connection, "p2")
        await add_budget(connection, 10**6)
        await add_customer(connection, "c")
        await Offers(connection).reserve(_offer(1, "p1", SOON), NOW)

    await any_store.write(prepare)
    held, on = asyncio.Event(), asyncio.Event()

    async def leaves(connection: AsyncConnection) -> None:
        await connection.execute(select(customer.c.id).where(customer.c.id == "c").with_for_update())
        held.set()
        if any_store.dialect == "postgresql":
            await on.wait()
        await Offers(connection).reserve(_offer(2, "p2", LATER + timedelta(days=1)), LATER)

    leaving = asyncio.create_task(any_store.write(leaves))
    await held.wait()
    async with another(any_url) as other:
        # The first one has run out and gives its discount back to the budget.
        asking = asyncio.create_task(
            other.write(lambda c: Offers(c).reserve(_offer(3, "p1", LATER + timedelta(days=1)), LATER))
        )
        if any_store.dialect == "postgresql":
            await until(lambda: waits_for_a_lock(any_store))
            on.set()
        await asyncio.gather(leaving, asking)
    async with any_store.read() as connection:
        assert len(await Offers(connection).live("c", LATER)) == 2


class SlowLook:
    """A last look that finds nothing, and takes until somebody lets it go on."""

    def __init__(self) -> None:
        self.looking, self.on = asyncio.Event(), asyncio.Event()

    async def look(self, connection: AsyncConnection, row: OutboxRow, now: datetime) -> Verdict:
        self.looking.set()
        await self.on.wait()
        return Leave(row.payload)

    async def not_sent(self, connection: AsyncConnection, row: OutboxRow) -> None: ...


async def test_an_opt_out_cannot_slip_in_between_the_look_and_the_point_of_no_return(
    any_store: Store, planner: Planner
) -> None:
    """It is committed before, and seen, or after: then the message was on its way."""
    await one_planned(any_store, planner)
    (row,) = await claim(any_store, SOON)
    slow = SlowLook()
    leaving = asyncio.create_task(start(any_store, slow, row, SOON))
    await slow.looking.wait()
    stopping = asyncio.create_task(any_store.write(opt_out))
    if any_store.dialect == "postgresql":
        await until(lambda: waits_for_a_lock(any_store))
    assert not stopping.done()
    slow.on.set()
    assert await leaving is not None
    await stopping
    assert await ended(any_store) == [("sending", None)]


@pytest.mark.parametrize("first", ["the pause", "the plan"])
async def test_nothing_is_planned_after_a_pause(any_store: Store, planner: Planner, first: str) -> None:
    async def prepare(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        await add_customer(connection, "c", telegram="1", risk=0.9)

    await any_store.write(prepare)
    won = await campaign(any_store, holdout=0.0)
    pause: Callable[[], Awaitable[object]] = lambda: any_store.write(  # noqa: E731
        lambda c: Campaigns(c).set_state(won.id, "paused", SOON)
    )
    plan: Callable[[], Awaitable[object]] = lambda: planner.run(won, "s1", NOW)  # noqa: E731
    await asyncio.gather(*(go() for go in ((pause, plan) if first == "the pause" else (plan, pause))))
    assert set(await ended(any_store)) <= {("cancelled", "campaign_paused")}
