"""Personal prices, the budget they draw on, and what was shown to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, cast, func, insert, select, update

from storage.budgets import Budget, Budgets, OfferLimits, change_reserved
from storage.errors import Conflict
from storage.repository import Repository, columns_of
from storage.schema import budget, customer, offer, shown
from storage.upsert import insert_ignoring_conflicts


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
    tier: int = 0
    """The customer's: how many loyalty steps they had reached."""


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
    campaign_budget_id: str | None = None

    @property
    def budgets(self) -> tuple[str, ...]:
        """The ids of those that it draws on."""
        return tuple(one for one in (self.budget_id, self.campaign_budget_id) if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TierOffer:
    """The best live offer for a product among the customers of a tier."""

    tier: int
    price: int
    list_price: int
    currency: str
    valid_until: datetime


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

    async def of_others(self, product_id: str, customer_id: str, now: datetime) -> list[TierOffer]:
        """What others hold for a product now: of each tier the offer that takes the largest share off."""
        share = cast(offer.c.price, Float) / offer.c.list_price
        place = func.row_number().over(
            partition_by=offer.c.tier, order_by=(share, offer.c.valid_until.desc(), offer.c.id)
        )
        ranked = (
            select(*columns_of(offer, TierOffer), place.label("place"))
            .where(offer.c.product_id == product_id, offer.c.state == "live", offer.c.valid_until > now)
            .where(offer.c.customer_id != customer_id, offer.c.price < offer.c.list_price)
            .subquery()
        )
        wanted = [ranked.c[one.name] for one in fields(TierOffer)]
        return await self._list(TierOffer, select(*wanted).where(ranked.c.place == 1))

    async def reserve(self, new: NewOffer, now: datetime, limits: OfferLimits | None = None) -> StoredOffer:
        """Keep an offer and take its discount from the budgets; one of the same product that ran out is ended first.

        Args:
            limits: what the shop's rules allow; without them, the budget that runs without a rule.

        Raises:
            Conflict: the customer has a live offer for the product, be it of a decision made at the same moment, or
                as many as one may have, or a budget no longer covers the discount. The transaction must be undone.
        """
        await self._hold(new.customer_id)
        same = (offer.c.customer_id == new.customer_id, offer.c.product_id == new.product_id)
        _, changes = await self._ended("expired", now, offer.c.valid_until <= now, *same)
        discount = new.list_price - new.price
        drawn = await self._drawn(new, discount, now, limits)
        await self._within_limits(new.customer_id, new.currency, discount, now, limits)
        names = [one.id for one in drawn] + [None, None]
        kept = await self._one(
            StoredOffer,
            insert_ignoring_conflicts(self._connection, offer, returning=True),
            {
                **asdict(new),
                "state": "live",
                "reasons": list(new.reasons),
                "budget_id": names[0],
                "campaign_budget_id": names[1],
                "created_at": now,
                "changed_at": now,
            },
        )
        if kept is None:
            raise Conflict("the customer already has a live offer for this product")
        # After the offer, as wherever offers end: two transactions then never hold what the other one waits for.
        for one in drawn:
            changes[one.id] += discount
        await change_reserved(self._connection, changes, {one.id: one.total for one in drawn})
        return kept

    async def improve(
        self,
        held: StoredOffer,
        price: int,
        reasons: Sequence[Mapping[str, Any]],
        now: datetime,
        limits: OfferLimits | None = None,
    ) -> StoredOffer:
        """Lower the price of a live offer under the code that the customer has; its end stays.

        Raises:
            Conflict: it isn't live at that price any more, or a budget no longer covers it. The transaction must be
                undone.
        """
        await self._hold(held.customer_id)
        more = held.price - price
        await self._within_limits(held.customer_id, held.currency, more, now, limits, one_more=False)
        better = await self._one(
            StoredOffer,
            update(offer)
            .where(offer.c.id == held.id, offer.c.state == "live", offer.c.price == held.price)
            .where(offer.c.valid_until > now)
            .values(
                price=price,
                floor=min(held.floor, price),
                reasons=list(reasons),
                changed_at=now,
            )
            .returning(offer),
        )
        if better is None:
            raise Conflict("the customer's live offer for this product has changed")
        rules = {} if limits is None else {one.id: one.total for one in limits.rules}
        totals = {name: rules.get(name, await self._total(name)) for name in held.budgets}
        await change_reserved(self._connection, dict.fromkeys(held.budgets, more), totals)
        return better

    async def withdraw(self, offer_id: int, now: datetime) -> bool:
        """Take back a live offer and give its discount back to the budget; False where it is live no more."""
        return await self.end("withdrawn", now, offer.c.id == offer_id) == 1

    async def expire(self, now: datetime) -> int:
        """End offers whose time is over and give their discounts back to the budget; return how many."""
        return await self.end("expired", now, offer.c.valid_until <= now)

    async def _hold(self, customer_id: str) -> None:
        """Let nobody else keep an offer of the customer's meanwhile, and wait for a message to them that is leaving."""
        await self._connection.execute(
            select(customer.c.id).where(customer.c.id == customer_id).with_for_update(key_share=True)
        )

    async def _drawn(
        self, new: NewOffer, discount: int, now: datetime, limits: OfferLimits | None
    ) -> list[Budget]:
        """The budgets that an offer draws on, the total first; made where a rule's is not there yet."""
        if discount <= 0:
            return []
        budgets = Budgets(self._connection)
        if limits is not None and limits.rules:
            await budgets.keep(limits.rules)
            return [await budgets.by_rule(one) for one in limits.rules]
        running = await budgets.running(new.currency, now)
        return [] if running is None else [running]

    async def _total(self, budget_id: str) -> int:
        return int(await self._connection.scalar(select(budget.c.total).where(budget.c.id == budget_id)) or 0)

    async def _within_limits(
        self,
        customer_id: str,
        currency: str,
        discount: int,
        now: datetime,
        limits: OfferLimits | None,
        *,
        one_more: bool = True,
    ) -> None:
        """What one customer may have; asked while nobody else can give them more."""
        if limits is None:
            return
        holding = await Budgets(self._connection).holding(
            customer_id,
            currency,
            now,
            made_since=limits.made_since or now,
            period_since=now if limits.total is None else limits.total.starts_at,
        )
        full = limits.most_live is not None and holding.live >= limits.most_live
        if one_more and (full or (limits.most_made is not None and holding.made >= limits.most_made)):
            raise Conflict("the customer has as many personal prices as one may have")
        if limits.customer is not None and holding.promised + discount > limits.customer:
            raise Conflict("the customer's part of the budget no longer covers this offer")

    async def end(self, state: str, now: datetime, *which: ColumnElement[bool]) -> int:
        """Put live offers into another state and give their discounts back to the budgets; return how many."""
        count, changes = await self._ended(state, now, *which)
        await change_reserved(self._connection, changes)
        return count

    async def _ended(
        self, state: str, now: datetime, *which: ColumnElement[bool]
    ) -> tuple[int, Counter[str | None]]:
        """How many were put into another state, and what that changes of budgets, which is not yet done."""
        ended = await self._connection.execute(
            update(offer)
            .where(offer.c.state == "live", *which)
            .values(state=state, changed_at=now)
            .returning(offer.c.budget_id, offer.c.campaign_budget_id, offer.c.list_price - offer.c.price)
        )
        count, changes = 0, Counter[str | None]()
        for budget_id, of_campaign, discount in ended:
            count += 1
            changes[budget_id] -= discount
            changes[of_campaign] -= discount
        return count, changes

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
        rows = [{**asdict(item), **whose, "reasons": list(item.reasons), "at": now} for item in impressions]
        await self._connection.execute(insert(shown), rows)
