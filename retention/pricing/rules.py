"""Personal prices: published rules over an allow-list of facts, inside guardrails that no rule can pass.

The rules only ever add to a discount, and each grows with loyalty or doesn't depend on it; the guardrails
(`max_discount`, margin floor, budget, cooldown) only ever cut it, whoever asks. So of two customers in the
same state the more loyal one never gets the higher price. There is no exploration: everybody to whom the same
facts apply gets the same price, with probability 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor

from retention.types import (
    CustomerId,
    EventKind,
    LiveOffer,
    Money,
    Offer,
    OfferContext,
    ProductId,
    Reason,
)

POLICY = "rules/1"

WHOLE = 10_000
"""Shares are counted in basis points, so that prices need no floating point."""

LOYALTY_STEPS = ((2, 300), (5, 500), (10, 800))
"""(purchase days kept in the last year, basis points off): the highest step reached counts."""
BOUGHT_BEFORE = 200
"""Basis points off a product that the customer has bought and kept."""
OVERSTOCK_STEPS = ((180.0, 300), (365.0, 600))
"""(days the stock will last at the present rate of sale, basis points off); for everybody."""
WIN_BACK_FROM_RISK = 0.5
WIN_BACK_LEAST = 500
WIN_BACK_MOST = 1_500
"""Basis points off in a win-back message, growing evenly with the risk from `WIN_BACK_FROM_RISK` to 1."""
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


@dataclass(slots=True)
class _Draft:
    """The discount as it goes through the rules and guardrails, with the reasons gathered on the way."""

    discount: int = 0
    reasons: list[Reason] = field(default_factory=list)

    def cap(self, most: int, reason: Reason) -> None:
        if self.discount > most:
            self.discount = max(most, 0)
            self.reasons.append(reason)


def facts_of(context: OfferContext, product: ProductId, daily_sales: float | None) -> PriceFacts:
    """The allowed facts of a customer and a product as of `context.now`; later events are not seen."""
    kept: dict[ProductId | None, int] = {}
    days: dict[ProductId | None, set[int]] = {}
    since = context.now - LOYALTY_WINDOW
    for event in context.events:
        if event.at >= context.now or event.kind not in (EventKind.PURCHASE, EventKind.RETURN):
            continue
        bought = event.kind is EventKind.PURCHASE
        units = abs(event.quantity)
        kept[event.product] = kept.get(event.product, 0) + (units if bought else -units)
        if bought and event.at >= since:
            days.setdefault(event.product, set()).add(event.at.toordinal())
    kept_days: set[int] = set()
    for one, its_days in days.items():
        if kept[one] > 0:
            kept_days |= its_days
    is_customer = any(units > 0 for units in kept.values())
    return PriceFacts(
        purchase_days=len(kept_days),
        bought_before=kept.get(product, 0) > 0,
        win_back_risk=context.risk if context.reason == "win_back" and is_customer else None,
        days_of_cover=context.product.stock / daily_sales if daily_sales else None,
    )


def decide(
    customer: CustomerId, product: ProductId, context: OfferContext, daily_sales: float | None = None
) -> Offer:
    """The price of one product for one customer at `context.now`.

    A live offer is given again unchanged, even when a complaint was opened or a cost rose since: it was
    promised. Otherwise the rules' shares are added and cut down to the guardrails, and the discount is
    rounded down to whole minor units, so that rounding never passes one.

    Args:
        daily_sales: units of the product sold a day lately, from the fitted model; None when unknown, and
            then the overstock rule gives nothing.
    """
    list_price = context.product.list_price
    least = _floor(context)
    draft = _Draft(reasons=[Reason(code="list_price", value=float(list_price.minor))])
    live = None
    if context.opted_out or not context.policy.enabled:
        draft.reasons.append(Reason(code="opted_out" if context.opted_out else "no_discount"))
    elif (live := _best_until(context, product, after=context.now)) is not None:
        # Or the list price, if that has fallen below it since.
        draft.discount = max(list_price.minor - live.price.minor, 0)
        least = min(least, list_price.minor - draft.discount)
        draft.reasons.append(Reason(code="existing_offer", product=product, value=float(live.price.minor)))
    elif context.complaint_open:
        draft.reasons.append(Reason(code="complaint_open"))
    else:
        _apply_rules(draft, facts_of(context, product, daily_sales), list_price.minor, product)
        _apply_guardrails(draft, context, product, least)
        if draft.discount == 0:
            draft.reasons.append(Reason(code="no_discount"))
    validity = timedelta(hours=context.policy.validity_hours)
    return Offer(
        customer=customer,
        product=product,
        price=Money(list_price.minor - draft.discount, list_price.currency),
        list_price=list_price,
        floor=Money(least, list_price.currency),
        valid_until=live.valid_until if live is not None else context.now + validity,
        personal=draft.discount > 0,
        policy=POLICY,
        probability=1.0,
        reasons=tuple(draft.reasons),
    )


def _apply_rules(draft: _Draft, facts: PriceFacts, list_price: int, product: ProductId) -> None:
    """Add up what each rule gives; every rule that gives something leaves its reason."""
    share = 0
    for code, points, value in (
        ("loyalty", _step(LOYALTY_STEPS, facts.purchase_days), float(facts.purchase_days)),
        ("bought_before", BOUGHT_BEFORE if facts.bought_before else 0, None),
        ("overstock", _step(OVERSTOCK_STEPS, facts.days_of_cover or 0.0), facts.days_of_cover),
        ("win_back", _win_back(facts.win_back_risk), facts.win_back_risk),
    ):
        if points:
            share += points
            draft.reasons.append(Reason(code=code, product=product, value=value, weight=points / WHOLE))
    draft.discount = list_price * min(share, WHOLE) // WHOLE


def _apply_guardrails(draft: _Draft, context: OfferContext, product: ProductId, least: int) -> None:
    """Cut the discount down to what policy, margin, budget and cooldown allow."""
    policy = context.policy
    list_price = context.product.list_price
    most = floor(list_price.minor * _share(policy.max_discount))
    draft.cap(most, Reason(code="capped_by_policy", value=policy.max_discount))
    draft.cap(list_price.minor - least, Reason(code="capped_by_margin", value=policy.margin_floor))
    if context.budget_left is not None:
        same = context.budget_left.currency == list_price.currency
        left = context.budget_left.minor if same else 0
        draft.cap(left, Reason(code="capped_by_budget", value=float(left)))
    # No better offer may follow one that expired so recently.
    since = context.now - timedelta(hours=policy.cooldown_hours)
    expired = _best_until(context, product, after=since, to=context.now)
    if expired is not None:
        reason = Reason(code="capped_by_policy", product=product, value=float(policy.cooldown_hours))
        draft.cap(list_price.minor - expired.price.minor, reason)


def _step(steps: tuple[tuple[float, int], ...], value: float) -> int:
    return max((points for start, points in steps if value >= start), default=0)


def _win_back(risk: float | None) -> int:
    if risk is None or not risk >= WIN_BACK_FROM_RISK:
        return 0
    part = (min(risk, 1.0) - WIN_BACK_FROM_RISK) / (1 - WIN_BACK_FROM_RISK)
    return WIN_BACK_LEAST + int(part * (WIN_BACK_MOST - WIN_BACK_LEAST))


def _share(number: float) -> Fraction:
    """A share between 0 and 1 as the decimal fraction that was written, free of binary rounding."""
    if not number > 0:
        return Fraction(0)
    return min(Fraction(str(number)), Fraction(1))


def _floor(context: OfferContext) -> int:
    """The lowest price that keeps the margin, in minor units: price - cost ≥ margin · price.

    Never above the list price: where even that misses the margin, there is just no discount. A cost in
    another currency can't be compared, so it allows none either.
    """
    list_price, cost = context.product.list_price, context.product.cost
    margin = _share(context.policy.margin_floor)
    if cost.currency != list_price.currency or margin >= 1:
        return list_price.minor
    return min(ceil(max(cost.minor, 0) / (1 - margin)), list_price.minor)


def _best_until(
    context: OfferContext, product: ProductId, *, after: datetime, to: datetime | None = None
) -> LiveOffer | None:
    """The best of the product's offers that are valid until later than `after` and no later than `to`."""
    currency = context.product.list_price.currency
    found = (
        one
        for one in context.live_offers
        if one.product == product
        and one.price.currency == currency
        and after < one.valid_until
        and (to is None or one.valid_until <= to)
    )
    return min(found, key=lambda one: (one.price.minor, one.code), default=None)
