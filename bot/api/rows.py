"""What the shop sends and gets: the JSON of the API, checked at the door."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from storage.codes import Promise, Reason, State, state_of
from storage.offers import StoredOffer

MAX_ROWS = 1_000
_LARGEST = 10**15
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def _printable(value: str) -> str:
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


Identifier = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Minor = Annotated[int, Field(ge=0, le=_LARGEST)]
SignedMinor = Annotated[int, Field(ge=-_LARGEST, le=_LARGEST)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
Title = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_printable)]
Line = Annotated[str, Field(max_length=300), AfterValidator(_printable)]
Long = Annotated[str, Field(max_length=20_000), AfterValidator(_printable)]
Short = Annotated[str, Field(max_length=60), AfterValidator(_printable)]
Code = Annotated[str, Path(min_length=1, max_length=40), AfterValidator(_printable)]
Address = Annotated[str, Field(max_length=2_000), AfterValidator(_printable), AfterValidator(_https)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class CustomerRow(_Row):
    """Somebody who buys."""

    id: Identifier
    name: Name = ""
    language: Literal["zh", "en"] = "zh"
    time_zone: Annotated[str, Field(max_length=60), AfterValidator(_zone)] = "Asia/Shanghai"
    email: Annotated[str, Field(max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    phone: Annotated[str, Field(max_length=40, pattern=r"^[+\d][\d\s()./-]*$")] | None = None
    tier: Annotated[str, Field(max_length=30), AfterValidator(_printable)] = "standard"
    points: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    created_at: Moment | None = None
    """When they became a customer; now when left out and new."""
    marketing: bool | None = None
    """Whether they agreed to be written to. Left out: nothing is said about it."""
    marketing_at: Moment | None = None
    """When they said so. A later word of theirs, in a chat for instance, keeps holding."""


class CategoryRow(_Row):
    """A category of products."""

    id: Identifier
    name_zh: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
    name_en: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]


class ProductRow(_Row):
    """Something the shop sells."""

    id: Identifier
    code: Identifier
    name_zh: Title
    name_en: Title
    description_zh: Long = ""
    description_en: Long = ""
    category: CategoryRow | None = None
    brand: Annotated[str, Field(max_length=100), AfterValidator(_printable)] = ""
    attributes: dict[Identifier, dict[Literal["zh", "en"], tuple[Name, Name]]] = Field(
        default_factory=dict, max_length=50
    )
    """Key to label and value in each language."""
    list_price: Annotated[int, Field(ge=1, le=10**15)]
    cost: Minor | None = None
    """What it costs the shop. Left out: no personal price is ever offered for it."""
    currency: Currency
    stock: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    restock_at: Moment | None = None
    picture: Address | None = None
    url: Address | None = None
    active: bool = True


class LineRow(_Row):
    """What was bought."""

    product_id: Identifier
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    unit_price: Minor

    @model_validator(mode="after")
    def _is_an_amount(self) -> Self:
        if self.quantity * self.unit_price > _LARGEST:
            raise ValueError("quantity times unit_price is too large an amount")
        return self


class ScanRow(_Row):
    """Where a parcel was seen."""

    at: Moment
    place: Name = ""
    text_zh: Line = ""
    text_en: Line = ""


class ParcelRow(_Row):
    """A parcel of an order."""

    id: Identifier
    carrier: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_printable)]
    tracking_number: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_printable)]
    tracking_url: Address | None = None
    status: Literal["label", "in_transit", "out_for_delivery", "delivered", "exception"]
    shipped_at: Moment | None = None
    estimated_at: Moment | None = None
    delivered_at: Moment | None = None
    updated_at: Moment
    """As of when the carrier said so."""
    scans: Annotated[list[ScanRow], Field(max_length=200)] = Field(default_factory=list)


class RefundRow(_Row):
    """Money that goes back."""

    id: Identifier
    amount: Minor
    currency: Currency
    status: Literal["requested", "approved", "paid", "declined"]
    reason: Line = ""
    requested_at: Moment
    paid_at: Moment | None = None
    paid_to: Short = ""


class ShipToRow(_Row):
    """Where an order goes."""

    recipient: Name = ""
    phone: Annotated[str, Field(max_length=40), AfterValidator(_printable)] = ""
    country: Short = ""
    city: Name = ""
    line: Line = ""
    postcode: Annotated[str, Field(max_length=20), AfterValidator(_printable)] = ""


class OrderRow(_Row):
    """An order with all that belongs to it; what it no longer has is taken away."""

    id: Identifier
    number: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_printable)]
    customer_id: Identifier | None = None
    status: Literal["placed", "paid", "packed", "shipped", "delivered", "cancelled", "returned"]
    placed_at: Moment
    paid_at: Moment | None = None
    total: Minor
    discount: Minor = 0
    shipping_fee: Minor = 0
    currency: Currency
    payment_method: Annotated[str, Field(max_length=40), AfterValidator(_printable)] = ""
    ship_to: ShipToRow = Field(default_factory=ShipToRow)
    coupon_code: Annotated[str, Field(max_length=40), AfterValidator(_printable)] | None = None
    lines: Annotated[list[LineRow], Field(min_length=1, max_length=500)]
    parcels: Annotated[list[ParcelRow], Field(max_length=100)] = Field(default_factory=list)
    refunds: Annotated[list[RefundRow], Field(max_length=100)] = Field(default_factory=list)


class EventRow(_Row):
    """One thing a customer did in the shop."""

    id: Identifier
    """The same id again is the same event."""
    kind: Literal["view", "search", "cart", "purchase", "return", "rating", "complaint"]
    customer_id: Identifier
    product_id: Identifier | None = None
    order_id: Identifier | None = None
    at: Moment
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    amount: SignedMinor | None = None
    """Minor units, for the whole row; negative for a return."""
    currency: Currency | None = None
    value: Annotated[float, Field(ge=-1, le=5, allow_inf_nan=False)] | None = None
    """Stars of a rating, 1 to 5."""
    text: Line | None = None
    """Words of a search."""


class Customers(_Row):
    """A batch."""

    customers: Annotated[list[CustomerRow], Field(min_length=1, max_length=MAX_ROWS)]


class Products(_Row):
    """A batch."""

    products: Annotated[list[ProductRow], Field(min_length=1, max_length=MAX_ROWS)]


class Orders(_Row):
    """A batch."""

    orders: Annotated[list[OrderRow], Field(min_length=1, max_length=MAX_ROWS)]


class Events(_Row):
    """A batch."""

    events: Annotated[list[EventRow], Field(min_length=1, max_length=MAX_ROWS)]


class CodeUse(_Row):
    """Who used a code, and for which order."""

    customer_id: Identifier | None = None
    order_id: Identifier | None = None


class Taken(BaseModel):
    """What became of a batch."""

    received: int
    changed: int
    """New or different from what was there."""
    ignored: int = 0
    """Rows about customers who had their data erased."""


class CodeNotRedeemed(BaseModel):
    """A code on an order that was not redeemed; the order keeps it."""

    order_id: str
    code: str
    reason: Reason


class OrdersTaken(Taken):
    """What became of a batch of orders."""

    codes: list[CodeNotRedeemed] = Field(default_factory=list)
    """Liuke's codes on these orders that could not be redeemed, and why."""


class EventsTaken(Taken):
    """What became of a batch of events."""

    of_orders: int = 0
    """Purchases and returns that are known from their orders; not counted again."""


class CodeRow(BaseModel):
    """A code as it stands."""

    code: str
    kind: Literal["offer", "coupon"]
    state: State
    customer_id: str | None
    product_id: str | None
    price: int | None
    amount: int | None
    percent: float | None
    min_spend: int
    category_id: str | None
    currency: str
    valid_from: datetime
    valid_until: datetime
    used_at: datetime | None
    order_id: str | None

    @classmethod
    def of(cls, promise: Promise, now: datetime) -> Self:
        """A code as it stands at a moment."""
        shown: dict[str, Any] = {name: getattr(promise, name, None) for name in cls.model_fields}
        shown |= {"kind": "coupon", "state": state_of(promise, now)}
        if isinstance(promise, StoredOffer):
            shown |= {"kind": "offer", "min_spend": 0, "valid_from": promise.created_at}
        return cls(**shown)


class RedemptionRow(BaseModel):
    """What a code was for."""

    code: str
    kind: Literal["offer", "coupon"]
    customer_id: str | None
    product_id: str | None
    price: int | None
    currency: str
    used_at: datetime
    again: bool


class RequestRow(BaseModel):
    """Something a customer asked for that only the shop can do."""

    id: int
    number: str
    kind: str
    state: Literal["asked", "accepted", "declined", "done"]
    customer_id: str | None
    order_id: str | None
    order_number: str | None
    details: dict[str, Any]
    note: str
    created_at: datetime
    decided_at: datetime | None


class Requests(BaseModel):
    """Requests, oldest first."""

    requests: list[RequestRow]


class Problem(BaseModel):
    """What was wrong, and what to do."""

    code: str
    message: str
    where: list[str] = Field(default_factory=list)
    """Places in the body, such as `orders.3.lines.0.quantity: …`."""


class Refusal(BaseModel):
    """Every answer that is no success."""

    error: Problem
