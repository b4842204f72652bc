"""Personal prices, the budget they draw on, and what was shown to whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, bindparam, cast, func, insert, select, update

from storage.budgets import Budgets, Holding, OfferLimits, change_reserved
from storage.errors import Conflict
from storage.repository import Repository, columns_of
from storage.schema import customer, offer, offer_budget, shown
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
    eligible: Sequence[Mapping[str, Any]] | None = None
    """Of an offer: `price` and `probability` of each that could have been chosen."""
    valid_until: datetime | None = None
    """Of an offer."""


def _of_others() -> Any:
    share = cast(offer.c.price, Float) / offer.c.list_price
    place = func.row_number().over(
        partition_by=offer.c.tier, order_by=(share, offer.c.valid_until.desc(), offer.c.id)
    )
    ranked = (
        select(*columns_of(offer, TierOffer), place.label("place"))
        .where(offer.c.product_id == bindparam("product"), offer.c.state == "live")
        .where(offer.c.valid_until > bindparam("now"), offer.c.customer_id != bindparam("customer"))
        .where(offer.c.price < offer.c.list_price)
        .subquery()
    )
    return select(*(ranked.c[one.name] for one in fields(TierOffer))).where(ranked.c.place == 1)


# Asked with each price: built once.
_OF_OTHERS = _of_others()
_LIVE = (
    select(offer)
    .where(offer.c.customer_id == bindparam("customer"), offer.c.state == "live")
    .where(offer.c.valid_until > bindparam("now"))
    .order_by(offer.c.id.desc())
)
_LIVE_FOR = _LIVE.where(offer.c.product_id == bindparam("product"))
_HOLD = select(customer.c.id).where(customer.c.id == bindparam("customer")).with_for_update(key_share=True)
_DRAW = insert(offer_budget)
_OF_NEW = tuple(one.name for one in fields(NewOffer))


class Offers(Repository):
    """Personal prices. One live offer a customer and product; a discount reserves its budget first."""

    async def live(self, customer_id: str, now: datetime, product_id: str | None = None) -> list[StoredOffer]:
        """The customer's offers that still hold, newest first."""
        asked = {"customer": customer_id, "now": now}
        if product_id is None:
            return await self._list(StoredOffer, _LIVE, asked)
        return await self._list(StoredOffer, _LIVE_FOR, asked | {"product": product_id})

    async def of_others(self, product_id: str, customer_id: str, now: datetime) -> list[TierOffer]:
        """What others hold for a product now: of each tier the offer that takes the largest share off."""
        asked = {"product": product_id, "customer": customer_id, "now": now}
        return await self._list(TierOffer, _OF_OTHERS, asked)

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

    async def held(self, customer_id: str, now: datetime, limits: OfferLimits | None = None) -> Holding:
        """What a customer has of personal prices; nobody else can give them one until the transaction ends."""
        await self._hold(customer_id)
        since = None if limits is None else limits.since
        return await Budgets(self._connection).holding(customer_id, now, ended_since=now, made_since=since)

    async def reserve(
        self,
        new: NewOffer,
        now: datetime,
        limits: OfferLimits | None = None,
        holding: Holding | None = None,
    ) -> StoredOffer:
        """Keep an offer and take its discount from the budgets; one of the same product that ran out is ended first.

        Args:
            limits: what the shop's rules allow; without them, the budget that runs without a rule.
            holding: of this customer, where `held` was asked in this transaction.

        Raises:
            Conflict: the customer has a live offer for the product, be it of a decision made at the same moment, or
                as many as one may have, or a budget no longer covers the discount. The transaction must be undone.
        """
        holding = holding or await self.held(new.customer_id, now, limits)
        changes = Counter[str]()
        if holding.has_run_out(new.product_id):
            same = (offer.c.customer_id == new.customer_id, offer.c.product_id == new.product_id)
            _, changes = await self._ended("expired", now, offer.c.valid_until <= now, *same)
        discount = new.list_price - new.price
        drawn = await self._drawn(new, discount, now, limits)
        rules = () if limits is None else limits.rules
        _check(holding, discount, limits)
        kept = await self._one(
            StoredOffer,
            insert_ignoring_conflicts(self._connection, offer, returning=True),
            {
                # `asdict` would copy every reason.
                **{name: getattr(new, name) for name in _OF_NEW},
                "state": "live",
                "created_at": now,
                "changed_at": now,
            },
        )
        if kept is None:
            raise Conflict("the customer already has a live offer for this product")
        # After the offer, as wherever offers end: two transactions then never hold what the other one waits for.
        changes.update(dict.fromkeys(drawn, discount))
        await change_reserved(self._connection, changes, drawn, rules)
        if drawn:
            links = [{"offer_id": kept.id, "budget_id": name} for name in sorted(drawn)]
            await self._connection.execute(_DRAW, links)
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
        more = held.price - price
        _check(await self.held(held.customer_id, now, limits), more, limits, one_more=False)
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
        totals = {one.id: one.total for one in await Budgets(self._connection).of(held.id, limits)}
        await change_reserved(self._connection, dict.fromkeys(totals, more), totals)
        return better

    async def withdraw(self, offer_id: int, now: datetime) -> bool:
        """Take back a live offer and give its discount back to the budget; False where it is live no more."""
        return await self.end("withdrawn", now, offer.c.id == offer_id) == 1

    async def expire(self, now: datetime) -> int:
        """End offers whose time is over and give their discounts back to the budget; return how many."""
        return await self.end("expired", now, offer.c.valid_until <= now)

    async def _hold(self, customer_id: str) -> None:
        """Let nobody else keep an offer of the customer's meanwhile, and wait for a message to them that is leaving."""
        if self._connection.dialect.name == "sqlite":
            return  # It has one writer at a time, who is this one.
        await self._connection.execute(_HOLD, {"customer": customer_id})

    async def _drawn(
        self, new: NewOffer, discount: int, now: datetime, limits: OfferLimits | None
    ) -> dict[str, int]:
        """The totals of the budgets that an offer draws on, by id."""
        if discount <= 0:
            return {}
        if limits is not None and limits.rules:
            return {one.id: one.total for one in limits.rules}
        running = await Budgets(self._connection).running(new.currency, now)
        return {} if running is None else {running.id: running.total}

    async def end(self, state: str, now: datetime, *which: ColumnElement[bool]) -> int:
        """Put live offers into another state and give their discounts back to the budgets; return how many."""
        count, changes = await self._ended(state, now, *which)
        await change_reserved(self._connection, changes)
        return count

    async def _ended(
        self, state: str, now: datetime, *which: ColumnElement[bool]
    ) -> tuple[int, Counter[str]]:
        """How many were put into another state, and what that changes of budgets, which is not yet done."""
        ended = await self._connection.execute(
            update(offer)
            .where(offer.c.state == "live", *which)
            .values(state=state, changed_at=now)
            .returning(offer.c.id, offer.c.price - offer.c.list_price)
        )
        given_back = {row[0]: int(row[1]) for row in ended}
        return len(given_back), await Budgets(self._connection).drawn(given_back)

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


def _check(holding: Holding, discount: int, limits: OfferLimits | None, *, one_more: bool = True) -> None:
    """What one customer may have; asked while nobody else can give them more."""
    if limits is None:
        return
    full = limits.most_live is not None and holding.live >= limits.most_live
    often = (
        limits.most_made is not None and holding.made(limits.made_since or holding.now) >= limits.most_made
    )
    if one_more and (full or often):
        raise Conflict("the customer has as many personal prices as one may have")
    if any(left < discount for left in holding.left_of(limits.rules)):
        raise Conflict("the customer's part of a budget no longer covers this offer")
