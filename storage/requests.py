"""What customers asked for and only the shop can do: cancel, change an address, refund."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update

from storage.errors import Conflict
from storage.repository import Repository
from storage.schema import conversation, order, product, request

# Without letters and digits that are misread or misheard.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_SUFFIX = 5

UNDECIDED = ("asked", "accepted")
"""The states of a request that staff have yet to finish."""

FOLLOWS = {"asked": ("accepted", "declined", "done"), "accepted": ("declined", "done")}
"""Which states may follow which; declined and done are final."""

OF_THE_PROGRAM = ("restock_notice",)
"""Kinds that the program itself carries out: staff have nothing to decide."""

WITHDRAWN = "withdrawn by the customer"
"""The note of a request that the customer took back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A request to be kept."""

    number: str
    """What the customer is told, such as `R261125-7K2MX`."""
    kind: str
    """cancel_order, change_order, change_address, refund, return, invoice, data_export, data_erasure, …"""
    conversation_id: int
    customer_id: str | None
    order_id: str | None
    details: Mapping[str, Any]
    product_id: str | None = None
    """The product in its version, where it is about one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(NewRequest):
    """Something asked for, and what became of it."""

    id: int
    state: str
    """asked, accepted, declined, done."""
    order_number: str | None
    product_zh: str | None = None
    product_en: str | None = None
    """Its product's name, where it is about one."""
    created_at: datetime
    decided_at: datetime | None
    staff_id: int | None
    note: str
    """What staff tell the customer about the decision."""
    channel: str
    address: str
    language: str

    def product(self, language: str) -> str:
        """The name of its product; empty where it is about none."""
        return (self.product_zh if language == "zh" else self.product_en) or ""


def new_number(now: datetime) -> str:
    """A number for a new request: the day and five random characters."""
    return f"R{now:%y%m%d}-" + "".join(secrets.choice(_ALPHABET) for _ in range(_SUFFIX))


class Requests(Repository):
    """Requests and their states."""

    async def add(self, new: NewRequest, now: datetime) -> int:
        """Keep a request in the state `asked` and return its id.

        Raises:
            Conflict: the number is taken; ask again with another.
        """
        taken = await self._connection.scalar(select(request.c.id).where(request.c.number == new.number))
        if taken is not None:
            raise Conflict("another request has this number")
        return await self._add(request, **asdict(new), state="asked", created_at=now)

    async def get(self, request_id: int) -> Request:
        """One request.

        Raises:
            NotFound: there is none with this id.
        """
        return await self._found(Request, _JOINED.where(request.c.id == request_id), f"request {request_id}")

    async def numbered(self, number: str) -> Request | None:
        """The request that the customer was told this number of."""
        return await self._one(Request, _JOINED.where(request.c.number == number))

    async def find(
        self, states: tuple[str, ...] = UNDECIDED, kind: str | None = None, limit: int | None = None
    ) -> list[Request]:
        """Requests in these states, oldest first: the first `limit` or all; of every kind but those that the program
        carries out, or of one."""
        query = _JOINED.where(request.c.state.in_(states))
        of_people = request.c.kind.not_in(OF_THE_PROGRAM)
        query = query.where(of_people if kind is None else request.c.kind == kind)
        return await self._list(Request, query.order_by(request.c.created_at, request.c.id).limit(limit))

    async def count(self, states: tuple[str, ...] = UNDECIDED) -> int:
        """How many requests are in these states, without those that the program carries out."""
        of_people = request.c.kind.not_in(OF_THE_PROGRAM)
        return await self._count(request, request.c.state.in_(states), of_people)

    async def of_conversation(self, conversation_id: int, limit: int = 50) -> list[Request]:
        """What was asked for in one conversation, newest first."""
        theirs = _JOINED.where(request.c.conversation_id == conversation_id)
        return await self._list(Request, theirs.order_by(request.c.id.desc()).limit(limit))

    async def of_customer(self, customer_id: str, limit: int = 20) -> list[Request]:
        """What a customer asked for, in whichever conversation, newest first."""
        theirs = _JOINED.where(request.c.customer_id == customer_id)
        return await self._list(Request, theirs.order_by(request.c.id.desc()).limit(limit))

    async def of_order(self, order_id: str, limit: int = 20) -> list[Request]:
        """What was asked for about one order, newest first."""
        theirs = _JOINED.where(request.c.order_id == order_id)
        return await self._list(Request, theirs.order_by(request.c.id.desc()).limit(limit))

    async def open_of(
        self,
        kind: str,
        *,
        conversation_id: int,
        customer_id: str | None,
        order_id: str | None,
        product_id: str | None = None,
    ) -> Request | None:
        """The undecided request of this kind, so that asking twice makes one.

        Of an order it is anybody's, else the customer's; who is not known as one has what was asked for in the
        same conversation. Of a product it is one for each of them.
        """
        conditions = [request.c.kind == kind, request.c.state.in_(UNDECIDED)]
        if order_id is not None:
            conditions.append(request.c.order_id == order_id)
        else:
            conditions += [request.c.customer_id == customer_id, request.c.order_id.is_(None)]
        if product_id is not None:
            conditions.append(request.c.product_id == product_id)
        if customer_id is None:
            conditions.append(request.c.conversation_id == conversation_id)
        return await self._one(Request, _JOINED.where(*conditions).order_by(request.c.id.desc()).limit(1))

    async def amend(self, request_id: int, details: Mapping[str, Any]) -> None:
        """Replace the details of a request that nobody has decided yet.

        Raises:
            Conflict: it has been decided.
        """
        if not await self._changed(
            update(request)
            .where(request.c.id == request_id, request.c.state == "asked")
            .values(details=dict(details))
        ):
            raise Conflict("the request has been decided meanwhile")

    async def withdraw(self, request_id: int, now: datetime) -> None:
        """The customer took it back: it counts as declined, by nobody of the staff.

        Raises:
            Conflict: somebody has decided it meanwhile.
        """
        if not await self._changed(
            update(request)
            .where(request.c.id == request_id, request.c.state == "asked")
            .values(state="declined", note=WITHDRAWN, decided_at=now)
        ):
            raise Conflict("the request has been decided meanwhile")

    async def decide(
        self, request_id: int, *, seen_state: str, state: str, staff_id: int, note: str, now: datetime
    ) -> Request:
        """Accept, decline or finish a request; return it as it is now.

        Raises:
            Conflict: somebody decided it first, or `state` can't follow `seen_state`.
        """
        if state not in FOLLOWS.get(seen_state, ()):
            raise Conflict(f"a request that is {seen_state} can't become {state}")
        if not await self._changed(
            update(request)
            .where(request.c.id == request_id, request.c.state == seen_state)
            .values(state=state, staff_id=staff_id, note=note, decided_at=now)
        ):
            raise Conflict("somebody decided this request first; look again")
        return await self.get(request_id)


_JOINED: Select[Any] = (
    select(
        *request.c,
        order.c.number.label("order_number"),
        product.c.name_zh.label("product_zh"),
        product.c.name_en.label("product_en"),
        conversation.c.channel,
        conversation.c.address,
        conversation.c.language,
    )
    .join(conversation, conversation.c.id == request.c.conversation_id)
    .outerjoin(order, order.c.id == request.c.order_id)
    .outerjoin(product, product.c.id == request.c.product_id)
)
