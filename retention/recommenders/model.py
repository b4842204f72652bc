"""The recommender as it is served: two stages over NumPy arrays, no refit for a new event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retention.recommenders import candidates, features, words
from retention.recommenders.buyers import Buyers
from retention.recommenders.crowd import Crowd
from retention.recommenders.features import SIMILARITIES, STATIC, Catalogue, Scores
from retention.recommenders.profile import Profile
from retention.types import ProductId, Recommendation, RecommendContext

if TYPE_CHECKING:
    from retention.recommenders.nightly import Prepared

RANKER, POPULARITY = "ranker", "popularity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How lists are made: `new` products only, or `any`."""

    policy: str
    """`ranker`, or `popularity` where the ranker did no better on the shop's own last weeks."""
    weights: NDArray[np.float64]
    """Of `features.NAMES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommender:
    """Products, what is known of them, and how to rank them."""

    products: tuple[ProductId, ...]
    catalogue: Catalogue
    popular: NDArray[np.int32]
    """Products by popularity with half-lives of 30 and of 7 days, best first; shape (2, products)."""
    created: NDArray[np.int64]
    """Microseconds since 1970; 0 when unknown."""
    category_names: tuple[str, ...]
    postings: words.Postings
    """Word to the products that have it and its weight in each."""
    new: Mode
    any: Mode
    index: Mapping[ProductId, int] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Recommender:
        """Knows no product yet; recommends what was bought before and the newest."""
        nothing = (np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32))
        catalogue = Catalogue(
            neighbours=dict.fromkeys(SIMILARITIES, nothing),
            crowd=Crowd.of_nobody(0),
            buyers=Buyers.of_nobody(0),
            static=np.zeros((0, len(STATIC))),
            gap=np.zeros(0),
            category=np.zeros(0, np.int32),
            categories=0,
        )
        mode = Mode(policy=POPULARITY, weights=np.zeros(len(features.NAMES)))
        return cls(
            products=(),
            catalogue=catalogue,
            popular=np.zeros((2, 0), np.int32),
            created=np.zeros(0, np.int64),
            category_names=(),
            postings={},
            new=mode,
            any=mode,
        )

    def recommend(
        self,
        n: int,
        context: RecommendContext,
        *,
        version: str,
        prepared: Prepared | None = None,
        variety: bool = True,
    ) -> list[Recommendation]:
        """At most `n` products that may be shown, best first; see `RetentionCore.recommend`.

        Args:
            n: how many.
            context: what is known now.
            version: of the model, for the policy's name.
            prepared: the customer's list as it was ranked ahead; what comes after it is what is popular.
            variety: at most half of a list from one category; without it for measuring what it costs.
        """
        if n <= 0:
            return []
        from retention.recommenders.request import Request

        return Request(self, n, context, version, prepared, variety=variety).answer()

    def rank(
        self, profile: Profile, *, repeats: bool, hidden: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """A customer's candidates in no order, and their scores, shape (candidates,) both.

        Args:
            profile: somebody with no product at all has no candidates.
            repeats: by which weights, and may the customer's own be among them?
            hidden: products to leave out.
        """
        if not len(profile.items):
            return np.zeros(0, np.int64), np.zeros(0)
        allowed = np.ones(len(self.products), dtype=bool)
        allowed[hidden] = False
        mode = self.any if repeats else self.new
        scores = features.source_scores(self.catalogue, profile)
        items = candidates.choose(scores, self.popular, profile, allowed)
        return items, self.judged(mode, profile, scores, items)

    def judged(
        self,
        mode: Mode,
        profile: Profile,
        scores: Scores,
        items: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """The candidates' scores by the mode's policy."""
        if mode.policy == POPULARITY:
            popular: NDArray[np.float64] = self.catalogue.static[items, STATIC.index("popular_30")]
            return popular
        rows = features.rows(self.catalogue, profile, scores, items)
        # Not `@`: BLAS wakes its threads for this little, and on busy cores that takes milliseconds.
        ranked: NDArray[np.float64] = np.einsum("ij,j->i", rows, mode.weights)
        return ranked

    def matching(self, texts: Sequence[str]) -> NDArray[np.float64] | None:
        """How much of the asked words each product has; see `words.matching`."""
        return words.matching(self.postings, texts, len(self.products))
