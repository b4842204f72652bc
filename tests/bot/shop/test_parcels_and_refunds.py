"""Which line is in which parcel, parcels of returns, and decisions on refunds: by file and by API the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.shop.importing.undoing import undo
from bot.shop.intake.customers import take_customers
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.orders import OrdersTaken, take_orders
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord
from kernel.console import quiet
from storage import Store
from storage.events import Events
from storage.orders import Order, ParcelLine
from tests.bot.shop.test_import_whole import CUSTOMERS, NOW, PRODUCTS, Home

DAY = timedelta(days=1)
PLACED = datetime(2026, 11, 1, tzinfo=UTC)
ORDER: dict[str, Any] = {
    "number": "1", "customer_id": "c1", "placed_at": PLACED, "currency": "CNY", "status": "paid",
    "lines": [
        {"product_id": "socks", "quantity": 2, "unit_price": 1_400},
        {"product_id": "jacket", "quantity": 1, "unit_price": 12_900},
    ],
}  # fmt: skip


@pytest.fixture
async def home(any_store: Store, tmp_path: Path) -> Home:
    home = Home(any_store, tmp_path)
    await home.take("products", PRODUCTS)
    await home.take("customers", CUSTOMERS)
    return home


async def tell(home: Home, *pieces: dict[str, Any]) -> OrdersTaken:
    """Hand over an order as the API does, piece by piece; what became of the last."""
    taken: OrdersTaken | None = None
    for piece in pieces:
        record = OrderRecord(**{"number": "1", **piece})
        taken = await home.store.write(lambda c, r=record: take_orders(c, [r], NOW, Defaults()))
    assert taken is not None
    return taken


def within(order: Order) -> dict[str, Sequence[ParcelLine] | None]:
    return {box.tracking_number: box.lines for box in order.parcels}


async def test_an_order_has_not_arrived_while_a_part_of_it_is_in_no_parcel(home: Home) -> None:
    socks = {"product_id": "socks"}
    first = {"tracking_number": "SF1", "lines": [socks], "delivered_at": PLACED + DAY}
    await tell(home, ORDER, {"parcels": [first]})
    order = await home.order("1")
    assert (order.status, order.unsent()) == ("shipped", {"jacket": 1})
    await tell(home, {"parcels": [{"tracking_number": "SF2", "lines": [{"product_id": "jacket"}]}]})
    order = await home.order("1")
    assert (order.status, order.unsent()) == ("shipped", {})
    assert {box.tracking_number: box.status for box in order.parcels} == {"SF1": "delivered", "SF2": "label"}
    await tell(home, {"parcels": [{"tracking_number": "SF2", "delivered_at": PLACED + 2 * DAY}]})
    assert (await home.order("1")).status == "delivered"


async def test_what_the_shop_says_of_an_order_holds_for_its_parcels(home: Home) -> None:
    await tell(home, {**ORDER, "status": "shipped"}, {"parcels": [{"tracking_number": "SF1"}]})
    assert [box.status for box in (await home.order("1")).parcels] == ["in_transit"]


@pytest.mark.parametrize("exported_first", [True, False])
@pytest.mark.parametrize("known_by", ["id", "tracking_number"])
async def test_a_parcel_takes_the_place_of_what_only_says_that_one_has_left(
    home: Home, exported_first: bool, known_by: str
) -> None:
    left = {"status": "shipped", "parcels": [{"id": "1-sent", "shipped_at": PLACED + DAY}]}
    told = {"parcels": [{known_by: "K1", "scans": [{"at": PLACED + DAY}]}]}
    back = {"parcels": [{"id": "B1", "direction": "return"}]}
    await tell(home, {**ORDER, "id": "5501"}, left, back)
    assert [(box.id, box.status) for box in (await home.order("1")).sent] == [("1-sent", "in_transit")]
    await tell(home, *([left, told] if exported_first else [told, left]))
    (box,) = (await home.order("1")).sent
    assert "K1" in (box.id, box.tracking_number)
    assert len(box.scans) == 1


async def test_quantities_may_be_divided(home: Home) -> None:
    one = {"tracking_number": "SF1", "lines": [{"product_id": "socks", "quantity": 1}]}
    taken = await tell(home, ORDER, {"parcels": [one]})
    assert not taken.notes
    assert (await home.order("1")).unsent() == {"socks": 1, "jacket": 1}
    await tell(home, {"parcels": [{"tracking_number": "SF1", "lines": None}]})
    order = await home.order("1")
    assert (within(order), order.unsent()) == ({"SF1": None}, {})


async def test_a_product_in_a_parcel_must_be_known_and_should_be_in_the_order(home: Home) -> None:
    box = {"tracking_number": "SF1", "lines": [{"product_id": "nothing"}]}
    taken = await tell(home, ORDER, {"parcels": [box]})
    assert [(one.code, one.field) for one in taken.refused] == [
        ("unknown_reference", "parcels.0.lines.0.product_id")
    ]
    short = {**ORDER, "lines": ORDER["lines"][:1]}
    taken = await tell(
        home, {**short, "parcels": [{"tracking_number": "SF1", "lines": [{"product_id": "jacket"}]}]}
    )
    assert list(taken.notes) == [
        "parcels that hold what is not in their order: look which of the two is right"
    ]


async def test_a_parcel_of_a_return_says_nothing_of_how_far_the_order_is(home: Home) -> None:
    back = {
        "tracking_number": "TH1",
        "direction": "return",
        "delivered_at": PLACED + 9 * DAY,
        "refund_id": "r1",
    }
    await tell(home, ORDER, {"parcels": [back]})
    order = await home.order("1")
    assert (order.status, order.sent, len(order.sent_back)) == ("paid", (), 1)
    assert (order.sent_back[0].status, order.sent_back[0].refund_id) == ("delivered", "r1")
    await tell(
        home, {"status": "delivered"}, {"parcels": [{"tracking_number": "TH2", "direction": "return"}]}
    )
    assert [box.status for box in (await home.order("1")).sent_back] == ["delivered", "label"]


async def test_an_order_came_back_when_its_return_did(home: Home) -> None:
    back = {"tracking_number": "TH1", "direction": "return", "delivered_at": PLACED + 9 * DAY}
    sent = {"tracking_number": "SF1", "delivered_at": PLACED + DAY}
    await tell(home, {**ORDER, "status": "returned", "parcels": [sent, back]})
    async with home.store.read() as connection:
        events = await Events(connection).by_customer("c1")
    assert {event.at for event in events if event.kind == "return"} == {PLACED + 9 * DAY}


async def test_when_and_why_a_refund_was_decided(home: Home) -> None:
    asked = {"id": "r1", "amount": 1_400, "status": "requested", "requested_at": PLACED + DAY}
    decided = {"id": "r1", "status": "declined", "decided_at": PLACED + 2 * DAY, "decision_reason": "Worn"}
    await tell(home, ORDER, {"refunds": [asked]}, {"refunds": [decided]})
    (refund,) = (await home.order("1")).refunds
    assert (refund.status, refund.decided_at, refund.decision_reason) == (
        "declined",
        PLACED + 2 * DAY,
        "Worn",
    )
    await tell(home, {"refunds": [{"id": "r1", "decision_reason": None}]})
    (refund,) = (await home.order("1")).refunds
    assert (refund.amount, refund.decision_reason) == (1_400, "")


@pytest.mark.parametrize("sum_first", [True, False])
async def test_the_same_money_told_as_a_sum_and_with_an_id_is_one_refund(home: Home, sum_first: bool) -> None:
    alone: dict[str, Any] = {"amount": 1_400, "status": "paid"}
    named = {"id": "r1", **alone, "paid_at": PLACED + DAY, "paid_to": "card"}
    told = [{"refunds": [one]} for one in ([alone, named, alone] if sum_first else [named, alone])]
    await tell(home, ORDER, *told)
    (refund,) = (await home.order("1")).refunds
    assert (refund.id, refund.paid_to) == ("r1", "card")
    await tell(home, {"refunds": [{"id": "r2", **alone}]})
    assert len((await home.order("1")).refunds) == 2


async def test_a_refund_without_an_id_is_one_although_its_order_gets_an_id(home: Home) -> None:
    refund = {"refunds": [{"amount": 1_400, "status": "paid"}]}
    await tell(home, {**ORDER, **refund}, {"id": "O1"}, refund)
    order = await home.order("1")
    assert (order.id, [one.amount for one in order.refunds]) == ("O1", [1_400])


FILE = (
    "order,customer,item,quantity,price,time,status,tracking_number,carrier,delivered,"
    "return_tracking_number,return_carrier,return_delivered,"
    "refunded,refund_status,refund_requested,refund_decided,decision_reason\n"
    "1,c1,socks,2,14,2026-11-01T00:00:00Z,paid,SF1,SF,2026-11-02T00:00:00Z,TH1,ZTO,2026-11-09T00:00:00Z,"
    "14,已拒绝,2026-11-05T00:00:00Z,2026-11-10T00:00:00Z,Worn\n"
    "1,c1,jacket,1,129,,,SF2,YTO,,,,,,,,,\n"
)
BY_API: dict[str, Any] = {
    **ORDER,
    "parcels": [
        {"tracking_number": "SF1", "carrier": "SF", "delivered_at": PLACED + DAY,
         "lines": [{"product_id": "socks", "quantity": 2}]},
        {"tracking_number": "SF2", "carrier": "YTO", "lines": [{"product_id": "jacket", "quantity": 1}]},
        {"tracking_number": "TH1", "direction": "return", "carrier": "ZTO", "delivered_at": PLACED + 8 * DAY},
    ],
    "refunds": [
        {"amount": 1_400, "status": "declined", "requested_at": PLACED + 4 * DAY, "decided_at": PLACED + 9 * DAY,
         "decision_reason": "Worn"}
    ],
}  # fmt: skip


async def test_a_file_and_the_api_make_the_same_order(home: Home) -> None:
    report = await home.take("orders", FILE)
    assert (report.rejected, report.taken) == (0, 2), report.examples
    by_file = await home.order("1")
    assert within(by_file)["SF2"] == (ParcelLine(product_id="jacket", quantity=1),)
    assert (await tell(home, BY_API)).changed == 0, "the API says the same"
    assert report.import_id is not None
    await undo(home.store, report.import_id, NOW, quiet)
    await tell(home, BY_API)
    assert replace(await home.order("1"), updated_at=by_file.updated_at) == by_file


async def test_an_import_that_changed_parcels_and_refunds_is_taken_back(home: Home) -> None:
    await tell(
        home,
        {**ORDER, "parcels": BY_API["parcels"][:1], "refunds": [{"amount": 1_400, "status": "requested"}]},
    )
    before = await home.order("1")
    report = await home.take("orders", FILE)
    assert await home.order("1") != before
    assert report.import_id is not None
    await undo(home.store, report.import_id, NOW, quiet)
    assert await home.order("1") == before


async def test_one_tracking_number_is_the_whole_orders(home: Home) -> None:
    head = "order,item,price,time,tracking_number\n"
    await home.take("orders", f"{head}1,socks,14,2026-11-01,SF1\n1,jacket,129,2026-11-01,\n")
    assert within(await home.order("1")) == {"SF1": None}


@pytest.mark.parametrize(
    ("said", "status"),
    [("", "paid"), ("审核中", "requested"), ("Approved", "approved"), ("没有申请退款", None)],
)
async def test_what_shops_call_the_state_of_a_refund(home: Home, said: str, status: str | None) -> None:
    await home.take(
        "orders", f"order,item,price,time,refunded,refund status\n1,socks,14,2026-11-01,4,{said}\n"
    )
    assert [one.status for one in (await home.order("1")).refunds] == ([status] if status else [])


async def test_an_unknown_state_of_a_refund_is_refused_with_those_that_are_known(home: Home) -> None:
    rows = "order,item,price,time,refunded,refund_status\n1,socks,14,2026-11-01,4,perhaps\n"
    report = await home.take("orders", rows)
    (_, _, reason), *_ = report.examples
    assert (
        reason
        == "refund_status: 'perhaps' is no status of a refund; there are requested, approved, paid, declined"
    )


OLDER = "orders older than their customer: look since when they are one (`created_at`)"


@pytest.mark.parametrize(
    ("created", "noted"), [(PLACED + 2 * DAY, True), (PLACED + DAY / 2, False), (None, False)]
)
async def test_an_order_older_than_its_customer_is_noted(
    home: Home, created: datetime | None, noted: bool
) -> None:
    said = {} if created is None else {"created_at": created}
    record = CustomerRecord(id="c9", **said)  # type: ignore[arg-type]
    await home.store.write(lambda c: take_customers(c, [record], NOW, Defaults()))
    taken = await tell(home, {**ORDER, "customer_id": "c9"})
    assert taken.changed == 1, "it is taken in any case"
    assert dict(taken.notes) == ({OLDER: 1} if noted else {})
    report = await home.take("orders", "order,customer,item,price,time\n2,c9,socks,14,2026-11-01\n")
    assert dict(report.notes) == ({OLDER: 1} if noted else {})


async def test_since_when_a_customer_is_one_may_be_said_later(home: Home) -> None:
    for said in ({}, {"created_at": PLACED}, {"created_at": PLACED + DAY}):
        record = CustomerRecord(id="c9", **said)  # type: ignore[arg-type]
        await home.store.write(lambda c, r=record: take_customers(c, [r], NOW, Defaults()))
    assert (await home.customer("c9")).created_at == PLACED
