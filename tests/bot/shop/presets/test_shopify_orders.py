"""Shopify's export of orders: what is true of an order stands on the first of its rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.shop.importing.presets import cleaning
from tests.bot.shop.presets.exports import read, table, written

ORDERS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,"
    "Shipping City,Shipping Zip,Shipping Country,Shipping Phone,Notes,Cancelled at,Payment Method,Refunded Amount,"
    "Outstanding Balance,Id,Tags,Risk Level,Source,Lineitem discount,Phone"
)
PLACED = {
    "Financial Status": "paid",
    "Paid at": "2026-11-20 09:02:12 -0500",
    "Currency": "EUR",
    "Created at": "2026-11-20 09:02:11 -0500",
}
AT = datetime(2026, 11, 20, 14, 2, 11, tzinfo=UTC)


def row(number: str, name: str = "Mug", price: str = "9.00", **cells: str) -> dict[str, str]:
    """A row of an order with a line; names of other columns have _ for spaces."""
    line = {"Lineitem quantity": "1", "Lineitem name": name, "Lineitem price": price}
    return {"Name": number, **line, **{column.replace("_", " "): value for column, value in cells.items()}}


def orders(tmp_path: Path, *rows: dict[str, str]) -> Path:
    return written(tmp_path / "orders_export.csv", table(ORDERS, *rows))


def test_an_order_of_several_rows_is_one_order(tmp_path: Path) -> None:
    first = {
        "Name": "#1001",
        "Email": "ada@example.com",
        "Fulfillment Status": "fulfilled",
        "Fulfilled at": "2026-11-21 10:00:00 -0500",
        "Subtotal": "133.00",
        "Shipping": "5.00",
        "Taxes": "21.24",
        "Total": "138.00",
        "Discount Code": "FALL5",
        "Discount Amount": "5.00",
        "Lineitem quantity": "1",
        "Lineitem name": "Rain Jacket - Red / M",
        "Lineitem price": "129.00",
        "Lineitem sku": "'RJ-R-M",
        "Shipping Name": "Ada Lovelace",
        "Shipping Street": "1 Long Lane, Flat 2",
        "Shipping City": "London",
        "Shipping Zip": "'0123",
        "Shipping Country": "GB",
        "Shipping Phone": "'+44 20 7946 0000",
        "Payment Method": "Shopify Payments",
        "Refunded Amount": "0.00",
        "Phone": "",
        "Billing Phone": "+44 1",
        "Id": "5550000001",
        "Source": "shopify_draft_order",
    }
    came = read(
        "shopify",
        [orders(tmp_path, first | PLACED, row("#1001", "Wool Socks", "4.50", Lineitem_quantity="2"))],
    )
    assert came.records == [
        {
            "number": "1001",
            "email": "ada@example.com",
            "status": "shipped",
            "placed_at": AT,
            "paid_at": datetime(2026, 11, 20, 14, 2, 12, tzinfo=UTC),
            "currency": "EUR",
            "total": 13800,
            "discount": 500,
            "shipping_fee": 500,
            "tax": 2124,
            "payment_method": "Shopify Payments",
            "coupon_code": "FALL5",
            "ship_to": {
                "recipient": "Ada Lovelace",
                "phone": "+44 20 7946 0000",
                "country": "GB",
                "city": "London",
                "line": "1 Long Lane, Flat 2",
                "postcode": "0123",
            },
            "lines": [
                {"product_id": "RJ-R-M", "quantity": 1, "unit_price": 12900},
                {"product_id": cleaning.named_id("Wool Socks"), "quantity": 2, "unit_price": 450},
            ],
            "parcels": [{"id": "1001-sent", "shipped_at": datetime(2026, 11, 21, 15, tzinfo=UTC)}],
        }
    ]
    assert came.rows == [[1, 2]]


@pytest.mark.parametrize(
    ("cells", "status", "was_paid", "refunded"),
    [
        ({"Financial Status": "paid"}, "paid", True, None),
        ({"Financial Status": "paid", "Fulfillment Status": "partial"}, "shipped", True, None),
        ({"Financial Status": "paid", "Fulfillment Status": "unfulfilled"}, "paid", True, None),
        ({"Financial Status": "pending", "Paid at": ""}, "placed", False, None),
        ({"Financial Status": "authorized", "Paid at": ""}, "placed", False, None),
        ({"Financial Status": "partially_paid", "Paid at": ""}, "placed", False, None),
        ({"Financial Status": "voided", "Paid at": ""}, "cancelled", False, None),
        (
            {"Financial Status": "pending", "Paid at": "", "Fulfillment Status": "fulfilled"},
            "shipped",
            False,
            None,
        ),
        ({"Financial Status": "partially_refunded", "Refunded Amount": "4.00"}, "paid", True, 400),
        ({"Financial Status": "refunded", "Refunded Amount": "9.00"}, "returned", True, 900),
        ({"Financial Status": "paid", "Fulfillment Status": "restocked"}, "returned", True, None),
        (
            {"Financial Status": "pending", "Paid at": "", "Fulfillment Status": "restocked"},
            "cancelled",
            False,
            None,
        ),
        ({"Cancelled at": "2026-11-21 09:00:00 -0500"}, "cancelled", True, None),
        (
            {"Financial Status": "pending", "Paid at": "", "Cancelled at": "2026-11-21 09:00:00 -0500"},
            "cancelled",
            False,
            None,
        ),
        ({"Financial Status": "paid", "Paid at": ""}, "paid", True, None),
    ],
)
def test_what_money_and_goods_have_done(
    tmp_path: Path, cells: dict[str, str], status: str, was_paid: bool, refunded: int | None
) -> None:
    (came,) = read("shopify", [orders(tmp_path, row("#1") | PLACED | cells)]).records
    assert (came["status"], "paid_at" in came) == (status, was_paid)
    expected = None if refunded is None else [{"amount": refunded, "currency": "EUR", "status": "paid"}]
    assert came.get("refunds") == expected


@pytest.mark.parametrize(
    ("cells", "come", "parcel"),
    [
        ({"Fulfillment Status": "fulfilled"}, ("fulfilled", "fulfilled"), {"lines": ["Mug", "Plate"]}),
        ({"Fulfillment Status": "partial"}, ("pending", "fulfilled"), {"lines": ["Plate"]}),
        ({"Fulfillment Status": "partial"}, ("pending", "partial"), None),
        ({"Fulfillment Status": "fulfilled", "Fulfilled at": "2026-11-21 10:00:00 -0500"}, ("", ""), {}),
        ({"Fulfillment Status": "fulfilled"}, ("", ""), None),
        ({"Fulfillment Status": "unfulfilled"}, ("pending", "pending"), None),
        (
            {"Fulfillment Status": "fulfilled", "Financial Status": "refunded"},
            ("fulfilled", "fulfilled"),
            None,
        ),
    ],
)
def test_what_has_left_is_a_parcel(
    tmp_path: Path, cells: dict[str, str], come: tuple[str, str], parcel: dict[str, Any] | None
) -> None:
    rows = [
        row("#1", name, Lineitem_fulfillment_status=said)
        for name, said in zip(("Mug", "Plate"), come, strict=True)
    ]
    (told,) = read("shopify", [orders(tmp_path, rows[0] | PLACED | cells, rows[1])]).records
    if parcel is None:
        assert "parcels" not in told
        return
    (box,) = told["parcels"]
    assert (box["id"], "shipped_at" in box) == ("1-sent", "Fulfilled at" in cells)
    named = [{"product_id": cleaning.named_id(name), "quantity": 1} for name in parcel.get("lines", ())]
    assert box.get("lines") == (named or None)


def test_money_of_an_order_went_back_when_it_was_cancelled(tmp_path: Path) -> None:
    cells = {"Cancelled at": "2026-11-21 09:00:00 -0500", "Refunded Amount": "9.00"}
    (came,) = read("shopify", [orders(tmp_path, row("#1") | PLACED | cells)]).records
    back = datetime(2026, 11, 21, 14, tzinfo=UTC)
    told = {"amount": 900, "currency": "EUR", "status": "paid", "requested_at": back}
    assert (came["status"], came["refunds"]) == ("cancelled", [told])


@pytest.mark.parametrize(
    ("said", "code"),
    [("FALL5, HELLO", "FALL5"), ("", None), ("A discount for all friends of this lovely shop", None)],
)
def test_the_first_discount_code_counts(tmp_path: Path, said: str, code: str | None) -> None:
    (came,) = read("shopify", [orders(tmp_path, row("#1") | PLACED | {"Discount Code": said})]).records
    assert came.get("coupon_code") == code


def test_times_of_utc_say_so(tmp_path: Path) -> None:
    cells = {"Created at": "2026-11-20 14:02:11 UTC"}
    (came,) = read("shopify", [orders(tmp_path, row("#1") | PLACED | cells)]).records
    assert came["placed_at"] == AT


def test_times_may_be_written_in_a_form_of_their_own(tmp_path: Path) -> None:
    cells = {"Created at": "11/20/2026 22:02", "Paid at": "11/20/2026 22:03"}
    (came,) = read(
        "shopify", [orders(tmp_path, row("#1") | PLACED | cells)], date_format="%m/%d/%Y %H:%M"
    ).records
    assert came["placed_at"] == datetime(2026, 11, 20, 14, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "cells", "why"),
    [
        ("#2", {"Payment Method": "Bogus Gateway (for testing)"}, "a test order"),
        ("#D2", {}, "a draft of an order"),
        ("#2", {"Source": "draft"}, "a draft of an order"),
    ],
)
def test_tests_and_drafts_are_left_out(tmp_path: Path, number: str, cells: dict[str, str], why: str) -> None:
    rows = row("#1") | PLACED, row(number) | PLACED | cells, row(number, "Plate")
    came = read("shopify", [orders(tmp_path, *rows)])
    assert [one["number"] for one in came.records] == ["1"]
    assert came.left_out == [([2, 3], why)]


def test_guests_are_known_by_the_phone_number_of_whoever_pays(tmp_path: Path) -> None:
    cells = {"Phone": "", "Billing Phone": "'+49 30 901820"}
    (came,) = read("shopify", [orders(tmp_path, row("#1") | PLACED | cells)]).records
    assert (came["phone"], "email" in came) == ("+49 30 901820", False)


@pytest.mark.parametrize(
    ("bad", "column", "reason"),
    [
        ({"Lineitem quantity": "none left"}, "Lineitem quantity", "'none left' is not a number"),
        ({"Lineitem quantity": "0"}, "Lineitem quantity", "'0': Input should be greater than or equal to 1"),
        ({"Lineitem quantity": ""}, "Lineitem quantity", "there is no value"),
        ({"Lineitem price": "free"}, "Lineitem price", "'free' is not a number"),
        ({"Lineitem name": ""}, "Lineitem name", "there is no value"),
    ],
)
def test_a_bad_line_refuses_its_whole_order(
    tmp_path: Path, bad: dict[str, str], column: str, reason: str
) -> None:
    rows = (
        row("#1") | PLACED,
        row("#2") | PLACED,
        row("#2", "Plate") | bad,
        row("#2", "Bowl"),
        row("#3") | PLACED,
    )
    came = read("shopify", [orders(tmp_path, *rows)])
    assert [one["number"] for one in came.records] == ["1", "3"]
    assert came.refused == [([2, 3, 4], column, reason, 3)]


@pytest.mark.parametrize(
    ("bad", "column", "reason"),
    [
        (
            {"Financial Status": "lost"},
            "Financial Status",
            "'lost' is no status that is known of these exports",
        ),
        ({"Created at": "soon"}, "Created at", "'soon' is not a time"),
        ({"Created at": ""}, "Created at", "there is no value"),
        ({"Email": "ada at example"}, "Email", "'ada at example': String should match"),
        ({"Total": "-1"}, "Total", "'-100': Input should be greater than or equal to 0"),
    ],
)
def test_what_is_bad_of_an_order_is_said(
    tmp_path: Path, bad: dict[str, str], column: str, reason: str
) -> None:
    came = read("shopify", [orders(tmp_path, row("#1") | PLACED | bad, row("#1", "Plate"))])
    assert came.records == []
    ((rows, named, why, _),) = came.refused
    assert (rows, named, why[: len(reason)]) == ([1, 2], column, reason)


def test_a_file_cut_in_the_middle_keeps_its_last_order_out(tmp_path: Path) -> None:
    rows = row("#1") | PLACED, row("#2") | PLACED, row("#2", "Plate")
    whole = table(ORDERS, *rows)
    came = read("shopify", [written(tmp_path / "o.csv", whole[: whole.index("Plate") + 3])])
    assert [one["number"] for one in came.records] == ["1"]
    ((numbers, _, reason, bad),) = came.refused
    assert (numbers, bad) == ([2, 3], 3)
    assert "values for 44 columns" in reason


def test_an_order_whose_rows_stand_apart_is_refused_whole(tmp_path: Path) -> None:
    came = read("shopify", [orders(tmp_path, row("#1") | PLACED, row("#2") | PLACED, row("#1", "Plate"))])
    assert [one["number"] for one in came.records] == ["2"]
    assert [rows for rows, *_ in came.refused] == [[1], [3]]
    assert came.refused[0][1:3] == ("Name", "'#1': its rows stand apart: sort the file by this column")
