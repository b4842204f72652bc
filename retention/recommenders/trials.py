"""What a shop's own last purchases say of two ways to score products, before the ranker learns from any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np

from kernel.arrays import Floats
from retention.metrics import ndcg
from retention.recommenders.interactions import PURCHASE, Interactions, Profile

MOST_ASKED = 500
"""Customers whose purchases decide."""
LEAST_ASKED = 50
"""Fewer decide nothing."""
PLACES = 10

Scoring: TypeAlias = Callable[[Profile], Floats]
"""From a customer to a score of every product, at least 0, shape (products,)."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Customers as of a moment, and what they newly bought since."""

    past: Interactions
    """What came before the moment."""
    customers: tuple[tuple[Profile, frozenset[int]], ...]

    @classmethod
    def of(cls, interactions: Interactions, begin: int, seed: int) -> Self:
        """Of a log, with purchases since `begin` (microseconds since 1970); the customers are drawn by the seed."""
        past, later = interactions.before(begin).once_a_day(), interactions.after(begin).only(PURCHASE)
        before, after = past.by_user(), later.by_user()
        found = []
        for user in past.came_back(later, MOST_ASKED, seed):
            profile = past.profile(before[user])
            truth = np.setdiff1d(later.items[after[user]], profile.items[profile.bought])
            if len(truth):
                found.append((profile, frozenset(truth.tolist())))
        return cls(past, tuple(found))

    @property
    def enough(self) -> bool:
        """Whether anything can be decided."""
        return len(self.customers) >= LEAST_ASKED

    def leads(self, other: Scoring, usual: Scoring) -> bool:
        """Whether the other way does better than the usual one by more than its standard error."""
        if not self.enough:
            return False
        lead = self._ndcg(other) - self._ndcg(usual)
        return bool(lead.mean() > lead.std() / np.sqrt(len(lead)))

    def _ndcg(self, scoring: Scoring) -> Floats:
        """NDCG@10 of every customer's list of products that are new to them."""
        found = []
        for profile, truth in self.customers:
            scores = scoring(profile)
            scores[profile.items[profile.bought]] = -1.0
            best = np.argsort(-scores, kind="stable")[:PLACES]
            found.append(ndcg(best.tolist(), truth, PLACES))
        return np.array(found)
