"""WooCommerce: its own export of products, and orders and customers as they are exported most.

- products: "Product CSV Importer & Exporter", since WooCommerce 3.1
  (github.com/woocommerce/woocommerce/wiki/Product-CSV-Importer-&-Exporter and woocommerce.com/document/
  product-csv-importer-exporter), columns in English, and in German and Chinese as its interface calls them;
- orders: WooCommerce itself has no export with the lines of orders. Taken are the fields of "Advanced Order Export For
  WooCommerce" (wordpress.org/plugins/woo-order-export-lite, files of 2018), and those of "Customer / Order / Coupon
  Export", format *default, one row per item*, which other exports have, too
  (docs.woocommerce.com/document/ordercustomer-csv-export-developer-documentation, tw.godaddy.com/help/
  about-customerordercoupon-exports-export-formats-40232): a row for each line; parcels in columns of the orders' meta
  `_wc_shipment_tracking_items`, where WooCommerce's Shipment Tracking and Advanced Shipment Tracking keep them, or
  `_tracking_number`, `_tracking_provider` and `_date_shipped`, where Shipment Tracking kept them before;
- customers: that same extension's and WordPress' own fields of users, and *Analytics > Customers*
  (plugins/woocommerce-admin/docs/woocommerce.com/analytics-customers-report.md in WooCommerce's repository), which
  has no id but an e-mail address.

A variation takes from its parent what it doesn't say itself. An order's line names its product by SKU, or else by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bot.shop.importing.presets import cleaning, statuses, telling
from bot.shop.importing.presets.columns import Column, Reading, cell, code, moment, money, text, whole
from bot.shop.importing.presets.preset import Preset
from bot.shop.importing.presets.shapes import Group, Read, Result, Shape, Unfit
from bot.shop.importing.rows import BadRow
from kernel.sentence import about

_MOST_ATTRIBUTES = 20
_FROM_PARENT = ("name", "description", "short", "categories", "brand", "picture", "published", "stock")
_PHP = re.compile(
    r'"(tracking_provider|custom_tracking_provider|custom_tracking_link|tracking_number|date_shipped)"'
    r';[is]:(?:\d{1,5}:)?"?([^";]{0,1000})'
)
_ATTRIBUTES = range(1, _MOST_ATTRIBUTES + 1)


CUSTOMERS = {
    "id": code("customer_id", "Customer ID", "User ID", "ID"),
    "name": text("Name", "display_name"),
    "first": text("first_name", "First Name", "billing_first_name"),
    "last": text("last_name", "Last Name", "billing_last_name"),
    "email": cell(cleaning.email, "email", "user_email", "E-Mail", "customer_email"),
    "phone": cell(cleaning.telephone, "billing_phone", "Phone"),
    **{
        f"{kind}_{name}": read(f"{kind}_{column}")
        for kind in ("billing", "shipping")
        for name, column, read in (
            ("first", "first_name", text),
            ("last", "last_name", text),
            ("phone", "phone", partial(cell, cleaning.telephone)),
            ("line", "address_1", text),
            ("line2", "address_2", text),
            ("city", "city", text),
            ("province", "state", text),
            ("country", "country", code),
            ("postcode", "postcode", code),
        )
    },
    "created_at": moment("date_registered", "user_registered", "Sign up", "Date registered", "Registriert"),
    "registered": text("Username", "user_login", "Benutzername", "date_registered", "user_registered"),
}
PRODUCTS = {
    "woo_id": code("ID"),
    "type": text("Type", "Typ", "类型"),
    "sku": code("SKU", "Artikelnummer", "货号"),
    "name": text("Name", "名称"),
    "published": text("Published", "Veröffentlicht", "已发布"),
    "short": text("Short description", "Kurzbeschreibung", "简短描述"),
    "description": text("Description", "Beschreibung", "描述"),
    "sale_from": text(
        "Date sale price starts", "Datum, an dem Angebotspreis beginnt", "促销价开始日期", "特价开始日期"
    ),
    "sale_until": text(
        "Date sale price ends", "Datum, an dem Angebotspreis endet", "促销价结束日期", "特价结束日期"
    ),
    "in_stock": text("In stock?", "Vorrätig?", "有货?", "有库存？"),
    "stock": text("Stock", "Bestand", "Lager", "库存"),
    "sale_price": money("Sale price", "Angebotspreis", "促销价", "特价"),
    "list_price": money("Regular price", "Regulärer Preis", "常规售价", "常规价格"),
    "cost": money("Cost of goods", "Cost", "Meta: _wc_cog_cost", "Meta: _cogs_total_value"),
    "categories": text("Categories", "Kategorien", "分类"),
    "brand": text("Brands", "Marken", "品牌"),
    "picture": cell(cleaning.pictures, "Images", "Bilder", "图片"),
    "parent": code("Parent", "Übergeordnetes Produkt", "父级"),
    "url": cell(cleaning.address, "External URL", "Externe URL"),
    **{
        f"attribute{n}_{part}": text(
            f"Attribute {n} {english}", f"Attribut {n} {german}", f"属性 {n} {chinese}"
        )
        for n in _ATTRIBUTES
        for part, english, german, chinese in (
            ("label", "name", "Name", "名称"),
            ("value", "value(s)", "Wert(e)", "值"),
        )
    },
}
ORDERS = {
    "number": code("Order Number", "order_number_formatted", "order_number", "Bestellnummer", "订单号"),
    "status": text("Order Status", "status", "Bestellstatus", "订单状态"),
    "placed_at": moment("Order Date", "order_date", "date", "Bestelldatum"),
    "paid_at": moment("Paid Date", "date_paid", "paid_date"),
    "customer_id": code("Customer User ID", "customer_id", "Customer ID", "User ID"),
    "email": cell(cleaning.email, "Email (Billing)", "billing_email", "Customer Email", "customer_email"),
    "phone": cell(cleaning.telephone, "Phone (Billing)", "billing_phone"),
    "currency": code("Currency", "order_currency", "Order Currency"),
    "total": money("Order Total Amount", "order_total"),
    "tax": money("Order Total Tax Amount", "Order Tax Amount", "tax_total"),
    "shipping_fee": money("Order Shipping Amount", "shipping_total"),
    "discount": money("Cart Discount Amount", "discount_total", "Discount Amount"),
    "refunded": money("Order Refund Amount", "refunded_total"),
    "coupon_code": text("Coupon Code", "Coupons Used Codes"),
    "payment_method": text("Payment Method Title", "payment_method"),
    "ship_first": text("First Name (Shipping)", "shipping_first_name"),
    "ship_last": text("Last Name (Shipping)", "shipping_last_name"),
    "ship_phone": cell(cleaning.telephone, "Phone (Shipping)", "shipping_phone"),
    "line": text("Address 1&2 (Shipping)", "Address 1 (Shipping)", "shipping_address_1"),
    "city": text("City (Shipping)", "shipping_city"),
    "country": code("Country Code (Shipping)", "Country Name (Shipping)", "shipping_country"),
    "postcode": code("Postcode (Shipping)", "shipping_postcode"),
    "product_id": code("SKU", "item_sku"),
    "name": text("Item Name", "Product Name", "Name", "item_name"),
    "quantity": whole("Quantity", "item_quantity", "Quantity (- Refund)"),
    "unit_price": money("Item Cost Before Discount", "Item Cost", "Item Price", "item_price"),
    "line_total": money("item_subtotal"),
    "parcels": Column(
        ("_wc_shipment_tracking_items", "Meta: _wc_shipment_tracking_items"),
        lambda raw, with_: _tracked(cleaning.text(raw) or "", with_),
    ),
    "tracking": text("Tracking Number", "_tracking_number"),
    "carrier": text("Tracking Provider", "_tracking_provider"),
    "sent_at": Column(
        ("Date Shipped", "_date_shipped"), lambda raw, with_: _shipped_at(cleaning.text(raw), with_)
    ),
}


def _customer(group: Group, _reading: Reading) -> Iterator[Result]:
    said = group.get
    known = said("id")
    yield telling.customer(
        group,
        {
            "id": None if known == "0" else known,
            "name": cleaning.person(said("first"), said("last")) or said("name"),
            "email": said("email"),
            "phone": said("phone"),
            "created_at": said("created_at"),
            **telling.addresses({kind: _address(group, kind) for kind in ("shipping", "billing")}),
        },
    )


def _address(group: Group, kind: str) -> dict[str, str] | None:
    recipient = cleaning.person(group.get(f"{kind}_first"), group.get(f"{kind}_last"))
    return telling.address(group, f"{kind}_", recipient)


def _parent(group: Group, reading: Reading) -> None:
    """Keeps what a variable product's variations take from it."""
    read = group.reads[0]
    if "variable" in (read.get("type") or "").lower():
        names = read.get("sku"), f"id:{read.get('woo_id')}"
        kept = {name: read.get(name) for name in _FROM_PARENT} | {"pairs": _pairs(read)}
        kept["group"] = next(filter(None, names))
        for name in names:
            reading.memory.setdefault(name, kept)


def _product(group: Group, reading: Reading) -> Iterator[Result]:
    read = group.reads[0]
    kind = {part.strip().lower() for part in read.need("type").split(",")}
    if any("variable" in one for one in kind):
        yield telling.left_out(
            group, "a product that is sold by its variations, which have rows of their own"
        )
    elif "grouped" in kind:
        yield telling.left_out(group, "a group of products, which have rows of their own")
    elif read.get("list_price", "sale_price") is None:
        yield telling.left_out(group, "a product without a price, which can't be bought")
    else:
        is_variation = any("variation" in one for one in kind)
        parent = reading.memory.get(read.get("parent"), {}) if is_variation else {}
        yield telling.product(group, read, reading, _fields(read, parent, is_variation, reading))


def _fields(read: Read, parent: dict[str, Any], is_variation: bool, reading: Reading) -> dict[str, Any]:
    def said(name: str) -> Any:
        own = read.get(name)
        return parent.get(name) if own is None else own

    sold_as = read.need("name")
    pairs = _pairs(read)
    options = telling.Options(pairs=pairs if is_variation else ())
    own = {label for label, _ in options.pairs}
    others = [pair for pair in parent.get("pairs", ()) if pair[0] not in own] if is_variation else pairs
    title = parent.get("name") if is_variation else None
    first = (said("categories") or "").replace("\\,", "\x00").split(",")[0].replace("\x00", ",")
    published = (read.get("published"), parent.get("published", "1"))
    html = said("description") or said("short") or ""
    return {
        "id": read.get("sku") or cleaning.named_id(sold_as),
        "code": read.get("sku"),
        "name": options.name(title) if title and pairs else sold_as,
        # The exporter writes line ends as \n.
        "description": html.replace("\\n", "\n"),
        "brand": said("brand"),
        "category": telling.category(cleaning.path(first), reading),
        "group_id": parent.get("group") or read.get("parent") if options.pairs else None,
        "options": options.told(),
        "attributes": telling.Options(pairs=others).told(),
        **_prices(read, reading),
        "stock": _stock(read, parent),
        "pictures": [*(read.get("picture") or ()), *(parent.get("picture") or ())],
        "url": read.get("url"),
        "active": all(one is None or one == "1" for one in published),
    }


def _pairs(read: Read) -> list[tuple[str, str]]:
    return [
        (read.get(f"attribute{n}_label") or "", value)
        for n in _ATTRIBUTES
        if (value := read.get(f"attribute{n}_value")) is not None
    ]


def _prices(read: Read, reading: Reading) -> dict[str, Any]:
    """The sale price beside the regular one, and when it holds; its last day is a whole one."""
    sale, regular = read.get("sale_price"), read.get("list_price")
    last = _day(read, "sale_until", reading)
    holds = sale is not None and (regular is None or sale < regular)
    return {
        "price": sale if holds else regular,
        "former": regular,
        "sale_from": _day(read, "sale_from", reading),
        "sale_until": None if last is None else last + timedelta(days=1),
    }


def _day(read: Read, field: str, reading: Reading) -> datetime | None:
    """A day that may lie ahead."""
    said = read.get(field)
    if said is None:
        return None
    try:
        return datetime.fromisoformat(said).replace(tzinfo=reading.options.zone)
    except ValueError:
        raise Unfit(about(said, "is not a day"), field, read) from None


def _stock(read: Read, parent: dict[str, Any]) -> int | None:
    """As counted; what the shop doesn't count is there, or not."""
    said = read.get("stock")
    if said == "parent":
        said = parent.get("stock")
    if said is not None:
        try:
            return cleaning.stock(said)
        except BadRow as bad:
            raise Unfit(str(bad), "stock", read) from None
    there = read.get("in_stock")
    return None if there is None else telling.UNCOUNTED if there in ("1", "backorder") else 0


def _order(group: Group, reading: Reading) -> Iterator[Result]:
    status = telling.status(group, statuses.WOOCOMMERCE)
    if status == statuses.LEFT_OUT:
        yield telling.left_out(group, "a draft of an order, or one thrown away")
        return
    lines = [_line(read) for read in group.reads if read.get("name", "product_id", "quantity") is not None]
    known = group.get("customer_id")
    recipient = cleaning.person(group.get("ship_first"), group.get("ship_last"))
    fields = {
        "number": group.need("number").lstrip("#＃").strip(),
        "status": status,
        "customer_id": None if known == "0" else known,
        "ship_to": telling.ship_to(group, recipient=recipient),
        "parcels": group.get("parcels") or _parcels(group),
    }
    yield from telling.order(group, reading, lines, fields)


def _parcels(group: Group) -> list[dict[str, Any]] | None:
    boxes = telling.parcels(group.get("tracking"), group.get("carrier"))
    sent_at = group.get("sent_at")
    return [{**box, "shipped_at": sent_at} for box in boxes] if boxes and sent_at is not None else boxes


def _tracked(words: str, reading: Reading) -> list[dict[str, Any]] | None:
    """The parcels that plugins keep with an order, as JSON or as PHP writes them."""
    try:
        found = json.loads(words)
        items = list(found.values() if isinstance(found, dict) else found)
    except (ValueError, TypeError, RecursionError):
        items = _of_php(words)
    return [box for one in items if isinstance(one, dict) and (box := _parcel(one, reading))] or None


def _of_php(words: str) -> list[dict[str, str]]:
    items: list[dict[str, str]] = []
    for name, value in _PHP.findall(words):
        if not items or name in items[-1]:
            items.append({})
        items[-1][name] = value
    return items


def _parcel(item: Mapping[str, Any], reading: Reading) -> dict[str, Any] | None:
    number = cleaning.bare(str(item.get("tracking_number") or ""))
    told = {
        "tracking_number": number,
        "carrier": str(item.get("custom_tracking_provider") or item.get("tracking_provider") or "")[:60],
        "tracking_url": cleaning.address(str(item.get("custom_tracking_link") or "")),
        "shipped_at": _shipped_at(str(item.get("date_shipped") or "") or None, reading),
    }
    return {name: value for name, value in told.items() if value} if number else None


def _shipped_at(words: str | None, reading: Reading) -> datetime | None:
    """A day, or seconds since 1970."""
    seconds = words is not None and words.isascii() and words.isdigit() and len(words) in (9, 10)
    return reading.moment(datetime.fromtimestamp(int(words or 0), UTC) if seconds else words)


def _line(read: Read) -> telling.Line:
    name = read.need("name", "product_id")
    total, quantity = read.get("line_total"), read.need("quantity")
    if total is not None and quantity > 0:
        # Before discounts, which the price of one isn't.
        read.values["unit_price"] = total / quantity
    return telling.line(read, read.get("product_id") or cleaning.named_id(name), name)


PRESET = Preset(
    name="woocommerce",
    shapes=(
        Shape(
            kind="customers",
            called="customers",
            columns=CUSTOMERS,
            needs=("email", "registered"),
            make=_customer,
        ),
        Shape(
            kind="products",
            called="wc-product-export.csv",
            columns=PRODUCTS,
            needs=("woo_id", "type", "sku", "name", "list_price"),
            make=_product,
            first=_parent,
        ),
        Shape(
            kind="orders",
            called="orders with a row for each line",
            columns=ORDERS,
            needs=("number", "status", "placed_at", "name", "quantity"),
            make=_order,
            key="number",
        ),
    ),
)
