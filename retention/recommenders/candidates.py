"""The first stage: what several sources say of products for a customer, and the few products worth ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Ints
from retention.recommenders import neighbourhood
from retention.recommenders.facts import SIMILARITIES, ProductFacts
from retention.recommenders.interactions import Profile
from retention.recommenders.similarity import Table

TABLES: Mapping[str, tuple[str, str]] = {
    "taste": ("cosine", "interest"),
    "taste_recent": ("cosine_recent", "interest"),
    "session": ("cosine_recent", "recent"),
    "ease": ("ease", "ever"),
    "ease_recent": ("ease_recent", "interest"),
    "content": ("content", "interest"),
}
"""Sources that are a table of neighbours, read with one of the profile's weights."""
SOURCES = (*TABLES, "crowd", "crowd_recent")
"""All sources, by the names in saved models; `crowd` is what similar customers bought, `crowd_recent` what the most
similar of them bought lately."""
CLOSEST = 100
"""How many of the similar customers the last source asks."""
SMALL = 16_000
"""Up to so many products the sources say something, be it 0, of each: looking for those that have a score takes
longer than it saves."""
PER_SOURCE = 50
"""Products taken from each source and from each list of popular ones."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What the sources say: of all products or, in large shops, of those that any gives a score; 0 of all others."""

    items: Ints
    """Product indices, ascending."""
    of: Mapping[str, Floats]
    """By source, shape (items,)."""


def source_scores(facts: ProductFacts, profile: Profile) -> Scores:
    """The weighted sum of neighbours by source."""
    near = {name: _near(facts.neighbours[name], profile.items) for name in SIMILARITIES}
    customers = facts.customers
    who, similarity = customers.similar(profile.items, profile.interest, neighbourhood.MOST_ASKED)
    close = similarity**facts.closeness
    ever, weights = customers.terms(who, close, customers.ratings)
    lately, recent_weights = customers.terms(who[:CLOSEST], close[:CLOSEST], customers.recent)
    if len(facts) > SMALL:
        items, place = _with_any_score([*(places for places, _ in near.values()), ever, lately], len(facts))
        near = {name: (place[places], values) for name, (places, values) in near.items()}
        ever, lately = place[ever], place[lately]
    else:
        items = np.arange(len(facts))
    of = {
        name: _weighted(near[table], getattr(profile, weight), len(items))
        for name, (table, weight) in TABLES.items()
    }
    of["crowd"] = np.bincount(ever, weights, len(items)).astype(np.float64, copy=False)
    of["crowd_recent"] = np.bincount(lately, recent_weights, len(items)).astype(np.float64, copy=False)
    return Scores(items, of)


def _near(table: Table, items: Ints) -> Table:
    """The neighbours of the customer's products; shape (the customer's products, k)."""
    places, values = table
    return places.take(items, axis=0), values.take(items, axis=0)


def _with_any_score(places: Sequence[NDArray[np.int32]], size: int) -> tuple[Ints, NDArray[np.int32]]:
    """The products at these places, ascending, and where each product is among them; shapes (n,) and (size,).

    In large shops they are a small part of all, and everything after is done with them alone.
    """
    scored = np.zeros(size, dtype=bool)
    for part in places:
        scored[part] = True
    items = np.flatnonzero(scored)
    place = np.zeros(size, np.int32)
    place[items] = np.arange(len(items), dtype=np.int32)
    return items, place


def _weighted(near: Table, weight: Floats, size: int) -> Floats:
    places, values = near
    if not places.size:
        return np.zeros(size)
    spread = values * weight[:, None]
    return np.bincount(places.ravel(), spread.ravel(), size).astype(np.float64, copy=False)


def choose(scores: Scores, popular: NDArray[np.int32], profile: Profile, allowed: Bools) -> Ints:
    """The union of each source's best, the popular, and what the customer has touched; ascending.

    Args:
        scores: what the sources say.
        popular: products by popularity, one row per list, best first.
        allowed: which products may be chosen, shape (products,).
    """
    chosen = np.zeros(len(allowed), dtype=bool)
    may = allowed[scores.items]
    for score in scores.of.values():
        chosen[scores.items[_best(np.where(may, score, 0.0))]] = True
    for order in popular:
        chosen[_first(order, allowed)] = True
    chosen[profile.items[allowed[profile.items]]] = True
    return np.flatnonzero(chosen)


def _best(score: Floats) -> Ints:
    """The highest `PER_SOURCE` scores above 0."""
    positive = np.flatnonzero(score > 0)
    if len(positive) <= PER_SOURCE:
        return positive
    return positive[np.argpartition(-score[positive], PER_SOURCE - 1)[:PER_SOURCE]]


def _first(order: NDArray[np.int32], allowed: Bools) -> NDArray[np.int32]:
    """The first `PER_SOURCE` that are allowed; they are looked for near the beginning."""
    head = order[: 4 * PER_SOURCE]
    found = head[allowed[head]]
    if len(found) < PER_SOURCE:
        found = order[allowed[order]]
    return found[:PER_SOURCE]
