"""Segments have names and hold still; clusters keep their place from night to night."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.times import DAY, to_micros
from retention.checks import check
from retention.churn.windows import buyers
from retention.features.expressions import Shop
from retention.features.raw import NAMES as RAW
from retention.history import History
from retention.segments import clusters, nightly, rfm
from retention.segments.clusters import Clusters, adjusted_rand, named
from retention.segments.rfm import MEANING, NAMES, Rfm, Segment
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
    assert nightly.restored(*nightly.saved(found, None)) == (found, None)


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


def numbered(centres: np.ndarray, numbers: list[int]) -> Clusters:
    return Clusters(
        centres=centres,
        numbers=np.array(numbers),
        next_number=max(numbers) + 1,
        means=np.zeros(centres.shape[1]),
        scales=np.ones(centres.shape[1]),
        usual_gap=20.0,
    )


CORNERS = np.array([[0.0, 0], [5, 0], [0, 5], [5, 5]])


@given(st.permutations(range(4)))
def test_a_cluster_keeps_its_number_however_k_means_orders_them(order: list[int]) -> None:
    before = numbered(CORNERS, [0, 1, 2, 3])
    centres, numbers, following = named(CORNERS[order] + 0.3, CORNERS, before)
    assert centres == pytest.approx(CORNERS + 0.3)
    assert (numbers.tolist(), following) == ([0, 1, 2, 3], 4)


def test_a_number_is_never_given_to_another_cluster() -> None:
    """The second of four goes; the night after a new one comes, and has a number that nobody had."""
    before = numbered(CORNERS, [0, 1, 2, 3])
    centres, numbers, following = named(CORNERS[[3, 0, 2]], CORNERS, before)
    assert (numbers.tolist(), following) == ([0, 2, 3], 4)
    assert centres == pytest.approx(CORNERS[[0, 2, 3]])
    more = np.vstack([[[9.0, 9.0]], centres])
    _, numbers, following = named(more, centres, replace(before, centres=centres, numbers=numbers))
    assert (numbers.tolist(), following) == ([0, 2, 3, 4], 5)


def test_another_number_of_clusters_needs_to_be_clearly_better(
    tonight: Clusters, tables: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = dict.fromkeys(clusters.CHOICES, 0.5)
    monkeypatch.setattr(
        clusters,
        "_judge",
        lambda rows, k, seed: clusters.Choice(k=k, silhouette=scores[k], stability=0.5),
    )
    other = next(one for one in clusters.CHOICES if one != tonight.k)
    scores[other] += 0.9 * clusters.CLEARLY
    again = clusters.fit(tables[1], usual_gap=20.0, seed=2, previous=tonight)
    assert again is not None
    assert again.k == tonight.k
    scores[other] += 0.2 * clusters.CLEARLY
    changed = clusters.fit(tables[1], usual_gap=20.0, seed=2, previous=tonight)
    assert changed is not None
    assert changed.k == other
    kept = set(changed.numbers.tolist()) & set(tonight.numbers.tolist())
    assert len(kept) == min(other, tonight.k)
    assert set(changed.assign(tables[1]).tolist()) <= set(changed.numbers.tolist())
    assert changed.agreement is not None
    assert changed.agreement < 1


def test_divisions_stay_until_a_tenth_of_the_customers_would_change(
    tables: tuple[np.ndarray, np.ndarray],
) -> None:
    first = nightly.fit(tables[0], horizon_days=30, usual_gap=20.0, seed=1)
    second = nightly.fit(
        tables[1], horizon_days=30, usual_gap=20.0, seed=1, previous=(first.rfm, first.clusters)
    )
    assert second.rfm == first.rfm
    assert second.metrics["segments_agreement"] > nightly.KEPT_SHARE
    assert second.metrics["clusters_agreement"] > 0.9
    assert sum(one.customers for one in second.groups if one.kind == "segment") == len(tables[1])
    assert sum(one.customers for one in second.groups if one.kind == "cluster") == len(tables[1])
    richer = tables[1].copy()
    richer[:, RAW.index("money")] *= 3
    third = nightly.fit(richer, horizon_days=30, usual_gap=20.0, seed=1, previous=(first.rfm, None))
    assert third.rfm != first.rfm
    assert any("divided anew" in one for one in third.notes)
    assert "clusters_agreement" not in third.metrics


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


def test_customers_who_are_all_alike_have_no_clusters(tables: tuple[np.ndarray, np.ndarray]) -> None:
    alike = np.repeat(tables[0][:2], 100, axis=0)
    assert clusters.fit(alike, usual_gap=20.0, seed=1) is None
    found = clusters.fit(np.repeat(tables[0][:4], 100, axis=0), usual_gap=20.0, seed=1)
    assert found is not None
    assert max(one.k for one in found.choices) == 4
    assert not nightly.fit(alike, horizon_days=30, usual_gap=20.0, seed=1).readiness[0].enough


def test_saved_clusters_are_the_same(tonight: Clusters, tables: tuple[np.ndarray, np.ndarray]) -> None:
    again = clusters.restored(*clusters.saved(tonight))
    assert (again.assign(tables[1]) == tonight.assign(tables[1])).all()
    assert again.silhouette == tonight.silhouette
    assert again.choices == tonight.choices
