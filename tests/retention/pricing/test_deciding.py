"""Who asks gets the learned step of their tier inside the law; everybody else, and before that, the published rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from retention import Offer, OfferContext, PricePolicy
from retention.pricing import rules
from retention.pricing.deciding import decide
from retention.pricing.thompson import History, fit
from retention.steps import StepModel
from tests.retention.pricing.contexts import contexts
from tests.retention.pricing.test_thompson import LEVELS, STEPS, counted, logistic

POLICY = PricePolicy(learn=True)


def model(history: History) -> StepModel:
    return fit(history, steps=STEPS, tiers=("0", "1", "2", "3"), rules=rules.steps_of(POLICY), margin=0.4)


LEARNED = model(counted(logistic(LEVELS, np.array([6.0, 6.0, 6.0, 6.0])), 800))
EMPTY = model(History(shown=np.zeros((4, 5), int), bought=np.zeros((4, 5), int)))


def by_rules(context: OfferContext) -> Offer:
    return decide("c", context.product.product, replace(context, steps=None))


def learning(context: OfferContext, steps: StepModel | None = LEARNED) -> OfferContext:
    return replace(context, policy=replace(context.policy, learn=True, loyalty=POLICY.loyalty), steps=steps)


@given(contexts)
@settings(max_examples=150, deadline=None)
def test_a_learned_offer_is_inside_the_law_and_says_what_it_could_have_been(context: OfferContext) -> None:
    context = learning(replace(context, reason="asked"))
    offer = decide("c", context.product.product, context)
    assert offer.floor.minor <= offer.price.minor <= offer.list_price.minor
    chances = {one.price.minor: one.probability for one in offer.eligible}
    assert sum(chances.values()) == pytest.approx(1)
    assert chances[offer.price.minor] == pytest.approx(offer.probability)
    assert all(offer.floor.minor <= price <= offer.list_price.minor for price in chances)


@given(contexts)
@settings(max_examples=60, deadline=None)
def test_win_back_other_steps_and_little_history_keep_to_the_rules(context: OfferContext) -> None:
    told = learning(context)
    assert decide("c", told.product.product, replace(told, reason="win_back")) == by_rules(
        replace(told, reason="win_back")
    )
    asked = replace(told, reason="asked")
    assert decide("c", asked.product.product, replace(asked, steps=EMPTY)) == by_rules(asked)
    other = replace(asked, policy=replace(asked.policy, loyalty=((2, 100), (5, 200), (10, 300))))
    assert decide("c", other.product.product, other) == by_rules(other)
    unasked = replace(asked, policy=replace(asked.policy, learn=False))
    assert decide("c", unasked.product.product, unasked) == by_rules(unasked)
