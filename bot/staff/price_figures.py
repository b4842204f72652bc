"""What became of personal prices: what they may cost and cost, the newest ones, and what their policies brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.judging import Judgement, judged
from bot.shop.prices import Prices
from kernel.times import utc_now
from storage import Store
from storage.budgets import Budget, BudgetRule, Budgets, Given
from storage.catalogue import Catalogue, Product
from storage.offers import Offers, StoredOffer
from storage.schema import product

_NEWEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A budget of the period that runs now, and what draws on it."""

    budget: Budget
    campaign: str | None
    """Whose part it is; None: the whole."""
    given: Sequence[Given]
    starts_at: datetime | None
    """None where no rule says so."""
    ends_at: datetime | None

    @property
    def used(self) -> int:
        """What orders took off, minor units."""
        return sum(one.amount for one in self.given if one.state == "used")

    @property
    def promised(self) -> int:
        """What live offers hold of it."""
        return max(0, self.budget.reserved - self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFigures:
    """How things stand."""

    spending: Sequence[Spending]
    offers: Sequence[StoredOffer]
    """The newest live and used ones."""
    products: Mapping[str, Product]
    """Those of the offers, by id."""
    missing: Sequence[str]
    """Why nobody, or not everybody, is offered a personal price: `prices_off`, `no_budget`, `not_now` (the budget is
    of other days), `used_up`, `no_cost`, `broken` (the file has mistakes, and the rules before it hold)."""
    on_sale: int
    without_cost: int


class PriceReports:
    """Reads it, for everybody on the staff."""

    def __init__(
        self,
        store: Store,
        prices: Prices,
        *,
        margin: float | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Wire it up; `prices` are the rules in force, `margin` is as in the settings."""
        self._store, self._prices, self._margin, self._clock = store, prices, margin, clock

    async def figures(self) -> PriceFigures:
        """How things stand now."""
        now = self._clock()
        async with self._store.read(long=True) as connection:
            spending = await self._spending(connection, now)
            offers = await Offers(connection).newest(("live", "used"), now, limit=_NEWEST)
            products = await Catalogue(connection).by_ids({one.product_id for one in offers})
            counted = select(func.count(), func.count(product.c.cost)).where(
                product.c.active.is_(True), product.c.stock > 0
            )
            on_sale, with_cost = (await connection.execute(counted)).one()
        without_cost = 0 if self._margin is not None else int(on_sale) - int(with_cost)
        return PriceFigures(
            spending=tuple(spending),
            offers=tuple(offers),
            products=products,
            missing=tuple(self._missing(spending, without_cost)),
            on_sale=int(on_sale),
            without_cost=without_cost,
        )

    async def eligible(self, one: StoredOffer) -> Sequence[Mapping[str, Any]]:
        """What could have been chosen when an offer was made; empty where it wasn't logged."""
        async with self._store.read() as connection:
            return await Offers(connection).eligible(one) or ()

    async def judged(self) -> Judgement:
        """What each policy brought; it takes a while."""
        async with self._store.read(long=True) as connection:
            return await judged(connection, self._clock(), margin=self._margin)

    async def products(self, ids: set[str]) -> Mapping[str, Product]:
        """Those that exist, by id."""
        async with self._store.read() as connection:
            return await Catalogue(connection).by_ids(ids)

    def _missing(self, spending: Sequence[Spending], without_cost: int) -> list[str]:
        whole = [one for one in spending if one.campaign is None]
        found = []
        if self._prices.problems:
            found.append("broken")
        if not self._prices.policy.enabled:
            found.append("prices_off")
        elif not whole:
            found.append("not_now" if self._prices.budgets else "no_budget")
        elif self._used_up(whole):
            found.append("used_up")
        return [*found, *(["no_cost"] if without_cost else [])]

    @staticmethod
    def _used_up(whole: Sequence[Spending]) -> bool:
        """Whether nothing can be given in any currency: of those for the same one each has to have something left."""
        left: dict[str, int] = {}
        for one in whole:
            currency = one.budget.currency
            left[currency] = min(one.budget.left, left.get(currency, one.budget.left))
        return not any(left.values())

    async def _spending(self, connection: AsyncConnection, now: datetime) -> list[Spending]:
        budgets, written = Budgets(connection), self._prices.budgets
        if not written:
            codes = sorted(await connection.scalars(select(product.c.currency).distinct()))
            running = [one for code in codes if (one := await budgets.running(code, now)) is not None]
            return [await _spending_of(budgets, one) for one in running]
        rules: dict[str, BudgetRule] = {}
        for currency in dict.fromkeys(one.currency for one in written):
            for name in (None, *dict.fromkeys(name for one in written for name, _ in one.campaigns)):
                limits = self._prices.limits(currency, now, name)
                rules |= {one.id: one for one in (() if limits is None else limits.rules)}
        # Each budget, then the campaigns' parts of it, whose ids begin with its own.
        ordered = [rules[name] for name in sorted(rules, key=lambda name: (rules[name].ends_at, name))]
        found = await budgets.by_rules(ordered)
        return [await _spending_of(budgets, one, rule) for one, rule in zip(found, ordered, strict=True)]


async def _spending_of(budgets: Budgets, one: Budget, rule: BudgetRule | None = None) -> Spending:
    return Spending(
        budget=one,
        campaign=None if rule is None else rule.campaign,
        given=tuple(await budgets.given(one.id)),
        starts_at=None if rule is None else rule.starts_at,
        ends_at=None if rule is None else rule.ends_at,
    )
