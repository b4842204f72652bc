"""A shop that sends its orders and nothing else: everything that decides on purchases sees them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs.refit import refit
from bot.models.decisions import Decisions, all_events
from bot.models.history import read_history
from bot.models.retention import ServedRetention
from bot.outreach.last_look import LastLook
from bot.outreach.planner import HOLDOUT, MESSAGE, Planner, note_answers
from bot.settings import Settings
from retention.types import EventKind
from storage import Store
from storage.campaigns import Campaigns
from storage.responses import ArmResult, Responses
from storage.schema import campaign_contact, outbox, score
from tests.bot.api.shop import CUSTOMER, NOW, PRODUCT, Shop, an_order, opened
from tests.bot.outreach.campaigns import claim, ended, start, write
from tests.conftest import make_tables
from tests.factories import add_budget, add_customer, add_score

DAY = timedelta(days=1)


def products(count: int) -> list[dict[str, Any]]:
    return [{**PRODUCT, "id": f"p{n}", "code": f"T-{n}", "stock": 500} for n in range(1, count + 1)]


def bought(name: str, at: datetime, *items: str, **values: Any) -> dict[str, Any]:
    lines = [{"product_id": item, "quantity": 1, "unit_price": 9_900} for item in items]
    return an_order(name, **{"placed_at": at.isoformat(), "status": "delivered", "lines": lines, **values})


async def test_who_ordered_often_is_offered_a_loyal_customers_price(any_shop: Shop, tmp_path: Path) -> None:
    await any_shop.stocked()
    await any_shop.store.write(lambda c: add_budget(c, 100_000))
    decisions = Decisions(ServedRetention(any_shop.store, tmp_path))

    async def reasons() -> dict[str, float | None]:
        async with any_shop.store.read() as connection:
            made = await decisions.offer(
                connection, customer_id="c1", product_id="p1", reason="asked", now=NOW
            )
        return {reason.code: reason.value for reason in made.reasons}

    assert "loyalty" not in await reasons()
    orders = [bought(f"o{month}", NOW - month * 30 * DAY, "p1") for month in range(1, 11)]
    await any_shop.send("orders", *orders)
    assert (await reasons())["loyalty"] == 10.0
    assert "bought_before" in await reasons()
    await any_shop.send("orders", *({**order, "status": "returned"} for order in orders))
    assert "loyalty" not in await reasons()


async def test_an_order_stops_a_win_back_message_and_is_counted_in_what_came_of_it(
    any_shop: Shop, tmp_path: Path
) -> None:
    store = any_shop.store
    await any_shop.stocked()
    for name in ("sent", "planned", "quiet"):
        await store.write(lambda c, who=name: add_customer(c, who, telegram=f"t-{who}", risk=0.9))
    await store.write(lambda c: add_customer(c, "alone", telegram="t-alone"))
    await store.write(lambda c: add_score(c, "alone", 0.9))
    await any_shop.send(
        "orders", *(bought(f"old-{who}", NOW - 300 * DAY, "p1", customer_id=who) for who in PEOPLE)
    )
    decisions = Decisions(ServedRetention(store, tmp_path))
    planner = Planner(store, decisions, "Asia/Shanghai", channels=["telegram"])
    campaign = await store.write(
        lambda c: Campaigns(c).ensure("win-back", "win_back", holdout=0.0, settings={}, seed=7, now=NOW)
    )
    await planner.run(campaign, "s1", NOW)
    await store.write(_one_is_left_alone_and_two_have_been_written_to)
    later = any_shop.clock.now = NOW + 2 * DAY
    await any_shop.send("orders", *(bought(f"new-{who}", later, "p1", customer_id=who) for who in PEOPLE[:3]))

    last_look = LastLook(decisions, write, "Asia/Shanghai", channels=["telegram"])
    leaving = later + timedelta(hours=1)
    assert [await start(store, last_look, row, leaving) for row in await claim(store, leaving)] == [None] * 2
    assert ("cancelled", "bought") in await ended(store)
    await note_answers(store, later + DAY)
    async with store.read() as connection:
        results = {arm.arm: arm for arm in await Responses(connection).results(campaign.id)}
    assert results == {
        HOLDOUT: ArmResult(arm=HOLDOUT, customers=1, sent=0, responded=0, returned=1, stopped=0),
        MESSAGE: ArmResult(arm=MESSAGE, customers=3, sent=2, responded=1, returned=2, stopped=0),
    }


PEOPLE = ("sent", "planned", "alone", "quiet")


async def _one_is_left_alone_and_two_have_been_written_to(connection: AsyncConnection) -> None:
    await connection.execute(
        update(campaign_contact)
        .where(campaign_contact.c.customer_id == "alone")
        .values(arm=HOLDOUT, outbox_id=None)
    )
    await connection.execute(
        update(outbox)
        .where(outbox.c.customer_id.in_(("sent", "quiet")))
        .values(state="sent", finished_at=NOW + timedelta(hours=1))
    )


def visit(customer: int, number: int) -> dict[str, Any]:
    """One of a customer's orders, each of another product."""
    at = NOW - (20 + customer + 25 * number) * DAY
    product = f"p{1 + (customer + number) % 8}"
    return bought(f"o{customer}-{number}", at, product, customer_id=f"c{customer}")


async def test_models_are_fitted_to_the_orders_and_recommend_what_was_not_bought(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    await make_tables(settings.store_url)
    store = Store.open(settings.store_url)
    async with opened(store) as shop:
        await shop.send("customers", *({**CUSTOMER, "id": f"c{n}", "email": None} for n in range(40)))
        await shop.send("products", *products(8))
        for n in range(40):
            await shop.send("orders", *(visit(n, number) for number in range(1 + n % 5)))
    history = read_history(settings.store_url, int(NOW.timestamp()) * 10**6)
    assert history.events.num_rows == sum(1 + n % 5 for n in range(40))
    result = await refit(settings, seed=1, progress=lambda _step, _share: None, now=NOW)
    assert result.customers_scored == 40
    served = ServedRetention(store, tmp_path)
    assert await served.refresh()
    decisions = Decisions(served)
    async with store.read() as connection:
        assert len((await connection.execute(select(score))).all()) == 40
        owned = {
            event.product for event in await all_events(connection, "c4") if event.kind is EventKind.PURCHASE
        }
        found = await decisions.recommend(connection, customer_id="c4", n=3, now=NOW)
        risk = await decisions.risk(connection, customer_id="c4", now=NOW)
    await store.close()
    assert owned == {"p5", "p6", "p7", "p8", "p1"}
    assert {item.product for item in found} == {"p2", "p3", "p4"}
    assert any(reason.product in owned for item in found for reason in item.reasons)
    assert 0 < risk.probability < 1
