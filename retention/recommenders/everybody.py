"""Lists for all customers of a log at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from retention.checks import Checked
from retention.recommenders.base import ItemModel
from retention.recommenders.interactions import Interactions
from retention.types import CustomerId, ProductId, Reason


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
    progress: Callable[[float], None] = lambda share: None,
) -> Iterator[Line]:
    """At most `n` lines for each of the customers in their order, as of `checked.now`.

    Args:
        model: fitted on this log or on an earlier one of the shop.
        checked: whose events are the customers'.
        customers: those without a single usable event get what is popular.
        n: places of a list.
        repeats: may products that were bought before come back?
        progress: called with the share done, now and then.
    """
    log = Interactions.of(checked, everybody=True, products=model.goods.products)
    rows = log.by_user()
    codes = {name: code for code, name in enumerate(log.names)}
    nothing = np.zeros(0, np.int64)
    for number, customer in enumerate(customers):
        profile = log.profile(rows.get(codes.get(customer, -1), nothing))
        items, scores = model.ranked(profile, n, repeats=repeats)
        for place, (item, score) in enumerate(zip(items.tolist(), scores.tolist(), strict=True)):
            product = model.goods.products[item]
            yield Line(
                customer=customer,
                rank=place + 1,
                product=product,
                score=score,
                reason=model.explain(profile, product)[0],
            )
        if number % 100 == 0:
            progress(number / len(customers))
    progress(1.0)
