"""Judging orders of all products against what customers went on to buy."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retention import metrics
from retention.evaluation.splits import Mode, Split
from retention.recommenders.base import ItemModel, best_first
from retention.recommenders.fitting import popularity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Z = 1.959963984540054
_BATCH = 256


class Ranking(Protocol):
    """Something that puts all products in an order for a customer of a split."""

    def order(self, place: int, mode: Mode) -> Ints:
        """Indices of the products that may be shown, best first, for `split.customers[place]`."""
        ...


@dataclass(frozen=True, slots=True)
class ModelRanking:
    """One of our models."""

    model: ItemModel
    split: Split

    def order(self, place: int, mode: Mode) -> Ints:
        """See `Ranking`."""
        profile = self.split.profiles[place]
        whole = len(self.model.goods.products)
        return self.model.ranked(profile, whole, repeats=mode is Mode.ANY)[0]


@dataclass(slots=True)
class ScoreRanking:
    """Anything that scores all products for many customers at once."""

    split: Split
    scores: Callable[[Ints], Floats]
    """From customers' numbers in `interactions.users`, shape (n,), to scores of shape (n, products)."""
    _popular: Floats = field(init=False)
    _known: tuple[int, Floats] = field(init=False, default=(-1, np.zeros((0, 0))))

    def __post_init__(self) -> None:
        self._popular = popularity(self.split.interactions)

    def order(self, place: int, mode: Mode) -> Ints:
        """See `Ranking`; ties by popularity, as in our models."""
        batch = place // _BATCH
        if self._known[0] != batch:
            codes = self.split.codes[batch * _BATCH : (batch + 1) * _BATCH]
            self._known = batch, self.scores(np.array(codes, np.int64))
        scores = self._known[1][place - batch * _BATCH].astype(np.float64)
        allowed = np.ones(len(scores), dtype=bool)
        if mode is Mode.NEW:
            profile = self.split.profiles[place]
            allowed[profile.items[profile.bought]] = False
        return best_first(scores, self._popular, allowed, len(scores))[0]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over customers with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Floats) -> Mean:
        """By the normal approximation, over the values that exist; NaN-free, 0 when there are none."""
        known = values[np.isfinite(values)]
        if not len(known):
            return cls(0.0, 0.0, 0.0)
        half = Z * float(known.std(ddof=1)) / np.sqrt(len(known)) if len(known) > 1 else 0.0
        mean = float(known.mean())
        return cls(mean, mean - float(half), mean + float(half))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How one model did in one mode; per-customer arrays have the shape (customers with something to find,)."""

    model: str
    mode: Mode
    k: int
    ndcg: Floats
    precision: Floats
    recall: Floats
    auc: Floats
    """The chance that something bought stands above something not bought, over the products known at the cut;
    NaN for a customer who bought only newer ones."""
    coverage: float
    """The share of products that are in anybody's first `k`."""
    seconds: float
    """To fit."""
    milliseconds: float
    """To order all products for one customer, median."""
    settings: str = ""

    def mean(self, measure: str) -> Mean:
        """Of `ndcg`, `precision`, `recall` or `auc`."""
        return Mean.of(getattr(self, measure))

    def lead(self, other: Judged) -> Mean:
        """How much higher this NDCG is than another's for the same customers, paired."""
        return Mean.of(self.ndcg - other.ndcg)


def judge(
    name: str, ranking: Ranking, split: Split, mode: Mode, k: int, *, seconds: float = 0.0, settings: str = ""
) -> Judged:
    """Ask about every customer with something to find, over all products, none sampled."""
    products = split.interactions.products
    index = {product: place for place, product in enumerate(products)}
    rows, times, shown = [], [], set[int]()
    for place, basket in enumerate(split.bought[mode]):
        if not basket:
            continue
        start = time.perf_counter()
        order = ranking.order(place, mode)
        times.append(time.perf_counter() - start)
        best = order[:k].tolist()
        shown.update(best)
        # What was not in the catalogue at the cut can't be found, and counts as missed all the same.
        found = {index.get(product, -1 - at) for at, product in enumerate(sorted(basket))}
        rows.append(
            (
                metrics.ndcg(best, found, k),
                metrics.precision(best, found, k),
                metrics.recall(best, found, k),
                _auc(order, np.array([one for one in found if one >= 0], np.int64), len(products)),
            )
        )
    values = np.array(rows, np.float64).reshape(-1, 4)
    return Judged(
        model=name,
        mode=mode,
        k=k,
        ndcg=values[:, 0],
        precision=values[:, 1],
        recall=values[:, 2],
        auc=values[:, 3],
        coverage=len(shown) / max(len(products), 1),
        seconds=seconds,
        milliseconds=float(np.median(times)) * 1e3 if times else 0.0,
        settings=settings,
    )


def _auc(order: Ints, positives: Ints, products: int) -> float:
    rank = np.full(products, -1, np.int64)
    rank[order] = np.arange(len(order))
    places = rank[positives]
    places = places[places >= 0]
    hits, rest = len(places), len(order) - len(places)
    if not hits or not rest:
        return float("nan")
    above = places.sum() - hits * (hits - 1) / 2
    return float(1 - above / (hits * rest))
