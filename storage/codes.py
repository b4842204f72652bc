"""What codes stand for, of personal prices and coupons; using them at the till, and taking uses back.

A code is used once, by its customer, before its end. The use is kept on the offer or coupon itself, with the order
where one is known. A coupon that is everyone's may be used by many, once an order; its use is the code on the order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict, NotFound, StorageError
from storage.offers import COUPON, Coupon, StoredOffer, change_reserved
from storage.orders import Order
from storage.repository import Repository, columns_of, portions
from storage.schema import coupon, offer, order

Promise = StoredOffer | Coupon
"""What a code stands for."""

Reason = Literal[
    "used", "expired", "not_started", "withdrawn", "other_customer", "no_customer", "order_cancelled"
]
"""Why a code is not redeemed."""

State = Literal["live", "used", "expired", "not_started", "withdrawn"]
"""How a code stands at a moment."""


class Codes(Repository):
    """Looks codes up, in any case of letters. `lock` keeps others from changing them before the transaction ends."""

    async def find(self, code: str, *, lock: bool = False) -> Promise | None:
        """What a code stands for, if it is known."""
        return (await self.named([code], lock=lock)).get(code_key(code))

    async def named(self, codes: Sequence[str], *, lock: bool = False) -> dict[str, Promise]:
        """Those of the codes that are known, by `code_key`."""
        keys = sorted({code_key(code) for code in codes})
        found: dict[str, Promise] = {}
        for part in portions(keys):
            # The codes of offers are made here, in capitals; those of coupons are as the shop wrote them.
            of_both = await self._where(offer.c.code.in_(part), func.upper(coupon.c.code).in_(part), lock)
            for promise in of_both:
                found.setdefault(code_key(promise.code), promise)
        return found

    async def used_by(self, orders: Sequence[str]) -> list[Promise]:
        """What orders have used, by their ids; locked."""
        found: list[Promise] = []
        for part in portions(orders):
            found += await self._where(offer.c.order_id.in_(part), coupon.c.order_id.in_(part), True)
        return found

    async def _where(
        self, offers: ColumnElement[bool], coupons: ColumnElement[bool], lock: bool
    ) -> list[Promise]:
        of_offers = select(offer).where(offers).order_by(offer.c.id)
        of_coupons = COUPON.where(coupons).order_by(coupon.c.code)
        if lock:
            of_offers, of_coupons = of_offers.with_for_update(), of_coupons.with_for_update()
        found: list[Promise] = [*await self._list(StoredOffer, of_offers)]
        return found + await self._list(Coupon, of_coupons)


def code_key(code: str) -> str:
    """What two ways to write a code have in common."""
    return code.strip().upper()


def refusal(promise: Promise, customer_id: str | None, order_id: str | None, at: datetime) -> Reason | None:
    """Why a customer or order can't use a code at a moment; None where it can, or where it was used just so."""
    if order_id is not None and promise.order_id == order_id:
        return None
    if promise.customer_id is not None and promise.customer_id != customer_id:
        return "no_customer" if customer_id is None else "other_customer"
    if promise.used_at is not None:
        # A use without an order is completed by the customer's first order that names the code.
        return None if promise.order_id is None else "used"
    state = state_of(promise, at)
    return None if state == "live" else state


def state_of(promise: Promise, at: datetime) -> State:
    """How a code stands at a moment."""
    if promise.used_at is not None:
        return "used"
    if isinstance(promise, StoredOffer) and promise.state == "withdrawn":
        return "withdrawn"
    if at >= promise.valid_until:
        return "expired"
    # Nobody knows a personal code before it is made: an order that carries one and looks older has a day alone.
    return "not_started" if isinstance(promise, Coupon) and at < promise.valid_from else "live"


def as_used(promise: Promise, order_id: str | None, at: datetime) -> Promise:
    """The code once it is used; everyone's stays as it is."""
    if promise.customer_id is None:
        return promise
    return replace(promise, used_at=promise.used_at or at, order_id=order_id or promise.order_id)


_UNUSED: dict[str, Any] = {"used_at": None, "order_id": None}
_SAYS: dict[Reason, str] = {
    "used": "the code {} has been used already",
    "expired": "the code {} had ended",
    "not_started": "the code {} does not hold yet",
    "withdrawn": "the code {} has been withdrawn",
    "order_cancelled": "the order is cancelled, so it uses no code; what it had used was given back",
}


class CodeRefused(Conflict):
    """A code can't be used, or can't be given back."""

    def __init__(self, code: str, reason: Reason) -> None:
        super().__init__(_SAYS[reason].format(code))
        self.reason = reason


class CustomerNeeded(StorageError):
    """The code is one customer's: name the customer, or an order that names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """What a code was for."""

    code: str
    kind: str
    """offer, coupon."""
    customer_id: str | None
    """Whose it is; None for everyone's."""
    product_id: str | None
    """Offers only."""
    price: int | None
    """Offers: the price that was promised, in minor units."""
    currency: str
    used_at: datetime
    again: bool
    """It was used so already; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unredeemed:
    """A code on an order that was not redeemed, and why. The order keeps it: its price was given."""

    order_id: str
    code: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What became of the codes on some orders."""

    changed: int
    """Codes used now, or given back now."""
    refused: tuple[Unredeemed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """What matters of an order that uses a code."""

    customer_id: str | None
    status: str
    placed_at: datetime
    coupon_code: str | None


class Redemptions(Repository):
    """Uses codes, in any case of letters, and takes uses back.

    Whoever changes a code locks the order that uses it first, then the code, then its budget.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self._codes = Codes(connection)

    async def use(
        self, code: str, *, customer_id: str | None, order_id: str | None, now: datetime
    ) -> Redemption:
        """Use a code, and name it on the order.

        With an order the code must hold at the moment at which that was placed, else `now`. The same order
        again, or without one the same customer, changes nothing. A use without an order is completed by the
        first order of the customer that names the code.

        Args:
            customer_id: who uses it; the order's customer where it is None.
            order_id: the order that uses it.
            now: the time that is kept.

        Raises:
            NotFound: there is no such code for this customer, or no such order of theirs.
            CustomerNeeded: the code is one customer's, and nobody says who uses it.
            CodeRefused: it was used otherwise, has ended, was withdrawn, or the order is cancelled.
        """
        placed = None if order_id is None else await self._order(order_id, customer_id)
        found, who = await self._of(code, customer_id, placed)
        reason = refusal(found, who, order_id, now if placed is None else placed.placed_at)
        if reason == "no_customer":
            raise CustomerNeeded
        personal = found.customer_id is not None
        again = found.used_at is not None if personal else _carries(placed, code)
        cancelled = placed is not None and placed.status == "cancelled"
        if reason is None and cancelled and (personal or not again):
            reason = "order_cancelled"
        if reason is not None:
            raise CodeRefused(found.code, reason)
        used = as_used(found, order_id, now)
        await self._keep([(found, used)])
        if placed is not None and placed.coupon_code != found.code:
            await self._put_on(order_id, found.code)
        return _redemption(used, now if placed is None else placed.placed_at, again=again)

    async def give_back(
        self, code: str, *, customer_id: str | None, order_id: str | None, now: datetime
    ) -> Promise:
        """Take a use back, as when a checkout is abandoned; return the code as it stands then.

        A personal price is live again while it holds and no other for the product took its place. A code that is
        not used stays as it is.

        Args:
            customer_id: who used it; needed where no order did.
            order_id: the order that used it, where one did; the code is taken off it.

        Raises:
            NotFound: there is no such code for this customer, or no such order of theirs.
            CustomerNeeded: the code was used without an order, and nobody says whose it is.
            CodeRefused: an order used it, and not this one.
        """
        placed = None if order_id is None else await self._order(order_id, customer_id)
        found, who = await self._of(code, customer_id, placed)
        if found.used_at is not None:
            if found.order_id not in (None, order_id):
                raise CodeRefused(found.code, "used")
            if who is None:
                raise CustomerNeeded
            await self._free(found, now)
        if _carries(placed, code):
            await self._put_on(order_id, None)
        return await self._codes.find(code) or found

    async def by_orders(self, orders: Sequence[Order], now: datetime) -> Redeemed:
        """Use the codes that orders carry, and give back those that cancelled orders had used.

        The orders have been written in this transaction. A code must hold when its order was placed, not when the
        order arrives. Codes that the store doesn't know are the shop's own.
        """
        cancelled = await self._codes.used_by([item.id for item in orders if item.status == "cancelled"])
        for used in cancelled:
            await self._free(used, now)
        claims = sorted(
            (item for item in orders if item.coupon_code and item.status != "cancelled"),
            key=lambda item: (item.placed_at, item.id),
        )
        known = await self._codes.named([item.coupon_code or "" for item in claims], lock=True)
        uses: list[tuple[Promise, Promise]] = []
        refused: list[Unredeemed] = []
        for item in claims:
            code = item.coupon_code or ""
            found = known.get(code_key(code))
            if found is None:
                continue
            reason = refusal(found, item.customer_id, item.id, item.placed_at)
            if reason is not None:
                refused.append(Unredeemed(order_id=item.id, code=code, reason=reason))
                continue
            known[code_key(code)] = as_used(found, item.id, item.placed_at)
            uses.append((found, known[code_key(code)]))
        return Redeemed(changed=len(cancelled) + await self._keep(uses), refused=tuple(refused))

    async def _order(self, order_id: str, customer_id: str | None) -> _Placed:
        this = select(*columns_of(order, _Placed)).where(order.c.id == order_id).with_for_update()
        placed = await self._found(_Placed, this, f"order {order_id!r}; send the order first")
        if customer_id and placed.customer_id not in (None, customer_id):
            raise NotFound(f"there is no order {order_id!r} of this customer")
        return placed

    async def _of(
        self, code: str, customer_id: str | None, placed: _Placed | None
    ) -> tuple[Promise, str | None]:
        """The code, locked, and who uses it. Somebody else's is not found."""
        who = customer_id or (placed.customer_id if placed is not None else None)
        found = await self._codes.find(code, lock=True)
        if found is None or (who and found.customer_id not in (None, who)):
            raise NotFound(f"there is no code {code!r} for this customer")
        return found, who

    async def _keep(self, uses: Sequence[tuple[Promise, Promise]]) -> int:
        """Write the uses that are new, each given as the code before and after; return how many those were."""
        reserved: Counter[str | None] = Counter()
        rows: dict[Table, list[dict[str, Any]]] = {offer: [], coupon: []}
        for before, after in uses:
            if after == before:
                continue
            table = offer if isinstance(after, StoredOffer) else coupon
            rows[table].append({"named": after.code, "at": after.used_at, "by": after.order_id})
            if isinstance(before, StoredOffer) and before.state == "expired":
                # The discount was given after all.
                reserved[before.budget_id] += before.list_price - before.price
        use: dict[str, Any] = {"used_at": bindparam("at"), "order_id": bindparam("by")}
        for table, values in ((offer, {**use, "state": "used"}), (coupon, use)):
            if rows[table]:
                await self._connection.execute(
                    update(table).where(table.c.code == bindparam("named")).values(values), rows[table]
                )
        await change_reserved(self._connection, reserved)
        return len(rows[offer]) + len(rows[coupon])

    async def _free(self, used: Promise, now: datetime) -> None:
        if isinstance(used, Coupon):
            await self._connection.execute(update(coupon).where(coupon.c.code == used.code).values(_UNUSED))
            return
        if used.valid_until > now and await self._is_live_again(used):
            return
        state = "expired" if used.valid_until <= now else "withdrawn"
        await self._connection.execute(
            update(offer).where(offer.c.id == used.id).values({**_UNUSED, "state": state})
        )
        await change_reserved(self._connection, {used.budget_id: used.price - used.list_price})

    async def _is_live_again(self, used: StoredOffer) -> bool:
        """Make it so, unless another offer to the customer for the product is live."""
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(
                    update(offer).where(offer.c.id == used.id).values({**_UNUSED, "state": "live"})
                )
        except IntegrityError:
            return False
        return True

    async def _put_on(self, order_id: str | None, code: str | None) -> None:
        await self._connection.execute(update(order).where(order.c.id == order_id).values(coupon_code=code))


def _carries(placed: _Placed | None, code: str) -> bool:
    return placed is not None and code_key(placed.coupon_code or "") == code_key(code)


def _redemption(promise: Promise, at: datetime, *, again: bool) -> Redemption:
    of_offer = promise if isinstance(promise, StoredOffer) else None
    return Redemption(
        code=promise.code,
        kind="coupon" if of_offer is None else "offer",
        customer_id=promise.customer_id,
        product_id=None if of_offer is None else of_offer.product_id,
        price=None if of_offer is None else of_offer.price,
        currency=promise.currency,
        used_at=promise.used_at or at,
        again=again,
    )
