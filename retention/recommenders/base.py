"""What every recommender is: products in an order for one customer, with reasons, kept as arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Ints
from retention.recommenders.interactions import Profile
from retention.report import Readiness
from retention.types import ProductId, Reason

if TYPE_CHECKING:
    from retention.recommenders.interactions import Interactions

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products that a model knows, and how they sell without regard to the customer."""

    products: tuple[ProductId, ...]
    popularity: Floats
    """Purchases, each counting half after 30 days; shape (products,). It orders what a model has no opinion
    on, so that a list is always full."""
    index: Mapping[ProductId, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {product: place for place, product in enumerate(self.products)})

    @classmethod
    def of(cls, interactions: Interactions) -> Self:
        """Of everything before `interactions.now`."""
        return cls(interactions.products, interactions.popularity())


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemModel(ABC):
    """A recommender fitted on a shop's log: a frozen dataclass of arrays and numbers, named in `registry.MODELS`.

    Serving needs NumPy alone, and no refit for a new event: a customer is a `Profile`, made of their events as of the
    question. A fit may import what it likes, inside of `fit`.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    """What it orders products by, in one line for people."""
    least_customers: ClassVar[int] = 0
    """Customers with two products or more that it takes; with fewer, popularity stands in."""
    extra: ClassVar[str | None] = None
    """The optional dependencies that fitting takes; serving takes none."""

    catalogue: Catalogue
    readiness: tuple[Readiness, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    """As the fit measured them on the last weeks it learned from; empty for a model that measures nothing."""
    notes: tuple[str, ...] = ()
    """What was chosen, and what there was too little data for."""

    @classmethod
    def fit(cls, interactions: Interactions, seed: int) -> ItemModel:
        """Fit on everything before `interactions.now`; the same interactions and seed give the same model.

        Raises:
            ImportError: what `extra` names is not installed.
        """
        return cls(catalogue=Catalogue.of(interactions))

    @abstractmethod
    def scores(self, profile: Profile) -> Floats:
        """What speaks for each product, shape (products,), finite; 0 everywhere for somebody unknown."""

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """What speaks for the product for this customer, strongest first; empty when nothing does."""
        return []

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The model's own JSON-able values and arrays; `from_parts` is the way back."""
        shared = {one.name for one in fields(ItemModel)}
        own = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in shared}
        arrays = {name: value for name, value in own.items() if isinstance(value, np.ndarray)}
        return {name: value for name, value in own.items() if name not in arrays}, arrays

    @classmethod
    def from_parts(cls, catalogue: Catalogue, values: Mapping[str, Any], arrays: Arrays) -> Self:
        """The model from `parts`."""
        own: dict[str, Any] = {**values, **arrays}
        return cls(catalogue=catalogue, **own)

    def ranked(
        self, profile: Profile, n: int, *, repeats: bool, hidden: Sequence[int] | Ints = ()
    ) -> tuple[Ints, Floats]:
        """The best `n` products, best first, as indices and scores of shape (at most n,).

        Args:
            profile: the customer; an empty profile is an unknown one and gets what is popular.
            n: fewer come back when the shop has no more.
            repeats: may products that were bought before come back?
            hidden: indices of products that may not be shown, such as those out of stock.
        """
        scores = self.scores(profile)
        return best_first(scores, self.catalogue.popularity, self._allowed(profile, repeats, hidden), n)

    def _allowed(self, profile: Profile, repeats: bool, hidden: Sequence[int] | Ints) -> Bools:
        allowed = np.ones(len(self.catalogue.products), dtype=bool)
        if not repeats:
            allowed[profile.items[profile.bought]] = False
        allowed[np.asarray(hidden, np.int64)] = False
        return allowed

    def explain(self, profile: Profile, product: ProductId) -> tuple[Reason, ...]:
        """Why the product was recommended to this customer, strongest first, never empty.

        Raises:
            KeyError: the model does not know the product.
        """
        item = self.catalogue.index[product]
        since = profile.since[(profile.items == item) & profile.bought]
        if len(since):
            return (Reason(code="buy_again", product=product, value=round(float(since[0]), 2), weight=1.0),)
        popular = Reason(code="popular", value=round(float(self.catalogue.popularity[item]), 2))
        return tuple(self.reasons(profile, item)) or (popular,)


def best_first(scores: Floats, popularity: Floats, allowed: Bools, n: int) -> tuple[Ints, Floats]:
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
