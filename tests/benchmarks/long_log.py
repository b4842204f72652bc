"""A made-up log of a large shop, as an export has it: the same seed writes the same file, byte for byte.

    python -m tests.benchmarks.long_log --events 8000000 --customers 400000 --out log.parquet

Customers join over two years, buy at a rate of their own (Gamma) and leave with a chance of their own after each
purchase (Beta), as in Fader, Hardie and Lee (2005); each has a taste for a few categories, and products are popular by
a power law. Prices have a few typing errors, and some rows are returns.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

START = datetime(2024, 11, 1, tzinfo=UTC)
DAYS = 730
PRODUCTS, CATEGORIES = 4_000, 40
CUSTOMERS_AT_ONCE = 50_000
RETURNED, MISTYPED = 0.01, 0.0001
LINES = 2.5
"""Rows of a purchase, on average."""
_SECONDS = 86_400


def parts(rows: int, customers: int, seed: int) -> Iterator[pa.Table]:
    """The log in the order of its customers, some of them at a time: customer, item, category, time, quantity, price.

    It has about as many rows as asked for.
    """
    goods = np.random.default_rng(seed)
    price = np.exp(goods.normal(3, 0.8, PRODUCTS)).round(2) + 1
    category = goods.integers(0, CATEGORIES, PRODUCTS)
    by_category = [np.flatnonzero(category == one) for one in range(CATEGORIES)]
    for first in range(0, customers, CUSTOMERS_AT_ONCE):
        draw = np.random.default_rng((seed, first))
        count = min(CUSTOMERS_AT_ONCE, customers - first)
        yield _of_customers(draw, first, count, rows / customers, price, category, by_category)


def _of_customers(
    draw: np.random.Generator,
    first: int,
    count: int,
    rows_each: float,
    price: Any,
    category: Any,
    by_category: list[Any],
) -> pa.Table:
    who, day = _purchases(draw, count, rows_each / LINES)
    lines = draw.geometric(1 / LINES, len(who))
    who, day = np.repeat(who, lines), np.repeat(day, lines)
    taste = draw.integers(0, CATEGORIES, (count, 3))[who, draw.integers(0, 3, len(who))]
    sizes = np.array([len(one) for one in by_category])[taste]
    place = (sizes * draw.random(len(who)) ** 2).astype(np.int64)
    starts = np.cumsum([0, *(len(one) for one in by_category[:-1])])
    item = np.concatenate(by_category)[starts[taste] + place]
    quantity = draw.integers(1, 4, len(who))
    quantity[draw.random(len(who)) < RETURNED] *= -1
    paid = price[item] * draw.choice([1.0, 0.9], len(who), p=[0.8, 0.2])
    paid[draw.random(len(who)) < MISTYPED] *= 1_000
    second = (day * _SECONDS).astype(np.int64) + int(START.timestamp())
    return pa.table(
        {
            "customer": _names("c", who + first, 7),
            "item": _names("p", item, 4),
            "category": _names("k", category[item], 2),
            "time": pa.array(second * 1_000_000, pa.timestamp("us", tz="UTC")),
            "quantity": quantity,
            "price": paid.round(2),
        }
    )


def _purchases(draw: np.random.Generator, count: int, each: float) -> tuple[Any, Any]:
    """Who buys, and on which day since the start with its fraction; `each` purchases of a customer on average."""
    joined = draw.random(count) * DAYS * 0.9
    # About 0.34 of the purchases that a rate promises lie within the two years and before somebody leaves.
    rate = draw.gamma(0.8, each / (0.8 * DAYS * 0.34), count)
    leaves = draw.beta(1.0, 12.0, count)
    who, day = [np.arange(count)], [joined]
    here, now = np.arange(count), joined
    while len(here):
        stays = draw.random(len(here)) >= leaves[here]
        here = here[stays]
        now = now[stays] + draw.exponential(1 / np.maximum(rate[here], 1e-6))
        inside = now < DAYS
        here, now = here[inside], now[inside]
        who.append(here)
        day.append(now)
    everybody, every_day = np.concatenate(who), np.concatenate(day)
    order = np.argsort(everybody, kind="stable")
    return everybody[order], every_day[order]


def _names(prefix: str, numbers: Any, width: int) -> pa.Array:
    known, places = np.unique(numbers, return_inverse=True)
    names = pa.array([f"{prefix}{one:0{width}d}" for one in known.tolist()])
    return names.take(pa.array(places))


def write(path: Path, rows: int, customers: int, seed: int) -> int:
    """Write the log as CSV or Parquet by the suffix; return how many rows it has."""
    written = 0
    tables = parts(rows, customers, seed)
    first = next(tables)
    of = pq.ParquetWriter if path.suffix == ".parquet" else pacsv.CSVWriter
    with of(path, first.schema) as writer:
        for table in chain((first,), tables):
            writer.write_table(table)
            written += table.num_rows
    return written


def main() -> None:
    """Write one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=8_000_000)
    parser.add_argument("--customers", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    print(f"{write(asked.out, asked.events, asked.customers, asked.seed):,} rows")


if __name__ == "__main__":
    main()
