"""The same facts are the same shop: by file or by API, whole or in pieces, in whichever order they come."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.shop.intake.customers import take_customers
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.merging import Taken
from bot.shop.intake.orders import take_orders
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.products import take_products
from bot.shop.intake.records import OrderRecord, ProductRecord
from storage import Store
from storage.events import Events
from storage.orders import Orders

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PLACED = NOW - timedelta(days=9)
_numbers = itertools.count(1)

Said = dict[str, Any]


class Shop:
    """A shop whose things have names of their own, so that several are beside each other in one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.name = f"s{next(_numbers)}"

    def id(self, name: str) -> str:
        return f"{self.name}-{name}"

    async def begin(self) -> None:
        """Two customers and two products."""
        people = [CustomerRecord(id=self.id(name)) for name in ("c1", "c2")]
        goods = [
            ProductRecord(id=self.id(name), name=name, list_price=500, currency="CNY")
            for name in ("p1", "p2")
        ]
        await self.store.write(lambda c: take_customers(c, people, NOW, Defaults()))
        await self.store.write(lambda c: take_products(c, goods, NOW, Defaults()))

    async def order(self, **said: Any) -> Taken:
        values = {"id": self.id("o"), **said}
        if "customer_id" in values:
            values["customer_id"] = self.id(values["customer_id"])
        if "lines" in values:
            values["lines"] = [
                {**line, "product_id": self.id(line["product_id"])} for line in values["lines"]
            ]
        if "parcels" in values:
            values["parcels"] = [self._named(box) for box in values["parcels"]]
        if "refunds" in values:
            values["refunds"] = [{**one, "id": self.id(one["id"])} for one in values["refunds"]]
        record = OrderRecord(**values)
        taken = await self.store.write(lambda c: take_orders(c, [record], NOW, Defaults()))
        assert not taken.refused, taken.refused
        return taken

    def _named(self, box: Said) -> Said:
        lines = box.get("lines")
        return box if lines is None else {**box, "lines": [{"product_id": self.id(one)} for one in lines]}

    async def facts(self) -> list[Any]:
        """All that matters of the order, and of what was bought."""
        async with self.store.read() as connection:
            found = await Orders(connection).get(self.id("o"))
            assert found is not None
            events = [
                event for who in ("c1", "c2") for event in await Events(connection).by_customer(self.id(who))
            ]
        return [
            found.customer_id and found.customer_id.partition("-")[2],
            found.status, found.paid_at, found.total, found.discount, found.payment_method, dict(found.ship_to),
            [(line.product_id.partition("-")[2], line.quantity, line.unit_price) for line in found.lines],
            sorted(
                (box.tracking_number, box.direction, box.carrier, box.status, box.delivered_at, box.scans,
                 box.lines and [line.product_id.partition("-")[2] for line in box.lines])
                for box in found.parcels
            ),
            sorted((one.amount, one.status, one.decided_at, one.decision_reason) for one in found.refunds),
            sorted((e.kind, (e.product_id or "").partition("-")[2], e.at, e.quantity, e.amount) for e in events),
        ]  # fmt: skip


@pytest.fixture
async def store_of_shops(any_store: Store) -> Store:
    return any_store


WHOLE: Said = {
    "customer_id": "c1", "status": "placed", "placed_at": PLACED, "currency": "CNY",
    "lines": [{"product_id": "p1", "quantity": 1, "unit_price": 500}],
}  # fmt: skip
_SCANS = st.lists(
    st.builds(lambda hour, place: {"at": PLACED + timedelta(hours=hour), "place": place},
              st.integers(1, 4), st.sampled_from(["杭州", "上海"])),
    max_size=3,
)  # fmt: skip
_PARCELS = st.lists(
    st.builds(
        lambda number, scans, lines, days: {"tracking_number": number, "scans": scans, **lines, **days,
                                            **({"direction": "return"} if number == "TH1" else {})},
        st.sampled_from(["SF1", "SF2", "TH1"]),
        _SCANS,
        st.sampled_from([{}, {"lines": ["p1"]}, {"lines": ["p1", "p2"]}, {"lines": None}]),
        st.sampled_from([{}, {"delivered_at": PLACED + timedelta(days=3)}]),
    ),
    min_size=1, max_size=1,
)  # fmt: skip
_LINES = st.lists(
    st.builds(lambda product, quantity: {"product_id": product, "quantity": quantity, "unit_price": 500},
              st.sampled_from(["p1", "p2"]), st.integers(1, 3)),
    min_size=1, max_size=3,
)  # fmt: skip
_PIECES = st.lists(
    st.one_of(
        st.builds(lambda status: {"status": status}, st.sampled_from(["paid", "shipped", "cancelled", "returned"])),
        st.builds(lambda lines: {"lines": lines}, _LINES),
        st.builds(lambda parcels: {"parcels": parcels}, _PARCELS),
        st.builds(lambda who: {"customer_id": who}, st.sampled_from(["c1", "c2"])),
        st.builds(lambda discount, pay: {"discount": discount, "payment_method": pay},
                  st.sampled_from([0, 100, None]), st.sampled_from(["card", None])),
        st.builds(
            lambda part, words: {"ship_to": {part: words}},
            st.sampled_from(["city", "line"]),
            st.sampled_from(["杭州", "上海", None]),
        ),
        st.builds(lambda said: {"refunds": [{"id": "r", "amount": 500, **said}]}, st.sampled_from([
            {"status": "paid"}, {"status": "declined", "decided_at": PLACED + timedelta(days=4)},
            {"status": "approved", "decision_reason": "Arrived broken"},
        ])),
    ),
    max_size=5,
)  # fmt: skip


_WAY = ("paid", "shipped", "cancelled", "returned")


def _dated(pieces: Sequence[Said]) -> list[Said]:
    """Each later than the one before, and its parcels as of then. An order goes on, and is not cancelled on its way."""
    statuses = sorted((piece["status"] for piece in pieces if "status" in piece), key=_WAY.index)
    on_its_way = "shipped" in statuses or any("parcels" in piece for piece in pieces)
    dated = []
    for number, piece in enumerate(pieces, start=1):
        if "status" in piece:
            status = statuses.pop(0)
            piece = {"status": "returned" if on_its_way and status == "cancelled" else status}
        at = PLACED + timedelta(days=1, minutes=number)
        parcels = [{**box, "updated_at": at} for box in piece.get("parcels", ())]
        dated.append({**piece, "updated_at": at, **({"parcels": parcels} if parcels else {})})
    return dated


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=_PIECES, data=st.data())
async def test_pieces_in_any_order_are_the_same_order(
    store_of_shops: Store, pieces: list[Said], data: st.DataObject
) -> None:
    dated = [{**WHOLE, "updated_at": PLACED}, *_dated(pieces)]
    in_order, shuffled = Shop(store_of_shops), Shop(store_of_shops)
    for shop, order in ((in_order, dated), (shuffled, data.draw(st.permutations(dated[1:])))):
        await shop.begin()
        await shop.order(**dated[0])
        for piece in order:
            await shop.order(**piece)
        again = await shop.order(**order[-1]) if order else Taken()
        assert again.changed == 0
    assert await in_order.facts() == await shuffled.facts()
