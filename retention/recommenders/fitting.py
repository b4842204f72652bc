"""How each recommender of the registry is fitted; `auto` has a module of its own, `fit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from retention.recommenders import components, fit, similarity
from retention.recommenders.base import Floats, Goods, ItemModel
from retention.recommenders.crowd import Crowd
from retention.recommenders.interactions import Interactions
from retention.recommenders.models.neighbours import Content, Ease, ItemKNN
from retention.recommenders.models.popular import OwnPurchases, Popularity
from retention.recommenders.models.two_stage import TwoStage
from retention.recommenders.models.users import UserKNN
from retention.recommenders.profile import PURCHASE
from retention.recommenders.terms import Terms
from retention.times import DAY

POPULAR_HALF_LIFE = 30.0
"""Days after which a purchase counts half for a product's popularity."""


def customers_with_two(interactions: Interactions) -> int:
    """Customers with two products or more: what it takes to learn that products go together."""
    pairs = np.unique(interactions.users * max(len(interactions.products), 1) + interactions.items)
    each = np.bincount(pairs // max(len(interactions.products), 1), minlength=1)
    return int((each >= 2).sum())


def popularity(interactions: Interactions) -> Floats:
    """Purchases by product, at most one of a customer and day, each counting half after 30 days."""
    bought = interactions.once_a_day().only(PURCHASE)
    decay = np.exp2(-(bought.now - bought.at) / DAY / POPULAR_HALF_LIFE)
    return np.bincount(bought.items, decay, len(interactions.products)).astype(np.float64)


def _goods(interactions: Interactions) -> Goods:
    return Goods.of(interactions.products, popularity(interactions))


def _popularity(interactions: Interactions, seed: int) -> ItemModel:
    return Popularity(_goods(interactions))


def _own(interactions: Interactions, seed: int) -> ItemModel:
    return OwnPurchases(_goods(interactions))


def _user_knn(interactions: Interactions, seed: int) -> ItemModel:
    return UserKNN(_goods(interactions), (), Crowd.of(components.ratings(interactions, None)))


def _item_knn(interactions: Interactions, seed: int) -> ItemModel:
    table = similarity.neighbours(components.ratings(interactions, None), components.NEIGHBOURS, 0.0)
    return ItemKNN(_goods(interactions), (), *table)


def _content(interactions: Interactions, seed: int) -> ItemModel:
    return Content(_goods(interactions), (), *Terms.of(interactions).near)


def _ease(interactions: Interactions, seed: int) -> ItemModel:
    table = components.ease_table(
        components.ratings(interactions, components.RECENT_DAYS), components.RECENT_EASE_RIDGE
    )
    return Ease(_goods(interactions), (), *table)


def two_stage(interactions: Interactions, seed: int) -> tuple[TwoStage, Mapping[str, float], tuple[str, ...]]:
    """`auto`, with what its fit measured and has to say."""
    fitted = fit.fit(interactions, seed=seed)
    return TwoStage(_goods(interactions), fitted.readiness, fitted.model), fitted.metrics, fitted.notes


def _auto(interactions: Interactions, seed: int) -> ItemModel:
    return two_stage(interactions, seed)[0]


def _linear(interactions: Interactions, seed: int) -> ItemModel:
    from retention.recommenders.models import neural_fit

    return neural_fit.linear(interactions, _goods(interactions), seed)


def _two_tower(interactions: Interactions, seed: int) -> ItemModel:
    from retention.recommenders.models import neural_fit

    return neural_fit.two_tower(interactions, _goods(interactions), seed)


FITS: Mapping[str, Callable[[Interactions, int], ItemModel]] = {
    "auto": _auto,
    "popularity": _popularity,
    "own": _own,
    "user_knn": _user_knn,
    "item_knn": _item_knn,
    "content": _content,
    "ease": _ease,
    "linear": _linear,
    "two_tower": _two_tower,
}
