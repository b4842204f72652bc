"""What a shop has to show, and the lists that any model makes from it within the shop's rules.

The bot asks one model about one customer and brings what it has in stock; a log's lists are made for all customers by
any model. Both go through `rerank`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from retention.recommenders import words
from retention.recommenders.base import ItemModel
from retention.recommenders.profile import Profile
from retention.recommenders.rerank import EXPLORE, PINNED, Pick, Wanted, rerank
from retention.types import ProductId, Reason, ShopRules

OWN_ORDER = ShopRules(new_products=0.0)
"""Asks for nothing: a list is the model's own."""
WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A shop's products as of a moment, the same for all of its customers."""

    category: Mapping[ProductId, str] = field(default_factory=dict)
    """Of every product that the shop has, in the catalogue or not known to the model; empty where it is unknown."""
    away: frozenset[ProductId] = frozenset()
    """Sold out, or not sold any more."""
    fresh: tuple[ProductId, ...] = ()
    """New to the shop."""
    rules: ShopRules | None = None
    """None: the model's own order, without variety and without a place for new products."""
    postings: words.Postings = field(default_factory=dict)
    """Of the model's products, for customers of whom nothing is known but what they ask for."""


def listed(
    model: ItemModel,
    profile: Profile,
    n: int,
    shelf: Shelf,
    *,
    repeats: bool = False,
    exclude: frozenset[ProductId] = frozenset(),
    asked: Sequence[str] = (),
    seed: int = 0,
) -> list[Pick]:
    """At most `n` products for one customer, best first, by any model.

    Args:
        model: puts the products in an order.
        profile: the customer; an empty profile is somebody unknown.
        n: places of the list.
        shelf: what there is, and the rules.
        repeats: may products that were bought before come back?
        exclude: further products that may not be shown to this customer.
        asked: words of somebody unknown, such as a message or a search; those of others are not looked at, since what
            they touched says more.
        seed: of the place for a new product; give each customer another.
    """
    owned = frozenset() if repeats else _names(model, profile.items[profile.bought])
    unknown = not len(profile.items)
    matches = words.matching(shelf.postings, asked, len(model.goods.products)) if unknown else None
    hits = np.flatnonzero(matches >= words.LEAST) if matches is not None else np.zeros(0, np.int64)
    found = _names(model, hits)

    def may_show(product: ProductId) -> bool:
        known = product in shelf.category or product in model.goods.index
        return known and product not in shelf.away and product not in owned and product not in exclude

    wanted = Wanted(
        n=n,
        rules=shelf.rules or OWN_ORDER,
        may_show=may_show,
        category=lambda product: shelf.category.get(product, ""),
        fresh=lambda: iter(shelf.fresh),
        index=model.goods.index,
        is_asked_for=lambda product: not found or product in found,
        one_wish=bool(found),
        words=bool(found),
        variety=shelf.rules is not None,
        seed=seed,
    )
    if n <= 0:
        return []
    hidden = [model.goods.index[one] for one in shelf.away | exclude if one in model.goods.index]
    order = _Order(model=model, profile=profile, repeats=repeats, hidden=np.array(hidden, np.int64))
    asked_for = () if matches is None else _by_words(model, hits, matches)
    return rerank(chain(asked_for, order.picks(n)), wanted)


def why(model: ItemModel, profile: Profile, pick: Pick) -> Reason:
    """What speaks most for a product of `listed`."""
    if pick.policy == PINNED:
        return Reason(code="pinned", weight=1.0)
    if pick.policy == EXPLORE or pick.item is None:
        return Reason(code="new_product")
    if pick.policy == WORDS:
        return Reason(code="matches_words", value=round(pick.score, 4), weight=words.WEIGHT * pick.score)
    return model.explain(profile, pick.product)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A model's products for a customer, best first."""

    model: ItemModel
    profile: Profile
    repeats: bool
    hidden: NDArray[np.int64]
    """Left out before the model chooses, so that others take their places."""

    def picks(self, n: int) -> Iterator[Pick]:
        """All of them; what comes after a few times the list is only worked out when it is reached."""
        products, done = self.model.goods.products, 0
        for many in dict.fromkeys((min(5 * n, len(products)), len(products))):
            items, scores = self.model.ranked(self.profile, many, repeats=self.repeats, hidden=self.hidden)
            for item, score in zip(items[done:].tolist(), scores[done:].tolist(), strict=True):
                yield Pick(products[item], item, score, self.model.name)
            done = len(items)


def _by_words(model: ItemModel, hits: NDArray[np.int64], matches: NDArray[np.float64]) -> Iterator[Pick]:
    """What somebody unknown asks for, by how well it matches and how it sells."""
    score = np.log(model.goods.popularity[hits] + 0.5) + words.WEIGHT * matches[hits]
    for place in np.lexsort((hits, -score)).tolist():
        item = int(hits[place])
        yield Pick(model.goods.products[item], item, float(matches[item]), WORDS)


def _names(model: ItemModel, items: NDArray[np.int64]) -> frozenset[ProductId]:
    return frozenset(model.goods.products[item] for item in items.tolist())
