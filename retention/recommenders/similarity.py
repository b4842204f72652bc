"""Similar products and similar customers, by the cosine of their interactions.

`R` is the matrix of interactions, customers by products; `R_ui` is how much customer `u` wanted product `i`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Floats32, Ints

Table: TypeAlias = tuple[NDArray[np.int32], Floats32]
"""Neighbours: their indices and how similar they are, both of shape (products, k), best first; places that nothing
fills have similarity 0."""

BLOCK = 256
"""Rows handled at a time, so that memory grows with the products and not with their square."""
SPARSE_FROM = 20_000
"""With more products, most pairs have no customer in common, and only those that have are looked at."""
READ_MOST = 10_000


class FallbackWarning(UserWarning):
    """A table of neighbours could not be worked out as asked; the message says what stands in for it."""


def neighbours(ratings: Any, most: int, shrinkage: float) -> Table:
    """The most similar products of each product by cosine over customers.

    `s_ij = Σ_u R_ui R_uj / (√Σ_u R_ui² · √Σ_u R_uj² + shrinkage)`

    Args:
        ratings: sparse or dense, customers by products.
        most: neighbours of a product.
        shrinkage: pulls the similarity of products with few customers towards 0.

    Source: Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001.
    """
    import scipy.sparse as sp

    matrix = sp.csr_matrix(ratings, dtype=np.float32)
    across, count, parts = matrix.T.tocsr(), matrix.shape[1], []
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0), np.float32)).ravel()
    for start in range(0, count, BLOCK):
        mine = norms[start : start + BLOCK]
        shared = (across[start : start + BLOCK] @ matrix).tocsr()
        if count > SPARSE_FROM:
            shared.sort_indices()
            rows = np.repeat(np.arange(len(mine)), np.diff(shared.indptr))
            values = _divided(shared.data, mine[rows] * norms[shared.indices] + np.float32(shrinkage))
            values[shared.indices == start + rows] = 0
            parts.append(best_of_each(rows, shared.indices, values, (len(mine), min(most, count))))
        else:
            block = _divided(shared.toarray(), mine[:, None] * norms + np.float32(shrinkage))
            np.fill_diagonal(block[:, start:], 0)
            parts.append(best_of_rows(block, most))
    return _stacked(parts, most)


def _divided(above: Floats32, below: Floats32) -> Floats32:
    result: Floats32 = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return result


def best_of_each(
    rows: NDArray[Any], columns: NDArray[np.int32], values: Floats32, shape: tuple[int, int]
) -> Table:
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


def best_of_rows(rows: Floats32, most: int) -> Table:
    """The columns with the largest values of each row of a dense matrix, best first; values below 0 count as 0."""
    parts = [_best_of_block(rows[start : start + BLOCK], most) for start in range(0, len(rows), BLOCK)]
    return _stacked(parts, most)


def _best_of_block(rows: Floats32, most: int) -> Table:
    most = min(most, rows.shape[1])
    if not most:
        return np.zeros((len(rows), 0), np.int32), np.zeros((len(rows), 0), np.float32)
    places = np.argpartition(-rows, most - 1, axis=1)[:, :most]
    values = np.take_along_axis(rows, places, axis=1)
    order = np.lexsort((places, -values), axis=1)
    places, values = np.take_along_axis(places, order, 1), np.take_along_axis(values, order, 1)
    return places.astype(np.int32), np.maximum(values, 0).astype(np.float32)


def _stacked(parts: list[Table], most: int) -> Table:
    if not parts:
        return np.zeros((0, most), np.int32), np.zeros((0, most), np.float32)
    return np.concatenate([one[0] for one in parts]), np.concatenate([one[1] for one in parts])


def sharpened(table: Table, power: float) -> Table:
    """A table of neighbours with its similarities to a power: above 1, a few close ones outweigh many distant.

    Source: "locality" in Aiolli, "Efficient top-N recommendation for very large scale binary rated datasets",
    RecSys 2013.
    """
    places, values = table
    return places, values ** np.float32(power)


def evened(ratings: Any) -> Any:
    """The sparse matrix, customers by products, with each customer's row divided by the root of its length: wholesalers
    say less of what goes together.
    """
    import scipy.sparse as sp

    matrix = sp.csr_matrix(ratings, dtype=np.float32)
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), np.float64)).ravel()
    scale = np.divide(1.0, np.sqrt(length), out=np.zeros_like(length), where=length > 0)
    return (sp.diags(scale.astype(np.float32)) @ matrix).tocsr()


@dataclass(frozen=True, slots=True)
class UserNeighbourhood:
    """A shop's customers as two sparse matrices, customers by products, with the same places filled.

    `ratings` say who is similar, `recent` what is recommended to them; where both are equal they are `R` of the
    source's formula.
    """

    products: int
    ends: Ints
    """Where each customer's row ends in `items`; shape (customers,)."""
    items: NDArray[np.int32]
    ratings: Floats32
    recent: Floats32
    """By customer, shape (interactions,), at least 0."""
    norms: Floats
    """The length of each customer's row of `ratings`."""
    buyer_ends: Ints
    buyers: NDArray[np.int32]
    buyer_ratings: Floats32
    """`ratings` by product."""

    @classmethod
    def of(cls, ratings: Any, recent: Any | None = None) -> Self:
        """From sparse matrices, customers by products; without `recent`, it is the same as `ratings`."""
        rows = ratings.tocsr()
        rows.sort_indices()
        columns = rows.tocsc()
        columns.sort_indices()
        return cls(
            products=rows.shape[1],
            ends=rows.indptr[1:].astype(np.int64),
            items=rows.indices.astype(np.int32),
            ratings=rows.data.astype(np.float32),
            recent=np.asarray(rows.data if recent is None else _at_the_same_places(recent, rows), np.float32),
            norms=np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), np.float64)).ravel(),
            buyer_ends=columns.indptr[1:].astype(np.int64),
            buyers=columns.indices.astype(np.int32),
            buyer_ratings=columns.data.astype(np.float32),
        )

    @classmethod
    def of_nobody(cls, products: int) -> Self:
        """For a shop without customers."""
        none, ends = np.zeros(0, np.int32), np.zeros(products, np.int64)
        empty = np.zeros(0, np.float32)
        return cls(products, ends[:0], none, empty, empty, np.zeros(0), ends, none, empty)

    def similar(self, items: Ints, ratings: Floats, most: int) -> tuple[Ints, Floats]:
        """The most similar customers and their cosines, best first: `s_uv = Σ_i R_ui R_vi / (|R_u| · |R_v|)`.

        Args:
            items: a customer's products, shape (k,).
            ratings: how much they count, shape (k,).
            most: so many at most, and fewer where they have bought more than `READ_MOST` products together, which
                bounds the time of an answer; nobody without a common product is among them.
        """
        where, length = ranges(self.buyer_ends, items)
        shared = np.bincount(
            self.buyers[where], np.repeat(ratings, length) * self.buyer_ratings[where], len(self.norms)
        )
        similarity = shared / np.maximum(self.norms * np.sqrt((ratings**2).sum()), 1e-12)
        who = np.flatnonzero(similarity > 0)
        if len(who) > most:
            who = who[np.argpartition(-similarity[who], most - 1)[:most]]
        who = who[np.lexsort((who, -similarity[who]))]
        starts = np.where(who > 0, self.ends[who - 1], 0)
        whole = int(np.searchsorted(np.cumsum(self.ends[who] - starts), READ_MOST, side="right"))
        who = who[: max(whole, 1)]
        return who, similarity[who]

    def weighted_sum(self, who: Ints, similarity: Floats, ratings: Floats32) -> Floats:
        """The prediction `α Σ_v s_uv R_vi` with `α = 1 / Σ_v s_uv`; shape (products,), 0 from nobody.

        Args:
            who: customers `v`.
            similarity: theirs, shape as `who`.
            ratings: `R`: the neighbourhood's `ratings` or `recent`.
        """
        items, weights = self.terms(who, similarity, ratings)
        return np.bincount(items, weights, self.products).astype(np.float64, copy=False)

    def terms(self, who: Ints, similarity: Floats, ratings: Floats32) -> tuple[NDArray[np.int32], Floats]:
        """The terms of the weighted sum before they are summed: a product and `α s_uv R_vi` each, by customer."""
        total = float(similarity.sum())
        if total <= 0:
            return self.items[:0], np.zeros(0)
        where, length = ranges(self.ends, who)
        return self.items[where], np.repeat(similarity / total, length) * ratings[where]

    def having(self, who: Ints, item: int) -> Bools:
        """Which of the customers bought the product; shape as `who`."""
        where, _ = ranges(self.buyer_ends, np.array([item]))
        return np.isin(who, self.buyers[where])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For saving, by the names in files."""
        return {name: getattr(self, field) for field, name in _SAVED.items()}

    @classmethod
    def from_arrays(cls, products: int, arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> Self:
        """From the saved form."""
        return cls(products, **{field: arrays[prefix + name] for field, name in _SAVED.items()})


_SAVED = {
    "ends": "ends", "items": "items", "ratings": "tastes", "recent": "told", "norms": "norms",
    "buyer_ends": "buyer_ends", "buyers": "buyers", "buyer_ratings": "buyer_tastes",
}  # fmt: skip
"""Field to its name in files."""


def ranges(ends: Ints, which: Ints) -> tuple[Ints, Ints]:
    """The positions of the rows `which` of a sparse matrix, one row after the other, and each row's length."""
    if not len(which):
        return which, which
    start = np.where(which > 0, ends[which - 1], 0)
    length = ends[which] - start
    offset = np.repeat(start - np.r_[0, np.cumsum(length)[:-1]], length)
    return offset + np.arange(len(offset)), length


def _at_the_same_places(matrix: Any, pattern: Any) -> Floats32:
    """The values of `matrix` where `pattern` has values, in the order of its rows."""
    if not pattern.nnz:
        return np.zeros(0, np.float32)
    users = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    return np.asarray(matrix.tocsr()[users, pattern.indices], np.float32).ravel()
