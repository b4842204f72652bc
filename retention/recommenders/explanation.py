"""Why a product was recommended, in terms of what the customer did: as a code with its numbers, and as a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Floats32, Ints
from retention.recommenders.interactions import Profile
from retention.recommenders.model import Recommender
from retention.types import ProductId, Reason

TABLES = ("ease_recent", "ease", "cosine", "cosine_recent", "content")
"""Where the reason is looked for, in this order: by purchases, then by words."""

_SENTENCES = {
    "bought_together": "because you bought {product}",
    "viewed_together": "because you looked at {product}",
    "similar_content": "because it is like {product}",
    "similar_customers": "because {count} customers with purchases like yours bought it",
    "buy_again": "because you bought it {days} ago",
    "popular": "because many buy it at present",
    "new_product": "because it is new",
    "matches_words": "because it matches your words",
    "pinned": "because the shop puts it first",
}


class Evidence:
    """What a customer's products say about others, worked out for a table when it is first asked."""

    def __init__(self, model: Recommender, profile: Profile) -> None:
        self.model, self.profile = model, profile
        self._pulls: dict[str, tuple[NDArray[np.int32], Floats32, Floats]] = {}
        self._told: dict[int, Reason | None] = {}

    def strongest(self, item: int) -> Reason | None:
        """The customer's product that speaks most for this one; None where none does."""
        if item not in self._told:
            self._told[item] = self._strongest(item) if len(self.profile.items) else None
        return self._told[item]

    def _strongest(self, item: int) -> Reason | None:
        for table in TABLES:
            places, shares, pulls = self._of(table)
            hits = np.flatnonzero(places == item)
            if len(hits):
                mine = hits // self.model.facts.neighbours[table][0].shape[1]
                code = "similar_content" if table == "content" else None
                found = strongest(self.model.products, self.profile, mine, shares[hits], pulls[hits], code)
                if found is not None:
                    return found
        return None

    def _of(self, table: str) -> tuple[NDArray[np.int32], Floats32, Floats]:
        """Neighbours, their similarities, and these times the customer's interest; of shape (products · k,)."""
        if table not in self._pulls:
            places, values = self.model.facts.neighbours[table]
            items = self.profile.items
            shares = values[items]
            pulls = shares * self.profile.interest[:, None]
            self._pulls[table] = (places[items].ravel(), shares.ravel(), pulls.ravel())
        return self._pulls[table]

    def reasons(self, item: int, *, personal: bool) -> list[Reason]:
        """The reasons for a product that the customer has not bought, strongest first, never empty.

        `bought_together` and `viewed_together` name the product of the customer's that speaks most for this one
        (its value is their similarity), `similar_content` the one with the likest words, and `popular` gives the
        decayed number of recent purchases. Weights are the product's share of what its source adds up to.
        """
        reason = self.strongest(item) if personal else None
        found = [reason] if reason is not None else []
        recent = float(np.exp(self.model.facts.column("popular_30")[item])) - 0.5
        if recent >= 0.5 or not found:
            found.append(Reason(code="popular", value=round(max(recent, 0.0), 2)))
        return found


def strongest(
    products: Sequence[ProductId],
    profile: Profile,
    mine: Ints,
    shares: Floats32,
    pulls: Floats,
    code: str | None,
) -> Reason | None:
    """The customer's product that speaks most for another one; None where none does.

    Args:
        products: all of the model's.
        profile: the customer.
        mine: the customer's products that speak for it, as places in the profile; shape (k,), as are the others.
        shares: how similar each is to the product.
        pulls: the same times the customer's interest in it.
        code: the reason's; by default what the customer did with their product decides.
    """
    total = float(pulls.sum())
    if total <= 0:
        return None
    best = int(np.argmax(pulls))
    place = int(mine[best])
    return Reason(
        code=code or ("bought_together" if profile.bought[place] else "viewed_together"),
        product=products[int(profile.items[place])],
        value=round(float(shares[best]), 4),
        weight=round(float(pulls[best]) / total, 4),
    )


def sentence(reason: Reason, names: Mapping[ProductId, str]) -> str:
    """A reason as an English sentence, for tables that people read. (The bot has its own words, in two languages.)

    Args:
        reason: of a recommendation.
        names: what products are called; the id stands for those without a name.
    """
    product = reason.product or ""
    days = round(reason.value or 0)
    return _SENTENCES[reason.code].format(
        product=names.get(product) or product,
        count=f"{reason.value or 0:.0f}",
        days=f"{days} day{'' if days == 1 else 's'}",
    )
