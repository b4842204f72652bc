"""Features and scores of a large shop: how long they take and how much memory, as the shop grows.

    python -m tests.benchmarks.scale --write

A made-up log of 1, 2, 4 and 8 million events of 20 for each customer is written to Parquet; a process of its own
reads it on two threads, works out the raw features of everybody, scores them with a fitted model and writes the
scores. Time is from the call to the finished file, memory the most that the process ever held.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.progress import track

from retention.features.engines import MEMORY, THREADS
from tests.benchmarks import report

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = 86_400_000_000
SPAN = 730 * DAY
PRODUCTS, CATEGORIES = 4_000, 40
EVENTS_EACH = 20
CHUNK = 500_000
FITTED_ON = 1_000
"""Customers of the shop that the model is fitted on: scoring costs the same whatever it was fitted on."""

KINDS = {
    "view": 0.48, "search": 0.08, "cart": 0.08, "purchase": 0.24, "return": 0.01, "rating": 0.02,
    "message": 0.05, "complaint": 0.01, "contact": 0.02, "response": 0.01,
}  # fmt: skip


def events(size: int, seed: int) -> Iterator[pa.Table]:
    """A log in the order of its time, a chunk at a time; a few customers and products are much busier."""
    draw = np.random.default_rng(seed)
    end = int(NOW.timestamp()) * 1_000_000
    prices = _prices(seed)
    names, shares = np.array(list(KINDS)), list(KINDS.values())
    for start in range(0, size, CHUNK):
        rows = min(CHUNK, size - start)
        since, until = (end - SPAN + SPAN * edge // size for edge in (start, start + rows))
        kind = draw.choice(len(names), rows, p=shares)
        product = (PRODUCTS * draw.random(rows) ** 2).astype(np.int64)
        quantity = draw.integers(1, 4, rows)
        paid = prices[product] * quantity * draw.choice([100, 90], rows) // 100
        value = np.where(names[kind] == "rating", draw.integers(1, 6, rows), draw.uniform(-1, 1, rows))
        valued = np.isin(names[kind], ("rating", "message"))
        bought = names[kind] == "purchase"
        nothing = np.isin(names[kind], ("search", "message", "complaint", "contact", "response"))
        yield pa.table(
            {
                "id": _names("e", np.arange(start, start + rows), 8),
                "kind": pa.array(names[kind]),
                "customer": _names("c", (size // EVENTS_EACH * draw.random(rows) ** 1.5).astype(np.int64), 6),
                "product": pa.array(_words("p", product, 4), mask=nothing),
                "at": np.sort(draw.integers(since, until, rows)),
                "quantity": quantity,
                "amount": pa.array(paid, mask=~bought),
                "currency": pa.array(np.full(rows, "CNY"), mask=~bought),
                "value": pa.array(value, mask=~valued),
            }
        )


def products(seed: int) -> pa.Table:
    """The catalogue."""
    numbers = np.arange(PRODUCTS)
    return pa.table(
        {
            "product": _names("p", numbers, 4),
            "category": _names("k", numbers % CATEGORIES, 2),
            "list_price": _prices(seed),
        }
    )


def _prices(seed: int) -> Any:
    return np.exp(np.random.default_rng(seed + 1).normal(8, 1, PRODUCTS)).astype(np.int64) + 100


def _words(prefix: str, numbers: Any, width: int) -> Any:
    return np.char.add(prefix, np.char.zfill(numbers.astype(np.str_), width))


def _names(prefix: str, numbers: Any, width: int) -> pa.Array:
    return pa.array(_words(prefix, numbers, width))


def write_shop(folder: Path, size: int, seed: int) -> None:
    """`events.parquet` and `products.parquet`."""
    pq.write_table(products(seed), folder / "products.parquet")
    chunks = events(size, seed)
    first = next(chunks)
    with pq.ParquetWriter(folder / "events.parquet", first.schema) as writer:
        writer.write_table(first)
        for chunk in chunks:
            writer.write_table(chunk)


def fit_model(out: Path, seed: int) -> None:
    """A model fitted on a small shop of the same kind."""
    import retention
    from retention.history import History

    rows = next(events(FITTED_ON * EVENTS_EACH, seed)).to_pylist()
    retention.fit(History.from_rows(rows, products(seed).to_pylist()), out, now=NOW, seed=seed)


def child(folder: Path, model: Path) -> None:
    """One run, in a process of its own; prints JSON."""
    from retention.features.engines import over_parquet
    from retention.scoring import score_tables

    started = time.perf_counter()
    tables = over_parquet(folder / "events.parquet", folder / "products.parquet", folder)
    scored = score_tables(model, tables, folder / "scores.parquet", now=NOW)
    taken = time.perf_counter() - started
    print(json.dumps({"seconds": taken, "cpu": time.process_time(), "customers": scored, "mb": _peak_mb()}))


def _peak_mb() -> float:
    """The most memory this process ever held; not of the one that started it, as `getrusage` may have it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("there is no VmHWM in /proc/self/status: memory is measured on Linux alone")


def measure(sizes: list[int], runs: int, seed: int) -> list[dict[str, Any]]:
    """Every size so many times; sizes take turns, so that a busy moment spoils none of them alone."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fit_model(home / "model", seed)
        for size in track(sizes, description="Writing logs"):
            (home / str(size)).mkdir()
            write_shop(home / str(size), size, seed)
        found: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
        for size in track(sizes * runs, description="Scoring"):
            command = [sys.executable, "-m", "tests.benchmarks.scale", "--child", str(home / str(size)),
                       "--model", str(home / "model")]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[size].append(json.loads(done.stdout))
    return [_summed_up(size, found[size]) for size in sizes]


def _summed_up(size: int, runs: list[dict[str, Any]]) -> dict[str, Any]:
    seconds = [one["seconds"] for one in runs]
    return {
        "events": size,
        "customers": runs[0]["customers"],
        "seconds": statistics.median(seconds),
        "fastest": min(seconds),
        "slowest": max(seconds),
        "cpu": statistics.median(one["cpu"] for one in runs),
        "mb": max(one["mb"] for one in runs),
    }


def section(rows: list[dict[str, Any]], runs: int, seed: int) -> str:
    """The section of docs/benchmarks.md."""
    first, last = rows[0], rows[-1]
    growth = math.log(last["seconds"] / first["seconds"]) / math.log(last["events"] / first["events"])
    table = report.table(
        (
            "events",
            "customers",
            "of them buyers",
            "seconds",
            "fastest – slowest",
            "CPU seconds",
            "peak MB",
        ),
        [
            (
                f"{one['events']:,}",
                f"{one['events'] // EVENTS_EACH:,}",
                f"{one['customers']:,}",
                f"{one['seconds']:.1f}",
                f"{one['fastest']:.1f} – {one['slowest']:.1f}",
                f"{one['cpu']:.1f}",
                f"{one['mb']:.0f}",
            )
            for one in rows
        ],
    )
    said = (
        f"`make bench-scale`, {report.today()}, {report.machine()}. A made-up log (seed {seed}) in Parquet, "
        f"{EVENTS_EACH} events a customer; Ibis on DuckDB with {THREADS} threads and {MEMORY}, from the files to the "
        "features of every customer and the scores of every buyer, in a process of its own. Seconds are the "
        f"median of {runs} runs, memory the most of any run; CPU is of the whole "
        f"process, its start included. Time grows as the number of events to the power of "
        f"{growth:.2f} (1 is linear). The events are taken as checked."
    )
    return f"## Scale: features and scores of a large shop\n\n{said}\n\n{table}\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 2_000_000, 4_000_000, 8_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child, asked.model)
        return
    text = section(measure(sorted(asked.events), asked.runs, asked.seed), asked.runs, asked.seed)
    print(text)
    if asked.write:
        report.write_section("scale", text)


if __name__ == "__main__":
    main()
