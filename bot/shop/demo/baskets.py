"""What is bought on a day, and the orders that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bot.shop.demo.people import Bools, Ints
from bot.shop.demo.shipping import Shipments


@dataclass(slots=True)
class Orders:
    """Orders in the order in which they were placed; one entry an order."""

    customer: list[int] = field(default_factory=list)
    second: list[int] = field(default_factory=list)
    lines: list[list[tuple[int, int, int]]] = field(default_factory=list)
    """Product, quantity, unit price in fen."""
    discount: list[int] = field(default_factory=list)
    coupon: list[str | None] = field(default_factory=list)
    cancelled: list[bool] = field(default_factory=list)
    shipments: list[Shipments] = field(default_factory=list)
    """A day's shipments, for consecutive orders."""
    returns: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Order, line, second at which it was asked for, why (an index of `RETURN_REASONS`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What is bought on one day; one entry a line."""

    customer: Ints
    product: Ints
    quantity: Ints
    second: Ints


def together(first: Basket, second: Basket) -> Basket:
    """Both baskets, a product once for each customer."""
    customer = np.concatenate([first.customer, second.customer])
    product = np.concatenate([first.product, second.product])
    _, keep = np.unique(customer * 100_000 + product, return_index=True)
    keep.sort()
    return Basket(
        customer=customer[keep],
        product=product[keep],
        quantity=np.concatenate([first.quantity, second.quantity])[keep],
        second=np.concatenate([first.second, second.second])[keep],
    )


def by_time(
    placed: Ints, buyers: Ints, order_of: Ints, coupon: Bools, cancelled: Bools
) -> tuple[Ints, Ints, Ints, Bools, Bools]:
    """The day's orders sorted by time, and the lines' order numbers with them."""
    sequence = np.argsort(placed, kind="stable")
    place = np.empty_like(sequence)
    place[sequence] = np.arange(len(sequence))
    return placed[sequence], buyers[sequence], place[order_of], coupon[sequence], cancelled[sequence]


def position_within(groups: Ints) -> Ints:
    """0, 1, 2 … within each group, in the order of the entries."""
    sequence = np.argsort(groups, kind="stable")
    ordered = groups[sequence]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(starts, len(groups)))
    position = np.empty(len(groups), dtype=np.int64)
    position[sequence] = np.arange(len(groups)) - np.repeat(starts, sizes)
    return position
