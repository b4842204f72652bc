"""What the fitted recommender shows to whom, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import retention
from kernel.times import DAY, to_micros
from retention import Event, EventKind, Money, ProductState, Recommendation, RecommendContext, ShopRules
from retention.core import Core
from retention.recommenders.interactions import PURCHASE, Profile, profile_of_rows
from retention.recommenders.words import tokens
from tests.contracts.retention_core import NOW, bought
from tests.retention.conftest import make_products

SHELF = {
    row["product"]: ProductState(
        product=row["product"],
        list_price=Money(row["list_price"], "CNY"),
        cost=Money(row["cost"], "CNY"),
        stock=row["stock"],
        category=row["category"],
    )
    for row in make_products()
}
NEW = "p39"


def ask(core: Core, n: int = 5, **context: Any) -> list[Recommendation]:
    context.setdefault("stock", SHELF)
    return core.recommend("c", n, RecommendContext(now=NOW, **context))


def categories(found: list[Recommendation]) -> list[str]:
    return [SHELF[one.product].category for one in found]


def test_beats_popularity_on_the_last_weeks(report: retention.FitReport) -> None:
    assert report.metrics["ndcg_new"] > 1.2 * report.metrics["ndcg_new_popularity"]
    assert report.metrics["ndcg_any"] > 1.2 * report.metrics["ndcg_any_popularity"]


def test_follows_new_events_without_a_refit(fitted: Core) -> None:
    tea = [bought("p0", 20), bought("p4", 9)]
    lamps = [*tea, *(bought(product, 1) for product in ("p2", "p6", "p10", "p14"))]
    assert Counter(categories(ask(fitted, events=tea)))["tea"] == 3
    assert Counter(categories(ask(fitted, events=lamps)))["lamps"] == 3


def test_views_count_where_nothing_was_bought(fitted: Core) -> None:
    looked = [
        Event(kind=EventKind.VIEW, at=NOW - timedelta(hours=1), product=one) for one in ("p2", "p6", "p10")
    ]
    found = ask(fitted, events=looked)
    assert categories(found)[0] == "lamps"
    assert any(reason.code == "viewed_together" for one in found for reason in one.reasons)


def test_reasons_name_what_was_bought(fitted: Core) -> None:
    found = ask(fitted, events=[bought("p0", 20), bought("p4", 9)])
    for one in found:
        if one.policy.startswith("ranker") and one.reasons[0].code == "bought_together":
            assert one.reasons[0].product in ("p0", "p4")
            assert one.reasons[0].value is not None
    assert found[0].reasons[0].code == "bought_together"


def test_unknown_customers_get_what_is_popular(fitted: Core) -> None:
    found = ask(fitted)
    assert {one.reasons[0].code for one in found[:-1]} == {"popular"}
    assert all(one.policy.startswith("popularity/") for one in found[:-1])


@pytest.mark.parametrize(("words", "category"), [(("台灯",), "lamps"), (("USB", "Cables"), "cables")])
def test_words_of_the_message_lead(fitted: Core, words: tuple[str, ...], category: str) -> None:
    for events in ((), (bought("p0", 20), bought("p4", 9))):
        found = ask(fitted, events=events, words=words)
        assert set(categories(found)) == {category}
        assert all(one.reasons[0].code == "matches_words" for one in found)


def test_a_pin_leads_where_it_answers_what_was_asked(fitted: Core) -> None:
    lamp = next(row["product"] for row in make_products() if row["category"] == "lamps")
    rules = ShopRules(pinned=(lamp,))
    assert ask(fitted, rules=rules)[0].product == lamp
    assert ask(fitted, rules=rules, words=("台灯",))[0].product == lamp
    assert lamp not in [one.product for one in ask(fitted, rules=rules, words=("USB", "Cables"))]
    # A single place is the customer's own.
    assert ask(fitted, n=1, rules=rules)[0].product == ask(fitted, n=1)[0].product


def test_the_share_for_new_products_is_the_shops(fitted: Core) -> None:
    def explored(share: float) -> int:
        lists = (ask(fitted, seed=seed, rules=ShopRules(new_products=share)) for seed in range(60))
        return sum(found[-1].policy.startswith("explore_new/") for found in lists)

    assert explored(0.0) == 0
    assert 18 < explored(0.5) < 42


def test_words_that_no_product_has_are_passed_over(fitted: Core) -> None:
    assert [one.product for one in ask(fitted, words=("zebra",))] == [
        one.product for one in ask(fitted, words=("斑马",))
    ]


def test_new_products_get_the_stated_share(fitted: Core) -> None:
    events = [bought("p0", 20), bought("p4", 9)]
    seen = 0
    for seed in range(600):
        *others, last = ask(fitted, events=events, seed=seed)
        assert all(one.probability == 1.0 for one in others)
        if last.product == NEW:
            seen += 1
            assert last.probability == pytest.approx(0.1)
            assert last.policy.startswith("explore_new/")
            assert last.reasons[0].code == "new_product"
        else:
            assert last.probability == pytest.approx(0.9)
    assert 35 <= seen <= 90


def test_products_unknown_to_the_model_are_explored_and_fill_up(fitted: Core) -> None:
    unknown = {**SHELF, "x": replace(SHELF["p0"], product="x", created_at=NOW)}
    shown = Counter(ask(fitted, stock=unknown, seed=seed)[-1].product for seed in range(300))
    assert shown["x"] > 0
    assert "x" in {one.product for one in ask(fitted, 50, stock=unknown)}


def test_buy_it_again_when_it_is_due(fitted: Core) -> None:
    """Of two staples bought equally often, the one whose usual interval has passed comes first."""
    events = sorted(
        [bought("p0", days) for days in (100, 70, 40)] + [bought("p4", days) for days in (61, 31, 1)],
        key=lambda one: one.at,
    )
    found = ask(fitted, 10, events=events, allow_repeats=True)
    assert {"p0", "p4"} <= {one.product for one in found[:4]}


def test_sold_out_goods_are_replaced_from_further_down(fitted: Core) -> None:
    events = [bought("p0", 20), bought("p4", 9)]
    best = ask(fitted, events=events)[0].product
    without = {**SHELF, best: replace(SHELF[best], stock=0)}
    found = [one.product for one in ask(fitted, events=events, stock=without)]
    assert best not in found
    assert len(found) == 5


times = st.integers(to_micros(NOW) - 400 * DAY, to_micros(NOW) + 10 * DAY)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), times, st.floats(1, 5)), max_size=30))
def test_profiles_are_bounded_finite_and_in_any_order(rows: list[tuple[int, int, int, float]]) -> None:
    def build(rows: list[tuple[int, int, int, float]]) -> Profile:
        table = np.array(rows, dtype=np.float64).reshape(-1, 4)
        whole = table[:, :3].astype(np.int64)
        return profile_of_rows(whole[:, 0], whole[:, 1], whole[:, 2], table[:, 3], to_micros(NOW))

    one = build(rows)
    past = [row for row in rows if row[2] < to_micros(NOW)]
    assert one.items.tolist() == sorted({row[0] for row in past})
    for weights in (one.interest, one.recent, one.ever):
        assert ((weights >= 0) & (weights <= 1)).all()
    days = {(row[0], row[2] // DAY) for row in past if row[1] == PURCHASE}
    assert one.count.sum() == len(days)
    again = build(rows[::-1])
    assert one.interest == pytest.approx(again.interest)
    assert one.since.tolist() == again.since.tolist()


def test_words_meet_across_languages_and_forms() -> None:
    assert set(tokens("蓝牙耳机")) <= set(tokens("无线蓝牙耳机 Pro"))
    assert tokens("USB-C Cables, 2 m") == ["usb", "cable"]
    assert tokens("Glass GLASSES ＬＥＤ") == ["glass", "glasse", "led"]
    assert tokens("🙂 <b>") == []
