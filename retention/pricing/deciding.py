"""The price of a product for a customer: a policy proposes, the law decides.

The published rules propose. Where the shop lets its steps be learned, who asks gets the learned step of their tier
instead of the published ones; win-back messages stay with the rules.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from retention.pricing import law, rules, thompson
from retention.pricing.law import WHOLE, Proposal
from retention.pricing.rules import PriceFacts, facts_of, tier_of
from retention.steps import StepModel
from retention.types import CustomerId, Eligible, Money, Offer, OfferContext, ProductId, Reason


def decide(
    customer: CustomerId, product: ProductId, context: OfferContext, daily_sales: float | None = None
) -> Offer:
    """The price of one product for one customer at `context.now`.

    Args:
        daily_sales: units of the product sold a day lately, from the fitted model; None when unknown, and
            then the overstock rule gives nothing.
    """
    facts = facts_of(context, product, daily_sales)
    tier = tier_of(facts, context.policy)
    if (steps := _in_use(context)) is not None:
        return _learned(customer, product, context, facts, tier, steps)
    return law.settle(customer, product, context, rules.propose(facts, context.policy, product), tier)


def _in_use(context: OfferContext) -> StepModel | None:
    """The learned steps, where they are wanted, known, and of the steps that are published now."""
    steps, policy = context.steps, context.policy
    if steps is None or steps.missing or not policy.learn or context.reason == "win_back":
        return None
    return steps if steps.rules == rules.steps_of(policy) else None


def _learned(
    customer: CustomerId,
    product: ProductId,
    context: OfferContext,
    facts: PriceFacts,
    tier: int,
    steps: StepModel,
) -> Offer:
    """The offer of the learned step, with each price that the law makes of a step and the chance that it had."""
    sale = thompson.Sale(
        product=product,
        day=context.now.date(),
        list_price=context.product.list_price.minor,
        cost=context.product.cost.minor,
    )
    choice = thompson.choose(steps, steps.tiers[tier], sale)

    def made(step: int) -> Offer:
        days = Reason(code="loyalty", product=product, value=float(facts.purchase_days), weight=step / WHOLE)
        proposal = Proposal(share=step, policy=steps.version, reasons=(days, *choice.reasons))
        return law.settle(customer, product, context, proposal, tier)

    offer, chances = made(choice.step), defaultdict[int, float](float)
    for step, chance in choice.probabilities:
        if chance:
            chances[(offer if step == choice.step else made(step)).price.minor] += chance
    currency = offer.price.currency
    return replace(
        offer,
        probability=chances[offer.price.minor],
        eligible=tuple(
            Eligible(price=Money(price, currency), probability=chance)
            for price, chance in sorted(chances.items(), reverse=True)
        ),
    )
