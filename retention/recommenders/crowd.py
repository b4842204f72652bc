"""Customers as neighbours: whose purchases are like this customer's, and what those bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

READ_MOST = 10_000
FIELDS = ("ends", "items", "tastes", "told", "norms", "buyer_ends", "buyers", "buyer_tastes")


@dataclass(frozen=True, slots=True)
class Crowd:
    """A shop's customers as two sparse matrices, customers by products, with the same places filled.

    `taste` says who is alike, `told` what is passed on; both are `R` of the source's formula where they are equal.
    """

    products: int
    ends: Ints
    """Where each customer's row ends in `items`; shape (customers,)."""
    items: NDArray[np.int32]
    tastes: NDArray[np.float32]
    told: NDArray[np.float32]
    """By customer, shape (interactions,), at least 0."""
    norms: Floats
    """The length of each customer's row of `taste`."""
    buyer_ends: Ints
    buyers: NDArray[np.int32]
    buyer_tastes: NDArray[np.float32]
    """`taste` by product."""

    @classmethod
    def of(cls, taste: Any, told: Any | None = None) -> Self:
        """From sparse matrices, customers by products; without `told`, what is passed on is `taste`."""
        rows = taste.tocsr()
        rows.sort_indices()
        columns = rows.tocsc()
        columns.sort_indices()
        passed = rows.data if told is None else _at_the_same_places(told, rows)
        return cls(
            products=rows.shape[1],
            ends=rows.indptr[1:].astype(np.int64),
            items=rows.indices.astype(np.int32),
            tastes=rows.data.astype(np.float32),
            told=np.asarray(passed, np.float32),
            norms=np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), np.float64)).ravel(),
            buyer_ends=columns.indptr[1:].astype(np.int64),
            buyers=columns.indices.astype(np.int32),
            buyer_tastes=columns.data.astype(np.float32),
        )

    @classmethod
    def of_nobody(cls, products: int) -> Self:
        """For a shop without customers."""
        none, ends = np.zeros(0, np.int32), np.zeros(products, np.int64)
        empty = np.zeros(0, np.float32)
        return cls(products, ends[:0], none, empty, empty, np.zeros(0), ends, none, empty)

    def similar(self, items: Ints, taste: Floats, most: int) -> tuple[Ints, Floats]:
        """The most similar customers and their cosines, best first: `s_uv = Σ_i R_ui R_vi / (|R_u| · |R_v|)`.

        Args:
            items: a customer's products, shape (k,).
            taste: how much they count, shape (k,).
            most: so many at most, and fewer where they have bought more than `READ_MOST` products together, which
                bounds the time of an answer; nobody without a common product is among them.
        """
        where, length = ranges(self.buyer_ends, items)
        shared = np.bincount(
            self.buyers[where], np.repeat(taste, length) * self.buyer_tastes[where], len(self.norms)
        )
        similarity = shared / np.maximum(self.norms * np.sqrt((taste**2).sum()), 1e-12)
        who = np.flatnonzero(similarity > 0)
        if len(who) > most:
            who = who[np.argpartition(-similarity[who], most - 1)[:most]]
        who = who[np.lexsort((who, -similarity[who]))]
        starts = np.where(who > 0, self.ends[who - 1], 0)
        whole = int(np.searchsorted(np.cumsum(self.ends[who] - starts), READ_MOST, side="right"))
        who = who[: max(whole, 1)]
        return who, similarity[who]

    def weighted_sum(self, who: Ints, similarity: Floats, ratings: NDArray[np.float32]) -> Floats:
        """The prediction `α Σ_v s_uv R_vi` with `α = 1 / Σ_v s_uv`; shape (products,), 0 from nobody.

        Args:
            who: customers `v`.
            similarity: theirs, shape as `who`.
            ratings: `R`: `tastes` or `told`.
        """
        items, weights = self.opinions(who, similarity, ratings)
        return np.bincount(items, weights, self.products).astype(np.float64, copy=False)

    def opinions(
        self, who: Ints, similarity: Floats, ratings: NDArray[np.float32]
    ) -> tuple[NDArray[np.int32], Floats]:
        """The terms of the weighted sum before they are summed: a product and `α s_uv R_vi` each, by customer."""
        total = float(similarity.sum())
        if total <= 0:
            return self.items[:0], np.zeros(0)
        where, length = ranges(self.ends, who)
        return self.items[where], np.repeat(similarity / total, length) * ratings[where]

    def having(self, who: Ints, item: int) -> NDArray[np.bool_]:
        """Which of the customers bought the product; shape as `who`."""
        where, _ = ranges(self.buyer_ends, np.array([item]))
        return np.isin(who, self.buyers[where])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For saving."""
        return {name: getattr(self, name) for name in FIELDS}


def ranges(ends: Ints, which: Ints) -> tuple[Ints, Ints]:
    """The positions of the rows `which` of a sparse matrix, one row after the other, and each row's length."""
    if not len(which):
        return which, which
    start = np.where(which > 0, ends[which - 1], 0)
    length = ends[which] - start
    offset = np.repeat(start - np.r_[0, np.cumsum(length)[:-1]], length)
    return offset + np.arange(len(offset)), length


def _at_the_same_places(matrix: Any, pattern: Any) -> NDArray[np.float32]:
    """The values of `matrix` where `pattern` has values, in the order of its rows."""
    if not pattern.nnz:
        return np.zeros(0, np.float32)
    users = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    return np.asarray(matrix.tocsr()[users, pattern.indices], np.float32).ravel()
