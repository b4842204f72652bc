"""Who ordered without an account of the shop's: known by the e-mail address or the phone number.

Orders that have one of the two in common are one guest's. As soon as the shop names a customer with it, they are that
customer's. People whom the shop knows by their ids are never made one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.defaults import Defaults
from bot.shop.intake.merging import Change
from bot.shop.intake.purchases import put_orders
from storage.customers import Customer, Customers
from storage.erased import Erased, international_phone, normal_email, written_phones
from storage.orders import Orders
from storage.repository import portions
from storage.schema import account, consent, customer, guest_contact, outbox, point_change, request, shown
from storage.upsert import upsert

_MOVED: tuple[Table, ...] = (account, consent, guest_contact, outbox, point_change, request, shown)
"""What a guest's is the customer's as well; scores and offers were made for somebody with less of a history."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What somebody who ordered can be known by: an address in lower case, a number with the country's code."""

    email: str | None
    phone: str | None

    @classmethod
    def of(cls, email: str | None, phone: str | None) -> Contact:
        """A contact as people write it."""
        return cls(normal_email(email), international_phone(phone))

    @property
    def keys(self) -> list[str]:
        """What it is compared by, the surest first."""
        found = [("email", self.email), ("phone", self.phone)]
        return [f"{kind}:{value}" for kind, value in found if value is not None]


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose orders are."""

    owners: Mapping[int, str]
    """By place; nobody's where the contact is that of people who had themselves erased."""
    moved: Mapping[str, str]
    """Guests who turned out to be another one, or a customer: ids to ids."""
    changes: tuple[Change, ...]
    """Of the orders that were theirs."""


async def recognise(
    connection: AsyncConnection,
    ordered: Mapping[int, tuple[Contact, str | None]],
    now: datetime,
    defaults: Defaults,
) -> Recognised:
    """The customer of each contact: one whom the shop has named, else a guest, who is made if need be.

    Where several customers have a contact it says nothing of which of them ordered.

    Args:
        ordered: the contact of each order, and whose the order is known to be.
    """
    keys = {key for contact, _ in ordered.values() for key in contact.keys}
    erased = await Erased(connection).among({one for key in keys for one in _identities(key)})
    gone = {key for key in keys if not erased.keys().isdisjoint(_identities(key))}
    crowd = _Crowd(await _named(connection, keys), await _bound(connection, keys), now, defaults)
    people = {*crowd.bound.values(), *(one for _, one in ordered.values() if one is not None)}
    known = await Customers(connection).by_ids(people | {guest_id(key) for key in keys})
    crowd.guests |= {one.id: one for one in known.values() if one.guest and one.erased_at is None}
    owners = {
        place: crowd.owner(contact, before)
        for place, (contact, before) in ordered.items()
        if gone.isdisjoint(contact.keys)
    }
    made = [one for name, one in crowd.guests.items() if one != known.get(name) and name not in crowd.moved]
    await Customers(connection).put_many(made)
    rows = [{"contact": key, "customer_id": crowd.now(crowd.bound[key])} for key in sorted(crowd.news)]
    await upsert(connection, guest_contact, rows)
    moved = {guest: crowd.now(guest) for guest in crowd.moved if guest in known}
    return Recognised(
        {place: crowd.now(owner) for place, owner in owners.items()},
        moved,
        await _move(connection, moved, now),
    )


async def give_orders_of_guests(
    connection: AsyncConnection, customers: Sequence[Customer], now: datetime
) -> int:
    """Make the orders of guests theirs who are known to be customers; return how many orders those were."""
    keys = {key for one in customers for key in Contact.of(one.email, one.phone).keys}
    named, bound = await _named(connection, keys), await _bound(connection, keys)
    people = await Customers(connection).by_ids(bound.values())
    # The address says it more surely, and so comes last.
    moved = {
        bound[key]: next(iter(named[key]))
        for key in sorted(bound, reverse=True)
        if len(named[key]) == 1 and people[bound[key]].guest
    }
    return len(await _move(connection, moved, now))


class _Crowd:
    """Guests, and what they are known by, while orders come in."""

    def __init__(
        self, named: Mapping[str, set[str]], bound: Mapping[str, str], now: datetime, defaults: Defaults
    ) -> None:
        self._named, self._now, self._defaults = named, now, defaults
        self.bound = dict(bound)
        """Whose each contact is that guests are known by, or were."""
        self.guests: dict[str, Customer] = {}
        self.moved: dict[str, str] = {}
        self.news: set[str] = set()
        """Contacts that are bound otherwise than before."""

    def now(self, name: str) -> str:
        """Who somebody turned out to be."""
        while name in self.moved:
            name = self.moved[name]
        return name

    def owner(self, contact: Contact, before: str | None) -> str:
        """Whose an order with this contact is."""
        before = None if before is None else self.now(before)
        customers = [one for one in map(self._customer, contact.keys) if one is not None]
        if before is not None and before not in self.guests:
            customers.insert(0, before)
        links = [key for key in contact.keys if not self._named[key]]
        if not links and not customers:
            links = contact.keys[:1]
        guests = {self.now(self.bound[key]) for key in links if key in self.bound} | {before}
        theirs = [self.guests[name] for name in guests if name in self.guests]
        owner = customers[0] if customers else self._guest(contact, links, theirs)
        for key in links:
            if key not in self.bound or self.now(self.bound[key]) in self.guests:
                self.bound[key] = owner
                self.news.add(key)
        self.moved |= {one.id: owner for one in theirs if one.id != owner}
        return owner

    def _customer(self, key: str) -> str | None:
        """The one customer whom the shop has named with a contact, or who turned out to have it."""
        named = self._named[key]
        if named:
            return next(iter(named)) if len(named) == 1 else None
        bound = self.now(self.bound[key]) if key in self.bound else None
        return None if bound in self.guests else bound

    def _guest(self, contact: Contact, links: Sequence[str], theirs: Sequence[Customer]) -> str:
        """The same of all that are one, in whichever order they come: by the first of the addresses, else numbers."""
        ids = {(one.email is None, one.email or one.phone or "", one.id) for one in theirs}
        for key in links:
            kind, _, value = key.partition(":")
            ids.add((kind != "email", value, guest_id(key)))
        by_phone, _, name = min(ids)
        if name in self.moved:
            return self.now(name)
        one = self.guests.get(name) or Customer(
            id=name,
            language=self._defaults.language,
            time_zone=self._defaults.time_zone,
            guest=True,
            created_at=self._now,
        )
        phones = [contact.phone] if f"phone:{contact.phone}" in links else []
        self.guests[name] = replace(
            one,
            email=one.email or (None if by_phone else contact.email),
            phone=min(filter(None, [*phones, one.phone, *(other.phone for other in theirs)]), default=None),
            created_at=min([one.created_at, *(other.created_at for other in theirs)]),
        )
        return name


def guest_id(key: str) -> str:
    """The id of a guest of whom nothing is known but one of `Contact.keys`."""
    return f"guest-{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def _identities(key: str) -> list[str]:
    """What an erased person with a contact is remembered by."""
    kind, _, value = key.partition(":")
    return [f"phone:{one}" for one in written_phones(value)] if kind == "phone" else [key]


async def _named(connection: AsyncConnection, keys: Iterable[str]) -> Mapping[str, set[str]]:
    """The customers, not guests, whom the shop has named with a contact."""
    found: dict[str, set[str]] = defaultdict(set)
    written: dict[str, dict[str, str]] = {"email": {}, "phone": {}}
    for key in keys:
        kind, _, value = key.partition(":")
        forms = written_phones(value) if kind == "phone" else [value]
        written[kind] |= dict.fromkeys(forms, key)
    for column in (customer.c.email, customer.c.phone):
        for part in portions(written[column.name]):
            rows = await connection.execute(
                select(column.label("value"), customer.c.id).where(
                    column.in_(part), customer.c.guest.is_(False), customer.c.erased_at.is_(None)
                )
            )
            for row in rows:
                found[written[column.name][row.value]].add(row.id)
    return found


async def _bound(connection: AsyncConnection, keys: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in portions(keys):
        rows = await connection.execute(select(guest_contact).where(guest_contact.c.contact.in_(part)))
        found |= {row.contact: row.customer_id for row in rows}
    return found


async def _move(connection: AsyncConnection, moved: Mapping[str, str], now: datetime) -> tuple[Change, ...]:
    """Make the orders of guests theirs who they turned out to be, with all that goes along; return what changed."""
    if not moved:
        return ()
    theirs = {item.id: item for item in await Orders(connection).of_customers(moved)}
    orders = [replace(item, customer_id=moved[item.customer_id or ""]) for item in theirs.values()]
    await put_orders(connection, orders, theirs, now)
    for guest, owner in moved.items():
        for table in _MOVED:
            await connection.execute(
                update(table).where(table.c.customer_id == guest).values(customer_id=owner)
            )
    await connection.execute(
        update(customer).where(customer.c.id.in_(list(moved))).values(email=None, phone=None)
    )
    return tuple(Change("orders", item.id, theirs[item.id], item) for item in orders)
