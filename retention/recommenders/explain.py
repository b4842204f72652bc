"""Why a product was recommended, in terms of what the customer did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.features import STATIC
from retention.recommenders.profile import Profile
from retention.types import Reason

if TYPE_CHECKING:
    from retention.recommenders.model import Recommender

_TABLES = ("ease_recent", "ease", "cosine", "cosine_recent", "content")
"""Where the reason is looked for, in this order: by purchases, then by words."""

Pulls = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float64]]


class Evidence:
    """What a customer's products say about others, worked out for a table when it is first asked."""

    def __init__(self, model: Recommender, profile: Profile) -> None:
        self.model, self.profile = model, profile
        self._pulls: dict[str, Pulls] = {}

    def strongest(self, item: int) -> Reason | None:
        """The customer's product that speaks most for this one; None where none does."""
        if not len(self.profile.items):
            return None
        for table in _TABLES:
            places, shares, pulls = self._of(table)
            hits = np.flatnonzero(places == item)
            total = float(pulls[hits].sum())
            if total > 0:
                best = int(hits[np.argmax(pulls[hits])])
                mine = best // self.model.catalogue.neighbours[table][0].shape[1]
                return Reason(
                    code=self._code(table, mine),
                    product=self.model.products[int(self.profile.items[mine])],
                    value=round(float(shares[best]), 4),
                    weight=round(float(pulls[best]) / total, 4),
                )
        return None

    def _of(self, table: str) -> Pulls:
        """Neighbours, their similarities, and these times the customer's interest; of shape (products · k,)."""
        if table not in self._pulls:
            places, values = self.model.catalogue.neighbours[table]
            items = self.profile.items
            shares = values[items]
            pulls = shares * self.profile.interest[:, None]
            self._pulls[table] = (places[items].ravel(), shares.ravel(), pulls.ravel())
        return self._pulls[table]

    def _code(self, table: str, mine: int) -> str:
        if table == "content":
            return "similar_content"
        return "bought_together" if self.profile.bought[mine] else "viewed_together"


def explain(evidence: Evidence, item: int, *, personal: bool) -> list[Reason]:
    """The reasons for a product that the customer has not bought, strongest first, never empty.

    `bought_together` and `viewed_together` name the product of the customer's that speaks most for this one
    (its value is their similarity), `similar_content` the one with the likest words, and `popular` gives the
    decayed number of recent purchases. Weights are the product's share of what its source adds up to.
    """
    reason = evidence.strongest(item) if personal else None
    found = [reason] if reason is not None else []
    static = evidence.model.catalogue.static
    recent = float(np.exp(static[item, STATIC.index("popular_30")])) - 0.5
    if recent >= 0.5 or not found:
        found.append(Reason(code="popular", value=round(max(recent, 0.0), 2)))
    return found
