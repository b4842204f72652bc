"""Coupons and their rules: by file and by API the same, in pieces and in any order, redeemed by orders, taken back."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.shop.importing.undoing import UndoRefused, undo
from bot.shop.intake.coupons import CouponRecord, take_coupons
from bot.shop.intake.customers import take_customers
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.merging import Taken
from bot.shop.intake.orders import OrdersTaken, take_orders
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord
from kernel.console import quiet
from storage import Store
from storage.code_lists import CodeLists, Wanted
from storage.codes import State
from storage.coupons import Coupon, Coupons
from storage.discrepancies import Difference
from storage.offers import NewOffer, Offers
from tests.bot.shop.test_import_whole import CUSTOMERS, NOW, PRODUCTS, Home
from tests.factories import erase_customer

DAY = timedelta(days=1)
BEGAN, ENDS = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
_numbers = itertools.count(1)
SAVE: dict[str, Any] = {
    "code": "SAVE20", "amount": 2_000, "min_spend": 10_000, "currency": "CNY", "valid_from": BEGAN, "valid_until": ENDS
}  # fmt: skip


@pytest.fixture
async def home(any_store: Store, tmp_path: Path) -> Home:
    home = Home(any_store, tmp_path)
    await home.take("products", PRODUCTS)
    await home.take("customers", CUSTOMERS + "c2,Bo,bo@example.com,,\n")
    return home


async def tell(home: Home, *records: dict[str, Any]) -> Taken:
    batch = [CouponRecord(**one) for one in records]
    return await home.store.write(lambda c: take_coupons(c, batch, NOW, Defaults()))


async def coupon(home: Home, code: str = "SAVE20") -> Coupon:
    async with home.store.read() as connection:
        found = await Coupons(connection).get(code)
    assert found is not None
    return found


def order(number: str, **values: Any) -> dict[str, Any]:
    line = {"product_id": "jacket", "quantity": 1, "unit_price": 12_900}
    return {
        "number": number, "customer_id": "c1", "status": "paid", "currency": "CNY", "coupon_code": "save20",
        "placed_at": BEGAN + timedelta(hours=int(number)), "discount": 2_000, "lines": [line], **values,
    }  # fmt: skip


async def place(home: Home, *orders: dict[str, Any]) -> OrdersTaken:
    batch = [OrderRecord(**one) for one in orders]
    return await home.store.write(lambda c: take_orders(c, batch, NOW, Defaults()))


def refusals(taken: OrdersTaken) -> dict[str, str]:
    return {one.order_id: one.reason for one in taken.codes.refused}


# --- what is kept -------------------------------------------------------------------------------------------------


async def test_what_is_not_said_stays_and_null_clears(home: Home) -> None:
    assert (await tell(home, {**SAVE, "text": "满100减20", "max_uses": 5})).changed == 1
    assert (await tell(home, {"code": "save20 ", "per_customer": 1})).changed == 1
    kept = await coupon(home)
    assert (kept.code, kept.text_zh, kept.text_en, kept.max_uses, kept.per_customer) == (
        "SAVE20",
        "满100减20",
        "",
        5,
        1,
    )
    await tell(home, {"code": "SAVE20", "max_uses": None, "min_spend": None, "text": None})
    kept = await coupon(home)
    assert (kept.max_uses, kept.min_spend, kept.text_zh, kept.amount) == (None, 0, "", 2_000)
    assert (await tell(home, SAVE | {"min_spend": 0})).changed == 0


async def test_without_an_end_it_holds_for_good(home: Home) -> None:
    await tell(home, {"code": "GOOD", "percent": 5}, SAVE)
    await home.take("coupons", "code,amount,end\nALSO,5,\n")
    # What ends first is named first.
    assert await holding(home, NOW) == ["SAVE20", "ALSO", "GOOD"]
    assert await holding(home, NOW + 4_000 * DAY) == ["ALSO", "GOOD"]
    assert (await expired(home), await expired(home, "live")) == (["SAVE20"], ["ALSO", "GOOD"])
    await tell(home, {"code": "SAVE20"})
    assert (await coupon(home)).valid_until == ENDS
    await tell(home, {"code": "SAVE20", "valid_until": None})
    assert (await expired(home), await holding(home, NOW + 4_000 * DAY)) == ([], ["ALSO", "GOOD", "SAVE20"])
    taken = await place(home, order("1", coupon_code="good", placed_at=NOW - DAY))
    assert taken.codes.refused == ()


async def holding(home: Home, moment: datetime) -> list[str]:
    async with home.store.read() as connection:
        return [one.code for one in await Coupons(connection).holding("c1", moment)]


async def expired(home: Home, state: State = "expired") -> list[str]:
    """What stands so long after."""
    async with home.store.read() as connection:
        page = await CodeLists(connection).page(Wanted(state=state), NOW + 4_000 * DAY, after=None, limit=9)
    return [one.code for one in page.codes]


async def test_an_amount_and_a_percentage_take_each_others_place(home: Home) -> None:
    await tell(home, SAVE)
    await tell(home, {"code": "SAVE20", "percent": 15})
    kept = await coupon(home)
    assert (kept.amount, kept.percent) == (None, 15)


@pytest.mark.parametrize(
    "said",
    [
        {"amount": 5, "percent": 5}, {"amount": None, "percent": None}, {"amount": None}, {"amount": 0},
        {"percent": 101}, {"percent": 0}, {"code": " "}, {"valid_until": BEGAN}, {"max_uses": 0}, {"product_ids": []},
        {"currency": "XXZ"},
    ],
)  # fmt: skip
def test_what_no_coupon_can_be_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic says where
        CouponRecord(**{**SAVE, **said})


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"code": "NEW"}, "incomplete", "amount"),
        ({**SAVE, "customer_id": "nobody"}, "unknown_reference", "customer_id"),
        ({**SAVE, "category_id": "none"}, "unknown_reference", "category_id"),
        ({**SAVE, "product_ids": ["socks", "none"]}, "unknown_reference", "product_ids.1"),
    ],
)
async def test_what_can_not_be_taken_says_what_is_missing(
    home: Home, said: dict[str, Any], code: str, field: str
) -> None:
    taken = await tell(home, said)
    assert (taken.refused[0].code, taken.refused[0].field) == (code, field)
    assert taken.changed == 0


async def test_a_coupon_of_who_was_erased_is_left_out(home: Home) -> None:
    await tell(home, {**SAVE, "customer_id": "c1"})
    await home.store.write(lambda c: erase_customer(c, "c1", NOW))
    taken = await tell(home, {**SAVE, "customer_id": "c1"})
    assert (taken.erased, taken.changed) == ({0}, 0)


_FACTS = st.sampled_from(
    [
        {"amount": 500}, {"percent": 10}, {"min_spend": 100}, {"min_spend": None}, {"text": "十元"}, {"text": "Ten"},
        {"text_en": None}, {"max_uses": 3}, {"per_customer": 1}, {"per_customer": None}, {"product_ids": ["socks"]},
        {"valid_until": ENDS + DAY}, {"customer_id": "c1"}, {"customer_id": None},
    ]
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(_FACTS, max_size=6), data=st.data())
async def test_pieces_in_any_order_are_the_same_coupon(
    home: Home, pieces: list[dict[str, Any]], data: st.DataObject
) -> None:
    dated = [{**piece, "updated_at": BEGAN + timedelta(minutes=n)} for n, piece in enumerate(pieces, start=1)]
    kept = []
    for ordered in (dated, data.draw(st.permutations(dated))):
        code = f"C{next(_numbers)}"
        for piece in ({**SAVE, "updated_at": BEGAN}, *ordered):
            await tell(home, {**piece, "code": code})
        kept.append(replace(await coupon(home, code), code="", changed_at=None))
    assert kept[0] == kept[1]


# --- by file and by API -------------------------------------------------------------------------------------------

FILE = (
    "优惠码,说明,面额,折扣,满减门槛,customer,category,items,开始时间,结束时间,usage limit,每人限用\n"
    "SAVE20,,20,,100,,,,2026-11-01,2026-11-30,100,1\n"
    "MINE,Just for you,,8.5,,c1,,\"socks,jacket\",2026-11-01 00:00,2026-12-01 00:00,,\n"
)  # fmt: skip
FROM, UNTIL = datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC)
"""Midnights of Shanghai; the last day counts."""
BY_API: tuple[dict[str, Any], ...] = (
    {**SAVE, "valid_from": FROM, "valid_until": UNTIL, "max_uses": 100, "per_customer": 1},
    {
        "code": "MINE", "text": "Just for you", "percent": 15, "customer_id": "c1", "product_ids": ["socks", "jacket"],
        "currency": "CNY", "valid_from": FROM, "valid_until": UNTIL,
    },
)  # fmt: skip


async def test_a_file_and_the_api_make_the_same_coupons(home: Home) -> None:
    report = await home.take("coupons", FILE)
    assert (report.taken, report.rejected, report.written["coupons"]) == (2, 0, 2), report.examples
    assert (await tell(home, *BY_API)).changed == 0
    assert (await home.take("coupons", FILE)).written["coupons"] == 0


async def test_what_an_import_did_to_coupons_is_taken_back(home: Home) -> None:
    await tell(home, {**SAVE, "text": "as it was"})
    before = await coupon(home)
    tried = await home.take("coupons", FILE, dry_run=True)
    assert (tried.written["coupons"], await coupon(home)) == (2, before)
    report = await home.take("coupons", FILE)
    assert report.import_id is not None
    await undo(home.store, report.import_id, NOW, quiet)
    async with home.store.read() as connection:
        assert await Coupons(connection).get("MINE") is None
    assert replace(await coupon(home), changed_at=before.changed_at) == before


async def test_coupons_that_were_used_since_stay(home: Home) -> None:
    report = await home.take("coupons", FILE)
    await place(home, order("1", coupon_code="MINE"))
    assert report.import_id is not None
    with pytest.raises(UndoRefused, match="coupons 'MINE' was changed since"):
        await undo(home.store, report.import_id, NOW, quiet)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("A,20,,9,2026-12-01", "percent"), ("A,,,,2026-12-01", "amount"), ("A,,120,,2026-12-01", "tenths"),
        (",20,,,2026-12-01", "code"), ("A,20,,,soon", "valid_until"),
    ],
)  # fmt: skip
async def test_a_row_that_is_no_coupon_is_refused_alone(home: Home, row: str, field: str) -> None:
    report = await home.take("coupons", f"code,amount,折扣,percent,end\n{row}\nB,5,,,2026-12-24\n")
    assert (report.taken, report.rejected) == (1, 1)
    assert field in report.examples[0][2]


# --- by orders ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coupon_first", [True, False])
async def test_an_order_uses_a_customers_own_whichever_comes_first(home: Home, coupon_first: bool) -> None:
    own = {**SAVE, "customer_id": "c1"}
    if coupon_first:
        await tell(home, own)
    await place(home, order("1"), order("2", customer_id="c2"))
    if not coupon_first:
        assert (await tell(home, own)).more["codes"] == 1
    kept = await coupon(home)
    assert (kept.order_id, kept.used_at) == ("1", BEGAN + timedelta(hours=1))
    again = await place(home, order("2", customer_id="c2"), order("3"))
    assert refusals(again) == {"2": "other_customer", "3": "used"}


@pytest.mark.parametrize("came", list(itertools.permutations(["1", "2", "3", "4"]))[::5])
async def test_of_more_orders_than_a_coupon_is_for_the_first_used_it(
    home: Home, came: tuple[str, ...]
) -> None:
    await tell(home, {**SAVE, "max_uses": 2})
    orders = {number: order(number) for number in "34"}
    orders |= {"1": order("1", status="cancelled"), "2": order("2", coupon_code=" save20")}
    for number in came:
        await place(home, orders[number])
    again = await place(home, *orders.values())
    assert refusals(again) == {"4": "used_up"}, "the cancelled one used none"
    assert again.changed == 0
    freed = await place(home, order("2", status="cancelled", coupon_code=" save20"), orders["4"])
    assert refusals(freed) == {}


async def test_one_customer_may_use_it_so_often(home: Home) -> None:
    await tell(home, {**SAVE, "per_customer": 1})
    taken = await place(
        home, order("1"), order("2"), order("3", customer_id="c2"), order("4", coupon_code=None)
    )
    assert refusals(taken) == {"2": "customer_limit"}
    async with home.store.read() as connection:
        coupons = Coupons(connection)
        kept = await coupon(home)
        assert [await coupons.spent(kept, who) for who in ("c1", "c2", None)] == ["customer_limit"] * 2 + [
            None
        ]
        assert await coupons.holding("c1", NOW) == []
        assert await coupons.holding(None, NOW) == [kept]


SOCKS = {"product_id": "socks", "quantity": 1, "unit_price": 1_400}
JACKET = {"product_id": "jacket", "quantity": 1, "unit_price": 12_900}
HALF = {"lines": [{**JACKET, "unit_price": 6_450}], "discount": 0}


@pytest.mark.parametrize(
    ("rules", "values", "what"),
    [
        ({}, {}, None),
        ({}, {"lines": [SOCKS]}, "below_min_spend"),
        # The lines' prices may have the reduction in them.
        ({"min_spend": 12_900}, {"lines": [{**JACKET, "unit_price": 10_900}], "discount": 0}, None),
        ({"min_spend": 14_000}, {}, "below_min_spend"),
        ({"amount": None, "percent": 50, "min_spend": 12_900}, HALF, None),
        ({"product_ids": ["socks"], "min_spend": 0}, {}, "other_product"),
        ({"product_ids": ["socks"]}, {"lines": [SOCKS, JACKET]}, "below_min_spend"),
        ({"category_id": "tops"}, {}, "other_category"),
        ({}, {"currency": "EUR"}, "other_currency"),
        ({"amount": None, "percent": 5, "min_spend": 0}, {"currency": "EUR"}, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("owner", [None, "c1"])
async def test_an_order_that_does_not_meet_the_rules_is_kept_and_named(
    home: Home, rules: dict[str, Any], values: dict[str, Any], what: Difference | None, owner: str | None
) -> None:
    if "category_id" in rules:
        await home.take("products", "item,name,price,category\nshirt,Shirt,9,tops\n")
    await tell(home, {**SAVE, **rules, "customer_id": owner})
    taken = await place(home, order("1", **values))
    assert [(one.order_id, one.what) for one in taken.codes.odd] == ([("1", what)] if what else [])
    assert not taken.codes.refused
    assert (await coupon(home)).discrepancy == (what if owner else None)
    if what and owner:
        await place(home, order("1", lines=[JACKET], coupon_code="SAVE20", status="cancelled"))
        assert (await coupon(home)).discrepancy is None, "it was given back"


async def test_a_coupon_may_be_everybodys_after_it_was_somebodys(home: Home) -> None:
    await tell(home, {**SAVE, "customer_id": "c1"})
    await place(home, order("1"))
    await tell(home, {"code": "SAVE20", "customer_id": None})
    taken = await place(home, order("1"), order("2", customer_id="c2"))
    assert not taken.codes.refused


async def test_a_code_of_a_personal_price_is_no_coupons(home: Home) -> None:
    new = NewOffer(
        code="LK1", customer_id="c1", product_id="socks", price=1_000, list_price=1_400, floor=1, currency="CNY",
        reason="asked", reasons=[], policy="p", probability=1.0, valid_until=ENDS,
    )  # fmt: skip
    await home.store.write(lambda c: Offers(c).reserve(new, NOW))
    taken = await tell(home, {**SAVE, "code": "lk1"})
    assert [one.code for one in taken.refused] == ["code_taken"]


async def test_a_customer_who_comes_later_is_needed_first(home: Home) -> None:
    late = {**SAVE, "customer_id": "c9"}
    assert (await tell(home, late)).refused
    await home.store.write(lambda c: take_customers(c, [CustomerRecord(id="c9")], NOW, Defaults()))
    assert (await tell(home, late)).changed == 1
