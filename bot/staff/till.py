"""Codes for a person at a till: whose one is and what for, using it, giving it back."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.linking.linker import matches
from bot.staff.roles import REDEEMING, permitted
from kernel.times import utc_now
from storage import Conflict, NotFound, Store
from storage.audit import Audit
from storage.catalogue import Catalogue, Product
from storage.code_lists import CodeLists, Wanted
from storage.codes import Codes, Promise, State, state_of
from storage.customers import Customer, Customers
from storage.known_orders import KnownOrders
from storage.offers import StoredOffer
from storage.orders import Orders
from storage.redemptions import CodeRefused, Redemptions
from storage.staff import StaffMember

_SHOWN = 50


class UnknownCode(NotFound):
    """There is no such code."""

    def __init__(self) -> None:
        super().__init__("there is no such code; look whether all of it was typed")


class NotTheirs(Conflict):
    """What was said proves nothing."""

    def __init__(self) -> None:
        super().__init__(
            "this is no order of the code's customer, and not their id, e-mail address or phone number; "
            "the last four digits of the phone number are enough"
        )


class OrderNeeded(Conflict):
    """The code is everyone's: its use is kept with an order."""

    def __init__(self) -> None:
        super().__init__("the code is everyone's: name an order that is here; its use is kept with that")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCard:
    """A code as it is shown to whoever is at a till."""

    promise: Promise
    state: State
    customer: Customer | None
    """Whose it is; None for everyone's."""
    product: Product | None
    """Personal prices only."""
    order_number: str | None
    """Of the order that used it."""

    @property
    def contact(self) -> str:
        """The customer's e-mail address or phone number, as much of it as tells people apart."""
        return "" if self.customer is None else masked(self.customer.phone or self.customer.email or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """Personal prices that were used by orders which differ from them, as far as they are shown."""

    cards: Sequence[CodeCard]
    count: int
    """Of all."""


class Till:
    """Codes as staff see them, for the console and the command line alike."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def look(self, typed: str) -> CodeCard:
        """A code as somebody has typed or scanned it.

        Raises:
            UnknownCode: there is none.
        """
        async with self._store.read() as connection:
            return await self._card(connection, await _find(connection, typed))

    async def differing(self) -> Differing:
        """Those that were used by orders which differ from what was promised."""
        async with self._store.read() as connection:
            lists = CodeLists(connection)
            page = await lists.page(Wanted(odd=True), self._clock(), after=None, limit=_SHOWN)
            cards = await self._cards(connection, page.codes)
            return Differing(cards=tuple(cards), count=await lists.count_odd())

    async def use(self, member: StaffMember, typed: str, said: str = "") -> CodeCard:
        """Use a code.

        Args:
            typed: the code.
            said: the number of the order that it is used for; or, of a code that is one customer's, who they are:
                their id, e-mail address or phone number, of which the last four digits are enough.

        Raises:
            NotAllowed: the member's role is another.
            UnknownCode: there is no such code.
            NotTheirs: what was said is neither an order of theirs nor tells who they are.
            OrderNeeded: the code is everyone's, and no order is named.
            storage.redemptions.CodeRefused: it was used, has ended, was withdrawn, or the order is cancelled.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> CodeCard:
            found = await _find(connection, typed)
            customer_id, order_id = await _who(connection, found, said)
            used = await Redemptions(connection).use(
                found.code, customer_id=customer_id, order_id=order_id, now=now
            )
            if used.again and order_id is None:
                # Of two tills at once one gets it: without an order nothing tells them apart.
                raise CodeRefused(found.code, "used")
            await _note(connection, member, "code_used", found, now)
            return await self._card(connection, await _find(connection, found.code))

        return await self._store.write(permitted(member, REDEEMING, work))

    async def give_back(self, member: StaffMember, typed: str, order_number: str = "") -> CodeCard:
        """Take a use back.

        Args:
            typed: the code.
            order_number: of the order that used it, where the code is everyone's.

        Raises:
            NotAllowed: the member's role is another.
            UnknownCode: there is no such code.
            OrderNeeded: the code is everyone's, and no order is named.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> CodeCard:
            found = await _find(connection, typed)
            order_id = found.order_id
            if found.customer_id is None:
                order_id = await _order_id(connection, order_number)
            await Redemptions(connection).give_back(
                found.code, customer_id=found.customer_id, order_id=order_id, now=now
            )
            await _note(connection, member, "code_given_back", found, now)
            return await self._card(connection, await _find(connection, found.code))

        return await self._store.write(permitted(member, REDEEMING, work))

    async def _card(self, connection: AsyncConnection, promise: Promise) -> CodeCard:
        (card,) = await self._cards(connection, [promise])
        return card

    async def _cards(self, connection: AsyncConnection, promises: Sequence[Promise]) -> list[CodeCard]:
        now = self._clock()
        orders = await KnownOrders(connection).by_ids({one.order_id for one in promises if one.order_id})
        people = await Customers(connection).by_ids({one.customer_id for one in promises if one.customer_id})
        named = {one.product_id for one in promises if isinstance(one, StoredOffer)}
        products = await Catalogue(connection).by_ids(named)
        return [
            CodeCard(
                promise=one,
                state=state_of(one, now),
                customer=people.get(one.customer_id or ""),
                product=products.get(one.product_id) if isinstance(one, StoredOffer) else None,
                order_number=orders[one.order_id].number if one.order_id in orders else None,
            )
            for one in promises
        ]


def masked(contact: str) -> str:
    """A phone number or an e-mail address of which only some can be read: `138****1234`, `f***@example.org`."""
    name, at, domain = contact.partition("@")
    if at:
        return f"{name[:1]}***@{domain}"
    return f"{contact[:-8]}****{contact[-4:]}" if len(contact) > 8 else "****"[: len(contact)]


def as_code(typed: str) -> str:
    """A code as it was typed: without spaces, and in ordinary letters where a Chinese keyboard made wide ones."""
    return "".join(unicodedata.normalize("NFKC", typed).split())


async def _find(connection: AsyncConnection, typed: str) -> Promise:
    code = as_code(typed)
    found = await Codes(connection).named([code, typed]) if code.isprintable() else {}
    for promise in found.values():
        return promise
    raise UnknownCode


async def _who(connection: AsyncConnection, found: Promise, said: str) -> tuple[str | None, str | None]:
    """Who uses a code, and for which order: one of the two at least."""
    said = said.strip()
    if found.customer_id is None:
        return None, await _order_id(connection, said)
    order = await Orders(connection).by_number(said) if said and said.isprintable() else None
    if order is not None and order.customer_id == found.customer_id:
        return found.customer_id, order.id
    customer = await Customers(connection).get(found.customer_id)
    facts = () if customer is None else (customer.phone or "", customer.email or "")
    if said == found.customer_id or any(matches(said, fact) for fact in facts):
        return found.customer_id, None
    raise NotTheirs


async def _order_id(connection: AsyncConnection, number: str) -> str:
    order = await Orders(connection).by_number(number) if number and number.isprintable() else None
    if order is None:
        raise OrderNeeded
    return order.id


async def _note(
    connection: AsyncConnection, member: StaffMember, action: str, found: Promise, now: datetime
) -> None:
    # By its number: the code itself goes when its customer is erased, and decisions stay.
    subject = f"offer:{found.id}" if isinstance(found, StoredOffer) else f"coupon:{found.code}"
    await Audit(connection).add(f"staff:{member.id}", action, subject, {}, now)
