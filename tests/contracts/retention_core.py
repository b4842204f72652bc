"""What every `RetentionCore` promises, whatever it was fitted on.

Subclass it in a test module and give it a `core`; run against every implementation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from retention import (
    Event,
    EventKind,
    LiveOffer,
    Money,
    Offer,
    OfferContext,
    PricePolicy,
    ProductState,
    RecommendContext,
    RetentionCore,
    Risk,
    RiskContext,
    ShopRules,
)

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


def states(count: int = 12, **changes: object) -> dict[str, ProductState]:
    """Products `p0` … in two categories, all in stock."""
    return {
        f"p{number}": ProductState(
            product=f"p{number}",
            list_price=Money(1_000 + number, "CNY"),
            cost=Money(500, "CNY"),
            stock=5,
            category="even" if number % 2 == 0 else "odd",
            **changes,  # type: ignore[arg-type]
        )
        for number in range(count)
    }


def bought(product: str, days_ago: float, **changes: object) -> Event:
    """A purchase so many days before `NOW`."""
    at = NOW - timedelta(days=days_ago)
    return Event(kind=EventKind.PURCHASE, at=at, product=product, amount_minor=1_000, **changes)  # type: ignore[arg-type]


class RetentionCoreContract:
    """The suite. `core` is the implementation under test."""

    @pytest.fixture
    def core(self) -> RetentionCore:
        raise NotImplementedError

    def ask(self, core: RetentionCore, n: int = 6, **context: object) -> list[str]:
        context.setdefault("stock", states())
        found = core.recommend("c", n, RecommendContext(now=NOW, **context))  # type: ignore[arg-type]
        return [one.product for one in found]

    def price(self, core: RetentionCore, **context: object) -> Offer:
        context.setdefault("product", states()["p1"])
        return core.offer("c", "p1", OfferContext(now=NOW, **context))  # type: ignore[arg-type]

    def test_a_list_shows_one_variant_of_a_product(self, core: RetentionCore) -> None:
        grouped = {
            name: replace(state, group="tea" if int(name[1:]) < 8 else "") for name, state in states().items()
        }
        for history in ((), (bought("p1", 3), bought("p9", 9))):
            found = self.ask(core, 12, stock=grouped, events=history)
            assert len([one for one in found if int(one[1:]) < 8]) == 1
        hidden = self.ask(core, 12, stock=grouped, exclude=frozenset({"p2"}))
        assert set(hidden) == {"p8", "p9", "p10", "p11"}

    def test_what_a_shop_pins_is_shown_though_it_is_of_one_product(self, core: RetentionCore) -> None:
        grouped = states(group="tea")
        assert self.ask(core, 6, stock=grouped, rules=ShopRules(pinned=("p3", "p4"))) == ["p3", "p4"]

    # --- recommend

    def test_is_a_core(self, core: RetentionCore) -> None:
        assert isinstance(core, RetentionCore)

    def test_fills_the_list_with_different_products_in_order(self, core: RetentionCore) -> None:
        found = core.recommend(None, 6, RecommendContext(now=NOW, stock=states()))
        assert len({one.product for one in found}) == 6
        assert [one.position for one in found] == list(range(6))
        for one in found:
            assert math.isfinite(one.score)
            assert 0 < one.probability <= 1
            assert one.reasons
            assert one.policy

    def test_never_shows_what_may_not_be_shown(self, core: RetentionCore) -> None:
        stock = states()
        stock["p0"] = ProductState(
            product="p0", list_price=Money(1, "CNY"), cost=Money(1, "CNY"), stock=0, category="even"
        )
        stock["p2"] = ProductState(
            product="p2",
            list_price=Money(1, "CNY"),
            cost=Money(1, "CNY"),
            stock=3,
            category="even",
            active=False,
        )
        shown = self.ask(core, 50, stock=stock, exclude=frozenset({"p4"}))
        assert set(shown) == set(stock) - {"p0", "p2", "p4"}

    def test_hides_what_is_owned_unless_repeats_are_wanted(self, core: RetentionCore) -> None:
        events = [bought("p3", 40), bought("p3", 10), bought("p5", 10)]
        assert not {"p3", "p5"} & set(self.ask(core, 50, events=events))
        assert {"p3", "p5"} <= set(self.ask(core, 50, events=events, allow_repeats=True))

    def test_says_buy_it_again(self, core: RetentionCore) -> None:
        context = RecommendContext(now=NOW, stock=states(), events=[bought("p3", 10)], allow_repeats=True)
        [again] = [one for one in core.recommend("c", 12, context) if one.product == "p3"]
        assert again.reasons[0].code == "buy_again"
        assert again.reasons[0].value == pytest.approx(10, abs=0.01)

    def test_keeps_to_a_category(self, core: RetentionCore) -> None:
        assert set(self.ask(core, 50, category="odd")) == {one for one in states() if int(one[1:]) % 2}

    def test_does_not_fill_a_list_from_one_category(self, core: RetentionCore) -> None:
        shown = self.ask(core, 6)
        assert sum(int(one[1:]) % 2 for one in shown) == 3

    def test_pinned_products_lead_if_they_may_be_shown(self, core: RetentionCore) -> None:
        stock = states()
        stock["p9"] = replace(stock["p9"], stock=0)
        rules = ShopRules(pinned=("p8", "p9", "p3", "unknown"))
        found = core.recommend(None, 5, RecommendContext(now=NOW, stock=stock, rules=rules))
        assert [one.product for one in found[:2]] == ["p8", "p3"]
        assert all(one.reasons[0].code == "pinned" and one.probability == 1 for one in found[:2])
        assert "p9" not in {one.product for one in found}

    def test_buried_products_come_when_nothing_else_is_left(self, core: RetentionCore) -> None:
        rules = ShopRules(buried=frozenset({"p0", "p1", "p2"}))
        shown = self.ask(core, 12, rules=rules)
        assert set(shown[-3:]) == {"p0", "p1", "p2"}
        for seed in range(30):
            assert not {"p0", "p1", "p2"} & set(self.ask(core, 9, rules=rules, seed=seed))

    def test_caps_of_categories_hold_even_if_the_list_gets_shorter(self, core: RetentionCore) -> None:
        rules = ShopRules(category_caps={"odd": 2})
        for seed in range(30):
            shown = self.ask(core, 12, rules=rules, seed=seed)
            assert sum(int(one[1:]) % 2 for one in shown) == 2
            assert len(shown) == 8
        assert len(self.ask(core, 12, rules=ShopRules(category_caps={"odd": 0}))) == 6

    @pytest.mark.parametrize("n", [0, -1])
    def test_nothing_asked_nothing_given(self, core: RetentionCore, n: int) -> None:
        assert self.ask(core, n) == []

    def test_empty_shop(self, core: RetentionCore) -> None:
        assert self.ask(core, 6, stock={}) == []

    def test_same_question_same_answer(self, core: RetentionCore) -> None:
        events = [bought("p3", 10)]
        context = RecommendContext(now=NOW, stock=states(), events=events, seed=7)
        assert core.recommend("c", 6, context) == core.recommend("c", 6, context)

    def test_strange_words_and_products_do_no_harm(self, core: RetentionCore) -> None:
        events = [
            bought("gone", 5),
            Event(kind=EventKind.SEARCH, at=NOW - timedelta(days=1), text="<b>🙂\u200b"),
            Event(kind=EventKind.VIEW, at=NOW - timedelta(days=1), product=None),
        ]
        shown = self.ask(core, 6, events=events, words=("", "🙂", "<b>", "100 % off"))
        assert len(shown) == 6

    def test_later_events_are_not_seen(self, core: RetentionCore) -> None:
        later = [bought("p3", -1), bought("p5", -2)]
        context = RecommendContext(now=NOW, stock=states(), events=[bought("p1", 3)])
        with_later = RecommendContext(now=NOW, stock=states(), events=[bought("p1", 3), *later])
        assert core.recommend("c", 6, context) == core.recommend("c", 6, with_later)

    # --- offer

    def test_price_stays_between_floor_and_list(self, core: RetentionCore) -> None:
        for events in ([], [bought("p1", day) for day in range(1, 300, 20)]):
            offer = self.price(core, events=events, reason="win_back", risk=0.99)
            assert offer.floor.minor <= offer.price.minor <= offer.list_price.minor
            assert offer.personal == (offer.price.minor < offer.list_price.minor)
            assert offer.reasons[0].code == "list_price"
            assert offer.valid_until > NOW

    def test_loyal_customers_pay_no_more_than_new_ones(self, core: RetentionCore) -> None:
        loyal: Sequence[Event] = [bought("p1", day) for day in range(1, 300, 20)]
        assert self.price(core, events=loyal).price.minor < self.price(core).price.minor

    def test_live_offer_stands(self, core: RetentionCore) -> None:
        live = LiveOffer(
            product="p1", price=Money(950, "CNY"), code="X", valid_until=NOW + timedelta(hours=1)
        )
        offer = self.price(core, live_offers=[live], complaint_open=True)
        assert offer.price.minor == 950
        assert offer.valid_until == live.valid_until
        assert [one.code for one in offer.reasons] == ["list_price", "existing_offer"]

    def test_no_personal_price_against_the_customers_will(self, core: RetentionCore) -> None:
        loyal = [bought("p1", day) for day in range(1, 300, 20)]
        for context in (
            {"opted_out": True},
            {"complaint_open": True},
            {"policy": PricePolicy(enabled=False)},
        ):
            offer = self.price(core, events=loyal, **context)
            assert not offer.personal

    # --- risk

    def test_risk_is_a_probability_with_reasons(self, core: RetentionCore) -> None:
        for events in ([], [bought("p1", 400)], [bought("p1", day) for day in (50, 30, 9)]):
            risk: Risk = core.risk("c", RiskContext(now=NOW, events=events))
            assert 0 <= risk.probability <= 1
            assert risk.horizon_days > 0
            assert risk.policy
            assert risk.reasons
            assert all(math.isfinite(one.weight) for one in risk.reasons)

    def test_longer_horizon_less_risk(self, core: RetentionCore) -> None:
        short, long = (
            core.risk("c", RiskContext(now=NOW, events=[bought("p1", 20)], horizon_days=days))
            for days in (10, 200)
        )
        assert long.probability < short.probability
        assert long.horizon_days == 200
