"""Lists by any model from a shop's log: for one customer within the shop's rules, and for all customers at once.

The bot asks one model about one customer (`request`); both ways go through `rerank`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kernel.arrays import Floats, Ints
from kernel.times import DAY, to_micros
from retention.recommenders import words
from retention.recommenders.base import ItemModel
from retention.recommenders.interactions import Interactions, Profile
from retention.recommenders.rerank import EXPLORE, NEW_FOR, PINNED, Constraints, Pick, rerank
from retention.recommenders.rules import Listed, WrittenRules, resolve
from retention.types import CustomerId, EventKind, ProductId, Reason, ShopRules

if TYPE_CHECKING:
    from retention.checks import Checked

OWN_ORDER = ShopRules(new_products=0.0)
"""Asks for nothing: a list is the model's own."""
WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueView:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A product at a place of a customer's list."""

    customer: CustomerId
    rank: int
    """1 is the first place."""
    product: ProductId
    score: float
    reason: Reason


def list_for(
    model: ItemModel,
    profile: Profile,
    n: int,
    view: CatalogueView,
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
        view: what there is, and the rules.
        repeats: may products that were bought before come back?
        exclude: further products that may not be shown to this customer.
        asked: words of somebody unknown, such as a message or a search; those of others are not looked at, since what
            they touched says more.
        seed: of the place for a new product; give each customer another.
    """
    if n <= 0:
        return []
    catalogue = model.catalogue
    owned = frozenset() if repeats else _names(model, profile.items[profile.bought])
    matches = None
    if not len(profile.items):
        matches = words.matching(view.postings, asked, len(catalogue.products))
    hits = np.flatnonzero(matches >= words.LEAST) if matches is not None else np.zeros(0, np.int64)
    found = _names(model, hits)
    hidden = view.away | exclude

    def may_show(product: ProductId) -> bool:
        known = product in view.category or product in catalogue.index
        return known and product not in hidden and product not in owned

    def picks() -> Iterator[Pick]:
        if matches is not None:
            yield from _by_words(model, hits, matches)
        # Left out before the model chooses, so that others take their places.
        away = [catalogue.index[one] for one in hidden if one in catalogue.index]
        done, whole = 0, len(catalogue.products)
        # What comes after a few times the list is only worked out when it is reached.
        for many in dict.fromkeys((min(5 * n, whole), whole)):
            items, scores = model.ranked(profile, many, repeats=repeats, hidden=away)
            for item, score in zip(items[done:].tolist(), scores[done:].tolist(), strict=True):
                yield Pick(catalogue.products[item], item, score, model.name)
            done = len(items)

    constraints = Constraints(
        n=n,
        rules=view.rules or OWN_ORDER,
        may_show=may_show,
        category=lambda product: view.category.get(product, ""),
        new_products=lambda: iter(view.fresh),
        index=catalogue.index,
        answers=lambda product: not found or product in found,
        variety=view.rules is not None and not found,
        explore=not found,
        seed=seed,
    )
    return rerank(picks(), constraints)


def _by_words(model: ItemModel, hits: Ints, matches: Floats) -> Iterator[Pick]:
    """What somebody unknown asks for, by how well it matches and how it sells."""
    score = np.log(model.catalogue.popularity[hits] + 0.5) + words.WEIGHT * matches[hits]
    for place in np.lexsort((hits, -score)).tolist():
        item = int(hits[place])
        yield Pick(model.catalogue.products[item], item, float(matches[item]), WORDS)


def _names(model: ItemModel, items: Ints) -> frozenset[ProductId]:
    return frozenset(model.catalogue.products[item] for item in items.tolist())


def reason_for(model: ItemModel, profile: Profile, pick: Pick) -> Reason:
    """What speaks most for a product of `list_for`."""
    if pick.policy == PINNED:
        return Reason(code="pinned", weight=1.0)
    if pick.policy == EXPLORE or pick.item is None:
        return Reason(code="new_product")
    if pick.policy == WORDS:
        return Reason(code="matches_words", value=round(pick.score, 4), weight=words.WEIGHT * pick.score)
    return model.explain(profile, pick.product)[0]


def lists_for_all(
    model: ItemModel,
    checked: Checked,
    customers: list[CustomerId],
    n: int,
    *,
    repeats: bool,
    view: CatalogueView,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> Iterator[Line]:
    """At most `n` lines for each of the customers in their order, as of `checked.now`.

    Args:
        model: fitted on this log or on an earlier one of the shop.
        checked: whose events are the customers'.
        customers: those without a single usable event get what matches the words of their last search, and then what
            is popular.
        n: places of a list.
        repeats: may products that were bought before come back?
        view: what there is and what the shop wants; see `catalogue_view`.
        seed: of the places for new products.
        progress: called with the share done, now and then.
    """
    log = Interactions.of(checked, everybody=True, products=model.catalogue.products)
    rows = log.by_user()
    codes = {name: code for code, name in enumerate(log.names)}
    searched = _last_searches(checked)
    if searched and not view.postings:
        view = replace(view, postings=words.Vocabulary.of(log).postings())
    foreign = {} if repeats else _bought_elsewhere(checked, model)
    for number, customer in enumerate(customers):
        profile = log.profile(rows.get(codes.get(customer, -1), np.zeros(0, np.int64)))
        picks = list_for(
            model,
            profile,
            n,
            view,
            repeats=repeats,
            exclude=foreign.get(customer, frozenset()),
            asked=searched.get(customer, ()),
            seed=_seed(seed, customer),
        )
        for place, pick in enumerate(picks):
            reason = reason_for(model, profile, pick)
            yield Line(
                customer=customer, rank=place + 1, product=pick.product, score=pick.score, reason=reason
            )
        if number % 100 == 0:
            progress(number / len(customers))
    progress(1.0)


def catalogue_view(
    checked: Checked, rules: WrittenRules | None = None, first_seen: Mapping[ProductId, int] | None = None
) -> tuple[CatalogueView, tuple[str, ...]]:
    """What a log and its catalogue say that there is to show, as of `checked.now`.

    A product is new for 30 days from when the shop has it or, where nobody says since when, from its first event; what
    was there in the log's own first 30 days is older than anybody can say.

    Args:
        checked: a product without a stock is taken as there.
        rules: with the items' ids as codes; without them lists are the model's own.
        first_seen: since when products have events, in microseconds, where `checked` is only a part of the log.

    Returns:
        The view, and what the rules speak of that the shop doesn't have, as `pin: CODE`.
    """
    catalogue = checked.history.products.to_pylist()
    seen = (
        _first_seen(checked)
        if first_seen is None
        else _of_late(first_seen, min(first_seen.values(), default=0))
    )
    category = dict.fromkeys(sorted(seen), "")
    category |= {one["product"]: one["category"] or "" for one in catalogue}
    away = [one["product"] for one in catalogue if one["active"] is False or one["stock"] == 0]
    since = to_micros(checked.now - NEW_FOR)
    born = seen | {one["product"]: one["created_at"] for one in catalogue if one["created_at"]}
    named = [Listed(product, product, kind) for product, kind in category.items()]
    resolved = resolve(rules, named) if rules is not None else None
    view = CatalogueView(
        category=category,
        away=frozenset(away),
        fresh=tuple(sorted(product for product, moment in born.items() if moment > since)),
        rules=resolved.rules if resolved is not None else None,
    )
    return view, resolved.unknown if resolved is not None else ()


def _first_seen(checked: Checked) -> dict[ProductId, int]:
    """Since when products have events; 0 for those of the log's first 30 days."""
    import pyarrow.compute as pc

    events = checked.history.events
    if not events.num_rows:
        return {}
    start = pc.min(events.column("at")).as_py()
    seen = events.filter(pc.is_valid(events.column("product"))).group_by("product").aggregate([("at", "min")])
    return _of_late(dict(_pairs(seen, "product", "at_min")), start)


def _of_late(first_seen: Mapping[ProductId, int], start: int) -> dict[ProductId, int]:
    """Since when products have events, 0 for those of the first 30 days of the log."""
    late = start + NEW_FOR.days * DAY
    return {product: moment if moment >= late else 0 for product, moment in first_seen.items()}


def _last_searches(checked: Checked) -> Mapping[CustomerId, tuple[str]]:
    """The words of each customer's last search."""
    import pyarrow.compute as pc

    events = checked.history.events
    search = pc.equal(events.column("kind"), EventKind.SEARCH.value)
    rows = events.filter(pc.and_(search, pc.is_valid(events.column("text"))))
    # In the order of time: the last one stays.
    return {customer: (text,) for customer, text in _pairs(rows, "customer", "text")}


def _bought_elsewhere(checked: Checked, model: ItemModel) -> Mapping[CustomerId, frozenset[ProductId]]:
    """What customers bought that the model doesn't know, and that could be shown to them as new all the same."""
    import pyarrow as pa
    import pyarrow.compute as pc

    events = checked.history.events
    products = events.column("product")
    known = pc.is_in(products, value_set=pa.array(model.catalogue.products, pa.string()))
    bought = pc.and_(pc.equal(events.column("kind"), EventKind.PURCHASE.value), pc.is_valid(products))
    found: dict[CustomerId, set[ProductId]] = {}
    for customer, product in _pairs(events.filter(pc.and_(bought, pc.invert(known))), "customer", "product"):
        found.setdefault(customer, set()).add(product)
    return {customer: frozenset(products) for customer, products in found.items()}


def _pairs(rows: Any, first: str, second: str) -> Iterator[tuple[Any, Any]]:
    return zip(rows.column(first).to_pylist(), rows.column(second).to_pylist(), strict=True)


def _seed(seed: int, customer: CustomerId) -> int:
    """Another for each customer, and the same whoever else is in the log."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{customer}".encode(), digest_size=8).digest(), "big")
