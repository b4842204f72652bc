"""`auto`: the two-stage recommender that the bot serves, behind the interface of all models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Ints
from retention.recommenders import fitting
from retention.recommenders.base import Arrays, Catalogue, ItemModel, best_first
from retention.recommenders.explanation import Evidence
from retention.recommenders.interactions import Profile
from retention.recommenders.model import Recommender
from retention.types import Reason

if TYPE_CHECKING:
    from retention.recommenders.interactions import Interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStage(ItemModel):
    """Candidates of several models, ranked by what customers of this shop went on to buy; see `Recommender`.

    It has an opinion on a customer's candidates only; the rest follow by popularity.
    """

    name = "auto"
    about = "a ranker over the others' candidates, learned from what customers of this shop went on to buy"

    recommender: Recommender

    @classmethod
    def fit(cls, interactions: Interactions, seed: int) -> Self:
        """See `fitting.fit`."""
        fitted = fitting.fit(interactions, seed=seed)
        return cls(
            catalogue=Catalogue.of(interactions),
            readiness=fitted.readiness,
            metrics=fitted.metrics,
            notes=fitted.notes,
            recommender=fitted.model,
        )

    def scores(self, profile: Profile) -> Floats:
        """The ranker's scores with repeats allowed, all above 0; 0 for what is no candidate."""
        items, scores = self.recommender.rank(profile, repeats=True)
        whole = np.zeros(len(self.catalogue.products))
        if len(items):
            whole[items] = scores - scores.min() + 1.0
        return whole

    def ranked(
        self, profile: Profile, n: int, *, repeats: bool, hidden: Sequence[int] | Ints = ()
    ) -> tuple[Ints, Floats]:
        """See `ItemModel`; with and without repeats the ranker has weights of their own."""
        allowed = self._allowed(profile, repeats, hidden)
        items, scores = self.recommender.rank(profile, repeats=repeats, allowed=allowed)
        order = np.lexsort((items, -scores))[: max(n, 0)]
        best, best_scores = items[order], scores[order]
        if len(best) < n:
            allowed[best] = False
            nothing = np.zeros(len(allowed))
            rest, _ = best_first(nothing, self.catalogue.popularity, allowed, n - len(best))
            # Below the last candidate, without a score of their own.
            least = float(best_scores[-1]) if len(best) else 0.0
            best = np.concatenate([best, rest])
            best_scores = np.concatenate([best_scores, np.full(len(rest), least - 1.0)])
        return best, best_scores

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """The customer's product that speaks most for this one in any of the sources."""
        reason = Evidence(self.recommender, profile).strongest(item)
        return [reason] if reason is not None else []

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The recommender's."""
        return self.recommender.parts()

    @classmethod
    def from_parts(cls, catalogue: Catalogue, values: Mapping[str, Any], arrays: Arrays) -> Self:
        """See `ItemModel`."""
        return cls(catalogue=catalogue, recommender=Recommender.from_parts(values, arrays))
