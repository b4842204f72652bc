"""Personal prices, the budget they draw on, and what was shown to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict
from storage.repository import Repository, columns_of
from storage.schema import budget, customer, offer, shown
from storage.upsert import insert_ignoring_conflicts


async def change_reserved(connection: AsyncConnection, amounts: Mapping[str | None, int]) -> None:
    """Add to what budgets have reserved, or take from it: minor units by the budget's id; None is no budget."""
    # By id, so that of two transactions that change several budgets one waits for the other and neither for both.
    for budget_id, amount in sorted((name, sum_) for name, sum_ in amounts.items() if name is not None):
        await connection.execute(
            update(budget).where(budget.c.id == budget_id).values(reserved=budget.c.reserved + amount)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffer:
    """An offer to be kept; money in minor units."""

    code: str
    customer_id: str
    product_id: str
    price: int
    list_price: int
    """What everybody paid when it was promised: the list price, or the sale price of a sale."""
    floor: int
    currency: str
    reason: str
    reasons: Sequence[Mapping[str, Any]]
    policy: str
    probability: float
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOffer(NewOffer):
    """An offer as it was made, and how it stands."""

    id: int
    state: str
    budget_id: str | None
    created_at: datetime
    used_at: datetime | None
    order_id: str | None = None
    """The order that used it, where it is known."""
    discrepancy: str | None = None
    """How that order differs from what was promised (`storage.discrepancies`); None where it fits."""
    paid: int | None = None
    """What it paid for one, where that is another price; minor units of `currency`."""
    changed_at: datetime | None = None
    """When something of it changed last, as far as it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be given away in discounts, minor units."""

    id: str
    total: int
    reserved: int
    currency: str

    @property
    def left(self) -> int:
        """What is not reserved yet."""
        return max(0, self.total - self.reserved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """A recommendation or an offer that a customer saw, with the chance it had of being chosen."""

    kind: str
    product_id: str
    position: int
    policy: str
    probability: float
    score: float
    reasons: Sequence[Mapping[str, Any]]
    eligible: Sequence[Mapping[str, Any]] | None = None
    """Of an offer: `price` and `probability` of each that could have been chosen."""
    valid_until: datetime | None = None
    """Of an offer."""


class Offers(Repository):
    """Personal prices. One live offer a customer and product; a discount reserves its budget first."""

    async def live(self, customer_id: str, now: datetime, product_id: str | None = None) -> list[StoredOffer]:
        """The customer's offers that still hold, newest first."""
        conditions = [offer.c.customer_id == customer_id, offer.c.state == "live", offer.c.valid_until > now]
        if product_id is not None:
            conditions.append(offer.c.product_id == product_id)
        return await self._list(StoredOffer, select(offer).where(*conditions).order_by(offer.c.id.desc()))

    async def since(self, customer_id: str, moment: datetime) -> list[StoredOffer]:
        """The customer's offers that hold or ended after a moment, used ones left out, newest first."""
        return await self._list(
            StoredOffer,
            select(offer)
            .where(offer.c.customer_id == customer_id, offer.c.state.in_(("live", "expired")))
            .where(offer.c.valid_until > moment)
            .order_by(offer.c.id.desc()),
        )

    async def newest(self, states: Collection[str], now: datetime, *, limit: int) -> list[StoredOffer]:
        """Offers in those states, as they stand now, newest first: `live` ones whose time is over are `expired`."""
        over = (offer.c.state == "live") & (offer.c.valid_until <= now)
        wanted = offer.c.state.in_(states) & ~over
        return await self._list(
            StoredOffer,
            select(offer)
            .where(wanted | over if "expired" in states else wanted)
            .order_by(offer.c.id.desc())
            .limit(limit),
        )

    async def eligible(self, of: StoredOffer) -> list[Mapping[str, Any]] | None:
        """What could have been chosen when an offer was made, as it was logged; None where it wasn't."""
        found: list[Mapping[str, Any]] | None = await self._connection.scalar(
            select(shown.c.eligible)
            .where(shown.c.kind == "offer", shown.c.customer_id == of.customer_id)
            .where(shown.c.product_id == of.product_id, shown.c.at >= of.created_at)
            .where(shown.c.valid_until == of.valid_until)
            .order_by(shown.c.id)
            .limit(1)
        )
        return found

    async def reserve(self, new: NewOffer, now: datetime) -> StoredOffer:
        """Keep an offer and take its discount from the budget; one of the same product that ran out is ended first.

        Raises:
            Conflict: the customer has a live offer for the product, be it of a decision made at the same moment, or
                the budget no longer covers the discount. The transaction must be undone.
        """
        await self._hold(new.customer_id)
        same = (offer.c.customer_id == new.customer_id, offer.c.product_id == new.product_id)
        await self.end("expired", now, offer.c.valid_until <= now, *same)
        discount = new.list_price - new.price
        current = await self.budget(new.currency, now) if discount > 0 else None
        kept = await self._one(
            StoredOffer,
            insert_ignoring_conflicts(self._connection, offer, returning=True),
            {
                **asdict(new),
                "state": "live",
                "reasons": list(new.reasons),
                "budget_id": None if current is None else current.id,
                "created_at": now,
                "changed_at": now,
            },
        )
        if kept is None:
            raise Conflict("the customer already has a live offer for this product")
        # After the offer, as wherever offers end: two transactions then never hold what the other one waits for.
        if current is not None:
            await self._take(current, discount)
        return kept

    async def withdraw(self, offer_id: int, now: datetime) -> bool:
        """Take back a live offer and give its discount back to the budget; False where it is live no more."""
        return await self.end("withdrawn", now, offer.c.id == offer_id) == 1

    async def expire(self, now: datetime) -> int:
        """End offers whose time is over and give their discounts back to the budget; return how many."""
        return await self.end("expired", now, offer.c.valid_until <= now)

    async def _hold(self, customer_id: str) -> None:
        """Wait for a message to the customer that is just leaving: it holds them, and may need the same budget."""
        await self._connection.execute(
            select(customer.c.id)
            .where(customer.c.id == customer_id)
            .with_for_update(read=True, key_share=True)
        )

    async def end(self, state: str, now: datetime, *which: ColumnElement[bool]) -> int:
        """Put live offers into another state and give their discounts back to the budget; return how many."""
        ended = await self._connection.execute(
            update(offer)
            .where(offer.c.state == "live", *which)
            .values(state=state, changed_at=now)
            .returning(offer.c.budget_id, offer.c.list_price - offer.c.price)
        )
        freed: Counter[str | None] = Counter()
        count = 0
        for budget_id, discount in ended:
            count += 1
            freed[budget_id] -= discount
        await change_reserved(self._connection, freed)
        return count

    async def budget(self, currency: str, now: datetime) -> Budget | None:
        """The budget that runs now, or None when the shop set none."""
        return await self._one(
            Budget,
            select(*columns_of(budget, Budget))
            .where(budget.c.currency == currency, budget.c.starts_at <= now, budget.c.ends_at > now)
            .order_by(budget.c.id)
            .limit(1),
        )

    async def record_shown(
        self,
        impressions: Sequence[Impression],
        *,
        customer_id: str | None,
        account_id: int | None,
        conversation_id: int | None,
        now: datetime,
    ) -> None:
        """Keep what a customer saw, so that policies can be judged later."""
        if not impressions:
            return
        whose = {"customer_id": customer_id, "account_id": account_id, "conversation_id": conversation_id}
        rows = [{**asdict(item), **whose, "at": now} for item in impressions]
        await self._connection.execute(insert(shown), rows)

    async def _take(self, current: Budget, discount: int) -> None:
        if not await self._changed(
            update(budget)
            .where(budget.c.id == current.id, budget.c.reserved + discount <= budget.c.total)
            .values(reserved=budget.c.reserved + discount)
        ):
            raise Conflict("the discount budget no longer covers this offer")
