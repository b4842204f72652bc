"""Similarities of customers and of products, and the weighted sums that predict from them. For fitting.

`R` is the matrix of interactions, customers by products; `R_ui` is how much customer `u` wanted product `i`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
SPARSE_SHRINKAGE = 2.0
BLOCK = 256
"""Rows handled at a time, so that memory grows with the products and not with their square."""
SPARSE_FROM = 20_000
"""With more products, most pairs have no customer in common, and only those that have are looked at."""
FIRMER = (1.0, 10.0, 100.0, 1_000.0)
"""Factors of EASE's ridge, tried one after the other until its matrix can be inverted."""


class FellBack(UserWarning):
    """A table of neighbours could not be worked out as asked; the message says what stands in for it."""


def user_similarity(ratings: Any) -> Matrix:
    """Cosine of two customers: `s_uv = Σ_i R_ui R_vi / (√Σ_i R_ui² · √Σ_i R_vi²)`.

    Args:
        ratings: sparse or dense, customers by products.

    Returns:
        Customers by customers, the diagonal 0; a customer without interactions is similar to nobody.

    Source: the collaborative filtering of GroupLens (Resnick et al., 1994) with cosine weights.
    """
    return item_similarity(sp.csr_matrix(ratings).T)


def item_similarity(ratings: Any, shrinkage: float = 0.0) -> Matrix:
    """Cosine of two products over customers: `s_ij = Σ_u R_ui R_uj / (√Σ_u R_ui² · √Σ_u R_uj² + shrinkage)`.

    Args:
        ratings: sparse or dense, customers by products.
        shrinkage: pulls the similarity of products with few customers towards 0.

    Returns:
        Products by products, the diagonal 0. Dense: for tests and small shops; `neighbours` is for the rest.

    Source: Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001.
    """
    matrix = sp.csr_matrix(ratings, dtype=np.float32)
    similarity = _cosine_rows(matrix.T.tocsr(), matrix, _norms(matrix), 0, matrix.shape[1], shrinkage)
    np.fill_diagonal(similarity, 0)
    return similarity


def weighted_sum(similarity: Any, ratings: Any) -> Matrix:
    """The prediction `R̂_ui = α Σ_v s_uv R_vi` with `α = 1 / Σ_v |s_uv|`.

    Args:
        similarity: customers by customers. For products, pass the transposes: their similarity and `R` with
            products as rows.
        ratings: customers by products.

    Returns:
        Customers by products; 0 where nobody is similar.
    """
    weights = np.asarray(similarity, np.float32)
    total = np.abs(weights).sum(axis=1, keepdims=True)
    summed = np.asarray(sp.csr_matrix(ratings, dtype=np.float32).T @ weights.T).T
    predicted: Matrix = np.divide(summed, total, out=np.zeros_like(summed), where=total > 0)
    return predicted


def neighbours(ratings: Any, most: int, shrinkage: float) -> tuple[NDArray[np.int32], Matrix]:
    """The most similar products of each product by `item_similarity`, without ever holding the whole matrix.

    Returns:
        Indices and similarities, both of shape (products, k) with k at most `most`, best first; places that
        nothing fills have similarity 0.
    """
    matrix = sp.csr_matrix(ratings, dtype=np.float32)
    across, norms = matrix.T.tocsr(), _norms(matrix)
    count = matrix.shape[1]
    rows = _sparse_block if count > SPARSE_FROM else _dense_block
    parts = [
        rows(across, matrix, norms, (start, min(start + BLOCK, count)), most, shrinkage)
        for start in range(0, count, BLOCK)
    ]
    return _stack(parts, most)


def _dense_block(
    across: Any, matrix: Any, norms: Matrix, part: tuple[int, int], most: int, shrinkage: float
) -> tuple[NDArray[np.int32], Matrix]:
    start, stop = part
    block = _cosine_rows(across, matrix, norms, start, stop, shrinkage)
    block[np.arange(stop - start), np.arange(start, stop)] = 0
    return _best(block, most)


def _sparse_block(
    across: Any, matrix: Any, norms: Matrix, part: tuple[int, int], most: int, shrinkage: float
) -> tuple[NDArray[np.int32], Matrix]:
    start, stop = part
    shared = (across[start:stop] @ matrix).tocsr()
    shared.sort_indices()
    rows = np.repeat(np.arange(stop - start), np.diff(shared.indptr))
    below = norms[start + rows] * norms[shared.indices] + np.float32(shrinkage)
    values = np.divide(shared.data, below, out=np.zeros_like(shared.data), where=below > 0)
    values[shared.indices == start + rows] = 0
    return best_of_each(rows, shared.indices, values, (stop - start, min(most, len(norms))))


def ease_neighbours(ratings: Any, most: int, ridge: float) -> tuple[NDArray[np.int32], Matrix]:
    """The largest weights of EASE: `B = I - P / diag(P)`, `P = (RᵀR + λI)⁻¹`, diagonal 0.

    A customer's score of product `j` is `Σ_i x_i B_ij`; row `i` of the result holds the `j` that `i` speaks
    for most.

    Args:
        ratings: customers by products; the products' square must fit in memory.
        ridge: λ.

    Returns:
        As `neighbours`. Where the matrix cannot be inverted, the ridge is raised, and where nothing helps the cosines
        of `neighbours` are returned; a warning `FellBack` says so.

    Source: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019.
    """
    matrix = sp.csr_matrix(ratings, dtype=np.float32)
    size = matrix.shape[1]
    # A product without customers has only zeros in its row and column: the inverse is taken without it.
    used = np.flatnonzero(np.diff(matrix.tocsc().indptr))
    bought = matrix[:, used]
    inverse = _held_back_inverse((bought.T @ bought).toarray(), ridge)
    if inverse is None:
        warnings.warn(FellBack("EASE could not be fitted; cosines stand in for it"), stacklevel=2)
        return neighbours(matrix, most, SPARSE_SHRINKAGE)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    count = len(weights)
    parts = [_best(weights[start : start + BLOCK], most) for start in range(0, count, BLOCK)]
    places, values = _stack(parts, most)
    whole = np.zeros((size, places.shape[1]), np.int32), np.zeros((size, places.shape[1]), np.float32)
    whole[0][used], whole[1][used] = used[places], values
    return whole


def _held_back_inverse(gram: Matrix, ridge: float) -> Matrix | None:
    """`(gram + λI)⁻¹` with the least of the ridges with which there is one; None where there is with none."""
    own, diagonal = gram.diagonal().copy(), np.diag_indices_from(gram)
    for factor in FIRMER:
        gram[diagonal] = own + ridge * factor
        inverse = _inverse(gram)
        if inverse is not None:
            if factor > 1:
                warnings.warn(
                    FellBack(f"EASE could only be fitted with {factor:.0f} times its ridge"), stacklevel=3
                )
            return inverse
    return None


def _inverse(positive: Matrix) -> Matrix | None:
    """Of a symmetric, positive matrix; None where it is not. Cholesky takes a third of a general inverse's time."""
    factor, failed = scipy.linalg.lapack.spotrf(positive, lower=1)
    if failed:
        return None
    half, failed = scipy.linalg.lapack.spotri(factor, lower=1)
    if failed or not np.isfinite(np.diag(half)).all():
        return None
    inverse: Matrix = np.tril(half) + np.tril(half, -1).T
    return inverse


def best_of_each(
    rows: NDArray[Any], columns: NDArray[np.int32], values: Matrix, shape: tuple[int, int]
) -> tuple[NDArray[np.int32], Matrix]:
    """The columns with the largest values above 0 of each row, best first, ties by the lower column.

    Args:
        rows: of each entry; shape (entries,), as are the others.
        columns: of each entry, ascending within a row.
        values: of each entry.
        shape: how many rows, and how many places in each.
    """
    some = np.flatnonzero(values > 0)
    # One key for row and value takes a third of the time of sorting by both.
    key = rows[some] - values[some] / (2.0 * float(values.max(initial=1e-9)))
    order = some[np.argsort(key, kind="stable")]
    rows, columns, values = rows[order], columns[order], values[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, np.arange(shape[0]))[rows]
    kept = rank < shape[1]
    found, strength = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
    found[rows[kept], rank[kept]] = columns[kept]
    strength[rows[kept], rank[kept]] = values[kept]
    return found, strength


def sharpened(table: tuple[NDArray[np.int32], Matrix], power: float) -> tuple[NDArray[np.int32], Matrix]:
    """A table of neighbours with its similarities to a power: above 1, a few close ones outweigh many distant.

    Source: "locality" in Aiolli, "Efficient top-N recommendation for very large scale binary rated datasets",
    RecSys 2013.
    """
    places, values = table
    return places, values ** np.float32(power)


def even(ratings: Any, share: float) -> Any:
    """The matrix with each customer's row divided by its length to the power `share`: at 0 the customers who
    buy much tell most about what goes together, at 1 all tell alike.

    Args:
        ratings: sparse, customers by products.
        share: 0 to 1.
    """
    matrix = sp.csr_matrix(ratings, dtype=np.float32)
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), np.float64)).ravel()
    scale = np.divide(1.0, length**share, out=np.zeros_like(length), where=length > 0)
    return (sp.diags(scale.astype(np.float32)) @ matrix).tocsr()


def _norms(matrix: Any) -> Matrix:
    result: Matrix = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0), np.float32)).ravel()
    return result


def _cosine_rows(across: Any, matrix: Any, norms: Matrix, start: int, stop: int, shrinkage: float) -> Matrix:
    shared: Matrix = (across[start:stop] @ matrix).toarray()
    below = norms[start:stop, None] * norms[None, :] + np.float32(shrinkage)
    cosine: Matrix = np.divide(shared, below, out=np.zeros_like(shared), where=below > 0)
    return cosine


def _best(rows: Matrix, most: int) -> tuple[NDArray[np.int32], Matrix]:
    most = min(most, rows.shape[1])
    if not most:
        return np.zeros((len(rows), 0), np.int32), np.zeros((len(rows), 0), np.float32)
    places = np.argpartition(-rows, most - 1, axis=1)[:, :most]
    values = np.take_along_axis(rows, places, axis=1)
    order = np.lexsort((places, -values), axis=1)
    places, values = np.take_along_axis(places, order, 1), np.take_along_axis(values, order, 1)
    return places.astype(np.int32), np.maximum(values, 0).astype(np.float32)


def _stack(parts: list[tuple[NDArray[np.int32], Matrix]], most: int) -> tuple[NDArray[np.int32], Matrix]:
    if not parts:
        return np.zeros((0, most), np.int32), np.zeros((0, most), np.float32)
    return np.concatenate([one[0] for one in parts]), np.concatenate([one[1] for one in parts])
