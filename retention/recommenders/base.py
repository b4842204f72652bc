"""What every recommender is: products in an order for one customer, with reasons, saved as arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from retention import artifacts
from retention.recommenders import profile as profiles
from retention.recommenders.profile import Profile
from retention.report import Readiness
from retention.types import Event, ProductId, Reason

Floats = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Facts = Mapping[str, Any]

PART = "item_model"
"""The name of a model's files in its folder."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A product in its place."""

    product: ProductId
    score: float
    """What the model gives it; only the order of one model's scores for one customer means something."""


@dataclass(frozen=True, slots=True)
class Goods:
    """The products that a model knows, and how they sell without regard to the customer."""

    products: tuple[ProductId, ...]
    popularity: Floats
    """Purchases, each counting half after 30 days; shape (products,). It orders what a model has no opinion
    on, so that a list is always full."""
    index: Mapping[ProductId, int] = field(default_factory=dict)

    @classmethod
    def of(cls, products: Sequence[ProductId], popularity: Floats) -> Goods:
        """The goods with their index."""
        return cls(tuple(products), popularity, {product: place for place, product in enumerate(products)})


class ItemModel(ABC):
    """A recommender fitted on a shop's log. Serving needs NumPy alone, and no refit for a new event.

    A customer is a `Profile`: `profile_of` makes one from events, `Interactions.profile` from a log's rows.
    Subclasses are frozen dataclasses with the fields `goods` and `readiness` and arrays of their own.
    """

    name: ClassVar[str]
    goods: Goods
    readiness: tuple[Readiness, ...]

    @abstractmethod
    def scores(self, profile: Profile) -> Floats:
        """What speaks for each product, shape (products,), finite; 0 everywhere for somebody unknown."""

    @abstractmethod
    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """What speaks for the product for this customer, strongest first; empty when nothing does."""

    @abstractmethod
    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The model's own JSON-able facts and arrays; `from_parts` is the way back."""

    @classmethod
    @abstractmethod
    def from_parts(cls, goods: Goods, readiness: tuple[Readiness, ...], facts: Facts, arrays: Arrays) -> Self:
        """The model from `parts`."""

    def profile_of(self, events: Sequence[Event], now: datetime) -> Profile:
        """A customer from their events, oldest first, as of `now`; unknown products are passed over."""
        return profiles.of_events(events, self.goods.index, now)

    def recommend(
        self,
        profile: Profile,
        n: int,
        *,
        repeats: bool = False,
        exclude: frozenset[ProductId] = frozenset(),
    ) -> list[Scored]:
        """The best `n` products, best first; fewer when the shop has no more.

        Args:
            profile: the customer; an empty profile is an unknown one and gets what is popular.
            repeats: may products that were bought before come back?
            exclude: products that may not be shown, such as those out of stock.
        """
        hidden = [self.goods.index[one] for one in exclude if one in self.goods.index]
        items, scores = self.ranked(profile, n, repeats=repeats, hidden=np.array(hidden, np.int64))
        products = self.goods.products
        return [
            Scored(products[item], score) for item, score in zip(items.tolist(), scores.tolist(), strict=True)
        ]

    def ranked(
        self, profile: Profile, n: int, *, repeats: bool, hidden: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], Floats]:
        """As `recommend`, as product indices and scores of shape (at most n,)."""
        scores = self.scores(profile)
        allowed = np.ones(len(scores), dtype=bool)
        if not repeats:
            allowed[profile.items[profile.bought]] = False
        if hidden is not None:
            allowed[hidden] = False
        return best_first(scores, self.goods.popularity, allowed, n)

    def explain(self, profile: Profile, product: ProductId) -> tuple[Reason, ...]:
        """Why the product was recommended to this customer, strongest first, never empty.

        Raises:
            KeyError: the model does not know the product.
        """
        item = self.goods.index[product]
        if len(profile.items):
            place = int(np.searchsorted(profile.items, item))
            if place < len(profile.items) and profile.items[place] == item and profile.bought[place]:
                since = round(float(profile.since[place]), 2)
                return (Reason(code="buy_again", product=product, value=since, weight=1.0),)
        found = self.reasons(profile, item)
        if not found:
            sold = round(float(self.goods.popularity[item]), 2)
            found = [Reason(code="popular", value=sold)]
        return tuple(found)

    def save(
        self,
        directory: Path,
        *,
        version: str | None = None,
        seed: int = 0,
        data_hash: str = "",
        at: datetime | None = None,
        metrics: Mapping[str, float] = MappingProxyType({}),
        notes: Sequence[str] = (),
    ) -> None:
        """Write the model to a folder of its own, whole or not at all: NumPy and JSON, never a pickle.

        Args:
            directory: absent or empty.
            version: by default the folder's name.
            seed: that it was fitted with.
            data_hash: of what it was fitted on.
            at: aware; the moment up to which it has learned, by default now.
            metrics: as the fit measured them.
            notes: what the fit has to say.

        Raises:
            FileExistsError: the folder holds something already.
        """
        facts, arrays = self.parts()
        whole = {
            "model": self.name,
            "products": list(self.goods.products),
            "own": facts,
        }
        manifest = {
            "version": version or directory.name,
            "fitted_at": (at or datetime.now(UTC).replace(microsecond=0)).isoformat(),
            "seed": seed,
            "data_hash": data_hash,
            "metrics": dict(metrics),
            "notes": list(notes),
            "readiness": [asdict(one) for one in self.readiness],
        }
        stored = {"goods_popularity": self.goods.popularity, **arrays}
        artifacts.write(directory, manifest, {PART: (whole, stored)})


def best_first(
    scores: Floats, popularity: Floats, allowed: NDArray[np.bool_], n: int
) -> tuple[NDArray[np.int64], Floats]:
    """The allowed products with the highest scores, ties by popularity and then by index.

    Returns:
        Indices and scores, shape (min(n, allowed products),).
    """
    places = np.flatnonzero(allowed)
    n = max(min(n, len(places)), 0)
    if not n:
        return np.zeros(0, np.int64), np.zeros(0)
    mine = scores[places]
    if n < len(places):
        # Everything that ties with the last place stays, so that popularity decides among all of it.
        least = np.partition(mine, len(mine) - n)[len(mine) - n]
        places = places[mine >= least]
        mine = scores[places]
    order = np.lexsort((places, -popularity[places], -mine))[:n]
    return places[order], mine[order]
