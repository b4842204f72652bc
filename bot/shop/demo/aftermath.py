"""What comes of an order: parcels that are late, ratings, complaints, returns, and moods that last."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bot.shop.demo.baskets import Basket, Orders, position_within
from bot.shop.demo.catalogue import Goods
from bot.shop.demo.journal import DAY, Journal
from bot.shop.demo.people import Bools, Floats, Ints
from bot.shop.demo.shipping import Shipments


class Aftermath:
    """How customers take what they got."""

    def __init__(
        self,
        goods: list[Goods],
        journal: Journal,
        orders: Orders,
        upset: Callable[[Ints, Ints, Floats], None],
        rng: np.random.Generator,
    ) -> None:
        """Make up how good everything really is.

        Args:
            goods: what is sold.
            journal: takes what customers do.
            orders: take what comes back.
            upset: told of each annoyance: the second it happens, whose it is, how much.
            rng: of every choice.
        """
        self._journal, self._orders, self._upset, self._rng = journal, orders, upset, rng
        self._returns = np.array([item.shelf.returns for item in goods])
        self._quality = _quality(goods, rng)

    def arrive(self, buyers: Ints, first_order: int, shipments: Shipments, cancelled: Bools) -> None:
        """A late parcel annoys, makes some write and a few complain."""
        late = (shipments.delivered > shipments.promised) & ~cancelled
        who = buyers[late]
        promised = shipments.promised[late]
        days_late = (shipments.delivered[late] - promised) / DAY
        self._upset(promised + DAY // 2, who, 0.5 + 0.3 * np.minimum(days_late, 6))
        orders = first_order + np.flatnonzero(late)
        asks = self._rng.random(len(who)) < 0.4
        self._journal.note(
            "message", who[asks], promised[asks] + DAY // 3, order=orders[asks],
            value=-np.round(self._rng.uniform(0.1, 0.8, int(asks.sum())), 2),
        )  # fmt: skip
        scolds = self._rng.random(len(who)) < np.minimum(0.08 * days_late, 0.4)
        self._journal.note(
            "complaint", who[scolds], promised[scolds] + DAY, order=orders[scolds],
            value=-np.round(self._rng.uniform(0.5, 1.0, int(scolds.sum())), 2),
        )  # fmt: skip

    def judge(
        self, basket: Basket, order_of: Ints, first_order: int, shipments: Shipments, paid: Ints, kept: Bools
    ) -> None:
        """Ratings by quality and punctuality; returns by shelf and by how bad it was."""
        count = len(basket.customer)
        late = np.maximum(shipments.delivered - shipments.promised, 0)[order_of] / DAY
        felt = self._quality[basket.product] + self._rng.normal(0, 0.75, count) - 0.35 * np.minimum(late, 4)
        stars = np.clip(np.round(felt), 1, 5)
        bad = stars <= 2
        arrived = shipments.delivered[order_of]
        second = arrived + (self._rng.uniform(0.3, 6, count) * DAY).astype(np.int64)
        order = first_order + order_of
        self._upset(second[bad & kept], basket.customer[bad & kept], np.full(int((bad & kept).sum()), 1.25))
        rates = kept & (self._rng.random(count) < np.where(bad, 0.55, 0.26))
        self._journal.note(
            "rating", basket.customer[rates], second[rates], product=basket.product[rates],
            order=order[rates], value=stars[rates],
        )  # fmt: skip
        complains = kept & bad & (self._rng.random(count) < 0.18)
        self._journal.note(
            "complaint", basket.customer[complains], second[complains] + 600,
            product=basket.product[complains], order=order[complains],
            value=-np.round(self._rng.uniform(0.4, 1.0, int(complains.sum())), 2),
        )  # fmt: skip
        chance = self._returns[basket.product] * np.where(bad, 5.0, 0.8)
        returns = kept & (self._rng.random(count) < chance)
        asked = arrived + (self._rng.uniform(0.5, 6.5, count) * DAY).astype(np.int64)
        self._journal.note(
            "return", basket.customer[returns], asked[returns], product=basket.product[returns],
            order=order[returns], quantity=basket.quantity[returns], amount=-paid[returns],
        )  # fmt: skip
        line = position_within(order_of)
        why = np.where(bad, self._rng.integers(0, 3, count), self._rng.integers(3, 6, count))
        self._orders.returns += list(
            zip(
                order[returns].tolist(), line[returns].tolist(), asked[returns].tolist(),
                why[returns].tolist(), strict=True,
            )
        )  # fmt: skip


def _quality(goods: list[Goods], rng: np.random.Generator) -> Floats:
    """How good a line really is, in stars; one in ten disappoints."""
    lines = max(item.line for item in goods) + 1
    quality = np.where(rng.random(lines) < 0.1, rng.uniform(2.6, 3.4, lines), rng.uniform(4.1, 4.9, lines))
    of_each: Floats = quality[[item.line for item in goods]]
    return of_each
