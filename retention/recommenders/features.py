"""What the ranker knows of a product for a customer: one row of numbers per candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retention.recommenders import buyers
from retention.recommenders.buyers import Buyers
from retention.recommenders.crowd import Crowd
from retention.recommenders.profile import Profile

Floats = NDArray[np.float64]

SIMILARITIES = ("cosine", "cosine_recent", "ease", "ease_recent", "content")
"""The tables of neighbours: purchases by cosine over all time and over the last months, EASE likewise, and the
words of names and attributes."""

TABLES: Mapping[str, tuple[str, str]] = {
    "taste": ("cosine", "interest"),
    "taste_recent": ("cosine_recent", "interest"),
    "session": ("cosine_recent", "recent"),
    "ease": ("ease", "ever"),
    "ease_recent": ("ease_recent", "interest"),
    "content": ("content", "interest"),
}
"""Sources of candidates that are a table of neighbours, asked with one of the profile's weights."""

SOURCES = (*TABLES, "crowd", "crowd_recent")
"""All sources; `crowd` is what customers with the like taste bought, `crowd_recent` what the closest of them bought
lately."""
MOST_ALIKE, CLOSEST = 300, 100
"""Customers of the crowd who are listened to."""
CLOSENESS = 2.0
"""Their cosines count to this power: a few close ones outweigh many distant."""

SMALL = 16_000
"""Up to so many products the sources say something, be it 0, of each: looking for those that they speak for takes
longer than it saves."""

STATIC = (
    "popular_7", "popular_14", "popular_30", "popular_90", "popular_ever", "age", "quiet", "repeated",
)  # fmt: skip
"""Of the product alone: log of decayed purchases (half-lives of 7 to 90 days, and none), log of days since the
first and the last sale, log of the share of its buyers who buy it again."""

OWN = (
    "own", "own_count", "own_30", "own_120", "own_since", "own_last_basket", "own_repeated", "own_share",
    "own_due",
)  # fmt: skip
LOOKS = ("viewed", "carted")

NAMES = (
    *(f"{source}_{form}" for source in SOURCES for form in ("relative", "log")),
    *STATIC,
    "category_share",
    *buyers.NAMES,
    *OWN,
    *LOOKS,
)

FLOOR = 0.01
"""Added to a relative score before its logarithm: no neighbour at all is 100 times worse than the best."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The fitted facts about products; everything by product index."""

    neighbours: Mapping[str, tuple[NDArray[np.int32], NDArray[np.float32]]]
    """Of each of `SIMILARITIES`, indices and similarities, shape (products, k)."""
    crowd: Crowd
    """The customers who are asked for what they bought."""
    buyers: Buyers
    static: Floats
    """Shape (products, len(STATIC))."""
    gap: Floats
    """Usual days between two purchases of the product by one customer."""
    category: NDArray[np.int32]
    """Code of the category; -1 when unknown."""
    categories: int

    def __len__(self) -> int:
        return len(self.static)


@dataclass(frozen=True, slots=True)
class Scores:
    """What the sources say: of all products or, in large shops, of those that any speaks for; 0 of all others."""

    items: NDArray[np.int64]
    """Product indices, ascending."""
    of: Mapping[str, Floats]
    """By source, shape (items,)."""


def source_scores(catalogue: Catalogue, profile: Profile) -> Scores:
    """The weighted sum of neighbours by source."""
    near = {name: _near(catalogue.neighbours[name], profile.items) for name in SIMILARITIES}
    crowd = catalogue.crowd
    who, similarity = crowd.similar(profile.items, profile.interest, MOST_ALIKE)
    close = similarity**CLOSENESS
    heard, weights = crowd.opinions(who, close, crowd.tastes)
    lately, told = crowd.opinions(who[:CLOSEST], close[:CLOSEST], crowd.told)
    if len(catalogue) > SMALL:
        items, place = _spoken_for([*(places for places, _ in near.values()), heard, lately], len(catalogue))
        near = {name: (place[places], values) for name, (places, values) in near.items()}
        heard, lately = place[heard], place[lately]
    else:
        items = np.arange(len(catalogue))
    of = {
        name: _weighted(near[table], getattr(profile, weight), len(items))
        for name, (table, weight) in TABLES.items()
    }
    of["crowd"] = np.bincount(heard, weights, len(items)).astype(np.float64, copy=False)
    of["crowd_recent"] = np.bincount(lately, told, len(items)).astype(np.float64, copy=False)
    return Scores(items, of)


def _spoken_for(
    places: Sequence[NDArray[np.int32]], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The products at these places, ascending, and where each product is among them; shapes (n,) and (size,).

    In large shops they are a small part of all, and everything after is done with them alone.
    """
    spoken = np.zeros(size, dtype=bool)
    for part in places:
        spoken[part] = True
    items = np.flatnonzero(spoken)
    place = np.zeros(size, np.int32)
    place[items] = np.arange(len(items), dtype=np.int32)
    return items, place


def _near(
    table: tuple[NDArray[np.int32], NDArray[np.float32]], items: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The neighbours of the customer's products; shape (the customer's products, k)."""
    places, values = table
    return places.take(items, axis=0), values.take(items, axis=0)


def _weighted(near: tuple[NDArray[np.int32], NDArray[np.float32]], weight: Floats, size: int) -> Floats:
    places, values = near
    if not places.size:
        return np.zeros(size)
    spread = values * weight[:, None]
    return np.bincount(places.ravel(), spread.ravel(), size).astype(np.float64, copy=False)


def rows(catalogue: Catalogue, profile: Profile, scores: Scores, candidates: NDArray[np.int64]) -> Floats:
    """The ranker's numbers, shape (candidates, len(NAMES)), in the order of `NAMES`."""
    out = np.zeros((len(candidates), len(NAMES)))
    place, spoken = _among(scores.items, candidates, len(catalogue))
    column = 0
    for source in SOURCES:
        whole = scores.of[source]
        relative = np.zeros(len(candidates))
        relative[spoken] = whole[place] / max(whole.max(initial=0.0), 1e-9)
        out[:, column] = relative
        out[:, column + 1] = np.log(relative + FLOOR)
        column += 2
    out[:, column : column + len(STATIC)] = catalogue.static[candidates]
    column += len(STATIC)
    out[:, column] = _category_share(catalogue, profile, candidates)
    column += 1
    out[:, column : column + len(buyers.NAMES)] = catalogue.buyers.rows(profile, candidates)
    column += len(buyers.NAMES)
    if len(profile.items):
        _own(out[:, column:], catalogue, profile, candidates)
    return out


def _among(
    items: NDArray[np.int64], candidates: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], slice | NDArray[np.int64]]:
    """Where the candidates are among the items, those left out that are not, and which candidates these are."""
    if len(items) == size:
        return candidates, slice(None)
    place = np.searchsorted(items, candidates)
    spoken = np.flatnonzero(np.append(items, -1)[place] == candidates)
    return place[spoken], spoken


def _category_share(catalogue: Catalogue, profile: Profile, candidates: NDArray[np.int64]) -> Floats:
    """The share of the customer's interest that lies in the candidate's category."""
    known = catalogue.category[profile.items]
    shares = np.bincount(known + 1, profile.interest, catalogue.categories + 1)
    shares[0] = 0.0
    total = shares.sum()
    result: Floats = (
        shares[catalogue.category[candidates] + 1] / total if total > 0 else np.zeros(len(candidates))
    )
    return result


def _own(out: Floats, catalogue: Catalogue, profile: Profile, candidates: NDArray[np.int64]) -> None:
    """Fill in what the customer did with the candidates themselves."""
    place = np.searchsorted(profile.items, candidates)
    place[place == len(profile.items)] = 0
    touched = np.flatnonzero(profile.items[place] == candidates)
    at, which = place[touched], candidates[touched]
    bought = profile.bought[at] * 1.0
    since, count = profile.since[at], profile.count[at]
    own = (
        bought,
        np.log1p(count),
        profile.count_30[at],
        np.log1p(profile.count_120[at]),
        bought * np.log1p(since),
        profile.in_last_basket[at] * 1.0,
        bought * catalogue.static[which, STATIC.index("repeated")],
        count / max(profile.count.sum(), 1.0),
        bought * np.clip(np.log((since + 1.0) / (catalogue.gap[which] + 1.0)), -2.0, 2.0),
        np.log1p(profile.viewed[at]),
        np.log1p(profile.carted[at]),
    )
    for column, values in enumerate(own):
        out[touched, column] = values
