"""Lists made ahead say what the model would say now, until something happens."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.times import from_micros
from retention import Event, EventKind, RecommendContext, ShopRules
from retention.core import Core
from retention.history import History
from retention.recommenders.nightly import NightlyLists
from tests.contracts.retention_core import NOW, bought
from tests.retention.test_recommender import SHELF

CUSTOMERS = ("c1", "c17", "c99")


@pytest.fixture(scope="module")
def past(history: History) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for row in sorted(history.events.to_pylist(), key=lambda one: one["at"]):
        found[row["customer"]].append(
            Event(
                kind=EventKind(row["kind"]),
                at=from_micros(row["at"]),
                product=row["product"],
                value=row["value"],
            )
        )
    return found


@pytest.mark.parametrize("repeats", [False, True])
def test_the_same_products_as_the_model_gives(
    fitted: Core, past: dict[str, list[Event]], repeats: bool
) -> None:
    live = replace(fitted, lists=NightlyLists.empty())
    rules = ShopRules(pinned=("p5",), buried=frozenset({"p2"}), category_caps={"tea": 2})
    sold_out = {**SHELF, "p8": replace(SHELF["p8"], stock=0)}
    for customer in CUSTOMERS:
        for changes in ({}, {"rules": rules}, {"stock": sold_out}, {"exclude": frozenset({"p1"})}):
            asked = {"stock": SHELF, "events": past[customer], "allow_repeats": repeats, **changes}
            context = RecommendContext(now=NOW, **asked)  # type: ignore[arg-type]
            ahead, now = (core.recommend(customer, 6, context) for core in (fitted, live))
            assert [one.product for one in ahead] == [one.product for one in now]
            for one, other in zip(ahead, now, strict=True):
                assert one.score == pytest.approx(other.score, abs=1e-5)
                assert (one.policy, one.probability) == (other.policy, other.probability)
                assert one.reasons[0].code == other.reasons[0].code
                assert one.reasons[0].product == other.reasons[0].product


def test_a_new_event_or_a_wish_is_answered_by_the_model(fitted: Core, past: dict[str, list[Event]]) -> None:
    lists, products = fitted.lists, fitted.recommender.products
    for customer in CUSTOMERS:
        context = RecommendContext(now=NOW, events=past[customer])
        assert lists.prepared(customer, context, products)
        later = [*past[customer], bought("p2", -0.1)]
        for changed in (
            replace(context, events=later, now=NOW + timedelta(days=1)),
            replace(context, words=("tea",)),
            replace(context, category="tea"),
        ):
            assert lists.prepared(customer, changed, products) is None
    assert lists.prepared("nobody", RecommendContext(now=NOW), products) is None
    assert lists.prepared(None, RecommendContext(now=NOW), products) is None
