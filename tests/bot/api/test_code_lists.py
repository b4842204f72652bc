"""All codes a page at a time, and what a code would come to, without using it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from storage.schema import coupon, offer
from tests.bot.api.shop import CUSTOMER, NOW, PRODUCT, Shop, an_order
from tests.bot.api.test_codes import HOUR, give_back, give_out_coupons, promise, use, use_refused


@pytest.fixture
async def till(any_shop: Shop) -> Shop:
    """A personal price that holds for an hour more, and the coupons ALL, Old5, SOON and BDAY."""
    await any_shop.send("customers", CUSTOMER, {**CUSTOMER, "id": "c2"})
    await any_shop.send("products", PRODUCT, {**PRODUCT, "id": "p2", "code": "TEA-2", "category": None})
    await any_shop.store.write(give_out_coupons)
    await promise(any_shop)
    return any_shop


async def listed(shop: Shop, **query: str) -> tuple[list[str], str | None]:
    answer = await shop.client.get("/codes", params=query)
    assert answer.status_code == 200, answer.text
    return [one["code"] for one in answer.json()["codes"]], answer.json()["next"]


async def check(shop: Shop, code: str = "l-abc", **body: Any) -> dict[str, Any]:
    answer = await shop.client.post(f"/codes/{code}/check", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def reason(shop: Shop, code: str = "L-ABC", **body: Any) -> str | None:
    checked = await check(shop, code, **body)
    assert checked["redeemable"] == (checked["reason"] is None)
    return checked["reason"] and str(checked["reason"])


async def test_pages_lead_through_all_codes(till: Shop) -> None:
    everything, end = await listed(till)
    assert (sorted(everything), end) == (["ALL", "BDAY", "L-ABC", "Old5", "SOON"], None)
    assert everything[-1] == "L-ABC"
    found, after = await listed(till, limit="2")
    while after is not None:
        more, after = await listed(till, limit="2", after=after)
        found += more
    assert found == everything
    assert sorted((await listed(till, state="live"))[0]) == ["ALL", "BDAY", "L-ABC"]


async def test_a_shop_asks_for_what_has_changed(till: Shop) -> None:
    since = NOW.isoformat()
    assert (await listed(till, changed_since=since))[0] == ["SOON"]
    till.clock.now = NOW + timedelta(minutes=1)
    await use(till, customer_id="c1")
    assert (await listed(till, changed_since=since))[0] == ["SOON", "L-ABC"]
    till.clock.now = NOW + timedelta(minutes=2)
    await give_back(till, customer_id="c1")
    assert (await listed(till, changed_since=till.clock.now.isoformat(), state="live"))[0] == ["L-ABC"]


@pytest.mark.parametrize(
    "query",
    [{"after": "?"}, {"after": "%00"}, {"limit": "0"}, {"state": "gone"}, {"changed_since": "2026-11-25"}],
)
async def test_what_can_not_be_asked_for_is_said(till: Shop, query: dict[str, str]) -> None:
    answer = await till.client.get("/codes", params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


async def test_a_check_says_the_price_and_changes_nothing(till: Shop) -> None:
    before = await _everything(till)
    assert await check(till, customer_id="c1", product_id="p1", total=9_900) == {
        "code": "L-ABC", "kind": "offer", "redeemable": True, "reason": None, "product_id": "p1", "price": 8_000,
        "off": None, "currency": "CNY", "valid_until": "2026-11-25T05:00:00Z",
    }  # fmt: skip
    assert (await check(till, "all", total=300))["off"] == 300
    assert (await check(till, "all"))["off"] == 500
    assert await _everything(till) == before


async def _everything(shop: Shop) -> list[Any]:
    async with shop.store.read() as connection:
        return [tuple(row) for table in (offer, coupon) for row in await connection.execute(select(table))]


async def test_a_check_says_why_not(till: Shop) -> None:
    assert await reason(till) == "no_customer"
    assert await reason(till, customer_id="c2") == "other_customer"
    assert await reason(till, customer_id="c1", product_id="p2") == "other_product"
    assert [await reason(till, code) for code in ("old5", "SOON")] == ["expired", "not_started"]
    till.clock.now = NOW + 2 * HOUR
    assert await reason(till, customer_id="c1") == "expired"
    await till.store.write(lambda c: c.execute(update(offer).values(state="withdrawn")))
    assert await reason(till, customer_id="c1") == "withdrawn"
    assert (await till.client.post("/codes/NONE/check", json={})).status_code == 404


async def test_a_check_with_an_order_says_what_its_use_would(till: Shop) -> None:
    assert (await till.client.post("/codes/L-ABC/check", json={"order_id": "o1"})).status_code == 404
    early = (NOW - HOUR / 2).isoformat()
    await till.send(
        "orders", an_order("o1", placed_at=early), an_order("o2", customer_id="c2", placed_at=early),
        an_order("o3", placed_at=early, status="cancelled"), an_order("o4", placed_at=early),
    )  # fmt: skip
    assert await reason(till, order_id="o2") == "other_customer"
    assert await reason(till, order_id="o3") == "order_cancelled"
    # It held when the order was placed.
    till.clock.now = NOW + 2 * HOUR
    assert await reason(till, order_id="o1") is None
    assert (await use(till, order_id="o1"))[0] == 200
    assert await reason(till, order_id="o1") is None
    assert await reason(till, order_id="o4") == "used"
    assert await use_refused(till, order_id="o4") == (409, "code_used")
    foreign = await till.client.post("/codes/L-ABC/check", json={"order_id": "o2", "customer_id": "c1"})
    assert foreign.status_code == 404


async def test_a_coupon_may_want_a_category_and_a_sum(till: Shop) -> None:
    values = {"category_id": "tea", "min_spend": 5_000, "amount": None, "percent": 15.0}
    await till.store.write(lambda c: c.execute(update(coupon).where(coupon.c.code == "ALL").values(values)))
    assert await reason(till, "ALL", total=4_999) == "below_min_spend"
    assert await reason(till, "ALL", total=5_000, product_id="p2") == "other_category"
    assert (await check(till, "ALL", total=5_010, product_id="p1"))["off"] == 752
    assert (await check(till, "ALL"))["off"] is None
