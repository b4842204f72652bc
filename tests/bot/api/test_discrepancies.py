"""Orders that used a personal price and differ from it: redeemed all the same, and told until they fit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.discrepancies import Discrepancy, discrepancy
from storage.offers import StoredOffer
from storage.orders import Order, OrderLine
from tests.bot.api.shop import CUSTOMER, NOW, PRODUCT, Shop
from tests.bot.api.test_codes import give_back, look, placed, promise, use

NOTE = "codes redeemed at another price or for another product: `liuke codes list --differing`"


@pytest.fixture
async def till(any_shop: Shop) -> Shop:
    """A personal price of 80.00 for a product of 99.00, which holds for an hour more."""
    await any_shop.send("customers", CUSTOMER)
    await any_shop.send("products", PRODUCT, {**PRODUCT, "id": "p2", "code": "TEA-2"})
    await promise(any_shop)
    return any_shop


def line(price: int = 8_000, quantity: int = 1, product: str = "p1") -> dict[str, Any]:
    return {"product_id": product, "quantity": quantity, "unit_price": price}


async def of_code(shop: Shop, code: str = "L-ABC") -> tuple[str | None, int | None]:
    found = (await shop.client.get(f"/codes/{code}")).json()
    return found["discrepancy"], found["paid"]


async def differing(shop: Shop) -> list[str]:
    answer = await shop.client.get("/codes", params={"discrepancy": "true"})
    return [one["code"] for one in answer.json()["codes"]]


@pytest.mark.parametrize(
    ("order", "kept"),
    [
        ({"lines": [line()]}, (None, None)),
        # Shopify and WooCommerce tell the ordinary price, and put what the code takes off into the order's discount.
        ({"lines": [line(9_900)], "discount": 1_900}, (None, None)),
        ({"lines": [line(9_900)], "discount": 2_500}, (None, None)),
        ({"lines": [line(9_900, 3)], "discount": 1_900}, (None, None)),
        # The amount of a line of three, one of them at the promised price, divided among them.
        ({"lines": [line(9_267, 3)]}, (None, None)),
        ({"lines": [line(9_900, 2), line()]}, (None, None)),
        ({"lines": [line(9_900, product="p2"), line()]}, (None, None)),
        ({"lines": [line(9_900)]}, ("paid_more", 9_900)),
        ({"lines": [line(9_900)], "discount": 1_899}, ("paid_more", 8_001)),
        ({"lines": [line(9_900, 3)], "discount": 100}, ("paid_more", 9_800)),
        ({"lines": [line(7_999)]}, ("paid_less", 7_999)),
        ({"lines": [line(8_000, product="p2")]}, ("other_product", None)),
        ({"lines": [line()], "currency": "EUR"}, ("other_currency", None)),
    ],
)
async def test_what_differs_is_kept_and_the_code_redeemed(
    till: Shop, order: dict[str, Any], kept: tuple[str | None, int | None]
) -> None:
    answer = await till.send("orders", placed("o1", **order))
    assert await look(till) == ("used", "o1")
    assert answer["codes"] == []
    assert await of_code(till) == kept
    what, paid = kept
    told = {"order_id": "o1", "code": "L-ABC", "what": what, "price": 8_000, "paid": paid}
    assert answer["discrepancies"] == ([told] if what else [])
    assert answer["notes"].get(NOTE, 0) == (1 if what else 0)
    assert await differing(till) == (["L-ABC"] if what else [])


async def test_it_is_told_again_until_a_version_of_the_order_fits(till: Shop) -> None:
    wrong = placed("o1", lines=[line(9_900)])
    first = await till.send("orders", wrong)
    again = await till.send("orders", wrong)
    assert first["discrepancies"] == again["discrepancies"] != []
    later = await till.send("orders", placed("o1", lines=[line(9_000)]))
    assert later["discrepancies"][0]["paid"] == 9_000
    fits = await till.send("orders", placed("o1", lines=[line(9_900)], discount=1_900))
    assert (fits["discrepancies"], await of_code(till)) == ([], (None, None))
    # What the shop says of it by another road counts as well.
    answer = await till.client.patch("/orders/o1", json={"lines": [line(product="p2")]})
    assert answer.json()["discrepancies"][0]["what"] == "other_product"


async def test_an_order_that_names_the_code_no_more_is_looked_at_too(till: Shop) -> None:
    await till.send("orders", placed("o1", lines=[line(9_900)]))
    answer = await till.send("orders", placed("o1", lines=[line()], coupon_code=None))
    assert (answer["discrepancies"], await of_code(till)) == ([], (None, None))


async def test_the_till_that_names_an_order_is_looked_at_too(till: Shop) -> None:
    await till.send("orders", placed("o1", lines=[line(9_900)], coupon_code=None))
    assert (await use(till, order_id="o1"))[0] == 200
    assert await of_code(till) == ("paid_more", 9_900)
    status, code = await give_back(till, order_id="o1")
    assert (status, code["discrepancy"], code["paid"]) == (200, None, None)


async def test_a_cancelled_order_differs_from_nothing(till: Shop) -> None:
    await till.send("orders", placed("o1", lines=[line(9_900)]))
    answer = await till.send("orders", placed("o1", lines=[line(9_900)], status="cancelled"))
    assert (answer["discrepancies"], await of_code(till)) == ([], (None, None))
    assert await look(till) == ("live", None)
    # In one batch, another order has it then.
    await till.send("orders", placed("o2", lines=[line(9_900)]))
    both = await till.send("orders", placed("o2", status="cancelled"), placed("o3", lines=[line(9_900)]))
    assert await look(till) == ("used", "o3")
    assert [one["order_id"] for one in both["discrepancies"]] == ["o3"]


_LINES = st.lists(
    st.builds(line, st.integers(0, 12_000), st.integers(1, 4), st.sampled_from(["p1", "p2"])), min_size=1, max_size=3
)  # fmt: skip
_VERSIONS = st.fixed_dictionaries(
    {"lines": _LINES, "discount": st.integers(0, 4_000), "status": st.sampled_from(["placed", "paid", "cancelled"])}
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(_VERSIONS, min_size=1, max_size=4), data=st.data())
async def test_what_is_kept_is_what_the_latest_version_says(
    any_shop: Shop, versions: list[dict[str, Any]], data: st.DataObject
) -> None:
    name = f"h{data.draw(st.uuids())}"
    await any_shop.send("customers", {**CUSTOMER, "id": "c1"})
    await any_shop.send("products", PRODUCT, {**PRODUCT, "id": "p2", "code": "TEA-2"})
    code = await _promised(any_shop, name)
    for version in versions:
        answer = await any_shop.send("orders", placed(name, coupon_code=code, **version))
        kept = await of_code(any_shop, code)
        if version["status"] == "cancelled":
            assert (kept, answer["discrepancies"]) == ((None, None), [])
            continue
        found = _expected(version)
        assert kept == ((None, None) if found is None else (found.what, found.paid))
        assert len(answer["discrepancies"]) == (found is not None)
    await any_shop.send("orders", placed(name, coupon_code=code, status="cancelled"))


async def _promised(shop: Shop, name: str) -> str:
    """The live promise, or a new one where the last is over."""
    codes = (await shop.client.get("/codes", params={"state": "live"})).json()["codes"]
    if codes:
        return str(codes[0]["code"])
    await promise(shop, f"L-{name[-12:]}".upper())
    return f"L-{name[-12:]}".upper()


def _expected(version: dict[str, Any]) -> Discrepancy | None:
    return discrepancy(_offer(), _order(version))


def _offer() -> StoredOffer:
    return StoredOffer(
        code="", customer_id="c1", product_id="p1", price=8_000, list_price=9_900, floor=0, currency="CNY", reason="",
        reasons=[], policy="", probability=1.0, valid_until=NOW, id=1, state="used",
        created_at=NOW - timedelta(hours=1), used_at=NOW,
    )  # fmt: skip


def _order(version: dict[str, Any]) -> Order:
    lines = tuple(OrderLine(**one) for one in version["lines"])
    return Order(
        id="", number="", customer_id="c1", status="paid", placed_at=NOW, total=0, currency="CNY", updated_at=NOW,
        lines=lines, discount=version["discount"],
    )  # fmt: skip


@given(version=_VERSIONS)
def test_more_and_less_are_told_apart_and_the_promise_fits(version: dict[str, Any]) -> None:
    order = _order(version)
    found = discrepancy(_offer(), order)
    theirs = [one for one in order.lines if one.product_id == "p1"]
    if found is None:
        assert any(one.unit_price >= 8_000 for one in theirs)
    elif found.what == "other_product":
        assert theirs == []
    else:
        assert found.paid is not None
        assert (found.paid < 8_000) == (found.what == "paid_less")
        assert found.paid != 8_000
