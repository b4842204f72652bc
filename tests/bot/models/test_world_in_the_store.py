"""What a policy decides in the demo shop's world, with nothing but arrays, it decides with the store as well.

Beside it stand what the world's shop does without: amounts that are too small to offer, what was sent back, and what a
product that was bought before takes off. The rules here have none of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.models.steps import LearnedSteps
from bot.shop.demo.going_on import Bought, World
from bot.shop.prices import Prices
from kernel.arrays import Bools, Floats, Ints
from retention.pricing import thompson
from retention.steps import StepModel
from retention.types import Offer, PricePolicy
from storage import Store
from storage.catalogue import Catalogue, Product
from storage.customers import Customer, Customers
from storage.events import Events, StoredEvent
from tests.benchmarks import prices_world

FIRST_DAY = date(2025, 3, 3)
CUSTOMERS, DAYS = 1_000, 6
BEFORE = prices_world.HISTORY + 1
"""The days that follow have no first day of a week, so that what was learned stays."""
STEPS_OF_TIERS = (0, *(off for _, off in PricePolicy().loyalty))
RULES = """bought_before = 0
learn = {learn}
[least.amounts]
CNY = 0
[budget]
currency = "CNY"
first_day = 2025-01-01
last_day = 2027-01-01
total = 100000000
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody asked for a better price, and the world's shop took so much off."""

    day: int
    customer: int
    product: int
    share: float
    tier: int


class Remembering(prices_world.Shop):
    """The world's shop, which looks at its customers every morning and remembers what it decided."""

    def __init__(self, world: World, give: prices_world.Give) -> None:
        super().__init__(world, prices_world.Risk(world), give)
        self.asked: list[Asked] = []

    def _look(self, day: int) -> None:
        vars(self).pop("risk", None)
        super()._look(day)

    def offers(self, day: int, customer: Ints, product: Ints) -> Floats:
        shares = super().offers(day, customer, product)
        rows = (customer.tolist(), product.tolist(), shares.tolist(), self.tiers[customer].tolist())
        self.asked += [Asked(day, *row) for row in zip(*rows, strict=True)]
        return shares


def by_tier(shop: prices_world.Shop, day: int, customer: Ints, product: Ints, win_back: Bools) -> Floats:
    """The published steps of loyalty."""
    return np.array(STEPS_OF_TIERS)[shop.tiers[customer]].astype(np.float64)


def learned_model() -> StepModel:
    """Of some months in which the dearest step of each tier paid best now and then."""
    steps = prices_world.STEPS
    shown = np.full((4, len(steps)), 400)
    off = np.array(steps) / thompson.WHOLE
    bought = np.random.default_rng(3).binomial(
        shown, 1 / (1 + np.exp(1.5 - np.array([[2], [4], [6], [9]]) * off))
    )
    return thompson.fit(
        thompson.History(shown=shown, bought=bought),
        steps=steps,
        tiers=[str(one) for one in range(4)],
        rules=STEPS_OF_TIERS,
        margin=0.4,
    )


async def keep_products(connection: AsyncConnection, world: World, day: int) -> None:
    """The goods at the prices of a day."""
    prices = world.market.price[day].tolist()
    at = midnight(world, day)
    await Catalogue(connection).put_many(
        [
            Product(
                id=str(place), code=f"P{place}", name_zh=f"商品 {place}", name_en=f"Product {place}",
                list_price=int(price), cost=int(cost), currency="CNY", stock=1_000, created_at=at, updated_at=at,
            )
            for place, (price, cost) in enumerate(zip(prices, world.cost.tolist(), strict=True))
        ]
    )  # fmt: skip


async def keep_customers(connection: AsyncConnection, world: World) -> None:
    at = midnight(world, 0)
    people = [Customer(id=f"c{one}", name=f"Name {one}", created_at=at) for one in range(world.customers)]
    await Customers(connection).put_many(people)


async def keep_purchases(connection: AsyncConnection, world: World, lines: Bought, days: range) -> None:
    """What was bought on these days, at their noon."""
    await Events(connection).append(
        [
            StoredEvent(
                id=f"line-{place}", kind="purchase", customer_id=f"c{lines.customer[place]}",
                product_id=str(lines.product[place]), at=midnight(world, int(lines.day[place])) + timedelta(hours=12),
                quantity=int(lines.quantity[place]), amount=int(lines.paid[place]), currency="CNY",
            )
            for place in np.flatnonzero((lines.day >= days.start) & (lines.day < days.stop)).tolist()
        ]
    )  # fmt: skip


def midnight(world: World, day: int) -> datetime:
    return datetime.combine(world.date_of(day), time(), UTC)


async def decided(connection: AsyncConnection, decisions: Decisions, asked: Asked, now: datetime) -> Offer:
    """The price in the store; kept, where it is a personal one."""
    offer = await decisions.offer(
        connection, customer_id=f"c{asked.customer}", product_id=str(asked.product), reason="asked", now=now
    )
    if offer.personal:
        await decisions.reserve(connection, offer, reason="asked", now=now)
    return offer


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("learn", "give"), [(False, by_tier), (True, prices_world.learned)])
async def test_the_store_decides_as_the_world_does(
    store: Store, tmp_path: Path, seed: int, learn: bool, give: Callable[..., Floats]
) -> None:
    """Every price of some days is the same, offers that are kept and held meanwhile included."""
    world = World(seed, customers=CUSTOMERS, days=BEFORE, more=DAYS, first=FIRST_DAY)
    shop = Remembering(world, give)
    shop.model = learned_model() if learn else None
    world.go_on(shop, DAYS)

    (tmp_path / "prices.toml").write_text(RULES.format(learn=str(learn).lower()), "utf-8")
    prices = Prices(tmp_path)
    steps = LearnedSteps(store, prices)
    steps.model = shop.model
    decisions = Decisions(ServedRetention(store, tmp_path), prices=prices, steps=steps)
    lines = world.bought()
    await store.write(partial(keep_products, world=world, day=BEFORE))
    await store.write(partial(keep_customers, world=world))
    await store.write(partial(keep_purchases, world=world, lines=lines, days=range(BEFORE)))
    given = 0
    for day in range(BEFORE, BEFORE + DAYS):
        now = midnight(world, day)
        await store.write(partial(keep_products, world=world, day=day))
        for asked in (one for one in shop.asked if one.day == day):
            offer = await store.write(partial(decided, decisions=decisions, asked=asked, now=now))
            assert offer.tier == asked.tier
            whole = offer.list_price.minor
            assert whole == world.market.price[day, asked.product]
            off = whole * round(asked.share * thompson.WHOLE) // thompson.WHOLE
            assert offer.price.minor == whole - off, (asked, offer)
            given += offer.personal
        await store.write(partial(keep_purchases, world=world, lines=lines, days=range(day, day + 1)))
    assert given > 50
