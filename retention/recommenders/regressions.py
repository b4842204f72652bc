"""EASE's regressions: of every product on all others, and of single products on their neighbours."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats32, Ints
from retention.recommenders.similarity import (
    FallbackWarning,
    Table,
    best_of_each,
    best_of_rows,
    neighbours,
)

RIDGE_FACTORS = (1.0, 10.0, 100.0, 1_000.0)
"""Tried one after the other until the matrix can be inverted."""
SHRINKAGE = 2.0
"""Of the cosines that stand in for EASE, or find its neighbourhoods."""
BLOCK = 256
"""Products whose regressions are solved at a time."""
LEAST_CUSTOMERS = 3
"""Fewer say next to nothing about what goes together with a product, and in a large shop half of the products have no
more; others may still be recommended because of them."""
MOST_COLUMNS = 1 << 22
"""With more columns than that it takes less time to number those in use anew than to step over the others."""


def ease_neighbours(ratings: Any, most: int, ridge: float) -> Table:
    """The largest weights of EASE: `B = I - P / diag(P)`, `P = (RᵀR + λI)⁻¹`, diagonal 0.

    A customer's score of product `j` is `Σ_i x_i B_ij`; row `i` of the result holds the `j` that `i` speaks
    for most.

    Args:
        ratings: customers by products; the products' square must fit in memory.
        ridge: λ.

    Returns:
        As `neighbours`. Where the matrix cannot be inverted, the ridge is raised, and where nothing helps the cosines
        of `neighbours` are returned; a warning `FallbackWarning` says so.

    Source: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019.
    """
    import scipy.sparse as sp

    matrix = sp.csr_matrix(ratings, dtype=np.float32)
    size = matrix.shape[1]
    # A product without customers has only zeros in its row and column: the inverse is taken without it.
    used = np.flatnonzero(np.diff(matrix.tocsc().indptr))
    weights = regularised_inverse(inner_products(matrix[:, used]), ridge)
    if weights is None:
        warnings.warn(FallbackWarning("EASE could not be fitted; cosines stand in for it"), stacklevel=2)
        return neighbours(matrix, most, SHRINKAGE)
    weights /= -np.diag(weights)[None, :]
    np.fill_diagonal(weights, 0)
    places, values = best_of_rows(weights, most)
    whole = np.zeros((size, places.shape[1]), np.int32), np.zeros((size, places.shape[1]), np.float32)
    whole[0][used], whole[1][used] = used[places], values
    return whole


def inner_products(matrix: Any) -> Floats32:
    """`RᵀR` of a sparse matrix, a block of rows at a time: as a sparse matrix it would take twice the memory."""
    across = matrix.T.tocsr()
    gram = np.empty((matrix.shape[1], matrix.shape[1]), np.float32)
    for start in range(0, len(gram), BLOCK):
        gram[start : start + BLOCK] = (across[start : start + BLOCK] @ matrix).toarray()
    return gram


def regularised_inverse(gram: Floats32, ridge: float) -> Floats32 | None:
    """`(gram + λI)⁻¹` with the least of the ridges with which there is one; None where there is with none.

    It is written over the matrix.
    """
    own, diagonal = gram.diagonal().copy(), np.diag_indices_from(gram)
    for factor in RIDGE_FACTORS:
        gram[diagonal] = own + ridge * factor
        if _inverted(gram):
            if factor > 1:
                warnings.warn(
                    FallbackWarning(f"EASE could only be fitted with {factor:.0f} times its ridge"),
                    stacklevel=3,
                )
            return gram
    return None


def _inverted(positive: Floats32) -> bool:
    """Write the inverse of a symmetric, positive matrix over it; where it is not positive, all but the diagonal stays.
    Cholesky takes a third of a general inverse's time."""
    import scipy.linalg

    # In the order of columns, as LAPACK wants it; one half of the matrix is worked on, the other stays as it was.
    whole = positive.T
    factor, failed = scipy.linalg.lapack.spotrf(whole, lower=1, clean=0, overwrite_a=1)
    if not failed:
        _, failed = scipy.linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
        failed = failed or not np.isfinite(np.diag(whole)).all()
    if failed:
        _mirror(positive)
    else:
        _mirror(whole)
    return not failed


def _mirror(matrix: Floats32) -> None:
    """Write what is below the diagonal above it."""
    for start in range(0, len(matrix), BLOCK):
        end = start + BLOCK
        matrix[start:end, end:] = matrix[end:, start:end].T
        corner = matrix[start:end, start:end]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T


def local_ease_neighbours(
    ratings: Any,
    most: int,
    ridge: float,
    near: NDArray[np.int32] | None = None,
    targets: Ints | None = None,
) -> Table:
    """EASE for many products: each is regressed on its `most` most similar products instead of on all.

    For product `j` with its neighbours `N`, `w = (X_NᵀX_N + λI)⁻¹ X_Nᵀx_j`.

    Args:
        ratings: customers by products, sparse.
        most: products in a neighbourhood.
        ridge: λ.
        near: the neighbourhoods, shape (products, at least `most`), best first; the product itself stands for no
            neighbour. Without it they are found by cosine.
        targets: the products that are regressed, by index; without it all.

    Returns:
        As `similarity.neighbours`: row `i` holds the `j` that `i` speaks for most. Nothing speaks for a product with
        fewer than `LEAST_CUSTOMERS`, or whose regression could not be solved; a `FallbackWarning` counts the latter.

    Source: the sparse approximation in Steck, "Markov random fields for collaborative filtering", NeurIPS 2019.
    """
    import scipy.sparse as sp

    matrix = sp.csr_matrix(ratings, dtype=np.float32)
    count = matrix.shape[1]
    if near is None:
        near = filled_up(*neighbours(matrix, most, SHRINKAGE))
    near = near[:, :most]
    most = near.shape[1]
    weights = np.zeros((count, most), np.float32)
    unsolved = 0
    across = matrix.T.tocsr()
    asked = np.arange(count) if targets is None else targets
    asked = asked[np.diff(across.indptr)[asked] >= LEAST_CUSTOMERS] if most else asked[:0]
    for start in range(0, len(asked), BLOCK):
        block = asked[start : start + BLOCK]
        weights[block], failed = _regressed(across, block, near[block], ridge)
        unsolved += failed
    if unsolved:
        said = f"EASE within neighbourhoods could not be fitted for {unsolved} of {count} products; they go without it"
        warnings.warn(FallbackWarning(said), stacklevel=2)
    # From "who speaks for me" to "for whom I speak", the largest of each row.
    whom = np.repeat(np.arange(count, dtype=np.int32), most)
    return best_of_each(near.ravel(), whom, np.maximum(weights, 0.0).ravel(), (count, most))


def filled_up(places: NDArray[np.int32], values: Floats32) -> NDArray[np.int32]:
    """A table of neighbours as neighbourhoods: the product itself stands where nothing fills a place."""
    own = np.arange(len(places), dtype=np.int32)[:, None]
    return np.where(values > 0, places, own)


def _regressed(across: Any, block: Ints, near: NDArray[np.int32], ridge: float) -> tuple[Floats32, int]:
    """The weights of each of the block's products on its neighbours, shape as `near`, and how many were unsolved."""
    import scipy.sparse as sp

    size, most = near.shape
    # Every regression gets rows of its own, the neighbours' and last the product's, and its customers columns of
    # their own: one product of sparse matrices then holds the inner products of all of them, side by side.
    members = np.concatenate([near, block[:, None]], axis=1)
    rows = across[members.ravel()]
    none = near == block[:, None]
    lengths = np.diff(rows.indptr).reshape(size, most + 1)
    lengths[:, :most][none] = 0
    lengths = lengths.ravel()
    kept = np.repeat(lengths > 0, np.diff(rows.indptr))
    group = np.repeat(np.arange(len(lengths)) // (most + 1), lengths)
    keys = group * np.int64(across.shape[1]) + rows.indices[kept]
    width = size * across.shape[1]
    if width > MOST_COLUMNS:
        found, keys = np.unique(keys, return_inverse=True)
        width = len(found)
    apart = sp.csr_matrix(
        (rows.data[kept], keys.astype(np.int32), np.r_[0, np.cumsum(lengths)].astype(np.int32)),
        shape=(len(lengths), width),
    )
    shared = (apart @ apart.T).tocoo()
    inner = np.zeros((size, most + 1, most + 1), np.float32)
    which, mine = np.divmod(shared.row, most + 1)
    inner[which, mine, shared.col % (most + 1)] = shared.data
    gram, target = inner[:, :most, :most], inner[:, :most, most]
    # A place without a neighbour has a row of its own, with which it gets the weight 0 whatever the ridge.
    gram[:, np.arange(most), np.arange(most)] += np.where(none, np.float32(1), np.float32(ridge))
    return _solved(gram, target)


def _solved(gram: Floats32, target: Floats32) -> tuple[Floats32, int]:
    """The weights of many regressions; 0 where the matrix is singular or nothing finite comes out, and how many."""
    try:
        weights = np.linalg.solve(gram, target[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        weights = np.stack([_one_solved(*one) for one in zip(gram, target, strict=True)])
    failed = ~np.isfinite(weights).all(axis=1)
    weights[failed] = 0.0
    return np.asarray(weights, np.float32), int(failed.sum())


def _one_solved(gram: Floats32, target: Floats32) -> Floats32:
    try:
        return np.asarray(np.linalg.solve(gram, target), np.float32)
    except np.linalg.LinAlgError:
        return np.full_like(target, np.nan)
