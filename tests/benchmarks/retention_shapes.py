"""`auto` beside the best single method on logs of many shapes: large or small, sparse or dense, with repeats or none.

    python -m tests.benchmarks.retention_shapes --data FOLDER [--only NAME,NAME] [--quick]

`FOLDER` holds `online_retail/` and `complete_journey/`. Real logs are thinned: customers keep a few of their
purchases, drawn at random, or are cut into several. Two are made up.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from kernel.arrays import Floats
from kernel.times import DAY, from_micros, to_micros
from retention.choices import Mode
from retention.history import EVENTS, PRODUCTS, History
from retention.metrics import Mean, ndcg
from retention.recommenders.base import ItemModel, best_first
from retention.recommenders.candidates import SOURCES, source_scores
from retention.recommenders.models.two_stage import TwoStage
from retention.recommenders.registry import fit_model
from retention.threads import one_thread
from retention.workshop.recommendation import Split, cut_at
from tests.benchmarks import made_up_log
from tests.benchmarks.made_up_log import Shop
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.retention import small_shop
from tests.benchmarks.retention_logs import complete_journey, online_retail
from tests.benchmarks.whole_ease import WholeEase

SEED = 20_261_101
END = datetime(2026, 11, 1, tzinfo=UTC)
CUT, K, MOST_ASKED = 0.8, 10, 1_000
SINGLE = ("popularity", "own", "item_knn", "user_knn", "ease", "content")
"""Recommenders of the registry that need no network to be trained."""
RIDGES = (100.0, 500.0)
"""Of EASE over all products, in catalogues where `auto` doesn't invert the matrix of all pairs."""
LARGE = 5_000


# --- the logs ---------------------------------------------------------------------------------------------


def thinned(history: History, seed: int = SEED) -> History:
    """Every customer keeps 3 to 10 purchases, drawn at random."""
    draw = np.random.default_rng(seed)
    kept = np.zeros(len(history.events), dtype=bool)
    for rows in _by_customer(history):
        kept[draw.permutation(rows)[: draw.integers(3, 11)]] = True
    return History(
        events=history.events.filter(pa.array(kept)), products=history.products, customers=history.customers
    )


def split_up(history: History, seed: int = SEED) -> History:
    """Every customer becomes several of 3 to 10 purchases each: many customers of whom little is known."""
    draw = np.random.default_rng(seed)
    names = np.array(history.events.column("customer").to_pylist(), dtype=object)
    for rows in _by_customer(history):
        rows, part, start = draw.permutation(rows), 0, 0
        while start < len(rows):
            end = start + int(draw.integers(3, 11))
            names[rows[start:end]] += f"/{part}"
            start, part = end, part + 1
    place = history.events.schema.get_field_index("customer")
    events = history.events.set_column(
        place, history.events.schema.field(place), pa.array(names.tolist(), pa.string())
    )
    return History(events=events, products=history.products, customers=history.customers)


def without_facts(history: History) -> History:
    """Products without categories, names and prices."""
    return History.of(history.events, None, None)


def _by_customer(history: History) -> Iterator[np.ndarray]:
    codes = history.events.column("customer").combine_chunks().dictionary_encode().indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def made_up(shop: Shop, *, categories: bool = False) -> History:
    """The history of a made-up shop that ends at `END`."""
    bought = made_up_log.draw(shop, SEED)
    kept = np.arange(len(bought.customer))
    if not shop.again:
        kept = np.sort(np.unique(bought.customer * shop.products + bought.product, return_index=True)[1])
    sold = np.unique(bought.product)
    products = {"product": [f"p{one:06d}" for one in sold.tolist()]}
    if categories:
        products["category"] = [f"k{one % 40}" for one in bought.line[sold].tolist()]
    events = {
        "id": [f"e{one}" for one in range(len(kept))],
        "kind": ["purchase"] * len(kept),
        "customer": [f"c{one}" for one in bought.customer[kept].tolist()],
        "product": [f"p{one:06d}" for one in bought.product[kept].tolist()],
        "at": to_micros(END) + ((bought.day[kept] - shop.days) * DAY).astype(np.int64),
    }
    return History.of(_filled(events, EVENTS), _filled(products, PRODUCTS))


def _filled(columns: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    """A table of the schema; columns that are not given are empty."""
    many = len(next(iter(columns.values())))
    given = [
        pa.array(columns[one.name], one.type) if one.name in columns else pa.nulls(many, one.type)
        for one in schema
    ]
    return pa.table(given, names=schema.names)


def single_products(folder: Path) -> History:
    """84.51° Complete Journey (sample), an item being a product instead of a product type."""
    source = folder / "complete_journey"
    with duckdb.connect() as connection:
        rows = connection.sql(
            f"""SELECT household_id AS customer, product_id AS product, product_category AS category,
                       epoch_us(transaction_timestamp) AS at
                FROM '{source}/transactions_sample.parquet' LEFT JOIN '{source}/products.parquet' USING (product_id)
                ORDER BY transaction_timestamp, basket_id, product_id"""  # noqa: S608
        ).to_arrow_table()
    known = rows.group_by("product").aggregate([("category", "min")])
    events = {
        "id": [f"e{one}" for one in range(len(rows))],
        "kind": ["purchase"] * len(rows),
        "customer": [str(one) for one in rows.column("customer").to_pylist()],
        "product": [str(one) for one in rows.column("product").to_pylist()],
        "at": rows.column("at").to_pylist(),
    }
    products = {
        "product": [str(one) for one in known.column("product").to_pylist()],
        "category": known.column("category_min").to_pylist(),
    }
    return History.of(_filled(events, EVENTS), _filled(products, PRODUCTS))


GAMES = Shop(customers=30_000, products=23_000, purchases=250_000, days=3_000, fades=1_000.0)
YEAR = Shop(customers=12_000, products=30_000, purchases=90_000, days=400, series=0.4, tail=0.6)
GROCER = Shop(customers=2_000, products=1_500, purchases=60_000, days=400, again=0.5, series=0.2)

LOGS: Mapping[str, tuple[str, Callable[[Path], History]]] = {
    "gifts": ("online_retail", lambda folder: online_retail(folder).history),
    "gifts-thin": (
        "online_retail, 3 to 10 purchases of each customer, no names",
        lambda folder: without_facts(thinned(online_retail(folder).history)),
    ),
    "gifts-split": (
        "online_retail, each customer cut into several of 3 to 10 purchases, no names",
        lambda folder: without_facts(split_up(online_retail(folder).history)),
    ),
    "gifts-small": (
        "online_retail, customers drawn at random until they have made 300 orders",
        lambda folder: small_shop(online_retail(folder).history, 300, np.random.default_rng(SEED)),
    ),
    "groceries": ("complete_journey, product types", lambda folder: complete_journey(folder).history),
    "groceries-single": ("complete_journey, single products with categories", single_products),
    "groceries-thin": (
        "complete_journey, single products, 3 to 10 purchases of each customer, no categories",
        lambda folder: without_facts(thinned(single_products(folder))),
    ),
    "games": (
        "made up: eight years, products that fade, no repeats, no categories",
        lambda _: made_up(GAMES),
    ),
    "year": ("made up: one year, a long tail, no repeats, no categories", lambda _: made_up(YEAR)),
    "grocer": (
        "made up: one year, half of the purchases repeats, with categories",
        lambda _: made_up(GROCER, categories=True),
    ),
}
"""By a short name: what the log is, and how it is made from the folder with the data."""


# --- what is judged ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One log in one mode."""

    log: str
    mode: Mode
    auto: Floats
    """NDCG@10 of each customer who was asked."""
    singles: Mapping[str, Floats]
    """The same by each single method."""
    milliseconds: float
    """Of the processor for ten products for one customer, median."""
    customers: int = 0
    products: int = 0
    events: int = 0
    seconds: float = 0.0
    """Of the processor, to fit `auto`."""
    megabytes: float = 0.0
    """The most memory until then, the reading included."""

    @property
    def best(self) -> str:
        """The single method with the highest mean."""
        return max(self.singles, key=lambda name: self.singles[name].mean())

    @property
    def lead(self) -> Mean:
        """Of `auto` over the best single method, paired by customer."""
        return Mean.of(self.auto - self.singles[self.best])

    @property
    def ratio(self) -> float:
        """`auto` by the best single method."""
        return float(self.auto.mean() / max(self.singles[self.best].mean(), 1e-12))


def judged(name: str, folder: Path) -> list[Row]:
    """Both modes of a log, cut in time as the commands do it; products that come back count where they are allowed."""
    history = LOGS[name][1](folder)
    end = from_micros(max(history.events.column("at").to_pylist()) + 1)
    split = Split.of(history, end, cut_at(history, end, CUT))
    past = split.interactions
    with one_thread():
        start = time.process_time()
        auto = fit_model("auto", past, seed=SEED)
        seconds = time.process_time() - start
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        assert isinstance(auto, TwoStage)
        places = np.random.default_rng(SEED).permutation(len(split.customers))[:MOST_ASKED]
        lists = Lists(split, auto, np.sort(places))
        return [
            Row(
                log=name,
                mode=mode,
                customers=past.customers,
                products=len(past.products),
                events=len(past.at),
                seconds=seconds,
                megabytes=megabytes,
                **lists.judged(mode),
            )
            for mode in Mode
        ]


class Lists:
    """The lists of `auto` and of every single method for the same customers."""

    def __init__(self, split: Split, auto: TwoStage, places: np.ndarray) -> None:
        self.split, self.auto, self.places = split, auto, places.tolist()
        self.profiles = [split.profiles[place] for place in self.places]
        past = split.interactions
        self.models: dict[str, ItemModel] = {name: fit_model(name, past, seed=SEED) for name in SINGLE}
        self.sources = [source_scores(auto.recommender.facts, one) for one in self.profiles]
        self.whole: dict[str, Floats] = {}
        if len(past.products) > LARGE:
            self.whole = {
                f"EASE over all, ridge {ridge:.0f}": WholeEase.of(past, ridge).scores(self.profiles)
                for ridge in RIDGES
            }

    def judged(self, mode: Mode) -> dict[str, Any]:
        """The mode's fields of a `Row`."""
        ours, times = [], []
        singles: dict[str, list[float]] = {}
        index = self.auto.catalogue.index
        for number, place in enumerate(self.places):
            basket = self.split.bought[mode][place]
            if not basket:
                continue
            truth = {index.get(product, -1 - at) for at, product in enumerate(sorted(basket))}
            start = time.thread_time()
            items, _ = self.auto.ranked(self.profiles[number], K, repeats=mode is Mode.ANY)
            times.append(time.thread_time() - start)
            ours.append(ndcg(items.tolist(), truth, K))
            for name, items in self._singles(number, mode):
                singles.setdefault(name, []).append(ndcg(items.tolist(), truth, K))
        return {
            "auto": np.array(ours),
            "singles": {name: np.array(values) for name, values in singles.items()},
            "milliseconds": float(np.median(times)) * 1e3,
        }

    def _singles(self, number: int, mode: Mode) -> Iterator[tuple[str, np.ndarray]]:
        profile, catalogue = self.profiles[number], self.auto.catalogue
        for name, model in self.models.items():
            yield name, model.ranked(profile, K, repeats=mode is Mode.ANY)[0]
        allowed = np.ones(len(catalogue.products), dtype=bool)
        if mode is Mode.NEW:
            allowed[profile.items[profile.bought]] = False
        scores = self.sources[number]
        for name in SOURCES:
            whole = np.zeros(len(allowed))
            whole[scores.items] = scores.of[name]
            yield f"source {name}", best_first(whole, catalogue.popularity, allowed, K)[0]
        for name, of in self.whole.items():
            yield name, best_first(of[number], catalogue.popularity, allowed, K)[0]


# --- the page ---------------------------------------------------------------------------------------------


def rows_table(rows: Sequence[Row]) -> str:
    """A row for each log and mode."""
    head = ["log", "mode", "customers", "products", "purchases", "auto NDCG@10", "best single method", "its NDCG@10",
            "auto leads by", "ratio", "fit", "memory", "ten products"]  # fmt: skip
    return table(head, [_cells(one) for one in rows])


def _cells(row: Row) -> list[str]:
    lead = row.lead
    level = " (level)" if lead.low <= 0 <= lead.high else ""
    return [
        row.log,
        f"`{row.mode.value}`",
        f"{row.customers:,}",
        f"{row.products:,}",
        f"{row.events:,}",
        f"{row.auto.mean():.4f}",
        row.best,
        f"{row.singles[row.best].mean():.4f}",
        f"{lead.value:+.4f} ({lead.low:+.4f} to {lead.high:+.4f}){level}",
        f"{row.ratio:.3f}",
        f"{row.seconds:.0f} s",
        f"{row.megabytes:,.0f} MB",
        f"{row.milliseconds:.2f} ms",
    ]


def section(rows: Sequence[Row]) -> str:
    """The section of the page."""
    about = "\n".join(f"- {name}: {LOGS[name][0]}" for name in dict.fromkeys(row.log for row in rows))
    least = min(rows, key=lambda row: row.ratio)
    found = f"The lowest ratio is {least.ratio:.3f} ({least.log}, `{least.mode.value}`)."
    return "\n\n".join([HEAD.format(today(), machine(), SEED).strip(), about, rows_table(rows), found])


HEAD = f"""
### Shapes of logs

`python -m tests.benchmarks.retention_shapes --data FOLDER` on {{}}; {{}}, one thread. Seed {{}}. Each log is cut at
{CUT:.0%} of its time, as the commands do it; at most {MOST_ASKED:,} customers with a purchase on both sides are asked.
The best single method is the one that turns out best on these very customers among the recommenders that no network has
to be trained for, the own list of each of `auto`'s sources and, in catalogues of more than {LARGE:,} products, EASE
over all products with the better of two ridges: chosen in hindsight, which `auto` is not. Intervals are 95 %, paired by
customer; where they hold 0, the two are level. Times are the processor's.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the section `retention-shapes` of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the logs")
    parser.add_argument("--only", default=",".join(LOGS), help="of the logs only these, by their short names")
    parser.add_argument("--quick", action="store_true", help="nothing is written")
    given = parser.parse_args(arguments)
    rows: list[Row] = []
    # A process for each log, so that the memory of one is not counted with the next.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for name in given.only.split(","):
            rows += pool.submit(judged, name, given.data).result()
            print(rows_table(rows[-2:]), flush=True)
            for row in rows[-2:]:
                print({name: round(float(one.mean()), 4) for name, one in row.singles.items()}, flush=True)
    if not given.quick:
        write_section("retention-shapes", section(rows))


if __name__ == "__main__":
    main()
