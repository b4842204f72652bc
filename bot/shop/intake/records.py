"""What a shop says of customers, products, orders and events: one record for each, whichever road it comes by.

A field that a record doesn't name stays as it is; one set to null is cleared. Money is in minor units of `currency`,
times carry their offset. `updated_at` is when the shop changed what the record says: of two records of one thing that
both have it, the later one holds, in whichever order they come.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from kernel.money import is_currency

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


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is no time zone; use an IANA name such as Asia/Shanghai") from error
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


Identifier = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(printable)]
Number = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(printable)]
Minor = Annotated[int, Field(ge=0, le=LARGEST)]
SignedMinor = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
Price = Annotated[int, Field(ge=1, le=LARGEST)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Name = Annotated[str, Field(max_length=200), AfterValidator(printable)]
CategoryName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable)]
Title = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(printable)]
Line = Annotated[str, Field(max_length=300), AfterValidator(printable)]
Long = Annotated[str, Field(max_length=20_000), AfterValidator(printable)]
Short = Annotated[str, Field(max_length=60), AfterValidator(printable)]
Code = Annotated[str, Field(max_length=40), AfterValidator(printable)]
Tier = Annotated[str, Field(max_length=30), AfterValidator(printable)]
Phone = Annotated[str, Field(max_length=40, pattern=r"^[+\d][\d\s()./-]*$")]
Email = Annotated[str, Field(max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")]
Address = Annotated[str, Field(max_length=2_000), AfterValidator(printable), AfterValidator(_https)]


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


class CustomerRecord(Record):
    """Somebody who buys."""

    id: Identifier
    name: Name | None = None
    language: Literal["zh", "en"] | None = None
    """The shop's own where it is left out or cleared, as is `time_zone`."""
    time_zone: Annotated[str, Field(max_length=60), AfterValidator(_zone)] | None = None
    email: Email | None = None
    phone: Phone | None = None
    tier: Tier | None = None
    points: Count | None = None
    created_at: Moment = unsaid()
    """When they became a customer; now when left out and new."""
    marketing: bool = unsaid()
    """Whether they agreed to be written to. Left out: nothing is said about it."""
    marketing_at: Moment | None = None
    """When they said so. A later word of theirs, in a chat for instance, keeps holding."""
    updated_at: Moment = unsaid()


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
    attributes: (
        Annotated[dict[Identifier, dict[Literal["zh", "en"], tuple[Name, Name]] | None], Field(max_length=50)]
        | None
    ) = None
    """Key to label and value in each language. Those that aren't named stay; one set to null is taken away."""
    list_price: Price = unsaid()
    cost: Minor | None = None
    """What it costs the shop. Unknown: no personal price is offered for it, unless the shop has set a margin."""
    currency: Currency = unsaid()
    stock: Count | None = None
    """0 where it is left out for a new product."""
    restock_at: Moment | None = None
    picture: (
        Annotated[str, Field(max_length=2_000), AfterValidator(printable), AfterValidator(_picture)] | None
    ) = None
    """An address, or a path below the media folder."""
    url: Address | None = None
    active: bool = unsaid()
    created_at: Moment = unsaid()
    updated_at: Moment = unsaid()


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
    lines: Annotated[list[LineRecord], Field(min_length=1, max_length=500)] = unsaid()
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


class EventRecord(Record):
    """One thing a customer did in the shop."""

    id: Identifier = unsaid()
    """The same id again is the same event. Left out: the same facts are the same event."""
    kind: Literal["view", "search", "cart", "purchase", "return", "rating", "complaint"]
    customer_id: Identifier
    product_id: Identifier | None = None
    order_id: Identifier | None = None
    """Its id or its number."""
    at: Moment
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    amount: SignedMinor | None = None
    """Minor units, for the whole row; negative for a return."""
    currency: Currency | None = None
    value: Annotated[float, Field(ge=-1, le=5, allow_inf_nan=False)] | None = None
    """Stars of a rating, 1 to 5."""
    text: Line | None = None
    """Words of a search."""
    channel: Annotated[str, Field(max_length=30), AfterValidator(printable)] = "shop"
