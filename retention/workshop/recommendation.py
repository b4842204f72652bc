"""Recommenders on a shop's log cut in time: all products put in order, against what customers went on to buy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import pyarrow.compute as pc

from kernel.arrays import Floats, Ints
from kernel.console import Progress, quiet
from kernel.times import from_micros, to_micros
from retention import metrics
from retention.checks import Checked, check
from retention.choices import Mode
from retention.errors import HistoryError
from retention.history import History
from retention.metrics import Mean
from retention.recommenders.base import ItemModel, best_first
from retention.recommenders.interactions import PURCHASE, Interactions, Profile
from retention.recommenders.registry import MODELS, fit_model
from retention.threads import one_thread
from retention.types import CustomerId, EventKind, ProductId

_BATCH = 256


# --- the log cut in time ----------------------------------------------------------------------------------


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
        past = check(history.before(moment), cut)
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


# --- orders of all products -------------------------------------------------------------------------------

Order: TypeAlias = Callable[[int, Mode], Ints]
"""From a place in `split.customers` and a mode to the indices of the products that may be shown, best first."""


def order_by_model(model: ItemModel, split: Split) -> Order:
    """The order of one of our models."""
    whole = len(model.catalogue.products)
    return lambda place, mode: model.ranked(split.profiles[place], whole, repeats=mode is Mode.ANY)[0]


def order_by_scores(split: Split, scores: Callable[[Ints], Floats]) -> Order:
    """The order of anything that scores all products for many customers at once; ties by popularity, as in ours.

    Args:
        scores: from customers' numbers in `interactions.users`, shape (n,), to scores of shape (n, products).
    """
    popular = split.interactions.popularity()

    @lru_cache(maxsize=1)
    def batch(number: int) -> Floats:
        codes = split.codes[number * _BATCH : (number + 1) * _BATCH]
        return scores(np.array(codes, np.int64))

    def order(place: int, mode: Mode) -> Ints:
        own = batch(place // _BATCH)[place % _BATCH].astype(np.float64)
        allowed = np.ones(len(own), dtype=bool)
        if mode is Mode.NEW:
            profile = split.profiles[place]
            allowed[profile.items[profile.bought]] = False
        return best_first(own, popular, allowed, len(own))[0]

    return order


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How one model did in one mode; per-customer arrays have the shape (customers with something to find,)."""

    model: str
    mode: Mode
    k: int
    ndcg: Floats
    precision: Floats
    recall: Floats
    auc: Floats
    """The chance that something bought stands above something not bought, over the products known at the cut;
    NaN for a customer who bought only newer ones."""
    coverage: float
    """The share of products that are in anybody's first `k`."""
    seconds: float
    """To fit."""
    milliseconds: float
    """To order all products for one customer, median."""
    settings: str = ""

    def mean(self, measure: str) -> Mean:
        """Of `ndcg`, `precision`, `recall` or `auc`."""
        return Mean.of(getattr(self, measure))

    def lead(self, other: Judged) -> Mean:
        """How much higher this NDCG is than another's for the same customers, paired."""
        return Mean.of(self.ndcg - other.ndcg)


def judge(
    name: str, order: Order, split: Split, mode: Mode, k: int, *, seconds: float = 0.0, settings: str = ""
) -> Judged:
    """Ask about every customer with something to find, over all products, none sampled."""
    products = split.interactions.products
    index = {product: place for place, product in enumerate(products)}
    rows, times, shown = [], [], set[int]()
    for place, basket in enumerate(split.bought[mode]):
        if not basket:
            continue
        start = time.perf_counter()
        ranked = order(place, mode)
        times.append(time.perf_counter() - start)
        best = ranked[:k].tolist()
        shown.update(best)
        # What was not in the catalogue at the cut can't be found, and counts as missed all the same.
        found = {index.get(product, -1 - at) for at, product in enumerate(sorted(basket))}
        rows.append(
            (
                metrics.ndcg(best, found, k),
                metrics.precision(best, found, k),
                metrics.recall(best, found, k),
                _auc(ranked, np.array([one for one in found if one >= 0], np.int64), len(products)),
            )
        )
    values = np.array(rows, np.float64).reshape(-1, 4)
    return Judged(
        model=name,
        mode=mode,
        k=k,
        ndcg=values[:, 0],
        precision=values[:, 1],
        recall=values[:, 2],
        auc=values[:, 3],
        coverage=len(shown) / max(len(products), 1),
        seconds=seconds,
        milliseconds=float(np.median(times)) * 1e3 if times else 0.0,
        settings=settings,
    )


def _auc(order: Ints, positives: Ints, products: int) -> float:
    rank = np.full(products, -1, np.int64)
    rank[order] = np.arange(len(order))
    places = rank[positives]
    places = places[places >= 0]
    hits, rest = len(places), len(order) - len(places)
    if not hits or not rest:
        return float("nan")
    above = places.sum() - hits * (hits - 1) / 2
    return float(1 - above / (hits * rest))


@dataclass(slots=True)
class Comparison:
    """What was judged, and what could not be."""

    judged: list[Judged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def of(self, mode: Mode) -> list[Judged]:
        """The models in one mode, best first."""
        return sorted(
            (one for one in self.judged if one.mode is mode), key=lambda one: -one.mean("ndcg").value
        )

    def find(self, model: str, mode: Mode) -> Judged | None:
        """One of them."""
        return next((one for one in self.judged if one.model == model and one.mode is mode), None)


def judge_models(
    split: Split,
    k: int,
    *,
    seed: int,
    names: Sequence[str] | None = None,
    progress: Progress = quiet,
) -> Comparison:
    """Fit every model of the registry on the past and judge it in both modes, on one thread.

    A model whose extra is not installed is left out, and the notes say so; so do they where a model had too
    little data and something else stands in for it, or where `auto` chose popularity.
    """
    done = Comparison()
    chosen = list(names if names is not None else MODELS)
    for place, name in enumerate(chosen):
        progress(f"fitting {name}", place / len(chosen))
        start = time.perf_counter()
        try:
            with one_thread():
                model = fit_model(name, split.interactions, seed=seed)
        except ImportError as absent:
            extra = MODELS[name].extra
            done.notes.append(f"{name} was left out: {absent.name} is not installed (the extra {extra!r})")
            continue
        seconds = time.perf_counter() - start
        done.notes += model.notes
        progress(f"judging {name}", (place + 0.5) / len(chosen))
        for mode in Mode:
            done.judged.append(judge(name, order_by_model(model, split), split, mode, k, seconds=seconds))
    progress("recommenders judged", 1.0)
    return done
