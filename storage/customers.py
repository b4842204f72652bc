"""Customers, their places in the messengers, what they agreed to, and attempts to prove who somebody is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from storage.consents import agreed
from storage.erased import (
    PURPOSES,
    SOURCE,
    Erased,
    account_identity,
    email_identities,
    normal_email,
    normal_phone,
    phone_identities,
)
from storage.errors import NotFound
from storage.repository import Repository, portions
from storage.schema import account, consent, customer, link_attempt, order
from storage.upsert import insert_ignoring_conflicts, upsert


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
    """The balance that the shop told last; `storage.points` says what it is now."""
    points_at: datetime | None = None
    """As of when it was so; None: the shop tells none."""
    birthday: str | None = None
    """`1990-05-17`, or `--05-17` without the year."""
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By id: those of `label`, `recipient`, `phone`, `country`, `province`, `city`, `line` and `postcode` that are
    known."""
    default_address: str | None = None
    """The id of one that may not be here (yet)."""
    personal_prices: bool = True
    """False: switched off; the list price is the only price."""
    demo: bool = False
    created_at: datetime
    erased_at: datetime | None = None
    guest: bool = False
    """Known from orders alone, by the e-mail address or phone number."""
    created_said: bool | None = None
    """Whether `created_at` is the shop's word, and not when it was first heard of them; None: it is not known."""
    field_times: Mapping[str, int] | None = None
    """When the shop changed a field, microseconds since 1970, of those that came with a time."""


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


class Customers(Repository):
    """The shop's customers."""

    async def get(self, customer_id: str) -> Customer | None:
        """The customer with this id."""
        return await self._one(Customer, select(customer).where(customer.c.id == customer_id))

    async def by_ids(self, customer_ids: Collection[str]) -> dict[str, Customer]:
        """Those of the customers that exist, by id."""
        found: dict[str, Customer] = {}
        for ids in portions(customer_ids):
            known = await self._list(Customer, select(customer).where(self._in(customer.c.id, ids)))
            found |= {one.id: one for one in known}
        return found

    async def present(self, customer_ids: Collection[str]) -> set[str]:
        """Those of the customers that exist and were not erased."""
        return await self._among(customer.c.id, customer_ids, customer.c.erased_at.is_(None))

    async def since(self, customer_ids: Collection[str]) -> dict[str, datetime]:
        """Since when those of the customers are one of whom the shop says it, by id."""
        found: dict[str, datetime] = {}
        known = select(customer.c.id, customer.c.created_at).where(customer.c.created_said.is_(True))
        for ids in portions(customer_ids):
            found |= await self._pairs(known.where(customer.c.id.in_(ids)))
        return found

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
            .where(customer.c.erased_at.is_(None))
            .group_by(customer.c.id, latest.c.placed_at)
            .order_by(latest.c.placed_at.desc(), customer.c.id)
            .limit(limit)
        )
        names = customer.columns.keys()
        return [(Customer(**{name: row._mapping[name] for name in names}), row.number) for row in rows]

    async def put_many(self, customers: Sequence[Customer]) -> int:
        """Add customers or bring them up to date; return how many were new or changed.

        One who was erased stays erased. The switch for personal prices is the customer's own and is kept. Whose
        e-mail or phone was an erased person's is neither written to nor profiled, unless they agree anew.
        """
        rows = [
            {**asdict(item), "email": normal_email(item.email), "phone": normal_phone(item.phone)}
            for item in customers
        ]
        changed = await upsert(
            self._connection,
            customer,
            rows,
            keep=frozenset({"personal_prices", "erased_at"}),
            unless_set="erased_at",
        )
        contacts = {
            item.id: email_identities(item.email) + phone_identities(item.phone) for item in customers
        }
        await Erased(self._connection).refuse(contacts)
        return changed

    async def set_personal_prices(self, customer_id: str, allowed: bool) -> None:
        """Switch offers of personal prices on or off."""
        if not await self._changed(
            update(customer).where(customer.c.id == customer_id).values(personal_prices=allowed)
        ):
            raise NotFound(f"there is no customer {customer_id!r}")


_ACCOUNT_AT = select(account).where(
    account.c.channel == bindparam("at_channel"), account.c.address == bindparam("at_address")
)


class Accounts(Repository):
    """Places in messengers, each linked to at most one customer."""

    async def get(self, account_id: int) -> Account | None:
        """The account with this id."""
        return await self._one(Account, select(account).where(account.c.id == account_id))

    async def find(self, channel: str, address: str) -> Account | None:
        """The account at an address, if it has ever written."""
        return await self._one(Account, _ACCOUNT_AT, {"at_channel": channel, "at_address": address})

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
        made = await self._one(
            Account,
            insert_ignoring_conflicts(self._connection, account, returning=True),
            {
                "channel": channel,
                "address": address,
                "name": name[:200],
                "language": language,
                "created_at": now,
            },
        )
        if made is not None:
            await self._refuse_erased(made.id, channel, address)
        known = made or await self.find(channel, address)
        assert known is not None  # noqa: S101 - it has just been put there, or was by somebody else
        return known

    async def _refuse_erased(self, account_id: int, channel: str, address: str) -> None:
        """Somebody who was erased writes again: a stranger, who is answered and never written to unasked."""
        identity = account_identity(channel, address)
        for erased_at in (await Erased(self._connection).among([identity])).values():
            for purpose in PURPOSES:
                await Consents(self._connection).record(
                    purpose, False, source=SOURCE, now=erased_at, account_id=account_id
                )

    async def link(self, account_id: int, customer_id: str, method: str, now: datetime) -> None:
        """Say that an account belongs to a customer, in place of whom it belonged to."""
        await self._change(account_id, customer_id=customer_id, link_method=method, linked_at=now)

    async def unlink(self, account_id: int) -> None:
        """Make the account nobody's."""
        await self._change(account_id, customer_id=None, link_method=None, linked_at=None)

    async def set_blocked(self, account_id: int, blocked: bool) -> None:
        """Whether the person has shut the shop out."""
        await self._change(account_id, blocked=blocked)

    async def by_customer(self, customer_id: str) -> list[Account]:
        """A customer's accounts, the one linked last first."""
        return await self._list(
            Account,
            select(account)
            .where(account.c.customer_id == customer_id)
            .order_by(account.c.linked_at.desc(), account.c.id.desc()),
        )

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

    async def _change(self, account_id: int, **values: Any) -> None:
        if not await self._changed(update(account).where(account.c.id == account_id).values(**values)):
            raise NotFound(f"there is no account {account_id}")


class Consents(Repository):
    """The ledger of what people agreed to and took back. Rows are only ever added."""

    async def record(
        self,
        purpose: str,
        granted: bool,
        *,
        source: str,
        now: datetime,
        customer_id: str | None = None,
        account_id: int | None = None,
        channel: str | None = None,
        wording: str | None = None,
    ) -> None:
        """Add a yes or no of a customer, an account or both.

        Args:
            channel: that it is about; None: all of them.
            wording: the question that they said yes to, as they read it.

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
                channel=channel,
                granted=granted,
                source=source,
                wording=wording,
                at=now,
            )
        )

    async def granted(
        self,
        purpose: str,
        *,
        customer_id: str | None = None,
        account_id: int | None = None,
        channel: str | None = None,
    ) -> bool:
        """Whether what the customer or the account said is a yes; silence is a no. See `storage.consents`.

        Args:
            channel: on which; None: what they said of all channels counts alone.
        """
        named = []
        if customer_id is not None:
            named.append(consent.c.customer_id == customer_id)
        if account_id is not None:
            named.append(consent.c.account_id == account_id)
        if not named:
            return False
        return bool(await self._connection.scalar(select(agreed(purpose, or_(*named), channel=channel))))

    async def channels(self, purpose: str, customer_id: str) -> list[str]:
        """The channels that a customer has spoken of one by one."""
        spoken = select(consent.c.channel).where(
            consent.c.purpose == purpose,
            consent.c.customer_id == customer_id,
            consent.c.channel.is_not(None),
        )
        return sorted(set(await self._connection.scalars(spoken)))


class LinkAttempts(Repository):
    """Attempts to prove an order, counted so that nobody can guess on."""

    async def record(self, account_id: int, order_number_hash: str, succeeded: bool, now: datetime) -> None:
        """Count an attempt against the account and the order, whether or not the order exists."""
        await self._connection.execute(
            insert(link_attempt).values(
                account_id=account_id, order_number_hash=order_number_hash, at=now, succeeded=succeeded
            )
        )

    async def count_for_account(self, account_id: int, since: datetime) -> int:
        """Attempts of an account, successful ones too, since a moment."""
        return await self._count(
            link_attempt, link_attempt.c.account_id == account_id, link_attempt.c.at >= since
        )

    async def count_for_order(self, order_number_hash: str, since: datetime) -> int:
        """Attempts on an order from any account since a moment."""
        return await self._count(
            link_attempt, link_attempt.c.order_number_hash == order_number_hash, link_attempt.c.at >= since
        )
