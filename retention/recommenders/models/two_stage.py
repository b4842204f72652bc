"""`auto`: the two-stage recommender that the bot serves, behind the interface of all models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.base import Arrays, Facts, Floats, Goods, ItemModel, best_first
from retention.recommenders.explain import Evidence
from retention.recommenders.model import Recommender
from retention.recommenders.profile import Profile
from retention.recommenders.saving import restored, saved
from retention.report import Readiness
from retention.types import Reason


@dataclass(frozen=True, slots=True)
class TwoStage(ItemModel):
    """Candidates of several models, ranked by what customers of this shop went on to buy; see `Recommender`.

    It has an opinion on a customer's candidates only; the rest follow by popularity.
    """

    name = "auto"

    goods: Goods
    readiness: tuple[Readiness, ...]
    recommender: Recommender

    def scores(self, profile: Profile) -> Floats:
        """The ranker's scores with repeats allowed, all above 0; 0 for what is no candidate."""
        items, scores = self.recommender.rank(profile, repeats=True, hidden=np.zeros(0, np.int64))
        whole = np.zeros(len(self.goods.products))
        if len(items):
            whole[items] = scores - scores.min() + 1.0
        return whole

    def ranked(
        self, profile: Profile, n: int, *, repeats: bool, hidden: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], Floats]:
        """See `ItemModel`; with and without repeats the ranker has weights of their own."""
        away = hidden if hidden is not None else np.zeros(0, np.int64)
        if not repeats:
            away = np.concatenate([away, profile.items[profile.bought]])
        items, scores = self.recommender.rank(profile, repeats=repeats, hidden=away)
        order = np.lexsort((items, -scores))[: max(n, 0)]
        best, best_scores = items[order], scores[order]
        if len(best) < n:
            allowed = np.ones(len(self.goods.products), dtype=bool)
            allowed[away] = False
            allowed[best] = False
            nothing = np.zeros(len(self.goods.products))
            rest, _ = best_first(nothing, self.goods.popularity, allowed, n - len(best))
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
        return saved(self.recommender)

    @classmethod
    def from_parts(cls, goods: Goods, readiness: tuple[Readiness, ...], facts: Facts, arrays: Arrays) -> Self:
        """See `ItemModel`."""
        return cls(goods, readiness, restored(facts, arrays))
