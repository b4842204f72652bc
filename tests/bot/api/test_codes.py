"""Codes: each used once, by its customer, before its end; whichever way the use is told."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.offers import NewOffer, Offers
from storage.orders import Orders
from storage.schema import budget, coupon, offer
from tests.bot.api.shop import CUSTOMER, NOW, PRODUCT, Shop, an_order

HOUR = timedelta(hours=1)
DISCOUNT = 1_900


@pytest.fixture
async def till(any_shop: Shop) -> Shop:
    """A shop with a budget, two customers, and a personal price for the first one that holds for an hour more."""
    await any_shop.send("customers", CUSTOMER, {**CUSTOMER, "id": "c2"})
    await any_shop.send("products", PRODUCT)
    await any_shop.store.write(_budget)
    await promise(any_shop)
    return any_shop


async def _budget(connection: AsyncConnection) -> None:
    await connection.execute(
        budget.insert().values(
            id="b", total=10**6, reserved=0, currency="CNY",
            starts_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(days=1),
        )
    )  # fmt: skip


async def promise(shop: Shop, code: str = "L-ABC", now: datetime = NOW - HOUR) -> None:
    new = NewOffer(
        code=code, customer_id="c1", product_id="p1", price=9_900 - DISCOUNT, list_price=9_900, floor=5_000,
        currency="CNY", reason="asked", reasons=[], policy="p", probability=1.0, valid_until=NOW + HOUR,
    )  # fmt: skip
    await shop.store.write(lambda connection: Offers(connection).reserve(new, now))


async def give_out_coupons(connection: AsyncConnection) -> None:
    """One for everybody, one of the past, one of the future, and the birthday coupon of the first customer."""
    day = timedelta(days=1)
    times = {
        "ALL": (None, -day, day), "Old5": (None, -9 * day, -HOUR), "SOON": (None, HOUR, day), "BDAY": ("c1", -day, day)
    }  # fmt: skip
    await connection.execute(
        coupon.insert(),
        [
            {
                "code": code, "customer_id": owner, "text_zh": "减", "text_en": "off", "amount": 500, "min_spend": 0,
                "currency": "CNY", "valid_from": NOW + begins, "valid_until": NOW + ends,
            }
            for code, (owner, begins, ends) in times.items()
        ],
    )  # fmt: skip


async def use(shop: Shop, code: str = "L-ABC", **body: str) -> tuple[int, dict[str, Any]]:
    answer = await shop.client.post(f"/codes/{code}/use", json=body)
    return answer.status_code, answer.json()


async def use_refused(shop: Shop, code: str = "L-ABC", **body: str) -> tuple[int, str]:
    status, answer = await use(shop, code, **body)
    return status, answer["error"]["code"]


async def give_back(shop: Shop, code: str = "L-ABC", **query: str) -> tuple[int, dict[str, Any]]:
    answer = await shop.client.delete(f"/codes/{code}/use", params=query)
    return answer.status_code, answer.json()


async def look(shop: Shop, code: str = "L-ABC") -> tuple[str, str | None]:
    answer = await shop.client.get(f"/codes/{code}")
    assert answer.status_code == 200, answer.text
    return answer.json()["state"], answer.json()["order_id"]


async def reserved(shop: Shop) -> int:
    async with shop.store.read() as connection:
        return int(await connection.scalar(select(budget.c.reserved)) or 0)


async def code_on(shop: Shop, order_id: str) -> str | None:
    async with shop.store.read() as connection:
        order = await Orders(connection).get(order_id)
    assert order is not None
    return order.coupon_code


def placed(order_id: str, **values: Any) -> dict[str, Any]:
    """An order with the code, placed while that held."""
    return an_order(
        order_id, **{"placed_at": (NOW - HOUR / 2).isoformat(), "coupon_code": "l-abc ", **values}
    )


# --- at the till ------------------------------------------------------------------------------------------------


async def test_a_code_is_used_once_and_by_the_same_order_again(till: Shop) -> None:
    await till.send("orders", an_order("o1"), an_order("o2"))
    facts = {
        "code": "L-ABC", "kind": "offer", "customer_id": "c1", "product_id": "p1", "price": 8_000,
        "currency": "CNY", "used_at": "2026-11-25T04:00:00Z",
    }  # fmt: skip
    assert await use(till, "l-abc", customer_id="c1", order_id="o1") == (200, {**facts, "again": False})
    till.clock.now += 2 * HOUR
    assert await use(till, customer_id="c1", order_id="o1") == (200, {**facts, "again": True})
    assert await use(till, order_id="o1") == (200, {**facts, "again": True})
    assert await use_refused(till, customer_id="c1", order_id="o2") == (409, "code_used")
    assert await use_refused(till, customer_id="c1") == (409, "code_used")
    assert await look(till) == ("used", "o1")
    assert await reserved(till) == DISCOUNT


async def test_the_answer_stays_the_same_whatever_becomes_of_the_order(till: Shop) -> None:
    await till.send("orders", an_order("o1"))
    await use(till, order_id="o1")
    for status in ("shipped", "delivered", "returned"):
        await till.send("orders", an_order("o1", status=status))
        assert await code_on(till, "o1") == "L-ABC"
        status_code, answer = await use(till, order_id="o1")
        assert (status_code, answer["again"]) == (200, True)


async def test_a_use_without_an_order_is_its_customers_and_their_next_orders(till: Shop) -> None:
    assert (await use(till, customer_id="c1"))[1]["again"] is False
    assert (await use(till, customer_id="c1"))[1]["again"] is True
    assert await look(till) == ("used", None)
    answer = await till.send("orders", placed("o1"))
    assert answer["codes"] == []
    assert await look(till) == ("used", "o1")
    assert (await use(till, order_id="o1"))[1]["again"] is True
    assert await use_refused(till, customer_id="c1") == (409, "code_used")


async def test_a_personal_code_needs_its_customer(till: Shop) -> None:
    await till.send("orders", an_order("guest", customer_id=None), an_order("o2", customer_id="c2"))
    assert await use_refused(till) == (422, "customer_needed")
    assert await use_refused(till, order_id="guest") == (422, "customer_needed")
    assert await use_refused(till, customer_id="c2") == (404, "not_found")
    assert await use_refused(till, order_id="o2") == (404, "not_found")
    assert await use_refused(till, customer_id="c1", order_id="o2") == (404, "not_found")
    assert await use_refused(till, customer_id="c1", order_id="none") == (404, "not_found")
    assert await use_refused(till, "L-ABD", customer_id="c1") == (404, "not_found")
    assert await use_refused(till, "%00", customer_id="c1") == (422, "invalid")
    assert await look(till) == ("live", None)
    assert (await use(till, customer_id="c1", order_id="guest"))[0] == 200


async def test_a_code_that_ended_is_refused(till: Shop) -> None:
    till.clock.now = NOW + HOUR
    await till.send("orders", an_order("o1", placed_at=till.clock.now.isoformat()))
    assert await use_refused(till, customer_id="c1") == (409, "code_expired")
    assert await use_refused(till, order_id="o1") == (409, "code_expired")
    assert await look(till) == ("expired", None)
    await till.store.write(lambda c: Offers(c).expire(till.clock.now))
    assert await use_refused(till, order_id="o1") == (409, "code_expired")
    assert await reserved(till) == 0


async def test_an_order_placed_in_time_may_be_told_of_late(till: Shop) -> None:
    till.clock.now = NOW + 9 * HOUR
    await till.store.write(lambda c: Offers(c).expire(till.clock.now))
    await till.send("orders", an_order("o1", placed_at=(NOW + HOUR / 2).isoformat()))
    assert (await use(till, order_id="o1"))[1]["again"] is False
    # The discount was given after all.
    assert await reserved(till) == DISCOUNT


async def test_a_withdrawn_code_is_refused(till: Shop) -> None:
    await till.store.write(lambda c: c.execute(update(offer).values(state="withdrawn")))
    assert await use_refused(till, customer_id="c1") == (409, "code_withdrawn")
    assert (await till.send("orders", placed("o1")))["codes"][0]["reason"] == "withdrawn"
    assert await look(till) == ("withdrawn", None)


@pytest.mark.parametrize("code", ["L-ABC", "BDAY"])
async def test_of_many_at_once_one_uses_a_code(till: Shop, code: str) -> None:
    await till.store.write(give_out_coupons)
    await till.send("orders", *(an_order(f"o{n}") for n in range(12)))
    at_the_till = [use(till, code, order_id=f"o{n}") for n in range(12)]
    arriving = [
        till.client.post("/orders", json={"orders": [placed(f"a{n}", coupon_code=code)]}) for n in range(6)
    ]
    uses, orders = await asyncio.gather(asyncio.gather(*at_the_till), asyncio.gather(*arriving))
    used = [answer for status, answer in uses if status == 200]
    used += [answer.json() for answer in orders if not answer.json()["codes"]]
    assert len(used) == 1
    assert {status for status, _ in uses} <= {200, 409}
    assert (await look(till, code))[0] == "used"


async def test_one_use_told_twice_at_once_is_one_use(till: Shop) -> None:
    await till.send("orders", an_order("o1"))
    answers = await asyncio.gather(*(use(till, order_id="o1") for _ in range(8)))
    assert [status for status, _ in answers] == [200] * 8
    assert sum(not answer["again"] for _, answer in answers) == 1


# --- on orders that arrive ----------------------------------------------------------------------------------------


async def test_the_first_order_with_a_code_uses_it_and_the_others_are_named(till: Shop) -> None:
    late = placed("o0", placed_at=NOW.isoformat())
    answer = await till.send("orders", late, placed("o1"), placed("o2", coupon_code="SHOPS-OWN"))
    refused = [{"order_id": "o0", "code": "l-abc ", "reason": "used"}]
    assert (answer["changed"], answer["codes"]) == (3, refused)
    assert await look(till) == ("used", "o1")
    assert await till.send("orders", late, placed("o1")) == {**answer, "received": 2, "changed": 0}
    assert (await use(till, order_id="o1"))[1]["again"] is True
    assert await use_refused(till, order_id="o0") == (409, "code_used")
    assert [await code_on(till, "o0"), await code_on(till, "o2")] == ["l-abc ", "SHOPS-OWN"]


async def test_an_order_keeps_a_code_that_it_could_not_use(till: Shop) -> None:
    await till.store.write(give_out_coupons)
    answer = await till.send(
        "orders",
        placed("late", placed_at=(NOW + HOUR).isoformat()),
        placed("other", customer_id="c2"),
        placed("guest", customer_id=None),
        placed("old", coupon_code="OLD5"),
        placed("soon", coupon_code="soon"),
        placed("fine", coupon_code="all"),
    )
    assert {item["order_id"]: item["reason"] for item in answer["codes"]} == {
        "late": "expired", "other": "other_customer", "guest": "no_customer", "old": "expired",
        "soon": "not_started",
    }  # fmt: skip
    assert await look(till) == ("live", None)
    assert await code_on(till, "guest") == "l-abc "
    # Whose order it was is told later.
    assert (await till.send("orders", placed("guest")))["codes"] == []
    assert await look(till) == ("used", "guest")


async def test_an_order_that_is_told_of_late_used_its_code_all_the_same(till: Shop) -> None:
    till.clock.now = NOW + timedelta(days=30)
    await till.store.write(lambda c: Offers(c).expire(till.clock.now))
    assert await reserved(till) == 0
    assert (await till.send("orders", placed("o1")))["codes"] == []
    assert await look(till) == ("used", "o1")
    assert await reserved(till) == DISCOUNT


async def test_a_cancelled_order_gives_its_code_back(till: Shop) -> None:
    await till.send("orders", placed("o1"))
    await till.send("orders", placed("o1", status="cancelled"))
    assert await look(till) == ("live", None)
    assert await reserved(till) == DISCOUNT
    assert await use_refused(till, order_id="o1") == (409, "order_cancelled")
    assert await use_refused(till, "L-ABC", customer_id="c1", order_id="o1") == (409, "order_cancelled")
    await use(till, customer_id="c1")
    assert await use_refused(till, order_id="o1") == (409, "order_cancelled")
    assert (await give_back(till, customer_id="c1"))[1]["state"] == "live"
    # In one batch another order takes the place of the cancelled one.
    await till.send("orders", placed("o2"))
    answer = await till.send("orders", placed("o3"), placed("o2", status="cancelled"))
    assert answer["codes"] == []
    assert await look(till) == ("used", "o3")
    # And the cancelled one comes back to life too late.
    assert (await till.send("orders", placed("o2")))["codes"][0]["reason"] == "used"


async def test_what_is_given_back_after_its_end_has_ended(till: Shop) -> None:
    await till.send("orders", placed("o1"))
    till.clock.now = NOW + HOUR
    await till.send("orders", placed("o1", status="cancelled"))
    assert await look(till) == ("expired", None)
    assert await reserved(till) == 0


async def test_what_is_given_back_does_not_stand_beside_another_live_price(till: Shop) -> None:
    await till.send("orders", placed("o1"))
    await promise(till, "L-NEW")
    assert await reserved(till) == 2 * DISCOUNT
    await till.send("orders", placed("o1", status="cancelled"))
    assert [await look(till), await look(till, "L-NEW")] == [("withdrawn", None), ("live", None)]
    assert await reserved(till) == DISCOUNT


# --- coupons ------------------------------------------------------------------------------------------------------


async def test_everyones_coupon_serves_everyone_once_an_order_while_it_holds(till: Shop) -> None:
    await till.store.write(give_out_coupons)
    await till.send("orders", an_order("o1", placed_at=NOW.isoformat()), an_order("o2", customer_id=None))
    for _ in range(2):
        status, answer = await use(till, "all")
        assert (status, answer["kind"], answer["again"]) == (200, "coupon", False)
    first = await use(till, "all", order_id="o1")
    till.clock.now += HOUR
    again = await use(till, "ALL", customer_id="c1", order_id="o1")
    assert again == (200, {**first[1], "again": True})
    assert await use_refused(till, "all", order_id="o2") == (409, "code_not_started")
    assert await use_refused(till, "OLD5") == (409, "code_expired")
    assert await look(till, "ALL") == ("live", None)


async def test_a_birthday_coupon_is_its_customers_and_used_once(till: Shop) -> None:
    await till.store.write(give_out_coupons)
    await till.send(
        "orders", placed("o1", coupon_code="bday"), placed("o2", customer_id="c2", coupon_code="bday")
    )
    assert await look(till, "bday") == ("used", "o1")
    await till.send("orders", placed("o1", coupon_code="bday", status="cancelled"))
    assert await look(till, "BDAY") == ("live", None)
    assert (await use(till, "BDAY", customer_id="c1"))[0] == 200
    assert await use_refused(till, "BDAY", customer_id="c2") == (404, "not_found")


# --- looking, and giving back --------------------------------------------------------------------------------------


async def test_a_code_says_what_it_is_for(till: Shop) -> None:
    await till.store.write(give_out_coupons)
    answer = await till.client.get("/codes/l-abc")
    assert answer.json() == {
        "code": "L-ABC", "kind": "offer", "state": "live", "customer_id": "c1", "product_id": "p1", "price": 8_000,
        "amount": None, "percent": None, "min_spend": 0, "category_id": None, "product_ids": None,
        "max_uses": None, "per_customer": None, "text_zh": None, "text_en": None, "currency": "CNY",
        "valid_from": "2026-11-25T03:00:00Z", "valid_until": "2026-11-25T05:00:00Z", "used_at": None,
        "order_id": None, "discrepancy": None, "paid": None, "changed_at": "2026-11-25T03:00:00Z",
    }  # fmt: skip
    assert [(await look(till, code))[0] for code in ("ALL", "old5", "SOON")] == [
        "live",
        "expired",
        "not_started",
    ]
    assert (await till.client.get("/codes/NONE")).status_code == 404


async def test_an_abandoned_checkout_gives_its_code_back(till: Shop) -> None:
    await use(till, customer_id="c1")
    assert (await give_back(till))[1]["error"]["code"] == "customer_needed"
    assert (await give_back(till, customer_id="c2"))[0] == 404
    for _ in range(2):
        status, answer = await give_back(till, customer_id="c1")
        assert (status, answer["state"], answer["used_at"]) == (200, "live", None)
    await till.send("orders", placed("o1"), an_order("o2"))
    for query in ({"customer_id": "c1"}, {"order_id": "o2"}):
        status, answer = await give_back(till, **query)
        assert (status, answer["error"]["code"]) == (409, "code_used")
    assert (await give_back(till, order_id="o1"))[1]["state"] == "live"
    # The code is off the order, so that order does not use it when it comes again.
    assert await code_on(till, "o1") is None
    await till.send("orders", placed("o1", coupon_code=None, status="shipped"))
    assert await look(till) == ("live", None)
    assert await reserved(till) == DISCOUNT


async def test_everyones_coupon_is_taken_off_the_order(till: Shop) -> None:
    await till.store.write(give_out_coupons)
    await till.send("orders", placed("o1", coupon_code="ALL"))
    assert (await give_back(till, "all", order_id="o1"))[0] == 200
    assert await code_on(till, "o1") is None
