"""List prices of the shop's own products: proposed from orders, changed by an admin alone, judged beside others."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import numpy as np
import pytest

from bot.staff.console.prices_demand import svg
from bot.staff.list_prices import FEWEST_WEEKS, TESTED, ListPrices
from bot.staff.roles import NotAllowed
from retention.errors import LogRefused
from retention.pricing.list_price import PriceLimits
from storage import Store
from storage.catalogue import Catalogue
from storage.events import Events, StoredEvent
from storage.price_proposals import APPROVED, LEFT_ALONE, PROPOSED, NewProposal, PriceProposals
from storage.staff import Staff, StaffMember
from tests.storage.shop import NOW, a_product

PRODUCTS = 12
COST = 1_000


async def member(store: Store, role: str = "admin") -> StaffMember:
    staff_id = await store.write(
        lambda c: Staff(c).add(login=role, name=role, role=role, password_hash="x", language="en", now=NOW)
    )
    return StaffMember(id=staff_id, login=role, name=role, role=role, language="en", active=True)


async def filled(store: Store, weeks: int, elasticity: float = -1.3) -> None:
    """A shop whose products sell at prices that move, and cost far less than they could be sold for."""
    draw = np.random.default_rng(0)
    rows = []
    for number in range(PRODUCTS):
        level = draw.uniform(3.0, 4.0)
        for week in range(weeks):
            price = round(1_400 * float(np.exp(draw.normal(0, 0.12))))
            units = int(np.exp(level + elasticity * np.log(price / 1_400) + draw.normal(0, 0.05)))
            rows.append(
                StoredEvent(
                    id=f"{number}-{week}",
                    kind="purchase",
                    customer_id="c1",
                    product_id=f"p{number}",
                    at=NOW - timedelta(days=7 * (weeks - week)),
                    quantity=max(units, 1),
                    amount=max(units, 1) * price,
                    currency="CNY",
                )
            )
    products = [
        a_product(f"p{one}", list_price=1_400, cost=COST, stock=5_000, category_id=None)
        for one in range(PRODUCTS)
    ]
    new = {"list_price": 1_400, "cost": COST, "category_id": None}
    products.append(a_product("new", **new))
    rows.append(
        StoredEvent(
            id="new", kind="purchase", customer_id="c1", product_id="new", at=NOW - timedelta(days=8),
            quantity=3, amount=4_200, currency="CNY",
        )
    )  # fmt: skip
    products.append(a_product("never", list_price=1_400, category_id=None))
    await store.write(lambda c: Catalogue(c).put_many(products))
    await store.write(lambda c: Events(c).append(rows))


@pytest.mark.slow
async def test_prices_below_what_earns_most_are_proposed_to_rise(store: Store) -> None:
    admin = await member(store)
    await filled(store, 30)
    service = ListPrices(store)
    made = await service.propose(admin, PriceLimits(endings=(99, 50)), NOW)
    assert len(made.proposals) >= PRODUCTS // 2
    assert all(1_400 < one.new_price <= 1_470 and one.new_price % 100 in (99, 50) for one in made.proposals)
    assert any("never has no sales" in one for one in made.refused)
    assert any("new has been sold for too few weeks" in one for one in made.refused)
    stored = await service.all(PROPOSED)
    async with store.read() as connection:
        assert {one.list_price for one in await Catalogue(connection).active()} == {1_400}
    await service.approve(admin, stored[0].id, NOW)
    async with store.read() as connection:
        changed = await Catalogue(connection).get(stored[0].product_id)
    assert changed is not None
    assert changed.list_price == stored[0].new_price


@pytest.mark.slow
async def test_demand_is_told_with_its_forecast_and_its_elasticity(store: Store) -> None:
    await filled(store, 30)
    found = await ListPrices(store).demand(NOW)
    assert len(found) == PRODUCTS
    totals = [sum(one.sold) for one in found]
    assert totals == sorted(totals, reverse=True)
    for one in found:
        assert len(one.point) == TESTED
        assert all(
            low <= point <= high for low, point, high in zip(one.lower, one.point, one.upper, strict=True)
        )
        assert one.elasticity.low <= one.elasticity.value <= one.elasticity.high < 0
        drawn = ElementTree.fromstring(svg(one, "at most <9> & no more"))  # noqa: S314 - our own
        assert drawn.get("aria-label") == "at most <9> & no more"
        places = [point.split(",") for line in drawn for point in line.attrib["points"].split()]
        assert all(0 <= float(x) <= 720 and 0 <= float(y) <= 180 for x, y in places)


async def test_a_shop_with_few_weeks_is_told_so(store: Store) -> None:
    admin = await member(store)
    await filled(store, FEWEST_WEEKS - 1)
    with pytest.raises(LogRefused, match="whole weeks"):
        await ListPrices(store).propose(admin, PriceLimits(), NOW)


def a_proposal(product_id: str, state: str = PROPOSED) -> NewProposal:
    return NewProposal(
        product_id=product_id,
        old_price=1_400,
        new_price=1_450,
        currency="CNY",
        state=state,
        gain=10.0,
        low=1.0,
        high=20.0,
        reasons=[],
    )


@pytest.mark.parametrize("role", ["agent", "viewer", "campaigner"])
async def test_only_an_admin_changes_prices(store: Store, role: str) -> None:
    other = await member(store, role)
    await filled(store, 2)
    await store.write(lambda c: PriceProposals(c).put([a_proposal("p0")], NOW))
    [one] = await ListPrices(store).all()
    for decide in (ListPrices(store).approve, ListPrices(store).decline, ListPrices(store).undo):
        with pytest.raises(NotAllowed):
            await decide(other, one.id, NOW)
    async with store.read() as connection:
        found = await Catalogue(connection).get("p0")
    assert found is not None
    assert found.list_price == 1_400


async def test_what_prices_earned_is_told_beside_those_left_alone(any_store: Store) -> None:
    admin = await member(any_store)
    await filled(any_store, 20)
    service, at = ListPrices(any_store), NOW - timedelta(days=29)
    rows = [a_proposal(f"p{one}", PROPOSED if one < 6 else LEFT_ALONE) for one in range(PRODUCTS)]
    await any_store.write(lambda c: PriceProposals(c).put(rows, at))
    before = await service.outcome(NOW)
    assert before.effect is None
    for one in await service.all(PROPOSED):
        await service.approve(admin, one.id, at)
    found = (await service.outcome(NOW)).effect
    assert found is not None
    assert (found.changed, found.compared) == (6, 6)
    assert found.low <= found.value <= found.high
    # The orders were made without any answer to the approval.
    assert not found.certain
    assert {one.state for one in await service.all()} == {APPROVED, LEFT_ALONE}
