"""What may be given away in discounts, how much of it is promised already, and what one customer holds of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict
from storage.repository import Repository, columns_of
from storage.schema import budget, offer
from storage.upsert import insert_ignoring_conflicts


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
class BudgetRule:
    """A budget as the shop's rules have it now; kept from the first offer that draws on it."""

    id: str
    total: int
    currency: str
    starts_at: datetime
    ends_at: datetime
    campaign: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLimits:
    """What an offer has to stay inside when it is kept. Amounts in minor units; None: there is no such limit."""

    total: BudgetRule | None = None
    campaign: BudgetRule | None = None
    customer: int | None = None
    """For one customer while the total budget's period runs."""
    most_live: int | None = None
    most_made: int | None = None
    made_since: datetime | None = None

    @property
    def rules(self) -> tuple[BudgetRule, ...]:
        """The budgets, the total first; a campaign's is a part of that."""
        if self.total is None:
            return ()
        return (self.total,) if self.campaign is None else (self.total, self.campaign)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one customer has of personal prices."""

    live: int
    """Those that hold now."""
    made: int
    """Those made since a moment, but for withdrawn ones."""
    promised: int
    """Taken off by those made since the period began, minor units: used, or live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What offers of one kind and state take off, of what a budget holds."""

    reason: str
    """Why they were made: asked, recommended or win_back."""
    state: str
    """live or used."""
    offers: int
    amount: int
    """Minor units."""


async def change_reserved(
    connection: AsyncConnection, amounts: Mapping[str | None, int], within: Mapping[str, int] | None = None
) -> None:
    """Add to what budgets have reserved, or take from it: minor units by the budget's id; None is no budget.

    Args:
        within: totals that must not be passed, by the budget's id; they are kept with the budgets.

    Raises:
        Conflict: a budget doesn't hold as much. The transaction must be undone.
    """
    totals = within or {}
    # By id, so that of two transactions that change several budgets one waits for the other and neither for both.
    for budget_id, amount in sorted((name, sum_) for name, sum_ in amounts.items() if name is not None):
        changed = update(budget).where(budget.c.id == budget_id)
        if budget_id in totals:
            changed = changed.values(total=totals[budget_id]).where(
                budget.c.reserved + amount <= totals[budget_id]
            )
        done = await connection.execute(changed.values(reserved=budget.c.reserved + amount))
        if budget_id in totals and done.rowcount != 1:
            raise Conflict("the discount budget no longer covers this offer")


def _holding() -> Any:
    theirs = select(func.count()).where(offer.c.customer_id == bindparam("customer"))
    live = theirs.where(offer.c.state == "live", offer.c.valid_until > bindparam("now"))
    made = theirs.where(offer.c.created_at > bindparam("made_since"), offer.c.state != "withdrawn")
    promised = (
        select(func.coalesce(func.sum(offer.c.list_price - offer.c.price), 0))
        .where(offer.c.customer_id == bindparam("customer"), offer.c.currency == bindparam("currency"))
        .where(offer.c.state.in_(("live", "used")), offer.c.created_at >= bindparam("period_since"))
        # One that ran out and was not ended yet gives nothing away any more.
        .where((offer.c.state == "used") | (offer.c.valid_until > bindparam("now")))
    )
    return select(live.scalar_subquery(), made.scalar_subquery(), promised.scalar_subquery())


# Asked with each price: built once.
_HOLDING = _holding()
_RESERVED = select(budget.c.reserved).where(budget.c.id == bindparam("id"))
_RUNNING = (
    select(*columns_of(budget, Budget))
    .where(budget.c.currency == bindparam("currency"), budget.c.starts_at <= bindparam("now"))
    .where(budget.c.ends_at > bindparam("now"), budget.c.written.is_(False), budget.c.campaign.is_(None))
    .order_by(budget.c.id)
    .limit(1)
)


class Budgets(Repository):
    """Those that a shop's rules make, and those that were put here without a rule, as in the demo."""

    async def running(self, currency: str, now: datetime) -> Budget | None:
        """The one without a rule that runs now, or None."""
        return await self._one(Budget, _RUNNING, {"currency": currency, "now": now})

    async def by_rule(self, rule: BudgetRule) -> Budget:
        """What is left of a rule's budget; its total is what the rule says now."""
        reserved = await self._connection.scalar(_RESERVED, {"id": rule.id})
        return Budget(id=rule.id, total=rule.total, reserved=int(reserved or 0), currency=rule.currency)

    async def of(self, ids: Sequence[str], limits: OfferLimits | None) -> list[Budget]:
        """Those that an offer draws on; their totals as the rules say now, where they still do."""
        rules = {} if limits is None else {one.id: one.total for one in limits.rules}
        found = await self._list(Budget, select(*columns_of(budget, Budget)).where(budget.c.id.in_(ids)))
        return [replace(one, total=rules.get(one.id, one.total)) for one in found]

    async def given(self, budget_id: str) -> list[Given]:
        """What draws on a budget; together it is what the budget has reserved."""
        statement = (
            select(
                offer.c.reason,
                offer.c.state,
                func.count().label("offers"),
                func.sum(offer.c.list_price - offer.c.price).label("amount"),
            )
            .where((offer.c.budget_id == budget_id) | (offer.c.campaign_budget_id == budget_id))
            .where(offer.c.state.in_(("live", "used")))
            .group_by(offer.c.reason, offer.c.state)
            .order_by(offer.c.reason, offer.c.state)
        )
        rows = await self._connection.execute(statement)
        return [
            Given(reason=row.reason, state=row.state, offers=int(row.offers), amount=int(row.amount))
            for row in rows
        ]

    async def keep(self, rules: Sequence[BudgetRule]) -> None:
        """Make those that are not there yet."""
        for rule in sorted(rules, key=lambda one: one.id):
            await self._connection.execute(
                insert_ignoring_conflicts(self._connection, budget),
                {
                    "id": rule.id,
                    "total": rule.total,
                    "reserved": 0,
                    "currency": rule.currency,
                    "starts_at": rule.starts_at,
                    "ends_at": rule.ends_at,
                    "campaign": rule.campaign,
                    "written": True,
                },
            )

    async def holding(
        self, customer_id: str, currency: str, now: datetime, *, made_since: datetime, period_since: datetime
    ) -> Holding:
        """What the customer has; see `Holding`."""
        asked = {
            "customer": customer_id,
            "currency": currency,
            "now": now,
            "made_since": made_since,
            "period_since": period_since,
        }
        row = (await self._connection.execute(_HOLDING, asked)).one()
        return Holding(live=int(row[0]), made=int(row[1]), promised=int(row[2]))
