"""User-based collaborative filtering: what similar customers bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from numpy.typing import NDArray

from retention.recommenders.base import Arrays, Facts, Floats, Goods, ItemModel
from retention.recommenders.crowd import FIELDS, Crowd
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
    crowd: Crowd
    most: int = MOST_SIMILAR

    def scores(self, profile: Profile) -> Floats:
        """See the class."""
        who, similarity = self.crowd.similar(profile.items, profile.ever, self.most)
        return self.crowd.weighted_sum(who, similarity, self.crowd.tastes)

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """How many of the similar customers bought it, and the share of similarity that they have."""
        who, similarity = self.crowd.similar(profile.items, profile.ever, self.most)
        having = self.crowd.having(who, item)
        if not having.any():
            return []
        share = float(similarity[having].sum() / similarity.sum())
        return [Reason(code="similar_customers", value=float(having.sum()), weight=round(share, 4))]

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """`R` both ways."""
        return {"most": self.most}, self.crowd.arrays()

    @classmethod
    def from_parts(cls, goods: Goods, readiness: tuple[Readiness, ...], facts: Facts, arrays: Arrays) -> Self:
        """See `ItemModel`."""
        crowd = Crowd(len(goods.products), **{name: arrays[name] for name in FIELDS})
        return cls(goods, readiness, crowd, facts["most"])
