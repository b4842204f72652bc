"""The demo shop's world goes on day by day, and its customers answer prices, offers and messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pytest

from bot.shop.demo.answers import Messages
from bot.shop.demo.going_on import World
from kernel.arrays import Floats, Ints

DAYS, MORE = 240, 60
NOBODY = np.zeros(0, dtype=np.int64)


@dataclass
class Shop:
    """Gives everybody who asks the same share off, and writes the same message every day."""

    share: float = 0.0
    to: Ints = field(default_factory=lambda: NOBODY)
    asked: int = 0

    def offers(self, day: int, customer: Ints, product: Ints) -> Floats:
        assert len(customer) == len(product)
        self.asked += len(customer)
        return np.full(len(customer), self.share)

    def messages(self, day: int) -> Messages:
        return Messages(
            customer=self.to,
            product=np.zeros(len(self.to), np.int64),
            share=np.full(len(self.to), self.share),
        )


@pytest.fixture(scope="module")
def history() -> World:
    return World(7, customers=1_200, days=DAYS, more=MORE, first=date(2025, 3, 1))


def _after(history: World, shop: Shop, days: int = MORE) -> World:
    world = history.copied()
    world.go_on(shop, days)
    return world


def test_the_same_decisions_make_the_same_days(history: World) -> None:
    one, other = _after(history, Shop(0.1)), _after(history, Shop(0.1))
    assert one.margin(DAYS) == other.margin(DAYS)
    assert one.day == DAYS + MORE
    assert history.day == DAYS, "the copy went on and the world it is of did not"


def test_customers_ask_and_pay_what_they_were_offered(history: World) -> None:
    shop = Shop(0.2)
    bought = _after(history, shop).bought(DAYS)
    full = history.market.price[bought.day, bought.product] * bought.quantity
    off = 1 - bought.paid / full
    # A coupon of the shop takes a tenth off the rest.
    assert set(np.round(off, 2)) == {0.0, 0.1, 0.2, 0.28}
    assert shop.asked > (off >= 0.2).sum() > 0


def test_a_lower_price_sells_more(history: World) -> None:
    sold = [len(_after(history, Shop(share)).bought(DAYS).day) for share in (0.0, 0.2, 0.4)]
    assert sold[0] < sold[1] < sold[2]


def test_messages_bring_some_back_and_put_some_off(history: World) -> None:
    truth = history.truth()
    gone = np.flatnonzero(truth.left)
    here = np.flatnonzero(~truth.left & truth.answers.put_off)
    came_back = _after(history, Shop(0.1, gone), days=20).truth()
    assert came_back.left[gone].mean() < 1 - 0.1
    assert came_back.left[gone[truth.answers.put_off[gone]]].all(), "a message annoys these"
    drove_away = _after(history, Shop(0.0, here), days=20).truth().left[here].mean()
    assert drove_away > 2 * _after(history, Shop(), days=20).truth().left[here].mean()


def test_what_the_shop_can_see(history: World) -> None:
    days = history.purchase_days()
    since = history.days_since_purchase()
    bought = history.bought()
    assert days.sum() == len(np.unique(np.stack([bought.customer, bought.day]), axis=1).T)
    assert np.isinf(since[days == 0]).all()
    assert (since[days > 0] >= 1).all()


def test_a_price_holds_from_the_day_on(history: World) -> None:
    world = history.copied()
    world.go_on(Shop(), 5)
    world.set_price(3, 12_300)
    assert (world.market.price[world.day :, 3] == 12_300).all()
    assert (world.market.price[: world.day, 3] == history.market.price[: world.day, 3]).all()


def test_a_world_ends(history: World) -> None:
    with pytest.raises(ValueError, match="ends in 60 days"):
        history.copied().go_on(Shop(), MORE + 1)
