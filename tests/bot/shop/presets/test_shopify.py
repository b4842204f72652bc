"""Shopify's exports: what becomes of customers, of products with their variants, and of the files together."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from bot.shop.importing.presets import PRESETS, cleaning
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord, ProductRecord
from tests.bot.shop.presets.exports import options, read, table, written
from tests.bot.shop.presets.test_shopify_orders import ORDERS, PLACED, orders, row

CUSTOMERS = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
    "Default Address Address1,Default Address Address2,Default Address City,Default Address Province Code,"
    "Default Address Country Code,Default Address Zip,Default Address Phone,Phone,"
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


def test_customers_have_their_id_and_a_whole_name(tmp_path: Path) -> None:
    rows = (
        {
            "Customer ID": "'7001000000001",
            "First Name": "Ada",
            "Last Name": "Lovelace",
            "Email": "ada@example.com",
            "Accepts Email Marketing": "yes",
            "Accepts SMS Marketing": "no",
            "Default Address Phone": "'+44 20 7946 0000",
            "Default Address Address1": "1 St James's Square",
            "Default Address Address2": "Flat 2",
            "Default Address City": "London",
            "Default Address Country Code": "GB",
            "Default Address Zip": "'SW1Y 4JU",
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
            "addresses": {
                "main": {
                    "phone": "+44 20 7946 0000",
                    "line": "1 St James's Square, Flat 2",
                    "city": "London",
                    "country": "GB",
                    "postcode": "SW1Y 4JU",
                }
            },
            "default_address": "main",
            # A newsletter is no message in Telegram.
            "consents": {"email": {"granted": True}, "sms": {"granted": False}},
        },
        {"id": "7001000000002", "name": "张三", "consents": {"email": {"granted": False}}},
        {
            "id": "bo@example.com",
            "name": "Bo",
            "email": "Bo@Example.com",
            "consents": {"email": {"granted": False}},
        },
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
        "group_id": "jacket",
        "active": True,
    }
    assert came.records == [
        shared
        | {
            "id": "RJ-R-M",
            "code": "RJ-R-M",
            "name": "Rain Jacket, Colour Red, Size M",
            "options": {
                "colour": {"zh": ("Colour", "Red"), "en": ("Colour", "Red")},
                "size": {"zh": ("Size", "M"), "en": ("Size", "M")},
            },
            "list_price": 15900,
            "sale_price": 12900,
            "cost": 6050,
            "stock": 4,
            "pictures": ["https://cdn.example.com/jacket.jpg", "https://cdn.example.com/back.jpg"],
        },
        shared
        | {
            "id": cleaning.named_id("Rain Jacket - Blue / L"),
            "name": "Rain Jacket, Colour Blue, Size L",
            "options": {
                "colour": {"zh": ("Colour", "Blue"), "en": ("Colour", "Blue")},
                "size": {"zh": ("Size", "L"), "en": ("Size", "L")},
            },
            "list_price": 13900,
            "sale_price": None,
            "cost": None,
            "stock": 0,
            "pictures": [
                "https://cdn.example.com/blue.jpg",
                "https://cdn.example.com/jacket.jpg",
                "https://cdn.example.com/back.jpg",
            ],
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
            "group_id": "shirt",
            "options": {"颜色": {"zh": ("颜色", "红色"), "en": ("颜色", "红色")}},
            "list_price": 1990,
            "sale_price": None,
            "cost": None,
            "currency": "CNY",
            "stock": 100,
            "pictures": ["https://cdn.example.com/s.jpg"],
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
    assert came["options"]["colour"]["en"] == ("Colour", "r" * 200)


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
    assert not came.keys() & {"options", "group_id"}


@pytest.mark.parametrize(
    ("before", "prices"),
    [
        ("159", (15900, 12900)),
        ("", (12900, None)),
        ("0", (12900, None)),
        ("129.00", (12900, None)),
        ("99", (12900, None)),
    ],
)
def test_what_it_cost_before_a_sale_is_its_list_price(
    tmp_path: Path, before: str, prices: tuple[int, int | None]
) -> None:
    rows = JACKET | {"Variant Compare At Price": before}
    (came,) = read("shopify", [written(tmp_path / "p.csv", table(PRODUCTS, rows))]).records
    assert (came["list_price"], came["sale_price"]) == prices


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
    known = row("#1", "Rain Jacket - Red / M", "129.00", Lineitem_sku="RJ-R-M") | PLACED
    lines = known, row("#2", "Old Mug", "0.00") | PLACED, row("#2", "Old Mug", "8.00")
    came = read("shopify", [orders(tmp_path, *lines), products])
    assert came.kinds == [ProductRecord, ProductRecord, OrderRecord, OrderRecord]
    assert came.records[1] == {
        "id": cleaning.named_id("Old Mug"),
        "name": "Old Mug",
        "list_price": 1,
        "currency": "EUR",
        "active": False,
    }


def test_of_two_exports_that_have_the_same_order_the_later_one_holds(tmp_path: Path) -> None:
    early = written(tmp_path / "1.csv", table(ORDERS, row("#1") | PLACED, row("#2") | PLACED))
    late = written(
        tmp_path / "2.csv", table(ORDERS, row("#2") | PLACED | {"Fulfillment Status": "fulfilled"})
    )
    portions = [*PRESETS["shopify"].read([early, late], options())]
    told = [[(one.record.number, one.record.status) for one in found.told] for found in portions]
    assert told == [[("1", "paid"), ("2", "paid")], [("2", "shipped")]]


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
