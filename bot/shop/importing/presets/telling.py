"""What the systems' shapes share in making records of rows. Fields are called as in the records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.shop.importing.presets import cleaning
from bot.shop.importing.presets.columns import Reading
from bot.shop.importing.presets.markup import plain
from bot.shop.importing.presets.shapes import Group, Read, Result, Unfit
from bot.shop.importing.told import LeftOut, Told
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord, ProductRecord
from kernel.columns import folded
from kernel.sentence import about

UNCOUNTED = 100
"""The stock of a product that its shop sells without counting how many there are."""

_ADDRESS = ("recipient", "ship_phone", "country", "city", "line", "postcode")
_LONGEST_CODE = 40
_LONGEST_KEY = 100
_LONGEST_VALUE = 200
_MOST_PICTURES = 50
_WORKED_OUT = ("price", "former", "description", "pictures")
_LONGEST_WORDS = {"name": 300, "description": 20_000, "brand": 100}


def left_out(group: Group, why: str) -> LeftOut:
    """Rows that are no mistake, but nothing that is kept."""
    return LeftOut(group.rows, why)


def status(
    group: Group, known: Mapping[str, str], field: str = "status", otherwise: str | None = None
) -> str:
    """What an order's status means here.

    Args:
        known: as in `statuses`.
        otherwise: what it is where the file doesn't say it.

    Raises:
        Unfit: it is unknown, or missing.
    """
    said = folded(group.get(field) or otherwise or group.need(field))
    meant = known.get(said.removeprefix("wc"), known.get(said))
    if meant is None:
        raise Unfit(
            about(group.get(field), "is no status that is known of these exports"), field, group.reads[0]
        )
    return meant


def customer(group: Group, fields: Mapping[str, Any]) -> Result:
    """A customer, by their id, or else by the address or number that tells orders from orders."""
    said = {name: value for name, value in fields.items() if value not in (None, "")}
    known_by = said.get("id") or str(said.get("email", "")).lower() or said.get("phone")
    if not known_by:
        return left_out(group, "a customer without an id, an e-mail address and a phone number")
    return group.told(CustomerRecord, {**said, "id": known_by})


def address(group: Group, prefix: str = "", recipient: str | None = None) -> dict[str, str] | None:
    """An address of a customer, of fields that begin with `prefix`; None where the file has neither street nor town.

    Args:
        recipient: whom it is of, where that isn't the customer's name.
    """
    lines = [group.get(f"{prefix}{name}") for name in ("line", "line2")]
    said = {
        "recipient": recipient,
        "phone": group.get(f"{prefix or 'address_'}phone"),
        "line": ", ".join(filter(None, lines)),
        **{name: group.get(f"{prefix}{name}") for name in ("city", "province", "country", "postcode")},
    }
    return {name: value for name, value in said.items() if value} if said["line"] or said["city"] else None


def addresses(named: Mapping[str, dict[str, str] | None]) -> dict[str, Any]:
    """The fields of a customer who has these addresses; the first that is there is the default one."""
    there = {name: one for name, one in named.items() if one}
    return {"addresses": there, "default_address": next(iter(there))} if there else {}


def consents(**granted: bool | None) -> dict[str, dict[str, bool]] | None:
    """What was agreed to on each channel, as far as the file says it."""
    return {name: {"granted": said} for name, said in granted.items() if said is not None} or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What tells a variant from others of its product: pairs of a label and a value."""

    pairs: Sequence[tuple[str, str]]

    def told(self) -> dict[str, dict[str, tuple[str, str]]] | None:
        """As a product has them: the labels and values as they are written, in both languages."""
        told = {}
        for number, (label, value) in enumerate(self.pairs, start=1):
            zh, en = (label[:_LONGEST_KEY].strip() or one for one in (f"规格{number}", f"Option {number}"))
            value = value[:_LONGEST_VALUE].strip()
            if value:
                told[en.lower()] = {"zh": (zh, value), "en": (en, value)}
        return told or None

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


def group_id(said: str | None, title: str, options: Options) -> str | None:
    """What the variants of a product share: the system's own id of it, or one made of its title."""
    return (said[:_LONGEST_KEY] if said else cleaning.named_id(title)) if options.pairs else None


def category(path: Sequence[str], reading: Reading) -> dict[str, str] | None:
    """A category of a path such as Clothing, Shirts: each path is one, called by its last step."""
    while len(path) > 1 and len(" > ".join(path)) > _LONGEST_KEY:
        path = path[1:]
    if not path:
        return None
    return {
        "id": " > ".join(path)[:_LONGEST_KEY].strip(),
        f"name_{reading.options.defaults.language}": path[-1],
    }


def product(group: Group, read: Read, reading: Reading, fields: Mapping[str, Any]) -> Result:
    """A product or variant, its description as HTML, with what its row says of its cost and its prices.

    A `former` price is what it costs when there is no sale, where it is above the price.

    Args:
        fields: the rest; a `price` or `former` price among them takes the place of the row's.

    Raises:
        Unfit: it has no name or no price.
    """
    currency = read.get("currency") or reading.currency
    price: Decimal = read.need("list_price") if fields.get("price") is None else fields["price"]
    if price == 0:
        return left_out(group, "a product that costs nothing: there is nothing to offer")
    cost, html = read.get("cost"), fields.get("description")
    said = {name: value for name, value in fields.items() if name not in _WORKED_OUT and value is not None}
    if html or group.has("description"):
        said["description"] = plain(html or "")
    # The beginning of a name or description still says what it is.
    said |= {name: said[name][:longest] for name, longest in _LONGEST_WORDS.items() if name in said}
    if group.has("cost"):
        said["cost"] = None if not cost else cleaning.minor(cost, currency)
    if pictures := [*dict.fromkeys(filter(None, fields.get("pictures") or ()))]:
        said["pictures"] = pictures[:_MOST_PICTURES]
    former = fields.get("former") or read.get("former") or price
    now, former = (cleaning.minor(one, currency) for one in (price, former))
    said |= {"list_price": max(now, former), "currency": currency}
    if "former" in fields or group.has("former"):
        # Of a sale that is over nothing stays.
        said["sale_price"] = now if now < former else None
    return group.told(ProductRecord, said)


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
    said = {
        "number": group.need("number"),
        "email": group.get("email"),
        "phone": group.get("phone"),
        "placed_at": group.need("placed_at"),
        "paid_at": group.get("paid_at"),
        "currency": currency,
        "payment_method": (group.get("payment_method") or "")[:40] or None,
        "coupon_code": _code(group.get("coupon_code")),
        "ship_to": ship_to(group),
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


def ship_to(group: Group, **instead: str | None) -> dict[str, str] | None:
    """Where an order goes, by the columns of an address; some parts of it otherwise."""
    said = {name.removeprefix("ship_"): group.get(name) for name in _ADDRESS} | instead
    return {name: value for name, value in said.items() if value} or None


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
