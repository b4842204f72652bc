"""What it costs that a step which is live for a product is given to the same or a better tier on asking.

Run after `liuke demo` and `liuke refit`, on that home: `python -m tests.benchmarks.offer_steps HOME 600`. So
many win-back offers are tried for those with the most at stake, in a copy of the store; then customers ask for
products, as often as these were bought, and each is decided with and without the step.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.shop.prices import Prices
from kernel.times import utc_now
from retention.pricing import law
from storage import Conflict, Store
from storage.offers import Offers
from storage.schema import event, product, score

ASKING, SEED = 1_500, 7


@dataclass(frozen=True, slots=True)
class Asked:
    """One customer's price for one product, minor units off."""

    without: int
    with_step: int
    list_price: int


async def measure(home: Path, won_back: int) -> None:
    """Print the figures."""
    now = utc_now()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(home / "liuke.db", Path(folder) / "liuke.db")
        store = Store.open(f"sqlite:///{folder}/liuke.db")
        served = ServedRetention(store, home)
        await served.refresh()
        decisions = Decisions(served, prices=Prices(home), stock_age=1e9)
        made, given = await _won_back(store, decisions, now, won_back)
        asked = await _asked(store, decisions, now)
        await store.close()
    print(f"{made} win-back offers, {given / 100:,.0f} yuan off in all")
    for name, chosen in (("all products", asked[0]), ("products of a win-back", asked[1])):
        _tell(name, chosen)


async def _won_back(store: Store, decisions: Decisions, now: datetime, count: int) -> tuple[int, int]:
    async with store.read() as connection:
        high = select(score.c.customer_id).where(score.c.kind == "churn", score.c.band == "high")
        who = list(await connection.scalars(high.order_by(score.c.at_stake.desc()).limit(count)))

    async def one(connection: AsyncConnection, customer_id: str) -> int:
        found = await decisions.recommend(
            connection, customer_id=customer_id, n=1, now=now, allow_repeats=True
        )
        offer = await decisions.offer(
            connection, customer_id=customer_id, product_id=found[0].product, reason="win_back", now=now
        )
        if not offer.personal:
            return 0
        await decisions.reserve(connection, offer, reason="win_back", now=now)
        return offer.list_price.minor - offer.price.minor

    amounts = []
    for customer_id in who:
        try:
            amounts.append(await store.write(lambda c, who=customer_id: one(c, who)))  # type: ignore[misc]
        except Conflict:
            amounts.append(0)
    return sum(amount > 0 for amount in amounts), sum(amounts)


async def _asked(store: Store, decisions: Decisions, now: datetime) -> tuple[list[Asked], list[Asked]]:
    rng = random.Random(SEED)
    async with store.read() as connection:
        bought = await connection.execute(
            select(event.c.customer_id, event.c.product_id)
            .join(product, product.c.id == event.c.product_id)
            .where(event.c.kind == "purchase", product.c.active.is_(True), product.c.stock > 0)
        )
        pairs = [(row.customer_id, row.product_id) for row in bought]
        customers, products = [one[0] for one in pairs], [one[1] for one in pairs]
        found, of_win_back = [], []
        for _ in range(ASKING):
            who, what = rng.choice(customers), rng.choice(products)
            live = await _offers(decisions, connection, who, what, now)
            found.append(live)
            if live.with_step != live.without or await _is_offered(connection, what, now):
                of_win_back.append(live)
    return found, of_win_back


async def _is_offered(connection: AsyncConnection, product_id: str, now: datetime) -> bool:
    return bool(await Offers(connection).of_others(product_id, "", now))


async def _offers(
    decisions: Decisions, connection: AsyncConnection, who: str, what: str, now: datetime
) -> Asked:
    async def price(step: Callable[..., Any]) -> tuple[int, int]:
        law.best_step = step
        offer = await decisions.offer(connection, customer_id=who, product_id=what, reason="asked", now=now)
        return offer.list_price.minor - offer.price.minor, offer.list_price.minor

    without, list_price = await price(lambda *_: None)
    with_step, _ = await price(_BEST_STEP)
    return Asked(without, with_step, list_price)


_BEST_STEP = law.best_step


def _tell(name: str, asked: list[Asked]) -> None:
    total = sum(one.list_price for one in asked) or 1
    better = sum(one.with_step > one.without for one in asked)
    print(
        f"{name}: {len(asked)} asked, {better} of them get more; off on average "
        f"{sum(one.without for one in asked) / total:.2%} without and "
        f"{sum(one.with_step for one in asked) / total:.2%} with the step"
    )


if __name__ == "__main__":
    asyncio.run(measure(Path(sys.argv[1]), int(sys.argv[2])))
