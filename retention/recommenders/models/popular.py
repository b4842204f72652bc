"""What everybody buys lately, and what this customer always buys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernel.arrays import Floats
from retention.recommenders.base import ItemModel
from retention.recommenders.interactions import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Popularity(ItemModel):
    """Products by purchases, each counting half after 30 days: the same order for everybody."""

    name = "popularity"
    about = "what sells lately, the same for everybody"

    def scores(self, profile: Profile) -> Floats:
        """Decayed purchases."""
        return self.catalogue.popularity


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPurchases(ItemModel):
    """What the customer bought before, most days first; without repeats it can only show what is popular."""

    name = "own"
    about = "what the customer bought before, most days first"

    def scores(self, profile: Profile) -> Floats:
        """Days on which the customer bought the product."""
        scores = np.zeros(len(self.catalogue.products))
        scores[profile.items] = profile.count
        return scores
