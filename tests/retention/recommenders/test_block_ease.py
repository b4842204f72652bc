"""EASE in blocks is EASE where its best sellers are all products, close to it elsewhere, and bounded in memory."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.recommenders import block_ease, ease
from retention.recommenders.block_ease import block_ease_neighbours
from retention.recommenders.regressions import ease_neighbours
from retention.recommenders.similarity import FallbackWarning, Table, neighbours

MOST = 100


def sparse_log(customers: int, products: int, each: int, seed: int = 3) -> sp.csr_matrix:
    """Customers with few products each, of which some sell much and most little, half of them from one's own group."""
    draw = np.random.default_rng(seed)
    groups = products // 10
    users = np.repeat(np.arange(customers), each)
    rank = (10 * draw.random(len(users)) ** 2).astype(np.int64)
    group = np.where(
        draw.random(len(users)) < 0.6,
        users % groups,
        (groups * draw.random(len(users)) ** 2).astype(np.int64),
    )
    pairs = np.unique(users * products + group * 10 + rank)
    shape = (customers, products)
    return sp.csr_matrix(
        (np.ones(len(pairs), np.float32), (pairs // products, pairs % products)), shape=shape
    )


def whole(table: Table, size: int) -> np.ndarray:
    """The table as a matrix of all pairs."""
    places, values = table
    found = np.zeros((size, size))
    np.add.at(found, (np.arange(size)[:, None], places), values)
    return found


def test_it_is_ease_where_all_products_are_best_sellers() -> None:
    ratings = sparse_log(200, 60, 6)
    found = block_ease_neighbours(ratings, MOST, 4.0, 60, None)
    dense = ease_neighbours(ratings, MOST, 4.0)
    assert whole(found, 60) == pytest.approx(whole(dense, 60), abs=1e-5)


@pytest.mark.parametrize("ridge", [2.0, 20.0, 200.0])
def test_scores_are_close_to_those_of_all_pairs(ridge: float) -> None:
    size = 600
    ratings = sparse_log(1_500, size, 6)
    cosines = neighbours(ratings, MOST, 2.0)
    dense = ratings @ whole(ease_neighbours(ratings, size, ridge), size)
    blocks = ratings @ whole(block_ease_neighbours(ratings, MOST, ridge, 150, cosines), size)
    alike = [np.corrcoef(one, other)[0, 1] for one, other in zip(dense, blocks, strict=True)]
    assert np.mean(alike) > (0.97 if ridge > 2 else 0.94)
    tens = zip(np.argsort(-dense)[:, :10], np.argsort(-blocks)[:, :10], strict=True)
    assert np.mean([len(np.intersect1d(*one)) for one in tens]) > 8


def test_what_sells_little_speaks_for_best_sellers() -> None:
    """Without it, customers of a large and sparse catalogue have bought next to nothing that says anything."""
    ratings = sparse_log(1_500, 600, 6)
    head = np.argsort(-np.asarray(ratings.sum(axis=0)).ravel(), kind="stable")[:150]
    rest = np.setdiff1d(np.arange(600), head)
    found = whole(block_ease_neighbours(ratings, MOST, 20.0, 150, None), 600)
    dense = whole(ease_neighbours(ratings, 600, 20.0), 600)
    assert not found[:, rest].any(), "without neighbours nothing speaks for what sells little"
    kept = found[np.ix_(rest, head)]
    assert (kept.sum(axis=1) > 0).mean() > 0.99
    assert np.corrcoef(kept.ravel(), dense[np.ix_(rest, head)].ravel())[0, 1] > 0.97


@given(seed=st.integers(0, 10_000), ridge=st.floats(0.05, 500.0), head=st.integers(1, 30))
@settings(deadline=None, max_examples=30)
def test_every_ridge_can_be_inverted_and_nothing_speaks_for_itself(
    seed: int, ridge: float, head: int
) -> None:
    draw = np.random.default_rng(seed)
    ratings = sp.csr_matrix(draw.random((40, 30)) * (draw.random((40, 30)) < draw.random()))
    with warnings.catch_warnings():
        warnings.simplefilter("error", FallbackWarning)
        table = block_ease_neighbours(ratings, MOST, ridge, head, neighbours(ratings, 30, 2.0))
    assert np.isfinite(table[1]).all()
    assert (table[1] >= 0).all()
    assert not np.diag(whole(table, 30)).any()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings = sparse_log(300, 120, 6)
    cosines = neighbours(ratings, MOST, 2.0)
    at_once = block_ease_neighbours(ratings, MOST, 5.0, 40, cosines)
    monkeypatch.setattr(block_ease, "BLOCK", 7)
    in_parts = block_ease_neighbours(ratings, MOST, 5.0, 40, cosines)
    assert whole(at_once, 120) == pytest.approx(whole(in_parts, 120), abs=1e-5)


def test_a_large_catalogue_is_fitted_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """20,000 products: the matrix of all their pairs would take 1,600 MB."""
    monkeypatch.setattr(ease, "HEAD", 500)
    ratings = sparse_log(3_000, 20_000, 6)
    cosines = neighbours(ratings, 40, 2.0)
    tracemalloc.start()
    try:
        ease.ranked_ease(ratings, 100.0, cosines)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 120e6
