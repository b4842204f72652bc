"""Who buys a product: customers of many products and of few don't go for the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.profile import PURCHASE, Profile
from retention.times import DAY

if TYPE_CHECKING:
    from retention.recommenders.interactions import Interactions

Floats = NDArray[np.float64]

FIELDS = ("quarters", "size", "popular")
NAMES = ("buyers_size", "buyers_apart", "buyers_alike", "popular_alike")
"""Of a product for a customer: how many products its buyers have bought, how far that is from the customer's own
number, their product (large where both are large or both small), and how it sells to customers with as many."""
PRIOR = 5.0
"""A product's buyers start as so many of the usual size."""
HALF_LIFE = 30.0
"""Days after which a purchase counts half."""


@dataclass(frozen=True, slots=True)
class Buyers:
    """A customer's size is the log of 1 + the number of products they have bought."""

    quarters: Floats
    """The sizes between the four quarters of the customers; shape (3,)."""
    size: Floats
    """The mean size of each product's buyers, pulled towards the mean of all; shape (products,)."""
    popular: Floats
    """By quarter, the log of how many customers lately bought the product for the first time; shape (4, products)."""

    @classmethod
    def of(cls, interactions: Interactions) -> Self:
        """From all purchases before `interactions.now`."""
        products = len(interactions.products)
        bought = interactions.only(PURCHASE)
        if not len(bought.at):
            return cls.of_nobody(products)
        order = np.lexsort((bought.at, bought.items, bought.users))
        users, items, at = bought.users[order], bought.items[order], bought.at[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
        users, items, at = users[first], items[first], at[first]
        sizes = np.log1p(np.bincount(users, minlength=interactions.customers))
        known = np.bincount(items, sizes[users], products) + PRIOR * sizes[users].mean()
        quarters = np.quantile(sizes[sizes > 0], (0.25, 0.5, 0.75))
        fresh = np.exp2(-(interactions.now - at) / DAY / HALF_LIFE)
        place = np.searchsorted(quarters, sizes[users]) * products + items
        sold = np.bincount(place, fresh, 4 * products).reshape(4, products)
        return cls(
            quarters=quarters,
            size=known / (np.bincount(items, minlength=products) + PRIOR),
            popular=np.log(sold + 0.5),
        )

    @classmethod
    def of_nobody(cls, products: int) -> Self:
        """For a shop without purchases."""
        return cls(np.zeros(3), np.zeros(products), np.zeros((4, products)))

    def rows(self, profile: Profile, candidates: NDArray[np.int64]) -> Floats:
        """The columns of `NAMES`; shape (candidates, 4)."""
        mine = float(np.log1p(np.count_nonzero(profile.bought)))
        size = self.size[candidates]
        out = np.empty((len(candidates), len(NAMES)))
        out[:, 0] = size
        out[:, 1] = -np.abs(size - mine)
        out[:, 2] = size * (mine - self.quarters[1])
        out[:, 3] = self.popular[int(np.searchsorted(self.quarters, mine))][candidates]
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For saving."""
        return {name: getattr(self, name) for name in FIELDS}
