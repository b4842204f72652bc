"""What may be given away in discounts, how much of it is promised already, and what one customer holds of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import BigKey
from storage.errors import Conflict
from storage.repository import Repository, columns_of, portions
from storage.schema import budget, offer, offer_budget
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
    """Whose part of another budget it is."""
    customer: int | None = None
    """What one customer may get of it, minor units; None: there is no such limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLimits:
    """What an offer has to stay inside when it is kept. Amounts in minor units; None: there is no such limit."""

    rules: tuple[BudgetRule, ...] = ()
    """Every budget that runs now and that the offer would draw on."""
    most_live: int | None = None
    most_made: int | None = None
    made_since: datetime | None = None

    @property
    def since(self) -> datetime | None:
        """The earliest moment from which a customer's offers count; None: only those that hold."""
        moments = [one.starts_at for one in self.rules if one.customer is not None]
        if self.most_made is not None and self.made_since is not None:
            moments.append(self.made_since)
        return min(moments, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """As much of a customer's offer as tells what they have; money in minor units."""

    id: int
    code: str
    product_id: str
    price: int
    list_price: int
    currency: str
    state: str
    valid_until: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """What one customer has of personal prices at a moment."""

    offers: Sequence[Held]
    """The newest first."""
    now: datetime

    @property
    def live(self) -> int:
        """How many hold now."""
        return sum(map(self._holds, self.offers))

    def has_live(self, product_id: str) -> bool:
        """Whether one for the product holds now."""
        return any(one.product_id == product_id and self._holds(one) for one in self.offers)

    def _holds(self, one: Held) -> bool:
        return one.state == "live" and one.valid_until > self.now

    def has_run_out(self, product_id: str) -> bool:
        """Whether one for the product holds no more and nobody has ended it yet."""
        return any(
            one.product_id == product_id and one.state == "live" and one.valid_until <= self.now
            for one in self.offers
        )

    def made(self, since: datetime) -> int:
        """How many were made since a moment, but for withdrawn ones."""
        return sum(one.created_at > since and one.state != "withdrawn" for one in self.offers)

    def promised(self, currency: str, since: datetime) -> int:
        """Taken off by those made since a moment, minor units: used, or live."""
        return sum(
            one.list_price - one.price
            for one in self.offers
            if one.currency == currency
            and one.created_at >= since
            # One that ran out and was not ended yet gives nothing away any more.
            and (one.state == "used" or self._holds(one))
        )

    def left_of(self, rules: Sequence[BudgetRule]) -> list[int]:
        """What may still be given to the customer of each budget that says how much one may get."""
        return [
            one.customer - self.promised(one.currency, one.starts_at)
            for one in rules
            if one.customer is not None
        ]


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
    connection: AsyncConnection,
    amounts: Mapping[str, int],
    within: Mapping[str, int] | None = None,
    rules: Sequence[BudgetRule] = (),
) -> None:
    """Add to what budgets have reserved, or take from it: minor units by the budget's id.

    Args:
        within: totals that must not be passed, by the budget's id; they are kept with the budgets.
        rules: whose budgets are made where they are not there yet.

    Raises:
        Conflict: a budget doesn't hold as much. The transaction must be undone.
    """
    totals, made = within or {}, {one.id: one for one in rules}
    # By id, so that of two transactions that change several budgets one waits for the other and neither for both.
    for name, amount in sorted(amounts.items()):
        if name not in totals:
            await connection.execute(_ADD, {"named": name, "more": amount})
            continue
        within_it = {"named": name, "more": amount, "most": totals[name]}
        if (await connection.execute(_ADD_WITHIN, within_it)).rowcount == 1:
            continue
        # Only the first offer of a budget finds none, and it is not looked for before each.
        if name in made:
            await Budgets(connection).keep([made[name]])
            if (await connection.execute(_ADD_WITHIN, within_it)).rowcount == 1:
                continue
        raise Conflict("the discount budget no longer covers this offer")


# Asked with each price: built once.
_MORE, _MOST = bindparam("more", type_=BigKey), bindparam("most", type_=BigKey)
_ADD = update(budget).where(budget.c.id == bindparam("named")).values(reserved=budget.c.reserved + _MORE)
_ADD_WITHIN = _ADD.where(budget.c.reserved + _MORE <= _MOST).values(total=_MOST)
_HOLDING = (
    select(*columns_of(offer, Held))
    .where(offer.c.customer_id == bindparam("customer"))
    .where(
        (offer.c.valid_until > bindparam("ended_since"))
        | (offer.c.created_at >= bindparam("made_since"))
        | (offer.c.state == "live")
    )
    .order_by(offer.c.id.desc())
)
_RESERVED = select(budget.c.id, budget.c.reserved).where(budget.c.id.in_(bindparam("ids", expanding=True)))
_OF_OFFER = (
    select(*columns_of(budget, Budget))
    .join(offer_budget, offer_budget.c.budget_id == budget.c.id)
    .where(offer_budget.c.offer_id == bindparam("offer"))
)
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

    async def by_rules(self, rules: Sequence[BudgetRule]) -> list[Budget]:
        """What is left of the budgets of rules; their totals are what the rules say now."""
        rows = await self._connection.execute(_RESERVED, {"ids": [one.id for one in rules]})
        reserved = {row.id: int(row.reserved) for row in rows}
        return [
            Budget(id=one.id, total=one.total, reserved=reserved.get(one.id, 0), currency=one.currency)
            for one in rules
        ]

    async def of(self, offer_id: int, limits: OfferLimits | None) -> list[Budget]:
        """Those that an offer draws on; their totals as the rules say now, where they still do."""
        rules = {} if limits is None else {one.id: one.total for one in limits.rules}
        found = await self._list(Budget, _OF_OFFER, {"offer": offer_id})
        return [replace(one, total=rules.get(one.id, one.total)) for one in found]

    async def drawn(self, discounts: Mapping[int, int]) -> Counter[str]:
        """What offers have reserved in each budget, from what each of them takes off."""
        found = Counter[str]()
        for part in portions(discounts):
            rows = await self._connection.execute(
                select(offer_budget.c.offer_id, offer_budget.c.budget_id).where(
                    self._in(offer_budget.c.offer_id, part)
                )
            )
            for row in rows:
                found[row.budget_id] += discounts[row.offer_id]
        return found

    async def given(self, budget_id: str) -> list[Given]:
        """What draws on a budget; together it is what the budget has reserved."""
        statement = (
            select(
                offer.c.reason,
                offer.c.state,
                func.count().label("offers"),
                func.sum(offer.c.list_price - offer.c.price).label("amount"),
            )
            .join(offer_budget, offer_budget.c.offer_id == offer.c.id)
            .where(offer_budget.c.budget_id == budget_id)
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
        rows = [
            {
                "id": rule.id,
                "total": rule.total,
                "reserved": 0,
                "currency": rule.currency,
                "starts_at": rule.starts_at,
                "ends_at": rule.ends_at,
                "campaign": rule.campaign,
                "written": True,
            }
            for rule in sorted(rules, key=lambda one: one.id)
        ]
        await self._connection.execute(insert_ignoring_conflicts(self._connection, budget), rows)

    async def holding(
        self, customer_id: str, now: datetime, *, ended_since: datetime, made_since: datetime | None
    ) -> Holding:
        """The customer's offers that nobody has ended yet, that end after one moment, or were made since another."""
        asked = {"customer": customer_id, "ended_since": ended_since, "made_since": made_since or now}
        return Holding(await self._list(Held, _HOLDING, asked), now)
