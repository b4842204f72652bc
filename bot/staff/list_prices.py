"""List prices of the shop's own products: proposed from its sales, decided by people, and what came of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staff.roles import PRICING, require
from kernel.console import Progress, quiet
from retention.errors import LogRefused
from retention.pricing import effect as effects
from retention.pricing.effect import Change, Effect
from retention.pricing.list_price import LAGS, PriceLimits, PriceProposal, PriceRefused, Selling, propose
from retention.types import Money
from storage import Store
from storage.catalogue import Catalogue, Product
from storage.price_proposals import (
    APPROVED,
    LEFT_ALONE,
    PROPOSED,
    DaySold,
    NewProposal,
    PriceProposals,
    StoredProposal,
)
from storage.staff import StaffMember

if TYPE_CHECKING:
    from retention.pricing.demand.elasticity import Elasticity
    from retention.pricing.demand.panel import Panel

WEEK = 7
HISTORY = timedelta(weeks=104)
FEWEST_WEEKS = 14
TESTED = 4
_DAY = timedelta(days=1)
MEASURED = timedelta(days=28)
"""Before and after a change: what is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one look at every product came to."""

    proposals: Sequence[NewProposal]
    kept: int
    """Products whose price is best as it is."""
    refused: Sequence[str]
    """Why nothing can be said of a product, a sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What approved prices earned."""

    effect: Effect | None
    substitutes: Effect | None
    """On products of the same categories whose prices stayed."""


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
    """Proposes list prices; only a person's approval changes one."""

    def __init__(self, store: Store, *, seed: str = "list prices") -> None:
        self._store, self._seed = store, seed

    async def propose(
        self,
        member: StaffMember,
        limits: PriceLimits,
        now: datetime,
        progress: Progress = quiet,
        lead_days: int = 14,
    ) -> Round:
        """Look at every product that is sold, and keep what is proposed.

        Raises:
            LogRefused: the shop has too few weeks of sales.
        """
        products, sold = await self._sold(now)
        found = _proposed(products, sold, limits, now, progress, lead_days)
        better = [one for one in found if isinstance(one, PriceProposal) and one.changes]
        rows = [
            NewProposal(
                product_id=one.product,
                old_price=one.old.minor,
                new_price=one.new.minor,
                currency=one.new.currency,
                state=LEFT_ALONE if effects.left_alone(one.product, self._seed, now) else PROPOSED,
                gain=one.gain,
                low=one.low,
                high=one.high,
                reasons=[asdict(reason) for reason in one.reasons],
            )
            for one in better
        ]

        async def keep(connection: AsyncConnection) -> None:
            await require(connection, member, PRICING)
            await PriceProposals(connection).put(rows, now)

        await self._store.write(keep)
        return Round(
            proposals=rows,
            kept=sum(isinstance(one, PriceProposal) for one in found) - len(better),
            refused=[str(one) for one in found if isinstance(one, PriceRefused)],
        )

    async def demand(self, now: datetime) -> list[Demand]:
        """What is known of the demand of every product that is sold, the most sold first; it takes a while.

        Raises:
            LogRefused: the shop has too few weeks of sales.
        """
        products, sold = await self._sold(now)
        return await asyncio.to_thread(_demand, products, sold)

    async def _sold(self, now: datetime) -> tuple[list[Product], list[DaySold]]:
        """What can be bought, and what was bought of it in whole weeks.

        Raises:
            LogRefused: in too few of them.
        """
        end = int(now.timestamp()) // (WEEK * 86_400)
        since = now - HISTORY
        async with self._store.read(long=True) as connection:
            products = await Catalogue(connection).active()
            sold = await PriceProposals(connection).sold(since, now, WEEK)
        sold = [one for one in sold if one.period < end]  # the week under way is not over
        if len({one.period for one in sold}) < FEWEST_WEEKS:
            raise LogRefused(
                f"{FEWEST_WEEKS} whole weeks with sales are needed to tell what prices change: wait, or "
                "import older orders"
            )
        return products, sold

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
            proposals = await PriceProposals(connection).latest()
            products = {one.id: one for one in await Catalogue(connection).active()}
            moments = [one.decided_at for one in proposals if one.state == APPROVED and one.decided_at]
            moments += [one.created_at for one in proposals if one.state == LEFT_ALONE]
            if not moments:
                return Outcome(effect=None, substitutes=None)
            sold = await PriceProposals(connection).sold(min(moments) - MEASURED, now)
        daily: dict[str, list[DaySold]] = defaultdict(list)
        for row in sold:
            daily[row.product_id].append(row)

        def change(product_id: str, at: datetime) -> Change | None:
            item = products.get(product_id)
            window = min(MEASURED, now - at)
            if item is None or item.cost is None or window < 7 * _DAY:
                return None
            return _change(item, item.cost, daily[product_id], at, window)

        changed = [change(one.product_id, one.decided_at) for one in proposals
                   if one.state == APPROVED and one.decided_at]  # fmt: skip
        alone = [change(one.product_id, one.created_at) for one in proposals if one.state == LEFT_ALONE]
        named = {one.product_id for one in proposals}
        first = min(moments)
        untouched = [change(one, first) for one in products if one not in named]
        categories: dict[str, int] = defaultdict(int)
        for one in changed:
            if one is not None:
                categories[one.category] += 1
        return Outcome(
            effect=effects.effect(_known(changed), _known(alone)),
            substitutes=effects.spill_over(_known(untouched), categories),
        )


def _known(changes: Sequence[Change | None]) -> list[Change]:
    return [one for one in changes if one is not None]


def _change(item: Product, cost: int, sold: Sequence[DaySold], at: datetime, window: timedelta) -> Change:
    day = int(at.timestamp()) // 86_400
    days = window // _DAY

    def earned(first: int, last: int) -> float:
        rows = [row for row in sold if first <= row.period < last]
        return sum(row.amount - row.quantity * cost for row in rows) / days

    return Change(
        product=item.id,
        category=item.category_id or "",
        before=earned(day - days, day),
        after=earned(day + 1, day + 1 + days),  # the day of the change has both prices
    )


def _proposed(
    products: Sequence[Product],
    sold: Sequence[DaySold],
    limits: PriceLimits,
    now: datetime,
    progress: Progress,
    lead_days: int,
) -> list[PriceProposal | PriceRefused]:
    import numpy as np

    from retention.pricing.demand.elasticity import Z, elasticities
    from retention.pricing.demand.forecast import forecast

    panel = _panel(products, sold)
    forecasts = forecast(panel, TESTED, progress=progress)
    slopes = {one.name: one for one in elasticities(panel).products}
    actual = panel.quantity[:, forecasts.first :]
    gaps = (forecasts.point - actual) / np.maximum(forecasts.point, 1e-9)
    logs = np.log(actual + 1) - np.log(forecasts.point + 1)
    places = {name: place for place, name in enumerate(panel.products)}
    found: list[PriceProposal | PriceRefused] = []
    for item in products:
        place = places.get(item.id)
        if place is None:
            found.append(
                PriceRefused(f"{item.id} has no sales: nothing tells what another price would change")
            )
            continue
        # Before its first sale there is neither a number sold nor a forecast.
        if not np.isfinite(gaps[place]).all():
            found.append(
                PriceRefused(
                    f"{item.id} has been sold for too few weeks to tell what another price would change"
                )
            )
            continue
        slope = slopes[item.id]
        selling = Selling(
            product=item.id,
            now=now,
            list_price=Money(item.list_price, item.currency),
            cost=None if item.cost is None else Money(item.cost, item.currency),
            stock=item.stock,
            weekly_demand=float(np.mean(forecasts.point[place])),
            spread=float(np.clip(np.sqrt(np.mean(logs[place] ** 2)), 0.05, 1.0)),
            elasticity=slope.value,
            elasticity_error=(slope.high - slope.low) / (2 * Z),
            surprises=[float(one) for one in gaps[place, ::-1][:LAGS]],
            restock_at=item.restock_at,
            lead_days=lead_days,
            sale_from=(item.sale_from or now) if item.sale_price is not None else None,
            sale_until=item.sale_until if item.sale_price is not None else None,
        )
        try:
            found.append(propose(selling, limits, seed=0))
        except PriceRefused as refused:
            found.append(refused)
    return found


def _demand(products: Sequence[Product], sold: Sequence[DaySold]) -> list[Demand]:
    import numpy as np

    from retention.pricing.demand.elasticity import elasticities
    from retention.pricing.demand.forecast import forecast

    panel, known = _panel(products, sold), {one.id: one for one in products}
    forecasts = forecast(panel, TESTED)
    slopes = {one.name: one for one in elasticities(panel).products}
    found = []
    for place, name in enumerate(panel.products):
        weeks = panel.quantity[place]
        kept = weeks[np.isfinite(weeks)]
        if not np.isfinite(forecasts.point[place]).all() or len(kept) < TESTED:
            continue
        found.append(
            Demand(
                product=known[name],
                sold=tuple(kept.tolist()),
                point=tuple(forecasts.point[place].tolist()),
                lower=tuple(forecasts.lower[place].tolist()),
                upper=tuple(forecasts.upper[place].tolist()),
                elasticity=slopes[name],
            )
        )
    return sorted(found, key=lambda one: -sum(one.sold))


def _panel(products: Sequence[Product], sold: Sequence[DaySold]) -> Panel:
    """Whole weeks of the products that were sold; a week without a sale after the first has 0."""
    import numpy as np

    from retention.pricing.demand.panel import Panel

    known = {one.id: one for one in products}
    rows = [one for one in sold if one.product_id in known and one.quantity > 0]
    names = sorted({one.product_id for one in rows})
    first, last = min(one.period for one in rows), max(one.period for one in rows)
    places = {name: place for place, name in enumerate(names)}
    quantity = np.zeros((len(names), last - first + 1))
    price = np.full(quantity.shape, np.nan)
    for one in rows:
        place, week = places[one.product_id], one.period - first
        quantity[place, week] = one.quantity
        if one.amount > 0:
            price[place, week] = one.amount / one.quantity
    begun = np.maximum.accumulate(quantity > 0, axis=1)
    categories = sorted({known[name].category_id or "" for name in names})
    weeks = range(first, last + 1)
    return Panel(
        products=tuple(names),
        times=tuple(map(str, weeks)),
        quantity=np.where(begun, quantity, np.nan),
        price=price,
        promotion=np.zeros(quantity.shape),
        rows=begun,
        category=np.array([categories.index(known[name].category_id or "") for name in names]),
        censored=np.zeros(quantity.shape, dtype=np.bool_),
        season=np.array([week % 52 for week in weeks]),
        cycle=52,
    )
