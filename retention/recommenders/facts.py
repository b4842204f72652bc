"""What is known of a shop's products: neighbours, popularity, buyers, and the interval at which they are bought again.

Worked out at the fit from the events before a moment; candidates, features and explanations are read from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Ints
from kernel.times import DAY
from retention.recommenders import ease, neighbourhood, similarity
from retention.recommenders.interactions import PURCHASE, Interactions, Profile
from retention.recommenders.similarity import Table, UserNeighbourhood

SIMILARITIES = ("cosine", "cosine_recent", "ease", "ease_recent", "content")
"""The tables of neighbours: purchases by cosine over all time and over the last months, EASE likewise, and the
words of names and attributes."""
STATIC = (
    "popular_7", "popular_14", "popular_30", "popular_90", "popular_ever", "age", "quiet", "repeated",
)  # fmt: skip
"""Of the product alone: log of decayed purchases (half-lives of 7 to 90 days, and none), log of days since the
first and the last sale, log of the share of its buyers who buy it again."""
BREADTH = ("buyers_size", "buyers_apart", "buyers_alike", "popular_alike")
"""Of a product for a customer: how many products its buyers have bought, how far that is from the customer's own
number, their product (large where both are large or both small), and how it sells to customers with as many. The names
are those in saved models."""

SHRINKAGE, RECENT_SHRINKAGE = 5.0, 1.0
"""Of cosines over all time and over the last weeks."""
COSINE_DAYS = 20.0
"""Half-life of the last weeks' cosines."""
COSINE_POWER, EASE_POWER, CONTENT_POWER = 2.0, 1.5, 2.0
"""What similarities are raised to; of EASE, the last months' only."""
REPEAT_PRIOR, REPEAT_SHARE = 5.0, 0.1
"""A product's share of repeat buyers starts as 10 % of 5 imagined buyers."""
POPULAR_DAYS = (7.0, 14.0, 30.0, 90.0)
BREADTH_PRIOR = 5.0
"""A product's buyers start as so many of the usual breadth."""
BREADTH_HALF_LIFE = 30.0
"""Days after which a purchase counts half."""


@dataclass(frozen=True, slots=True)
class BuyerBreadth:
    """Who buys a product: customers of many products and of few don't go for the same.

    A customer's breadth is the log of 1 + the number of products they have bought.
    """

    quarters: Floats
    """The breadths between the four quarters of the customers; shape (3,)."""
    size: Floats
    """The mean breadth of each product's buyers, pulled towards the mean of all; shape (products,)."""
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
        breadths = np.log1p(np.bincount(users, minlength=interactions.customers))
        known = np.bincount(items, breadths[users], products) + BREADTH_PRIOR * breadths[users].mean()
        quarters = np.quantile(breadths[breadths > 0], (0.25, 0.5, 0.75))
        fresh = np.exp2(-(interactions.now - at) / DAY / BREADTH_HALF_LIFE)
        place = np.searchsorted(quarters, breadths[users]) * products + items
        sold = np.bincount(place, fresh, 4 * products).reshape(4, products)
        return cls(
            quarters=quarters,
            size=known / (np.bincount(items, minlength=products) + BREADTH_PRIOR),
            popular=np.log(sold + 0.5),
        )

    @classmethod
    def of_nobody(cls, products: int) -> Self:
        """For a shop without purchases."""
        return cls(np.zeros(3), np.zeros(products), np.zeros((4, products)))

    def columns(self, profile: Profile, candidates: Ints) -> Floats:
        """The features `BREADTH`; shape (candidates, 4)."""
        mine = float(np.log1p(np.count_nonzero(profile.bought)))
        size = self.size[candidates]
        out = np.empty((len(candidates), len(BREADTH)))
        out[:, 0] = size
        out[:, 1] = -np.abs(size - mine)
        out[:, 2] = size * (mine - self.quarters[1])
        out[:, 3] = self.popular[int(np.searchsorted(self.quarters, mine))][candidates]
        return out


@dataclass(frozen=True, slots=True)
class Ways:
    """What is done in one way or another, as the shop's own last purchases decide; by default as usual."""

    ridge_factor: float = ease.WEAK
    """What EASE's ridges are multiplied with; see `ease.choose_ridge_factor`."""
    customers: neighbourhood.Comparison = neighbourhood.LATELY
    """How customers are compared; see `neighbourhood.choose_comparison`."""

    @classmethod
    def chosen(cls, interactions: Interactions, begin: int, seed: int) -> Self:
        """By the purchases since `begin`, in microseconds; the seed draws the customers who decide."""
        return cls(
            ease.choose_ridge_factor(interactions, begin, seed),
            neighbourhood.choose_comparison(interactions, begin, seed),
        )


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """The facts of all products, by product index."""

    neighbours: Mapping[str, Table]
    """Of each of `SIMILARITIES`."""
    customers: UserNeighbourhood
    """Those among whom similar customers are looked for."""
    closeness: float
    """The power of their cosines; see `neighbourhood.Comparison`."""
    breadth: BuyerBreadth
    static: Floats
    """Shape (products, len(STATIC))."""
    gap: Floats
    """Usual days between two purchases of the product by one customer."""
    category: NDArray[np.int32]
    """Code of the category; -1 when unknown."""
    categories: int

    def __len__(self) -> int:
        return len(self.static)

    @classmethod
    def of(cls, interactions: Interactions, content: Table, ways: Ways) -> Self:
        """Everything from the events before `interactions.now`.

        Args:
            interactions: the events.
            content: the products with the most similar words.
            ways: what the shop's last purchases decided.
        """
        daily = interactions.once_a_day()
        ever, months, weeks = (daily.ratings(half) for half in (None, ease.RECENT_DAYS, COSINE_DAYS))
        cosines = _cosines(ever, SHRINKAGE)
        recent_ease = ease.ranked_ease(months, ease.RECENT_RIDGE * ways.ridge_factor, cosines)
        return cls(
            neighbours={
                "cosine": cosines,
                "cosine_recent": _cosines(weeks, RECENT_SHRINKAGE),
                "ease": ease.ranked_ease(ever, ease.RIDGE * ways.ridge_factor, cosines),
                "ease_recent": similarity.sharpened(recent_ease, EASE_POWER),
                "content": similarity.sharpened(content, CONTENT_POWER),
            },
            customers=neighbourhood.neighbourhood(daily, ways.customers),
            closeness=ways.customers.closeness,
            breadth=BuyerBreadth.of(interactions),
            static=_static(daily),
            gap=_gaps(daily),
            category=interactions.category,
            categories=len(interactions.category_names),
        )

    @classmethod
    def of_nothing(cls) -> Self:
        """Of a shop without products."""
        nothing = (np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32))
        return cls(
            neighbours=dict.fromkeys(SIMILARITIES, nothing),
            customers=UserNeighbourhood.of_nobody(0),
            closeness=neighbourhood.LATELY.closeness,
            breadth=BuyerBreadth.of_nobody(0),
            static=np.zeros((0, len(STATIC))),
            gap=np.zeros(0),
            category=np.zeros(0, np.int32),
            categories=0,
        )

    def column(self, name: str) -> Floats:
        """One of `STATIC`, shape (products,)."""
        result: Floats = self.static[:, STATIC.index(name)]
        return result

    def by_popularity(self) -> NDArray[np.int32]:
        """Products by popularity with half-lives of 30 and of 7 days, best first; shape (2, products)."""
        columns = [self.column(name) for name in ("popular_30", "popular_7")]
        return np.stack([np.argsort(-column, kind="stable") for column in columns]).astype(np.int32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For saving, by the names in files; `from_arrays` is the way back."""
        found: dict[str, NDArray[Any]] = {"static": self.static, "gap": self.gap, "category": self.category}
        for name in SIMILARITIES:
            found[f"{name}_items"], found[f"{name}_values"] = self.neighbours[name]
        found["crowd_closeness"] = np.array([self.closeness])
        found |= {f"crowd_{name}": array for name, array in self.customers.arrays().items()}
        return found | {f"buyers_{one.name}": getattr(self.breadth, one.name) for one in fields(BuyerBreadth)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], categories: int) -> Self:
        """From the saved form."""
        return cls(
            neighbours={name: (arrays[f"{name}_items"], arrays[f"{name}_values"]) for name in SIMILARITIES},
            customers=UserNeighbourhood.from_arrays(len(arrays["static"]), arrays, "crowd_"),
            # Older models have the usual one and don't say so.
            closeness=float(arrays["crowd_closeness"][0])
            if "crowd_closeness" in arrays
            else neighbourhood.LATELY.closeness,
            breadth=BuyerBreadth(*(arrays[f"buyers_{one.name}"] for one in fields(BuyerBreadth))),
            static=arrays["static"],
            gap=arrays["gap"],
            category=arrays["category"],
            categories=categories,
        )


def _cosines(matrix: Any, shrinkage: float) -> Table:
    table = similarity.neighbours(similarity.evened(matrix), ease.NEIGHBOURS, shrinkage)
    return similarity.sharpened(table, COSINE_POWER)


def _static(interactions: Interactions) -> Floats:
    """The columns of `STATIC`."""
    bought = interactions.once_a_day().only(PURCHASE)
    size = len(interactions.products)
    if not size:
        return np.zeros((0, len(STATIC)))
    age = (bought.now - bought.at) / DAY
    columns = [np.log(np.bincount(bought.items, np.exp2(-age / half), size) + 0.5) for half in POPULAR_DAYS]
    columns.append(np.log(np.bincount(bought.items, minlength=size) + 0.5))
    first, last = np.full(size, 0.0), np.full(size, 1e3)
    np.maximum.at(first, bought.items, age)
    np.minimum.at(last, bought.items, age)
    columns += [np.log1p(first), np.log1p(last)]
    pairs, days = np.unique(bought.users * size + bought.items, return_counts=True)
    buyers = np.bincount(pairs % size, minlength=size)
    again = np.bincount(pairs % size, days >= 2, size)
    columns.append(np.log((again + REPEAT_PRIOR * REPEAT_SHARE) / (buyers + REPEAT_PRIOR)))
    return np.stack(columns, axis=1)


def _gaps(interactions: Interactions) -> Floats:
    """Usual days between two purchases of a product by one customer, pulled towards the shop's median."""
    bought = interactions.once_a_day().only(PURCHASE)
    size = len(interactions.products)
    order = np.lexsort((bought.at, bought.items, bought.users))
    users, items, at = bought.users[order], bought.items[order], bought.at[order]
    same = (users[1:] == users[:-1]) & (items[1:] == items[:-1])
    gaps = ((at[1:] - at[:-1]) / DAY)[same]
    usual = float(np.median(gaps)) if len(gaps) else 30.0
    of = items[1:][same]
    total = np.bincount(of, gaps, size) + usual * REPEAT_PRIOR
    result: Floats = total / (np.bincount(of, minlength=size) + REPEAT_PRIOR)
    return result
