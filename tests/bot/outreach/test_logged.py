"""What a win-back message offers is logged like an offer in a conversation, with what could have been chosen."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from bot.outreach.last_look import LastLook
from bot.outreach.planner import Planner
from storage import Store
from storage.schema import customer, shown
from tests.bot.outreach.campaigns import SOON, leave, one_planned
from tests.factories import add_budget, add_purchase


async def logged(store: Store) -> list[tuple[str, str, float, list[dict[str, float]]]]:
    async with store.read() as connection:
        rows = (await connection.execute(select(shown).where(shown.c.kind == "offer"))).all()
    assert all(row.at == SOON and row.valid_until > SOON for row in rows)
    return [(row.customer_id, row.product_id, row.score, row.eligible) for row in rows]


async def test_the_price_and_what_it_was_chosen_from(
    any_store: Store, planner: Planner, last_look: LastLook
) -> None:
    await one_planned(any_store, planner)
    await any_store.write(lambda c: add_purchase(c, "c", "p1", SOON - timedelta(days=90)))
    await any_store.write(lambda c: add_budget(c, 100_000))
    assert len(await leave(any_store, last_look)) == 1
    ((who, what, price, eligible),) = await logged(any_store)
    assert (who, what) == ("c", "p1")
    assert price < 10_000
    assert eligible == [{"price": 10_000, "probability": 0.0}, {"price": price, "probability": 1.0}]


async def test_the_price_for_everybody_too(any_store: Store, planner: Planner, last_look: LastLook) -> None:
    await one_planned(any_store, planner)
    await any_store.write(lambda c: c.execute(update(customer).values(personal_prices=False)))
    assert len(await leave(any_store, last_look)) == 1
    assert await logged(any_store) == [("c", "p1", 10_000, [{"price": 10_000, "probability": 1.0}])]


async def test_what_does_not_leave_is_not_logged(
    any_store: Store, planner: Planner, last_look: LastLook
) -> None:
    await one_planned(any_store, planner)
    await any_store.write(lambda c: add_purchase(c, "c", "p1", SOON))
    assert await leave(any_store, last_look) == []
    assert await logged(any_store) == []
