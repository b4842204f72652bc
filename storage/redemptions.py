"""Uses codes at the till and by orders, and takes uses back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.budgets import Budgets, change_reserved
from storage.catalogue import Catalogue
from storage.codes import Codes, Promise, Reason, as_used, code_key, refusal
from storage.coupons import Coupon, Coupons
from storage.discrepancies import Discrepancy, discrepancy, misfit
from storage.errors import Conflict, NotFound, StorageError
from storage.offers import StoredOffer
from storage.orders import Order, Orders
from storage.repository import Repository, columns_of
from storage.schema import coupon, offer, order

_UNUSED: dict[str, Any] = {"used_at": None, "order_id": None}
_FITS: dict[str, Any] = {"discrepancy": None, "paid": None}
_SAYS: dict[Reason, str] = {
    "used": "the code {} has been used already",
    "expired": "the code {} had ended",
    "not_started": "the code {} does not hold yet",
    "withdrawn": "the code {} has been withdrawn",
    "used_up": "the code {} has been used as often as it may be",
    "customer_limit": "the customer has used the code {} as often as one customer may",
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
    odd: tuple[Discrepancy, ...] = ()
    """Codes that were used by orders that differ from what was promised."""

    def __add__(self, other: Redeemed) -> Redeemed:
        return Redeemed(
            changed=self.changed + other.changed,
            refused=self.refused + other.refused,
            odd=self.odd + other.odd,
        )


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
        if reason is None and isinstance(found, Coupon) and not again:
            reason = await Coupons(self._connection).spent(found, who)
        if reason is not None:
            raise CodeRefused(found.code, reason)
        used = as_used(found, order_id, now)
        await self._keep([(found, used)], now)
        if placed is not None and placed.coupon_code != found.code:
            await self._put_on(order_id, found.code)
        if order_id is not None:
            orders = await Orders(self._connection).by_ids([order_id])
            await self._compare([(used, item) for item in orders.values()], now)
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
        here = await self._codes.of_orders(orders)
        known: dict[str, Promise] = {}
        for promise in here:
            known.setdefault(code_key(promise.code), promise)
        cancelled = {item.id for item in orders if item.status == "cancelled"}
        freed = [promise for promise in here if promise.order_id in cancelled]
        for used in freed:
            await self._free(used, now)
        if freed:
            known |= await self._codes.named([promise.code for promise in freed])
        claims = sorted(
            (item for item in orders if item.coupon_code and item.status != "cancelled"),
            key=lambda item: (item.placed_at, item.id),
        )
        everyones = [
            (found, item)
            for item in claims
            if isinstance(found := known.get(code_key(item.coupon_code or "")), Coupon)
            and found.customer_id is None
        ]
        late = await Coupons(self._connection).beyond(everyones)
        uses: list[tuple[Promise, Promise]] = []
        used_by: list[tuple[Promise, Order]] = []
        refused: list[Unredeemed] = []
        for item in claims:
            code = item.coupon_code or ""
            found = known.get(code_key(code))
            if found is None:
                continue
            reason = refusal(found, item.customer_id, item.id, item.placed_at) or late.get(item.id)
            if reason is not None:
                refused.append(Unredeemed(order_id=item.id, code=code, reason=reason))
                continue
            after = known[code_key(code)] = as_used(found, item.id, item.placed_at)
            uses.append((found, after))
            if found.customer_id is None:
                used_by.append((found, item))
        changed = len(freed) + await self._keep(uses, now)
        by_id = {item.id: item for item in orders}
        used_by += [(one, by_id[one.order_id]) for one in known.values() if one.order_id in by_id]
        return Redeemed(changed=changed, refused=tuple(refused), odd=await self._compare(used_by, now))

    async def _compare(
        self, used_by: Sequence[tuple[Promise, Order]], now: datetime
    ) -> tuple[Discrepancy, ...]:
        """How orders differ from what they used; kept where that is a customer's own. Those that fit are settled."""
        products = {
            line.product_id
            for promise, item in used_by
            if isinstance(promise, Coupon) and promise.category_id is not None
            for line in item.lines
        }
        categories = await Catalogue(self._connection).categories_of(products) if products else {}
        odd: list[Discrepancy] = []
        rows: dict[Table, list[dict[str, Any]]] = {offer: [], coupon: []}
        for promise, item in used_by:
            found = (
                misfit(promise, item, categories)
                if isinstance(promise, Coupon)
                else discrepancy(promise, item)
            )
            odd += [] if found is None else [found]
            what, paid = (None, None) if found is None else (found.what, found.paid)
            if promise.customer_id is not None and (what, paid) != _kept_of(promise):
                kept = {"named": promise.code, "what": what}
                if isinstance(promise, StoredOffer):
                    rows[offer].append({**kept, "sum": paid})
                else:
                    rows[coupon].append(kept)
        differs: dict[str, Any] = {"discrepancy": bindparam("what"), "changed_at": now}
        for table, values in ((offer, {**differs, "paid": bindparam("sum")}), (coupon, differs)):
            if rows[table]:
                await self._connection.execute(
                    update(table).where(table.c.code == bindparam("named")).values(values), rows[table]
                )
        return tuple(odd)

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

    async def _keep(self, uses: Sequence[tuple[Promise, Promise]], now: datetime) -> int:
        """Write the uses that are new, each given as the code before and after; return how many those were."""
        given: dict[int, int] = {}
        rows: dict[Table, list[dict[str, Any]]] = {offer: [], coupon: []}
        for before, after in uses:
            if after == before:
                continue
            table = offer if isinstance(after, StoredOffer) else coupon
            rows[table].append({"named": after.code, "at": after.used_at, "by": after.order_id})
            if isinstance(before, StoredOffer) and before.state == "expired":
                # The discount was given after all.
                given[before.id] = before.list_price - before.price
        use: dict[str, Any] = {"used_at": bindparam("at"), "order_id": bindparam("by"), "changed_at": now}
        for table, values in ((offer, {**use, "state": "used"}), (coupon, use)):
            if rows[table]:
                await self._connection.execute(
                    update(table).where(table.c.code == bindparam("named")).values(values), rows[table]
                )
        await change_reserved(self._connection, await Budgets(self._connection).drawn(given))
        return len(rows[offer]) + len(rows[coupon])

    async def _free(self, used: Promise, now: datetime) -> None:
        if isinstance(used, Coupon):
            await self._connection.execute(
                update(coupon)
                .where(coupon.c.code == used.code)
                .values({**_UNUSED, "discrepancy": None, "changed_at": now})
            )
            return
        if used.valid_until > now and await self._is_live_again(used, now):
            return
        state = "expired" if used.valid_until <= now else "withdrawn"
        await self._connection.execute(
            update(offer)
            .where(offer.c.id == used.id)
            .values({**_UNUSED, **_FITS, "state": state, "changed_at": now})
        )
        given_back = await Budgets(self._connection).drawn({used.id: used.price - used.list_price})
        await change_reserved(self._connection, given_back)

    async def _is_live_again(self, used: StoredOffer, now: datetime) -> bool:
        """Make it so, unless another offer to the customer for the product is live."""
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(
                    update(offer)
                    .where(offer.c.id == used.id)
                    .values({**_UNUSED, **_FITS, "state": "live", "changed_at": now})
                )
        except IntegrityError:
            return False
        return True

    async def _put_on(self, order_id: str | None, code: str | None) -> None:
        await self._connection.execute(update(order).where(order.c.id == order_id).values(coupon_code=code))


def _kept_of(promise: Promise) -> tuple[str | None, int | None]:
    return promise.discrepancy, promise.paid if isinstance(promise, StoredOffer) else None


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
