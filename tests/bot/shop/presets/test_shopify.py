"""Shopify's exports: what becomes of customers, products with their variants, and orders of several rows."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.shop.importing.presets import cleaning
from bot.shop.intake.records import CustomerRecord, OrderRecord, ProductRecord
from tests.bot.shop.presets.exports import read, table, written

CUSTOMERS = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
    "Default Address Address1,Default Address City,Default Address Zip,Default Address Phone,Phone,"
    "Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags"
)
PRODUCTS = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,Image Position,"
    "Gift Card,SEO Title,Variant Image,Cost per item,Status"
)
NEW_PRODUCTS = (
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode,"
    "Option1 name,Option1 value,Option2 name,Option2 value,Price,Compare-at price,Cost per item,Inventory tracker,"
    "Inventory quantity,Product image URL,Image position,Variant image URL,Gift card"
)
ORDERS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,"
    "Shipping City,Shipping Zip,Shipping Country,Shipping Phone,Notes,Cancelled at,Payment Method,Refunded Amount,"
    "Outstanding Balance,Id,Tags,Risk Level,Source,Lineitem discount,Phone"
)
JACKET = {
    "Handle": "jacket",
    "Title": "Rain Jacket",
    "Body (HTML)": "<p>Keeps you dry &amp; warm.</p><script>track()</script><p>Recycled.</p>",
    "Vendor": "North & Co",
    "Type": "Jackets",
    "Published": "true",
    "Option1 Name": "Colour",
    "Option1 Value": "Red",
    "Option2 Name": "Size",
    "Option2 Value": "M",
    "Variant SKU": "'RJ-R-M",
    "Variant Inventory Tracker": "shopify",
    "Variant Inventory Qty": "4",
    "Variant Price": "129.00",
    "Variant Compare At Price": "159.00",
    "Image Src": "https://cdn.example.com/jacket.jpg",
    "Image Position": "1",
    "Gift Card": "false",
    "Cost per item": "60.50",
    "Status": "active",
}
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


def test_customers_have_their_id_and_a_whole_name(tmp_path: Path) -> None:
    rows = (
        {
            "Customer ID": "'7001000000001",
            "First Name": "Ada",
            "Last Name": "Lovelace",
            "Email": "ada@example.com",
            "Accepts Email Marketing": "yes",
            "Default Address Phone": "'+44 20 7946 0000",
        },
        {
            "Customer ID": "'7001000000002",
            "First Name": "三",
            "Last Name": "张",
            "Accepts Email Marketing": "no",
        },
        {"First Name": "Bo", "Email": "Bo@Example.com", "Accepts Email Marketing": "no"},
        {"First Name": "Nobody", "Accepts Email Marketing": "no"},
    )
    came = read("shopify", [written(tmp_path / "c.csv", table(CUSTOMERS, *rows))])
    assert came.of(CustomerRecord) == [
        {
            "id": "7001000000001",
            "name": "Ada Lovelace",
            "email": "ada@example.com",
            "phone": "+44 20 7946 0000",
            "marketing": True,
        },
        {"id": "7001000000002", "name": "张三", "marketing": False},
        {"id": "bo@example.com", "name": "Bo", "email": "Bo@Example.com", "marketing": False},
    ]
    assert came.left_out == [([4], "a customer without an id, an e-mail address and a phone number")]
    assert came.refused == []


def test_variants_are_products_with_what_the_first_row_says_of_all(tmp_path: Path) -> None:
    rows = (
        JACKET,
        {
            "Handle": "jacket",
            "Option1 Value": "Blue",
            "Option2 Value": "L",
            "Variant Inventory Qty": "-2",
            "Variant Inventory Tracker": "shopify",
            "Variant Price": "139.00",
            "Variant Image": "https://cdn.example.com/blue.jpg",
        },
        {"Handle": "jacket", "Image Src": "https://cdn.example.com/back.jpg", "Image Position": "2"},
    )
    came = read(
        "shopify", [written(tmp_path / "p.csv", table(PRODUCTS, *rows))], currency="EUR", language="en"
    )
    shared = {
        "description": "Keeps you dry & warm.\n\nRecycled.",
        "brand": "North & Co",
        "category": {"id": "Jackets", "name_en": "Jackets"},
        "currency": "EUR",
        "active": True,
    }
    assert came.records == [
        shared
        | {
            "id": "RJ-R-M",
            "code": "RJ-R-M",
            "name": "Rain Jacket, Colour Red, Size M",
            "attributes": {
                "colour": {"zh": ("Colour", "Red"), "en": ("Colour", "Red")},
                "size": {"zh": ("Size", "M"), "en": ("Size", "M")},
            },
            "list_price": 12900,
            "cost": 6050,
            "stock": 4,
            "picture": "https://cdn.example.com/jacket.jpg",
        },
        shared
        | {
            "id": cleaning.named_id("Rain Jacket - Blue / L"),
            "name": "Rain Jacket, Colour Blue, Size L",
            "attributes": {
                "colour": {"zh": ("Colour", "Blue"), "en": ("Colour", "Blue")},
                "size": {"zh": ("Size", "L"), "en": ("Size", "L")},
            },
            "list_price": 13900,
            "cost": None,
            "stock": 0,
            "picture": "https://cdn.example.com/blue.jpg",
        },
    ]
    assert came.rows == [[1, 3], [2]]


def test_the_newer_columns_say_the_same(tmp_path: Path) -> None:
    row = {
        "Title": "衬衫",
        "URL handle": "shirt",
        "Description": "<p>纯棉</p>",
        "Product category": "Apparel & Accessories > Clothing > Shirts",
        "Published on online store": "TRUE",
        "Status": "Active",
        "SKU": "S-1",
        "Option1 name": "颜色",
        "Option1 value": "红色",
        "Price": "19.9",
        "Inventory tracker": "",
        "Product image URL": "https://cdn.example.com/s.jpg",
    }
    came = read("shopify", [written(tmp_path / "p.csv", table(NEW_PRODUCTS, row), "utf-16")])
    assert came.records == [
        {
            "id": "S-1",
            "code": "S-1",
            "name": "衬衫，颜色 红色",
            "description": "纯棉",
            "category": {"id": "Apparel & Accessories > Clothing > Shirts", "name_zh": "Shirts"},
            "attributes": {"颜色": {"zh": ("颜色", "红色"), "en": ("颜色", "红色")}},
            "list_price": 1990,
            "cost": None,
            "currency": "CNY",
            "stock": 100,
            "picture": "https://cdn.example.com/s.jpg",
            "active": True,
        }
    ]


@pytest.mark.parametrize(
    ("cells", "active"),
    [
        ({"Status": "active"}, True),
        ({"Status": "draft"}, False),
        ({"Status": "archived"}, False),
        ({"Status": "active", "Published": "false"}, False),
        ({"Status": "active", "Gift Card": "true"}, False),
        ({"Status": "", "Published": ""}, True),
    ],
)
def test_only_what_is_offered_is_for_sale(tmp_path: Path, cells: dict[str, str], active: bool) -> None:
    came = read("shopify", [written(tmp_path / "p.csv", table(PRODUCTS, JACKET | cells))])
    assert [one["active"] for one in came.records] == [active]


def test_long_words_are_cut_where_their_beginning_says_what_it_is(tmp_path: Path) -> None:
    cells = {"Title": "T" * 400, "Body (HTML)": f"<p>{'d' * 30_000}</p>", "Option1 Value": "r" * 300}
    (came,) = read("shopify", [written(tmp_path / "p.csv", table(PRODUCTS, JACKET | cells))]).records
    assert (len(came["name"]), len(came["description"])) == (300, 20_000)
    assert came["attributes"]["colour"]["en"] == ("Colour", "r" * 200)


def test_a_column_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    """What the store knows already stays."""
    header = "Handle,Title,Option1 Name,Option1 Value,Variant Price"
    row = ("mug", "Mug", "Title", "Default Title", "9")
    (came,) = read("shopify", [written(tmp_path / "p.csv", table(header, row))]).records
    assert came.keys() == {"id", "name", "list_price", "currency", "active"}


def test_a_product_without_options_has_its_title(tmp_path: Path) -> None:
    mug = JACKET | {
        "Title": "Mug",
        "Option1 Name": "Title",
        "Option1 Value": "Default Title",
        "Option2 Name": "",
        "Option2 Value": "",
        "Variant SKU": "",
    }
    (came,) = read("shopify", [written(tmp_path / "p.csv", table(PRODUCTS, mug))]).records
    assert (came["name"], came["id"]) == ("Mug", cleaning.named_id("Mug"))
    assert "attributes" not in came


def test_a_bad_variant_is_refused_alone(tmp_path: Path) -> None:
    rows = (
        JACKET,
        {"Handle": "jacket", "Option1 Value": "Blue", "Option2 Value": "L", "Variant Price": "much"},
        {"Handle": "jacket", "Option1 Value": "Grey", "Option2 Value": "L", "Variant Price": "0.00"},
        {"Handle": "lost", "Variant Price": "3.00"},
    )
    came = read("shopify", [written(tmp_path / "p.csv", table(PRODUCTS, *rows))])
    assert [one["id"] for one in came.records] == ["RJ-R-M"]
    assert came.refused == [
        ([2], "Variant Price", "'much' is not a number", 2),
        ([4], "Title", "there is no value", 4),
    ]
    assert came.left_out == [([3], "a product that costs nothing: there is nothing to offer")]


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


def test_lines_find_the_variants_that_they_are_of(tmp_path: Path) -> None:
    variants = (
        JACKET | {"Variant SKU": ""},
        {"Handle": "jacket", "Option1 Value": "Blue", "Option2 Value": "L", "Variant Price": "139.00"},
    )
    products = written(tmp_path / "p.csv", table(PRODUCTS, *variants))
    lines = row("#1", "Rain Jacket - Red / M") | PLACED, row("#1", "Rain Jacket  -  Blue / L")
    came = read("shopify", [products, orders(tmp_path, *lines)])
    assert [one["product_id"] for one in came.of(OrderRecord)[0]["lines"]] == [
        one["id"] for one in came.of(ProductRecord)
    ]
    assert len(came.of(ProductRecord)) == 2


def test_what_is_sold_no_more_is_told_before_the_orders_that_name_it(tmp_path: Path) -> None:
    products = written(tmp_path / "p.csv", table(PRODUCTS, JACKET))
    lines = row("#1", "Old Mug", "0.00") | PLACED, row("#2", "Old Mug", "8.00") | PLACED
    came = read("shopify", [orders(tmp_path, *lines), products])
    assert came.kinds == [ProductRecord, ProductRecord, OrderRecord, OrderRecord]
    assert came.records[1] == {
        "id": cleaning.named_id("Old Mug"),
        "name": "Old Mug",
        "list_price": 1,
        "currency": "EUR",
        "active": False,
    }


def test_without_the_products_nothing_is_said_of_them(tmp_path: Path) -> None:
    came = read("shopify", [orders(tmp_path, row("#1", "Old Mug") | PLACED)])
    assert came.kinds == [OrderRecord]


def test_files_come_in_any_order(tmp_path: Path) -> None:
    customer = {"Customer ID": "'7", "First Name": "Ada", "Email": "a@b.c", "Accepts Email Marketing": "no"}
    files = [
        written(tmp_path / "c.csv", table(CUSTOMERS, customer)),
        written(tmp_path / "p.csv", table(PRODUCTS, JACKET)),
        orders(tmp_path, row("#1") | PLACED, row("#2") | PLACED),
    ]
    first, *others = (read("shopify", one) for one in itertools.permutations(files))
    assert first.kinds == [CustomerRecord, ProductRecord, ProductRecord, OrderRecord, OrderRecord]
    assert all(other.records == first.records for other in others)
    # What the orders say of their currency holds for the products, whose file says nothing of it.
    assert {one["currency"] for one in first.of(ProductRecord)} == {"EUR"}
    assert first.shares == sorted(first.shares)
    assert first.shares[-1] == 1.0
