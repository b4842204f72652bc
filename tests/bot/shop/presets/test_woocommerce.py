"""WooCommerce's exports: products with their variations, and orders and customers as its extensions write them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.shop.importing.presets import cleaning
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord, ProductRecord
from tests.bot.shop.presets.exports import read, table, written

PRODUCTS = (
    "ID,Type,SKU,Name,Published,Is featured?,Visibility in catalog,Short description,Description,"
    "Date sale price starts,Date sale price ends,Tax status,Tax class,In stock?,Stock,Sale price,Regular price,"
    "Categories,Tags,Images,Parent,External URL,Position,Brands,Attribute 1 name,Attribute 1 value(s),"
    "Attribute 1 visible,Attribute 1 global,Attribute 2 name,Attribute 2 value(s),Meta: _wc_cog_cost"
)
GERMAN = (
    "ID,Typ,Artikelnummer,Name,Veröffentlicht,Kurzbeschreibung,Beschreibung,Vorrätig?,Bestand,Angebotspreis,"
    "Regulärer Preis,Kategorien,Bilder,Übergeordnetes Produkt,Attribut 1 Name,Attribut 1 Wert(e)"
)
ORDERS = (
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Email (Billing),"
    "Phone (Billing),First Name (Shipping),Last Name (Shipping),Address 1&2 (Shipping),City (Shipping),"
    "Postcode (Shipping),Country Code (Shipping),Item #,SKU,Name,Product Variation,Quantity,Item Cost,"
    "Order Line Total,Coupon Code,Payment Method Title,Cart Discount Amount,Order Subtotal Amount,Order Tax Amount,"
    "Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount"
)
ROW_PER_ITEM = (
    "order_id,order_number,order_date,status,shipping_total,tax_total,discount_total,order_total,refunded_total,"
    "order_currency,payment_method,customer_id,billing_first_name,billing_email,billing_phone,shipping_first_name,"
    "shipping_last_name,shipping_address_1,shipping_postcode,shipping_city,shipping_country,item_id,"
    "item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_subtotal_tax,item_total,item_total_tax,"
    "item_refunded,item_refunded_qty,item_meta"
)
HOODIE = {
    "ID": "12",
    "Type": "variable",
    "SKU": "HD",
    "Name": "Hoodie",
    "Published": "1",
    "Description": "<h2>Warm</h2>\\n<p>Cotton &amp; wool</p>",
    "Categories": "Clothing > Hoodies\\, zipped, Sale",
    "Images": "https://shop.example/h1.jpg, https://shop.example/h2.jpg",
    "Brands": "Nord",
    "Stock": "9",
    "Attribute 1 name": "Colour",
    "Attribute 1 value(s)": "Red, Blue",
}
RED = {
    "ID": "13",
    "Type": "variation",
    "Name": "Hoodie - Red",
    "Published": "1",
    "In stock?": "1",
    "Stock": "parent",
    "Regular price": "45,00",
    "Parent": "id:12",
    "Attribute 1 name": "Colour",
    "Attribute 1 value(s)": "Red",
}
MUG = {
    "ID": "20",
    "Type": "simple, virtual",
    "SKU": "MUG",
    "Name": "Mug",
    "Published": "1",
    "In stock?": "1",
    "Regular price": "12.50",
    "Short description": "For tea.\\n\\nOr coffee.",
}
AT = datetime(2026, 11, 20, 1, 2, tzinfo=UTC)
ORDER = {
    "Order Number": "1001",
    "Order Status": "Completed",
    "Order Date": "2026-11-20 09:02",
    "Email (Billing)": "ada@example.com",
    "Name": "Mug",
    "SKU": "MUG",
    "Quantity": "1",
    "Item Cost": "12.50",
}


def products(tmp_path: Path, *rows: dict[str, str]) -> Path:
    return written(tmp_path / "wc-product-export.csv", table(PRODUCTS, *rows))


def test_a_variation_takes_from_its_parent_what_it_does_not_say(tmp_path: Path) -> None:
    # A parent may stand below, and be named by its SKU.
    blue = RED | {"SKU": "HD-B", "Name": "Hoodie - Blue", "Parent": "HD", "Attribute 1 value(s)": "Blue"}
    hoodie = HOODIE | {"Attribute 2 name": "Fabric", "Attribute 2 value(s)": "Cotton"}
    blue |= {"Stock": "3", "Images": "https://shop.example/b.jpg", "Meta: _wc_cog_cost": "20"}
    came = read("woocommerce", [products(tmp_path, RED, blue, hoodie)], currency="EUR", language="en")
    shared = {
        "description": "Warm\n\nCotton & wool",
        "brand": "Nord",
        "attributes": {"fabric": {"zh": ("Fabric", "Cotton"), "en": ("Fabric", "Cotton")}},
        "category": {"id": "Clothing > Hoodies, zipped", "name_en": "Hoodies, zipped"},
        "list_price": 4500,
        "sale_price": None,
        "currency": "EUR",
        "active": True,
    }
    assert came.records == [
        shared
        | {
            "id": cleaning.named_id("Hoodie - Red"),
            "name": "Hoodie, Colour Red",
            "group_id": "HD",
            "options": {"colour": {"zh": ("Colour", "Red"), "en": ("Colour", "Red")}},
            "cost": None,
            "stock": 9,
            "pictures": ["https://shop.example/h1.jpg", "https://shop.example/h2.jpg"],
        },
        shared
        | {
            "id": "HD-B",
            "code": "HD-B",
            "name": "Hoodie, Colour Blue",
            "group_id": "HD",
            "options": {"colour": {"zh": ("Colour", "Blue"), "en": ("Colour", "Blue")}},
            "cost": 2000,
            "stock": 3,
            "pictures": [
                "https://shop.example/b.jpg",
                "https://shop.example/h1.jpg",
                "https://shop.example/h2.jpg",
            ],
        },
    ]
    assert came.left_out == [([3], "a product that is sold by its variations, which have rows of their own")]


def test_a_simple_product_is_read_in_german_too(tmp_path: Path) -> None:
    row = {
        "ID": "20",
        "Typ": "simple",
        "Artikelnummer": "TASSE",
        "Name": "Tasse",
        "Veröffentlicht": "1",
        "Kurzbeschreibung": "Für Tee.",
        "Vorrätig?": "0",
        "Regulärer Preis": "1.012,50",
        "Angebotspreis": "999,00",
        "Kategorien": "Küche",
        "Attribut 1 Name": "Farbe",
        "Attribut 1 Wert(e)": "Weiß, Blau",
    }
    file = written(tmp_path / "p.csv", table(GERMAN, row, separator=";"), "cp1252")
    assert read("woocommerce", [file], currency="EUR").records == [
        {
            "id": "TASSE",
            "code": "TASSE",
            "name": "Tasse",
            "description": "Für Tee.",
            "category": {"id": "Küche", "name_zh": "Küche"},
            "attributes": {"farbe": {"zh": ("Farbe", "Weiß, Blau"), "en": ("Farbe", "Weiß, Blau")}},
            "list_price": 101250,
            "sale_price": 99900,
            "currency": "EUR",
            "stock": 0,
            "active": True,
        }
    ]


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        ("", "", {}),
        ("2026-11-01", "", {"sale_from": datetime(2026, 10, 31, 16, tzinfo=UTC)}),
        # The last day is a whole one.
        ("", "2026-11-28", {"sale_until": datetime(2026, 11, 28, 16, tzinfo=UTC)}),
    ],
)
def test_the_sale_price_is_told_with_its_days(
    tmp_path: Path, begins: str, ends: str, said: dict[str, datetime]
) -> None:
    sale = {"Sale price": "9.99", "Date sale price starts": begins, "Date sale price ends": ends}
    (came,) = read("woocommerce", [products(tmp_path, MUG | sale)]).records
    expected = {"list_price": 1250, "sale_price": 999, **said}
    assert {name: value for name, value in came.items() if "sale" in name or name == "list_price"} == expected


@pytest.mark.parametrize(
    ("regular", "sale", "prices"),
    [("12.50", "12.50", (1250, None)), ("12.50", "20", (1250, None)), ("", "9.99", (999, None))],
)
def test_a_sale_price_that_is_not_below_the_regular_one_is_none(
    tmp_path: Path, regular: str, sale: str, prices: tuple[int, int | None]
) -> None:
    row = MUG | {"Regular price": regular, "Sale price": sale}
    (came,) = read("woocommerce", [products(tmp_path, row)]).records
    assert (came["list_price"], came["sale_price"]) == prices


@pytest.mark.parametrize(
    ("published", "of_parent", "active"),
    [("1", "1", True), ("0", "1", False), ("-1", "1", False), ("1", "-1", False)],
)
def test_drafts_and_private_products_are_not_for_sale(
    tmp_path: Path, published: str, of_parent: str, active: bool
) -> None:
    rows = HOODIE | {"Published": of_parent}, RED | {"Published": published}
    assert [one["active"] for one in read("woocommerce", [products(tmp_path, *rows)]).records] == [active]


def test_what_nobody_counts_is_there(tmp_path: Path) -> None:
    rows = MUG, MUG | {"In stock?": "0"}, MUG | {"Stock": "7"}, MUG | {"Stock": "-3"}
    assert [one["stock"] for one in read("woocommerce", [products(tmp_path, *rows)]).records] == [
        100,
        0,
        7,
        0,
    ]


def test_what_cannot_be_bought_is_left_out(tmp_path: Path) -> None:
    rows = MUG | {"Type": "grouped"}, MUG | {"Regular price": ""}, MUG | {"Regular price": "0"}
    came = read("woocommerce", [products(tmp_path, *rows)])
    assert came.records == []
    assert [why for _, why in came.left_out] == [
        "a group of products, which have rows of their own",
        "a product without a price, which can't be bought",
        "a product that costs nothing: there is nothing to offer",
    ]


def test_bad_cells_are_said_with_their_column(tmp_path: Path) -> None:
    rows = (
        MUG | {"Regular price": "a lot"},
        MUG | {"Stock": "many"},
        MUG | {"Sale price": "1", "Date sale price ends": "soon"},
        MUG | {"Name": ""},
    )
    came = read("woocommerce", [products(tmp_path, *rows)])
    assert came.refused == [
        ([1], "Regular price", "'a lot' is not a number", 1),
        ([2], "Stock", "'many' is not a number", 2),
        ([3], "Date sale price ends", "'soon' is not a day", 3),
        ([4], "Name", "there is no value", 4),
    ]


def test_an_order_has_a_row_for_each_line(tmp_path: Path) -> None:
    first = ORDER | {
        "Phone (Billing)": "030 901820",
        "First Name (Shipping)": "Ada",
        "Last Name (Shipping)": "Lovelace",
        "Address 1&2 (Shipping)": "Lange Gasse 1",
        "City (Shipping)": "Berlin",
        "Postcode (Shipping)": "10115",
        "Country Code (Shipping)": "DE",
        "Coupon Code": "fall5",
        "Payment Method Title": "PayPal",
        "Cart Discount Amount": "5.00",
        "Order Shipping Amount": "4.90",
        "Order Refund Amount": "12.50",
        "Order Total Amount": "57.40",
        "Order Total Tax Amount": "9.16",
    }
    second = {"Order Number": "1001", "Name": "Hoodie - Red", "Quantity": "1", "Item Cost": "45.00"}
    file = written(tmp_path / "orders.csv", table(ORDERS, first, second))
    assert read("woocommerce", [file], currency="EUR").records == [
        {
            "number": "1001",
            "status": "delivered",
            "email": "ada@example.com",
            "phone": "030 901820",
            "placed_at": AT,
            "currency": "EUR",
            "payment_method": "PayPal",
            "coupon_code": "fall5",
            "total": 5740,
            "discount": 500,
            "shipping_fee": 490,
            "tax": 916,
            "ship_to": {
                "recipient": "Ada Lovelace",
                "line": "Lange Gasse 1",
                "city": "Berlin",
                "country": "DE",
                "postcode": "10115",
            },
            "lines": [
                {"product_id": "MUG", "quantity": 1, "unit_price": 1250},
                {"product_id": cleaning.named_id("Hoodie - Red"), "quantity": 1, "unit_price": 4500},
            ],
            "refunds": [{"amount": 1250, "currency": "EUR", "status": "paid"}],
        }
    ]


def test_a_row_per_item_says_whose_the_order_is(tmp_path: Path) -> None:
    first = {
        "order_id": "77",
        "order_number": "77",
        "order_date": "2026-11-20 09:02:00",
        "status": "processing",
        "shipping_total": "0.00",
        "discount_total": "3.00",
        "order_total": "24.00",
        "order_currency": "JPY",
        "customer_id": "5",
        "billing_email": "ada@example.com",
        "item_name": "Mug",
        "item_sku": "MUG",
        "item_quantity": "2",
        "item_subtotal": "27.00",
        "item_total": "24.00",
    }
    guest = first | {"order_number": "78", "customer_id": "0"}
    file = written(tmp_path / "orders.csv", table(ROW_PER_ITEM, first, guest))
    came = read("woocommerce", [file])
    assert came.records[0] == {
        "number": "77",
        "status": "paid",
        "customer_id": "5",
        "email": "ada@example.com",
        "placed_at": AT,
        "currency": "JPY",
        "total": 24,
        "discount": 3,
        "shipping_fee": 0,
        "lines": [{"product_id": "MUG", "quantity": 2, "unit_price": 14}],
    }
    assert "customer_id" not in came.records[1]


def test_a_discount_that_the_prices_hold_is_not_taken_off_again(tmp_path: Path) -> None:
    cells = {"Cart Discount Amount": "2.50", "Item Cost": "10.00", "Order Total Amount": "10.00"}
    file = written(tmp_path / "orders.csv", table(ORDERS, ORDER | cells))
    (came,) = read("woocommerce", [file], currency="EUR").records
    assert (came["discount"], came["total"]) == (0, 1000)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Processing", "paid"),
        ("wc-on-hold", "placed"),
        ("Pending payment", "placed"),
        ("completed", "delivered"),
        ("Cancelled", "cancelled"),
        ("Failed", "cancelled"),
        ("Refunded", "returned"),
        ("In Bearbeitung", "paid"),
        ("Abgeschlossen", "delivered"),
        ("Storniert", "cancelled"),
        ("Zahlung ausstehend", "placed"),
        ("已完成", "delivered"),
        ("已退款", "returned"),
    ],
)
def test_statuses_are_known_in_their_languages(tmp_path: Path, said: str, status: str) -> None:
    file = written(tmp_path / "orders.csv", table(ORDERS, ORDER | {"Order Status": said}))
    assert [one["status"] for one in read("woocommerce", [file]).records] == [status]


def test_drafts_are_left_out_and_unknown_statuses_refused(tmp_path: Path) -> None:
    rows = ORDER | {"Order Status": "Draft"}, ORDER | {"Order Number": "2", "Order Status": "Teleported"}
    came = read("woocommerce", [written(tmp_path / "orders.csv", table(ORDERS, *rows))])
    assert came.left_out == [([1], "a draft of an order, or one thrown away")]
    reason = "'Teleported' is no status that is known of these exports"
    assert came.refused == [([2], "Order Status", reason, 2)]


def test_customers_have_an_id_or_an_address(tmp_path: Path) -> None:
    users = (
        "customer_id,user_login,first_name,last_name,email,date_registered,billing_phone,shipping_first_name,"
        "shipping_last_name,shipping_address_1,shipping_address_2,shipping_city,shipping_state,billing_address_1,"
        "billing_postcode"
    )
    row = (
        "5", "ada", "Ada", "Lovelace", "ada@example.com", "2026-01-02 03:04:05", "030 901820", "Mary", "S",
        "Torstr. 1", "3. OG", "Berlin", "BE", "Weg 2", "10119",
    )  # fmt: skip
    guest = ("0", "", "Bo", "", "bo@example.com", "", "", "", "", "", "", "", "", "", "")
    report = "Name,Username,Last active,Sign up,Email,Orders,Total spend"
    seen = ("Cy Ng", "cy", "2026-11-01", "2026-01-02", "cy@example.com", "3", "12.00")
    files = [
        written(tmp_path / "users.csv", table(users, row, guest)),
        written(tmp_path / "report.csv", table(report, seen)),
    ]
    assert read("woocommerce", files).of(CustomerRecord) == [
        {
            "id": "5",
            "name": "Ada Lovelace",
            "email": "ada@example.com",
            "phone": "030 901820",
            "created_at": datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC),
            "addresses": {
                "shipping": {
                    "recipient": "Mary S",
                    "line": "Torstr. 1, 3. OG",
                    "city": "Berlin",
                    "province": "BE",
                },
                "billing": {"line": "Weg 2", "phone": "030 901820", "postcode": "10119"},
            },
            "default_address": "shipping",
        },
        {"id": "bo@example.com", "name": "Bo", "email": "bo@example.com"},
        {
            "id": "cy@example.com",
            "name": "Cy Ng",
            "email": "cy@example.com",
            "created_at": datetime(2026, 1, 1, 16, tzinfo=UTC),
        },
    ]


def test_lines_find_variations_by_their_name(tmp_path: Path) -> None:
    line = ORDER | {"SKU": "", "Name": "Hoodie - Red", "Item Cost": "45"}
    files = [written(tmp_path / "o.csv", table(ORDERS, line)), products(tmp_path, HOODIE, RED)]
    came = read("woocommerce", files)
    (variation,) = came.of(ProductRecord)
    assert came.of(OrderRecord)[0]["lines"][0]["product_id"] == variation["id"]


def test_a_bad_line_refuses_its_whole_order(tmp_path: Path) -> None:
    bad = {"Order Number": "1001", "Name": "Plate", "Quantity": "two", "Item Cost": "3"}
    rows = ORDER, bad, ORDER | {"Order Number": "1002"}
    came = read("woocommerce", [written(tmp_path / "orders.csv", table(ORDERS, *rows))])
    assert [one["number"] for one in came.records] == ["1002"]
    assert came.refused == [([1, 2], "Quantity", "'two' is not a number", 2)]


ITEMS = [
    {
        "tracking_provider": "dhl", "custom_tracking_provider": "", "custom_tracking_link": "",
        "tracking_number": "00340434161094015902", "date_shipped": "1795219200", "tracking_id": "a1",
    },
    {
        "tracking_provider": "", "custom_tracking_provider": "Böte", "custom_tracking_link": "https://b.example/t/7",
        "tracking_number": "7", "date_shipped": "", "tracking_id": "a2",
    },
]  # fmt: skip
PHP = "a:2:{" + "".join(
    f"i:{number};a:6:{{"
    + "".join(f's:{len(name)}:"{name}";s:{len(value.encode())}:"{value}";' for name, value in item.items())
    + "}"
    for number, item in enumerate(ITEMS)
) + "}"  # fmt: skip
BOXES = [
    {
        "carrier": "dhl",
        "tracking_number": "00340434161094015902",
        "shipped_at": datetime(2026, 11, 21, tzinfo=UTC),
    },
    {"carrier": "Böte", "tracking_number": "7", "tracking_url": "https://b.example/t/7"},
]


@pytest.mark.parametrize(
    ("cells", "boxes"),
    [
        ({"_wc_shipment_tracking_items": json.dumps(ITEMS)}, BOXES),
        ({"Meta: _wc_shipment_tracking_items": PHP}, BOXES),
        ({"_wc_shipment_tracking_items": json.dumps({"0": ITEMS[1]})}, BOXES[1:]),
        ({"_wc_shipment_tracking_items": PHP.replace('s:10:"1795219200"', "i:1795219200")}, BOXES),
        ({"_wc_shipment_tracking_items": "a:0:{}"}, None),
        ({"_wc_shipment_tracking_items": "5"}, None),
        (
            {"Tracking Number": "T1, T2", "Tracking Provider": "UPS", "Date Shipped": "2026-11-21 08:00"},
            [{"tracking_number": one, "carrier": "UPS", "shipped_at": BOXES[0]["shipped_at"]} for one in ("T1", "T2")],
        ),
        ({"_tracking_number": "T1"}, [{"tracking_number": "T1"}]),
    ],
)  # fmt: skip
def test_parcels_are_those_of_the_plugins_that_keep_them(
    tmp_path: Path, cells: dict[str, str], boxes: list[dict[str, Any]] | None
) -> None:
    file = written(tmp_path / "orders.csv", table(",".join([ORDERS, *cells]), ORDER | cells))
    (came,) = read("woocommerce", [file], currency="EUR").records
    assert came.get("parcels") == boxes
