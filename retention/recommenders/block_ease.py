"""EASE in a large catalogue: every product speaks for the best sellers as in EASE, and those near it for each other.

The matrix of all pairs is too large to invert, but only few products have many customers. With `A = RᵀR + λI` split
into the best sellers `H` and the others `T`, its inverse `P` has the blocks

    P_HH = (A_HH - A_HT A_TT⁻¹ A_TH)⁻¹,    P_TH = -A_TT⁻¹ A_TH P_HH,

of which `A_TT`, large and nearly empty, is replaced by the diagonal `D` of the sums of its rows: `D - A_TT` has no
negative eigenvalue, since `R` has no negative value, so that what is inverted stays positive with every ridge.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kernel.arrays import Floats32, Ints
from retention.recommenders.regressions import (
    ease_neighbours,
    filled_up,
    inner_products,
    local_ease_neighbours,
    regularised_inverse,
)
from retention.recommenders.similarity import Table, best_of_each, best_of_rows

NEAR = 30
"""Neighbours on which a product that sells little is regressed."""
BLOCK = 1_024
"""Products of the others that are handled at a time, which bounds the memory."""


def block_ease_neighbours(ratings: Any, most: int, ridge: float, head: int, cosines: Table | None) -> Table:
    """The largest weights of EASE; see the module for what is approximated.

    Args:
        ratings: customers by products, sparse, nothing below 0.
        most: products that a product speaks for.
        ridge: λ.
        head: how many best sellers; their square must fit in memory. Where no product is left over, it is EASE.
        cosines: neighbours of every product, on the first `NEAR` of which each of the others is regressed; without them
            nothing speaks for the others.

    Returns:
        As `regressions.ease_neighbours`.

    Source: block inversion by the Schur complement, with the lumped rows known from finite elements; the regressions
    are the sparse approximation in Steck, "Markov random fields for collaborative filtering", NeurIPS 2019.
    """
    import scipy.sparse as sp

    matrix = sp.csr_matrix(ratings, dtype=np.float32)
    size = matrix.shape[1]
    order = np.argsort(-np.asarray(matrix.sum(axis=0)).ravel(), kind="stable")
    best, rest = np.sort(order[:head]), np.sort(order[head:])
    parts = list(_for_best_sellers(matrix, most, ridge, best, rest))
    if cosines is not None:
        near = filled_up(*cosines)
        others = local_ease_neighbours(matrix, NEAR, ridge, near, rest)
        parts.append(_entries(np.arange(size), *others))
    rows, columns, weights = (np.concatenate(one) for one in zip(*parts, strict=True))
    return best_of_each(rows, columns, weights, (size, most))


def _for_best_sellers(
    matrix: Any, most: int, ridge: float, best: Ints, rest: Ints
) -> Iterator[tuple[Any, ...]]:
    """What best sellers and, block by block, all others say for best sellers."""
    sold, across = matrix[:, best].tocsr(), matrix.T.tocsr()
    told = np.asarray(matrix[:, rest].sum(axis=1), np.float32).ravel()
    lumped = (across @ told)[rest] + np.float32(ridge)
    blocks = [slice(start, start + BLOCK) for start in range(0, len(rest), BLOCK)]
    gram = inner_products(sold)
    for block in blocks:
        shared = across[rest[block]] @ sold
        gram -= (_divided_rows(shared, lumped[block]).T @ shared).toarray()
    inverse = regularised_inverse(gram, ridge)
    if inverse is None:
        # Nothing inverts: cosines among best sellers stand in for EASE, and the others say nothing of them.
        places, values = ease_neighbours(sold, most, ridge)
        yield _entries(best, best[places], values)
        return
    inverse /= np.diag(inverse).copy()[None, :]
    for block in blocks:
        shared = _divided_rows(across[rest[block]] @ sold, lumped[block])
        places, values = best_of_rows(np.asarray(shared @ inverse), most)
        yield _entries(rest[block], best[places], values)
    np.negative(inverse, out=inverse)
    np.fill_diagonal(inverse, 0.0)
    places, values = best_of_rows(inverse, most)
    yield _entries(best, best[places], values)


def _divided_rows(matrix: Any, by: Floats32) -> Any:
    import scipy.sparse as sp

    return sp.diags(np.float32(1) / by) @ matrix


def _entries(rows: Ints, places: Any, values: Floats32) -> tuple[Any, Any, Any]:
    """What a table says, one array each for who speaks, for whom, and how much."""
    at, rank = np.nonzero(values > 0)
    return rows[at], places[at, rank].astype(np.int32), values[at, rank]
