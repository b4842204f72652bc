"""What a personal price takes with the store: decided, and decided and kept; beside another state of the program.

`python -m tests.benchmarks.offer_speed --write` makes the demo shop for it, which takes minutes; with the home of one
that was made by `liuke demo` and `liuke refit` as its argument, it takes that.
`--beside FOLDER OTHER_HOME` measures a second checkout on a home of its own, turn by turn with this one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from retention.types import Offer

ROUNDS, DECIDED, KEPT = 20, 100, 40
RULES = '[budget]\ncurrency = "CNY"\neach = "month"\ntotal = 10000000\ncustomer = 1000\n'
SECTION = """## A personal price with the store

`make bench-prices`, on {machine}, {today}, {load:.0f} processes waiting beside it.
The demo shop on SQLite, {customers:,} customers, a budget with a limit for each customer; they ask for products that
are bought, as often as those are.

{table}
"""


async def serve(home: Path) -> None:
    """Answer each line of standard input, a seed, with the times of so many offers."""
    from sqlalchemy import select

    from bot.models.decisions import Decisions
    from bot.models.retention import ServedRetention
    from bot.shop.prices import Prices
    from kernel.times import utc_now
    from storage import Store
    from storage.errors import Conflict
    from storage.schema import event, product

    now = utc_now()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(home / "liuke.db", Path(folder) / "liuke.db")
        (Path(folder) / "prices.toml").write_text(RULES, "utf-8")
        store = Store.open(f"sqlite:///{folder}/liuke.db")
        served = ServedRetention(store, home)
        await served.refresh()
        decisions = Decisions(served, prices=Prices(Path(folder)))
        async with store.read() as connection:
            bought = await connection.execute(
                select(event.c.customer_id, event.c.product_id)
                .join(product, product.c.id == event.c.product_id)
                .where(event.c.kind == "purchase", product.c.active.is_(True), product.c.stock > 0)
            )
            pairs = sorted((row.customer_id, row.product_id) for row in bought)
        customers, products = [one[0] for one in pairs], [one[1] for one in pairs]

        async def decided(connection: AsyncConnection, who: str, what: str) -> Offer:
            return await decisions.offer(
                connection, customer_id=who, product_id=what, reason="asked", now=now
            )

        async def kept(
            connection: AsyncConnection, who: str, what: str, took: list[tuple[float, float]]
        ) -> None:
            began, used = time.perf_counter(), time.process_time()
            offer = await decided(connection, who, what)
            if offer.personal:
                await decisions.reserve(connection, offer, reason="asked", now=now)
                took.append((time.perf_counter() - began, time.process_time() - used))

        print(json.dumps({"customers": len(set(customers))}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            rng = random.Random(int(line))
            reading: list[tuple[float, float]] = []
            keeping: list[tuple[float, float]] = []
            for _ in range(DECIDED):
                who, what = rng.choice(customers), rng.choice(products)
                async with store.read() as connection:
                    began, used = time.perf_counter(), time.process_time()
                    await decided(connection, who, what)
                    reading.append((time.perf_counter() - began, time.process_time() - used))
            for _ in range(KEPT):
                who, what = rng.choice(customers), rng.choice(products)
                with suppress(Conflict):
                    await store.write(partial(kept, who=who, what=what, took=keeping))
            print(json.dumps({"decided": reading, "decided and kept": keeping}), flush=True)
        await store.close()


class Worker:
    """A process that measures one state of the program."""

    def __init__(self, code: Path, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), str(home), "--serve"],
            cwd=code,
            env={**os.environ, "PYTHONPATH": str(code)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.customers = int(json.loads(self._line())["customers"])
        self.took: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def turn(self, seed: int, *, counts: bool) -> None:
        """So many offers more."""
        pipe = self._process.stdin
        assert pipe is not None
        pipe.write(f"{seed}\n")
        pipe.flush()
        for name, times in json.loads(self._line()).items():
            if counts:
                self.took[name] += times

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def stop(self) -> None:
        """End it."""
        self._process.communicate()


def make(home: Path) -> None:
    """The demo shop, with its models."""
    home.mkdir()
    for command in ("demo", "refit"):
        subprocess.run(
            [sys.executable, "-m", "bot.cli", command],
            env={**os.environ, "LIUKE_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            check=True,
        )


def measured(workers: list[Worker]) -> None:
    """Turn by turn; the first turn of each only warms it up."""
    for seed in range(ROUNDS + 1):
        for worker in workers if seed % 2 else workers[::-1]:
            worker.turn(seed, counts=seed > 0)
    for worker in workers:
        worker.stop()


def rows(worker: Worker) -> list[list[str]]:
    """What each took, in milliseconds."""
    found = []
    for name, times in worker.took.items():
        clock, processor = ([1e3 * one for one in part] for part in zip(*times, strict=True))
        found.append(
            [
                name,
                f"{len(times):,}",
                f"{median(processor):.2f} ms",
                f"{quantiles(processor, n=20)[-1]:.2f} ms",
                f"{median(clock):.2f} ms",
            ]
        )
    return found


def main() -> None:
    from tests.benchmarks.report import machine, table, today, write_section

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, nargs="?")
    parser.add_argument("--beside", nargs=2, type=Path, metavar=("FOLDER", "OTHER_HOME"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--serve", action="store_true")
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve(asked.home.resolve()))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home
        if home is None:
            home = Path(folder) / "demo"
            make(home)
        ours = Worker(Path(__file__).parents[2], home.resolve())
        other = None if asked.beside is None else Worker(*(one.resolve() for one in asked.beside))
        measured([ours] if other is None else [ours, other])
    head = ["what", "times", "processor's time, median", "95 of 100", "by the clock, median"]
    text = table(head, rows(ours))
    print(text)
    if other is not None:
        print(table(head, rows(other)))
        for name, times in ours.took.items():
            for place, kind in enumerate(("by the clock", "processor's time")):
                ratio = median(one[place] for one in times) / median(one[place] for one in other.took[name])
                print(f"{name}: {ratio:.2f} of the other's median, {kind}")
    if asked.write:
        values = {"machine": machine(), "today": today(), "customers": ours.customers, "table": text,
                  "load": os.getloadavg()[0]}  # fmt: skip
        write_section("prices-store", SECTION.format(**values))


if __name__ == "__main__":
    if "--serve" in sys.argv:
        # Run as a file of another checkout: what is imported is that one's.
        sys.path = [one for one in sys.path if Path(one or ".").resolve() != Path(__file__).parent]
    main()
