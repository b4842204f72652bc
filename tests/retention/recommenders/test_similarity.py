"""The formulas of collaborative filtering, against sums written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from retention.recommenders import regressions, similarity
from retention.recommenders.regressions import ease_neighbours, filled_up, local_ease_neighbours

R = np.array([[1.0, 0.5, 0, 0], [1, 1, 0, 0.2], [0, 0, 1, 1], [0, 0, 0, 0]])


def matrix_of(table: similarity.Table) -> np.ndarray:
    """A table of neighbours as a matrix: who speaks, and for whom."""
    places, values = table
    whole = np.zeros((len(places), len(places)))
    for row in range(len(places)):
        np.add.at(whole[row], places[row], values[row])
    return whole


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    below = np.sqrt((one**2).sum()) * np.sqrt((other**2).sum())
    return float((one * other).sum() / below) if below else 0.0


def test_cosine_of_items() -> None:
    items = matrix_of(similarity.neighbours(R, 4, 0.0))
    for i in range(4):
        for j in range(4):
            assert items[i, j] == pytest.approx(0 if i == j else cosine(R[:, i], R[:, j]), abs=1e-6)


def test_cosine_of_customers_and_their_normalised_weighted_sum() -> None:
    customers = similarity.UserNeighbourhood.of(sp.csr_matrix(R))
    for row in R[:3]:
        mine = np.flatnonzero(row)
        who, similar = customers.similar(mine, row[mine], 4)
        alike = np.array([cosine(row, other) for other in R])
        assert dict(zip(who.tolist(), similar, strict=True)) == pytest.approx(
            {v: alike[v] for v in np.flatnonzero(alike).tolist()}, abs=1e-6
        )
        by_hand = alike @ R / alike.sum()
        assert customers.weighted_sum(who, similar, customers.ratings) == pytest.approx(by_hand, abs=1e-6)
    nobody = customers.similar(np.zeros(0, np.int64), np.zeros(0), 4)
    assert customers.weighted_sum(*nobody, customers.ratings) == pytest.approx(np.zeros(4))


@pytest.mark.parametrize("sparse_from", [0, 1_000])
def test_neighbours_are_the_best_of_the_whole_matrix(
    monkeypatch: pytest.MonkeyPatch, sparse_from: int
) -> None:
    monkeypatch.setattr(similarity, "BLOCK", 3)
    monkeypatch.setattr(similarity, "SPARSE_FROM", sparse_from)
    ratings = (np.random.default_rng(0).random((50, 20)) < 0.2) * 1.0
    length = np.sqrt((ratings**2).sum(axis=0))
    whole = ratings.T @ ratings / (np.outer(length, length) + 2.0)
    np.fill_diagonal(whole, 0)
    places, values = similarity.neighbours(ratings, 5, 2.0)
    assert values == pytest.approx(-np.sort(-whole, axis=1)[:, :5], abs=1e-6)
    assert np.take_along_axis(whole, places.astype(int), 1) == pytest.approx(values, abs=1e-6)


def test_sharpened_similarities_keep_their_order() -> None:
    places, values = np.array([[1, 2]], np.int32), np.array([[0.8, 0.2]], np.float32)
    kept, sharp = similarity.sharpened((places, values), 2.0)
    assert kept is places
    assert sharp == pytest.approx(np.array([[0.64, 0.04]]))


def test_even_rows() -> None:
    rows = similarity.evened(R).toarray()
    assert np.sqrt((rows**2).sum(axis=1)) == pytest.approx((R**2).sum(axis=1) ** 0.25)
    assert rows[0] == pytest.approx(R[0] / 1.25**0.25)


def test_ease_is_the_ridge_regression_without_self() -> None:
    ratings = (np.random.default_rng(1).random((80, 8)) < 0.3) * 1.0
    places, values = ease_neighbours(ratings, 8, 3.0)
    for j in range(8):
        others = [i for i in range(8) if i != j]
        x, y = ratings[:, others], ratings[:, j]
        weights = np.linalg.solve(x.T @ x + 3.0 * np.eye(7), x.T @ y)
        for i, weight in zip(others, weights, strict=True):
            stored = values[i][places[i] == j].sum()
            assert stored == pytest.approx(max(weight, 0), abs=1e-4)


TWINS = np.repeat((np.random.default_rng(1).random((80, 4)) < 0.4) * 1.0, 2, axis=1)
"""Each product has another with the same customers: without a ridge there is no inverse."""


def test_ease_takes_a_firmer_ridge_where_there_is_no_inverse() -> None:
    with pytest.warns(similarity.FallbackWarning, match="times its ridge"):
        places, values = ease_neighbours(TWINS * 1_000, 8, 0.1)
    assert np.isfinite(values).all()
    assert (places[np.arange(8), 0] == np.arange(8) + [1, -1] * 4).all(), "twins speak for one another"


def test_ease_gives_way_to_cosines_where_no_ridge_helps() -> None:
    with pytest.warns(similarity.FallbackWarning, match="cosines"):
        found = ease_neighbours(TWINS, 3, 0.0)
    cosines = similarity.neighbours(TWINS, 3, regressions.SHRINKAGE)
    for one, other in zip(found, cosines, strict=True):
        assert np.array_equal(one, other)


def test_local_ease_goes_without_a_product_that_cannot_be_solved() -> None:
    with pytest.warns(similarity.FallbackWarning, match="of 8 products"):
        _, values = local_ease_neighbours(TWINS, 8, 0.0)
    assert np.isfinite(values).all()


def lonely() -> np.ndarray:
    """Many products with few customers each, the last with one."""
    ratings = (np.random.default_rng(3).random((60, 40)) < 0.12) * 1.0
    ratings[:, -1] = 0
    ratings[5, -1] = 1
    return ratings


def test_local_ease_is_a_regression_on_each_products_neighbours() -> None:
    ratings = lonely()
    near = filled_up(*similarity.neighbours(ratings, 6, regressions.SHRINKAGE))
    places, values = local_ease_neighbours(ratings, 6, 2.0)
    told = np.zeros((40, 40))
    for row in range(40):
        np.add.at(told[row], places[row], values[row])
    for j in range(39):
        mine = [i for i in near[j].tolist() if i != j]
        x, y = ratings[:, mine], ratings[:, j]
        weights = np.linalg.solve(x.T @ x + 2.0 * np.eye(len(mine)), x.T @ y)
        # A product speaks for six at most: the weakest of what it has to say may be left out.
        for i, weight in zip(mine, weights, strict=True):
            if told[i, j] or np.count_nonzero(values[i]) < 6:
                assert told[i, j] == pytest.approx(max(weight, 0), abs=1e-4)
    assert told[:, 39].sum() == 0, "one customer tells nothing about what goes with a product"
    assert np.diag(told).sum() == 0


def test_local_ease_is_the_same_in_blocks_and_in_shops_of_many_customers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = local_ease_neighbours(lonely(), 6, 2.0)
    monkeypatch.setattr(regressions, "BLOCK", 7)
    monkeypatch.setattr(regressions, "MOST_COLUMNS", 1)
    for one, other in zip(whole, local_ease_neighbours(lonely(), 6, 2.0), strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_nothing_to_compare() -> None:
    places, values = similarity.neighbours(np.zeros((3, 0)), 5, 1.0)
    assert places.shape[0] == values.shape[0] == 0
    places, values = similarity.neighbours(np.zeros((3, 2)), 5, 1.0)
    assert values.sum() == 0
