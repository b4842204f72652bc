"""How long a recommendation takes, and what a place for new products and variety cost.

    python -m tests.benchmarks.recommend_speed --data FOLDER [--quick]

`FOLDER` holds `online_retail/` and `complete_journey/`. Times are of one thread's processor, so that other work on the
machine doesn't count.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kernel.times import DAY, from_micros, to_micros
from retention import Event, EventKind, Money, ProductState, RecommendContext, metrics
from retention.choices import Mode
from retention.churn.model import ChurnModel
from retention.core import Core
from retention.recommenders.fitting import fit
from retention.recommenders.interactions import PURCHASE, Interactions
from retention.recommenders.model import Recommender
from retention.recommenders.nightly import NightlyLists
from retention.recommenders.request import recommend
from retention.threads import one_thread
from retention.workshop.recommendation import Split, cut_at
from tests.benchmarks import recommend_variety
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.retention_logs import LOGS

SEED = 20_261_101
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ASKED = 300
"""Customers whose answers are timed."""
SHOPS = ((4_000, 400_000, 8_000), (100_000, 400_000, 8_000))
"""Products, purchases and customers of made-up shops."""
QUICK = (2_000, 40_000, 2_000)
CUT = 0.7
HEAD = ("a made-up shop", "fit", "memory", "ten products, ms", "from a list made ahead, ms")


def shop(products: int, purchases: int, customers: int) -> Interactions:
    """A made-up shop: products as unequal as in real ones, customers with tastes in groups, a year long."""
    draw = np.random.default_rng(SEED)
    users = np.sort((customers * draw.random(purchases) ** 1.5).astype(np.int64))
    groups = 50
    rank = (products / groups * draw.random(purchases) ** 3).astype(np.int64)
    own = draw.random(purchases) < 0.7
    group = np.where(own, users % groups, draw.integers(0, groups, purchases))
    items = np.minimum(rank * groups + group, products - 1)
    now = to_micros(NOW)
    return Interactions(
        products=tuple(f"p{number:06d}" for number in range(products)),
        texts=[f"kind{number % 997} colour{number % 89}" for number in range(products)],
        category=(np.arange(products) % 40).astype(np.int32),
        category_names=tuple(f"k{number:02d}" for number in range(40)),
        created=np.where(np.arange(products) % 200 == 0, now - 5 * DAY, now - 400 * DAY),
        names=tuple(f"c{number:06d}" for number in range(customers)),
        now=now,
        users=users,
        items=items,
        kinds=np.full(purchases, PURCHASE, np.int64),
        at=now - 1 - (365 * DAY * draw.random(purchases)).astype(np.int64),
        values=np.full(purchases, 3.0),
    )


def shelf(
    products: Iterable[str], created: Sequence[int], categories: Sequence[str]
) -> dict[str, ProductState]:
    """Everything in stock."""
    price, cost = Money(100, "EUR"), Money(50, "EUR")
    return {
        product: ProductState(
            product=product,
            list_price=price,
            cost=cost,
            stock=9,
            category=category,
            created_at=from_micros(born) if born else None,
        )
        for product, born, category in zip(products, created, categories, strict=True)
    }


def timed(ask: Callable[[int], object], many: int) -> str:
    """Median and 95th percentile of the processor's milliseconds."""
    taken = []
    for number in range(many):
        start = time.thread_time()
        ask(number)
        taken.append(time.thread_time() - start)
    middle, high = np.percentile(taken, (50, 95)) * 1e3
    return f"{middle:.2f} ({high:.2f})"


def speeds(products: int, purchases: int, customers: int) -> list[str]:
    """A row: what the fit takes, and what an answer does."""
    log = shop(products, purchases, customers)
    start = time.thread_time()
    model = fit(log, seed=SEED).model
    lists = NightlyLists.of(model, log)
    fitted = time.thread_time() - start
    codes = [log.category_names[code] for code in log.category.tolist()]
    stock = shelf(log.products, log.created.tolist(), codes)
    rows = log.by_user()
    place = {name: code for code, name in enumerate(log.names)}
    contexts = []
    for name in lists.customers[:ASKED]:
        mine = rows[place[name]]
        events = [
            Event(
                kind=EventKind.PURCHASE,
                at=from_micros(int(log.at[row])),
                product=log.products[log.items[row]],
            )
            for row in mine[np.argsort(log.at[mine])].tolist()
        ]
        contexts.append((name, RecommendContext(now=NOW, events=events, stock=stock)))
    live = Core(version="v", recommender=model, churn=ChurnModel.without_data())
    ahead = replace(live, lists=lists)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        f"{products:,} products, {purchases:,} purchases of {customers:,} customers",
        f"{fitted:.1f} s",
        f"{peak:,.0f} MB",
        timed(lambda number: live.recommend(None, 10, contexts[number][1]), len(contexts)),
        timed(lambda number: ahead.recommend(contexts[number][0], 10, contexts[number][1]), len(contexts)),
    ]


def new_products(folder: Path) -> str:
    """NDCG with and without a place for new products, on a real log where a product is as old as its first sale."""
    log = LOGS["online_retail"](folder)
    split = Split.of(log.history, log.at, cut_at(log.history, log.at, CUT))
    past = split.interactions
    model = fit(past, seed=SEED).model
    born = np.full(len(past.products), past.now)
    np.minimum.at(born, past.items, past.at)
    # What was there when the log began is older than anybody can say.
    born[born < past.at.min() + 30 * DAY] = 0
    stock = shelf(past.products, born.tolist(), [""] * len(past.products))
    # Without a product that is known to be new there is none to keep a place for.
    models = (replace(model, created=np.zeros_like(born)), replace(model, created=born))
    rows = past.by_user()
    lines = []
    for mode in Mode:
        asked = [
            (number, rows[code], basket)
            for number, (code, basket) in enumerate(zip(split.codes, split.bought[mode], strict=True))
            if basket
        ]
        without, kept = (
            np.array(
                [
                    metrics.ndcg(_shown(one, past, mine, split.cut, stock, mode, number), basket, 10)
                    for number, mine, basket in asked
                ]
            )
            for one in models
        )
        lost = without - kept
        half = 1.96 * lost.std() / np.sqrt(len(lost))
        lines.append(
            [
                f"`{mode.value}`",
                f"{without.mean():.4f}",
                f"{kept.mean():.4f}",
                f"{lost.mean():.4f} ± {half:.4f}",
                f"{lost.mean() / without.mean():.1%}",
            ]
        )
    fresh = int((past.now - born <= 30 * DAY).sum())
    head = [
        f"NDCG@10, {fresh} of {len(born)} products new",
        "no place kept",
        "a place in one list of ten",
        "cost",
        "share",
    ]
    return table(head, lines)


def _shown(
    model: Recommender,
    log: Interactions,
    rows: NDArray[np.int64],
    now: datetime,
    stock: dict[str, ProductState],
    mode: Mode,
    seed: int,
) -> list[str]:
    events = [
        Event(kind=EventKind.PURCHASE, at=from_micros(int(log.at[row])), product=log.products[log.items[row]])
        for row in rows[np.argsort(log.at[rows])].tolist()
    ]
    context = RecommendContext(now=now, events=events, stock=stock, allow_repeats=mode is Mode.ANY, seed=seed)
    return [one.product for one in recommend(model, 10, context, version="v")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the sections `recommend-speed` and `recommend-variety` of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the logs")
    parser.add_argument("--quick", action="store_true", help="one small shop, and nothing is written")
    given = parser.parse_args(arguments)
    with one_thread():
        rows = [speeds(*size) for size in ((QUICK,) if given.quick else SHOPS)]
        cost = new_products(given.data)
    if given.quick:
        sys.stdout.write(f"{table(HEAD, rows)}\n\n{cost}\n")
        return
    write_section("recommend-speed", f"{NOTE}\n\n{table(HEAD, rows)}\n\n{NOTE_NEW}\n\n{cost}")
    with one_thread():
        recommend_variety.write(given.data)


NOTE = f"""## Recommendations: time, and a place for new products

`make bench-recommend`, {today()}, {machine()}. Time of one thread's processor; answers are the median (and the 95th
percentile) over {ASKED} customers, from a customer's events to ten products with their reasons. The fit includes the
lists made ahead; memory is the most that the process had taken by then, shops above it included."""

NOTE_NEW = f"""One list in ten gives its last place to a product that is new to the shop: nobody can have bought it
yet. What that costs on online_retail, cut at {CUT:.0%}, where a product is new for 30 days from its first sale:"""

if __name__ == "__main__":
    main()
