"""The log is in step with the orders, whatever came first and however often it comes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.events import EventRecord, take_events
from bot.shop.intake.merging import Taken
from bot.shop.intake.orders import OrdersTaken, take_orders
from bot.shop.intake.purchases import events_of
from bot.shop.intake.records import OrderRecord
from storage import Store
from storage.customers import Customers
from storage.events import Events, StoredEvent
from storage.orders import Order, Orders
from tests.factories import erase_customer
from tests.storage.shop import NOW, a_customer, stock_shop

PLACED = NOW - timedelta(days=3)
_numbers = itertools.count(1)


@pytest.fixture
async def shop(any_store: Store) -> Store:
    """Customers `c1` and `c2`, products `p1` to `p3`, and an order that is in nobody's way."""
    await any_store.write(stock_shop)
    await any_store.write(lambda c: Customers(c).put_many([a_customer("c2")]))
    return any_store


Said = dict[str, Any]


def order(**values: Any) -> Said:
    """What a shop says of an order of one product that is paid."""
    return {
        "id": "a", "number": "A", "customer_id": "c1", "status": "paid", "placed_at": PLACED, "currency": "CNY",
        "lines": lines("p1"), **values,
    }  # fmt: skip


def lines(*products: str, **values: Any) -> list[Said]:
    return [{"product_id": product, "quantity": 1, "unit_price": 19_900, **values} for product in products]


def told(kind: str = "purchase", name: str = "own", **values: Any) -> Said:
    """What the shop itself tells of an order."""
    return {
        "id": name, "kind": kind, "customer_id": "c1", "product_id": "p1", "order_id": "a", "at": NOW,
        "amount": 19_900, "currency": "CNY", **values,
    }  # fmt: skip


async def put(store: Store, *orders: Said) -> OrdersTaken:
    records = [OrderRecord(**said) for said in orders]
    taken = await store.write(lambda c: take_orders(c, records, NOW, Defaults()))
    assert not taken.refused
    return taken


async def tell(store: Store, *events: Said) -> Taken:
    records = [EventRecord(**said) for said in events]
    return await store.write(lambda c: take_events(c, records, NOW, Defaults()))


async def kept(store: Store, order_id: str = "a") -> Order:
    async with store.read() as connection:
        found = await Orders(connection).get(order_id)
    assert found is not None
    return found


async def log(store: Store, customer_id: str = "c1") -> list[tuple[str, str | None]]:
    async with store.read() as connection:
        found = await Events(connection).by_customer(customer_id)
    return sorted((event.kind, event.product_id) for event in found)


BOUGHT = [("purchase", "p1")]


async def test_the_same_order_again_changes_nothing(shop: Store) -> None:
    assert (await put(shop, order())).more["events"] == 1
    again = await put(shop, order())
    assert (again.changed, again.more["events"]) == (0, 0)
    assert (await put(shop, order(status="delivered"))).more["events"] == 0
    assert await log(shop) == BOUGHT


async def test_an_order_is_a_purchase_once_it_is_paid(shop: Store) -> None:
    await put(shop, order(status="placed"))
    assert await log(shop) == []
    await put(shop, order(status="placed", paid_at=NOW))
    async with shop.read() as connection:
        [bought] = await Events(connection).by_customer("c1")
    assert bought.at == PLACED


async def test_corrected_lines_take_the_place_of_the_ones_before(shop: Store) -> None:
    await put(shop, order(lines=lines("p1", "p2", "p1")))
    assert (await put(shop, order(lines=lines("p1", "p3")))).more["events"] == 3
    assert await log(shop) == [("purchase", "p1"), ("purchase", "p3")]
    await put(shop, order(lines=lines("p1", quantity=5, unit_price=100)))
    async with shop.read() as connection:
        [bought] = await Events(connection).by_customer("c1")
    assert (bought.quantity, bought.amount) == (5, 500)


async def test_of_corrections_at_once_the_last_one_is_left(shop: Store) -> None:
    await put(shop, order())
    versions = [lines(*products) for products in itertools.product(["p1", "p2", "p3"], repeat=2)]
    await asyncio.gather(*(put(shop, order(lines=version)) for version in versions))
    assert await log(shop) == sorted(("purchase", line.product_id) for line in (await kept(shop)).lines)


async def test_another_number_is_no_other_purchase(shop: Store) -> None:
    await put(shop, order())
    await put(shop, order(number="B"))
    assert await log(shop) == BOUGHT


async def test_a_purchase_goes_over_to_the_customer_who_is_named_later(shop: Store) -> None:
    await put(shop, order(customer_id=None))
    assert await log(shop) == []
    await put(shop, order(customer_id="c2"))
    await put(shop, order(customer_id="c1"))
    assert (await log(shop, "c1"), await log(shop, "c2")) == (BOUGHT, [])


async def test_what_came_back_and_what_did_not_after_all(shop: Store) -> None:
    await put(shop, order())
    await put(shop, order(status="returned"))
    assert await log(shop) == [*BOUGHT, ("return", "p1")]
    await put(shop, order(status="delivered"))
    assert await log(shop) == BOUGHT
    await put(shop, order(status="cancelled"))
    assert await log(shop) == [*BOUGHT, ("return", "p1")]


async def test_what_was_cancelled_before_it_was_paid_is_neither_bought_nor_brought_back(shop: Store) -> None:
    await put(shop, order(status="placed"))
    await put(shop, order(status="cancelled"))
    assert await log(shop) == []


async def test_a_refund_that_does_not_come_again_was_paid_all_the_same(shop: Store) -> None:
    paid = {"id": "r", "amount": 19_900, "currency": "CNY", "status": "paid", "requested_at": NOW}
    await put(shop, order(refunds=[paid]))
    assert (await put(shop, order())).more["events"] == 0
    assert (await put(shop, order(refunds=[]))).more["events"] == 0
    assert await log(shop) == [*BOUGHT, ("return", "p1")]


# --- beside what the shop tells itself --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "A"])
async def test_a_purchase_told_after_its_order_is_the_orders(shop: Store, name: str) -> None:
    await put(shop, order())
    view, other = told("view", "v"), told(name="other", order_id="somewhere-else", product_id="p2")
    taken = await tell(shop, told(order_id=name), view, other)
    assert (taken.changed, taken.more["of_orders"]) == (2, 1)
    assert await log(shop) == [*BOUGHT, ("purchase", "p2"), ("view", "p1")]


@pytest.mark.parametrize("name", ["a", "A"])
async def test_a_purchase_told_before_its_order_gives_way_to_it(shop: Store, name: str) -> None:
    rating = told("rating", "r", value=5.0)
    await tell(shop, told(order_id=name, at=PLACED + timedelta(hours=1)), told("cart", "k"), rating)
    await put(shop, order())
    assert await log(shop) == [("cart", "p1"), *BOUGHT, ("rating", "p1")]
    assert (await tell(shop, told(order_id=name), rating)).more["of_orders"] == 1
    assert (await put(shop, order())).more["events"] == 0


async def test_an_order_left_unpaid_does_not_take_away_the_purchase_that_the_shop_tells_of(
    shop: Store,
) -> None:
    await put(shop, order(status="placed"))
    assert (await tell(shop, told())).changed == 1
    await put(shop, order(status="placed", total=5))
    assert await log(shop) == BOUGHT
    await put(shop, order())
    async with shop.read() as connection:
        [bought] = await Events(connection).by_customer("c1")
    assert bought.id == events_of(await kept(shop))[0].id


async def test_a_purchase_told_of_one_customer_is_not_left_when_the_order_is_anothers(shop: Store) -> None:
    await put(shop, order(customer_id="c2", status="placed"))
    await tell(shop, told(customer_id="c2"))
    await put(shop, order())
    assert (await log(shop, "c1"), await log(shop, "c2")) == (BOUGHT, [])


async def test_a_cancelled_order_takes_the_purchase_with_it(shop: Store) -> None:
    await tell(shop, told())
    await put(shop, order(status="cancelled"))
    assert await log(shop) == []
    assert (await tell(shop, told())).more["of_orders"] == 1


async def test_an_order_of_nobody_leaves_the_customers_purchase(shop: Store) -> None:
    await put(shop, order(customer_id=None))
    assert (await tell(shop, told())).changed == 1
    assert await log(shop) == BOUGHT
    await put(shop, order())
    assert await log(shop) == BOUGHT


async def test_a_part_that_came_back_is_told_by_the_shop_until_all_of_it_did(shop: Store) -> None:
    await put(shop, order(lines=lines("p1", "p2")))
    back = told("return", "back", product_id="p2", amount=-19_900)
    assert (await tell(shop, back)).changed == 1
    both = [("purchase", "p1"), ("purchase", "p2")]
    assert await log(shop) == [*both, ("return", "p2")]
    await put(shop, order(lines=lines("p1", "p2"), status="delivered"))
    assert await log(shop) == [*both, ("return", "p2")]
    await put(shop, order(lines=lines("p1", "p2"), status="returned"))
    assert await log(shop) == [*both, ("return", "p1"), ("return", "p2")]
    assert (await tell(shop, back, told("return", "more", amount=-19_900))).more["of_orders"] == 2


async def test_of_the_erased_nothing_is_collected(shop: Store) -> None:
    await shop.write(lambda c: erase_customer(c, "c1"))
    taken = await tell(shop, told(), told(customer_id="c2", name="x", order_id=None))
    assert (taken.changed, taken.erased) == (1, {0})


# --- whatever the way ---------------------------------------------------------------------------------------------

_VERSIONS = st.builds(
    dict,
    status=st.sampled_from(["placed", "paid", "shipped", "returned", "cancelled"]),
    customer_id=st.sampled_from(["c1", "c2", None]),
    number=st.sampled_from(["", "-x"]),
    paid_at=st.sampled_from([None, NOW]),
    products=st.lists(st.sampled_from(["p1", "p2", "p3"]), min_size=1, max_size=4),
)
_TOLD = st.tuples(st.sampled_from(["purchase", "view"]), st.sampled_from(["c1", "c2"]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(_VERSIONS, _TOLD), max_size=6), last=_VERSIONS)
async def test_the_log_ends_as_the_last_word_on_the_order(
    shop: Store, steps: Sequence[Any], last: dict[str, Any]
) -> None:
    name = f"o-{next(_numbers)}"

    def version(values: dict[str, Any]) -> Said:
        products = lines(*values["products"])
        rest = {key: value for key, value in values.items() if key != "products"}
        return order(**{**rest, "id": name, "number": name + values["number"], "lines": products})

    for number, step in enumerate(steps):
        if isinstance(step, dict):
            await put(shop, version(step))
        else:
            await tell(shop, told(step[0], f"{name}-{number}", customer_id=step[1], order_id=name))
    await put(shop, version(last))
    assert (await put(shop, version(last))).more["events"] == 0
    final = await kept(shop, name)
    said = {event.id for event in await _of(shop, final.customer_id, lambda e: e.order_id == name)}
    expected = {event.id for event in events_of(final)}
    if expected or (final.status == "cancelled" and final.customer_id is not None):
        assert said == expected


async def _of(
    store: Store, customer_id: str | None, which: Callable[[StoredEvent], bool]
) -> list[StoredEvent]:
    async with store.read() as connection:
        found = await Events(connection).by_customer(customer_id or "", limit=100_000)
    return [event for event in found if event.kind in ("purchase", "return") and which(event)]
