"""How firmly EASE is held back in this shop: what its customers went on to buy decides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retention.metrics import ndcg
from retention.recommenders import components
from retention.recommenders.interactions import Interactions
from retention.recommenders.profile import PURCHASE

LOOSE, FIRM = 1.0, 10.0
"""Factors of EASE's ridges: gifts go together in pairs, but in a grocery everything goes with everything."""
MOST = 500
"""Customers asked."""
LEAST = 50
"""With fewer customers to ask, the ridges stay as they are."""


def choose(interactions: Interactions, begin: int, seed: int) -> float:
    """`FIRM` where it leads by more than its standard error on new purchases since `begin`, else `LOOSE`.

    In a large shop the products that sell most decide it for all.

    Args:
        interactions: all of the log.
        begin: microseconds since 1970; EASE is fitted on what came before.
        seed: of the draw of customers.
    """
    past, later = interactions.before(begin), interactions.after(begin).only(PURCHASE)
    returning = np.intersect1d(past.users, later.users)
    if len(returning) > MOST:
        returning = np.sort(np.random.default_rng(seed).choice(returning, MOST, replace=False))
    asked = returning.tolist()
    if len(asked) < LEAST:
        return LOOSE
    loose, firm = (_reached(past, later, asked, factor) for factor in (LOOSE, FIRM))
    lead = firm - loose
    if len(lead) < LEAST:  # the others bought nothing new
        return LOOSE
    return FIRM if lead.mean() > lead.std() / np.sqrt(len(lead)) else LOOSE


def _reached(past: Interactions, later: Interactions, asked: list[int], factor: float) -> NDArray[np.float64]:
    """NDCG@10 on new purchases of every customer who made any."""
    months = components.ratings(past, components.RECENT_DAYS)
    places, values = components.ranked_ease(months, components.RECENT_EASE_RIDGE * factor, None)
    before, after = past.by_user(), later.by_user()
    found = []
    for user in asked:
        profile = past.profile(before[user])
        owned = profile.items[profile.bought]
        truth = frozenset(np.setdiff1d(later.items[after[user]], owned).tolist())
        if not truth:
            continue
        spread = values[profile.items] * profile.interest[:, None]
        score = np.bincount(places[profile.items].ravel(), spread.ravel(), len(past.products))
        score[owned] = -1.0
        found.append(ndcg(np.argsort(-score, kind="stable")[:10].tolist(), truth, 10))
    return np.array(found)
