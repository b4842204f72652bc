"""What a shop says of its customers, and of their points: records as in `bot.shop.intake.records`."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from bot.shop.intake.records import (
    Count,
    Email,
    Identifier,
    Line,
    Moment,
    Name,
    Phone,
    Record,
    ShipToRecord,
    printable,
    unsaid,
)

_BIRTHDAY = re.compile(r"(?:([0-9]{4})-|--)?([0-9]{2})-([0-9]{2})")
_LEAP_YEAR = 2000
_EARLIEST_YEAR = 1850

ConsentChannel: TypeAlias = Literal["email", "sms", "phone", "post", "telegram", "web", "whatsapp", "wechat"]
"""What a consent can be about. Liuke's own channels are among them by their names; others are kept for the shop."""


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is no time zone; use an IANA name such as Asia/Shanghai") from error
    return value


def birthday_of(value: str) -> str:
    """A birthday as it is kept, `1990-05-17` or `--05-17`; without the year it may be written `05-17`, too.

    Raises:
        ValueError: it is none.
    """
    found = _BIRTHDAY.fullmatch(value.strip())
    if found is None:
        raise ValueError("is no birthday; write it as 1990-05-17, or as 05-17 without the year")
    year, month, day = found.groups()
    try:
        date(int(year or _LEAP_YEAR), int(month), int(day))
    except ValueError as error:
        raise ValueError("is no day of the calendar") from error
    if year is not None and int(year) < _EARLIEST_YEAR:
        raise ValueError("is too long ago to be true")
    return f"{year or '-'}-{month}-{day}"


Tier = Annotated[str, Field(max_length=30), AfterValidator(printable)]
Birthday = Annotated[str, Field(max_length=30), AfterValidator(birthday_of)]
PointCount = Annotated[int, Field(ge=-(2**31) + 1, le=2**31 - 1)]


class AddressRecord(ShipToRecord):
    """Where a customer can be sent something."""

    label: Name | None = None
    """What the customer calls it: home, office."""
    province: Name | None = None


class ConsentRecord(Record):
    """What a customer said about being written to on a channel."""

    granted: bool
    at: Moment | None = None
    """When they said so."""


class CustomerRecord(Record):
    """Somebody who buys."""

    id: Identifier
    name: Name | None = None
    language: Literal["zh", "en"] | None = None
    """The shop's own where it is left out or cleared, as is `time_zone`."""
    time_zone: Annotated[str, Field(max_length=60), AfterValidator(_zone)] | None = None
    email: Email | None = None
    phone: Phone | None = None
    birthday: Birthday | None = None
    """`1990-05-17`; without the year `--05-17` or `05-17`."""
    tier: Tier | None = None
    points: Count | None = None
    """Their balance, as of `updated_at` or else of now."""
    addresses: Annotated[dict[Identifier, AddressRecord | None], Field(max_length=50)] | None = None
    """By an id of the shop's. Those that aren't named stay, and so do parts of them; one set to null is taken away."""
    default_address: Identifier | None = None
    """The id of the one that holds where nothing else is said."""
    created_at: Moment = unsaid()
    """When they became a customer; now when left out and new."""
    marketing: bool = unsaid()
    """Whether they agreed to be written to, on every channel. Left out: nothing is said about it."""
    marketing_at: Moment | None = None
    """When they said so. A later word of theirs, in a chat for instance, keeps holding."""
    consents: dict[ConsentChannel, ConsentRecord] = unsaid()
    """The same on single channels. A no on one holds until there is a yes on that one."""
    updated_at: Moment = unsaid()


class PointRecord(Record):
    """Points that a customer got or lost."""

    id: Identifier = unsaid()
    """The same id again is the same change. Left out: the same facts are the same change."""
    customer_id: Identifier
    at: Moment
    change: PointCount
    """How many; negative for points that went."""
    balance: PointCount | None = None
    """How many there were after it."""
    reason: Line = ""
    """Shown to the customer, in either language where that has no words of its own."""
    reason_zh: Line = ""
    reason_en: Line = ""
    order_id: Identifier | None = None
    """Its id or its number."""
