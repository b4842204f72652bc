"""The law of personal prices: whatever a policy proposes, a price leaves this module only inside it.

A price is never above the price for everybody and never below the floor of the margin; a discount is never above the
largest one, nor above what is left of the budgets; none follows a complaint that is open, a refusal of profiling or
the switch that turns personal prices off; none is better than one that has just run out; a live offer is given again;
and a step that customers of a tier hold for a product is given to the same or a better tier who asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from kernel.money import decimals
from retention.types import (
    CustomerId,
    LiveOffer,
    LiveStep,
    Money,
    Offer,
    OfferContext,
    PricePolicy,
    ProductId,
    Reason,
)

WHOLE = 10_000
"""Shares are counted in basis points, so that prices need no floating point."""
_ENDING = re.compile(r"(\d*)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a policy would take off, before the law."""

    share: int
    """Of the price for everybody, basis points."""
    policy: str
    probability: float = 1.0
    """The chance with which the policy proposed it."""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """The largest amount off that a guardrail allows, minor units, and what is said where it cuts."""

    most: int
    reason: Reason


@dataclass(slots=True)
class _Draft:
    """An amount off as it goes through the law, with the reasons gathered on the way."""

    off: int = 0
    reasons: list[Reason] = field(default_factory=list)
    until: datetime | None = None


def settle(
    customer: CustomerId, product: ProductId, context: OfferContext, proposal: Proposal, tier: int
) -> Offer:
    """The price that the law lets stand.

    A live offer is given again, even when a complaint was opened or a cost rose since: it was promised. It gets better
    where the customer's tier may ask for a better step. Amounts are rounded down to whole minor units, so that
    rounding never passes a limit.

    Args:
        proposal: of any policy.
        tier: the customer's, by the published loyalty steps.
    """
    list_price = context.product.list_price
    draft = _Draft()
    least = floor_of(context)
    if (refusal := first_of(REFUSALS, context)) is not None:
        draft.reasons.append(Reason(code=refusal))
    elif (live := best_until(context, product, after=context.now)) is not None:
        draft = _promised(product, context, live, tier)
    elif (bar := first_of((*BARS, *CAPS), context)) is not None:
        draft.reasons.append(Reason(code=bar))
    else:
        draft = _made(product, context, proposal, tier)
    validity = timedelta(hours=context.policy.validity_hours)
    return Offer(
        customer=customer,
        product=product,
        price=Money(list_price.minor - draft.off, list_price.currency),
        list_price=list_price,
        floor=Money(min(least, list_price.minor - draft.off), list_price.currency),
        valid_until=draft.until or context.now + validity,
        personal=draft.off > 0,
        policy=proposal.policy,
        probability=proposal.probability,
        reasons=(Reason(code="list_price", value=float(list_price.minor)), *draft.reasons),
        tier=tier,
    )


# --- who gets no personal price -----------------------------------------------------------------------------------

Check = tuple[str, Callable[[OfferContext], bool]]

REFUSALS: tuple[Check, ...] = (
    ("opted_out", lambda context: context.opted_out),
    ("profiling_refused", lambda context: context.profiling_refused),
    ("prices_off", lambda context: not context.policy.enabled),
)
"""What a live offer doesn't outlive."""


def _too_many(context: OfferContext) -> bool:
    policy = context.policy
    held = policy.most_live is not None and context.offers_live >= policy.most_live
    return held or (policy.most_made is not None and context.offers_made >= policy.most_made)


BARS: tuple[Check, ...] = (
    ("complaint_open", lambda context: context.complaint_open),
    ("no_budget", lambda context: not context.budget_set),
    ("no_cost", lambda context: not context.product.cost_known),
)
"""What stands in the way of a better price."""
CAPS: tuple[Check, ...] = (("too_many_offers", _too_many),)
"""What stands in the way of one more offer."""


def first_of(checks: tuple[Check, ...], context: OfferContext) -> str | None:
    """The code of the first one that holds."""
    return next((code for code, holds in checks if holds(context)), None)


# --- how much may be taken off ------------------------------------------------------------------------------------


def by_policy(context: OfferContext, product: ProductId) -> Limit:
    """The largest discount that the shop has published."""
    share = context.policy.max_discount
    part = _share(share)
    most = context.product.list_price.minor * part.numerator // part.denominator
    return Limit(most, Reason(code="capped_by_policy", value=share))


def by_margin(context: OfferContext, product: ProductId) -> Limit:
    """Down to the floor and no further."""
    reason = Reason(code="capped_by_margin", value=margin_of(context))
    return Limit(context.product.list_price.minor - floor_of(context), reason)


def by_budget(context: OfferContext, product: ProductId) -> Limit | None:
    """What is left; nothing, where that is in another currency."""
    budget = context.budget_left
    if budget is None:
        return None
    left = budget.minor if budget.currency == context.product.list_price.currency else 0
    return Limit(left, Reason(code="capped_by_budget", value=float(left)))


def by_cooldown(context: OfferContext, product: ProductId) -> Limit | None:
    """No better offer may follow one that expired so recently."""
    hours = context.policy.cooldown_hours
    expired = best_until(context, product, after=context.now - timedelta(hours=hours), to=context.now)
    if expired is None:
        return None
    reason = Reason(code="cooldown", product=product, value=float(hours))
    return Limit(context.product.list_price.minor - expired.price.minor, reason)


LIMITS: tuple[Callable[[OfferContext, ProductId], Limit | None], ...] = (
    by_policy,
    by_margin,
    by_budget,
    by_cooldown,
)


def floor_of(context: OfferContext) -> int:
    """The lowest price that keeps the margin, in minor units: price - cost ≥ margin · price.

    Never above the list price: where even that misses the margin, there is just no discount. A cost that is unknown,
    or in another currency, can't be compared, so it allows none either.
    """
    list_price, cost = context.product.list_price, context.product.cost
    part = _share(margin_of(context))
    rest = part.denominator - part.numerator
    if not context.product.cost_known or cost.currency != list_price.currency or not rest:
        return list_price.minor
    # In whole numbers, rounded up: the same as cost / (1 - margin), and a tenth of the time.
    least = -(-max(cost.minor, 0) * part.denominator // rest)
    return min(least, list_price.minor)


def margin_of(context: OfferContext) -> float:
    """The margin floor of the product's category."""
    if not context.policy.margin_floors:
        return context.policy.margin_floor
    category = context.product.category.casefold()
    own = (share for name, share in context.policy.margin_floors if name == category)
    return next(own, context.policy.margin_floor)


# --- the price ----------------------------------------------------------------------------------------------------


def _made(product: ProductId, context: OfferContext, proposal: Proposal, tier: int) -> _Draft:
    """A new offer: what the policy proposes or, where that is more, the best step that is live for the tier."""
    list_price = context.product.list_price.minor
    share = min(max(proposal.share, 0), WHOLE)
    limits = list(_limits(context, product))
    own = _cut(list_price * share // WHOLE, list(proposal.reasons), limits, context)
    step = best_step(context, tier)
    if step is None:
        return own
    asked = _cut(_off(step, list_price), [_of_step(step, product)], limits, context)
    if asked.off <= own.off:
        # Why the step that others hold isn't given.
        kept_from = [limit.reason for limit in limits if limit.reason in asked.reasons]
        own.reasons.extend(reason for reason in kept_from if reason not in own.reasons)
        return own
    asked.until = until(step, context)
    return asked


def until(step: LiveStep, context: OfferContext) -> datetime:
    """It ends with the step that it follows: else each who asks would make that step last longer."""
    return min(step.valid_until, context.now + timedelta(hours=context.policy.validity_hours))


def _promised(product: ProductId, context: OfferContext, live: LiveOffer, tier: int) -> _Draft:
    """The live offer or, if that has fallen below it since, the price for everybody; better where a step is."""
    list_price = context.product.list_price.minor
    reason = Reason(code="existing_offer", product=product, value=float(live.price.minor))
    draft = _Draft(max(list_price - live.price.minor, 0), [reason], live.valid_until)
    step = best_step(context, tier)
    if step is None or first_of(BARS, context) is not None:
        return draft
    most = min(
        by_policy(context, product).most,
        by_margin(context, product).most,
        # What it takes off already is reserved.
        draft.off + limit.most if (limit := by_budget(context, product)) else list_price,
    )
    better = min(_off(step, list_price), most)
    if better > draft.off:
        draft.off = better
        draft.reasons.append(_of_step(step, product))
    return draft


def best_step(context: OfferContext, tier: int) -> LiveStep | None:
    """The largest share off that customers of this tier or a lower one hold for the product.

    A win-back message stays with what its own rules give; whoever asks after it gets the step.
    """
    if context.reason == "win_back":
        return None
    currency = context.product.list_price.currency
    steps = (
        one
        for one in context.live_steps
        if one.tier <= tier
        and one.valid_until > context.now
        and one.price.currency == currency
        and 0 <= one.price.minor < one.list_price.minor
    )
    return max(steps, key=lambda one: (_off(one, WHOLE**2), one.valid_until), default=None)


def _off(step: LiveStep, list_price: int) -> int:
    """The step's share of this price: a sale may have ended since the step was given."""
    return list_price * (step.list_price.minor - step.price.minor) // step.list_price.minor


def _of_step(step: LiveStep, product: ProductId) -> Reason:
    return Reason(code="live_step", product=product, value=float(step.tier), weight=_off(step, WHOLE) / WHOLE)


def _limits(context: OfferContext, product: ProductId) -> Iterator[Limit]:
    return (limit for one in LIMITS if (limit := one(context, product)) is not None)


def _cut(off: int, reasons: list[Reason], limits: list[Limit], context: OfferContext) -> _Draft:
    """An amount off cut down to the limits, then on to a price with an ending; nothing where that is too little."""
    draft = _Draft(off, reasons)
    for limit in limits:
        if draft.off > limit.most:
            draft.off = max(limit.most, 0)
            draft.reasons.append(limit.reason)
    list_price = context.product.list_price
    if draft.off and (price := ended(list_price.minor - draft.off, context)) is not None:
        off = list_price.minor - price
        if draft.off < off <= min((limit.most for limit in limits), default=list_price.minor):
            draft.off = off
            draft.reasons.append(Reason(code="price_ending", value=float(price)))
    if draft.off < least_off(context.policy, list_price):
        draft.reasons.append(Reason(code="too_small" if draft.off else "no_discount", value=float(draft.off)))
        draft.off = 0
    return draft


def least_off(policy: PricePolicy, list_price: Money) -> int:
    """The smallest amount off that is worth offering, minor units; at least 1."""
    amount = dict(policy.least_amounts).get(list_price.currency, policy.least_amount)
    return max(-(-list_price.minor * policy.least_share // WHOLE), amount, 1)


def ended(price: int, context: OfferContext) -> int | None:
    """The highest price not above this one that ends as the shop wants its prices to end; None where none does."""
    places = decimals(context.product.list_price.currency)
    found = (_below(price, ending, places) for ending in context.policy.endings)
    return max((one for one in found if one is not None and one >= 0), default=None)


def _below(price: int, ending: str, places: int) -> int | None:
    spacing = spaced(ending, places)
    if spacing is None:
        return None
    modulus, digits = spacing
    return price - (price - digits) % modulus


def spaced(ending: str, places: int) -> tuple[int, int] | None:
    """How far prices with an ending lie apart, and the first of them, minor units; None: there is no such coin."""
    match = _ENDING.fullmatch(ending)
    if match is None:
        return None
    whole, part = match[1], match[2] or ""
    if part[places:].strip("0"):
        return None
    digits = whole + part[:places].ljust(places, "0")
    return int(10 ** len(digits)), int(digits or 0)


def best_until(
    context: OfferContext, product: ProductId, *, after: datetime, to: datetime | None = None
) -> LiveOffer | None:
    """The best of the customer's offers for it that end later than `after` and no later than `to`."""
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


@lru_cache(maxsize=1_024)
def _share(number: float) -> Fraction:
    """A share between 0 and 1 as the decimal fraction that was written, free of binary rounding."""
    if not number > 0:
        return Fraction(0)
    return min(Fraction(str(number)), Fraction(1))
