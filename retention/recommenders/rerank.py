"""The step that every list of every model goes through: the rules of the shop, variety, and a place for what is new."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain

from retention.types import ProductId, ShopRules

NEW_FOR = timedelta(days=30)
"""A product counts as new for so long after it was created, and while the model doesn't know it."""
EXPLORE_FROM = 3
"""Shorter lists have no place to spare."""
PINNED, EXPLORE = "pinned", "explore_new"
"""Policies of what the shop puts first, and of a new product in the last place."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A product in a list that is being made."""

    product: ProductId
    item: int | None
    """Index in the model; None when the model doesn't know the product."""
    score: float
    policy: str
    probability: float = 1.0
    """The chance with which it was put at its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What one list has to keep to."""

    n: int
    rules: ShopRules
    may_show: Callable[[ProductId], bool]
    """Whether the product can be sold, and to this customer."""
    category: Callable[[ProductId], str]
    """Empty where it is unknown. Asked only about what may be shown."""
    new_products: Callable[[], Iterator[ProductId]]
    """Products that are new to the shop, some of which may not be shown; only asked where there is a place for one."""
    index: Mapping[ProductId, int]
    """Of the model's products."""
    group: Callable[[ProductId], str] = lambda product: ""
    """Shared by the variants of a product, of which a list shows one; empty for others. Asked like `category`."""
    answers: Callable[[ProductId], bool] = lambda product: True
    """Whether a pinned product answers what the customer asks; all do where they ask for nothing."""
    variety: bool = True
    """Whether at most half of a list is of one category while there is something else; not where the customer named a
    category or words."""
    explore: bool = True
    """Whether a new product may take the last place; not where the customer named words."""
    seed: int = 0


def rerank(picks: Iterable[Pick], constraints: Constraints) -> list[Pick]:
    """At most `constraints.n` of the picks, in an order that the shop wants.

    Args:
        picks: all that the model would show, best first; read only as far as it takes. A product may come twice.
        constraints: what to keep to.
    """
    return _with_a_new_one(_varied(_in_order(picks, constraints), constraints), constraints)


def _in_order(picks: Iterable[Pick], constraints: Constraints) -> Iterator[Pick]:
    """All that may be shown: what the shop pins leads, where it is an answer to what was asked, and what it buries
    comes when nothing else is left. A single place is the customer's own: no pin takes it."""
    given: set[ProductId] = set()
    groups: set[str] = set()
    buried: list[Pick] = []
    pinned = constraints.rules.pinned if constraints.n > 1 else ()
    pins = (Pick(one, constraints.index.get(one), 0.0, PINNED) for one in pinned if constraints.answers(one))
    for pick in chain(pins, picks):
        if pick.product in given or not constraints.may_show(pick.product):
            continue
        given.add(pick.product)
        group = constraints.group(pick.product)
        if group and group in groups and pick.policy != PINNED:
            continue
        groups.add(group)
        if pick.product in constraints.rules.buried and pick.policy != PINNED:
            buried.append(pick)
        else:
            yield pick
    yield from buried


def _varied(picks: Iterator[Pick], constraints: Constraints) -> list[Pick]:
    """The best `n`, at most half of them (rounded up) from one category unless nothing else is left.

    The shop's own caps on categories hold even where the list gets shorter by them.
    """
    n, caps = constraints.n, constraints.rules.category_caps
    most = (n + 1) // 2 if constraints.variety else n
    taken: list[Pick] = []
    spare: list[Pick] = []
    seen: dict[str, int] = {}
    for pick in picks:
        category = constraints.category(pick.product)
        count = seen.get(category, 0)
        if count >= caps.get(category, n):
            continue
        if category and count >= most and pick.policy != PINNED:
            if category not in caps:
                spare.append(pick)
            continue
        seen[category] = count + 1
        taken.append(pick)
        if len(taken) == n or len(spare) > 10 * n:
            break
    return (taken + spare)[:n]


def _with_a_new_one(picks: list[Pick], constraints: Constraints) -> list[Pick]:
    """Give the last place to a new product now and then, evenly drawn; say with which chance each was placed."""
    if len(picks) < max(EXPLORE_FROM, constraints.n) or not constraints.explore:
        return picks
    *others, last = picks
    if last.policy == PINNED:
        return picks
    draw, share = random.Random(constraints.seed), constraints.rules.new_products
    takes_place = draw.random() < share
    shown = frozenset(pick.product for pick in picks)
    fresh = (one for one in constraints.new_products() if _may_explore(one, shown, constraints))
    if not takes_place:
        # The first is enough to know: all that is on sale is only looked through where it decides.
        any_new = next(fresh, None)
        return [*others, last if any_new is None else replace(last, probability=1 - share)]
    pool = sorted(set(fresh))
    if not pool:
        return picks
    product = draw.choice(pool)
    return [*others, Pick(product, constraints.index.get(product), 0.0, EXPLORE, share / len(pool))]


def _may_explore(product: ProductId, shown: frozenset[ProductId], constraints: Constraints) -> bool:
    if product in shown or product in constraints.rules.buried or not constraints.may_show(product):
        return False
    group = constraints.group(product)
    if group and any(constraints.group(one) == group for one in shown):
        return False
    category, caps = constraints.category(product), constraints.rules.category_caps
    if category not in caps:
        return True
    return sum(constraints.category(one) == category for one in shown) < caps[category]
