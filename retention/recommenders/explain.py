"""Why a product was recommended, in terms of what the customer did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retention.recommenders.features import STATIC
from retention.recommenders.profile import Profile
from retention.types import Reason

if TYPE_CHECKING:
    from retention.recommenders.model import Recommender

_BY_PURCHASES = ("ease_recent", "ease", "cosine", "cosine_recent")


def explain(model: Recommender, profile: Profile, item: int, *, personal: bool) -> list[Reason]:
    """The reasons for a product that the customer has not bought, strongest first, never empty.

    `bought_together` and `viewed_together` name the product of the customer's that speaks most for this one
    (its value is their similarity), `similar_content` the one with the likest words, and `popular` gives the
    decayed number of recent purchases. Weights are the product's share of what its source adds up to.
    """
    found = evidence(model, profile, item) if personal else []
    recent = float(np.exp(model.catalogue.static[item, STATIC.index("popular_30")])) - 0.5
    if recent >= 0.5 or not found:
        found.append(Reason(code="popular", value=round(max(recent, 0.0), 2)))
    return found


def evidence(model: Recommender, profile: Profile, item: int) -> list[Reason]:
    """The customer's product that speaks most for this one, by purchases or else by words; or nothing."""
    for tables in (_BY_PURCHASES, ("content",)):
        reason = _strongest(model, profile, item, tables)
        if reason is not None:
            return [reason]
    return []


def _strongest(model: Recommender, profile: Profile, item: int, tables: tuple[str, ...]) -> Reason | None:
    for table in tables:
        places, values = model.catalogue.neighbours[table]
        if not places.shape[1] or not len(profile.items):
            continue
        shares = np.where(places[profile.items] == item, values[profile.items], 0.0).sum(axis=1)
        pull = shares * profile.interest
        total = float(pull.sum())
        if total > 0:
            best = int(np.argmax(pull))
            code = "similar_content"
            if table != "content":
                code = "bought_together" if profile.bought[best] else "viewed_together"
            return Reason(
                code=code,
                product=model.products[int(profile.items[best])],
                value=round(float(shares[best]), 4),
                weight=round(float(pull[best]) / total, 4),
            )
    return None
