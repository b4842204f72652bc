"""A made-up shop's log: tastes are latent factors, popularity has a long tail, and some products belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Real = NDArray[np.float64]

PROPOSED = 100
"""Products that a customer sees, drawn by popularity, before they take the one that they like best."""
LINE = 12
"""Products of a series, such as a game with its sequels."""
BLOCK = 2_000
"""Purchases that are drawn at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What a made-up shop is like."""

    customers: int
    products: int
    purchases: int
    days: int
    factors: int = 8
    taste: float = 14.0
    """How much a customer's taste decides, against chance, among the products that they see."""
    series: float = 0.3
    """The share of purchases that stay in the series of an earlier one."""
    again: float = 0.0
    """The share of purchases that repeat an earlier one."""
    fades: float | None = None
    """Days after which a product sells half as much as at its release; None: all are sold all the time."""
    tail: float = 0.8
    """The product of rank `r` sells as `r` to the power of minus so much."""


@dataclass(frozen=True, slots=True)
class Purchases:
    """One row per purchase, shape (purchases,), in the order of time."""

    customer: Whole
    product: Whole
    day: Real
    """Days since the log's beginning."""
    line: Whole
    """Of every product, the number of its series; shape (products,)."""


def draw(shop: Shop, seed: int) -> Purchases:
    """Purchases of the shop; the same seed gives the same."""
    return _Drawing(shop, np.random.default_rng(seed)).purchases()


class _Drawing:
    """The shop being drawn."""

    def __init__(self, shop: Shop, random: np.random.Generator) -> None:
        self.shop, self.random = shop, random
        count = shop.products
        self.line = random.permutation(count) // LINE
        lines = int(self.line.max()) + 1
        centres = random.normal(size=(lines, shop.factors))
        spread = 0.3 * random.normal(size=(count, shop.factors))
        self.factors = _unit(_unit(centres)[self.line] + spread)
        self.popular = (1.0 + random.permutation(count)) ** -shop.tail
        self.chance = np.cumsum(self.popular) / self.popular.sum()
        self.born = np.zeros(count)
        if shop.fades is not None:
            self.born = np.where(random.random(count) < 0.2, 0.0, random.random(count) * shop.days)
        self.members = np.argsort(self.line, kind="stable")
        self.starts = np.searchsorted(self.line[self.members], np.arange(lines))
        self.sizes = np.bincount(self.line)

    def purchases(self) -> Purchases:
        """Every customer's first purchases, then their second ones, and so on."""
        shop, random = self.shop, self.random
        many = np.clip((random.pareto(1.6, shop.customers) + 1) * 3, 2, 250)
        many = np.maximum(np.round(many * shop.purchases / many.sum()), 2).astype(np.int64)
        first = random.random(shop.customers) * shop.days * 0.9
        stay = np.minimum(shop.days - first, random.exponential(shop.days / 4, shop.customers) + 10)
        tastes = _unit(random.normal(size=(shop.customers, shop.factors)))
        ends = np.cumsum(many)
        customer = np.repeat(np.arange(shop.customers), many)
        day = first[customer] + random.random(len(customer)) * stay[customer]
        day = day[np.lexsort((day, customer))]
        product = np.zeros(len(customer), np.int64)
        for number in range(int(many.max())):
            asked = np.flatnonzero(many > number)
            for start in range(0, len(asked), BLOCK):
                who = asked[start : start + BLOCK]
                at = ends[who] - many[who] + number
                product[at] = self._chosen(tastes[who], day[at])
                if number:
                    earlier = product[at - 1 - random.integers(0, number, len(at))]
                    self._stayed(product, at, earlier, day[at])
        order = np.argsort(day, kind="stable")
        return Purchases(customer[order], product[order], day[order], self.line)

    def _chosen(self, tastes: Real, day: Real) -> Whole:
        """What these customers take of what they see."""
        seen = np.searchsorted(self.chance, self.random.random((len(day), PROPOSED)))
        liking = self.shop.taste * np.einsum("cpf,cf->cp", self.factors[seen], tastes)
        return self._best(seen, liking, day)

    def _stayed(self, product: Whole, at: Whole, earlier: Whole, day: Real) -> None:
        """Put a product of the same series, or the earlier one itself, in the place of some of the chosen."""
        shop, draws = self.shop, self.random.random(len(at))
        lines = self.line[earlier]
        place = np.minimum(np.arange(LINE)[None, :], self.sizes[lines][:, None] - 1)
        mates = self.members[self.starts[lines][:, None] + place]
        near = self._best(mates, np.log(self.popular[mates]), day)
        same_line = draws < shop.series
        product[at[same_line]] = near[same_line]
        again = draws > 1 - shop.again
        product[at[again]] = earlier[again]

    def _best(self, products: Whole, liking: Real, day: Real) -> Whole:
        """The most liked with some chance, of those on sale by then, fresh ones more."""
        if self.shop.fades is not None:
            age = day[:, None] - self.born[products]
            liking = liking + np.where(age >= 0, -np.log(2) * age / self.shop.fades, -1e6)
        liking = liking + self.random.gumbel(size=liking.shape)
        best: Whole = products[np.arange(len(products)), liking.argmax(axis=1)]
        return best


def _unit(rows: Real) -> Real:
    unit: Real = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
