"""Coupons over HTTP: sent with their rules, looked at, checked, used, and named where an order differs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.bot.api.shop import CUSTOMER, NOW, Shop
from tests.bot.api.test_codes import placed, use, use_refused

SAVE: dict[str, Any] = {
    "code": "SAVE20", "amount": 2_000, "percent": None, "min_spend": 5_000, "max_uses": 2, "per_customer": 1,
    "currency": "CNY", "valid_from": "2026-11-20T00:00:00+08:00", "valid_until": "2026-12-01T00:00:00+08:00",
}  # fmt: skip


@pytest.fixture
async def till(any_shop: Shop) -> Shop:
    await any_shop.stocked()
    await any_shop.send(
        "customers", *({**CUSTOMER, "id": f"c{n}", "email": None, "phone": None} for n in (2, 3))
    )
    return any_shop


async def test_a_coupon_is_sent_and_looked_at(till: Shop) -> None:
    assert await till.send("coupons", SAVE) == {"received": 1, "changed": 1, "ignored": 0}
    assert (await till.send("coupons", SAVE))["changed"] == 0
    assert (await till.send("coupons", {"code": "save20", "text_en": "A treat"}))["changed"] == 1
    row = (await till.client.get("/codes/SAVE20")).json()
    assert (row["kind"], row["state"], row["max_uses"], row["per_customer"], row["text_en"], row["product_ids"]) == (
        "coupon", "live", 2, 1, "A treat", None
    )  # fmt: skip
    listed = (await till.client.get("/codes", params={"changed_since": NOW.isoformat()})).json()
    assert [one["code"] for one in listed["codes"]] == ["SAVE20"]


async def test_a_batch_with_one_that_can_not_be_is_refused_whole(till: Shop) -> None:
    both = await till.refused("coupons", SAVE, {**SAVE, "code": "X", "percent": 5})
    assert both["where"] == ["coupons.1: Value error, takes off an amount or a percent: say one of them"]
    error = await till.refused("coupons", SAVE, {"code": "X"})
    assert (error["code"], error["where"][0].split(":")[0]) == ("incomplete", "coupons.1.amount")
    error = await till.refused("coupons", {**SAVE, "category_id": "none"})
    assert error["code"] == "unknown_reference"
    error = await till.refused("coupons", SAVE, {**SAVE, "code": "save20"})
    assert error["code"] == "twice_in_batch"
    assert (await till.client.get("/codes/SAVE20")).status_code == 404


async def test_one_without_an_end_says_so(till: Shop) -> None:
    await till.send("coupons", {"code": "GOOD", "amount": 500})
    row = (await till.client.get("/codes/GOOD")).json()
    assert (row["state"], row["valid_until"]) == ("live", None)
    checked = (await till.client.post("/codes/GOOD/check", json={})).json()
    assert (checked["redeemable"], checked["valid_until"]) == (True, None)


async def check(till: Shop, **checkout: Any) -> str | None:
    answer = await till.client.post("/codes/SAVE20/check", json=checkout)
    return str(reason) if (reason := answer.json()["reason"]) else None


async def test_a_limit_is_minded_at_the_till_and_by_orders(till: Shop) -> None:
    await till.send("coupons", SAVE)
    await till.send("orders", placed("o1", coupon_code="save20", discount=2_000))
    assert [await check(till, customer_id=who) for who in ("c1", "c2")] == ["customer_limit", None]
    assert await check(till, order_id="o1") is None, "it has it already"
    await till.send(
        "orders", placed("o2", coupon_code=None), placed("o3", customer_id="c2", coupon_code=None)
    )
    assert await use_refused(till, "SAVE20", order_id="o2") == (409, "code_customer_limit")
    assert (await use(till, "SAVE20", order_id="o3"))[1]["again"] is False
    assert (await use(till, "SAVE20", order_id="o3"))[1]["again"] is True
    assert await check(till, customer_id="c3") == "used_up"
    late = placed("o4", customer_id="c3", coupon_code="SAVE20", placed_at=NOW.isoformat())
    answer = await till.send("orders", late)
    assert answer["codes"] == [{"order_id": "o4", "code": "SAVE20", "reason": "used_up"}]
    await till.send("orders", placed("o3", customer_id="c2", coupon_code="SAVE20", status="cancelled"))
    assert (await till.send("orders", late))["codes"] == []


async def test_an_order_below_the_rules_is_named(till: Shop) -> None:
    await till.send("coupons", {**SAVE, "min_spend": 20_000, "customer_id": "c1"})
    answer = await till.send("orders", placed("o1", coupon_code="SAVE20", discount=2_000))
    assert answer["discrepancies"] == [
        {"order_id": "o1", "code": "SAVE20", "what": "below_min_spend", "price": None, "paid": None}
    ]
    odd = (await till.client.get("/codes", params={"discrepancy": True})).json()["codes"]
    assert [(one["code"], one["discrepancy"]) for one in odd] == [("SAVE20", "below_min_spend")]
    answer = await till.send("orders", placed("o1", coupon_code="SAVE20", lines=[
        {"product_id": "p1", "quantity": 3, "unit_price": 9_900}
    ]))  # fmt: skip
    assert answer["discrepancies"] == []
    assert (await till.client.get("/codes", params={"discrepancy": True})).json()["codes"] == []


async def test_a_coupon_for_some_products_is_not_for_others(till: Shop) -> None:
    await till.send("products", {"id": "p2", "name": "Cup", "list_price": 500, "currency": "CNY"})
    await till.send("coupons", {**SAVE, "product_ids": ["p1"]})
    assert [await check(till, product_id=one) for one in ("p1", "p2")] == [None, "other_product"]
    assert await check(till, product_id="p1", total=4_999) == "below_min_spend"


async def test_a_coupon_ends_when_it_is_said_to(till: Shop) -> None:
    await till.send("coupons", SAVE)
    await till.send("coupons", {"code": "SAVE20", "valid_until": (NOW - timedelta(hours=1)).isoformat()})
    assert (await till.client.get("/codes/SAVE20")).json()["state"] == "expired"
