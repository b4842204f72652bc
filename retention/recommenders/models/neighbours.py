"""Weighted sums over neighbours: over similar customers, or over products similar to what the customer has already."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Floats32
from retention.recommenders import ease, similarity
from retention.recommenders.base import Arrays, Catalogue, ItemModel
from retention.recommenders.explanation import strongest
from retention.recommenders.interactions import Profile
from retention.recommenders.similarity import Table, UserNeighbourhood
from retention.recommenders.words import Vocabulary
from retention.types import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention.recommenders.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class UserKNN(ItemModel):
    """User-based collaborative filtering: `R̂_ui = α Σ_v s_uv R_vi`, `α = 1 / Σ_v s_uv`, `s_uv` the cosine of two rows.

    The customer's row is their profile as of the question, so a new event counts at once. The sum runs over the
    `most` most similar customers of the fit (the customer's own row then is one of them).

    Source: the collaborative filtering of GroupLens (Resnick et al., 1994) with cosine weights.
    """

    name = "user_knn"
    about = "what customers with similar purchases bought (cosine, normalised weighted sum)"
    least_customers = 20

    neighbourhood: UserNeighbourhood
    most: int = 100
    """Customers whose purchases are added up."""

    @classmethod
    def fit(cls, interactions: Interactions, seed: int) -> Self:
        """`R` by customer and by product."""
        neighbourhood = UserNeighbourhood.of(interactions.ratings())
        return cls(catalogue=Catalogue.of(interactions), neighbourhood=neighbourhood)

    def scores(self, profile: Profile) -> Floats:
        """See the class."""
        who, similar = self.neighbourhood.similar(profile.items, profile.ever, self.most)
        return self.neighbourhood.weighted_sum(who, similar, self.neighbourhood.ratings)

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """How many of the similar customers bought it, and the share of similarity that they have."""
        who, similar = self.neighbourhood.similar(profile.items, profile.ever, self.most)
        having = self.neighbourhood.having(who, item)
        if not having.any():
            return []
        share = float(similar[having].sum() / similar.sum())
        return [Reason(code="similar_customers", value=float(having.sum()), weight=round(share, 4))]

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """See `ItemModel`."""
        return {"most": self.most}, self.neighbourhood.arrays()

    @classmethod
    def from_parts(cls, catalogue: Catalogue, values: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `ItemModel`."""
        neighbourhood = UserNeighbourhood.from_arrays(len(catalogue.products), arrays)
        return cls(catalogue=catalogue, neighbourhood=neighbourhood, most=values["most"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemNeighbours(ItemModel):
    """A customer's score of a product is the weighted sum over theirs: `α Σ_i x_i s_ij`, `α = 1 / Σ_i x_i`."""

    weight: ClassVar[str] = "interest"
    """Which of the profile's weights is `x`."""
    reason: ClassVar[str | None] = None
    """The reason's code; None: `bought_together` or `viewed_together`, by what the customer did."""

    places: NDArray[np.int32]
    """Shape (products, k): for each product, those that it speaks for."""
    similarities: Floats32
    """Shape (products, k); 0 where nothing fills the place."""

    @classmethod
    def fit(cls, interactions: Interactions, seed: int) -> Self:
        """The table of neighbours."""
        places, similarities = cls.table(interactions)
        return cls(catalogue=Catalogue.of(interactions), places=places, similarities=similarities)

    @classmethod
    @abstractmethod
    def table(cls, interactions: Interactions) -> Table:
        """The neighbours of every product."""

    def scores(self, profile: Profile) -> Floats:
        """See the class."""
        wanted: Floats = getattr(profile, self.weight)
        size, total = len(self.catalogue.products), float(wanted.sum())
        if total <= 0 or not self.places.shape[1]:
            return np.zeros(size)
        spread = self.similarities[profile.items] * (wanted / total)[:, None]
        return np.bincount(self.places[profile.items].ravel(), spread.ravel(), size).astype(np.float64)

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """The customer's product that speaks most for this one; its value is their similarity."""
        mine, place = np.nonzero(self.places[profile.items] == item)
        shares = self.similarities[profile.items][mine, place]
        pulls = shares * getattr(profile, self.weight)[mine]
        found = strongest(self.catalogue.products, profile, mine, shares, pulls, self.reason)
        return [found] if found is not None else []


class ItemKNN(ItemNeighbours):
    """Item-based collaborative filtering: similar are products that the same customers bought, by cosine.

    Source: Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001.
    """

    __slots__ = ()
    name = "item_knn"
    about = "what the same customers bought as theirs (cosine)"
    least_customers = 20
    weight = "ever"

    @classmethod
    def table(cls, interactions: Interactions) -> Table:
        """See `similarity.neighbours`."""
        return similarity.neighbours(interactions.ratings(), ease.NEIGHBOURS, 0.0)


class Content(ItemNeighbours):
    """Products with the same rare words in names, brand and attributes, by TF-IDF and cosine, and the category."""

    __slots__ = ()
    name = "content"
    about = "products with similar words in name, category, brand and attributes"
    reason = "similar_content"

    @classmethod
    def table(cls, interactions: Interactions) -> Table:
        """See `Vocabulary.similar_products`."""
        return Vocabulary.of(interactions).similar_products()


class Ease(ItemNeighbours):
    """EASE with decayed history: a ridge regression of every product on all others; see `ease.ease_table`."""

    __slots__ = ()
    name = "ease"
    about = "a ridge regression of every product on all others, old purchases counting less"
    least_customers = 50

    @classmethod
    def table(cls, interactions: Interactions) -> Table:
        """See `ease.ease_table`."""
        return ease.ease_table(interactions.ratings(ease.RECENT_DAYS), ease.RECENT_RIDGE)
