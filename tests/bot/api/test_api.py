"""The shop's API: what it takes, what it refuses, and that the same thing twice is one thing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.applications import Starlette

from bot.api.keys import ApiKeys
from bot.api.service import ShopApi
from storage import Store, erasure
from storage.catalogue import Catalogue
from storage.conversations import Conversations
from storage.customers import Accounts, Consents, Customers
from storage.events import Events
from storage.orders import Orders
from storage.person import find_customer
from storage.requests import NewRequest, Requests
from storage.schema import event, order, price_change
from tests.bot.api.shop import CUSTOMER, EVENT, NOW, ORDER, PRODUCT, Clock, Shop, links_of, opened


async def test_customers_are_added_and_brought_up_to_date(shop: Shop) -> None:
    assert await shop.send("customers", CUSTOMER) == {"received": 1, "changed": 1, "ignored": 0}
    assert (await shop.send("customers", CUSTOMER))["changed"] == 0
    assert (await shop.send("customers", {**CUSTOMER, "tier": "gold"}))["changed"] == 1
    async with shop.store.read() as connection:
        kept = await Customers(connection).get("c1")
    assert kept is not None
    assert (kept.email, kept.phone, kept.tier) == ("fang@example.org", "+8613800001234", "gold")


async def test_an_old_yes_does_not_undo_a_later_no(any_shop: Shop) -> None:
    said = {**CUSTOMER, "marketing": True, "marketing_at": "2026-11-01T00:00:00Z"}
    await any_shop.send("customers", said)

    async def agrees() -> bool:
        async with any_shop.store.read() as connection:
            return await Consents(connection).granted("marketing", customer_id="c1")

    assert await agrees()
    await any_shop.store.write(
        lambda connection: Consents(connection).record(
            "marketing", False, source="conversation", now=NOW, customer_id="c1"
        )
    )
    await any_shop.send("customers", said)
    assert not await agrees()
    await any_shop.send("customers", {**said, "marketing_at": "2036-11-01T00:00:00Z"})
    await any_shop.send("customers", {**said, "marketing": False, "marketing_at": "2036-11-02T00:00:00Z"})
    assert not await agrees()


async def test_who_was_erased_stays_erased(any_shop: Shop) -> None:
    await any_shop.stocked()
    await any_shop.send("orders", ORDER)
    await _erase(any_shop, "c1")
    nothing = {"received": 1, "changed": 0, "ignored": 1}
    assert await any_shop.send("customers", CUSTOMER) == nothing
    assert await any_shop.send("events", EVENT) == {**nothing, "of_orders": 0}
    nothing |= {"codes": [], "discrepancies": [], "notes": {}}
    assert await any_shop.send("orders", ORDER) == nothing
    # A sale that is here already, without a name, does not come a second time when the shop leaves out whose it was.
    guest = {key: value for key, value in ORDER.items() if key != "customer_id"}
    assert await any_shop.send("orders", guest) == nothing
    assert await any_shop.send("orders", {**guest, "id": "o9"}) == nothing
    async with any_shop.store.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(order)) == 1
        assert await Orders(connection).by_number("1024") is None
        assert await Customers(connection).get("c1") is None


async def _erase(shop: Shop, customer_id: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        await erasure.erase(connection, await find_customer(connection, customer_id), NOW)

    await shop.store.write(work)


@pytest.mark.parametrize(
    ("said", "agreed"),
    [
        ({}, False),
        ({"marketing": True}, False),
        ({"marketing": True, "marketing_at": "2026-11-24T00:00:00Z"}, False),
        ({"marketing": True, "marketing_at": "2026-11-25T06:00:00Z"}, True),
    ],
)
async def test_who_comes_back_under_another_id_is_written_to_only_after_a_new_yes(
    any_store: Store, said: dict[str, Any], agreed: bool
) -> None:
    async with opened(any_store) as shop:
        shop.clock.now = NOW + timedelta(days=1)
        await shop.send("customers", {**CUSTOMER, "marketing": True, "marketing_at": "2026-11-20T00:00:00Z"})
        await _erase(shop, "c1")
        for contact in ("email", "phone"):
            again = {"id": f"by-{contact}", contact: CUSTOMER[contact], **said}
            for _ in range(2):
                assert (await shop.send("customers", again))["ignored"] == 0
            async with shop.store.read() as connection:
                consents = Consents(connection)
                assert await consents.granted("marketing", customer_id=again["id"]) is agreed
                assert not await consents.granted("profiling", customer_id=again["id"])
                known = await Customers(connection).get(again["id"])
            assert known is not None
            assert not known.personal_prices


async def test_a_new_price_is_kept_as_a_change(any_shop: Shop) -> None:
    assert (await any_shop.send("products", PRODUCT))["changed"] == 1
    assert (await any_shop.send("products", PRODUCT))["changed"] == 0
    assert (await any_shop.send("products", {**PRODUCT, "list_price": 8_900}))["changed"] == 1
    async with any_shop.store.read() as connection:
        kept = await Catalogue(connection).get("p1")
        changes = (await connection.execute(select(price_change))).all()
    assert kept is not None
    assert (kept.list_price, kept.category_id) == (8_900, "tea")
    assert [(row.old_price, row.new_price) for row in changes] == [(9_900, 8_900)]


async def test_a_sale_price_that_is_none_is_refused_with_the_whole_batch(any_shop: Shop) -> None:
    await any_shop.send("products", PRODUCT)
    error = await any_shop.refused("products", {"id": "p1", "sale_price": 9_900}, {**PRODUCT, "id": "p2"})
    assert (error["code"], error["where"]) == (
        "invalid", ["products.0.sale_price: sale_price 9900 is not below list_price 9900"]
    )  # fmt: skip
    both = await any_shop.refused("products", {**PRODUCT, "sale_price": 9_901})
    assert "sale_price 9901 is not below list_price 9900" in both["where"][0]
    async with any_shop.store.read() as connection:
        assert set(await Catalogue(connection).by_ids(["p1", "p2"])) == {"p1"}


async def test_an_unknown_cost_is_unknown(shop: Shop) -> None:
    await shop.send("products", {key: value for key, value in PRODUCT.items() if key != "cost"})
    async with shop.store.read() as connection:
        kept = await Catalogue(connection).get("p1")
    assert kept is not None
    assert kept.cost is None


async def test_orders_come_with_their_parcels(any_shop: Shop) -> None:
    await any_shop.stocked()
    assert (await any_shop.send("orders", ORDER))["changed"] == 1
    assert (await any_shop.send("orders", {**ORDER, "status": "delivered"}))["changed"] == 1
    async with any_shop.store.read() as connection:
        kept = await Orders(connection).by_number("1024")
    assert kept is not None
    assert kept.status == "delivered"
    assert kept.placed_at == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    assert kept.parcels[0].scans[0].place == "杭州"


async def test_an_order_of_nobody_we_know_is_refused_whole(shop: Shop) -> None:
    await shop.stocked()
    stranger = {**ORDER, "id": "o2", "number": "2", "customer_id": "c9"}
    unknown = {**ORDER, "id": "o3", "number": "3", "lines": [{**ORDER["lines"][0], "product_id": "p9"}]}  # type: ignore[index]
    error = await shop.refused("orders", ORDER, stranger, unknown)
    assert error["code"] == "unknown_reference"
    assert error["where"] == [
        "orders.1.customer_id: there is no customer 'c9'",
        "orders.2.lines.0.product_id: there is no product 'p9'",
    ]
    async with shop.store.read() as connection:
        assert await Orders(connection).get("o1") is None


async def test_a_new_refund_says_how_much_and_how_it_stands(any_shop: Shop) -> None:
    await any_shop.stocked()
    error = await any_shop.refused("orders", {**ORDER, "refunds": [{"id": "r", "reason": "broken"}]})
    assert error["code"] == "incomplete"
    assert [line.partition(":")[0] for line in error["where"]] == [
        "orders.0.refunds.0.amount", "orders.0.refunds.0.status"
    ]  # fmt: skip
    await any_shop.send("orders", {**ORDER, "refunds": [{"id": "r", "amount": 5, "status": "requested"}]})
    await any_shop.send("orders", {"id": "o1", "refunds": [{"id": "r", "status": "declined"}]})
    async with any_shop.store.read() as connection:
        kept = await Orders(connection).get("o1")
    assert kept is not None
    assert [(one.amount, one.status, one.currency) for one in kept.refunds] == [(5, "declined", "CNY")]


async def test_one_order_is_told_of_by_its_address(any_shop: Shop) -> None:
    await any_shop.stocked()
    missing = await any_shop.client.patch("/orders/o1", json={"status": "paid"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    await any_shop.send("orders", {**ORDER, "discount": 100})
    answer = await any_shop.client.patch(
        "/orders/o1", json={"status": "delivered", "ship_to": {"city": None}}
    )
    assert answer.json()["changed"] == 1
    assert (await any_shop.client.patch("/orders/o1", json={"total": None})).json()["changed"] == 1
    async with any_shop.store.read() as connection:
        kept = await Orders(connection).get("o1")
    assert kept is not None
    assert (kept.status, kept.total, kept.discount) == ("delivered", 9_800, 100)
    assert kept.ship_to == {"recipient": "王芳", "phone": "13800001234"}


async def test_attributes_of_two_systems_are_kept_side_by_side(any_shop: Shop) -> None:
    await any_shop.send("products", PRODUCT)
    harvest = {"harvest": {"en": ["Harvest", "spring"]}}
    weight = {"weight": {"en": ["Weight", "250 g"]}}
    await any_shop.send("products", {"id": "p1", "attributes": harvest, "updated_at": "2026-11-20T00:00:00Z"})
    await any_shop.send("products", {"id": "p1", "attributes": weight, "updated_at": "2026-11-19T00:00:00Z"})
    await any_shop.send("products", {"id": "p1", "attributes": {"origin": None}})
    async with any_shop.store.read() as connection:
        kept = await Catalogue(connection).get("p1")
    assert kept is not None
    assert set(kept.attributes) == {"harvest", "weight"}


async def test_a_number_belongs_to_one_order(any_shop: Shop) -> None:
    await any_shop.stocked()
    await any_shop.send("orders", ORDER)
    assert (await any_shop.refused("orders", {**ORDER, "id": "o2"}))["code"] == "number_taken"
    assert (await any_shop.refused("orders", ORDER, {**ORDER, "id": "o2"}))["code"] == "number_taken"
    assert (await any_shop.refused("orders", ORDER, ORDER))["code"] == "twice_in_batch"


async def test_an_event_sent_twice_is_one_event(any_shop: Shop) -> None:
    second = {**EVENT, "id": "e2", "kind": "rating", "value": 4}
    assert (await any_shop.send("events", EVENT, second))["changed"] == 2
    assert (await any_shop.send("events", EVENT, {**second, "value": 1}))["changed"] == 0
    async with any_shop.store.read() as connection:
        kept = await Events(connection).by_customer("c1")
    assert [(item.id, item.value) for item in kept] == [("e1", None), ("e2", 4.0)]


async def test_a_thousand_rows_are_a_batch_and_one_more_is_not(any_shop: Shop) -> None:
    many = [{**EVENT, "id": f"e{number}"} for number in range(1_001)]
    assert (await any_shop.send("events", *many[:1_000]))["changed"] == 1_000
    error = await any_shop.refused("events", *many)
    assert error["code"] == "invalid"
    assert error["where"][0].startswith("events: ")
    async with any_shop.store.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(event)) == 1_000


@pytest.mark.parametrize(
    ("name", "row", "place"),
    [
        ("customers", {**CUSTOMER, "time_zone": "Mars/Olympus"}, "customers.0.time_zone"),
        ("customers", {**CUSTOMER, "time_zone": "../etc/passwd"}, "customers.0.time_zone"),
        ("customers", {**CUSTOMER, "name": "a\x00b"}, "customers.0.name"),
        ("customers", {**CUSTOMER, "nmae": "x"}, "customers.0.nmae"),
        ("customers", {**CUSTOMER, "id": ""}, "customers.0.id"),
        ("products", {**PRODUCT, "list_price": -1}, "products.0.list_price"),
        ("products", {**PRODUCT, "list_price": 99.5}, "products.0.list_price"),
        ("products", {**PRODUCT, "list_price": 10**40}, "products.0.list_price"),
        ("products", {**PRODUCT, "currency": "yuan"}, "products.0.currency"),
        ("products", {**PRODUCT, "url": "javascript:alert(1)"}, "products.0.url"),
        ("orders", {**ORDER, "placed_at": "2026-11-20T10:00:00"}, "orders.0.placed_at"),
        ("orders", {**ORDER, "status": "lost"}, "orders.0.status"),
        ("orders", {**ORDER, "lines": []}, "orders.0.lines"),
        ("orders", {**ORDER, "currency": "ZZQ"}, "orders.0.currency"),
        ("orders", {**ORDER, "parcels": [{"carrier": "SF"}]}, "orders.0.parcels.0"),
        ("events", {**EVENT, "value": "NaN"}, "events.0.value"),
        ("events", {**EVENT, "at": "0001-01-01T00:00:00Z"}, "events.0.at"),
        ("events", {**EVENT, "kind": "contact"}, "events.0.kind"),
    ],
)
async def test_what_can_not_be_used_is_named_with_its_place(
    shop: Shop, name: str, row: dict[str, Any], place: str
) -> None:
    error = await shop.refused(name, row)
    assert error["code"] == "invalid"
    assert any(line.startswith(place + ":") for line in error["where"]), error


async def test_bodies_that_are_no_json_are_refused(shop: Shop) -> None:
    for body in (b"", b"{", b"[]", b"\xff", b"[" * 50_000, b'{"events": "x"}'):
        answer = await shop.client.post("/events", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, body[:20]
        assert answer.json()["error"]["code"] == "invalid"


async def test_only_the_key_opens_the_door(shop: Shop) -> None:
    for header in ("", "Bearer", "Bearer wrong", "Basic eDp5", "Bearer \u00ff"):
        answer = await shop.client.get("/requests", headers={"Authorization": header.encode("latin-1")})
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "wrong_key"
    assert (await shop.client.get("/openapi.json", headers={"Authorization": ""})).status_code == 401
    await ApiKeys(shop.store).make()
    assert (await shop.client.get("/requests")).status_code == 401


async def test_without_a_key_nobody_comes_in(store: Store) -> None:
    app = Starlette(routes=ShopApi(store, ApiKeys(store), deep_links=links_of(store, Clock())).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x/api/v1") as client:
        answer = await client.get("/requests", headers={"Authorization": "Bearer " + "-" * 64})
    assert answer.status_code == 401


async def test_a_body_too_large_is_not_read(shop: Shop) -> None:
    answer = await shop.client.post("/events", content=b" " * (8 * 2**20 + 1))
    assert answer.status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"

    assert (await shop.client.post("/events", content=endless())).status_code == 411


async def test_an_unknown_path_says_where_the_paths_are(shop: Shop) -> None:
    answer = await shop.client.get("/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "no_such_path"


async def test_a_method_that_a_path_has_not_says_which_it_has(shop: Shop) -> None:
    answer = await shop.client.get("/orders")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["error"]["code"] == "no_such_path"


@pytest.mark.parametrize("opening", ["[", '{"customers":'])
@pytest.mark.parametrize("depth", [500, 900, 1_000, 100_000])
async def test_a_body_nested_without_end_is_refused(shop: Shop, opening: str, depth: int) -> None:
    body = opening * depth + "]" * (depth if opening == "[" else 0)
    answer = await shop.client.post("/customers", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"


async def test_open_requests_are_listed(any_shop: Shop) -> None:
    await any_shop.stocked()

    async def ask(connection: Any) -> None:
        account = await Accounts(connection).get_or_create("web", "v-1", now=NOW)
        await Conversations(connection).open("web", "v-1", account.id, "zh", NOW)
        contact = await Conversations(connection).contact("web", "v-1")
        await Requests(connection).add(
            NewRequest(
                number="R261125-AAAAA", kind="refund", conversation_id=contact.conversation.id,
                customer_id="c1", order_id=None, details={"text": "坏了"},
            ),
            NOW,
        )  # fmt: skip

    await any_shop.store.write(ask)
    listed = (await any_shop.client.get("/requests")).json()["requests"]
    assert [(item["number"], item["state"], item["details"]) for item in listed] == [
        ("R261125-AAAAA", "asked", {"text": "坏了"})
    ]
    assert (await any_shop.client.get("/requests", params={"state": "done"})).json()["requests"] == []
    assert (await any_shop.client.get("/requests", params={"state": "odd"})).status_code == 422
