"""The same orders by the API and by an import are the same orders, and count once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.rows import Options
from bot.shop.importing.running import Import, Report, run_import
from storage.conversations import Conversations
from storage.customers import Accounts
from storage.events import Events, StoredEvent
from storage.orders import Orders
from storage.requests import NewRequest, Requests
from storage.schema import coupon, event, offer, order, order_line, parcel, refund, request
from tests.bot.api.shop import CUSTOMER, NOW, ORDER, Shop, an_order
from tests.bot.api.test_codes import promise
from tests.factories import erase_customer

REFUND = {
    "id": "r1", "amount": 500, "currency": "CNY", "status": "paid", "requested_at": "2026-11-22T00:00:00Z"
}  # fmt: skip
AT = "2026-11-20 10:00"
"""When the order of the API was placed, in Shanghai."""


class Road:
    """Imports files into the store of an API."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self._shop = shop
        self._folder = folder

    async def take(self, kind: str, *lines: str) -> Report:
        file = self._folder / f"{kind}.csv"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        options = Options(now=NOW, zone=ZoneInfo("Asia/Shanghai"))
        wanted = Import(kind=kind, files=[file], options=options)
        return await run_import(self._shop.store, wanted, rejects_folder=self._folder / "rejects")

    async def orders(self, *rows: str) -> Report:
        return await self.take("orders", "order,customer,item,quantity,price,time,status,coupon", *rows)


@pytest.fixture
async def road(any_shop: Shop, tmp_path: Path) -> Road:
    await any_shop.stocked()
    return Road(any_shop, tmp_path)


async def log(shop: Shop) -> list[StoredEvent]:
    async with shop.store.read() as connection:
        return await Events(connection).by_customer("c1")


async def test_an_order_of_the_api_that_is_imported_as_well_counts_once(any_shop: Shop, road: Road) -> None:
    await any_shop.send("orders", ORDER)
    before = await log(any_shop)
    report = await road.orders(f"1024,c1,p1,1,99.00,{AT},shipped,")
    assert report.written["events"] == 0
    assert await log(any_shop) == before
    assert [(bought.kind, bought.order_id, bought.amount) for bought in before] == [("purchase", "o1", 9_900)]


async def test_an_imported_order_gets_its_id_from_the_api_and_counts_once(any_shop: Shop, road: Road) -> None:
    await road.orders(f"1024,c1,p1,1,99.00,{AT},paid,L-ABC", f"1025,c1,p1,1,99.00,{AT},paid,")
    await any_shop.store.write(_things_about_the_imported_order)
    await any_shop.send("events", {
        "id": "star", "kind": "rating", "value": 5, "customer_id": "c1", "order_id": "1024",
        "at": "2026-11-21T00:00:00Z",
    })  # fmt: skip
    assert (await any_shop.send("orders", {**ORDER, "refunds": [REFUND]}))["changed"] == 1
    assert (await any_shop.send("orders", {**ORDER, "refunds": [REFUND]}))["changed"] == 0
    async with any_shop.store.read() as connection:
        assert sorted(await connection.scalars(select(order.c.id))) == ["1025", "o1"]
        kept = await Orders(connection).by_number("1024")
        pointing = {
            table.name: list(await connection.scalars(select(table.c.order_id)))
            for table in (parcel, refund, request, offer, coupon)
        }
    assert kept is not None
    assert (kept.id, kept.coupon_code, len(kept.lines)) == ("o1", "L-ABC", 1)
    assert pointing == {
        "parcel": ["o1", "o1"], "refund": ["o1", "o1"], "request": ["o1"], "offer": ["o1"], "coupon": ["o1"]
    }  # fmt: skip
    assert sorted((one.kind, one.order_id) for one in await log(any_shop)) == [
        ("purchase", "1025"), ("purchase", "o1"), ("rating", "o1"),
    ]  # fmt: skip
    report = await road.orders(f"1024,c1,p1,1,99.00,{AT},shipped,")
    assert report.written["events"] == 0
    async with any_shop.store.read() as connection:
        assert len((await connection.execute(select(order))).all()) == 2


async def _things_about_the_imported_order(connection: AsyncConnection) -> None:
    await connection.execute(insert(parcel).values(
        id="1024-1", order_id="1024", carrier="SF", tracking_number="1", status="label", updated_at=NOW
    ))  # fmt: skip
    await connection.execute(insert(refund).values(
        id="r0", order_id="1024", amount=1, currency="CNY", status="declined", requested_at=NOW
    ))  # fmt: skip
    account = await Accounts(connection).get_or_create("web", "v", now=NOW)
    await Conversations(connection).open("web", "v", account.id, "zh", NOW)
    contact = await Conversations(connection).contact("web", "v")
    await Requests(connection).add(
        NewRequest(
            number="R1", kind="refund", conversation_id=contact.conversation.id, customer_id="c1",
            order_id="1024", details={},
        ),
        NOW,
    )  # fmt: skip
    used = {"customer_id": "c1", "currency": "CNY", "valid_until": NOW, "used_at": NOW, "order_id": "1024"}
    await connection.execute(
        insert(coupon).values(code="BDAY", text_zh="", text_en="", valid_from=NOW, **used)
    )
    await connection.execute(insert(offer).values(
        code="L-ABC", product_id="p1", price=1, list_price=2, floor=1, state="used", reason="asked", reasons=[],
        policy="p", probability=1.0, created_at=NOW, **used,
    ))  # fmt: skip


async def test_a_number_that_two_of_the_shops_orders_claim_is_refused(any_shop: Shop, road: Road) -> None:
    await any_shop.send("orders", ORDER)
    assert (await any_shop.refused("orders", an_order("o2", number="1024")))["code"] == "number_taken"
    await road.orders(f"77,c1,p1,1,99.00,{AT},paid,")
    assert (await any_shop.refused("orders", {**ORDER, "number": "77"}))["code"] == "number_taken"


async def test_purchases_in_a_file_of_events_are_those_of_their_orders(any_shop: Shop, road: Road) -> None:
    await any_shop.send("orders", ORDER)
    await any_shop.store.write(lambda c: erase_customer(c, "c1"))
    await any_shop.send("customers", {**CUSTOMER, "id": "c2"})
    await any_shop.send("orders", an_order("o2", customer_id="c2"))
    report = await road.take(
        "events", "kind,customer,item,order,time",
        f"buy,c2,p1,N-o2,{AT}", f"view,c2,p1,,{AT}", f"view,c1,p1,,{AT}", f"buy,c2,p1,N-o3,{AT}",
    )  # fmt: skip
    assert report.written == {"events": 2}
    assert (report.ignored, list(report.notes.values())) == (1, [1])
    await any_shop.send("orders", an_order("o3", customer_id="c2"))
    async with any_shop.store.read() as connection:
        found = await Events(connection).by_customer("c2")
    assert sorted((one.kind, one.order_id) for one in found if one.kind == "purchase") == [
        ("purchase", "o2"), ("purchase", "o3"),
    ]  # fmt: skip


async def test_an_import_redeems_codes_by_when_orders_were_placed(any_shop: Shop, road: Road) -> None:
    await promise(any_shop, "L-IN-TIME")
    await any_shop.store.write(
        lambda c: c.execute(offer.update().values(valid_until=NOW - timedelta(days=1)))
    )
    report = await road.orders(
        "1,c1,p1,1,99.00,2026-11-26 10:00,paid,l-in-time",
        "2,c1,p1,1,99.00,2026-11-20 10:00,paid,l-in-time",
        "3,c1,p1,1,99.00,2026-11-21 10:00,paid,L-IN-TIME",
        "4,c1,p1,1,99.00,2026-11-21 10:00,paid,OURS",
    )
    assert report.rejected == 1  # That of tomorrow.
    assert report.written["codes"] == 1
    # The export has the ordinary price and no discount, which the promise was not.
    differs = "codes redeemed at another price or for another product: `liuke codes list --differing`"
    assert report.notes == {"codes not redeemed: another order used the code": 1, differs: 1}
    again = await road.orders("2,c1,p1,1,99.00,2026-11-20 10:00,paid,l-in-time")
    assert not any(again.written.values())
    assert again.notes == {differs: 1}
    async with any_shop.store.read() as connection:
        [kept] = (await connection.execute(select(offer))).all()
    assert (kept.state, kept.order_id) == ("used", "2")


async def test_orders_of_the_erased_stay_outside(any_shop: Shop, road: Road) -> None:
    await any_shop.store.write(lambda c: erase_customer(c, "c1"))
    report = await road.orders(f"1,c1,p1,1,99.00,{AT},paid,", f"2,,p1,1,99.00,{AT},paid,")
    assert (report.taken, report.ignored, report.rejected) == (1, 1, 0)
    log_of_sales = await road.take(
        "orders-log", "order,item,quantity,time,price,customer", f"3,p1,1,{AT},99,c1", f"4,p1,1,{AT},99,c7"
    )
    assert log_of_sales.ignored == 1
    async with any_shop.store.read() as connection:
        assert sorted(await connection.scalars(select(order.c.id))) == ["2", "4"]
        assert list(await connection.scalars(select(event.c.customer_id))) == ["c7"]
        assert set(await connection.scalars(select(order_line.c.order_id))) == {"2", "4"}


async def test_an_order_out_of_a_log_of_sales_counts_once_when_the_api_tells_of_it(
    any_shop: Shop, road: Road
) -> None:
    row = "5,p1,{},2026-11-20 10:00,99,c1"
    await road.take(
        "orders-log", "order,item,quantity,time,price,customer", row.format(1), row.format(-1), row.format(2)
    )
    lines = [{"product_id": "p1", "quantity": count, "unit_price": 9_900} for count in (1, 2)]
    await any_shop.send("orders", an_order("o5", number="5", lines=lines))
    assert sorted((one.kind, one.quantity) for one in await log(any_shop)) == [
        ("purchase", 1), ("purchase", 2), ("return", 1),
    ]  # fmt: skip


async def test_batches_of_the_same_orders_at_once_are_taken(any_shop: Shop, road: Road) -> None:
    batch = [an_order(f"o{number:03}") for number in range(200)]
    answers = await asyncio.gather(
        *(
            any_shop.client.post("/orders", json={"orders": batch if number % 2 else batch[::-1]})
            for number in range(6)
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len(await log(any_shop)) == 200
