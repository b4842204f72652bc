"""A shop's events about products as arrays: the recommender's view of a history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from retention.checks import Checked
from retention.recommenders import profile
from retention.recommenders.profile import KINDS, PURCHASE, RATING, Profile
from retention.times import DAY, to_micros
from retention.types import ProductId

Ints = NDArray[np.int64]


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
    """Codes of `profile.KINDS`."""
    at: Ints
    values: NDArray[np.float64]

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
            users=_numbers(pc.index_in(events.column("customer"), value_set=users)),
            items=_numbers(pc.index_in(events.column("product"), value_set=pa.array(products, pa.string()))),
            kinds=_numbers(codes),
            at=_numbers(events.column("at")),
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
        if not len(self.at):
            return self
        day = np.where(self.kinds == RATING, 0, self.at // DAY)
        many = np.flatnonzero((self.kinds == PURCHASE) | (self.kinds == RATING))
        order = many[
            np.lexsort((-self.at[many], day[many], self.kinds[many], self.items[many], self.users[many]))
        ]
        keys = np.stack([self.users[order], self.items[order], self.kinds[order], day[order]])
        first = np.ones(len(order), dtype=bool)
        first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        rest = np.flatnonzero((self.kinds != PURCHASE) & (self.kinds != RATING))
        return self._where(np.sort(np.concatenate([order[first], rest])))

    def by_user(self) -> dict[int, Ints]:
        """Row numbers of each customer's events."""
        if not len(self.users):
            return {}
        order = np.argsort(self.users, kind="stable")
        found, starts = np.unique(self.users[order], return_index=True)
        return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True))

    def profile(self, rows: Ints) -> Profile:
        """The profile of the customer whose rows these are, as of `now`."""
        return profile.build(self.items[rows], self.kinds[rows], self.at[rows], self.values[rows], self.now)


def _numbers(column: Any) -> Ints:
    return np.asarray(column.to_numpy(), np.int64)


def _text(product: dict[str, Any]) -> str:
    parts = (product.get(name) for name in ("name_zh", "name_en", "brand", "attributes"))
    return " ".join(part for part in parts if part)
