"""Asks retention with what the store knows, and keeps what was decided.

Retention has no store: this fills its contexts (recent events, stock, live offers, budgets, open cases) and
reserves an offer together with its code and its budget.
"""

from __future__ import annotations

import secrets
import time
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.retention import ServedRetention
from bot.models.steps import LearnedSteps
from bot.models.values import STATE, STATE_OF, held_offer, impression, live_step, product_state
from bot.shop.prices import Prices
from bot.shop.rules import Listed, Steering
from retention.types import (
    Event,
    EventKind,
    Money,
    Offer,
    OfferContext,
    PricePolicy,
    ProductState,
    Recommendation,
    RecommendContext,
    Risk,
    RiskContext,
    ShopRules,
)
from storage.audience import Audience
from storage.budgets import Budgets, Holding, OfferLimits
from storage.errors import Conflict, NotFound
from storage.events import OF_ORDERS, Events, StoredEvent
from storage.offers import NewOffer, Offers, StoredOffer
from storage.schema import product
from storage.scores import Scores
from storage.signals import Signals

OfferReason = Literal["asked", "recommended", "win_back"]

# Letters and digits that nobody mistakes for one another when reading a code aloud.
_CODE_ALPHABET = "ACDEFGHJKLMNPQRTUVWXY34679"
_CODE_LENGTH = 8
# A customer's own history as far as a decision needs it.
_EVENTS = 1_000
_KINDS = {kind.value: kind for kind in EventKind}


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Every active product and the rules for them, as they were a moment ago."""

    states: Mapping[str, ProductState]
    rules: ShopRules
    taken_at: float


class Decisions:
    """Recommendations, personal prices and risk for the shop's customers."""

    def __init__(
        self,
        served: ServedRetention,
        *,
        steering: Steering | None = None,
        prices: Prices | None = None,
        steps: LearnedSteps | None = None,
        seed: int = 0,
        stock_age: float = 5.0,
        margin: float | None = None,
    ) -> None:
        """Wire it up.

        Args:
            served: the fitted model in use.
            steering: the shop's rules for recommendations; without it there are none.
            prices: the shop's rules for personal prices; without them, `rules/1` and the budget that runs.
            steps: what was learned of the shop's offers; without it the published steps decide.
            seed: joins the seeds of explorations.
            margin: share of the price above cost, of products whose cost is unknown; None: they get no discount.
            stock_age: seconds for which stock, prices and rules may be remembered when recommending.
        """
        self._served = served
        self._steering = steering
        self._prices = prices
        self._steps = steps
        self._seed = seed
        self._stock_age = stock_age
        self._margin = margin
        self._snapshot: _Snapshot | None = None

    async def recommend(
        self,
        connection: AsyncConnection,
        *,
        customer_id: str | None,
        n: int,
        now: datetime,
        words: Sequence[str] = (),
        category: str | None = None,
        among: Collection[str] | None = None,
        exclude: Collection[str] = frozenset(),
        allow_repeats: bool = False,
    ) -> list[Recommendation]:
        """At most `n` products that are in stock, best first, within the shop's rules; with `among` none but those."""
        snapshot = await self._products(connection, now)
        states = snapshot.states
        if among is not None:
            states = {product: states[product] for product in among if product in states}
        context = RecommendContext(
            now=now,
            events=await self._events(connection, customer_id),
            stock=states,
            words=words,
            category=category,
            exclude=frozenset(exclude),
            allow_repeats=allow_repeats,
            rules=snapshot.rules,
            seed=self._seed_for(customer_id, now),
        )
        return self._served.core.recommend(customer_id, n, context)

    async def offer(
        self,
        connection: AsyncConnection,
        *,
        customer_id: str,
        product_id: str,
        reason: OfferReason,
        now: datetime,
        campaign: str | None = None,
    ) -> Offer:
        """The price of a product for this customer now.

        Args:
            campaign: the name of the one that offers it.

        Raises:
            NotFound: there is no such customer or product.
        """
        state = await self._state(connection, product_id, now)
        standing = await Audience(connection).standing(customer_id)
        if standing is None:
            raise NotFound(f"there is no customer {customer_id!r}")
        policy, currency = self.policy, state.list_price.currency
        limits = self._limits(currency, now, campaign) or OfferLimits()
        cooling = now - timedelta(hours=policy.cooldown_hours)
        budgets, offers = Budgets(connection), Offers(connection)
        holding = await budgets.holding(customer_id, now, ended_since=cooling, made_since=limits.since)
        left = await self._left(budgets, holding, product_id, currency, limits)
        score = await Scores(connection).get(customer_id, "churn") if reason == "win_back" else None
        context = OfferContext(
            now=now,
            product=state,
            events=_known(await Events(connection).by_customer(customer_id, limit=_EVENTS, kinds=OF_ORDERS)),
            live_offers=[
                held_offer(one)
                for one in holding.offers
                if one.state in ("live", "expired") and one.valid_until > cooling
            ],
            live_steps=[live_step(item) for item in await offers.of_others(product_id, customer_id, now)],
            offers_made=holding.made(limits.made_since or now),
            offers_live=holding.live,
            policy=policy,
            budget_left=left,
            budget_set=left is not None,
            reason=reason,
            complaint_open=standing.case_open,
            opted_out=not standing.personal_prices,
            profiling_refused=standing.refused_profiling,
            risk=None if score is None else score.value,
            steps=None if self._steps is None else self._steps.model,
            seed=self._seed_for(customer_id, now),
        )
        return self._served.core.offer(customer_id, product_id, context)

    @property
    def policy(self) -> PricePolicy:
        """The published rules in force."""
        return PricePolicy() if self._prices is None else self._prices.policy

    def _limits(self, currency: str, now: datetime, campaign: str | None) -> OfferLimits | None:
        return None if self._prices is None else self._prices.limits(currency, now, campaign)

    async def _left(
        self, budgets: Budgets, holding: Holding, product_id: str, currency: str, limits: OfferLimits
    ) -> Money | None:
        """What is left to give to a customer; for a better price of an offer that they hold, of its own budgets.

        None: the shop has set no budget.
        """
        now = holding.now
        held = next(
            (
                one
                for one in holding.offers
                if one.product_id == product_id and one.state == "live" and one.valid_until > now
            ),
            None,
        )
        if held is not None:
            left = [one.left for one in await budgets.of(held.id, limits)] or [0]
        elif limits.rules:
            left = [one.left for one in await budgets.by_rules(limits.rules)]
        else:
            running = None if self._sets_a_budget else await budgets.running(currency, now)
            left = [] if running is None else [running.left]
        left += [max(0, one) for one in holding.left_of(limits.rules)]
        return Money(min(left), currency) if left else None

    @property
    def _sets_a_budget(self) -> bool:
        return self._prices is not None and bool(self._prices.budgets)

    async def risk(self, connection: AsyncConnection, *, customer_id: str, now: datetime) -> Risk:
        """The customer's churn risk now."""
        events = await all_events(connection, customer_id)
        return self._served.core.risk(customer_id, RiskContext(now=now, events=events))

    async def reserve(
        self,
        connection: AsyncConnection,
        offer: Offer,
        *,
        reason: OfferReason,
        now: datetime,
        campaign: str | None = None,
    ) -> StoredOffer:
        """Keep a personal price with a code of its own and take its discount from the budgets.

        An offer that is live already at this price is returned as it is; one that is live at a higher price gets this
        one, under its code.

        Raises:
            Conflict: something changed since the decision; decide again.
        """
        offers = Offers(connection)
        limits = self._limits(offer.price.currency, now, campaign)
        reasons = [asdict(item) for item in offer.reasons]
        holding = await offers.held(offer.customer, now, limits)
        found = holding.has_live(offer.product)
        for live in await offers.live(offer.customer, now, offer.product) if found else ():
            if live.price == offer.price.minor:
                return live
            if live.price > offer.price.minor and _promised(offer):
                added = [one for one in reasons if one["code"] == "live_step"]
                return await offers.improve(live, offer.price.minor, [*live.reasons, *added], now, limits)
            raise Conflict("the customer's live offer for this product has another price")
        state = await self._state(connection, offer.product, now)
        if state.list_price != offer.list_price or not state.active:
            raise Conflict("the product's price for everybody has changed")
        return await offers.reserve(
            NewOffer(
                code=_new_code(),
                customer_id=offer.customer,
                product_id=offer.product,
                price=offer.price.minor,
                list_price=offer.list_price.minor,
                floor=offer.floor.minor,
                currency=offer.price.currency,
                reason=reason,
                reasons=reasons,
                policy=offer.policy,
                probability=offer.probability,
                valid_until=offer.valid_until,
                tier=offer.tier,
            ),
            now,
            limits,
            holding,
        )

    async def record_shown(
        self,
        connection: AsyncConnection,
        what: Sequence[Recommendation] | Offer,
        *,
        customer_id: str | None,
        account_id: int | None,
        conversation_id: int | None,
        now: datetime,
    ) -> None:
        """Keep what was shown with its position, policy and probability."""
        items = [impression(item) for item in ([what] if isinstance(what, Offer) else what)]
        await Offers(connection).record_shown(
            items,
            customer_id=customer_id,
            account_id=account_id,
            conversation_id=conversation_id,
            now=now,
        )

    async def _events(self, connection: AsyncConnection, customer_id: str | None) -> list[Event]:
        if customer_id is None:
            return []
        return _known(await Events(connection).by_customer(customer_id, limit=_EVENTS))

    async def _products(self, connection: AsyncConnection, now: datetime) -> _Snapshot:
        """Remembered for a few seconds: reading all of them for each message costs more than a card that sells out
        in between, and prices are read anew wherever one is promised."""
        moment = time.monotonic()
        if self._snapshot is None or moment - self._snapshot.taken_at > self._stock_age:
            rows = (await connection.execute(STATE.where(product.c.active.is_(True)))).all()
            states = {row.id: product_state(row, self._margin, now) for row in rows}
            listed = (Listed(row.code, row.id, row.category_id or "") for row in rows)
            rules = ShopRules() if self._steering is None else self._steering.rules(listed)
            self._snapshot = _Snapshot(states, rules, moment)
        return self._snapshot

    async def _state(self, connection: AsyncConnection, product_id: str, now: datetime) -> ProductState:
        row = (await connection.execute(STATE_OF, {"product": product_id})).one_or_none()
        if row is None:
            raise NotFound(f"there is no product {product_id!r}")
        return product_state(row, self._margin, now)

    def _seed_for(self, customer_id: str | None, now: datetime) -> int:
        """The same all day, so that an exploration doesn't flicker between two messages."""
        return zlib.crc32(f"{self._seed}:{customer_id}:{now.date()}".encode())


async def all_events(connection: AsyncConnection, customer_id: str) -> list[Event]:
    """What a fit sees of a customer, oldest first: the shop's log, moods of messages and campaign contacts."""
    of_the_shop = await Events(connection).by_customer(customer_id, limit=_EVENTS)
    of_talk = await Signals(connection).by_customer(customer_id)
    return _known(sorted([*of_the_shop, *of_talk], key=lambda row: (row.at, row.id)))


def _known(rows: Sequence[StoredEvent]) -> list[Event]:
    return [
        Event(
            kind=_KINDS[row.kind],
            at=row.at,
            product=row.product_id,
            quantity=row.quantity,
            amount_minor=row.amount,
            text=row.text,
            value=row.value,
        )
        for row in rows
        if row.kind in _KINDS
    ]


def _promised(offer: Offer) -> bool:
    """It goes on from one that the customer holds."""
    return any(one.code == "existing_offer" for one in offer.reasons)


def _new_code() -> str:
    return "LK" + "".join(secrets.choice(_CODE_ALPHABET) for _ in range(_CODE_LENGTH))
