"""Offers are kept with their code and budget in one transaction, and never twice."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.event import listen, remove
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import Decisions, OfferReason
from bot.models.retention import ServedRetention
from bot.shop.prices import Prices
from retention.types import Offer
from storage import Conflict, NotFound, Store
from storage.customers import Customers
from storage.offers import Offers, StoredOffer
from storage.schema import budget, offer, product, shown
from tests.factories import NOW, add_budget, add_customer, add_product, add_purchase


@pytest.fixture
def decisions(any_store: Store, tmp_path: Path) -> Decisions:
    return Decisions(ServedRetention(any_store, tmp_path), stock_age=0.0)


async def loyal_customer(connection: AsyncConnection, customer_id: str = "c1") -> None:
    """Somebody who bought the product often enough to be offered something, in a shop with a budget."""
    await add_product(connection, "p1", list_price=10_000, cost=4_000, stock=500)
    await add_product(connection, "p2", list_price=10_000, cost=9_900)
    await add_customer(connection, customer_id, risk=0.9)
    for months in range(1, 13):
        await add_purchase(connection, customer_id, "p1", NOW - timedelta(days=30 * months))


async def ask(
    store: Store,
    decisions: Decisions,
    product_id: str = "p1",
    *,
    customer_id: str = "c1",
    reason: OfferReason = "asked",
) -> Offer:
    async with store.read() as connection:
        return await decisions.offer(
            connection, customer_id=customer_id, product_id=product_id, reason=reason, now=NOW
        )


async def keep(store: Store, decisions: Decisions, made: Offer) -> str:
    stored = await store.write(lambda c: decisions.reserve(c, made, reason="asked", now=NOW))
    return stored.code


async def reserved(store: Store) -> int:
    async with store.read() as connection:
        return int(await connection.scalar(select(budget.c.reserved)) or 0)


async def test_asking_again_gives_the_same_price_and_code(any_store: Store, decisions: Decisions) -> None:
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 100_000))
    first = await ask(any_store, decisions)
    assert first.personal
    code = await keep(any_store, decisions, first)
    again = await ask(any_store, decisions)
    assert again.price == first.price
    assert await keep(any_store, decisions, again) == code


async def test_a_discount_is_taken_from_the_budget_and_given_back_when_it_expires(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 100_000))
    made = await ask(any_store, decisions)
    await keep(any_store, decisions, made)
    assert await reserved(any_store) == made.list_price.minor - made.price.minor > 0
    ended = await any_store.write(lambda c: Offers(c).expire(made.valid_until + timedelta(seconds=1)))
    assert ended == 1
    assert await reserved(any_store) == 0


async def live_offers(store: Store) -> dict[str, list[StoredOffer]]:
    async with store.read() as connection:
        return {f"c{n:02}": await Offers(connection).live(f"c{n:02}", NOW) for n in range(20)}


async def test_asked_and_written_to_at_once_a_customer_gets_one_price(
    any_store: Store, decisions: Decisions
) -> None:
    people = [f"c{n:02}" for n in range(20)]
    for customer_id in people:
        await any_store.write(lambda c, who=customer_id: loyal_customer(c, who))
    await any_store.write(lambda c: add_budget(c, 10_000_000))
    both_decided = {customer_id: asyncio.Barrier(2) for customer_id in people}
    conflicts: list[str] = []

    async def promise(customer_id: str, reason: OfferReason) -> tuple[str, int]:
        """Decide and keep it, again when something came in between, as the conversation and the planner do."""
        made = await ask(any_store, decisions, customer_id=customer_id, reason=reason)
        await both_decided[customer_id].wait()
        while True:
            try:
                stored = await any_store.write(partial(decisions.reserve, offer=made, reason=reason, now=NOW))
            except Conflict:
                conflicts.append(customer_id)
                made = await ask(any_store, decisions, customer_id=customer_id, reason=reason)
            else:
                return stored.code, made.price.minor

    asked = asyncio.gather(*(promise(customer_id, "asked") for customer_id in people))
    won_back = asyncio.gather(*(promise(customer_id, "win_back") for customer_id in people))
    assert await asked == await won_back
    assert sorted(conflicts) == people
    live = await live_offers(any_store)
    assert [len(offers) for offers in live.values()] == [1] * 20
    discounts = [one.list_price - one.price for offers in live.values() for one in offers]
    assert await reserved(any_store) == sum(discounts)


async def test_an_offer_that_ran_out_unnoticed_makes_room_and_gives_its_budget_back(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 100_000))
    first = await ask(any_store, decisions)
    await keep(any_store, decisions, first)
    later = first.valid_until + timedelta(days=10)
    async with any_store.read() as connection:
        again = await decisions.offer(
            connection, customer_id="c1", product_id="p1", reason="asked", now=later
        )
    await any_store.write(lambda c: decisions.reserve(c, again, reason="asked", now=later))
    assert await reserved(any_store) == again.list_price.minor - again.price.minor > 0
    async with any_store.read() as connection:
        states = sorted(await connection.scalars(select(offer.c.state)))
    assert states == ["expired", "live"]


async def test_an_offer_that_ran_out_is_not_beaten_the_next_hour(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 100_000))
    first = await ask(any_store, decisions)
    await keep(any_store, decisions, first)
    later = first.valid_until + timedelta(hours=1)
    await any_store.write(lambda c: Offers(c).expire(later))
    async with any_store.read() as connection:
        again = await decisions.offer(
            connection, customer_id="c1", product_id="p1", reason="asked", now=later
        )
    assert again.price.minor >= first.price.minor


async def test_an_empty_budget_gives_the_list_price(any_store: Store, decisions: Decisions) -> None:
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 0))
    made = await ask(any_store, decisions)
    assert not made.personal
    assert made.price == made.list_price


async def test_a_budget_spent_in_between_is_a_conflict_and_keeps_nothing(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 100_000))
    made = await ask(any_store, decisions)
    await any_store.write(lambda c: c.execute(update(budget).values(reserved=budget.c.total)))
    with pytest.raises(Conflict):
        await keep(any_store, decisions, made)
    async with any_store.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(offer)) == 0


async def test_a_price_that_moved_in_between_is_a_conflict(any_store: Store, decisions: Decisions) -> None:
    await any_store.write(loyal_customer)
    made = await ask(any_store, decisions)
    await any_store.write(
        lambda c: c.execute(update(product).where(product.c.id == "p1").values(list_price=9_000))
    )
    with pytest.raises(Conflict):
        await keep(any_store, decisions, made)


async def _sale(store: Store, price: int | None, *, until: datetime | None = None) -> None:
    change = update(product).where(product.c.id == "p1").values(sale_price=price, sale_until=until)
    await store.write(lambda c: c.execute(change))


@pytest.mark.parametrize("sale", [9_900, 7_000, 4_500, 4_400, 3_900])
async def test_a_personal_price_is_below_what_everybody_pays_in_a_sale(
    any_store: Store, decisions: Decisions, sale: int
) -> None:
    """And not below the margin floor: where the sale is there already, the sale price holds for all."""
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 100_000))
    await _sale(any_store, sale)
    made = await ask(any_store, decisions)
    assert made.list_price.minor == sale
    assert made.personal == (made.price.minor < sale)
    least = 4_445
    assert made.personal == (sale > least)
    if made.personal:
        assert made.price.minor >= least
        assert await keep(any_store, decisions, made)


async def test_a_price_promised_before_a_sale_never_beats_it_upwards(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 100_000))
    promised = await ask(any_store, decisions)
    await keep(any_store, decisions, promised)
    await _sale(any_store, promised.price.minor - 100)
    made = await ask(any_store, decisions)
    assert (made.personal, made.price.minor) == (False, promised.price.minor - 100)
    # When the sale is over, what was promised holds again.
    await _sale(any_store, promised.price.minor - 100, until=NOW)
    assert (await ask(any_store, decisions)).price == promised.price


async def test_a_sale_that_began_in_between_is_a_conflict(any_store: Store, decisions: Decisions) -> None:
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 100_000))
    made = await ask(any_store, decisions)
    await _sale(any_store, made.price.minor)
    with pytest.raises(Conflict):
        await keep(any_store, decisions, made)


async def test_a_list_shows_one_variant_of_a_product(any_store: Store, decisions: Decisions) -> None:
    async def shirts(connection: AsyncConnection) -> None:
        for number in range(30):
            await add_product(connection, f"shirt{number}")
        await connection.execute(update(product).values(group_id="shirt"))
        for number in range(3):
            await add_product(connection, f"mug{number}")

    await any_store.write(shirts)
    async with any_store.read() as connection:
        shown = await decisions.recommend(connection, customer_id=None, n=6, now=NOW)
        others = await decisions.recommend(connection, customer_id=None, n=6, now=NOW, exclude={"shirt29"})
    assert sorted(one.product[:4] for one in shown) == ["mug0", "mug1", "mug2", "shir"]
    assert sorted(one.product for one in others) == ["mug0", "mug1", "mug2"]


async def test_thin_margins_and_switched_off_prices_stay_at_the_list(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(loyal_customer)
    await any_store.write(lambda c: add_budget(c, 100_000))
    assert (await ask(any_store, decisions, "p2")).price.minor == 10_000
    await any_store.write(lambda c: Customers(c).set_personal_prices("c1", False))
    made = await ask(any_store, decisions)
    assert made.price == made.list_price


async def test_what_is_not_there_is_said(any_store: Store, decisions: Decisions) -> None:
    await any_store.write(loyal_customer)
    with pytest.raises(NotFound):
        await ask(any_store, decisions, "nothing")


async def test_recommendations_leave_out_what_cannot_be_sold(any_store: Store, decisions: Decisions) -> None:
    async def shop(connection: AsyncConnection) -> None:
        await add_product(connection, "good")
        await add_product(connection, "sold-out", stock=0)
        await add_product(connection, "gone", active=False)

    await any_store.write(shop)
    async with any_store.read() as connection:
        found = await decisions.recommend(connection, customer_id=None, n=5, now=NOW)
        none = await decisions.recommend(
            connection, customer_id=None, n=5, now=NOW, among=["gone", "unknown"]
        )
    assert [item.product for item in found] == ["good"]
    assert none == []


async def test_what_was_shown_is_kept_with_its_chance(any_store: Store, decisions: Decisions) -> None:
    await any_store.write(lambda c: add_product(c, "p1"))
    await any_store.write(lambda c: add_customer(c, "c1"))

    async def show(connection: AsyncConnection) -> None:
        found = await decisions.recommend(connection, customer_id="c1", n=1, now=NOW)
        await decisions.record_shown(
            connection, found, customer_id="c1", account_id=None, conversation_id=None, now=NOW
        )

    await any_store.write(show)
    async with any_store.read() as connection:
        row = (await connection.execute(select(shown))).one()
    assert (row.product_id, row.position, row.kind) == ("p1", 0, "recommendation")
    assert 0 < row.probability <= 1
    assert row.policy
    assert row.reasons


async def test_an_offer_that_is_kept_takes_eleven_statements(store: Store, tmp_path: Path) -> None:
    """Six to decide; what the customer holds, the product, the offer, the budget and the link between them to keep it.
    The budget is made with its first offer, and not asked for with each."""
    (tmp_path / "prices.toml").write_text(
        '[budget]\ncurrency = "CNY"\neach = "month"\ntotal = 1000\n', "utf-8"
    )
    decisions = Decisions(ServedRetention(store, tmp_path), prices=Prices(tmp_path), stock_age=0.0)
    said: list[str] = []

    async def kept(connection: AsyncConnection, who: str) -> StoredOffer:
        made = await decisions.offer(connection, customer_id=who, product_id="p1", reason="asked", now=NOW)
        return await decisions.reserve(connection, made, reason="asked", now=NOW)

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    for who in ("c1", "c2"):
        await store.write(partial(loyal_customer, customer_id=who))
    await store.write(partial(kept, who="c1"))
    listen(Engine, "before_cursor_execute", hear)
    try:
        await store.write(partial(kept, who="c2"))
    finally:
        remove(Engine, "before_cursor_execute", hear)
    assert len(said) == 11, said
    async with store.read() as connection:
        [drawn] = await connection.scalars(select(budget.c.reserved))
        given = await connection.scalar(select(func.sum(offer.c.list_price - offer.c.price)))
    assert drawn == given > 0
