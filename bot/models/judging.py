"""What the logged price policies are worth: decisions out of the store, values by `retention.pricing.off_policy`."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from retention.errors import OutsideSupport
from retention.pricing import law
from retention.pricing.off_policy import (
    Decision,
    DecisionLog,
    GroupMean,
    Promotion,
    Value,
    parity,
    promote,
    self_normalised,
)
from retention.pricing.rules import steps_of, tier_of_days
from retention.pricing.thompson import History
from retention.steps import VERSION
from retention.types import PricePolicy
from storage.decided import Bought, Decided, OfferLog

WHOLE = 10_000
LIST_PRICE = "0"
LOOK_BACK = timedelta(days=365)
_NOT_OF_A_STEP = frozenset(
    {code for code, _ in (*law.REFUSALS, *law.BARS, *law.CAPS)} | {"live_step", "bought_before", "overstock"}
)
"""Reasons of prices that say nothing of a tier's step: the law refused one, another customer's was given, or rules that
go by the product added to it, such as for those who buy it again and would have done so anyway."""
_OF_A_STEP = 100
"""Basis points that rounding may take from a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A logged policy; money in minor units of its currency."""

    policy: str
    currency: str
    decisions: int
    customers: int
    bought: float
    """The share of decisions that a purchase followed while the price held."""
    discount: float
    """Mean basis points off."""
    value: Value
    """Margin a decision."""
    list_price: Value | None
    """What the list price for everybody would have brought; None where the log doesn't tell."""
    verdict: Promotion | None
    """Whether the list price for everybody would be promoted over it."""
    unknown_costs: int
    """Decisions left out, since what the product costs is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All that was logged."""

    policies: tuple[Judged, ...]
    by_language: tuple[GroupMean, ...]
    """Mean discounts, basis points, by the customers' language; so by their tier."""
    by_tier: tuple[GroupMean, ...]


async def judged(connection: AsyncConnection, now: datetime, *, margin: float | None = None) -> Judgement:
    """Judge every policy by its decisions of the last year whose time is over.

    Args:
        margin: share of the price above cost, where a product's cost is unknown; None: such products are left out.
    """
    log, since = OfferLog(connection), now - LOOK_BACK
    decided, bought = await log.decided(now, since=since), await log.bought(now, since=since)
    # In a thread: of a year's decisions it takes seconds, in which the console would stand still.
    return await asyncio.to_thread(_judgement, decided, bought, margin)


def _judgement(decided: Sequence[Decided], bought: Sequence[Bought], margin: float | None) -> Judgement:
    told, whose = _first_of_a_day(decided)
    margins = _margins(_credited(told, whose, bought), margin)
    by_policy: dict[tuple[str, str], list[Decided]] = defaultdict(list)
    for one in told:
        by_policy[one.policy, one.currency].append(one)
    judgements = [
        _judged(policy, currency, rows, margins, margin)
        for (policy, currency), rows in sorted(by_policy.items())
    ]
    offered = np.array([_off(one.price, one) for one in told], np.float64)
    customers = [one.customer_id for one in told]
    return Judgement(
        policies=tuple(one for one in judgements if one is not None),
        by_language=parity([one.language for one in told], offered, customers),
        by_tier=parity([one.tier for one in told], offered, customers),
    )


async def step_history(
    connection: AsyncConnection,
    now: datetime,
    *,
    steps: Sequence[int],
    tiers: int,
    tier_of: Callable[[Decided], int],
) -> History:
    """How often each step was offered to those of a tier who asked in the last year, and followed by a purchase while
    it held.

    Args:
        steps: basis points, rising, the first 0; a discount between two counts for the smaller.
        tier_of: a customer's tier when a price was told, from 0.
    """
    log, since = OfferLog(connection), now - LOOK_BACK
    told, whose = _first_of_a_day(await log.decided(now, since=since))
    credited = _credited(told, whose, await log.bought(now, since=since))
    buying = {decision.id for decision, _ in credited}
    shown, bought = np.zeros((2, tiers, len(steps)), np.int64)
    for one in filter(_was_asked, told):
        place = tier_of(one), bisect_right(steps, _off(one.price, one)) - 1
        shown[place] += 1
        bought[place] += one.id in buying
    return History(shown=shown, bought=bought)


async def rules_beside_learned(
    connection: AsyncConnection, now: datetime, *, policy: PricePolicy, margin: float | None = None
) -> Promotion | None:
    """Whether the published loyalty steps would have brought more than the learned ones; None where nothing tells.

    Both are valued on the decisions that gave the published step a chance.
    """
    log, since = OfferLog(connection), now - LOOK_BACK
    told, whose = _first_of_a_day(await log.decided(now, since=since))
    margins = _margins(_credited(told, whose, await log.bought(now, since=since)), margin)
    steps, decisions, chosen = steps_of(policy), [], []
    for one in told:
        if one.policy != VERSION or not _was_asked(one) or _cost(one, margin) is None:
            continue
        decision = _decision(one, margins.get(one.id, 0.0))
        step = _nearest(decision, steps[tier_of_days(one.purchase_days, policy)])
        if step is not None:
            decisions.append(decision)
            chosen.append(step)
    if not decisions:
        return None
    kept = DecisionLog.of(decisions)
    target = np.zeros_like(kept.probability)
    target[np.arange(len(chosen)), [kept.actions.index(one) for one in chosen]] = 1.0
    return promote(self_normalised(kept, target), self_normalised(kept, kept.probability))


def _nearest(decision: Decision, step: int) -> str | None:
    """What the law made of a step: the largest discount that could have been chosen and is no more than it."""
    could = [
        int(one)
        for one, chance in zip(decision.eligible, decision.probabilities, strict=True)
        if chance > 0 and step - _OF_A_STEP <= int(one) <= step
    ]
    return str(max(could)) if could else None


def _was_asked(one: Decided) -> bool:
    """Whether a customer asked, and nothing but the step of their tier made the price."""
    return one.conversation_id is not None and not any(
        reason.get("code") in _NOT_OF_A_STEP for reason in one.reasons
    )


def _first_of_a_day(told: Sequence[Decided]) -> tuple[list[Decided], dict[int, int]]:
    """The decisions, and the decision that each price told belongs to, by id: a price told again the same day, or
    because it was promised, is no new one."""
    found: dict[tuple[str, str, date], Decided] = {}
    latest: dict[tuple[str, str], tuple[str, str, date]] = {}
    whose: dict[int, int] = {}
    for one in told:
        pair = one.customer_id, one.product_id
        again = pair in latest and any(reason.get("code") == "existing_offer" for reason in one.reasons)
        place = latest[pair] if again else (*pair, one.at.date())
        latest[pair] = place
        whose[one.id] = found.setdefault(place, one).id
    return list(found.values()), whose


def _credited(
    told: Sequence[Decided], whose: Mapping[int, int], bought: Sequence[Bought]
) -> list[tuple[Decided, Bought]]:
    """What was bought, each with the last decision before it."""
    known = {one.id: one for one in told}
    last: dict[tuple[str, int], tuple[Decided, Bought]] = {}
    for one in bought:
        place, decision = (one.order_id, one.line), known[whose[one.decided]]
        if place not in last or decision.at >= last[place][0].at:
            last[place] = decision, one
    return list(last.values())


def _margins(credited: Sequence[tuple[Decided, Bought]], margin: float | None) -> dict[int, float]:
    """The margin after each decision that something was bought after."""
    margins: dict[int, float] = defaultdict(float)
    for decision, one in credited:
        cost = _cost(decision, margin)
        if cost is not None:
            margins[decision.id] += one.quantity * (one.unit_price - cost)
    return margins


def _cost(one: Decided, margin: float | None) -> int | None:
    if one.cost is not None or margin is None:
        return one.cost
    return round(one.list_price * (1 - margin))


def _judged(
    policy: str, currency: str, rows: Sequence[Decided], margins: dict[int, float], margin: float | None
) -> Judged | None:
    usable = [one for one in rows if _cost(one, margin) is not None]
    if not usable:
        return None
    log = DecisionLog.of([_decision(one, margins.get(one.id, 0.0)) for one in usable])
    value = self_normalised(log, log.probability)
    others = _at_list_price(log)
    return Judged(
        policy=policy,
        currency=currency,
        decisions=len(usable),
        customers=len({one.customer_id for one in usable}),
        bought=sum(one.id in margins for one in usable) / len(usable),
        discount=float(np.mean([_off(one.price, one) for one in usable])),
        value=value,
        list_price=others,
        verdict=None if others is None else promote(others, value),
        unknown_costs=len(rows) - len(usable),
    )


def _at_list_price(log: DecisionLog) -> Value | None:
    """None where some decision gave the list price no chance: nothing was logged there of what it would have done."""
    target = np.zeros_like(log.probability)
    if LIST_PRICE not in log.actions:
        return None
    target[:, log.actions.index(LIST_PRICE)] = 1.0
    try:
        return self_normalised(log, target)
    except OutsideSupport:
        return None


def _decision(one: Decided, margin: float) -> Decision:
    chances: dict[str, float] = defaultdict(float)
    for each in one.eligible:
        chances[str(_off(int(each["price"]), one))] += float(each["probability"])
    return Decision(
        eligible=tuple(chances),
        probabilities=tuple(chances.values()),
        choice=str(_off(one.price, one)),
        outcome=margin,
        # A product and day is one draw for everybody.
        cluster=f"{one.product_id}:{one.at.date()}",
        group=one.product_id,
    )


def _off(price: int, one: Decided) -> int:
    """Basis points below what everybody paid then: the highest price that could have been chosen."""
    everybody = max([int(each["price"]) for each in one.eligible] + [int(one.price)])
    return round((everybody - price) * WHOLE / everybody) if everybody else 0
