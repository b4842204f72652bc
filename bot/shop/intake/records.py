"""What a shop says of products, orders and events: one record for each, whichever road it comes by.

What it says of customers is in `bot.shop.intake.people`, in the same way.

A field that a record doesn't name stays as it is; one set to null is cleared. Money is in minor units of `currency`,
times carry their offset. `updated_at` is when the shop changed what the record says: of two records of one thing that
both have it, the later one holds, in whichever order they come.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from kernel.money import is_currency
from kernel.sentence import Sentence

LARGEST = 10**15
"""Minor units."""
_BELOW_MEDIA = re.compile(r"(?<![\w/-])[\w-]++(/[\w-]++)*+\.(jpg|jpeg|png|webp)", re.IGNORECASE | re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def printable(value: str) -> str:
    """The value, if a database can keep it.

    Raises:
        ValueError: it holds a control character.
    """
    if _CONTROL.search(value):
        raise ValueError("holds a control character, which no database keeps; leave it out")
    return value


def _bare(value: str) -> str:
    if value != value.strip():
        raise ValueError("has spaces around it; leave them out")
    return value


def _in_utc(value: datetime) -> datetime:
    if not 1970 <= value.year <= 9_000:
        raise ValueError("is no time of a shop; use a date after 1970")
    return value.astimezone(UTC)


def _https(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("must begin with https://")
    return value


def _known_currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError("is no currency; use an ISO code such as CNY or EUR")
    return value


def _picture(value: str) -> str:
    if value.startswith(("https://", "http://")) or _BELOW_MEDIA.fullmatch(value):
        return value
    raise ValueError("is neither an address nor a path below the media folder")


Identifier = Annotated[
    str, Field(min_length=1, max_length=100), AfterValidator(printable), AfterValidator(_bare)
]
Number = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(printable), AfterValidator(_bare)]
Minor = Annotated[int, Field(ge=0, le=LARGEST)]
SignedMinor = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
Price = Annotated[int, Field(ge=1, le=LARGEST)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Name = Annotated[str, Field(max_length=200), AfterValidator(printable)]
Stated = Annotated[str, Field(max_length=2_000), AfterValidator(printable)]
"""The value of an attribute, such as a whole size table."""
CategoryName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable)]
Title = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(printable)]
Line = Annotated[str, Field(max_length=300), AfterValidator(printable)]
Long = Annotated[str, Field(max_length=20_000), AfterValidator(printable)]
Short = Annotated[str, Field(max_length=60), AfterValidator(printable)]
Code = Annotated[str, Field(max_length=40), AfterValidator(printable)]
Phone = Annotated[str, Field(max_length=40, pattern=r"^[+\d][\d\s()./-]*$")]
Email = Annotated[str, Field(max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")]
Address = Annotated[str, Field(max_length=2_000), AfterValidator(printable), AfterValidator(_https)]


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value


Option = Annotated[str, Field(max_length=200), AfterValidator(printable), AfterValidator(_filled)]
Place = Annotated[str, Field(max_length=60), AfterValidator(printable), AfterValidator(_filled)]
Picture = Annotated[str, Field(max_length=2_000), AfterValidator(printable), AfterValidator(_picture)]


def unsaid() -> Any:
    """The default of a field that may be left out, but not be cleared."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class Record(BaseModel):
    """What somebody says of one thing; only the fields that are said count."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    def said(self, *besides: str) -> dict[str, Any]:
        """The fields that were said, save some, by name; None for those that are to be cleared."""
        return {name: getattr(self, name) for name in self.model_fields_set if name not in besides}


class CategoryRecord(Record):
    """A category of products."""

    id: Identifier
    name_zh: CategoryName = unsaid()
    """Left out: as the category is called already, else as in the other language, else by its id."""
    name_en: CategoryName = unsaid()


class ProductRecord(Record):
    """Something the shop sells."""

    id: Identifier
    code: Identifier = unsaid()
    """The id when left out and new."""
    name: Title = unsaid()
    """In the language that it is written in; in the other as well, as long as that has no name of its own."""
    name_zh: Title = unsaid()
    name_en: Title = unsaid()
    description: Long | None = None
    """As `name`."""
    description_zh: Long | None = None
    description_en: Long | None = None
    category: CategoryRecord | None = None
    brand: Annotated[str, Field(max_length=100), AfterValidator(printable)] | None = None
    group_id: Identifier | None = None
    """Shared by the variants of a product, each of which is a product of its own."""
    options: (
        Annotated[
            dict[
                Identifier,
                Annotated[dict[Literal["zh", "en"], tuple[Option, Option]], Field(min_length=1)] | None,
            ],
            Field(max_length=10),
        ]
        | None
    ) = None
    """What tells variants apart, such as colour and size, in the form of `attributes`."""
    attributes: (
        Annotated[
            dict[Identifier, dict[Literal["zh", "en"], tuple[Name, Stated]] | None], Field(max_length=50)
        ]
        | None
    ) = None
    """Key to label and value in each language. Those that aren't named stay; one set to null is taken away."""
    list_price: Price = unsaid()
    sale_price: Price | None = None
    """What everybody pays instead, from `sale_from` until `sale_until` where these are said. Below the list price."""
    sale_from: Moment | None = None
    sale_until: Moment | None = None
    """The first moment after the sale. Both are cleared along with `sale_price`."""
    cost: Minor | None = None
    """What it costs the shop. Unknown: no personal price is offered for it, unless the shop has set a margin."""
    currency: Currency = unsaid()
    stock: Count | None = None
    """0 where it is left out for a new product. What was known by place is forgotten, unless it is said along."""
    stock_by_place: Annotated[dict[Place, Count | None], Field(max_length=200)] | None = None
    """How many there are where; the stock is their sum. Places not named stay; one set to null is taken away."""
    restock_at: Moment | None = None
    picture: Picture | None = None
    """The first of `pictures` alone: an address, or a path below the media folder."""
    pictures: Annotated[list[Picture], Field(max_length=50)] | None = None
    """All of them, in order."""
    url: Address | None = None
    active: bool = unsaid()
    created_at: Moment = unsaid()
    updated_at: Moment = unsaid()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        said = self.model_fields_set
        if {"picture", "pictures"} <= said and self.picture != next(iter(self.pictures or ()), None):
            raise ValueError("picture is the first of pictures; say one of them")
        if self.sale_price and self.list_price and self.sale_price >= self.list_price:
            raise ValueError(not_below(self.sale_price, self.list_price))
        if self.sale_from and self.sale_until and self.sale_until <= self.sale_from:
            raise ValueError(
                Sentence(
                    "sale_until {until} is not after sale_from {since}",
                    until=self.sale_until,
                    since=self.sale_from,
                )
            )
        if self.stock is not None and self.stock_by_place:
            whole = sum(filter(None, self.stock_by_place.values()))
            if whole != self.stock:
                raise ValueError(
                    Sentence(
                        "stock {stock} is not the sum of stock_by_place, {whole}",
                        stock=self.stock,
                        whole=whole,
                    )
                )
        return self


def not_below(sale_price: int, list_price: int) -> str:
    """Why a sale price can't be one."""
    return f"sale_price {sale_price} is not below list_price {list_price}"


class LineRecord(Record):
    """What was bought."""

    product_id: Identifier
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    unit_price: Minor

    @model_validator(mode="after")
    def _is_an_amount(self) -> Self:
        if self.quantity * self.unit_price > LARGEST:
            raise ValueError("quantity times unit_price is too large an amount")
        return self


class ScanRecord(Record):
    """Where a parcel was seen."""

    at: Moment
    place: Name = ""
    text_zh: Line = ""
    text_en: Line = ""


class ParcelLineRecord(Record):
    """What is in a parcel."""

    product_id: Identifier
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """All that was ordered of it where it is left out."""


class ParcelRecord(Record):
    """A parcel of an order, known by its id or its tracking number."""

    id: Identifier = unsaid()
    direction: Literal["outbound", "return"] = unsaid()
    """To the customer where it is left out. What comes back says nothing of how far the order has come."""
    lines: Annotated[list[ParcelLineRecord], Field(max_length=500)] | None = None
    """What is in it, told whole. Where every parcel says it, what is in none is not sent yet."""
    refund_id: Identifier | None = None
    """Of the refund that a return belongs to."""
    carrier: Short = unsaid()
    tracking_number: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(printable)] = unsaid()
    tracking_url: Address | None = None
    status: Literal["label", "in_transit", "out_for_delivery", "delivered", "exception"] = unsaid()
    """Left out for a new one: as far as its times and its order's status say that it came."""
    shipped_at: Moment | None = None
    estimated_at: Moment | None = None
    delivered_at: Moment | None = None
    updated_at: Moment = unsaid()
    """As of when the carrier said so."""
    scans: Annotated[list[ScanRecord], Field(max_length=200)] = unsaid()
    """Further ones; those that are known already stay."""

    @model_validator(mode="after")
    def _can_be_known_again(self) -> Self:
        if not self.model_fields_set & {"id", "tracking_number"}:
            raise ValueError("needs an id or a tracking_number, by which it is known when it comes again")
        return self


class RefundRecord(Record):
    """Money that goes back."""

    id: Identifier = unsaid()
    """Left out: the one refund that is told without an id."""
    amount: Minor = unsaid()
    """A new one needs it, and its status."""
    currency: Currency = unsaid()
    """The order's when left out and new."""
    status: Literal["requested", "approved", "paid", "declined"] = unsaid()
    reason: Line | None = None
    requested_at: Moment = unsaid()
    decided_at: Moment | None = None
    """When it was approved or declined."""
    decision_reason: Line | None = None
    """Why it was: customers who ask read it."""
    paid_at: Moment | None = None
    paid_to: Short | None = None


class ShipToRecord(Record):
    """Where an order goes."""

    recipient: Name | None = None
    phone: Annotated[str, Field(max_length=40), AfterValidator(printable)] | None = None
    country: Short | None = None
    city: Name | None = None
    line: Line | None = None
    postcode: Annotated[str, Field(max_length=20), AfterValidator(printable)] | None = None


OrderStatus = Literal["placed", "paid", "packed", "shipped", "delivered", "cancelled", "returned"]


class OrderChange(Record):
    """What is said of an order. Lines are told whole; parcels, scans and refunds are added to those that are known."""

    number: Number = unsaid()
    customer_id: Identifier | None = None
    email: Email | None = None
    """Of whoever ordered, where the shop knows no customer: the customer with this address, or else a guest."""
    phone: Phone | None = None
    """As `email`."""
    status: OrderStatus = unsaid()
    """Left out for a new order: as far as its parcels have come, else paid."""
    placed_at: Moment = unsaid()
    paid_at: Moment | None = None
    total: Minor | None = None
    """What the customer pays, as the shop counts it. Left out: what the lines, less discount, with fee and tax make."""
    discount: Minor | None = None
    shipping_fee: Minor | None = None
    tax: Minor | None = None
    """Added to the lines' prices, or contained in them: which of the two shows in the total."""
    currency: Currency = unsaid()
    payment_method: Annotated[str, Field(max_length=40), AfterValidator(printable)] | None = None
    ship_to: ShipToRecord | None = None
    coupon_code: Code | None = None
    lines: Annotated[list[LineRecord], Field(min_length=1, max_length=2_000)] = unsaid()
    parcels: Annotated[list[ParcelRecord], Field(max_length=100)] = unsaid()
    refunds: Annotated[list[RefundRecord], Field(max_length=100)] = unsaid()
    updated_at: Moment = unsaid()


class OrderRecord(OrderChange):
    """An order, by its id or its number."""

    id: Identifier = unsaid()
    """Left out: the order with this number, and its number where it is new."""

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if "id" not in self.model_fields_set and "number" not in self.model_fields_set:
            raise ValueError("needs an id or a number")
        return self
