"""Personal prices: what no rule can pass, and what each rule gives."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention import Event, EventKind, LiveOffer, Money, Offer, OfferContext, ProductState
from retention.pricing.deciding import decide
from retention.pricing.rules import PriceFacts
from tests.contracts.retention_core import NOW
from tests.retention.pricing.contexts import contexts, events, rates


@given(contexts, rates)
def test_guardrails_hold_whatever_is_asked(context: OfferContext, rate: float | None) -> None:
    offer = decide("c", "p", context, rate)
    assert offer.floor.minor <= offer.price.minor <= offer.list_price.minor
    assert offer.price.minor >= 0
    assert offer.personal == (offer.price.minor < offer.list_price.minor)
    assert offer.probability == 1.0
    codes = [one.code for one in offer.reasons]
    assert codes[0] == "list_price"
    assert len(codes) > 1
    if "existing_offer" in codes:
        return
    given_away = offer.list_price.minor - offer.price.minor
    policy = context.policy
    assert given_away <= max(Fraction(str(policy.max_discount)), 0) * offer.list_price.minor
    if context.budget_left is not None:
        assert given_away <= context.budget_left.minor
    if given_away:
        kept = offer.price.minor - context.product.cost.minor
        assert kept >= Fraction(str(policy.margin_floor)) * offer.price.minor
    if context.opted_out or context.complaint_open:
        assert not given_away


@given(contexts, rates, events)
def test_more_loyal_never_pays_more_in_the_same_state(
    context: OfferContext, rate: float | None, more: list[Event]
) -> None:
    """More kept purchases, all else equal, never raise the price; a new customer has none at all."""
    more = [one for one in more if one.kind is EventKind.PURCHASE]
    new = decide("new", "p", replace(context, events=()), rate)
    some = decide("some", "p", context, rate)
    loyal = decide("loyal", "p", replace(context, events=[*context.events, *more]), rate)
    assert loyal.price.minor <= some.price.minor <= new.price.minor


@given(contexts, rates)
def test_new_customers_are_never_favoured_by_another_state(context: OfferContext, rate: float | None) -> None:
    """Not even a win-back message at any risk gives somebody without purchases more than a customer gets."""
    context = replace(context, live_offers=())
    new = decide("new", "p", replace(context, events=(), reason="win_back", risk=1.0), rate)
    old = decide("old", "p", replace(context, reason="asked", risk=None), rate)
    assert old.price.minor <= new.price.minor


@given(contexts, rates, st.integers(0, 72))
def test_asking_again_changes_nothing_while_the_offer_lives(
    context: OfferContext, rate: float | None, hours: int
) -> None:
    first = decide("c", "p", context, rate)
    if not first.personal or first.valid_until <= NOW + timedelta(hours=hours):
        return
    live = LiveOffer(product="p", price=first.price, code="X", valid_until=first.valid_until)
    later = replace(
        context,
        now=NOW + timedelta(hours=hours),
        live_offers=[live],
        complaint_open=True,
        reason="win_back",
        risk=1.0,
    )
    again = decide("c", "p", later, rate)
    assert again.price == first.price
    assert again.valid_until == first.valid_until


@given(contexts, rates)
def test_same_question_same_price(context: OfferContext, rate: float | None) -> None:
    assert decide("c", "p", context, rate) == decide("c", "p", replace(context, seed=99), rate)


@given(contexts, rates)
def test_later_events_are_not_seen(context: OfferContext, rate: float | None) -> None:
    past = [one for one in context.events if one.at < NOW]
    assert decide("c", "p", context, rate) == decide("c", "p", replace(context, events=past), rate)


# --- by hand

STATE = ProductState(
    product="p", list_price=Money(10_000, "CNY"), cost=Money(5_000, "CNY"), stock=100, category="tea"
)


def purchases(days: int, product: str = "q") -> list[Event]:
    return [
        Event(kind=EventKind.PURCHASE, at=NOW - timedelta(days=10 + number), product=product)
        for number in range(days)
    ]


def offer(rate: float | None = None, **context: Any) -> Offer:
    context = {"product": STATE, **context}
    return decide("c", "p", OfferContext(now=NOW, **context), rate)


def codes(made: Offer) -> list[str]:
    return [one.code for one in made.reasons]


@pytest.mark.parametrize(
    ("events", "price"),
    [
        ([], 10_000),
        (purchases(1), 10_000),
        (purchases(2), 9_700),
        (purchases(5), 9_500),
        (purchases(30), 9_200),
    ],
)
def test_loyalty_in_published_steps(events: list[Event], price: int) -> None:
    assert offer(events=events).price.minor == price


def test_bought_before_adds_to_loyalty() -> None:
    made = offer(events=purchases(2, "p"))
    assert made.price.minor == 9_500
    assert codes(made) == ["list_price", "loyalty", "bought_before"]


def test_what_was_sent_back_earns_nothing() -> None:
    returned = [
        Event(kind=EventKind.RETURN, at=NOW - timedelta(days=1), product="p", quantity=9),
        *purchases(9, "p"),
    ]
    assert codes(offer(events=returned)) == ["list_price", "no_discount"]


def test_overstock_is_for_everybody() -> None:
    assert offer(rate=0.5).price.minor == 9_700
    assert offer(rate=0.2).price.minor == 9_400
    assert offer(rate=5.0).price.minor == 10_000
    assert offer(rate=None).price.minor == 10_000


def test_win_back_grows_with_the_risk_and_only_in_a_win_back() -> None:
    once = purchases(1)
    prices = [offer(events=once, reason="win_back", risk=risk).price.minor for risk in (0.4, 0.5, 0.75, 1.0)]
    assert prices == [10_000, 9_500, 9_000, 8_500]
    assert offer(events=once, reason="asked", risk=1.0).price.minor == 10_000
    assert offer(events=[], reason="win_back", risk=1.0).price.minor == 10_000
    assert offer(events=once, reason="win_back", risk=float("nan")).price.minor == 10_000


def test_every_cap_says_so() -> None:
    loyal: dict[str, Any] = {"events": purchases(12, "p"), "reason": "win_back", "risk": 1.0}
    assert offer(**loyal).price.minor == 8_000
    assert codes(offer(**loyal))[-1] == "capped_by_policy"
    dear = replace(STATE, cost=Money(8_500, "CNY"))
    made = offer(**loyal, product=dear)
    assert (made.price.minor, codes(made)[-1]) == (9_445, "capped_by_margin")
    made = offer(**loyal, budget_left=Money(123, "CNY"))
    assert (made.price.minor, codes(made)[-1]) == (9_877, "capped_by_budget")
    made = offer(**loyal, budget_left=Money(10**6, "USD"))
    assert (made.price.minor, codes(made)[-1]) == (10_000, "no_discount")
    made = offer(**loyal, product=replace(STATE, cost=Money(1, "USD")))
    assert made.price.minor == 10_000


def test_no_better_offer_soon_after_one_expired() -> None:
    expired = LiveOffer(
        product="p", price=Money(9_900, "CNY"), code="X", valid_until=NOW - timedelta(hours=23)
    )
    made = offer(events=purchases(12), live_offers=[expired])
    assert (made.price.minor, codes(made)[-1]) == (9_900, "cooldown")
    long_ago = replace(expired, valid_until=NOW - timedelta(hours=25))
    assert offer(events=purchases(12), live_offers=[long_ago]).price.minor == 9_200


def test_a_promise_outlives_a_rising_cost_but_not_a_falling_list_price() -> None:
    live = LiveOffer(product="p", price=Money(9_000, "CNY"), code="X", valid_until=NOW + timedelta(hours=1))
    kept = offer(product=replace(STATE, cost=Money(9_500, "CNY")), live_offers=[live])
    assert kept.price.minor == 9_000
    fallen = offer(product=replace(STATE, list_price=Money(8_000, "CNY")), live_offers=[live])
    assert (fallen.price.minor, fallen.personal) == (8_000, False)


def test_prices_know_nothing_but_the_allow_list() -> None:
    assert {one.name for one in fields(PriceFacts)} == {
        "purchase_days", "bought_before", "win_back_risk", "days_of_cover",
    }  # fmt: skip


@given(contexts, rates, st.lists(st.builds(
    Event,
    kind=st.sampled_from([EventKind.VIEW, EventKind.SEARCH, EventKind.CART, EventKind.RATING, EventKind.MESSAGE]),
    at=st.just(NOW - timedelta(hours=1)),
    product=st.just("p"),
)))  # fmt: skip
def test_looking_often_never_changes_the_price(
    context: OfferContext, rate: float | None, looks: list[Event]
) -> None:
    """A strong wish to buy must not show in the price, up or down."""
    keen = replace(context, events=[*context.events, *looks])
    assert decide("c", "p", keen, rate) == decide("c", "p", context, rate)
