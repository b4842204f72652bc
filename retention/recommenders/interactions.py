"""What customers did with products: a shop's log as arrays, and one customer's profile as of a moment.

Fitting and serving build profiles with the same function, so that a model is asked in the terms that it was fitted in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Bools, Floats, Ints
from kernel.times import DAY, to_micros
from retention.types import Event, EventKind, ProductId

if TYPE_CHECKING:
    from retention.checks import Checked

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


def profile_of_rows(items: Ints, kinds: Ints, at: Ints, values: Floats, now: int) -> Profile:
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


def profile_of_events(events: Sequence[Event], index: Mapping[ProductId, int], now: datetime) -> Profile:
    """A profile from a customer's events, oldest first; unknown products and other kinds are passed over."""
    rows = [
        (index[event.product], _CODE[event.kind], to_micros(event.at), event.value or 3.0)
        for event in events[-MOST_EVENTS:]
        if event.product is not None and event.kind in _CODE and event.product in index
    ]
    table: NDArray[Any] = np.array(rows, dtype=np.float64).reshape(-1, 4)
    whole = table[:, :3].astype(np.int64)
    return profile_of_rows(whole[:, 0], whole[:, 1], whole[:, 2], table[:, 3], to_micros(now))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    """Events as arrays of shape (events,), and the products they speak of."""

    products: tuple[str, ...]
    """All products of the catalogue and of the events, ascending."""
    texts: list[str]
    """The words of each product's names, brand and attributes."""
    category: NDArray[np.int32]
    """Per product; -1 when unknown."""
    category_names: tuple[str, ...]
    created: Ints
    """Per product, microseconds; 0 when unknown."""
    names: tuple[str, ...]
    """The customers' ids, ascending; a customer's code is its place here."""
    now: int
    users: Ints
    items: Ints
    kinds: Ints
    """Codes of `KINDS`."""
    at: Ints
    values: Floats
    daily: bool = False
    """Whether every row is one of `once_a_day`."""

    @property
    def customers(self) -> int:
        """How many there are."""
        return len(self.names)

    @classmethod
    def of(
        cls, checked: Checked, *, everybody: bool = False, products: Sequence[ProductId] | None = None
    ) -> Interactions:
        """From a checked history.

        Args:
            checked: dominant customers in it are left out, for fits.
            everybody: keep them, for asking.
            products: a model's products in its order, to ask it; events of others are left out.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        events = checked.history.events
        codes = pc.index_in(events.column("kind"), value_set=pa.array([kind.value for kind in KINDS]))
        mine = pc.and_(pc.is_valid(codes), pc.is_valid(events.column("product")))
        if checked.dominant and not everybody:
            heavy = pc.is_in(events.column("customer"), value_set=pa.array(sorted(checked.dominant)))
            mine = pc.and_(mine, pc.invert(heavy))
        table = checked.history.products
        if products is not None:
            known = pc.is_in(events.column("product"), value_set=pa.array(products, pa.string()))
            mine = pc.and_(mine, known)
        events, codes = events.filter(mine), codes.filter(mine)
        if products is None:
            named = {*table.column("product").to_pylist(), *pc.unique(events.column("product")).to_pylist()}
            products = sorted(named)
        users = pc.unique(events.column("customer")).sort()
        categories = sorted({one for one in table.column("category").to_pylist() if one})
        rows = {one["product"]: one for one in table.to_pylist()}
        empty: dict[str, Any] = {}
        code = {name: place for place, name in enumerate(categories)}
        facts = [rows.get(product, empty) for product in products]
        return cls(
            products=tuple(products),
            texts=[_text(one) for one in facts],
            category=np.array([code.get(one.get("category") or "", -1) for one in facts], np.int32),
            category_names=tuple(categories),
            created=np.array([one.get("created_at") or 0 for one in facts], np.int64),
            names=tuple(users.to_pylist()),
            now=to_micros(checked.now),
            users=_integers(pc.index_in(events.column("customer"), value_set=users)),
            items=_integers(pc.index_in(events.column("product"), value_set=pa.array(products, pa.string()))),
            kinds=_integers(codes),
            at=_integers(events.column("at")),
            values=pc.fill_null(events.column("value"), 3.0).to_numpy().astype(np.float64),
        )

    def _where(self, rows: Any, now: int | None = None) -> Interactions:
        return replace(
            self,
            now=self.now if now is None else now,
            users=self.users[rows],
            items=self.items[rows],
            kinds=self.kinds[rows],
            at=self.at[rows],
            values=self.values[rows],
        )

    def before(self, moment: int) -> Interactions:
        """What had happened by then; `now` is the moment."""
        return self._where(self.at < moment, moment)

    def after(self, moment: int) -> Interactions:
        """What happened at the moment or later."""
        return self._where(self.at >= moment)

    def only(self, kind: int) -> Interactions:
        """The events of one kind."""
        return self._where(self.kinds == kind)

    def once_a_day(self) -> Interactions:
        """Rows of a product by a customer on one day are one purchase; only the last rating counts."""
        if self.daily or not len(self.at):
            return self
        many = np.flatnonzero((self.kinds == PURCHASE) | (self.kinds == RATING))
        rated = self.kinds[many] == RATING
        day = np.where(rated, 0, self.at[many] // DAY)
        # One number for customer, product, kind and day: sorting by it takes a third of the time of sorting by each.
        key = self.users[many] * len(self.products) + self.items[many]
        key = (key * 2 + rated) * (int(day.max(initial=0)) + 1) + day
        order = np.lexsort((-self.at[many], key))
        first = np.diff(key[order], prepend=-1) != 0
        kept = (self.kinds != PURCHASE) & (self.kinds != RATING)
        kept[many[order[first]]] = True
        return replace(self._where(kept), daily=True)

    def ratings(self, half_life: float | None = None) -> Any:
        """`R`, sparse, customers by products: the weights of all events, kept between 0 and 1.

        Args:
            half_life: days after which an event counts half; None: it always counts alike.
        """
        import scipy.sparse as sp

        one = self.once_a_day()
        weight = weights(one.kinds, one.values)
        if half_life is not None:
            weight = weight * np.exp2(-(one.now - one.at) / DAY / half_life)
        shape = (one.customers, len(one.products))
        matrix = sp.csr_matrix((weight, (one.users, one.items)), shape=shape, dtype=np.float32)
        matrix.data = np.clip(matrix.data, 0.0, 1.0)
        matrix.eliminate_zeros()
        return matrix

    def popularity(self) -> Floats:
        """Purchases by product, at most one of a customer and day, each counting half after 30 days."""
        bought = self.once_a_day().only(PURCHASE)
        decay = np.exp2(-(bought.now - bought.at) / DAY / 30.0)
        return np.bincount(bought.items, decay, len(self.products)).astype(np.float64)

    def latest_customers(self, most: int) -> Ints:
        """The codes of the customers whose last events are the latest, latest first; at most so many."""
        last = np.zeros(self.customers, np.int64)
        np.maximum.at(last, self.users, self.at)
        return np.argsort(-last, kind="stable")[:most]

    def by_user(self) -> dict[int, Ints]:
        """Row numbers of each customer's events."""
        if not len(self.users):
            return {}
        order = np.argsort(self.users, kind="stable")
        found, starts = np.unique(self.users[order], return_index=True)
        return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True))

    def came_back(self, later: Interactions, most: int, seed: int) -> list[int]:
        """Customers who are in the later log, too, ascending; at most so many, drawn by the seed."""
        found: Ints = np.intersect1d(self.users, later.users)
        if len(found) > most:
            found = np.sort(np.random.default_rng(seed).choice(found, most, replace=False))
        return list(map(int, found))

    def profile(self, rows: Ints) -> Profile:
        """The profile of the customer whose rows these are, as of `now`."""
        return profile_of_rows(self.items[rows], self.kinds[rows], self.at[rows], self.values[rows], self.now)


def _integers(column: Any) -> Ints:
    return np.asarray(column.to_numpy(), np.int64)


def _text(product: dict[str, Any]) -> str:
    parts = (product.get(name) for name in ("name_zh", "name_en", "brand", "attributes"))
    return " ".join(part for part in parts if part)
