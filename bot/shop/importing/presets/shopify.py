"""Shopify: what its admin exports as CSV of customers, products and orders.

The columns are those of Shopify's Help Center, in stored copies of it:

- products: "Using CSV files to import and export products"
  (help.shopify.com/en/manual/products/import-export/using-csv, September 2021 to December 2022): `Handle`,
  `Body (HTML)`, `Variant Price`; and those of public files of 2026: `URL handle`, `Description`, `Price`;
- orders: "Exporting orders" (help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders, October 2024):
  only the first row of an order says what is true of all of it;
- customers: "Importing and exporting customer lists"
  (help.shopify.com/en/manual/customers/import-export-customers), its columns from public programs that read them,
  with and without `Customer ID`.

An order's line names its product by SKU, or else by `Title - Option / Option`: the id of a variant without SKU is made
of just that. The export doesn't say which customer an order is of, only their e-mail address and phone number; and of
parcels only which lines have left and when, no tracking number. `Shipping Method` is what the customer chose, and no
carrier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.shop.importing.presets import cleaning, statuses, telling
from bot.shop.importing.presets.columns import Reading, cell, code, moment, money, text, truth, whole
from bot.shop.importing.presets.preset import Preset
from bot.shop.importing.presets.shapes import Group, Read, Result, Shape, Unfit
from bot.shop.intake.parcels import stand_in
from kernel.columns import folded
from kernel.sentence import Sentence

_OPTIONS = (1, 2, 3)
_NO_OPTION = ("title", "default title")
_DRAFTS = ("draft", "draft_order")

CUSTOMERS = {
    "id": code("Customer ID"),
    "first": text("First Name", "名字"),
    "last": text("Last Name", "姓氏"),
    "email": cell(cleaning.email, "Email", "邮箱"),
    "phone": cell(cleaning.telephone, "Phone", "电话"),
    "address_phone": cell(cleaning.telephone, "Default Address Phone"),
    "line": text("Default Address Address1", "Address1"),
    "line2": text("Default Address Address2", "Address2"),
    "city": text("Default Address City", "City"),
    "province": text("Default Address Province Code", "Province", "Province Code"),
    "country": code("Default Address Country Code", "Country", "Country Code"),
    "postcode": code("Default Address Zip", "Zip"),
    "email_marketing": truth("Accepts Email Marketing", "Accepts Marketing"),
    "sms_marketing": truth("Accepts SMS Marketing"),
}
PRODUCTS = {
    "handle": code("Handle", "URL handle"),
    "title": text("Title"),
    "description": text("Body (HTML)", "Description"),
    "brand": text("Vendor"),
    "type": text("Type"),
    "category": text("Product Category", "Standardized Product Type"),
    "published": truth("Published", "Published on online store"),
    "status": text("Status"),
    **{
        f"option{n}_{part}": text(f"Option{n} {part.title()}") for n in _OPTIONS for part in ("name", "value")
    },
    "sku": code("Variant SKU", "SKU"),
    "list_price": money("Variant Price", "Price"),
    "former": money("Variant Compare At Price", "Compare-at price"),
    "cost": money("Cost per item"),
    "tracker": text("Variant Inventory Tracker", "Inventory tracker"),
    "stock": cell(cleaning.stock, "Variant Inventory Qty", "Inventory quantity"),
    "picture": cell(cleaning.address, "Image Src", "Product image URL"),
    "variant_picture": cell(cleaning.address, "Variant Image", "Variant image URL"),
    "gift_card": truth("Gift Card"),
}
ORDERS = {
    "number": code("Name"),
    "email": cell(cleaning.email, "Email"),
    "phone": cell(cleaning.telephone, "Phone"),
    "billing_phone": cell(cleaning.telephone, "Billing Phone"),
    "financial": text("Financial Status"),
    "fulfillment": text("Fulfillment Status"),
    "sent_at": moment("Fulfilled at"),
    "paid_at": moment("Paid at"),
    "placed_at": moment("Created at"),
    "cancelled_at": moment("Cancelled at"),
    "currency": code("Currency"),
    "total": money("Total"),
    "shipping_fee": money("Shipping"),
    "tax": money("Taxes"),
    "discount": money("Discount Amount"),
    "coupon_code": text("Discount Code"),
    "refunded": money("Refunded Amount"),
    "payment_method": text("Payment Method"),
    "recipient": text("Shipping Name"),
    "ship_phone": cell(cleaning.telephone, "Shipping Phone"),
    "line": text("Shipping Street", "Shipping Address1"),
    "city": text("Shipping City"),
    "country": code("Shipping Country"),
    "postcode": code("Shipping Zip"),
    "source": text("Source"),
    "test": truth("Test", "Test?"),
    "quantity": whole("Lineitem quantity"),
    "name": text("Lineitem name"),
    "unit_price": money("Lineitem price"),
    "product_id": code("Lineitem sku"),
    "line_fulfillment": text("Lineitem fulfillment status"),
}


def _customer(group: Group, _reading: Reading) -> Iterator[Result]:
    said = group.get
    yield telling.customer(
        group,
        {
            "id": said("id"),
            "name": cleaning.person(said("first"), said("last")),
            "email": said("email"),
            "phone": said("phone", "address_phone"),
            **telling.addresses({"main": telling.address(group)}),
            # A yes to newsletters is none to messages in Telegram.
            "consents": telling.consents(email=said("email_marketing"), sms=said("sms_marketing")),
        },
    )


def _products(group: Group, reading: Reading) -> Iterator[Result]:
    """The variants of a product; the other rows hold only pictures."""
    fit = [read for read in group.reads if read.bad is None]
    variants = [read for read in fit if read.get("list_price") is not None]
    if not variants:
        raise Unfit("there is no value", "list_price", group.reads[0])
    pictures = [read for read in fit if read.get("list_price") is None]
    for place, read in enumerate(variants):
        rows = group.of(read, *pictures) if place == 0 else group.of(read)
        yield telling.product(rows, read, reading, _variant(group, read, reading))


def _variant(group: Group, read: Read, reading: Reading) -> dict[str, Any]:
    title = group.need("title")
    pairs = [
        (group.get(f"option{n}_name") or "", value)
        for n in _OPTIONS
        if (value := read.get(f"option{n}_value")) is not None
    ]
    if [tuple(map(str.lower, pair)) for pair in pairs] == [_NO_OPTION]:
        pairs = []
    options = telling.Options(pairs=pairs)
    known = " / ".join(value for _, value in pairs)
    sold_as = f"{title} - {known}" if known else title
    path = [group.get("type")] if group.get("type") else cleaning.path(group.get("category") or "")
    status = (group.get("status") or "active").lower()
    uncounted = group.has("tracker") and read.get("tracker") is None
    shown = [read.get("variant_picture"), *(one.get("picture") for one in group.reads)]
    return {
        "id": read.get("sku") or cleaning.named_id(sold_as),
        "code": read.get("sku"),
        "name": options.name(title),
        "description": group.get("description"),
        "brand": group.get("brand"),
        "category": telling.category(path, reading),
        "group_id": telling.group_id(group.get("handle"), title, options),
        "options": options.told(),
        "stock": telling.UNCOUNTED if uncounted else read.get("stock"),
        "pictures": shown,
        # A gift card is money: it is known from orders, but no price of one's own is offered for it.
        "active": status == "active" and group.get("published") is not False and not group.get("gift_card"),
    }


def _order(group: Group, reading: Reading) -> Iterator[Result]:
    number = group.need("number").lstrip("#＃").strip()
    why = _no_order(group, number)
    if why is not None:
        yield telling.left_out(group, why)
        return
    lines = [_line(read) for read in group.reads if read.get("name", "product_id", "quantity") is not None]
    status, paid_at = _state(group)
    # An export without the address of whoever paid still has the one of the order itself.
    phone = group.get("phone") or (None if group.get("email") else group.get("billing_phone"))
    fields = {"number": number, "status": status, "paid_at": paid_at, "phone": phone}
    if status == "shipped":
        fields["parcels"] = _left(group, number, lines)
    yield from telling.order(group, reading, lines, fields)


def _left(group: Group, number: str, lines: Sequence[telling.Line]) -> list[dict[str, Any]] | None:
    """What has left, and when: the file knows neither parcels nor their numbers."""
    sent_at = group.get("sent_at")
    told: dict[str, Any] = {"id": stand_in(number), **({} if sent_at is None else {"shipped_at": sent_at})}
    come = [folded(one.read.get("line_fulfillment") or "") for one in lines]
    if {*come} <= {"fulfilled", "pending", "unfulfilled"}:
        gone = [one for one, said in zip(lines, come, strict=True) if said == "fulfilled"]
        told["lines"] = [{"product_id": one.product_id, "quantity": one.quantity} for one in gone] or None
    return [told] if sent_at is not None or told.get("lines") else None


def _no_order(group: Group, number: str) -> str | None:
    payment = (group.get("payment_method") or "").lower()
    if group.get("test") or "bogus" in payment:
        return Sentence("a test order")
    # What became of a draft is an order like others: its source is shopify_draft_order.
    if (group.get("source") or "").lower() in _DRAFTS or (number[:1] == "D" and number[1:].isdecimal()):
        return Sentence("a draft of an order")
    return None


def _line(read: Read) -> telling.Line:
    name = read.need("name", "product_id")
    return telling.line(read, read.get("product_id") or cleaning.named_id(name), name)


def _state(group: Group) -> tuple[str, datetime | None]:
    """Where the order is, and since when it is paid, if it ever was."""
    money_is = telling.status(group, statuses.SHOPIFY_MONEY, "financial", "paid")
    goods_are = telling.status(group, statuses.SHOPIFY_GOODS, "fulfillment", "unfulfilled")
    was_paid = money_is in ("paid", "returned")
    paid_at = (group.get("paid_at") or group.need("placed_at")) if was_paid else None
    if group.get("cancelled_at") is not None or money_is == "cancelled":
        return "cancelled", paid_at
    if money_is == "returned" or (goods_are == "restocked" and was_paid):
        return "returned", paid_at
    if goods_are == "restocked":
        return "cancelled", paid_at
    return ("shipped" if goods_are == "shipped" else money_is), paid_at


PRESET = Preset(
    name="shopify",
    shapes=(
        Shape(
            kind="customers",
            called="customers_export.csv",
            columns=CUSTOMERS,
            needs=("first", "last", "email", "email_marketing"),
            make=_customer,
        ),
        Shape(
            kind="products",
            called="products_export.csv",
            columns=PRODUCTS,
            needs=("handle", "title", "option1_value", "list_price"),
            make=_products,
            key="handle",
            whole=False,
        ),
        Shape(
            kind="orders",
            called="orders_export.csv",
            columns=ORDERS,
            needs=("number", "financial", "placed_at", "quantity", "name", "unit_price"),
            make=_order,
            key="number",
        ),
    ),
)
