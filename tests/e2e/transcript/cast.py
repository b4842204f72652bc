"""Who plays: customers of the demo shop whose newest order fits the part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.linking.linker import Linker, second_fact
from storage import Store
from storage.customers import Customer, Customers
from storage.orders import Order, Orders
from storage.schema import order, refund
from tests.e2e.transcript.scenario import Role

# More than any part needs; the newest come first.
_LOOKED_AT = 3_000
# Whatever the time zone, a parcel due a day ago is late.
_A_DAY = timedelta(days=1)
# Whoever has another order as new is asked which one they mean.
_NEW = timedelta(days=45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A customer with the order that they will talk about."""

    customer_id: str
    name: str
    order: str
    fact: str
    """What proves the order: the last four digits of the phone number, or the e-mail."""


class Cast:
    """Hands out players, each once."""

    def __init__(self, found: Mapping[tuple[Role, str], list[Player]]) -> None:
        self._found = {part: list(players) for part, players in found.items()}

    def take(self, role: Role, language: str) -> Player:
        """A player for a part; where there is nobody, somebody whose order arrived.

        Raises:
            LookupError: the demo shop has no more of them.
        """
        players = self._found.get((role, language)) or self._found.get(("delivered", language))
        if not players:
            raise LookupError(f"the demo shop has no {role} customer left who speaks {language}")
        return players.pop(0)


async def find_cast(store: Store, parts: Iterable[tuple[Role, str]], now: datetime) -> Cast:
    """Look for as many players of each role and language as there are parts."""
    wanted = Counter(parts)
    for _, language in list(wanted):
        wanted["delivered", language] += 1  # stand-ins
    found: dict[tuple[Role, str], list[Player]] = {part: [] for part in wanted}
    used: set[str] = set()
    async with store.read(long=True) as connection:
        for customer, theirs in await _candidates(connection, now):
            part = (_role(theirs, now), customer.language)
            if customer.id not in used and len(found.get(part, ())) < wanted[part]:
                used.add(customer.id)
                found[part].append(_player(customer, theirs))
    return Cast(found)


async def link_token(store: Store, customer_id: str, now: datetime) -> str:
    """A deep-link token, as the shop's site would ask for one."""
    linker = await Linker.open(store, None)
    token, _expires = await store.write(
        lambda connection: linker.deep_link_token(connection, customer_id, now)
    )
    return token


async def _candidates(connection: AsyncConnection, now: datetime) -> list[tuple[Customer, Order]]:
    """Refunds first, for they are rare among newest orders; nobody has another order as new."""
    orders, customers = Orders(connection), Customers(connection)
    refunded = await connection.scalars(
        select(order.c.number)
        .join(refund, refund.c.order_id == order.c.id)
        .order_by(refund.c.requested_at.desc())
        .limit(40)
    )
    numbers = [*refunded, *(number for _, number in await customers.recent_buyers(_LOOKED_AT))]
    found: list[tuple[Customer, Order]] = []
    for number in numbers:
        theirs = await orders.by_number(number)
        if theirs is not None and theirs.customer_id is not None:
            customer = await customers.get(theirs.customer_id)
            others = [
                one for one in await orders.by_customer(theirs.customer_id, limit=3) if one.id != theirs.id
            ]
            if customer is not None and all(one.placed_at < now - _NEW for one in others):
                found.append((customer, theirs))
    return found


def _role(theirs: Order, now: datetime) -> Role:
    if theirs.refunds:
        return "refund"
    if theirs.status in ("paid", "packed"):
        return "unsent"
    if theirs.status == "placed":
        return "unpaid"
    if theirs.status == "shipped":
        due = [parcel.estimated_at for parcel in theirs.parcels if parcel.estimated_at is not None]
        return "late" if due and min(due) < now - _A_DAY else "in_transit"
    return "delivered" if theirs.status == "delivered" else "stranger"


def _player(customer: Customer, theirs: Order) -> Player:
    fact = second_fact(theirs.ship_to.get("phone") or customer.phone, customer.email)
    return Player(customer_id=customer.id, name=customer.name, order=theirs.number, fact=fact or "")
