"""What a shop's rules for prices say holds in the store, also for those who ask at the same moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import Decisions, OfferReason
from bot.models.retention import ServedRetention
from bot.shop.prices import FILE, Prices
from retention.types import Offer
from storage import Conflict, Store
from storage.customers import Consents
from storage.offers import Offers, StoredOffer
from storage.redemptions import CodeRefused, Redemptions
from storage.schema import budget, offer, product
from tests.factories import NOW, add_customer, add_product, add_purchase, add_score

BUDGET = """
[budget]
currency = "CNY"
each = "month"
total = 40
customer = 25
campaigns = { win-back = 15 }
"""
"""Enough for five offers of 8 yuan; for three to one customer; for one of a campaign's."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / FILE).write_text(BUDGET, encoding="utf-8")
    return tmp_path


@pytest.fixture
def decisions(any_store: Store, home: Path) -> Decisions:
    return Decisions(ServedRetention(any_store, home), prices=Prices(home, "Asia/Shanghai"), stock_age=0.0)


async def put_shop(connection: AsyncConnection, people: int = 8, days: int = 10) -> None:
    """Products at ¥100, and customers who bought something else on so many days."""
    for number in range(5):
        await add_product(connection, f"p{number}", list_price=10_000, cost=5_000)
    await add_product(connection, "other")
    for number in range(people):
        await put_customer(connection, f"c{number}", days)


async def put_customer(connection: AsyncConnection, customer_id: str, days: int) -> None:
    await add_customer(connection, customer_id)
    for back in range(days):
        await add_purchase(connection, customer_id, "other", NOW - timedelta(days=20 + back))


async def decide(
    decisions: Decisions, connection: AsyncConnection, customer_id: str, product_id: str = "p0",
    reason: OfferReason = "asked", campaign: str | None = None,
) -> Offer:  # fmt: skip
    return await decisions.offer(
        connection, customer_id=customer_id, product_id=product_id, reason=reason, now=NOW, campaign=campaign
    )


async def get(
    decisions: Decisions, connection: AsyncConnection, customer_id: str, product_id: str = "p0",
    reason: OfferReason = "asked", campaign: str | None = None,
) -> StoredOffer | None:  # fmt: skip
    """Decide and keep, as a conversation does."""
    made = await decide(decisions, connection, customer_id, product_id, reason, campaign)
    if not made.personal:
        return None
    return await decisions.reserve(connection, made, reason=reason, now=NOW, campaign=campaign)


async def reserved(store: Store) -> dict[str, int]:
    async with store.read() as connection:
        rows = await connection.execute(select(budget.c.id, budget.c.reserved))
        return {row.id: row.reserved for row in rows}


MONTH, CAMPAIGN = "CNY month 2026-11-01", "CNY month 2026-11-01 win-back"


async def test_an_offer_draws_on_the_months_budget_and_its_campaigns(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(put_shop)
    await any_store.write(lambda c: add_score(c, "c0", 0.9))
    made = await any_store.write(
        lambda c: get(decisions, c, "c0", reason="win_back", campaign="win-back")
    )  # fmt: skip
    assert made is not None
    # 8 % for loyalty and 13 % for the risk would be ¥20: what the campaign has is less.
    assert made.list_price - made.price == 1_500
    assert await reserved(any_store) == {MONTH: 1_500, CAMPAIGN: 1_500}
    assert await any_store.write(lambda c: get(decisions, c, "c1", "p1", "win_back", "win-back")) is None
    asked = await any_store.write(lambda c: get(decisions, c, "c1", "p1"))
    assert asked is not None
    assert await reserved(any_store) == {MONTH: 2_300, CAMPAIGN: 1_500}
    await any_store.write(lambda c: Offers(c).withdraw(made.id, NOW))
    assert await reserved(any_store) == {MONTH: 800, CAMPAIGN: 0}
    await any_store.write(lambda c: Offers(c).expire(NOW + timedelta(days=4)))
    assert await reserved(any_store) == {MONTH: 0, CAMPAIGN: 0}


async def keep_at_once(
    store: Store, decisions: Decisions, wanted: list[tuple[str, str]]
) -> list[StoredOffer | Conflict]:
    """Everybody decides, then everybody keeps."""
    async with store.read() as connection:
        made = [await decide(decisions, connection, *one) for one in wanted]
    assert all(one.personal for one in made)
    found = await asyncio.gather(
        *(store.write(partial(decisions.reserve, offer=one, reason="asked", now=NOW)) for one in made),
        return_exceptions=True,
    )
    wrong = [one for one in found if not isinstance(one, StoredOffer | Conflict)]
    assert not wrong
    return [one for one in found if isinstance(one, StoredOffer | Conflict)]


async def test_many_at_once_get_no_more_than_the_budget_has(any_store: Store, decisions: Decisions) -> None:
    await any_store.write(put_shop)
    wanted = [(f"c{number}", f"p{number % 5}") for number in range(8)]
    found = await keep_at_once(any_store, decisions, wanted)
    assert sum(isinstance(one, StoredOffer) for one in found) == 5
    assert await reserved(any_store) == {MONTH: 4_000}


async def test_one_customer_at_once_gets_no_more_than_a_customers_part(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(put_shop)
    found = await keep_at_once(any_store, decisions, [("c0", f"p{number}") for number in range(5)])
    assert sum(isinstance(one, StoredOffer) for one in found) == 3
    assert await reserved(any_store) == {MONTH: 2_400}


async def test_one_customer_at_once_holds_no_more_offers_than_one_may(
    any_store: Store, home: Path, decisions: Decisions
) -> None:
    (home / FILE).write_text(f"[caps]\nat_once = 2\n{BUDGET}", encoding="utf-8")
    await any_store.write(put_shop)
    found = await keep_at_once(any_store, decisions, [("c0", f"p{number}") for number in range(5)])
    assert sum(isinstance(one, StoredOffer) for one in found) == 2
    async with any_store.read() as connection:
        assert [one.code for one in (await decide(decisions, connection, "c0", "p4")).reasons][-1] in (
            "too_many_offers",
            "existing_offer",
        )


async def test_a_code_is_used_once_also_at_the_same_moment(any_store: Store, decisions: Decisions) -> None:
    await any_store.write(put_shop)
    made = await any_store.write(lambda c: get(decisions, c, "c0"))
    assert made is not None
    uses = await asyncio.gather(
        *(
            any_store.write(lambda c: Redemptions(c).use(made.code, customer_id="c0", order_id=None, now=NOW))
            for _ in range(6)
        ),
        return_exceptions=True,
    )
    assert [one.again for one in uses if not isinstance(one, BaseException)].count(False) == 1
    assert not [one for one in uses if isinstance(one, BaseException) and not isinstance(one, CodeRefused)]
    assert await reserved(any_store) == {MONTH: 800}


async def test_a_smaller_budget_holds_at_once_and_takes_back_nothing(
    any_store: Store, home: Path, decisions: Decisions
) -> None:
    await any_store.write(put_shop)
    assert await any_store.write(lambda c: get(decisions, c, "c0")) is not None
    (home / FILE).write_text(BUDGET.replace("total = 40", "total = 7"), encoding="utf-8")
    async with any_store.read() as connection:
        assert not (await decide(decisions, connection, "c1", "p1")).personal
        kept = await decide(decisions, connection, "c0")
    assert kept.price.minor == 9_200


async def test_without_a_budget_and_without_a_cost_nobody_is_offered_anything_and_it_says_why(
    any_store: Store, home: Path, decisions: Decisions
) -> None:
    await any_store.write(put_shop)
    await any_store.write(lambda c: c.execute(product.update().where(product.c.id == "p1").values(cost=None)))
    async with any_store.read() as connection:
        made = await decide(decisions, connection, "c0", "p1")
        assert [one.code for one in made.reasons] == ["list_price", "no_cost"]
        (home / FILE).unlink()
        made = await decide(decisions, connection, "c0")
        assert [one.code for one in made.reasons] == ["list_price", "no_budget"]
        # A broken file leaves what was in use.
        (home / FILE).write_text("[budget", encoding="utf-8")
        made = await decide(decisions, connection, "c0")
        assert [one.code for one in made.reasons] == ["list_price", "no_budget"]


async def test_a_margin_that_the_shop_states_stands_in_for_a_cost(any_store: Store, home: Path) -> None:
    stated = Decisions(ServedRetention(any_store, home), prices=Prices(home), stock_age=0.0, margin=0.4)
    await any_store.write(put_shop)
    await any_store.write(lambda c: c.execute(product.update().where(product.c.id == "p1").values(cost=None)))
    async with any_store.read() as connection:
        assert (await decide(stated, connection, "c0", "p1")).price.minor == 9_200


async def test_who_refuses_profiling_gets_the_price_for_everybody(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(put_shop)
    word = partial(Consents.record, purpose="profiling", source="t", customer_id="c0")
    await any_store.write(lambda c: word(Consents(c), granted=False, now=NOW - timedelta(hours=1)))
    async with any_store.read() as connection:
        made = await decide(decisions, connection, "c0")
    assert [one.code for one in made.reasons] == ["list_price", "profiling_refused"]
    await any_store.write(lambda c: word(Consents(c), granted=True, now=NOW))
    async with any_store.read() as connection:
        assert (await decide(decisions, connection, "c0")).personal


async def test_a_better_tier_gets_what_a_lower_one_holds(
    any_store: Store, home: Path, decisions: Decisions
) -> None:
    """Twelve purchase days and a first-time buyer in a win-back: nobody of the two is offered worse."""
    (home / FILE).write_text(BUDGET.replace("total = 40", "total = 400"), encoding="utf-8")
    await any_store.write(lambda c: put_shop(c, people=0))
    for name, days in (("new", 1), ("loyal", 12), ("middle", 3)):
        await any_store.write(partial(put_customer, customer_id=name, days=days))
    await any_store.write(lambda c: add_score(c, "new", 0.97))
    before = await any_store.write(lambda c: get(decisions, c, "middle"))
    won = await any_store.write(lambda c: get(decisions, c, "new", reason="win_back"))
    assert before is not None
    assert won is not None
    assert (before.price, won.price, won.tier) == (9_700, 8_560, 0)
    asked = await any_store.write(lambda c: get(decisions, c, "loyal"))
    assert asked is not None
    assert (asked.price, asked.tier, asked.valid_until) == (8_560, 3, won.valid_until)
    # Who holds a worse offer gets the better price under the code that they have.
    again = await any_store.write(lambda c: get(decisions, c, "middle"))
    assert again is not None
    assert (again.id, again.code, again.price) == (before.id, before.code, 8_560)
    assert [one["code"] for one in again.reasons] == ["list_price", "loyalty", "live_step"]
    assert await reserved(any_store) == {MONTH: 3 * 1_440}
    async with any_store.read() as connection:
        states = await connection.scalars(select(offer.c.state))
        assert list(states) == ["live"] * 3


async def test_an_offer_that_ran_out_gives_way_before_anybody_has_ended_it(
    any_store: Store, decisions: Decisions
) -> None:
    await any_store.write(put_shop)
    first, later = await any_store.write(lambda c: get(decisions, c, "c0")), NOW + timedelta(days=5)
    assert first is not None

    async def again(connection: AsyncConnection) -> StoredOffer:
        made = await decisions.offer(connection, customer_id="c0", product_id="p0", reason="asked", now=later)
        return await decisions.reserve(connection, made, reason="asked", now=later)

    second = await any_store.write(again)
    async with any_store.read() as connection:
        states = dict((await connection.execute(select(offer.c.id, offer.c.state))).all())
    assert states == {first.id: "expired", second.id: "live"}
    assert await reserved(any_store) == {MONTH: 800}
