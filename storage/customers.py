"""Customers, their places in the messengers, what they agreed to, and attempts to prove who somebody is."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import insert_new, upsert
from storage.errors import NotFound
from storage.schema import account, consent, customer, erased, event, link_attempt, order
from storage.upsert import insert_ignoring_conflicts

# SQLite takes at most 32,766 bound values in a statement.
_IDS_IN_A_STATEMENT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody who buys, as the shop knows them. `email` is kept in lower case, `phone` as digits."""

    id: str
    name: str = ""
    language: str = "zh"
    time_zone: str = "Asia/Shanghai"
    email: str | None = None
    phone: str | None = None
    tier: str = "standard"
    points: int = 0
    personal_prices: bool = True
    """False: switched off; the list price is the only price."""
    demo: bool = False
    created_at: datetime
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person's place in a messenger."""

    id: int
    channel: str
    address: str
    customer_id: str | None
    name: str
    language: str | None
    blocked: bool
    linked_at: datetime | None
    link_method: str | None
    created_at: datetime


class Customers:
    """The shop's customers."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, customer_id: str) -> Customer | None:
        """The customer with this id."""
        return await self._first(customer.c.id == customer_id)

    async def by_ids(self, customer_ids: Collection[str]) -> dict[str, Customer]:
        """Those of the customers that exist, by id."""
        found: dict[str, Customer] = {}
        for ids in _portions(customer_ids):
            rows = await self._connection.execute(select(customer).where(customer.c.id.in_(ids)))
            found |= {row.id: Customer(**row._mapping) for row in rows}
        return found

    async def by_email(self, email: str) -> Customer | None:
        """The customer with this address; the oldest when several share it."""
        return await self._first(customer.c.email == normal_email(email))

    async def by_phone(self, phone: str) -> Customer | None:
        """The customer with this number; the oldest when several share it."""
        return await self._first(customer.c.phone == normal_phone(phone))

    async def recent_buyers(self, limit: int) -> list[tuple[Customer, str]]:
        """Who ordered last, each with the number of the latest order, the latest first."""
        latest = (
            select(order.c.customer_id, func.max(order.c.placed_at).label("placed_at"))
            .where(order.c.customer_id.is_not(None))
            .group_by(order.c.customer_id)
            .subquery()
        )
        rows = await self._connection.execute(
            select(customer, func.max(order.c.number).label("number"))
            .join(latest, latest.c.customer_id == customer.c.id)
            .join(
                order,
                and_(order.c.customer_id == customer.c.id, order.c.placed_at == latest.c.placed_at),
            )
            .group_by(customer.c.id, latest.c.placed_at)
            .order_by(latest.c.placed_at.desc(), customer.c.id)
            .limit(limit)
        )
        names = customer.columns.keys()
        return [(Customer(**{name: row._mapping[name] for name in names}), row.number) for row in rows]

    async def put_many(self, customers: Sequence[Customer]) -> int:
        """Add customers or bring them up to date; return how many were new or changed.

        One who was erased stays erased. The switch for personal prices is the customer's own and is kept.
        """
        rows = [
            {**asdict(item), "email": normal_email(item.email), "phone": normal_phone(item.phone)}
            for item in customers
        ]
        return await upsert(
            self._connection,
            customer,
            rows,
            keep=frozenset({"personal_prices", "created_at", "erased_at"}),
            unless_set="erased_at",
        )

    async def set_language(self, customer_id: str, language: str) -> None:
        """What the customer is written to in."""
        await self._change(customer_id, language=language)

    async def set_time_zone(self, customer_id: str, time_zone: str) -> None:
        """An IANA name, such as `Asia/Shanghai`."""
        await self._change(customer_id, time_zone=time_zone)

    async def set_personal_prices(self, customer_id: str, allowed: bool) -> None:
        """Switch offers of personal prices on or off."""
        await self._change(customer_id, personal_prices=allowed)

    async def erase(self, customer_id: str, *, key: bytes, now: datetime) -> list[Account]:
        """Make a customer nameless for good; return the accounts that were theirs.

        Gone are the name, e-mail, phone, addresses on orders, words of searches, and the links. What was
        bought stays, under an id that leads to nobody. Hashes of the e-mail, phone and accounts are kept, and
        a no to everything is recorded, so that nobody writes to the person again. The texts of conversations
        belong to other repositories.

        Args:
            key: of this installation; without it the hashes can't be tried out.

        Raises:
            NotFound: there is no such customer.
        """
        known = await self.get(customer_id)
        if known is None:
            raise NotFound(f"there is no customer {customer_id!r}")
        accounts = Accounts(self._connection)
        theirs = await accounts.by_customer(customer_id)
        await self._remember_erasure(known, theirs, key, now)
        for item in theirs:
            await accounts.unlink(item.id)
            await accounts.rename(item.id, "")
        await self._change(
            customer_id, name="", email=None, phone=None, personal_prices=False, points=0, erased_at=now
        )
        await self._connection.execute(
            update(order).where(order.c.customer_id == customer_id).values(ship_to={})
        )
        await self._connection.execute(
            update(event).where(event.c.customer_id == customer_id).values(text=None)
        )
        return theirs

    async def is_erased(self, identity: str, *, key: bytes) -> bool:
        """Whether an identity (see `email_identity`, …) belonged to somebody who was erased."""
        return (
            await self._connection.scalar(
                select(erased.c.at).where(erased.c.identity_hash == _identity_hash(identity, key))
            )
        ) is not None

    async def _remember_erasure(
        self, known: Customer, accounts: Sequence[Account], key: bytes, now: datetime
    ) -> None:
        identities = [customer_identity(known.id)]
        identities += [account_identity(item.channel, item.address) for item in accounts]
        if known.email:
            identities.append(email_identity(known.email))
        if known.phone:
            identities.append(phone_identity(known.phone))
        rows = [{"identity_hash": _identity_hash(identity, key), "at": now} for identity in identities]
        await insert_new(self._connection, erased, rows)
        consents = Consents(self._connection)
        for purpose in ("marketing", "profiling"):
            await consents.record(purpose, False, source="erasure", now=now, customer_id=known.id)
            for item in accounts:
                await consents.record(purpose, False, source="erasure", now=now, account_id=item.id)

    async def _first(self, condition: ColumnElement[bool]) -> Customer | None:
        statement = select(customer).where(condition).order_by(customer.c.created_at, customer.c.id).limit(1)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else Customer(**row._mapping)

    async def _change(self, customer_id: str, **values: Any) -> None:
        result = await self._connection.execute(
            update(customer).where(customer.c.id == customer_id).values(**values)
        )
        if result.rowcount == 0:
            raise NotFound(f"there is no customer {customer_id!r}")


_ACCOUNT_AT = select(account).where(
    account.c.channel == bindparam("at_channel"), account.c.address == bindparam("at_address")
)


class Accounts:
    """Places in messengers, each linked to at most one customer."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, account_id: int) -> Account | None:
        """The account with this id."""
        return await self._first(account.c.id == account_id)

    async def find(self, channel: str, address: str) -> Account | None:
        """The account at an address, if it has ever written."""
        found = await self._connection.execute(_ACCOUNT_AT, {"at_channel": channel, "at_address": address})
        row = found.one_or_none()
        return None if row is None else Account(**row._mapping)

    async def get_or_create(
        self, channel: str, address: str, *, now: datetime, name: str = "", language: str | None = None
    ) -> Account:
        """The account at an address, made when it writes for the first time; safe beside others doing so.

        A name or language that has changed since is taken over.
        """
        known = await self.find(channel, address) or await self._make(channel, address, name, language, now)
        return await self._brought_up_to_date(known, name[:200], language)

    async def _make(
        self, channel: str, address: str, name: str, language: str | None, now: datetime
    ) -> Account:
        made = await self._connection.execute(
            insert_ignoring_conflicts(self._connection, account, returning=True),
            {
                "channel": channel,
                "address": address,
                "name": name[:200],
                "language": language,
                "created_at": now,
            },
        )
        row = made.one_or_none()
        known = await self.find(channel, address) if row is None else Account(**row._mapping)
        assert known is not None  # noqa: S101 - it has just been put there, or was by somebody else
        return known

    async def link(self, account_id: int, customer_id: str, method: str, now: datetime) -> None:
        """Say that an account belongs to a customer, in place of whom it belonged to."""
        await self._change(account_id, customer_id=customer_id, link_method=method, linked_at=now)

    async def unlink(self, account_id: int) -> None:
        """Make the account nobody's."""
        await self._change(account_id, customer_id=None, link_method=None, linked_at=None)

    async def rename(self, account_id: int, name: str) -> None:
        """What the person is called in the messenger."""
        await self._change(account_id, name=name[:200])

    async def set_blocked(self, account_id: int, blocked: bool) -> None:
        """Whether the person has shut the shop out."""
        await self._change(account_id, blocked=blocked)

    async def by_customer(self, customer_id: str) -> list[Account]:
        """A customer's accounts, the one linked last first."""
        rows = await self._connection.execute(
            select(account)
            .where(account.c.customer_id == customer_id)
            .order_by(account.c.linked_at.desc(), account.c.id.desc())
        )
        return [Account(**row._mapping) for row in rows]

    async def _brought_up_to_date(self, known: Account, name: str, language: str | None) -> Account:
        values: dict[str, Any] = {}
        if name and name != known.name:
            values["name"] = name
        if language and language != known.language:
            values["language"] = language
        if not values:
            return known
        await self._change(known.id, **values)
        return Account(**{**asdict(known), **values})

    async def _first(self, condition: ColumnElement[bool]) -> Account | None:
        row = (await self._connection.execute(select(account).where(condition))).one_or_none()
        return None if row is None else Account(**row._mapping)

    async def _change(self, account_id: int, **values: Any) -> None:
        result = await self._connection.execute(
            update(account).where(account.c.id == account_id).values(**values)
        )
        if result.rowcount == 0:
            raise NotFound(f"there is no account {account_id}")


class Consents:
    """The ledger of what people agreed to and took back. Rows are only ever added."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def record(
        self,
        purpose: str,
        granted: bool,
        *,
        source: str,
        now: datetime,
        customer_id: str | None = None,
        account_id: int | None = None,
    ) -> None:
        """Add a yes or no of a customer, an account or both.

        Raises:
            ValueError: it names neither.
        """
        if customer_id is None and account_id is None:
            raise ValueError("consent is a customer's, an account's or both; it named neither")
        await self._connection.execute(
            insert(consent).values(
                customer_id=customer_id,
                account_id=account_id,
                purpose=purpose,
                granted=granted,
                source=source,
                at=now,
            )
        )

    async def granted(
        self, purpose: str, *, customer_id: str | None = None, account_id: int | None = None
    ) -> bool:
        """Whether the latest word of the customer or the account is a yes; silence is a no.

        Of two words at the same moment the no counts.
        """
        named = []
        if customer_id is not None:
            named.append(consent.c.customer_id == customer_id)
        if account_id is not None:
            named.append(consent.c.account_id == account_id)
        if not named:
            return False
        latest = await self._connection.scalar(
            select(consent.c.granted)
            .where(consent.c.purpose == purpose, or_(*named))
            .order_by(consent.c.at.desc(), consent.c.granted)
            .limit(1)
        )
        return bool(latest)

    async def granted_of(self, purpose: str, customer_ids: Collection[str]) -> set[str]:
        """Those of the customers whose latest word, on any account linked to them too, is a yes."""
        yes: set[str] = set()
        for ids in _portions(customer_ids):
            own = select(consent.c.customer_id.label("who"), consent.c.granted, consent.c.at).where(
                consent.c.purpose == purpose, consent.c.customer_id.in_(ids)
            )
            through_account = (
                select(account.c.customer_id.label("who"), consent.c.granted, consent.c.at)
                .join(account, account.c.id == consent.c.account_id)
                .where(consent.c.purpose == purpose, account.c.customer_id.in_(ids))
            )
            words = own.union_all(through_account).subquery()
            rank = func.row_number().over(
                partition_by=words.c.who, order_by=(words.c.at.desc(), words.c.granted)
            )
            ranked = select(words.c.who, words.c.granted, rank.label("rank")).subquery()
            rows = await self._connection.execute(
                select(ranked.c.who).where(ranked.c.rank == 1, ranked.c.granted.is_(True))
            )
            yes |= {row.who for row in rows}
        return yes


class LinkAttempts:
    """Attempts to prove an order, counted so that nobody can guess on."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def record(self, account_id: int, order_number_hash: str, succeeded: bool, now: datetime) -> None:
        """Count an attempt against the account and the order, whether or not the order exists."""
        await self._connection.execute(
            insert(link_attempt).values(
                account_id=account_id, order_number_hash=order_number_hash, at=now, succeeded=succeeded
            )
        )

    async def count_for_account(self, account_id: int, since: datetime) -> int:
        """Attempts of an account, successful ones too, since a moment."""
        return await self._count(link_attempt.c.account_id == account_id, since)

    async def count_for_order(self, order_number_hash: str, since: datetime) -> int:
        """Attempts on an order from any account since a moment."""
        return await self._count(link_attempt.c.order_number_hash == order_number_hash, since)

    async def _count(self, condition: ColumnElement[bool], since: datetime) -> int:
        statement = select(func.count()).select_from(link_attempt)
        found = await self._connection.scalar(statement.where(condition, link_attempt.c.at >= since))
        return found or 0


def normal_email(email: str | None) -> str | None:
    """As it is kept and compared: trimmed, in lower case; None when nothing is left."""
    return (email or "").strip().lower() or None


def normal_phone(phone: str | None) -> str | None:
    """As it is kept and compared: digits, with a leading + where there was one; None when none are left."""
    text = (phone or "").strip()
    digits = "".join(character for character in text if character.isdecimal())
    if not digits:
        return None
    return f"+{digits}" if text.startswith(("+", "＋")) else digits


def customer_identity(customer_id: str) -> str:
    """What identifies a customer for `is_erased`."""
    return f"customer:{customer_id}"


def account_identity(channel: str, address: str) -> str:
    """What identifies an account for `is_erased`."""
    return f"account:{channel}:{address}"


def email_identity(email: str) -> str:
    """What identifies an e-mail address for `is_erased`."""
    return f"email:{normal_email(email)}"


def phone_identity(phone: str) -> str:
    """What identifies a phone number for `is_erased`."""
    return f"phone:{normal_phone(phone)}"


def _identity_hash(identity: str, key: bytes) -> str:
    return hmac.digest(key, identity.encode(), "sha256").hex()


def _portions(ids: Collection[str]) -> list[list[str]]:
    ordered = list(ids)
    return [ordered[i : i + _IDS_IN_A_STATEMENT] for i in range(0, len(ordered), _IDS_IN_A_STATEMENT)]
