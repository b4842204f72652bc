"""A place in some lists for products that are new to the shop: nobody can have bought them yet."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from retention.times import to_micros
from retention.types import ProductId, RecommendContext

if TYPE_CHECKING:
    from retention.recommenders.model import Recommender

NEW_FOR = timedelta(days=30)
"""A product counts as new for so long after it was created, and while the model doesn't know it."""
EXPLORE_FROM = 3
"""Shorter lists have no place to spare."""

PINNED = "pinned"


@dataclass(frozen=True, slots=True)
class Pick:
    """A product in a list that is being made."""

    product: ProductId
    item: int | None
    """Index in the model; None when the model doesn't know the product."""
    score: float
    policy: str
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Novelties:
    """The new products that one list may show."""

    model: Recommender
    context: RecommendContext
    may_show: Callable[[ProductId], bool]

    def placed(self, picks: list[Pick], n: int) -> list[Pick]:
        """Give the last place to a new product now and then, evenly drawn; say with which chance each was placed."""
        if len(picks) < max(EXPLORE_FROM, n) or self.context.words:
            return picks
        *others, last = picks
        if last.policy == PINNED:
            return picks
        draw, share = random.Random(self.context.seed), self.context.rules.new_products
        wanted = draw.random() < share
        shown = frozenset(pick.product for pick in picks)
        if not wanted:
            # The first is enough to know: a look through the whole shelf is only taken where it decides.
            any_new = next(chain(self._recent_products(shown), self._unknown_products(shown)), None)
            chance = 1.0 if any_new is None else 1 - share
            return [*others, Pick(last.product, last.item, last.score, last.policy, chance)]
        pool = sorted({*self._recent_products(shown), *self._unknown_products(shown)})
        if not pool:
            return picks
        product = draw.choice(pool)
        chance = share / len(pool)
        return [*others, Pick(product, self.model.index.get(product), 0.0, "explore_new", chance)]

    def _recent_products(self, shown: frozenset[ProductId]) -> Iterator[ProductId]:
        """Products that the model knows to be new, may be shown and aren't yet."""
        since = to_micros(self.context.now - NEW_FOR)
        recent = (self.model.products[item] for item in np.flatnonzero(self.model.created > since).tolist())
        return (one for one in recent if self._may_explore(one, shown))

    def _unknown_products(self, shown: frozenset[ProductId]) -> Iterator[ProductId]:
        """The same of those that the model doesn't know; a look through the whole shelf, once the first is asked
        for."""
        if not self.model.products or self.context.stock.keys() <= self.model.index.keys():
            return
        unknown = self.context.stock.keys() - self.model.index.keys()
        yield from (one for one in unknown if self._may_explore(one, shown))

    def _may_explore(self, product: ProductId, shown: frozenset[ProductId]) -> bool:
        rules = self.context.rules
        if product in shown or product in rules.buried or not self.may_show(product):
            return False
        category = self.context.stock[product].category
        if category not in rules.category_caps:
            return True
        count = sum(self.context.stock[one].category == category for one in shown)
        return count < rules.category_caps[category]
