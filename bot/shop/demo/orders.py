"""Orders and what comes of them: parcels that are late, ratings, complaints, returns; and the journal of all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot.shop.demo.catalogue import DemoProduct, read_toml
from bot.shop.demo.chances import Chances, position_within
from bot.shop.demo.world import places
from kernel.arrays import Bools, Floats, Ints

KINDS = ("view", "search", "cart", "purchase", "return", "rating", "message", "complaint")
_CODES = {kind: code for code, kind in enumerate(KINDS)}
NOTHING = -1
DAY = 86_400
"""Seconds."""

_INTS = ("kind", "customer", "product", "order", "second", "quantity", "amount", "text")


class Aftermath:
    """How customers take what they got."""

    def __init__(
        self,
        catalogue: list[DemoProduct],
        journal: Journal,
        orders: Orders,
        upset: Callable[[Ints, Ints, Floats], None],
        chances: Chances,
    ) -> None:
        """Make up how good everything really is.

        Args:
            catalogue: what is sold.
            journal: takes what customers do.
            orders: take what comes back.
            upset: told of each annoyance: the second it happens, whose it is, how much.
            chances: of every choice.
        """
        self._journal, self._orders, self._upset, self._chances = journal, orders, upset, chances
        self._returns = np.array([item.category.returns for item in catalogue])
        self._quality = _quality(catalogue, chances)

    def arrive(self, buyers: Ints, first_order: int, shipments: Shipments, cancelled: Bools) -> None:
        """A late parcel annoys, makes some write and a few complain."""
        late = (shipments.delivered > shipments.promised) & ~cancelled
        who = buyers[late]
        promised = shipments.promised[late]
        days_late = (shipments.delivered[late] - promised) / DAY
        self._upset(promised + DAY // 2, who, 0.5 + 0.3 * np.minimum(days_late, 6))
        orders = first_order + np.flatnonzero(late)
        asks = self._chances.of(who).random() < 0.4
        self._journal.note(
            "message", who[asks], promised[asks] + DAY // 3, order=orders[asks],
            value=-np.round(self._chances.of(who[asks]).uniform(0.1, 0.8), 2),
        )  # fmt: skip
        scolds = self._chances.of(who).random() < np.minimum(0.08 * days_late, 0.4)
        self._journal.note(
            "complaint", who[scolds], promised[scolds] + DAY, order=orders[scolds],
            value=-np.round(self._chances.of(who[scolds]).uniform(0.5, 1.0), 2),
        )  # fmt: skip

    def judge(
        self, basket: Basket, order_of: Ints, first_order: int, shipments: Shipments, paid: Ints, kept: Bools
    ) -> None:
        """Ratings by quality and punctuality; returns by category and by how bad it was."""
        who = basket.customer
        late = np.maximum(shipments.delivered - shipments.promised, 0)[order_of] / DAY
        felt = (
            self._quality[basket.product] + self._chances.of(who).normal(0, 0.75) - 0.35 * np.minimum(late, 4)
        )
        stars = np.clip(np.round(felt), 1, 5)
        bad = stars <= 2
        arrived = shipments.delivered[order_of]
        second = arrived + (self._chances.of(who).uniform(0.3, 6) * DAY).astype(np.int64)
        order = first_order + order_of
        self._upset(second[bad & kept], basket.customer[bad & kept], np.full(int((bad & kept).sum()), 1.25))
        rates = kept & (self._chances.of(who).random() < np.where(bad, 0.55, 0.26))
        self._journal.note(
            "rating", basket.customer[rates], second[rates], product=basket.product[rates],
            order=order[rates], value=stars[rates],
        )  # fmt: skip
        complains = kept & bad & (self._chances.of(who).random() < 0.18)
        self._journal.note(
            "complaint", basket.customer[complains], second[complains] + 600,
            product=basket.product[complains], order=order[complains],
            value=-np.round(self._chances.of(who[complains]).uniform(0.4, 1.0), 2),
        )  # fmt: skip
        chance = self._returns[basket.product] * np.where(bad, 5.0, 0.8)
        returns = kept & (self._chances.of(who).random() < chance)
        asked = arrived + (self._chances.of(who).uniform(0.5, 6.5) * DAY).astype(np.int64)
        self._journal.note(
            "return", basket.customer[returns], asked[returns], product=basket.product[returns],
            order=order[returns], quantity=basket.quantity[returns], amount=-paid[returns],
        )  # fmt: skip
        line = position_within(order_of)
        why = np.where(bad, self._chances.of(who).integers(0, 3), self._chances.of(who).integers(3, 6))
        self._orders.returns += list(
            zip(
                order[returns].tolist(), line[returns].tolist(), asked[returns].tolist(),
                why[returns].tolist(), strict=True,
            )
        )  # fmt: skip


def _quality(catalogue: list[DemoProduct], chances: Chances) -> Floats:
    """How good a line really is, in stars; one in ten disappoints."""
    lines = max(item.line for item in catalogue) + 1
    every = np.arange(lines)
    bad, low, high = (
        chances.of(every).random() < 0.1,
        chances.of(every).uniform(2.6, 3.4),
        chances.of(every).uniform(4.1, 4.9),
    )
    quality = np.where(bad, low, high)
    of_each: Floats = quality[[item.line for item in catalogue]]
    return of_each


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Who brings parcels."""

    name: tuple[str, str]
    """Chinese, English."""
    code: str
    domestic: bool
    share: float
    late: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipments:
    """One entry an order; times in seconds from the start of the window."""

    carrier: Ints
    packed: Ints
    shipped: Ints
    promised: Ints
    delivered: Ints


def carriers() -> list[Carrier]:
    """The carriers in the order of their file."""
    return [Carrier(**{**item, "name": tuple(item["name"])}) for item in read_toml("places.toml")["carrier"]]


class Shipping:
    """Sends orders on their way."""

    def __init__(self, chances: Chances) -> None:
        self.chances = chances
        shares = np.array([carrier.share for carrier in carriers()])
        domestic = np.array([carrier.domestic for carrier in carriers()])
        self._choice = {home: _cumulative(shares * (domestic == home)) for home in (True, False)}
        self._late = np.array([carrier.late for carrier in carriers()])
        self._days: Floats = np.array([place.days for place in places()])
        self._domestic: Bools = np.array([place.domestic for place in places()])
        self.utc_offsets: Ints = np.array([place.offset for place in places()], dtype=np.int64)

    def ship(self, who: Ints, placed: Ints, place: Ints, activity: float) -> Shipments:
        """Send orders; the busier the day, the more come late."""
        home = self._domestic[place]
        draw = self.chances.of(who).random()
        carrier = np.where(
            home, np.searchsorted(self._choice[True], draw), np.searchsorted(self._choice[False], draw)
        )
        packed = placed + _seconds(self.chances.of(who).uniform(0.05, 0.7))
        shipped = packed + _seconds(self.chances.of(who).uniform(0.1, 0.7))
        usual = self._days[place]
        travel = usual * np.clip(self.chances.of(who).normal(0.85, 0.12), 0.5, 1.2)
        crowded = np.clip(activity - 1.3, 0, 2) * 0.12
        late = self.chances.of(who).random() < self._late[carrier] + crowded
        travel = np.where(late, usual + self.chances.of(who).gamma_2(1.3) + 0.8, travel)
        promised = placed + _seconds(np.ceil(usual + 1.2))
        # The end of the promised day, not the hour at which it was ordered.
        promised = -(-promised // DAY) * DAY
        delivered = shipped + _seconds(travel)
        return Shipments(
            carrier=carrier.astype(np.int64),
            packed=packed,
            shipped=shipped,
            promised=promised,
            delivered=delivered,
        )


def _seconds(days: Floats) -> Ints:
    return (days * DAY).astype(np.int64)


def _cumulative(weights: Floats) -> Floats:
    share: Floats = np.cumsum(weights) / weights.sum()
    return share


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EventColumns:
    """Events in the order of their time. `second` counts from the start of the window."""

    kind: Ints
    customer: Ints
    product: Ints
    order: Ints
    second: Ints
    quantity: Ints
    amount: Ints
    text: Ints
    value: Floats


@dataclass(slots=True)
class Journal:
    """Collects events; everything left out is `NOTHING`."""

    pieces: list[dict[str, Any]] = field(default_factory=list)

    def note(self, kind: str, customer: Ints, second: Ints, **columns: Any) -> None:
        """Write down one event for each customer."""
        if len(customer):
            self.pieces.append(
                {"kind": _CODES[kind], "customer": customer, "second": second, "quantity": 1, **columns}
            )

    def columns(self, until: int) -> EventColumns:
        """Everything before a second, sorted by time; what happened at once stays in the order of writing."""
        sizes = [len(piece["customer"]) for piece in self.pieces]
        found = {name: self._column(name, sizes, NOTHING, np.int64) for name in _INTS}
        value = self._column("value", sizes, np.nan, np.float64)
        order = np.argsort(found["second"], kind="stable")
        order = order[found["second"][order] < until]
        return EventColumns(**{name: column[order] for name, column in found.items()}, value=value[order])

    def _column(self, name: str, sizes: list[int], missing: float, dtype: Any) -> Any:
        parts = [
            np.broadcast_to(np.asarray(piece.get(name, missing), dtype=dtype), size)
            for piece, size in zip(self.pieces, sizes, strict=True)
        ]
        return np.concatenate(parts)
