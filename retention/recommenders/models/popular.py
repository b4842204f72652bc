"""What everybody buys lately, and what this customer always buys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.base import Arrays, Facts, Floats, Goods, ItemModel
from retention.recommenders.profile import Profile
from retention.report import Readiness
from retention.types import Reason


@dataclass(frozen=True, slots=True)
class Popularity(ItemModel):
    """Products by purchases, each counting half after 30 days: the same order for everybody."""

    name = "popularity"

    goods: Goods
    readiness: tuple[Readiness, ...] = ()

    def scores(self, profile: Profile) -> Floats:
        """Decayed purchases."""
        return self.goods.popularity

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """None of its own: `popular` is what every model falls back to."""
        return []

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Nothing beyond the goods."""
        return {}, {}

    @classmethod
    def from_parts(cls, goods: Goods, readiness: tuple[Readiness, ...], facts: Facts, arrays: Arrays) -> Self:
        """See `ItemModel`."""
        return cls(goods, readiness)


@dataclass(frozen=True, slots=True)
class OwnPurchases(ItemModel):
    """What the customer bought before, most days first; without repeats it can only show what is popular."""

    name = "own"

    goods: Goods
    readiness: tuple[Readiness, ...] = ()

    def scores(self, profile: Profile) -> Floats:
        """Days on which the customer bought the product."""
        scores = np.zeros(len(self.goods.products))
        scores[profile.items] = profile.count
        return scores

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """None beyond `buy_again`, which every model gives."""
        return []

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Nothing beyond the goods."""
        return {}, {}

    @classmethod
    def from_parts(cls, goods: Goods, readiness: tuple[Readiness, ...], facts: Facts, arrays: Arrays) -> Self:
        """See `ItemModel`."""
        return cls(goods, readiness)
