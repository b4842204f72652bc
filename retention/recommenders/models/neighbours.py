"""Models that add up a table of neighbours: what speaks for a product is what the customer has already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.base import Arrays, Facts, Floats, Goods, ItemModel
from retention.recommenders.profile import Profile
from retention.report import Readiness
from retention.types import Reason


@dataclass(frozen=True, slots=True)
class Neighbours(ItemModel):
    """A customer's score of a product is the weighted sum over theirs: `α Σ_i x_i s_ij`, `α = 1 / Σ_i x_i`."""

    weight: ClassVar[str]
    """Which of the profile's weights is `x`."""
    reason: ClassVar[str | None] = None
    """The reason's code; None: `bought_together` or `viewed_together`, by what the customer did."""

    goods: Goods
    readiness: tuple[Readiness, ...]
    places: NDArray[np.int32]
    """Shape (products, k): for each product, those that it speaks for."""
    similarities: NDArray[np.float32]
    """Shape (products, k); 0 where nothing fills the place."""

    def scores(self, profile: Profile) -> Floats:
        """See the class."""
        wanted: Floats = getattr(profile, self.weight)
        size, total = len(self.goods.products), float(wanted.sum())
        if total <= 0 or not self.places.shape[1]:
            return np.zeros(size)
        spread = self.similarities[profile.items] * (wanted / total)[:, None]
        return np.bincount(self.places[profile.items].ravel(), spread.ravel(), size).astype(np.float64)

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """The customer's product that speaks most for this one; its value is their similarity."""
        if not self.places.shape[1] or not len(profile.items):
            return []
        shares = np.where(
            self.places[profile.items] == item, self.similarities[profile.items], np.float32(0)
        ).sum(axis=1)
        pull = shares * getattr(profile, self.weight)
        total = float(pull.sum())
        if total <= 0:
            return []
        best = int(np.argmax(pull))
        code = self.reason or ("bought_together" if profile.bought[best] else "viewed_together")
        return [
            Reason(
                code=code,
                product=self.goods.products[int(profile.items[best])],
                value=round(float(shares[best]), 4),
                weight=round(float(pull[best]) / total, 4),
            )
        ]

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The table."""
        return {}, {"places": self.places, "similarities": self.similarities}

    @classmethod
    def from_parts(cls, goods: Goods, readiness: tuple[Readiness, ...], facts: Facts, arrays: Arrays) -> Self:
        """See `ItemModel`."""
        return cls(goods, readiness, arrays["places"], arrays["similarities"])


class ItemKNN(Neighbours):
    """Item-based collaborative filtering: similar are products that the same customers bought, by cosine.

    Source: Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001.
    """

    __slots__ = ()
    name = "item_knn"
    weight = "ever"


class Ease(Neighbours):
    """EASE with decayed history: a ridge regression of every product on all others; see `similarity.ease_neighbours`
    and, above 10,000 products, `local_ease.local_ease_neighbours`."""

    __slots__ = ()
    name = "ease"
    weight = "interest"


class Content(Neighbours):
    """Products with the same rare words in names, brand and attributes, by TF-IDF and cosine, and the category."""

    __slots__ = ()
    name = "content"
    weight = "interest"
    reason = "similar_content"
