"""User-based collaborative filtering: what similar customers bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.base import Arrays, Facts, Floats, Goods, ItemModel
from retention.recommenders.profile import Profile
from retention.report import Readiness
from retention.types import Reason

MOST_SIMILAR = 100
"""Customers whose purchases are added up."""


@dataclass(frozen=True, slots=True)
class UserKNN(ItemModel):
    """The prediction `R̂_ui = α Σ_v s_uv R_vi`, `α = 1 / Σ_v s_uv`, with the cosine `s_uv` of two customers' rows.

    The customer's row is their profile as of the question, so a new event counts at once. The sum runs over the
    `most` most similar customers of the fit (the customer's own row then is one of them).

    Source: the collaborative filtering of GroupLens (Resnick et al., 1994) with cosine weights.
    """

    name = "user_knn"

    goods: Goods
    readiness: tuple[Readiness, ...]
    ends: NDArray[np.int64]
    """Where each customer's row ends in `items` and `ratings`; shape (customers,)."""
    items: NDArray[np.int32]
    ratings: NDArray[np.float32]
    """`R` by customer, shape (interactions,), above 0."""
    norms: NDArray[np.float64]
    """The length of each customer's row."""
    buyer_ends: NDArray[np.int64]
    buyers: NDArray[np.int32]
    buyer_ratings: NDArray[np.float32]
    """`R` by product."""
    most: int = MOST_SIMILAR

    def scores(self, profile: Profile) -> Floats:
        """See the class."""
        size = len(self.goods.products)
        who, similarity = self._similar(profile)
        total = float(similarity.sum())
        if total <= 0:
            return np.zeros(size)
        where, length = _ranges(self.ends, who)
        weight = np.repeat(similarity / total, length) * self.ratings[where]
        return np.bincount(self.items[where], weight, size).astype(np.float64)

    def _similar(self, profile: Profile) -> tuple[NDArray[np.int64], Floats]:
        """The most similar customers and their similarities, best first."""
        mine = profile.ever
        where, length = _ranges(self.buyer_ends, profile.items)
        shared = np.bincount(
            self.buyers[where], np.repeat(mine, length) * self.buyer_ratings[where], len(self.norms)
        )
        similarity = shared / np.maximum(self.norms * np.sqrt((mine**2).sum()), 1e-12)
        who = np.flatnonzero(similarity > 0)
        if len(who) > self.most:
            who = who[np.argpartition(-similarity[who], self.most - 1)[: self.most]]
        order = np.lexsort((who, -similarity[who]))
        return who[order], similarity[who[order]]

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """How many of the similar customers bought it, and the share of similarity that they have."""
        who, similarity = self._similar(profile)
        where, _ = _ranges(self.buyer_ends, np.array([item]))
        having = np.isin(who, self.buyers[where])
        if not having.any():
            return []
        share = float(similarity[having].sum() / similarity.sum())
        return [Reason(code="similar_customers", value=float(having.sum()), weight=round(share, 4))]

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """`R` both ways."""
        arrays = {
            name: getattr(self, name)
            for name in ("ends", "items", "ratings", "norms", "buyer_ends", "buyers", "buyer_ratings")
        }
        return {"most": self.most}, arrays

    @classmethod
    def from_parts(cls, goods: Goods, readiness: tuple[Readiness, ...], facts: Facts, arrays: Arrays) -> Self:
        """See `ItemModel`."""
        own = {name: array for name, array in arrays.items() if name != "goods_popularity"}
        return cls(goods, readiness, **own, most=facts["most"])

    @classmethod
    def of(cls, goods: Goods, ratings: Any, most: int = MOST_SIMILAR) -> Self:
        """From `R`, sparse, customers by products."""
        rows, columns = ratings.tocsr(), ratings.tocsc()
        rows.sort_indices()
        columns.sort_indices()
        return cls(
            goods,
            (),
            ends=rows.indptr[1:].astype(np.int64),
            items=rows.indices.astype(np.int32),
            ratings=rows.data.astype(np.float32),
            norms=np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), np.float64)).ravel(),
            buyer_ends=columns.indptr[1:].astype(np.int64),
            buyers=columns.indices.astype(np.int32),
            buyer_ratings=columns.data.astype(np.float32),
            most=most,
        )


def _ranges(ends: NDArray[np.int64], which: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The positions of the rows `which`, one after the other, and each row's length."""
    start = np.where(which > 0, ends[which - 1], 0) if len(which) else np.zeros(0, np.int64)
    length = ends[which] - start
    offset = np.repeat(start - np.r_[0, np.cumsum(length)[:-1]], length) if len(which) else start
    return offset + np.arange(int(length.sum())), length
