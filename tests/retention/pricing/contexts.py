"""Situations in which a price is asked for, as Hypothesis draws them."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from retention import Event, EventKind, LiveOffer, Money, OfferContext, PricePolicy, ProductState, Reason
from retention.pricing.law import Proposal
from retention.types import LiveStep
from tests.contracts.retention_core import NOW

money = st.integers(0, 10**9).map(lambda minor: Money(minor, "CNY"))
near = st.integers(7_000, 9_999).map(lambda minor: Money(minor, "CNY"))
"""Prices at which the rules, and not a cap, make the difference."""

# The sampled values are those with which the rules, and not a cap, make the price.
policies = st.builds(
    PricePolicy,
    enabled=st.sampled_from([True, True, True, False]),
    margin_floor=st.sampled_from([0.0, 0.1, 0.1]) | st.floats(0, 1.2),
    margin_floors=st.sampled_from([(), (), (("tea", 0.4),), (("mugs", 0.9),)]),
    max_discount=st.sampled_from([0.2, 0.5]) | st.floats(-0.1, 1.5),
    least_share=st.sampled_from([0, 100, 100, 500]),
    least_amount=st.sampled_from([0, 50, 300]),
    endings=st.sampled_from([(), (), (".90",), (".00", ".50"), ("9.90", "9"), (".999",)]),
    most_live=st.none() | st.integers(0, 3),
    most_made=st.none() | st.integers(0, 3),
    validity_hours=st.integers(1, 100),
    cooldown_hours=st.integers(0, 100),
)
products = st.builds(
    ProductState,
    product=st.just("p"),
    list_price=st.just(Money(9_999, "CNY")) | money,
    cost=st.just(Money(4_321, "CNY")) | money,
    cost_known=st.sampled_from([True, True, True, False]),
    stock=st.integers(-5, 10_000),
    category=st.sampled_from(["Tea", "cups"]),
)
events = st.lists(
    st.builds(
        Event,
        kind=st.sampled_from([EventKind.PURCHASE, EventKind.PURCHASE, EventKind.VIEW, EventKind.RETURN]),
        at=st.integers(-2_000, 24 * 500).map(lambda hours: NOW - timedelta(hours=hours)),
        product=st.sampled_from(["p", "q", "r"]),
        quantity=st.integers(1, 4),
    ),
    max_size=25,
)
_ends = st.integers(-100, 100).map(lambda hours: NOW + timedelta(hours=hours))
offers = st.lists(
    st.builds(
        LiveOffer,
        product=st.sampled_from(["p", "q"]),
        price=near | money,
        code=st.sampled_from(["A", "B"]),
        valid_until=_ends,
    ),
    max_size=3,
)
JUST_ENDED = LiveOffer(
    product="p", price=Money(9_900, "CNY"), code="A", valid_until=NOW - timedelta(minutes=30)
)
steps = st.lists(
    st.builds(
        LiveStep,
        tier=st.integers(0, 4),
        price=near | money,
        list_price=st.just(Money(9_999, "CNY")) | money,
        valid_until=_ends,
    ),
    max_size=3,
)
_any_contexts = st.builds(
    OfferContext,
    now=st.just(NOW),
    product=products,
    events=events,
    live_offers=st.just([]) | st.just([JUST_ENDED]) | offers,
    live_steps=st.just([]) | steps,
    offers_made=st.integers(0, 3),
    offers_live=st.integers(0, 3),
    policy=policies,
    budget_left=st.none() | st.sampled_from([Money(400, "CNY"), Money(10**6, "USD")]) | money,
    budget_set=st.sampled_from([True, True, True, False]),
    reason=st.sampled_from(["asked", "recommended", "win_back"]),
    complaint_open=st.sampled_from([False, False, False, True]),
    opted_out=st.sampled_from([False, False, False, True]),
    profiling_refused=st.sampled_from([False, False, False, True]),
    risk=st.none() | st.floats(0, 1),
    seed=st.integers(0, 9),
)
_lasting = st.integers(1, 100).map(lambda hours: NOW + timedelta(hours=hours))
_open_contexts = st.builds(
    OfferContext,
    now=st.just(NOW),
    product=st.just(
        ProductState(
            product="p", list_price=Money(9_999, "CNY"), cost=Money(4_321, "CNY"), stock=9, category="Tea"
        )
    ),
    events=events,
    live_offers=st.just([]) | st.just([JUST_ENDED]) | offers,
    live_steps=st.lists(
        st.builds(
            LiveStep,
            tier=st.integers(0, 4),
            price=near,
            list_price=st.just(Money(9_999, "CNY")),
            valid_until=_lasting,
        ),
        min_size=1,
        max_size=3,
    ),
    policy=st.builds(
        PricePolicy,
        max_discount=st.sampled_from([0.2, 0.5]),
        endings=st.sampled_from([(), (".90",)]),
        validity_hours=st.integers(1, 100),
        cooldown_hours=st.integers(0, 100),
    ),
    budget_left=st.none() | st.sampled_from([Money(400, "CNY"), Money(10**6, "CNY")]),
    reason=st.sampled_from(["asked", "recommended", "win_back"]),
)
"""Nothing stands in the way, and others hold a step: of any contexts one in thousands is so."""
contexts = _any_contexts | _open_contexts
rates = st.none() | st.floats(0.001, 100)
proposals = st.builds(
    Proposal,
    share=st.integers(0, 2_500) | st.integers(-500, 20_000),
    policy=st.just("any/1"),
    probability=st.floats(0.01, 1),
    reasons=st.just((Reason(code="any"),)),
)
tiers = st.integers(0, 4)
