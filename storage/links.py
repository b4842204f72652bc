"""Who was given a deep link, who is still to be given one, and how many are linked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select

from storage.customers import Customer
from storage.repository import Repository, portions
from storage.schema import account, customer, link_given, link_token
from storage.upsert import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How many customers are linked: of all, and of those who were given a link."""

    customers: int
    """All but those who had themselves erased."""
    linked: int
    given: int
    """Who was given a link."""
    linked_of_given: int
    channels: Mapping[str, tuple[int, int]]
    """By channel: linked of all, and of those who were given a link."""


class Links(Repository):
    """Customers and their links."""

    async def note_given(self, customer_ids: Collection[str], now: datetime, expires_at: datetime) -> None:
        """Remember that customers were given links; an older link of theirs may hold longer."""
        longest: dict[str, datetime] = {}
        for part in portions(customer_ids):
            known = select(link_given.c.customer_id, link_given.c.expires_at)
            longest |= await self._pairs(known.where(link_given.c.customer_id.in_(part)))
        rows = [
            {"customer_id": one, "at": now, "expires_at": max(expires_at, longest.get(one, expires_at))}
            for one in dict.fromkeys(customer_ids)
        ]
        await upsert(self._connection, link_given, rows)

    async def of_request(self, request: str) -> dict[tuple[str, str], datetime]:
        """What was made for a request, by the hash of its name: the end of each link, by customer and channel."""
        made = select(link_token.c.customer_id, link_token.c.channel, link_token.c.expires_at)
        rows = await self._connection.execute(made.where(link_token.c.request == request))
        return {(row.customer_id, row.channel): row.expires_at for row in rows}

    async def customers(
        self, now: datetime, *, after: str, limit: int, everybody: bool = False
    ) -> list[Customer]:
        """The next customers after an id, by id: those who are linked to nothing and have no link that holds.

        Args:
            everybody: the others, too.
        """
        return await self._list(
            Customer,
            select(customer)
            .where(customer.c.id > after, *_wanted(now, everybody))
            .order_by(customer.c.id)
            .limit(limit),
        )

    async def count(self, now: datetime, *, everybody: bool = False) -> int:
        """How many those are."""
        return await self._count(customer, *_wanted(now, everybody))

    async def reach(self) -> Reach:
        """How many are linked now."""
        here = customer.c.erased_at.is_(None)
        given = exists().where(link_given.c.customer_id == customer.c.id)
        linked = exists().where(account.c.customer_id == customer.c.id)
        numbers = (
            await self._connection.execute(
                select(
                    func.count().label("customers"),
                    func.count().filter(linked).label("linked"),
                    func.count().filter(given).label("given"),
                    func.count().filter(given, linked).label("linked_of_given"),
                ).where(here)
            )
        ).one()
        channels = await self._connection.execute(
            select(
                account.c.channel,
                func.count(account.c.customer_id.distinct()),
                func.count(account.c.customer_id.distinct()).filter(link_given.c.customer_id.is_not(None)),
            )
            .outerjoin(link_given, link_given.c.customer_id == account.c.customer_id)
            .where(account.c.customer_id.is_not(None))
            .group_by(account.c.channel)
            .order_by(account.c.channel)
        )
        return Reach(
            **numbers._mapping, channels={name: (of_all, of_given) for name, of_all, of_given in channels}
        )


def _wanted(now: datetime, everybody: bool) -> list[ColumnElement[bool]]:
    here = customer.c.erased_at.is_(None)
    if everybody:
        return [here]
    return [
        here,
        ~exists().where(account.c.customer_id == customer.c.id),
        ~exists().where(link_given.c.customer_id == customer.c.id, link_given.c.expires_at > now),
    ]
