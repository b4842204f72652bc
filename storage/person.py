"""A person as the store knows them: a customer with their places in messengers, or a stranger's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.customers import Account, Accounts, Customer, Customers
from storage.erased import (
    Erased,
    account_identity,
    customer_identity,
    email_identities,
    order_identities,
    phone_identities,
)
from storage.errors import NotFound
from storage.schema import customer, guest_contact, inbox, order


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody as they are known: a customer with their accounts, or an account of nobody's."""

    customer: Customer | None
    accounts: tuple[Account, ...]
    orders: Mapping[str, str]
    """Ids to numbers."""
    contacts: tuple[str, ...] = ()
    """Further ones by which orders were known to be theirs, as `email:…` and `phone:…`."""

    @property
    def identities(self) -> list[str]:
        """All that they could be known again by."""
        known = [account_identity(one.channel, one.address) for one in self.accounts]
        for order_id, number in self.orders.items():
            known += order_identities(order_id, number)
        if self.customer is not None:
            known.append(customer_identity(self.customer.id))
            known += email_identities(self.customer.email) + phone_identities(self.customer.phone)
        for contact in self.contacts:
            kind, _, value = contact.partition(":")
            known += email_identities(value) if kind == "email" else phone_identities(value)
        return known


async def find_customer(connection: AsyncConnection, customer_id: str) -> Person:
    """A customer with all that is theirs.

    Raises:
        NotFound: there is no such customer.
    """
    known = await Customers(connection).get(customer_id)
    if known is None:
        raise NotFound(f"there is no customer {customer_id!r}")
    rows = await connection.execute(
        select(order.c.id, order.c.number).where(order.c.customer_id == customer_id)
    )
    return Person(
        customer=known,
        accounts=tuple(await Accounts(connection).by_customer(customer_id)),
        orders={row.id: row.number for row in rows},
        contacts=tuple(
            await connection.scalars(
                select(guest_contact.c.contact).where(guest_contact.c.customer_id == customer_id)
            )
        ),
    )


async def find_account(connection: AsyncConnection, channel: str, address: str) -> Person:
    """Whoever writes from a place in a messenger: the customer it is linked to, or a stranger.

    Raises:
        NotFound: nobody has written from there.
    """
    found = await Accounts(connection).find(channel, address)
    if found is None:
        raise NotFound(f"nobody has written from {channel}:{address}")
    if found.customer_id is not None:
        return await find_customer(connection, found.customer_id)
    return Person(customer=None, accounts=(found,), orders={})


async def hold(connection: AsyncConnection, person: Person) -> None:
    """Let nobody else change anything about a person until the transaction ends; then find them once more.

    In the order in which a message is handled: what arrived, then its conversation. So neither waits for the other.
    """
    await Erased(connection).take_turn()
    if person.customer is not None:
        known = customer.c.id == person.customer.id
        await connection.execute(select(customer.c.id).where(known).with_for_update())
    for one in person.accounts:
        here = (inbox.c.channel == one.channel, inbox.c.address == one.address)
        await connection.execute(select(inbox.c.id).where(*here).order_by(inbox.c.id).with_for_update())
