"""What list prices that were approved earned, beside products left alone, and what became of their substitutes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from retention.pricing import effect as effects
from retention.pricing.effect import Change, Effect, Met
from storage.catalogue import Catalogue, Product
from storage.demand_log import DemandLog
from storage.price_proposals import APPROVED, LEFT_ALONE, DaySold, PriceProposals

_DAY = timedelta(days=1)
_WEEK = 7 * _DAY
MEASURED = timedelta(days=28)
"""Before and after a change: what is compared."""
_LOOKED_BACK = timedelta(days=180)
"""Before the first change: from what customers did then, substitutes are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What approved prices earned."""

    effect: Effect | None
    substitutes: Effect | None
    """On products that are bought in place of the changed ones, whose own prices stayed."""
    told_by: Literal["looks", "category"]
    """How substitutes were told: by what was looked at and not bought together or, where too little was looked at, by
    category."""


async def outcome(connection: AsyncConnection, now: datetime) -> Outcome:
    """Compare margins a day before and after, of changed products, of those left alone, and of substitutes."""
    proposals = await PriceProposals(connection).latest()
    products = {one.id: one for one in await Catalogue(connection).active()}
    changes = {
        one.product_id: one.decided_at for one in proposals if one.state == APPROVED and one.decided_at
    }
    # One that was left alone and changed later has both prices within what is compared.
    alone = {
        one.product_id: one.created_at
        for one in proposals
        if one.state == LEFT_ALONE and one.product_id not in changes
    }
    moments = [*changes.values(), *alone.values()]
    if not moments:
        return Outcome(effect=None, substitutes=None, told_by="category")
    first = min(moments)
    sold = defaultdict[str, list[DaySold]](list)
    for row in await PriceProposals(connection).sold(first - MEASURED, now):
        sold[row.product_id].append(row)

    def measured(moved: dict[str, datetime]) -> list[Change]:
        found = (_change(products.get(one), sold[one], at, now) for one, at in moved.items())
        return [one for one in found if one is not None]

    changed = measured(changes)
    near = await _substitutes(connection, changes, first)
    named = {one.product_id for one in proposals}
    untouched = measured(dict.fromkeys((one for one in products if one not in named), first))
    categories = {one.category for one in changed}
    told = sum(one.product in near for one in untouched) >= effects.FEWEST
    if not told:
        near = frozenset(one.product for one in untouched if one.category in categories)
    return Outcome(
        effect=effects.effect(changed, measured(alone)),
        substitutes=effects.spill_over(untouched, near, categories),
        told_by="looks" if told else "category",
    )


async def _substitutes(
    connection: AsyncConnection, changed: Collection[str], first: datetime
) -> frozenset[str]:
    if not changed:
        return frozenset()
    log, since = DemandLog(connection), first - _LOOKED_BACK
    looked = await log.days(("view", "cart"), changed, since, first)
    bought = await log.days(("purchase",), changed, since, first)
    return effects.substitutes(Met(**asdict(looked)), Met(**asdict(bought)))


def _change(item: Product | None, sold: Sequence[DaySold], at: datetime, now: datetime) -> Change | None:
    """None of a product without a cost, and of one that changed less than a week ago."""
    window = min(MEASURED, now - at)
    if item is None or item.cost is None or window < _WEEK:
        return None
    cost, day, days = item.cost, int(at.timestamp()) // 86_400, window // _DAY

    def earned(from_: int, to: int) -> float:
        return sum(row.amount - row.quantity * cost for row in sold if from_ <= row.period < to) / days

    return Change(
        product=item.id,
        category=item.category_id or "",
        before=earned(day - days, day),
        after=earned(day + 1, day + 1 + days),  # the day of the change has both prices
    )
