"""Who is to be told once that a product is back in stock, and the message to them on its way.

A notice is a request of the kind `NOTICE` with its product. It is open until its message leaves, until it is taken
back, or until its customer wants no more messages. Whoever asked has agreed to that one message: the ledger of consent
keeps it under a purpose of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select, update

from storage.consents import MARKETING
from storage.customers import Consents
from storage.outbox import Outbox
from storage.repository import Repository
from storage.requests import Request, Requests
from storage.schema import consent, conversation, product, request

NOTICE = "restock_notice"
"""The kind of such a request."""
_KEY = "restock:"


def purpose(request_id: int) -> str:
    """What somebody agrees to who asks for a notice: this message and nothing else."""
    return f"{_KEY}{request_id}"


class RestockNotices(Repository):
    """Open notices, and their messages in the outbox."""

    async def in_stock(self, product_id: str) -> bool:
        """Whether a product can be bought now; nobody changes its stock until the transaction ends."""
        row = (
            await self._connection.execute(
                select(product.c.stock, product.c.active).where(product.c.id == product_id).with_for_update()
            )
        ).one_or_none()
        return row is not None and bool(row.active) and row.stock > 0

    async def announce(self, product_ids: Collection[str], now: datetime) -> int:
        """Put the messages about products that are back into the outbox; return how many.

        Each once, however often this is called: what they say, and whether they may leave, is decided when they do.
        """
        if not product_ids:
            return 0
        open_ = await self._connection.execute(
            select(request.c.id, request.c.customer_id, conversation.c.channel, conversation.c.address)
            .join(conversation, conversation.c.id == request.c.conversation_id)
            .where(
                request.c.kind == NOTICE,
                request.c.state == "asked",
                self._in(request.c.product_id, product_ids),
            )
            .order_by(request.c.id)
        )
        outbox, count = Outbox(self._connection), 0
        for row in open_.all():
            place = {"channel": row.channel, "address": row.address}
            put = await outbox.put(
                **place, kind="restock", policy="once", reply={}, now=now, customer_id=row.customer_id,
                dedupe_key=purpose(row.id),
            ) or await outbox.put_again(purpose(row.id), **place, now=now, not_before=now)  # fmt: skip
            count += put is not None
        return count

    async def of_key(self, dedupe_key: str | None) -> Request | None:
        """The notice that a message of the outbox is about."""
        number = (dedupe_key or "").removeprefix(_KEY)
        return await Requests(self._connection).get(int(number)) if number.isdigit() else None

    async def _account_of(self, asked: Request) -> int:
        """The account in whose conversation it was asked for."""
        found = await self._connection.scalar(
            select(conversation.c.account_id).where(conversation.c.id == asked.conversation_id)
        )
        return int(found or 0)

    async def agreed(self, asked: Request) -> bool:
        """Whether the customer agreed to the message and has not said no since: to it, or to all advertising."""
        account_id = await self._account_of(asked)
        yes = await Consents(self._connection).granted(purpose(asked.id), account_id=account_id)
        theirs = [consent.c.account_id == account_id]
        if asked.customer_id is not None:
            theirs.append(consent.c.customer_id == asked.customer_id)
        refused = select(consent.c.id).where(
            consent.c.purpose == MARKETING,
            consent.c.granted.is_(False),
            consent.c.at >= asked.created_at,
            or_(*theirs),
            or_(consent.c.channel.is_(None), consent.c.channel == asked.channel),
        )
        return yes and not await self._is_there(refused.limit(1))

    async def settle(self, request_id: int, state: str, now: datetime) -> None:
        """Say what became of a notice: `done` when it leaves, `declined` when nobody may be told, `asked` when it has
        not left after all."""
        decided = None if state == "asked" else now
        await self._connection.execute(
            update(request).where(request.c.id == request_id).values(state=state, decided_at=decided)
        )
