"""What the systems' shapes share in making records of rows. Fields are called as in the records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.shop.importing.presets import cleaning
from bot.shop.importing.presets.markup import plain
from bot.shop.importing.presets.shapes import Group, Read, Reading, Result, Unfit
from bot.shop.importing.told import LeftOut, Told
from bot.shop.intake.records import CustomerRecord, OrderRecord, ProductRecord

UNCOUNTED = 100
"""The stock of a product that its shop sells without counting how many there are."""

_ADDRESS = ("recipient", "ship_phone", "country", "city", "line", "postcode")
_LONGEST_CODE = 40
_LONGEST_KEY = 100
_LONGEST_VALUE = 200
_LONGEST_WORDS = {"name": 300, "description": 20_000, "brand": 100}


def left_out(group: Group, why: str) -> LeftOut:
    """Rows that are no mistake, but nothing that is kept."""
    return LeftOut(group.rows, why)


def customer(group: Group, fields: Mapping[str, Any]) -> Result:
    """A customer, by their id, or else by the address or number that tells orders from orders."""
    said = {name: value for name, value in fields.items() if value not in (None, "")}
    known_by = said.get("id") or str(said.get("email", "")).lower() or said.get("phone")
    if not known_by:
        return left_out(group, "a customer without an id, an e-mail address and a phone number")
    return group.told(CustomerRecord, {**said, "id": known_by})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What tells a variant from others of its product: pairs of a label and a value."""

    pairs: Sequence[tuple[str, str]]

    def attributes(self) -> dict[str, dict[str, tuple[str, str]]] | None:
        """As a product has them: the labels and values as they are written, in both languages."""
        shown = [(label[:_LONGEST_KEY], value[:_LONGEST_VALUE]) for label, value in self.pairs if label]
        return {label.lower(): {"zh": (label, value), "en": (label, value)} for label, value in shown} or None

    def name(self, title: str) -> str:
        """`Shirt, Colour Red, Size M`; `衬衫，颜色 红色`."""
        comma = "，" if cleaning.is_chinese(title) else ", "
        return comma.join([title, *(f"{label} {value}".strip() for label, value in self.pairs)])


def pairs_of(words: str | None) -> Options:
    """`颜色分类:红色;尺码:M` as pairs; a value without a label has none."""
    pairs = []
    for part in (words or "").replace("；", ";").replace("：", ":").split(";"):
        label, colon, value = (one.strip() for one in part.partition(":"))
        if value or label:
            pairs.append((label, value) if colon else ("", label))
    return Options(pairs=pairs)


def category(path: Sequence[str], reading: Reading) -> dict[str, str] | None:
    """A category of a path such as Clothing, Shirts: each path is one, called by its last step."""
    while len(path) > 1 and len(" > ".join(path)) > _LONGEST_KEY:
        path = path[1:]
    if not path:
        return None
    return {"id": " > ".join(path)[:_LONGEST_KEY], f"name_{reading.options.language}": path[-1]}


def product(group: Group, read: Read, reading: Reading, fields: Mapping[str, Any]) -> Result:
    """A product or variant, with its price and cost in `price` and `cost`, and its description as HTML.

    Raises:
        Unfit: it has no name or no price.
    """
    currency = read.get("currency") or reading.currency
    price: Decimal = read.need("list_price") if fields.get("price") is None else fields["price"]
    if price == 0:
        return left_out(group, "a product that costs nothing: there is nothing to offer")
    cost, html = fields.get("cost"), fields.get("description")
    said = {
        name: value
        for name, value in fields.items()
        if name not in ("price", "cost", "description") and value is not None
    }
    if html or group.has("description"):
        said["description"] = plain(html or "")
    # The beginning of a name or description still says what it is.
    said |= {name: said[name][:longest] for name, longest in _LONGEST_WORDS.items() if name in said}
    if group.has("cost"):
        said["cost"] = None if not cost else cleaning.minor(cost, currency)
    return group.told(
        ProductRecord, {**said, "list_price": cleaning.minor(price, currency), "currency": currency}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an order, and the row that it stands in."""

    read: Read
    product_id: str
    name: str
    quantity: int
    unit_price: Decimal


def line(read: Read, product_id: str, name: str) -> Line:
    """A line of a row with a quantity and a unit price.

    Raises:
        Unfit: one of them is missing.
    """
    return Line(
        read=read,
        product_id=product_id,
        name=name,
        quantity=read.need("quantity"),
        unit_price=read.need("unit_price"),
    )


def order(
    group: Group, reading: Reading, lines: Sequence[Line], fields: Mapping[str, Any]
) -> Iterator[Result]:
    """An order with what its file says of it besides `fields`, after products that only it names."""
    if not lines:
        raise Unfit("the order has no lines", "number", group.reads[0])
    currency = group.get("currency") or reading.currency
    money = {
        name: cleaning.minor(value, currency)
        for name in ("total", "discount", "shipping_fee", "tax")
        if (value := group.get(name)) is not None
    }
    # Some systems show what is taken off as a negative amount.
    money["discount"] = _discount(money, lines, currency)
    ship_to = {name.removeprefix("ship_"): group.get(name) for name in _ADDRESS}
    said = {
        "number": group.need("number"),
        "email": group.get("email"),
        "phone": group.get("phone"),
        "placed_at": group.need("placed_at"),
        "paid_at": group.get("paid_at"),
        "currency": currency,
        "payment_method": (group.get("payment_method") or "")[:40] or None,
        "coupon_code": _code(group.get("coupon_code")),
        "ship_to": {name: value for name, value in ship_to.items() if value is not None} or None,
        "refunds": _refunds(group, currency),
        **fields,
    }
    result = group.told(
        OrderRecord,
        {
            **{name: value for name, value in said.items() if value is not None},
            **money,
            "lines": [_of_record(one, currency) for one in lines],
        },
        [one.read for one in lines],
    )
    if isinstance(result, Told):
        yield from _sold_only(group, reading, lines, currency)
    yield result


def parcels(numbers: str | None, carrier: str | None) -> list[dict[str, Any]] | None:
    """Parcels of tracking numbers with commas or spaces between them, each with or without `No:` before it."""
    found = [cleaning.bare(one) for one in (numbers or "").replace("，", ",").replace(",", " ").split()]
    named = [one for one in found if any(character.isdigit() for character in one)]
    carriers = [one.strip() for one in (carrier or "").replace("，", ",").split(",")]
    carriers = carriers if len(carriers) == len(named) else [(carrier or "").strip()] * len(named)
    return [
        {"tracking_number": one, **({"carrier": by[:60]} if by else {})}
        for one, by in zip(dict.fromkeys(named), carriers, strict=False)
    ] or None


def parcels_of_lines(lines: Sequence[Line], *, some_unsent: bool = False) -> list[dict[str, Any]] | None:
    """Parcels of lines that each say their tracking number, and what is in which where that isn't everything.

    Args:
        some_unsent: the file says of lines without a number that they have not left.
    """
    boxes: dict[str, dict[str, Any]] = {}
    within: dict[str, list[dict[str, Any]]] = {}
    for one in lines:
        named = parcels(one.read.get("tracking"), one.read.get("carrier")) or []
        # Of a line that is divided among several, nothing says how.
        quantity = {"quantity": one.quantity} if len(named) == 1 else {}
        for box in named:
            number = box["tracking_number"]
            boxes.setdefault(number, box)
            within.setdefault(number, []).append({"product_id": one.product_id, **quantity})
    if len(boxes) > 1 or some_unsent:
        boxes = {number: {**box, "lines": within[number]} for number, box in boxes.items()}
    return list(boxes.values()) or None


def _of_record(one: Line, currency: str) -> dict[str, Any]:
    price = cleaning.minor(one.unit_price, currency)
    return {"product_id": one.product_id, "quantity": one.quantity, "unit_price": price}


def _discount(money: Mapping[str, int], lines: Sequence[Line], currency: str) -> int:
    """As the shop says, unless its lines have it in their prices; where it says none, what the total lacks."""
    goods = sum(cleaning.minor(one.unit_price * one.quantity, currency) for one in lines)
    fee, tax, total = money.get("shipping_fee", 0), money.get("tax", 0), money.get("total")
    said = abs(money["discount"]) if "discount" in money else None
    if said is None:
        return 0 if total is None else max(goods + fee - total, 0)
    return 0 if total in (goods + fee, goods + fee + tax) else said


def _refunds(group: Group, currency: str) -> list[dict[str, Any]] | None:
    amount = group.get("refunded")
    if not amount:
        return None
    told = {"amount": abs(cleaning.minor(amount, currency)), "currency": currency, "status": "paid"}
    back = group.get("cancelled_at")
    return [told if back is None else {**told, "requested_at": back}]


def _code(said: str | None) -> str | None:
    """The first code of several; what is too long is the name of a discount."""
    first = (said or "").split(",")[0].strip()
    return first if 0 < len(first) <= _LONGEST_CODE else None


def _sold_only(group: Group, reading: Reading, lines: Sequence[Line], currency: str) -> Iterator[Result]:
    """Products that the shop sold once and has no more, as far as its files say."""
    for one in lines:
        if reading.products is None or one.product_id in reading.products:
            continue
        reading.products.add(one.product_id)
        fields = {
            "id": one.product_id,
            "name": one.name[:300],
            "list_price": max(cleaning.minor(one.unit_price, currency), 1),
            "currency": currency,
            "active": False,
        }
        yield group.of(one.read).told(ProductRecord, fields)
