"""The law holds whatever a policy proposes, and each part of it is missed where it is taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from retention import LiveOffer, Money, Offer, OfferContext, PricePolicy, ProductState
from retention.pricing import law
from retention.pricing.law import Proposal
from retention.types import LiveStep
from tests.contracts.retention_core import NOW
from tests.retention.pricing.contexts import contexts, proposals, tiers

Case = tuple[OfferContext, Proposal, int]
cases = st.tuples(contexts, proposals, tiers)


def settled(case: Case) -> Offer:
    context, proposal, tier = case
    return law.settle("c", "p", context, proposal, tier)


def codes(offer: Offer) -> list[str]:
    return [one.code for one in offer.reasons]


# --- what the law says, each as a check of a case ---------------------------------------------------------------


def promised(context: OfferContext) -> LiveOffer | None:
    """The customer's own live offer for the product."""
    live = [one for one in context.live_offers if one.product == "p" and one.valid_until > NOW]
    return min(live, key=lambda one: (one.price.minor, one.code), default=None)


def given_away(offer: Offer) -> int:
    return offer.list_price.minor - offer.price.minor


def above(context: OfferContext) -> int:
    """What was promised before."""
    live = promised(context)
    return max(context.product.list_price.minor - live.price.minor, 0) if live is not None else 0


def is_a_price(case: Case) -> bool:
    offer = settled(case)
    return (
        0
        <= offer.floor.minor
        <= offer.price.minor
        <= offer.list_price.minor
        == case[0].product.list_price.minor
        and offer.personal == (given_away(offer) > 0)
        and codes(offer)[0] == "list_price"
        and len(offer.reasons) > 1
        and (offer.policy, offer.probability, offer.tier) == ("any/1", case[1].probability, case[2])
    )


def obeys_refusals(case: Case) -> bool:
    context = case[0]
    refused = context.opted_out or context.profiling_refused or not context.policy.enabled
    return not refused or not settled(case).personal


def makes_none_where_it_may_not(case: Case) -> bool:
    context, offer = case[0], settled(case)
    barred = context.complaint_open or not context.budget_set or not context.product.cost_known
    return not barred or given_away(offer) <= above(context)


def keeps_the_number(case: Case) -> bool:
    context, policy = case[0], case[0].policy
    full = policy.most_live is not None and context.offers_live >= policy.most_live
    often = policy.most_made is not None and context.offers_made >= policy.most_made
    return not (full or often) or promised(context) is not None or not settled(case).personal


def keeps_the_largest_discount(case: Case) -> bool:
    context, offer = case[0], settled(case)
    most = max(Fraction(str(context.policy.max_discount)), 0) * offer.list_price.minor
    return given_away(offer) <= max(most, above(context))


def keeps_the_margin(case: Case) -> bool:
    context, offer = case[0], settled(case)
    if given_away(offer) <= above(context):
        return True
    margin = dict(context.policy.margin_floors).get(
        context.product.category.casefold(), context.policy.margin_floor
    )
    return offer.price.minor - context.product.cost.minor >= Fraction(str(margin)) * offer.price.minor


def keeps_the_budget(case: Case) -> bool:
    context, left = case[0], case[0].budget_left
    more = given_away(settled(case)) - above(context)
    return more <= 0 or left is None or (left.currency == "CNY" and more <= left.minor)


def waits_after_an_offer(case: Case) -> bool:
    context, offer = case[0], settled(case)
    since = NOW - timedelta(hours=context.policy.cooldown_hours)
    ended = [
        one for one in context.live_offers if one.product == "p" and since < one.valid_until <= NOW
    ]  # fmt: skip
    if not ended or promised(context) is not None:
        return True
    return not offer.personal or offer.price.minor >= min(one.price.minor for one in ended)


def keeps_promises(case: Case) -> bool:
    context, offer, live = case[0], settled(case), promised(case[0])
    refused = context.opted_out or context.profiling_refused or not context.policy.enabled
    if live is None or refused:
        return True
    everybody = context.product.list_price.minor
    return offer.price.minor <= min(live.price.minor, everybody) and offer.valid_until == live.valid_until


def offers_nothing_small(case: Case) -> bool:
    context, offer = case[0], settled(case)
    if promised(context) is not None or not offer.personal:
        return True
    policy = context.policy
    share = Fraction(given_away(offer), offer.list_price.minor) * 10_000
    return share >= policy.least_share and given_away(offer) >= policy.least_amount


def shares_steps(case: Case) -> bool:
    """Where no guardrail says otherwise, nobody of a better tier is offered less than those of a lower one hold."""
    context, proposal, tier = case
    open_to_all = replace(
        context,
        live_offers=[],
        policy=PricePolicy(max_discount=1.0, margin_floor=0.0, least_share=0, least_amount=0),
        product=replace(context.product, cost=Money(0, "CNY"), cost_known=True),
        budget_left=None,
        budget_set=True,
        complaint_open=False,
        opted_out=False,
        profiling_refused=False,
        offers_live=0,
        reason="asked",
    )
    offer = settled((open_to_all, proposal, tier))
    held = [one for one in context.live_steps if one.tier <= tier and one.valid_until > NOW]
    return all(
        given_away(offer)
        >= offer.list_price.minor * (one.list_price.minor - one.price.minor) // one.list_price.minor
        for one in held
        if one.list_price.minor
    )


def makes_no_step_last_longer(case: Case) -> bool:
    context, offer = case[0], settled(case)
    if "live_step" not in codes(offer) or promised(context) is not None:
        return True
    return offer.valid_until <= max(one.valid_until for one in context.live_steps if one.tier <= case[2])


LAW: tuple[Callable[[Case], bool], ...] = (
    is_a_price, obeys_refusals, makes_none_where_it_may_not, keeps_the_number, keeps_the_largest_discount,
    keeps_the_margin, keeps_the_budget, waits_after_an_offer, keeps_promises, offers_nothing_small, shares_steps,
    makes_no_step_last_longer,
)  # fmt: skip


@given(cases)
@settings(max_examples=200)
def test_the_law_holds_whatever_is_proposed(case: Case) -> None:
    broken = [one.__name__ for one in LAW if not one(case)]
    assert not broken


@given(cases, st.integers(0, 2_000), st.integers(0, 3))
def test_who_is_proposed_more_in_a_better_tier_never_pays_more(case: Case, more: int, up: int) -> None:
    """So a policy that is monotone in the tier stays so."""
    context, proposal, tier = case
    better = (context, replace(proposal, share=proposal.share + more), tier + up)
    assert settled(better).price.minor <= settled(case).price.minor


# --- each part of it is needed ------------------------------------------------------------------------------------


def without(checks: tuple[law.Check, ...], code: str) -> tuple[law.Check, ...]:
    return tuple(one for one in checks if one[0] != code)


def limits_without(name: str) -> tuple[Any, ...]:
    return tuple(one for one in law.LIMITS if one.__name__ != name)


MUTANTS: dict[str, tuple[str, Any]] = {
    **{f"refusal {code}": ("REFUSALS", without(law.REFUSALS, code)) for code, _ in law.REFUSALS},
    # A cost that isn't known makes the floor the list price, so that bar is only there to say so.
    **{f"bar {code}": ("BARS", without(law.BARS, code)) for code, _ in law.BARS if code != "no_cost"},
    "cap": ("CAPS", ()),
    **{f"limit {one.__name__}": ("LIMITS", limits_without(one.__name__)) for one in law.LIMITS},
    "promise": ("best_until", lambda *_, **__: None),
    "floor": ("floor_of", lambda context: 0),
    "least": ("least_off", lambda *_: 1),
    "step": ("best_step", lambda *_: None),
    "tier": ("best_step", lambda context, tier: None if tier > 2 else _best_step(context, tier)),
    "end": ("until", lambda step, context: context.now + timedelta(hours=500)),
}
_best_step = law.best_step


@pytest.mark.parametrize("name", MUTANTS)
def test_whatever_is_taken_out_of_the_law_is_missed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, instead = MUTANTS[name]
    monkeypatch.setattr(law, where, instead)
    try:
        find(cases, lambda case: not all(one(case) for one in LAW), settings=SEARCH)
    except NoSuchExample:
        pytest.fail(f"nothing breaks without {name}")


SEARCH = settings(
    max_examples=20_000, derandomize=True, phases=[Phase.generate], database=None, deadline=None
)


# --- by hand ------------------------------------------------------------------------------------------------------

TEA = ProductState(
    product="p", list_price=Money(12_800, "CNY"), cost=Money(6_000, "CNY"), stock=9, category="tea"
)


def offer(share: int = 0, tier: int = 0, **context: Any) -> Offer:
    context = {"product": TEA, **context}
    return law.settle("c", "p", OfferContext(now=NOW, **context), Proposal(share=share, policy="any/1"), tier)


def step(price: int, tier: int = 0, hours: int = 24, list_price: int = 12_800) -> LiveStep:
    until = NOW + timedelta(hours=hours)
    return LiveStep(
        tier=tier, price=Money(price, "CNY"), list_price=Money(list_price, "CNY"), valid_until=until
    )


@pytest.mark.parametrize(
    ("endings", "price"),
    [((), 11_776), ((".90",), 11_690), ((".90", ".00"), 11_700), (("9.90",), 10_990), (("9",), 10_900),
     ((".999",), 11_776), (("5", ".90"), 11_690)],
)  # fmt: skip
def test_a_price_is_lowered_to_an_ending(endings: tuple[str, ...], price: int) -> None:
    assert offer(800, policy=PricePolicy(endings=endings)).price.minor == price


def test_no_ending_goes_below_what_is_allowed() -> None:
    made = offer(2_000, policy=PricePolicy(endings=(".90",)))
    assert (made.price.minor, codes(made)) == (10_240, ["list_price"])
    yen = replace(TEA, list_price=Money(1_280, "JPY"), cost=Money(600, "JPY"))
    assert offer(800, product=yen, policy=PricePolicy(endings=(".90", "0"))).price == Money(1_170, "JPY")


def test_a_few_pence_are_no_offer() -> None:
    cheap = replace(TEA, list_price=Money(300, "GBP"), cost=Money(100, "GBP"))
    made = offer(200, product=cheap)
    assert (made.personal, codes(made)) == (False, ["list_price", "too_small"])
    allowed = PricePolicy(least_amounts=(("GBP", 5),))
    assert offer(200, product=cheap, policy=allowed).price.minor == 294


def test_a_better_tier_gets_a_live_step_until_that_ends() -> None:
    made = offer(800, tier=3, live_steps=[step(10_957, tier=0)])
    assert (made.price.minor, codes(made)) == (10_957, ["list_price", "live_step"])
    assert made.valid_until == NOW + timedelta(hours=24)
    assert offer(800, tier=0, live_steps=[step(10_957, tier=1)]).price.minor == 11_776
    # The rules' own share, where that is more, holds for its own time.
    own = offer(1_500, tier=3, live_steps=[step(10_957, tier=0)])
    assert (own.price.minor, own.valid_until) == (10_880, NOW + timedelta(hours=72))
    # A win-back's message says what its own rules give.
    assert offer(800, tier=3, live_steps=[step(10_957)], reason="win_back").price.minor == 11_776


def test_why_a_live_step_is_not_given_is_said() -> None:
    made = offer(800, tier=3, live_steps=[step(10_957, tier=0)], budget_left=Money(1_024, "CNY"))
    assert made.price.minor == 11_776
    assert "capped_by_budget" in codes(made)


def test_a_step_of_a_sale_is_a_share_and_not_its_price() -> None:
    assert offer(tier=1, live_steps=[step(5_400, list_price=6_000)]).price.minor == 11_520


def test_a_promise_gets_better_with_a_step_and_keeps_its_end() -> None:
    live = LiveOffer(product="p", price=Money(11_776, "CNY"), code="A", valid_until=NOW + timedelta(hours=50))
    made = offer(800, tier=3, live_offers=[live], live_steps=[step(10_957)], offers_live=5)
    assert (made.price.minor, made.valid_until) == (10_957, live.valid_until)
    assert codes(made) == ["list_price", "existing_offer", "live_step"]
    complaint = offer(800, tier=3, live_offers=[live], live_steps=[step(10_957)], complaint_open=True)
    assert complaint.price.minor == 11_776
