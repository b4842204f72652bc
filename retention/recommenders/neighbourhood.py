"""Among which customers similar ones are looked for, and how: what is old counts less only where that does better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernel.arrays import Floats
from retention.recommenders.interactions import Interactions, Profile
from retention.recommenders.similarity import UserNeighbourhood
from retention.recommenders.trials import Trials

LEAST_CUSTOMERS, MOST_INTERACTIONS = 5_000, 300_000
"""Customers that others are compared with, the latest to come: so many, and more while they have not bought more
products together, so that a question costs the same in any shop."""
MOST_ASKED = 300
"""How many similar customers are asked."""
RECENT_HALF_LIFE = 15.0
"""Days after which an event counts half for what the most similar recommend lately."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How customers are compared."""

    half_life: float | None
    """Days after which an event counts half; None: it always counts alike."""
    closeness: float
    """Cosines count to this power: above 1, a few close customers outweigh many distant."""


LATELY, EVER = Comparison(120.0, 2.0), Comparison(None, 1.0)
"""The usual one, and the one for shops whose customers come so seldom that little is known of any."""


def neighbourhood(interactions: Interactions, way: Comparison) -> UserNeighbourhood:
    """The customers of all events before `interactions.now`."""
    ratings, recent = (interactions.ratings(half) for half in (way.half_life, RECENT_HALF_LIFE))
    latest = interactions.latest_customers(interactions.customers)
    many = int(np.searchsorted(np.cumsum(np.diff(ratings.indptr)[latest]), MOST_INTERACTIONS, side="right"))
    kept = latest[: max(many, LEAST_CUSTOMERS)]
    if len(kept) < interactions.customers:
        kept = np.sort(kept)
        ratings, recent = ratings[kept], recent[kept]
    return UserNeighbourhood.of(ratings, recent)


def choose_comparison(interactions: Interactions, begin: int, seed: int) -> Comparison:
    """`EVER` where it leads by more than its standard error on new purchases since `begin`, else `LATELY`.

    Args:
        interactions: all of the log.
        begin: microseconds since 1970; customers are compared by what came before.
        seed: of the draw of customers.
    """
    trials = Trials.of(interactions, begin, seed)
    if not trials.enough:
        return LATELY
    ever, lately = (_Asked(neighbourhood(trials.past, way), way) for way in (EVER, LATELY))
    return EVER if trials.leads(ever, lately) else LATELY


@dataclass(frozen=True, slots=True)
class _Asked:
    """What similar customers bought, as a score of products."""

    customers: UserNeighbourhood
    way: Comparison

    def __call__(self, profile: Profile) -> Floats:
        who, similarity = self.customers.similar(profile.items, profile.interest, MOST_ASKED)
        return self.customers.weighted_sum(who, similarity**self.way.closeness, self.customers.ratings)
