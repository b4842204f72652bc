"""Lists made ahead, right after a fit, for customers who are likely to come: a look-up instead of a computation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.explain import Evidence, explain
from retention.times import to_micros
from retention.types import CustomerId, ProductId, Reason, RecommendContext

if TYPE_CHECKING:
    from retention.recommenders.interactions import Interactions
    from retention.recommenders.model import Recommender

MOST = 1_000
"""Customers with lists: the latest to come."""
PLACES = 40
"""Products in a list: enough that ten are left when some are sold out."""
CODES = ("bought_together", "viewed_together", "similar_content", "popular")
Arrays = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]
FIELDS = ("items", "scores", "codes", "products", "numbers")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A customer's list as it was ranked ahead, best first; reasons are put together for what is shown."""

    items: Sequence[int]
    """By their index."""
    scores: Sequence[float]
    products: Sequence[ProductId]
    """All of the model's."""
    _told: tuple[NDArray[np.int8], NDArray[np.int32], NDArray[np.float32]]

    def reason(self, item: int) -> Reason | None:
        """Why the product is in the list; None where it isn't, or where the customer has bought it: how long ago
        is known when it is shown."""
        if item not in self.items:
            return None
        place = self.items.index(item)
        codes, products, numbers = self._told
        if codes[place] < 0:
            return None
        named = int(products[place])
        value, weight = numbers[place].tolist()
        return Reason(
            code=CODES[codes[place]],
            product=self.products[named] if named >= 0 else None,
            value=round(value, 4),
            weight=round(weight, 4),
        )


@dataclass(frozen=True, slots=True)
class NightlyLists:
    """Per customer and mode the best products of the ranker as of the fit.

    Arrays have the shape (modes, customers, places); mode 0 is `new`, 1 is `any`.
    """

    as_of: int
    """Microseconds since 1970."""
    customers: tuple[CustomerId, ...]
    items: NDArray[np.int32]
    """-1 where a list has ended."""
    scores: NDArray[np.float64]
    codes: NDArray[np.int8]
    """Of the reason, by its place in `CODES`; -1: bought before."""
    products: NDArray[np.int32]
    """The product that the reason speaks of; -1: none."""
    numbers: NDArray[np.float32]
    """The reason's value and weight, shape (modes, customers, places, 2)."""
    places: Mapping[CustomerId, int] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Self:
        """Nobody has a list."""
        shape = (2, 0, PLACES)
        return cls(0, (), *_arrays(shape))

    @classmethod
    def of(cls, model: Recommender, log: Interactions) -> Self:
        """Lists for the latest customers of the log that the model was fitted on."""
        last = np.zeros(log.customers, np.int64)
        np.maximum.at(last, log.users, log.at)
        chosen = np.sort(np.argsort(-last, kind="stable")[:MOST])
        rows = log.by_user()
        arrays = _arrays((2, len(chosen), PLACES))
        for number, code in enumerate(chosen.tolist()):
            profile = log.profile(rows[code])
            evidence = Evidence(model, profile)
            for repeats in (0, 1):
                hidden = profile.items[:0] if repeats else profile.items[profile.bought]
                items, scores = model.rank(profile, repeats=bool(repeats), hidden=hidden)
                best = np.lexsort((items, -scores))[:PLACES]
                owned = frozenset(profile.items[profile.bought].tolist())
                for place, item in enumerate(items[best].tolist()):
                    at = (repeats, number, place)
                    arrays[0][at], arrays[1][at] = item, scores[best[place]]
                    if item not in owned:
                        _keep(arrays, at, model, explain(evidence, item, personal=True)[0])
        names = tuple(log.names[code] for code in chosen.tolist())
        return cls(log.now, names, *arrays, {name: place for place, name in enumerate(names)})

    def prepared(
        self, customer: CustomerId | None, context: RecommendContext, products: Sequence[ProductId]
    ) -> Prepared | None:
        """The customer's list; None where it would not say what the model says now: something has happened since,
        or a category or words are asked for."""
        row = self.places.get(customer) if customer is not None else None
        if row is None or context.words or context.category is not None:
            return None
        if any(to_micros(event.at) >= self.as_of for event in context.events[-1:]):
            return None
        at = (int(context.allow_repeats), row)
        items = self.items[at]
        whole = int(np.count_nonzero(items >= 0))
        told = (self.codes[at], self.products[at], self.numbers[at])
        return Prepared(items[:whole].tolist(), self.scores[at][:whole].tolist(), products, told)

    def saved(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """As JSON-able facts and arrays; `restored` is the way back."""
        facts = {"as_of": self.as_of, "customers": list(self.customers)}
        return facts, {name: getattr(self, name) for name in FIELDS}

    @classmethod
    def restored(cls, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """From the saved form."""
        names = tuple(facts["customers"])
        index = {name: place for place, name in enumerate(names)}
        return cls(facts["as_of"], names, **{name: arrays[name] for name in FIELDS}, places=index)


def _arrays(shape: tuple[int, int, int]) -> Arrays:
    return (
        np.full(shape, -1, np.int32),
        np.zeros(shape),
        np.full(shape, -1, np.int8),
        np.full(shape, -1, np.int32),
        np.zeros((*shape, 2), np.float32),
    )


def _keep(arrays: Arrays, at: tuple[int, int, int], model: Recommender, reason: Reason) -> None:
    _, _, codes, products, numbers = arrays
    codes[at] = CODES.index(reason.code)
    products[at] = model.index[reason.product] if reason.product is not None else -1
    numbers[at] = (reason.value or 0.0, reason.weight)
