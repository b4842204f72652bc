"""The demo shop's world goes on, a day at a time, while the shop decides prices, offers and messages.

Two copies of a world in which shops decide differently show what the difference is worth: what really happens, with
its hidden causes, and not what a model says would.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import numpy as np

from bot.shop.demo.answers import Answers, PricesOfTheShop, draw_answers
from bot.shop.demo.catalogue import DemoProduct, all_products
from bot.shop.demo.chances import Chances
from bot.shop.demo.orders import DAY, KINDS, NOTHING, Shipping
from bot.shop.demo.simulation import Simulation
from bot.shop.demo.world import Market, Traits, draw_traits, open_market
from kernel.arrays import Bools, Floats, Ints

_PURCHASE, _RETURN = KINDS.index("purchase"), KINDS.index("return")
_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """Lines that were bought and not cancelled, in the order of their days; one entry a line, money in fen."""

    customer: Ints
    product: Ints
    day: Ints
    quantity: Ints
    paid: Ints


_COLUMNS = tuple(field.name for field in fields(Bought))


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the shop can't know."""

    traits: Traits
    answers: Answers
    left: Bools
    """Whether a customer has stopped being one."""


class World:
    """The demo shop between two days. A copy of it goes its own way, with the same chances."""

    def __init__(self, seed: int, *, customers: int, days: int, more: int, first: date) -> None:
        """Live through the shop's history, in which nobody gets an offer or a message.

        Args:
            seed: of everything that is drawn; the same one makes the same world.
            customers: how many there are.
            days: of the history, at least 120.
            more: days that can follow.
            first: the first day of the history.
        """
        streams = [np.random.default_rng([seed, number]) for number in range(7)]
        self.catalogue: list[DemoProduct] = all_products()
        self.first_day = first
        self.day = days
        self._traits = draw_traits(customers, days, self.catalogue, streams[0])
        self.market: Market = open_market(self.catalogue, first, days + more, streams[1])
        self._simulation = Simulation(
            self._traits, self.catalogue, self.market, Shipping(Chances(streams[2])), 0, Chances(streams[3])
        )
        self._answers = draw_answers(customers, self._traits.price_sense, streams[4])
        self._seed = seed
        self._last = days + more
        self.cost: Ints = np.array([item.cost for item in self.catalogue], dtype=np.int64)
        self._lines: list[Bought] = []
        self._read = 0
        self._simulation.run(0, days)

    @property
    def customers(self) -> int:
        """How many there are."""
        return len(self._traits.joined)

    def copied(self) -> World:
        """Another world that is as this one is, and has the same chances."""
        return copy.deepcopy(self)

    def go_on(self, prices: PricesOfTheShop, days: int) -> None:
        """Live through further days while `prices` decides.

        Raises:
            ValueError: the world has no such days.
        """
        if self.day + days > self._last:
            raise ValueError(f"this world ends in {self._last - self.day} days, before {days} have gone by")
        self._simulation.let_decide(prices, self._answers, self._seed)
        for _ in range(days):
            self._simulation.run(self.day, self.day + 1)
            self.day += 1

    def set_price(self, product: int, price: int) -> None:
        """From today on everybody's price for a product, in fen."""
        self.market.price[self.day :, product] = price

    def date_of(self, day: int) -> date:
        """The date of a day of the world."""
        return self.first_day + timedelta(days=day)

    def truth(self) -> Truth:
        """The hidden causes, for judging."""
        return Truth(traits=self._traits, answers=self._answers, left=self._simulation.left(self.day))

    def bought(self, since: int = 0) -> Bought:
        """What was bought on or after a day and before today."""
        every = self._every_line()
        lines = every.day >= since
        return Bought(**{name: getattr(every, name)[lines] for name in _COLUMNS})

    def _every_line(self) -> Bought:
        """What the journal says of purchases; only what is new in it is read."""
        pieces = self._simulation.journal.pieces
        self._lines += [_lines(piece) for piece in pieces[self._read :] if piece["kind"] == _PURCHASE]
        self._read = len(pieces)
        whole = {name: np.concatenate([getattr(one, name) for one in self._lines]) for name in _COLUMNS}
        self._lines = [Bought(**whole)]
        return self._lines[0]

    def margin(self, since: int = 0) -> int:
        """What customers paid since a day, less what the goods cost, in fen; what comes back by today is taken off."""
        columns = self._simulation.journal.columns(self.day * DAY)
        new = columns.second >= since * DAY
        kept, back = new & (columns.kind == _PURCHASE), new & (columns.kind == _RETURN)
        cost = self.cost[columns.product] * columns.quantity
        earned = (columns.amount - cost)[kept].sum()
        # The amount of a return is what was paid back, below 0.
        return int(earned + (columns.amount + cost)[back].sum())

    def purchase_days(self) -> Ints:
        """Days of the last year on which each customer bought something."""
        bought = self.bought(self.day - _YEAR)
        pairs = np.unique(bought.customer * (self._last + 1) + bought.day)
        return np.bincount(pairs // (self._last + 1), minlength=self.customers)

    def days_since_purchase(self) -> Floats:
        """Days since each customer's last purchase; infinite for those who never bought."""
        bought = self.bought()
        last = np.full(self.customers, NOTHING, dtype=np.int64)
        np.maximum.at(last, bought.customer, bought.day)
        found: Floats = np.where(last == NOTHING, np.inf, (self.day - last).astype(np.float64))
        return found


def _lines(piece: Mapping[str, Any]) -> Bought:
    return Bought(
        customer=piece["customer"],
        product=piece["product"],
        day=piece["second"] // DAY,
        quantity=piece["quantity"],
        paid=piece["amount"],
    )
