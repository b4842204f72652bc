"""List prices of the shop's own products: proposed from orders, changed by an admin alone, judged beside others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from bot.staff.console.prices_demand import svg
from bot.staff.demand_panel import FEWEST_WEEKS, Known, ListPriceHistory, panel, week_of
from bot.staff.list_prices import ListPrices
from bot.staff.list_proposing import TESTED, limits_of
from bot.staff.roles import NotAllowed
from retention.errors import LogRefused
from retention.pricing.list_price import PriceLimits, PriceRefused
from retention.pricing.policy import WrittenPrices, parse_prices
from storage import Store
from storage.audit import Audit
from storage.catalogue import Catalogue, Product
from storage.demand_log import DemandLog, Gone, PriceChange, Reduced
from storage.events import Events, StoredEvent
from storage.price_proposals import APPROVED, LEFT_ALONE, PROPOSED, DaySold, NewProposal, PriceProposals
from storage.staff import Staff, StaffMember
from tests.storage.shop import NOW, a_product

PRODUCTS = 12
COST = 1_000


async def member(store: Store, role: str = "admin") -> StaffMember:
    staff_id = await store.write(
        lambda c: Staff(c).add(login=role, name=role, role=role, password_hash="x", language="en", now=NOW)
    )
    return StaffMember(id=staff_id, login=role, name=role, role=role, language="en", active=True)


def rules(text: str) -> Callable[[], WrittenPrices]:
    """What is in force with a file of this text."""
    written = parse_prices(text)
    return lambda: written


async def filled(store: Store, weeks: int, elasticity: float = -1.3, moving: float = 0.12) -> None:
    """A shop whose products sell at prices that move, and cost far less than they could be sold for."""
    draw = np.random.default_rng(0)
    rows = []
    for number in range(PRODUCTS):
        level = draw.uniform(3.0, 4.0)
        for week in range(weeks):
            price = round(1_400 * float(np.exp(draw.normal(0, moving))))
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
    service = ListPrices(store, rules('endings = [".99", ".50"]'))
    made = await service.propose(admin, NOW)
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
async def test_nothing_is_raised_where_prices_hardly_moved(store: Store) -> None:
    admin = await member(store)
    await filled(store, 30, moving=0.001)
    made = await ListPrices(store).propose(admin, NOW)
    assert list(made.proposals) == []
    assert made.kept["hardly_moved"] == PRODUCTS


@pytest.mark.slow
async def test_the_written_rule_approves_what_it_covers_and_a_person_undoes_it(store: Store) -> None:
    admin = await member(store)
    await filled(store, 30)
    text = (
        '[list_prices]\nstep = 4\napprove = "by_rule"\n'
        '[list_prices.rule]\nlargest_change = 3\nproducts = ["P0", "P1", "P2", "P3", "P4", "P5"]\n'
    )
    wide = ListPrices(store, rules(text.replace("largest_change = 3", "largest_change = 4")))
    narrow = ListPrices(store, rules(text))
    assert {one.state for one in (await narrow.propose(admin, NOW)).proposals} == {PROPOSED, LEFT_ALONE}
    made = await wide.propose(admin, NOW)
    done = [one for one in made.proposals if one.state == APPROVED]
    assert done
    assert {one.product_id for one in done} <= {f"p{one}" for one in range(6)}
    assert {one.decided_by for one in done} == {"rule"}
    assert any(one.state == PROPOSED for one in made.proposals)
    first = done[0]
    async with store.read() as connection:
        products = {one.id: one for one in await Catalogue(connection).active()}
        [entry] = await Audit(connection).of(f"product:{first.product_id}")
    assert products[first.product_id].list_price == first.new_price
    assert (entry.actor, entry.details["rule"]["largest_change"]) == ("rule", "4")
    await wide.undo(admin, first.id, NOW)
    # Neither on the same day, nor when the week is over: somebody said no.
    for later in (timedelta(hours=1), timedelta(days=8)):
        again = await wide.propose(admin, NOW + later)
        assert first.product_id not in {one.product_id for one in again.proposals if one.state == APPROVED}
    async with store.read() as connection:
        found = await Catalogue(connection).get(first.product_id)
    assert found is not None
    assert found.list_price == 1_400


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
        await ListPrices(store).propose(admin, NOW)


def known_of(*products: Product, **logged: Any) -> Known:
    """What a log says of products sold in each of twenty weeks, two a week."""
    last = week_of(NOW)
    sold = [
        DaySold(product_id=one.id, period=week, quantity=2, amount=2 * one.list_price)
        for one in products
        for week in range(last - 20, last)
    ]
    empty: dict[str, Any] = {"interest": (), "gone": (), "reduced": (), "changes": ()}
    return Known(now=NOW, products=products, sold=sold, **{**empty, **logged})


def begins(week: int) -> datetime:
    return datetime.fromtimestamp(week * 7 * 86_400, UTC)


def test_what_the_shop_logged_of_stock_promotions_and_interest_reaches_the_table() -> None:
    last = week_of(NOW)
    tea = a_product("tea", code="TEA", category_id="drinks", stock=5)
    cup = a_product("cup", code="CUP", category_id="ware", stock=0)
    of = known_of(
        tea,
        cup,
        gone=[
            Gone(product_id="tea", since=begins(last - 6), until=begins(last - 5) + timedelta(days=1)),
            Gone(product_id="tea", since=begins(last - 2), until=None),
        ],
        reduced=[
            Reduced(
                category_id="ware",
                product_ids=None,
                valid_from=begins(last - 9),
                valid_until=begins(last - 8),
            )
        ],
        interest=({("tea", last - 3): 7, ("unknown", last - 3): 1}, {}),
    )
    text = f"""
        [[list_prices.sales]]
        first_day = {begins(last - 4).date()}
        last_day = {(begins(last - 3) - timedelta(days=1)).date()}
        products = ["TEA"]
        """
    found = panel(of, parse_prices(text).list_prices.sales, ZoneInfo("UTC"))
    rows = {name: place for place, name in enumerate(found.products)}
    # From the end: the last whole week is -1.
    cut = found.censored[rows["tea"]]
    assert [place - 20 for place in np.flatnonzero(cut)] == [-6, -5, -2]
    # There is none of it now: perhaps since its last sale.
    assert list(np.flatnonzero(found.censored[rows["cup"]])) == [19]
    assert [place - 20 for place in np.flatnonzero(found.promotion[rows["tea"]])] == [-4]
    assert [place - 20 for place in np.flatnonzero(found.promotion[rows["cup"]])] == [-9]
    assert found.promotion.max() == 1
    [views] = found.interest
    assert views[rows["tea"], -3] == 7
    assert views.sum() == 7


def test_limits_are_those_that_are_written_down() -> None:
    tea = a_product("tea", code="TEA", category_id="Drinks", list_price=1_000, currency="CNY")
    changes = [
        PriceChange(product_id="tea", at=NOW - timedelta(days=500), old_price=700, new_price=800),
        PriceChange(product_id="tea", at=NOW - timedelta(hours=3), old_price=800, new_price=1_000),
    ]
    history = ListPriceHistory(known_of(tea, changes=changes))
    assert history.at("tea", NOW - timedelta(days=501)) == 700
    assert history.at("tea", NOW - timedelta(days=1)) == 800
    assert history.at("tea", NOW) == 1_000

    def limits(text: str) -> PriceLimits:
        return limits_of(tea, parse_prices(text), history, NOW)

    plain = limits('endings = [".90"]\n[margin]\ndefault = 20\ncategories = { drinks = 35.5 }')
    assert (plain.floor, plain.ceiling, plain.step, plain.margin_floor) == (None, None, 500, 3_550)
    assert plain.endings == (".90",)
    own = limits(
        'endings = [".90"]\n[list_prices]\nendings = ["9"]\nstep = 2.5\nceiling = 10\n'
        "floors = { TEA = 6.50 }\nceilings = { TEA = 12, CUP = 1 }"
    )
    # Ten per cent above the eight yuan of a year ago.
    assert (own.floor, own.ceiling, own.step, own.endings) == (650, 880, 250, ("9",))
    with pytest.raises(PriceRefused, match=r"tea: .* more decimal places than CNY"):
        limits("[list_prices]\nfloors = { TEA = 6.505 }")
    with pytest.raises(PriceRefused, match="tea: the floor"):
        limits("[list_prices]\nceiling = 0\nfloors = { TEA = 9 }")


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


async def test_substitutes_are_those_that_are_looked_at_in_place_of_a_changed_product(
    any_store: Store,
) -> None:
    """p6 to p11 are of no category, as p0 to p5 are; only p6 to p10 are looked at with p0."""
    admin = await member(any_store)
    await filled(any_store, 20)
    at = NOW - timedelta(days=29)
    looks = [
        StoredEvent(
            id=f"look {day} {product}", kind="view", customer_id=f"visitor {day}", product_id=product,
            at=at - timedelta(days=2, minutes=day),
        )
        for day in range(200)
        for product in (("p0", *(f"p{one}" for one in range(6, 11))) if day < 20 else (f"p{day % 5 + 1}", "p11"))
    ]  # fmt: skip
    others = [a_product(f"o{one}", list_price=1_400, cost=COST, category_id=None) for one in range(5)]
    sold = [
        StoredEvent(
            id=f"{one.id} {ago}", kind="purchase", customer_id="c1", product_id=one.id, quantity=10, amount=14_000,
            at=NOW - timedelta(days=ago), currency="CNY",
        )
        for one in others
        for ago in range(1, 57)
    ]  # fmt: skip
    await any_store.write(lambda c: Catalogue(c).put_many(others))
    await any_store.write(lambda c: Events(c).append([*looks, *sold]))
    service = ListPrices(any_store)
    await any_store.write(lambda c: PriceProposals(c).put([a_proposal("p0")], at))
    before = await service.outcome(NOW)
    assert (before.substitutes, before.told_by) == (None, "category")
    [one] = await service.all(PROPOSED)
    await service.approve(admin, one.id, at)
    async with any_store.read() as connection:
        met = await DemandLog(connection).days(("view",), {"p0"}, at - timedelta(days=9), at)
    assert {other for _, other in met.together} == {f"p{one}" for one in range(6, 11)}
    assert (await service.outcome(NOW)).told_by == "looks"
