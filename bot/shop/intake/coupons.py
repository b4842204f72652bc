"""Takes in what the shop says of its coupons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.merging import (
    Change,
    FieldTimes,
    Refusal,
    Taken,
    filled,
    incomplete,
    once_each,
    unknown,
    without_refused,
)
from bot.shop.intake.records import Code, Currency, Identifier, Line, Minor, Moment, Price, Record, unsaid
from storage.catalogue import Catalogue
from storage.codes import Codes, Promise
from storage.coupons import Coupon, Coupons
from storage.customers import Customers
from storage.erased import Erased
from storage.orders import Orders
from storage.redemptions import Redemptions


class CouponRecord(Record):
    """A coupon: an amount or a percentage off, for one customer or for everybody."""

    code: Annotated[Code, Field(min_length=1)]
    """In any case of letters."""
    customer_id: Identifier | None = None
    """Whose own it is: it is used once. Null: everyone's, which may be used by many, each order once."""
    text: Line | None = None
    """What it is worth, in the language that it is written in. A language without a text reads what its rules say."""
    text_zh: Line | None = None
    text_en: Line | None = None
    amount: Price | None = None
    """Just one of this and `percent`; the one that is said takes the place of the other."""
    percent: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    min_spend: Minor | None = None
    """Of the goods that it is for."""
    currency: Currency = unsaid()
    """The shop's when left out and new."""
    category_id: Identifier | None = None
    """The only category that it is for."""
    product_ids: Annotated[list[Identifier], Field(min_length=1, max_length=1_000)] | None = None
    """The only products that it is for."""
    valid_from: Moment = unsaid()
    """Since ever when left out and new."""
    valid_until: Moment | None = None
    """The first moment after it. Null, or left out of a new one: it has no end."""
    max_uses: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """By how many orders everyone's may be used; null: any number."""
    per_customer: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """By how many orders of one customer everyone's may be used; null: any number."""
    updated_at: Moment = unsaid()

    @property
    def id(self) -> str:
        """What it is known by."""
        return self.code.strip().upper()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if not self.code.strip():
            raise ValueError("needs a code")
        worth = [self.amount, self.percent]
        if self.model_fields_set & {"amount", "percent"} and worth.count(None) != 1:
            raise ValueError("takes off an amount or a percent: say one of them")
        if (
            self.valid_from is not None
            and self.valid_until is not None
            and self.valid_from >= self.valid_until
        ):
            raise ValueError("valid_until must lie after valid_from")
        return self


_BLANK: Mapping[str, Any] = {"text_zh": "", "text_en": "", "min_spend": 0}
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_OTHERWISE = ("code", "updated_at", "text", "amount", "percent")


async def take_coupons(
    connection: AsyncConnection, records: Sequence[CouponRecord], now: datetime, defaults: Defaults
) -> Taken:
    """Add coupons or bring them up to date. Orders that carry the code of a customer's own, and came before, use it."""
    kept, refused = once_each(records, [one.id for one in records])
    gone = await Erased(connection).customers(one.customer_id for one in kept.values())
    erased = frozenset(place for place, one in kept.items() if one.customer_id in gone)
    kept = without_refused({place: one for place, one in kept.items() if place not in erased}, refused)
    codes = Codes(connection)
    known = await codes.named([one.code for one in kept.values()])
    # Whoever changes a code locks the orders that use it first, then the code.
    own = [one.code for one in kept.values() if _owner(one, known.get(one.id)) is not None]
    carriers = await Orders(connection).by_ids(await Coupons(connection).carriers(own), lock=True)
    known = await codes.named([one.code for one in kept.values()], lock=True)
    refused += _unfit(kept, known) + await _without_reference(connection, kept)
    kept = without_refused(kept, refused)
    coupons = {key: one for key, one in known.items() if isinstance(one, Coupon)}
    merged = [coupon_of(one, coupons.get(one.id), now, defaults) for one in kept.values()]
    there = {one.code: one for one in coupons.values()}
    different = [one for one in merged if one != there.get(one.code)]
    await Coupons(connection).put_many(different)
    redeemed = await Redemptions(connection).by_orders(list(carriers.values()), now)
    after = await Coupons(connection).by_codes([one.code for one in different])
    return Taken(
        changed=len(different),
        changes=tuple(Change("coupons", one.code, there.get(one.code), after[one.code]) for one in different),
        erased=erased,
        refused=tuple(refused),
        more={"codes": redeemed.changed},
    )


def coupon_of(record: CouponRecord, known: Coupon | None, now: datetime, defaults: Defaults) -> Coupon:
    """The coupon as it is known after a record; a new one must have an amount or a percentage."""
    said = record.said(*_OTHERWISE)
    if "text" in record.model_fields_set:
        written = "text_zh" if _CHINESE.search(record.text or "") else "text_en"
        if record.text is None:
            said = {"text_zh": None, "text_en": None} | said
        else:
            said.setdefault(written, record.text)
    if record.model_fields_set & {"amount", "percent"}:
        # They are one fact: what is said of one ends the other.
        said["worth"] = (record.amount, record.percent)
    times = FieldTimes(known.field_times if known is not None else None)
    values = filled(times.newest(said, record.updated_at), _BLANK)
    if "worth" in values:
        values["amount"], values["percent"] = values.pop("worth")
    if known is None:
        new: dict[str, Any] = {
            "customer_id": None,
            "currency": defaults.currency,
            "valid_from": _EVER,
            "valid_until": None,
        }
        return Coupon(**(new | values), code=record.code.strip(), changed_at=now, field_times=times.kept)
    merged = replace(known, **values, field_times=times.kept)
    if merged.customer_id is None:
        # Who has used everyone's is known from the orders.
        merged = replace(merged, used_at=None, order_id=None, discrepancy=None)
    return merged if merged == known else replace(merged, changed_at=now)


def _owner(record: CouponRecord, known: Promise | None) -> str | None:
    """Whose own a coupon is, if anybody's."""
    if "customer_id" in record.model_fields_set:
        return record.customer_id
    return None if known is None else known.customer_id


def _unfit(kept: Mapping[int, CouponRecord], known: Mapping[str, Promise]) -> list[Refusal]:
    """Refuse new coupons that lack what they need, and codes that stand for a personal price."""
    refused = []
    for place, one in kept.items():
        if one.id not in known:
            said = set(one.model_fields_set) | ({"amount"} if one.percent is not None else set())
            refused += incomplete(place, "coupon", said, ("amount",))
        elif not isinstance(known[one.id], Coupon):
            reason = f"{one.code!r} is the code of a personal price; give the coupon another one"
            refused.append(Refusal(place, "code_taken", "code", reason))
    return refused


async def _without_reference(connection: AsyncConnection, kept: Mapping[int, CouponRecord]) -> list[Refusal]:
    """Refuse coupons of customers, categories or products that aren't here."""
    catalogue = Catalogue(connection)
    people = await Customers(connection).present(
        {one.customer_id for one in kept.values() if one.customer_id}
    )
    shelves = await catalogue.named_categories({one.category_id for one in kept.values() if one.category_id})
    goods = await catalogue.known({name for one in kept.values() for name in one.product_ids or ()})
    refused = []
    for place, one in kept.items():
        if one.customer_id is not None and one.customer_id not in people:
            refused.append(unknown(place, "customer_id", "there is no customer {id!r}", one.customer_id))
        if one.category_id is not None and one.category_id not in shelves:
            refused.append(unknown(place, "category_id", "there is no category {id!r}", one.category_id))
        refused += [
            unknown(place, f"product_ids.{n}", "there is no product {id!r}", name)
            for n, name in enumerate(one.product_ids or ())
            if name not in goods
        ]
    return refused
