"""The published rules, a policy of personal prices: shares over an allow-list of facts.

The rules only ever add to a discount, and each grows with loyalty or doesn't depend on it; the law
(`retention.pricing.law`) cuts the sum down, whoever asks. So of two customers in the same state the more loyal one
never gets the higher price. There is no exploration: everybody to whom the same facts apply gets the same price,
with probability 1.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from retention.pricing.law import WHOLE, Proposal
from retention.types import EventKind, OfferContext, PricePolicy, ProductId, Reason

POLICY = "rules/1"
LOYALTY_WINDOW = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts:
    """All that a price may depend on besides the product's own price, cost and stock.

    This is the allow-list: rules get these facts and never the context they came from. It holds nothing about
    device, place, language, hour, views, searches or how much a customer usually spends.
    """

    purchase_days: int
    """Days in the last year on which something was bought that was not returned."""
    bought_before: bool
    """This product was bought and kept."""
    win_back_risk: float | None
    """The churn probability when this is a win-back message to somebody who has bought before; else None."""
    days_of_cover: float | None
    """Days the stock will last at the present rate of sale; None when no rate is known."""


def facts_of(context: OfferContext, product: ProductId, daily_sales: float | None) -> PriceFacts:
    """The allowed facts of a customer and a product as of `context.now`; later events are not seen."""
    kept: dict[ProductId | None, int] = {}
    days: defaultdict[ProductId | None, set[int]] = defaultdict(set)
    since = context.now - LOYALTY_WINDOW
    # Bound once: these lines are half of the time that the rules take for who has bought much.
    now, purchase, returned = context.now, EventKind.PURCHASE, EventKind.RETURN
    for event in context.events:
        kind, at, one = event.kind, event.at, event.product
        if (kind is not purchase and kind is not returned) or at >= now:
            continue
        units = abs(event.quantity)
        kept[one] = kept.get(one, 0) + (units if kind is purchase else -units)
        if kind is purchase and at >= since:
            days[one].add(at.toordinal())
    kept_days: set[int] = set()
    for one, its_days in days.items():
        if kept[one] > 0:
            kept_days |= its_days
    is_customer = any(units > 0 for units in kept.values())
    return PriceFacts(
        purchase_days=len(kept_days),
        bought_before=kept.get(product, 0) > 0,
        win_back_risk=context.risk if context.reason == "win_back" and is_customer else None,
        days_of_cover=max(context.product.stock, 0) / daily_sales if daily_sales else None,
    )


def tier_of(facts: PriceFacts, policy: PricePolicy) -> int:
    """How many of the loyalty steps a customer has reached."""
    return tier_of_days(facts.purchase_days, policy)


def tier_of_days(purchase_days: int, policy: PricePolicy) -> int:
    """The tier of so many purchase days."""
    return sum(purchase_days >= days for days, _ in policy.loyalty)


def steps_of(policy: PricePolicy) -> tuple[int, ...]:
    """What the loyalty steps give each tier, basis points; the first is of those below all of them."""
    return (0, *(off for _, off in policy.loyalty))


@lru_cache(maxsize=64)
def policy_id(policy: PricePolicy) -> str:
    """`rules/1`; where a shop has changed anything of it, with a mark of what it set."""
    if policy == PricePolicy():
        return POLICY
    return f"{POLICY}+{hashlib.sha256(repr(policy).encode()).hexdigest()[:8]}"


def propose(facts: PriceFacts, policy: PricePolicy, product: ProductId) -> Proposal:
    """What the rules give together; each that gives something leaves its reason."""
    given = list(_given(facts, policy, product))
    share = min(sum(points for points, _ in given), WHOLE)
    return Proposal(share=share, policy=policy_id(policy), reasons=tuple(reason for _, reason in given))


def _given(facts: PriceFacts, policy: PricePolicy, product: ProductId) -> Iterator[tuple[int, Reason]]:
    for code, points, value in (
        ("loyalty", _step(policy.loyalty, facts.purchase_days), float(facts.purchase_days)),
        ("bought_before", policy.bought_before if facts.bought_before else 0, None),
        ("overstock", _step(policy.overstock, facts.days_of_cover or 0.0), facts.days_of_cover),
        ("win_back", _win_back(facts.win_back_risk, policy), facts.win_back_risk),
    ):
        if points:
            yield points, Reason(code=code, product=product, value=value, weight=points / WHOLE)


def _step(steps: tuple[tuple[float, int], ...], value: float) -> int:
    return max((points for start, points in steps if value >= start), default=0)


def _win_back(risk: float | None, policy: PricePolicy) -> int:
    if risk is None or not risk >= policy.win_back_from:
        return 0
    part = (min(risk, 1.0) - policy.win_back_from) / (1 - policy.win_back_from)
    return policy.win_back_least + int(part * (policy.win_back_most - policy.win_back_least))
