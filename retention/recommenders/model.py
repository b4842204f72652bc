"""The recommender as it is served: two stages over NumPy arrays, no refit for a new event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Ints
from retention.recommenders import features
from retention.recommenders.candidates import Scores, choose, source_scores
from retention.recommenders.facts import ProductFacts
from retention.recommenders.interactions import Profile
from retention.recommenders.words import Postings
from retention.types import ProductId

RANKER, POPULARITY = "ranker", "popularity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How lists are made: `new` products only, or `any`."""

    policy: str
    """`ranker`, or `popularity` where the ranker did no better on the shop's own last weeks."""
    weights: Floats
    """Of `features.NAMES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommender:
    """Products, what is known of them, and how to rank them."""

    products: tuple[ProductId, ...]
    facts: ProductFacts
    popular: NDArray[np.int32]
    """See `ProductFacts.by_popularity`."""
    created: Ints
    """Microseconds since 1970; 0 when unknown."""
    category_names: tuple[str, ...]
    postings: Postings
    """Word to the products that have it and its weight in each."""
    new: Mode
    any: Mode
    index: Mapping[ProductId, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {product: place for place, product in enumerate(self.products)})

    @classmethod
    def empty(cls) -> Self:
        """Knows no product yet; recommends what was bought before and the newest."""
        mode = Mode(policy=POPULARITY, weights=np.zeros(len(features.NAMES)))
        return cls(
            products=(),
            facts=ProductFacts.of_nothing(),
            popular=np.zeros((2, 0), np.int32),
            created=np.zeros(0, np.int64),
            category_names=(),
            postings={},
            new=mode,
            any=mode,
        )

    def mode(self, *, repeats: bool) -> Mode:
        """With or without products that were bought before."""
        return self.any if repeats else self.new

    def allowed(self, hidden: Iterable[ProductId], category: str | None = None) -> Bools:
        """Which products may be chosen, shape (products,): all but the hidden ones, of one category if it is named."""
        allowed = np.ones(len(self.products), dtype=bool)
        allowed[[self.index[one] for one in hidden if one in self.index]] = False
        if category is not None:
            code = self.category_names.index(category) if category in self.category_names else -2
            allowed &= self.facts.category == code
        return allowed

    def rank(
        self,
        profile: Profile,
        *,
        repeats: bool,
        allowed: Bools | None = None,
        also: Bools | None = None,
        scores: Scores | None = None,
    ) -> tuple[Ints, Floats]:
        """A customer's candidates, ascending, and their scores by the mode's policy; shape (candidates,) both.

        Args:
            profile: somebody with no product at all has no candidates.
            repeats: by which weights; without repeats what the customer has bought is left out.
            allowed: which products may be candidates, shape (products,); all without it.
            also: which of these are candidates in any case, shape (products,).
            scores: what the sources say, where it is known already.
        """
        if not len(profile.items):
            return np.zeros(0, np.int64), np.zeros(0)
        allowed = np.ones(len(self.products), dtype=bool) if allowed is None else allowed.copy()
        if not repeats:
            allowed[profile.items[profile.bought]] = False
        scores = source_scores(self.facts, profile) if scores is None else scores
        items = choose(scores, self.popular, profile, allowed)
        if also is not None:
            items = np.union1d(items, np.flatnonzero(allowed & also))
        mode = self.mode(repeats=repeats)
        if mode.policy == POPULARITY:
            return items, self.facts.column("popular_30")[items]
        rows = features.rows(self.facts, profile, scores, items)
        # Not `@`: BLAS wakes its threads for this little, and on busy cores that takes milliseconds.
        return items, np.einsum("ij,j->i", rows, mode.weights)

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The model as JSON-able values and arrays; `from_parts` is the way back."""
        terms = sorted(self.postings)
        values = {
            "products": list(self.products),
            "category_names": list(self.category_names),
            "features": list(features.NAMES),
            "policies": {"new": self.new.policy, "any": self.any.policy},
            "terms": terms,
        }
        arrays = self.facts.arrays() | {
            "popular": self.popular,
            "created": self.created,
            "weights_new": self.new.weights,
            "weights_any": self.any.weights,
            "posting_ends": np.cumsum([len(self.postings[term][0]) for term in terms], dtype=np.int64),
            "posting_items": _joined([self.postings[term][0] for term in terms], np.int32),
            "posting_weights": _joined([self.postings[term][1] for term in terms], np.float32),
        }
        return values, arrays

    @classmethod
    def from_parts(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The model from `parts`.

        Raises:
            ValueError: it was saved with other features than this program computes.
        """
        if tuple(values["features"]) != features.NAMES:
            raise ValueError("the ranker was fitted on other features")
        ends = arrays["posting_ends"][:-1]
        postings = zip(
            np.split(arrays["posting_items"], ends), np.split(arrays["posting_weights"], ends), strict=True
        )
        return cls(
            products=tuple(values["products"]),
            facts=ProductFacts.from_arrays(arrays, len(values["category_names"])),
            popular=arrays["popular"],
            created=arrays["created"],
            category_names=tuple(values["category_names"]),
            # Without terms there is still one, empty, part.
            postings=dict(zip(values["terms"], postings, strict=False)),
            new=Mode(policy=values["policies"]["new"], weights=arrays["weights_new"]),
            any=Mode(policy=values["policies"]["any"], weights=arrays["weights_any"]),
        )


def _joined(parts: list[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
