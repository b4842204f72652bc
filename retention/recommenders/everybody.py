"""Lists for all customers of a log at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from retention.checks import Checked
from retention.recommenders.base import ItemModel
from retention.recommenders.interactions import Interactions
from retention.recommenders.rerank import NEW_FOR
from retention.recommenders.rules import Listed, WrittenRules, resolve
from retention.recommenders.shelf import Shelf, listed, why
from retention.recommenders.terms import Vocabulary
from retention.times import to_micros
from retention.types import CustomerId, EventKind, ProductId, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A product at a place of a customer's list."""

    customer: CustomerId
    rank: int
    """1 is the first place."""
    product: ProductId
    score: float
    reason: Reason


def lists_for_all(
    model: ItemModel,
    checked: Checked,
    customers: list[CustomerId],
    n: int,
    *,
    repeats: bool,
    shelf: Shelf | None = None,
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
        shelf: what there is and what the shop wants; without it, the model's own order.
        seed: of the places for new products.
        progress: called with the share done, now and then.
    """
    log = Interactions.of(checked, everybody=True, products=model.goods.products)
    rows = log.by_user()
    codes = {name: code for code, name in enumerate(log.names)}
    shown = shelf if shelf is not None else shelf_of(checked)[0]
    searched = _last_searches(checked)
    if searched and not shown.postings:
        shown = replace(shown, postings=Vocabulary.of(log).postings())
    foreign = {} if repeats else _bought_elsewhere(checked, model)
    nothing = np.zeros(0, np.int64)
    for number, customer in enumerate(customers):
        profile = log.profile(rows.get(codes.get(customer, -1), nothing))
        picks = listed(
            model,
            profile,
            n,
            shown,
            repeats=repeats,
            exclude=foreign.get(customer, frozenset()),
            asked=searched.get(customer, ()),
            seed=_seed(seed, customer),
        )
        for place, pick in enumerate(picks):
            yield Line(
                customer=customer,
                rank=place + 1,
                product=pick.product,
                score=pick.score,
                reason=why(model, profile, pick),
            )
        if number % 100 == 0:
            progress(number / len(customers))
    progress(1.0)


def shelf_of(checked: Checked, rules: WrittenRules | None = None) -> tuple[Shelf, tuple[str, ...]]:
    """What a log and its catalogue say that there is to show, as of `checked.now`.

    A product is new for 30 days from when the shop has it or, where nobody says since when, from its first event; what
    was there in the log's own first 30 days is older than anybody can say.

    Args:
        checked: a product without a stock is taken as there.
        rules: with the items' ids as codes; without them lists are the model's own.

    Returns:
        The shelf, and what the rules speak of that the shop doesn't have, as `pin: CODE`.
    """
    catalogue = checked.history.products.to_pylist()
    category = dict.fromkeys(_products(checked.history.events), "")
    category |= {one["product"]: one["category"] or "" for one in catalogue}
    away = [one["product"] for one in catalogue if one["active"] is False or one["stock"] == 0]
    since = to_micros(checked.now - NEW_FOR)
    born = _first_seen(checked.history.events) | {
        one["product"]: one["created_at"] for one in catalogue if one["created_at"]
    }
    named = [Listed(product, product, kind) for product, kind in category.items()]
    resolved = resolve(rules, named) if rules is not None else None
    shelf = Shelf(
        category=category,
        away=frozenset(away),
        fresh=tuple(sorted(product for product, moment in born.items() if moment > since)),
        rules=resolved.rules if resolved is not None else None,
    )
    return shelf, resolved.unknown if resolved is not None else ()


def _products(events: pa.Table) -> list[ProductId]:
    found: list[ProductId] = pc.unique(events.column("product")).drop_null().to_pylist()
    return found


def _first_seen(events: pa.Table) -> dict[ProductId, int]:
    """Since when products have events; 0 for those of the log's first 30 days."""
    if not events.num_rows:
        return {}
    start = pc.min(events.column("at")).as_py() + int(NEW_FOR.total_seconds() * 1_000_000)
    first = (
        events.filter(pc.is_valid(events.column("product"))).group_by("product").aggregate([("at", "min")])
    )
    pairs = zip(first.column("product").to_pylist(), first.column("at_min").to_pylist(), strict=True)
    return {product: moment if moment >= start else 0 for product, moment in pairs}


def _last_searches(checked: Checked) -> Mapping[CustomerId, tuple[str]]:
    """The words of each customer's last search."""
    events = checked.history.events
    mine = pc.and_(
        pc.equal(events.column("kind"), EventKind.SEARCH.value), pc.is_valid(events.column("text"))
    )
    rows = events.filter(mine)
    # In the order of time: the last one stays.
    pairs = zip(rows.column("customer").to_pylist(), rows.column("text").to_pylist(), strict=True)
    return {customer: (text,) for customer, text in pairs}


def _bought_elsewhere(checked: Checked, model: ItemModel) -> Mapping[CustomerId, frozenset[ProductId]]:
    """What customers bought that the model doesn't know, and that could be shown to them as new all the same."""
    events = checked.history.events
    known = pc.is_in(events.column("product"), value_set=pa.array(model.goods.products, pa.string()))
    bought = pc.equal(events.column("kind"), EventKind.PURCHASE.value)
    rows = events.filter(pc.and_(bought, pc.and_(pc.invert(known), pc.is_valid(events.column("product")))))
    found: dict[CustomerId, set[ProductId]] = {}
    pairs = zip(rows.column("customer").to_pylist(), rows.column("product").to_pylist(), strict=True)
    for customer, product in pairs:
        found.setdefault(customer, set()).add(product)
    return {customer: frozenset(products) for customer, products in found.items()}


def _seed(seed: int, customer: CustomerId) -> int:
    """Another for each customer, and the same whoever else is in the log."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{customer}".encode(), digest_size=8).digest(), "big")
