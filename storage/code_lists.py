"""All codes, a page at a time, in an order that stays.

Coupons come first, by code, then personal prices as they were made: what is promised while somebody goes through the
pages comes at the end, and nothing is missed or twice.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, select

from storage.codes import Promise, State
from storage.coupons import COUPON, Coupon, ended
from storage.errors import StorageError
from storage.offers import StoredOffer
from storage.repository import Repository
from storage.schema import coupon, offer

_COUPON, _OFFER = "c", "o"
_LARGEST = 2**63 - 1


class CursorInvalid(StorageError):
    """This is no cursor: send the `next` of the page before, as it came, or none for the first page."""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which codes."""

    state: State | None = None
    """As they stand now; any where it is None."""
    changed_since: datetime | None = None
    """Those that were made, used, given back, withdrawn or found to differ at this moment or later."""
    odd: bool = False
    """Those alone that were used by an order which differs from what was promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePage:
    """Some codes."""

    codes: list[Promise]
    next: str | None
    """The cursor of the page after this one; None after the last."""


class CodeLists(Repository):
    """Goes through all codes."""

    async def page(self, wanted: Wanted, now: datetime, *, after: str | None, limit: int) -> CodePage:
        """The next codes after a cursor; the first without one.

        Raises:
            CursorInvalid: the cursor is none that a page gave.
        """
        kind, place = _read(after)
        # One more than is wanted: whether there is a next page.
        found: list[Promise] = []
        if kind == _COUPON:
            found += await self._list(
                Coupon,
                COUPON.where(coupon.c.code > place, *_of_coupons(wanted, now))
                .order_by(coupon.c.code)
                .limit(limit + 1),
            )
        if len(found) <= limit:
            found += await self._list(
                StoredOffer,
                select(offer)
                .where(offer.c.id > (int(place) if kind == _OFFER else 0), *_of_offers(wanted, now))
                .order_by(offer.c.id)
                .limit(limit + 1 - len(found)),
            )
        shown = found[:limit]
        return CodePage(codes=shown, next=_cursor(shown[-1]) if len(found) > limit else None)

    async def count_odd(self) -> int:
        """How many were used by orders that differ from what was promised."""
        of_offers = await self._count(offer, offer.c.discrepancy.is_not(None))
        return of_offers + await self._count(coupon, coupon.c.discrepancy.is_not(None))


def _of_offers(wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    unused, withdrawn = offer.c.used_at.is_(None), offer.c.state == "withdrawn"
    match wanted.state:
        case "used":
            conditions.append(~unused)
        case "withdrawn":
            conditions += [unused, withdrawn]
        case "expired":
            conditions += [unused, ~withdrawn, offer.c.valid_until <= now]
        case "live":
            conditions += [unused, ~withdrawn, offer.c.valid_until > now]
        case "not_started":
            conditions.append(false())
    if wanted.changed_since is not None:
        conditions.append(func.coalesce(offer.c.changed_at, offer.c.created_at) >= wanted.changed_since)
    if wanted.odd:
        conditions.append(offer.c.discrepancy.is_not(None))
    return conditions


def _of_coupons(wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    unused, over = coupon.c.used_at.is_(None), ended(now)
    begun = coupon.c.valid_from <= now
    match wanted.state:
        case "used":
            conditions.append(~unused)
        case "expired":
            conditions += [unused, over]
        case "not_started":
            conditions += [unused, ~over, ~begun]
        case "live":
            conditions += [unused, ~over, begun]
        case "withdrawn":
            conditions.append(false())
    if wanted.changed_since is not None:
        conditions.append(func.coalesce(coupon.c.changed_at, coupon.c.valid_from) >= wanted.changed_since)
    if wanted.odd:
        conditions.append(coupon.c.discrepancy.is_not(None))
    return conditions


def _cursor(last: Promise) -> str:
    place = f"{_OFFER}{last.id}" if isinstance(last, StoredOffer) else f"{_COUPON}{last.code}"
    return base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()


def _read(cursor: str | None) -> tuple[str, str]:
    """The kind of code after which to go on, and which of them."""
    if cursor is None:
        return _COUPON, ""
    try:
        place = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise CursorInvalid from None
    kind, rest = place[:1], place[1:]
    number = (
        kind == _OFFER and rest.isascii() and rest.isdecimal() and len(rest) < 20 and int(rest) <= _LARGEST
    )
    if not number and not (kind == _COUPON and rest.isprintable()):
        raise CursorInvalid
    return kind, rest
