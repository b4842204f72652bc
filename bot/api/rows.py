"""What the shop sends and gets: batches of records, and what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Path
from pydantic import AfterValidator, BaseModel, Field

from bot.shop.intake.coupons import CouponRecord
from bot.shop.intake.events import EventRecord
from bot.shop.intake.people import CustomerRecord, PointRecord
from bot.shop.intake.records import LARGEST, Identifier, OrderRecord, ProductRecord, Record, printable
from storage.checking import Checked, Objection
from storage.codes import Promise, Reason, State, state_of
from storage.discrepancies import Difference
from storage.offers import StoredOffer

MAX_ROWS = 1_000

Code = Annotated[str, Path(min_length=1, max_length=40), AfterValidator(printable)]


class Customers(Record):
    """A batch."""

    customers: Annotated[list[CustomerRecord], Field(min_length=1, max_length=MAX_ROWS)]


class Products(Record):
    """A batch."""

    products: Annotated[list[ProductRecord], Field(min_length=1, max_length=MAX_ROWS)]


class Coupons(Record):
    """A batch."""

    coupons: Annotated[list[CouponRecord], Field(min_length=1, max_length=MAX_ROWS)]


class Orders(Record):
    """A batch."""

    orders: Annotated[list[OrderRecord], Field(min_length=1, max_length=MAX_ROWS)]


class Events(Record):
    """A batch."""

    events: Annotated[list[EventRecord], Field(min_length=1, max_length=MAX_ROWS)]


class Points(Record):
    """A batch."""

    points: Annotated[list[PointRecord], Field(min_length=1, max_length=MAX_ROWS)]


class CodeUse(Record):
    """Who used a code, and for which order."""

    customer_id: Identifier | None = None
    order_id: Identifier | None = None


class Taken(BaseModel):
    """What became of a batch."""

    received: int
    changed: int
    """New or different from what was there."""
    ignored: int = 0
    """Records about customers who had their data erased."""


class CodeNotRedeemed(BaseModel):
    """A code on an order that was not redeemed; the order keeps it."""

    order_id: str
    code: str
    reason: Reason


class PromiseDiffers(BaseModel):
    """A code that was redeemed by an order which differs from what was promised."""

    order_id: str
    code: str
    what: Difference
    price: int | None
    """That was promised; null of a coupon."""
    paid: int | None
    """For one piece; null where it can't be compared."""


class OrdersTaken(Taken):
    """What became of a batch of orders."""

    codes: list[CodeNotRedeemed] = Field(default_factory=list)
    """Liuke's codes on these orders that could not be redeemed, and why."""
    discrepancies: list[PromiseDiffers] = Field(default_factory=list)
    """Codes that these orders used at another price, for another product, or otherwise than their rules say."""
    notes: dict[str, int] = Field(default_factory=dict)
    """What somebody should look at, of records that were taken: on how many."""


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
    product_ids: list[str] | None
    """Coupons: the only ones that it is for; null: all."""
    max_uses: int | None
    per_customer: int | None
    text_zh: str | None
    """Coupons: in the shop's own words; empty: as its rules say."""
    text_en: str | None
    currency: str
    valid_from: datetime
    valid_until: datetime | None
    """Null: a coupon without an end."""
    used_at: datetime | None
    order_id: str | None
    discrepancy: Difference | None
    """How the order that used it differs from what was promised."""
    paid: int | None
    """What that order paid for one piece, where it is another price."""
    changed_at: datetime | None

    @classmethod
    def of(cls, promise: Promise, now: datetime) -> Self:
        """A code as it stands at a moment."""
        shown: dict[str, Any] = {name: getattr(promise, name, None) for name in cls.model_fields}
        shown |= {"kind": "coupon", "state": state_of(promise, now)}
        begins = promise.created_at if isinstance(promise, StoredOffer) else promise.valid_from
        if isinstance(promise, StoredOffer):
            shown |= {"kind": "offer", "min_spend": 0, "valid_from": begins}
        return cls(**shown | {"changed_at": promise.changed_at or begins})


class CodePage(BaseModel):
    """Some codes."""

    codes: list[CodeRow]
    next: str | None
    """Send it as `after` for the page after this one; null after the last."""


class CodeCheck(Record):
    """What somebody is about to buy, as far as it is known."""

    customer_id: Identifier | None = None
    order_id: Identifier | None = None
    product_id: Identifier | None = None
    total: Annotated[int, Field(ge=0, le=LARGEST)] | None = None


class CodeChecked(BaseModel):
    """What would become of a code."""

    code: str
    kind: Literal["offer", "coupon"]
    redeemable: bool
    reason: Objection | None
    """Why it would not be redeemed; null where it would."""
    product_id: str | None
    price: int | None
    """Offers: for one piece of the product."""
    off: int | None
    """Coupons: what it takes off; null where that depends on a total that was not sent."""
    currency: str
    valid_until: datetime | None

    @classmethod
    def of(cls, checked: Checked) -> Self:
        """As it is answered."""
        promise = checked.promise
        of_offer = promise if isinstance(promise, StoredOffer) else None
        return cls(
            code=promise.code,
            kind="coupon" if of_offer is None else "offer",
            redeemable=checked.objection is None,
            reason=checked.objection,
            product_id=None if of_offer is None else of_offer.product_id,
            price=None if of_offer is None else of_offer.price,
            off=checked.off,
            currency=promise.currency,
            valid_until=promise.valid_until,
        )


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
