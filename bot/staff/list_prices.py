"""List prices of the shop's own products: proposed from its log, decided by people or a rule, and what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staff.demand_panel import WEEK, Known, ListPriceHistory, known, panel, week_of
from bot.staff.list_outcome import MEASURED, Outcome, outcome
from bot.staff.list_proposing import TESTED, proposed
from bot.staff.roles import PRICING, require
from kernel.console import Progress, quiet
from retention.pricing import effect as effects
from retention.pricing.list_price import WHOLE, PriceProposal, PriceRefused
from retention.pricing.parts import points
from retention.pricing.policy import WrittenPrices
from storage import Conflict, Store
from storage.catalogue import Product
from storage.price_proposals import (
    LEFT_ALONE,
    PROPOSED,
    RULE,
    NewProposal,
    PriceProposals,
    StoredProposal,
)
from storage.staff import StaffMember

if TYPE_CHECKING:
    from retention.pricing.demand.elasticity import Elasticity

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one look at every product came to."""

    proposals: Sequence[StoredProposal]
    """Those that wait, those that the rule approved, and those left alone to be compared with."""
    kept: Mapping[str, int]
    """How many keep their price, by the code of the reason."""
    refused: Sequence[str]
    """Why nothing can be said of a product, a sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is known of a product's demand, by whole weeks."""

    product: Product
    sold: Sequence[float]
    """In each week since the first sale of it."""
    point: Sequence[float]
    """Forecast of the last of those weeks, each from what came before it."""
    lower: Sequence[float]
    upper: Sequence[float]
    """The 90 % interval."""
    elasticity: Elasticity


class ListPrices:
    """Proposes list prices; only a person's approval, or the shop's written rule, changes one."""

    def __init__(
        self,
        store: Store,
        rules: Callable[[], WrittenPrices] = WrittenPrices,
        *,
        time_zone: str = "UTC",
        seed: str = "list prices",
    ) -> None:
        """Wire it up; `rules` are those in force, `time_zone` is the shop's."""
        self._store, self._rules, self._seed = store, rules, seed
        self._zone = ZoneInfo(time_zone)

    async def propose(self, member: StaffMember, now: datetime, progress: Progress = quiet) -> Round:
        """Look at every product that is sold, keep what is proposed, and approve what the shop's rule covers.

        Raises:
            LogRefused: the shop has too few weeks of sales.
        """
        rules, of = self._rules(), await self._known(now)
        found = await asyncio.to_thread(proposed, of, rules, self._zone, progress)
        better = [one for one in found if isinstance(one, PriceProposal) and one.changes]
        # Demand is known by whole weeks: within one, the same products are left alone whenever prices are proposed.
        week = datetime.fromtimestamp(week_of(now) * WEEK * 86_400, UTC)

        def row(one: PriceProposal) -> NewProposal:
            return NewProposal(
                product_id=one.product,
                old_price=one.old.minor,
                new_price=one.new.minor,
                currency=one.new.currency,
                state=LEFT_ALONE if effects.left_alone(one.product, self._seed, week) else PROPOSED,
                gain=one.gain,
                low=one.low,
                high=one.high,
                reasons=[asdict(reason) for reason in one.reasons],
            )

        async def keep(connection: AsyncConnection) -> list[StoredProposal]:
            await require(connection, member, PRICING)
            kept = await PriceProposals(connection).put([row(one) for one in better], now, round_began=week)
            return await self._by_rule(connection, kept, of, rules)

        return Round(
            proposals=await self._store.write(keep),
            kept=Counter(
                one.reasons[0].code for one in found if isinstance(one, PriceProposal) and not one.changes
            ),
            refused=[str(one) for one in found if isinstance(one, PriceRefused)],
        )

    async def _by_rule(
        self,
        connection: AsyncConnection,
        proposals: Sequence[StoredProposal],
        of: Known,
        rules: WrittenPrices,
    ) -> list[StoredProposal]:
        """The same, after the shop's rule has approved those that it covers.

        No product's price follows within a week of another one: how demand answers is known by whole weeks. Where
        somebody declined a price or undid one lately, a person decides.
        """
        rule = rules.list_prices.approving
        if rule is None:
            return list(proposals)
        items, history = {one.id: one for one in of.products}, ListPriceHistory(of)
        details = rule.model_dump(mode="json")
        refused = await PriceProposals(connection).refused(of.now - MEASURED)
        decided = []
        for one in proposals:
            item = items[one.product_id]
            change = abs(one.new_price - one.old_price) * WHOLE
            if (
                one.state == PROPOSED
                and one.product_id not in refused
                and rule.covers(item.code, item.category_id)
                and change <= points(rule.largest_change) * one.old_price
                and not history.changed_since(one.product_id, of.now - WEEK * _DAY)
            ):
                try:
                    async with connection.begin_nested():
                        one = await PriceProposals(connection).approve(one.id, RULE, of.now, rule=details)
                except Conflict:
                    # Somebody has changed the product since it was read: the proposal waits for a person.
                    pass
            decided.append(one)
        return decided

    async def demand(self, now: datetime) -> list[Demand]:
        """What is known of the demand of every product that is sold, the most sold first; it takes a while.

        Raises:
            LogRefused: the shop has too few weeks of sales.
        """
        of = await self._known(now)
        return await asyncio.to_thread(_demand, of, self._rules(), self._zone)

    async def _known(self, now: datetime) -> Known:
        async with self._store.read(long=True) as connection:
            return await known(connection, now)

    async def approve(self, member: StaffMember, proposal_id: int, now: datetime) -> StoredProposal:
        """See `PriceProposals.approve`."""
        return await self._decide(member, lambda one, by: one.approve(proposal_id, by, now))

    async def decline(self, member: StaffMember, proposal_id: int, now: datetime) -> StoredProposal:
        """See `PriceProposals.decline`."""
        return await self._decide(member, lambda one, by: one.decline(proposal_id, by, now))

    async def undo(self, member: StaffMember, proposal_id: int, now: datetime) -> StoredProposal:
        """See `PriceProposals.undo`."""
        return await self._decide(member, lambda one, by: one.undo(proposal_id, by, now))

    async def _decide(
        self, member: StaffMember, decide: Callable[[PriceProposals, str], Awaitable[StoredProposal]]
    ) -> StoredProposal:
        async def work(connection: AsyncConnection) -> StoredProposal:
            acting = await require(connection, member, PRICING)
            return await decide(PriceProposals(connection), f"staff:{acting.id}")

        return await self._store.write(work)

    async def all(self, state: str | None = None) -> list[StoredProposal]:
        """The newest first."""
        async with self._store.read() as connection:
            return await PriceProposals(connection).latest(state)

    async def outcome(self, now: datetime) -> Outcome:
        """What approved prices earned beside those left alone, and what became of their substitutes."""
        async with self._store.read(long=True) as connection:
            return await outcome(connection, now)


def _demand(of: Known, rules: WrittenPrices, zone: ZoneInfo) -> list[Demand]:
    import numpy as np

    from retention.pricing.demand.elasticity import elasticities
    from retention.pricing.demand.forecast import forecast

    table, items = panel(of, rules.list_prices.sales, zone), {one.id: one for one in of.products}
    forecasts = forecast(table, TESTED)
    slopes = {one.name: one for one in elasticities(table).products}
    found = []
    for place, name in enumerate(table.products):
        weeks = table.quantity[place]
        kept = weeks[np.isfinite(weeks)]
        if not np.isfinite(forecasts.point[place]).all() or len(kept) < TESTED:
            continue
        found.append(
            Demand(
                product=items[name],
                sold=tuple(kept.tolist()),
                point=tuple(forecasts.point[place].tolist()),
                lower=tuple(forecasts.lower[place].tolist()),
                upper=tuple(forecasts.upper[place].tolist()),
                elasticity=slopes[name],
            )
        )
    return sorted(found, key=lambda one: -sum(one.sold))
