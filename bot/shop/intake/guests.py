"""Who ordered without an account of the shop's: known by the e-mail address, or else the phone number.

Orders with the same address are one guest's. As soon as the shop names a customer with it, they are that customer's.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.purchases import put_orders
from storage.customers import Customer, Customers
from storage.erased import Erased, normal_email, normal_phone
from storage.orders import Orders
from storage.repository import portions
from storage.schema import account, consent, customer, outbox, point_change, request, shown

_MOVED: tuple[Table, ...] = (account, consent, outbox, point_change, request, shown)
"""What a guest's is the customer's as well; scores and offers were made for somebody with less of a history."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What somebody who ordered can be known by, as it is kept."""

    email: str | None
    phone: str | None

    @classmethod
    def of(cls, email: str | None, phone: str | None) -> Contact:
        """A contact as people write it."""
        return cls(normal_email(email), normal_phone(phone))

    @property
    def keys(self) -> list[str]:
        """What it is compared by, the surest first."""
        found = [("email", self.email), ("phone", self.phone)]
        return [f"{kind}:{value}" for kind, value in found if value is not None]

    @property
    def guest_id(self) -> str:
        """The id that a guest with this contact always gets."""
        return f"guest-{hashlib.sha256(self.keys[0].encode()).hexdigest()[:24]}"


async def find_or_add(
    connection: AsyncConnection, contacts: Collection[Contact], now: datetime, defaults: Defaults
) -> dict[Contact, str]:
    """The customer of each contact, by id: one whom the shop has named, else a guest.

    Contacts of people who had themselves erased have none. Where several customers have a contact it says nothing of
    which of them ordered.
    """
    known = await _named(connection, contacts)
    erased = await Erased(connection).among({key for contact in contacts for key in contact.keys})
    found: dict[Contact, str] = {}
    guests: dict[str, Customer] = {}
    for contact in contacts:
        if erased.keys() & contact.keys:
            continue
        owners = next((known[key] for key in contact.keys if len(known[key]) == 1), None)
        found[contact] = next(iter(owners)) if owners else contact.guest_id
        if not owners:
            guests[contact.guest_id] = _guest(contact, now, defaults)
    there = await Customers(connection).by_ids(guests)
    await Customers(connection).put_many([one for name, one in guests.items() if name not in there])
    return found


async def give_orders_of_guests(
    connection: AsyncConnection, customers: Sequence[Customer], now: datetime
) -> int:
    """Make the orders of guests theirs who are known to be customers; return how many orders those were."""
    named = {Contact(one.email, one.phone) for one in customers if one.email or one.phone}
    guests = await _guests(connection, named)
    if not guests:
        return 0
    theirs = {item.id: item for item in await Orders(connection).of_customers(guests)}
    moved = [replace(item, customer_id=guests[item.customer_id or ""]) for item in theirs.values()]
    await put_orders(connection, moved, theirs, now)
    for guest, owner in guests.items():
        for table in _MOVED:
            await connection.execute(
                update(table).where(table.c.customer_id == guest).values(customer_id=owner)
            )
    await connection.execute(
        update(customer).where(customer.c.id.in_(list(guests))).values(email=None, phone=None)
    )
    return len(moved)


def _guest(contact: Contact, now: datetime, defaults: Defaults) -> Customer:
    return Customer(
        id=contact.guest_id,
        language=defaults.language,
        time_zone=defaults.time_zone,
        email=contact.email,
        phone=contact.phone,
        guest=True,
        created_at=now,
    )


async def _named(connection: AsyncConnection, contacts: Collection[Contact]) -> Mapping[str, set[str]]:
    """The customers, not guests, who have an e-mail address or phone number, by `Contact.keys`."""
    found: dict[str, set[str]] = defaultdict(set)
    for kind, column in (("email", customer.c.email), ("phone", customer.c.phone)):
        wanted = {getattr(contact, kind) for contact in contacts} - {None}
        for part in portions(wanted):
            rows = await connection.execute(
                select(column.label("value"), customer.c.id).where(
                    column.in_(part), customer.c.guest.is_(False), customer.c.erased_at.is_(None)
                )
            )
            for row in rows:
                found[f"{kind}:{row.value}"].add(row.id)
    return found


async def _guests(connection: AsyncConnection, owners: Collection[Contact]) -> dict[str, str]:
    """Guests who have the contact of a customer, each with the customer's id; none where several have it."""
    found = await _named(connection, owners)
    theirs: dict[str, str] = {}
    for column in (customer.c.phone, customer.c.email):
        wanted = [key.partition(":")[2] for key in found if key.startswith(f"{column.name}:")]
        for part in portions(wanted):
            rows = await connection.execute(
                select(customer.c.id, column.label("value")).where(
                    column.in_(part), customer.c.guest.is_(True), customer.c.erased_at.is_(None)
                )
            )
            for row in rows:
                named = found[f"{column.name}:{row.value}"]
                if len(named) == 1:
                    theirs[row.id] = next(iter(named))
    return theirs
