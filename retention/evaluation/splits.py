"""A shop's log cut in time: what was known then, and what its customers went on to buy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import pyarrow.compute as pc

from retention.checks import Checked, check
from retention.errors import HistoryError
from retention.history import History
from retention.recommenders.interactions import Interactions
from retention.recommenders.profile import PURCHASE, Profile
from retention.times import from_micros, to_micros
from retention.types import CustomerId, EventKind, ProductId


class Mode(StrEnum):
    """What may be recommended."""

    NEW = "new"
    """What the customer has bought before is hidden, from the list and from what counts as a hit."""
    ANY = "any"
    """Repeats are allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The log as of the cut, and the customers with a purchase on both sides of it."""

    cut: datetime
    end: datetime
    past: Checked
    interactions: Interactions
    customers: tuple[CustomerId, ...]
    """Who is asked about, ascending; customers with a tenth of all events are not among them."""
    codes: tuple[int, ...]
    """Their numbers in `interactions.users`."""
    profiles: tuple[Profile, ...]
    bought: Mapping[Mode, tuple[frozenset[ProductId], ...]]
    """What each went on to buy; empty in mode `new` for somebody who only bought the same again."""

    @classmethod
    def of(cls, history: History, end: datetime, cut: datetime) -> Split:
        """Cut a history.

        Args:
            history: everything before `end`.
            cut: aware; what happened at this moment or later is only used to judge.

        Raises:
            HistoryError: one side of the cut is empty.
        """
        moment = to_micros(cut)
        past = check(before(history, moment), cut)
        whole = check(history, end)
        interactions = Interactions.of(past)
        names = interactions.names
        future = _purchases(whole, moment)
        rows = interactions.by_user()
        bought_before = interactions.only(PURCHASE)
        mine = {names[user] for user in np.unique(bought_before.users).tolist()}
        customers = tuple(sorted(mine & future.keys()))
        if not customers:
            raise HistoryError(
                f"nobody bought an item both before and after {cut:%Y-%m-%d}: choose another moment with --at"
            )
        code = {name: place for place, name in enumerate(names)}
        profiles = tuple(interactions.profile(rows[code[one]]) for one in customers)
        old = (_bought(profile, interactions) for profile in profiles)
        whole_baskets = tuple(frozenset(future[one]) for one in customers)
        return cls(
            cut=cut,
            end=end,
            past=past,
            interactions=interactions,
            customers=customers,
            codes=tuple(code[one] for one in customers),
            profiles=profiles,
            bought={
                Mode.NEW: tuple(basket - known for basket, known in zip(whole_baskets, old, strict=True)),
                Mode.ANY: whole_baskets,
            },
        )

    def inner(self, share: float) -> Split:
        """The past cut again, at a share of its time: for choosing settings without a look at the future."""
        events = self.past.history.events
        first = events.column("at")[0].as_py()
        moment = first + int((to_micros(self.cut) - first) * share)
        return Split.of(self.past.history, self.cut, from_micros(moment))


def cut_at(history: History, end: datetime, share: float) -> datetime:
    """The moment at a share of the time between the first event and the end."""
    first = pc.min(history.events.column("at")).as_py()
    if first is None:
        raise HistoryError("the log has no events")
    return from_micros(first + int((to_micros(end) - first) * share))


def before(history: History, moment: int) -> History:
    """What was known then; a product that nobody had seen and that was not yet made is left out."""
    events = history.events.filter(pc.less(history.events.column("at"), moment))
    products = history.products
    seen = pc.is_in(products.column("product"), value_set=pc.unique(events.column("product")))
    made = pc.fill_null(pc.less(products.column("created_at"), moment), False)
    return History(events=events, products=products.filter(pc.or_(seen, made)), customers=history.customers)


def _purchases(checked: Checked, moment: int) -> dict[CustomerId, set[ProductId]]:
    events = checked.history.events
    mine = pc.and_(
        pc.equal(events.column("kind"), EventKind.PURCHASE.value),
        pc.and_(pc.greater_equal(events.column("at"), moment), pc.is_valid(events.column("product"))),
    )
    rows = events.filter(mine)
    found: dict[CustomerId, set[ProductId]] = {}
    pairs = zip(rows.column("customer").to_pylist(), rows.column("product").to_pylist(), strict=True)
    for customer, product in pairs:
        found.setdefault(customer, set()).add(product)
    return found


def _bought(profile: Profile, interactions: Interactions) -> frozenset[ProductId]:
    return frozenset(interactions.products[item] for item in profile.items[profile.bought].tolist())
