"""How the demo shop's customers answer prices, offers and messages, and what the shop decides about them.

The causes are hidden as those of `Traits` are: the shop sees what people do and never why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bot.shop.demo.orders import NOTHING
from kernel.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """One entry a customer."""

    asks: Floats
    """The chance to ask for a better price before something is bought."""
    keen: Floats
    """How much a lower price makes a purchase likelier: by `exp(keen · share off)`."""
    put_off: Bools
    """A message annoys."""
    comes_back: Floats
    """The chance that a message brings back somebody who has left; a share off adds half as much again for 10 %."""
    opens: Floats
    """The chance that a message is opened, and the product in it looked at."""


def draw_answers(count: int, price_sense: Floats, rng: np.random.Generator) -> Answers:
    """Draw them; a third of the customers doesn't mind prices, and a fifth doesn't like to be written to.

    Args:
        count: customers.
        price_sense: how much a higher price matters to each; those to whom it does are keener.
        rng: of all that is drawn.
    """
    minds = rng.random(count) >= 1 / 3
    return Answers(
        asks=rng.beta(1.2, 6, count),
        keen=np.where(minds, 6.0 * price_sense * rng.gamma(4, 0.25, count), 0.0),
        put_off=rng.random(count) < 0.2,
        comes_back=rng.beta(1, 14, count),
        opens=rng.beta(2, 4, count),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """What the shop writes on a day: to whom, about which product, and the share off its price; one entry a message."""

    customer: Ints
    product: Ints
    share: Floats


class PricesOfTheShop(Protocol):
    """What a shop decides: offers to customers who ask, and whom to write to."""

    def offers(self, day: int, customer: Ints, product: Ints) -> Floats:
        """Shares off the list price for customers who ask about a product, 0 to 1; one entry a question."""
        ...

    def messages(self, day: int) -> Messages:
        """The day's messages."""
        ...


class Offers:
    """The offers that hold: a share off a product, until it is bought or the offer's days are over."""

    def __init__(self, people: int, products: int, days: int) -> None:
        """None holds yet.

        Args:
            people: customers.
            products: of the catalogue.
            days: so long an offer holds.
        """
        self._share = np.zeros((people, products), dtype=np.float32)
        self._until = np.full((people, products), NOTHING, dtype=np.int32)
        self._days = days

    def give(self, day: int, customer: Ints, product: Ints, share: Floats) -> None:
        """Make offers; one that holds already is only ever bettered."""
        better = share > self.share(day, customer, product)
        who, what = customer[better], product[better]
        self._share[who, what] = share[better]
        self._until[who, what] = day + self._days

    def share(self, day: int, customer: Ints, product: Ints) -> Floats:
        """What is off for each, 0 where no offer holds."""
        holds = self._until[customer, product] >= day
        found: Floats = np.where(holds, self._share[customer, product], 0.0).astype(np.float64)
        return found

    def use(self, customer: Ints, product: Ints) -> None:
        """An offer is used once."""
        self._until[customer, product] = NOTHING
