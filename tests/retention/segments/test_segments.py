"""Segments have names and hold still; clusters keep their place from night to night."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.checks import check
from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.features.raw import NAMES as RAW
from retention.history import History
from retention.segments import clusters, rfm
from retention.segments.clusters import Clusters, adjusted_rand, matched
from retention.segments.rfm import MEANING, NAMES, Rfm, Segment
from retention.times import DAY, to_micros
from tests.contracts.retention_core import NOW

DIVIDED = Rfm(
    recent_days=30.0,
    often=2.0,
    much=10_000.0,
    recency_steps=(10.0, 20.0, 40.0, 80.0),
    frequency_steps=(1.0, 2.0, 4.0, 8.0),
    money_steps=(1_000.0, 5_000.0, 10_000.0, 50_000.0),
)


def row(recency_days: float, purchases: int, money: int) -> np.ndarray:
    found = np.zeros((1, len(RAW)), np.int64)
    found[0, RAW.index("recency")] = int(recency_days * DAY)
    found[0, RAW.index("purchase_days")] = purchases
    found[0, RAW.index("money")] = money
    return found


@pytest.fixture(scope="module")
def tables(history: History) -> tuple[np.ndarray, np.ndarray]:
    """The made-up shop's customers, a night apart."""
    shop = Shop(check(history, NOW).history)
    now = to_micros(NOW)
    return buyers(shop, now - DAY).values, buyers(shop, now).values


@pytest.fixture(scope="module")
def tonight(tables: tuple[np.ndarray, np.ndarray]) -> Clusters:
    found = clusters.fit(tables[0], usual_gap=20.0, seed=1)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("customer", "segment"),
    [
        ((5, 9, 90_000), Segment.CHAMPIONS),
        ((5, 1, 90_000), Segment.BIG_NEWCOMERS),
        ((5, 9, 900), Segment.LOYAL),
        ((30, 1, 900), Segment.NEWCOMERS),
        ((300, 9, 90_000), Segment.CANNOT_LOSE),
        ((300, 1, 90_000), Segment.BIG_SPENDERS_LEAVING),
        ((300, 9, 900), Segment.REGULARS_LEAVING),
        ((31, 2, 10_000), Segment.GONE),
    ],
)
def test_eight_answers_have_eight_names(customer: tuple[float, int, int], segment: Segment) -> None:
    assert DIVIDED.segments(row(*customer)) == [segment]


def test_every_segment_is_named_and_explained_in_both_languages() -> None:
    for names in (NAMES, MEANING):
        assert set(names) == set(Segment)
        assert all(zh and en and zh != en for zh, en in names.values())
        assert len({zh for zh, _ in names.values()}) == len(Segment)


@given(st.floats(0, 1e4), st.integers(1, 1_000), st.integers(-5, 10**12))
def test_scores_are_one_to_five_and_better_is_higher(recency: float, purchases: int, money: int) -> None:
    scores = DIVIDED.scores(row(recency, purchases, money))
    assert ((scores >= 1) & (scores <= 5)).all()
    better = DIVIDED.scores(row(recency / 2, purchases + 1, money + 100))
    assert (better >= scores).all()


@pytest.mark.parametrize("customers", [0, 1, 3])
def test_a_handful_of_customers_is_divided_too(customers: int) -> None:
    table = np.repeat(row(5, 2, 100), customers, axis=0)
    found = rfm.fit(table, 30)
    assert len(found.segments(table)) == customers
    assert rfm.restored(rfm.saved(found)) == found


def test_divisions_are_the_middle_of_the_shop(tables: tuple[np.ndarray, np.ndarray]) -> None:
    found = rfm.fit(tables[0], 30)
    money = tables[0][:, RAW.index("money")]
    assert (money > found.much).mean() == pytest.approx(0.5, abs=0.02)
    scores = found.scores(tables[0])
    assert np.bincount(scores[:, 2])[1:] == pytest.approx(len(money) / 5, rel=0.2)


def test_how_many_is_chosen_and_shown(tonight: Clusters) -> None:
    assert [one.k for one in tonight.choices] == list(clusters.CHOICES)
    best = max(tonight.choices, key=lambda one: one.silhouette + one.stability)
    assert len(tonight.centres) == best.k
    assert all(-1 <= one.silhouette <= 1 for one in tonight.choices)


def test_clusters_hold_still_from_night_to_night(
    tonight: Clusters, tables: tuple[np.ndarray, np.ndarray]
) -> None:
    again = clusters.fit(tables[1], usual_gap=20.0, seed=2, previous=tonight)
    assert again is not None
    assert again.agreement is not None
    assert again.agreement > 0.9
    assert (again.assign(tables[1]) == tonight.assign(tables[1])).mean() > 0.95


@given(st.permutations(range(4)))
def test_a_cluster_keeps_its_place_however_k_means_numbers_it(order: list[int]) -> None:
    centres = np.array([[0.0, 0], [5, 0], [0, 5], [5, 5]])
    assert matched(centres[order] + 0.3, centres) == pytest.approx(centres + 0.3)


def test_rand_index_by_hand() -> None:
    assert adjusted_rand(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])) == 1.0
    assert adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == -0.5


def test_a_description_names_what_sets_a_cluster_apart(tonight: Clusters) -> None:
    words = [dict(tonight.describe(place)) for place in range(len(tonight.centres))]
    assert any(words)
    for place, one in enumerate(words):
        for name, by in one.items():
            assert tonight.centres[place][clusters.FEATURES.index(name)] == by


def test_too_few_customers_have_no_clusters(tables: tuple[np.ndarray, np.ndarray]) -> None:
    assert clusters.fit(tables[0][:50], usual_gap=20.0, seed=1) is None


def test_saved_clusters_are_the_same(tonight: Clusters, tables: tuple[np.ndarray, np.ndarray]) -> None:
    again = clusters.restored(*clusters.saved(tonight))
    assert (again.assign(tables[1]) == tonight.assign(tables[1])).all()
    assert again.choices == tonight.choices
