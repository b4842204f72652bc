"""What a customer's own events say about products, as of a moment.

Fitting and serving build profiles with the same function, so that a model is asked in the terms that it was
taught in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.times import DAY, to_micros
from retention.types import Event, EventKind, ProductId

KINDS = (EventKind.PURCHASE, EventKind.CART, EventKind.VIEW, EventKind.RATING)
"""The kinds that tell what a customer wants; a kind's code is its place here."""
PURCHASE, CART, VIEW, RATING = range(4)
WEIGHTS = np.array([1.0, 0.5, 0.2, 0.0])
"""How much an event of a kind counts as wanting the product; a rating counts `(stars - 3) / 4`."""

INTEREST_HALF_LIFE = 120.0
RECENT_HALF_LIFE = 30.0
GLANCE_HALF_LIFE = 7.0
"""Days after which an event counts half, for lasting taste, for the present, and for a look at a product."""

MOST_EVENTS = 2_000
"""Only so many of the latest events are read."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_CODE = {kind: code for code, kind in enumerate(KINDS)}


def weights(kinds: Ints, values: Floats) -> Floats:
    """How much each event counts as wanting its product, before any decay; shape (events,)."""
    stars = np.where(kinds == RATING, (values - 3.0) / 4.0, 0.0)
    result: Floats = WEIGHTS[kinds] + stars
    return result


@dataclass(frozen=True, slots=True)
class Profile:
    """One row per product that the customer has touched; every array has shape (products,)."""

    items: Ints
    """Indices into the model's products, ascending."""
    interest: Floats
    """Decayed weight of all events, half-life 120 days, 0 to 1."""
    recent: Floats
    """The same with a half-life of 30 days."""
    ever: Floats
    """The same without decay."""
    count: Floats
    """Days on which the product was bought."""
    count_30: Floats
    count_120: Floats
    """The same, decayed with half-lives of 30 and 120 days."""
    since: Floats
    """Days since the product was last bought; 0 when it never was."""
    in_last_basket: Bools
    viewed: Floats
    carted: Floats
    """Views, and carts since the last purchase, decayed with a half-life of 7 days."""

    @property
    def bought(self) -> Bools:
        """Which of the products were ever bought."""
        return self.count > 0


def build(items: Ints, kinds: Ints, at: Ints, values: Floats, now: int) -> Profile:
    """A profile from events in any order; those at or after `now` are not seen.

    Args:
        items: product indices; shape (events,), as are the others.
        kinds: codes as in `KINDS`.
        at: microseconds since 1970.
        values: stars of ratings, anything elsewhere.
        now: microseconds since 1970.
    """
    past = at < now
    if not past.all():
        items, kinds, at, values = items[past], kinds[past], at[past], values[past]
    items, kinds, at, values = _once_a_day(items, kinds, at, values)
    unique, place = np.unique(items, return_inverse=True)
    size = len(unique)
    age = (now - at) / DAY
    weight = weights(kinds, values)
    bought = kinds == PURCHASE
    seen = _latest(place[bought], at[bought], size)
    fresh_cart = (kinds == CART) & (at > seen[place])
    glance = np.exp2(-age / GLANCE_HALF_LIFE)
    last = seen.max(initial=0)

    def total(of: Floats) -> Floats:
        return np.bincount(place, of, size).astype(np.float64)

    return Profile(
        items=unique,
        interest=np.clip(total(weight * np.exp2(-age / INTEREST_HALF_LIFE)), 0, 1),
        recent=np.clip(total(weight * np.exp2(-age / RECENT_HALF_LIFE)), 0, 1),
        ever=np.clip(total(weight), 0, 1),
        count=total(bought * 1.0),
        count_30=total(bought * np.exp2(-age / 30.0)),
        count_120=total(bought * np.exp2(-age / 120.0)),
        since=np.where(seen > 0, (now - seen) / DAY, 0.0),
        in_last_basket=(seen > 0) & (seen >= last - DAY),
        viewed=total((kinds == VIEW) * glance),
        carted=total(fresh_cart * glance),
    )


def _once_a_day(items: Ints, kinds: Ints, at: Ints, values: Floats) -> tuple[Ints, Ints, Ints, Floats]:
    """Several rows of a product on one day are one purchase of it; a product rated twice is rated once."""
    day = np.where(kinds == RATING, 0, at // DAY)
    many = (kinds == PURCHASE) | (kinds == RATING)
    key = np.where(many, (items * 4 + kinds) * 1_000_000 + day, -1 - np.arange(len(items)))
    order = np.lexsort((-values, -at))
    kept = order[np.unique(key[order], return_index=True)[1]]
    return items[kept], kinds[kept], at[kept], values[kept]


def _latest(place: Ints, at: Ints, size: int) -> Ints:
    latest = np.zeros(size, np.int64)
    np.maximum.at(latest, place, at)
    return latest


def of_events(events: Sequence[Event], index: Mapping[ProductId, int], now: datetime) -> Profile:
    """A profile from a customer's events, oldest first; unknown products and other kinds are passed over."""
    rows = [
        (index[event.product], _CODE[event.kind], to_micros(event.at), event.value or 3.0)
        for event in events[-MOST_EVENTS:]
        if event.product is not None and event.kind in _CODE and event.product in index
    ]
    table: NDArray[Any] = np.array(rows, dtype=np.float64).reshape(-1, 4)
    whole = table[:, :3].astype(np.int64)
    return build(whole[:, 0], whole[:, 1], whole[:, 2], table[:, 3], to_micros(now))
