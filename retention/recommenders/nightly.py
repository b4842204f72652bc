"""Lists made ahead, right after a fit, for customers who are likely to come: a look-up instead of a computation.

Of all that a saved version holds, they alone name customers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Floats32
from kernel.times import to_micros
from retention import artifacts
from retention.recommenders.candidates import Scores, source_scores
from retention.recommenders.explanation import Evidence
from retention.recommenders.model import Recommender
from retention.types import CustomerId, ProductId, Reason, RecommendContext

if TYPE_CHECKING:
    from retention.recommenders.interactions import Interactions

MOST = 1_000
"""Customers with lists: the latest to come."""
PLACES = 40
"""Products in a list: enough that ten are left when some are sold out."""
CODES = ("bought_together", "viewed_together", "similar_content", "popular")
PART = "lists"
"""Their name among the parts of a saved version."""
FIELDS = ("items", "scores", "codes", "products", "numbers")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A customer's list as it was ranked ahead, best first; reasons are put together for what is shown."""

    items: Sequence[int]
    """By their index."""
    scores: Sequence[float]
    products: Sequence[ProductId]
    """All of the model's."""
    _reasons: tuple[NDArray[np.int8], NDArray[np.int32], Floats32]

    def reason(self, item: int) -> Reason | None:
        """Why the product is in the list; None where it isn't, or where the customer has bought it: how long ago
        is known when it is shown."""
        if item not in self.items:
            return None
        place = self.items.index(item)
        codes, products, numbers = self._reasons
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
    scores: Floats
    codes: NDArray[np.int8]
    """Of the reason, by its place in `CODES`; -1: bought before."""
    products: NDArray[np.int32]
    """The product that the reason speaks of; -1: none."""
    numbers: Floats32
    """The reason's value and weight, shape (modes, customers, places, 2)."""
    places: Mapping[CustomerId, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {name: place for place, name in enumerate(self.customers)})

    @classmethod
    def empty(cls, as_of: int = 0, customers: Sequence[CustomerId] = ()) -> Self:
        """Nobody has a product in their list."""
        shape = (2, len(customers), PLACES)
        return cls(
            as_of=as_of,
            customers=tuple(customers),
            items=np.full(shape, -1, np.int32),
            scores=np.zeros(shape),
            codes=np.full(shape, -1, np.int8),
            products=np.full(shape, -1, np.int32),
            numbers=np.zeros((*shape, 2), np.float32),
        )

    @classmethod
    def of(cls, model: Recommender, log: Interactions) -> Self:
        """Lists for the latest customers of the log that the model was fitted on."""
        chosen = np.sort(log.latest_customers(MOST)).tolist()
        lists = cls.empty(log.now, [log.names[code] for code in chosen])
        rows = log.by_user()
        for number, code in enumerate(chosen):
            evidence = Evidence(model, log.profile(rows[code]))
            scores = source_scores(model.facts, evidence.profile)
            for mode in (0, 1):
                lists._fill((mode, number), evidence, scores)
        return lists

    def _fill(self, which: tuple[int, int], evidence: Evidence, said: Scores) -> None:
        """Make one customer's list in one mode."""
        model, profile = evidence.model, evidence.profile
        items, scores = model.rank(profile, repeats=bool(which[0]), scores=said)
        best = np.lexsort((items, -scores))[:PLACES]
        self.items[which][: len(best)], self.scores[which][: len(best)] = items[best], scores[best]
        owned = frozenset(profile.items[profile.bought].tolist())
        for place, item in enumerate(items[best].tolist()):
            if item not in owned:
                reason = evidence.reasons(item, personal=True)[0]
                self.codes[which][place] = CODES.index(reason.code)
                self.numbers[which][place] = (reason.value or 0.0, reason.weight)
                if reason.product is not None:
                    self.products[which][place] = model.index[reason.product]

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
        reasons = (self.codes[at], self.products[at], self.numbers[at])
        return Prepared(items[:whole].tolist(), self.scores[at][:whole].tolist(), products, reasons)

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """As JSON-able values and arrays; `from_parts` is the way back."""
        values = {"as_of": self.as_of, "customers": list(self.customers)}
        return values, {name: getattr(self, name) for name in FIELDS}

    @classmethod
    def from_parts(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """From the saved form."""
        return cls(values["as_of"], tuple(values["customers"]), **{name: arrays[name] for name in FIELDS})


def listed(directory: Path) -> tuple[CustomerId, ...]:
    """The customers that a saved version made lists for ahead: all that it names.

    Raises:
        ModelDamaged: its files can't be read.
    """
    _, parts = artifacts.read(directory, only=(PART,))
    return tuple(parts[PART][0]["customers"]) if PART in parts else ()


def forget(directory: Path, customers: Collection[CustomerId]) -> int:
    """Take customers' names out of a saved version; return how many were there. Others keep their lists.

    Raises:
        ModelDamaged: its files can't be read.
    """
    _, parts = artifacts.read(directory, only=(PART,))
    values, arrays = parts.get(PART, ({"customers": ()}, {}))
    gone = set(customers).intersection(values["customers"])
    if gone:
        left = ["" if name in gone else name for name in values["customers"]]
        artifacts.replace(directory, PART, ({**values, "customers": left}, arrays))
    return len(gone)
