"""How long it takes to take a shop's data in, by files and by the API, and how the bot answers meanwhile.

    python -m tests.benchmarks.intake [--orders 100000] [--customers 20000] [--products 10000] [--seed 1] [--write]

The files are made up from a seed. Each is imported by `liuke import` as a process of its own, into an empty store and
then once more unchanged; memory is the most that a process had resident. Batches to the API come over HTTP from this
process to `liuke run`, one after the other. Messages come from the fake Telegram at a rate while another import of new
orders runs beside the bot.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from tests.benchmarks.load import Load, at_a_rate
from tests.benchmarks.report import machine, table, today, write_section
from tests.botapi import FakeBotApi
from tests.conftest import POSTGRES
from tests.e2e.program import ROOT, Program

_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
_LINES = (1, 2, 2, 3, 4, 3)
_BATCH = 500
_BATCHES = 40
_RATE = 20.0
_OTHER_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the made-up shop."""

    orders: int
    customers: int
    products: int
    seed: int


def make_files(folder: Path, sizes: Sizes) -> dict[str, Path]:
    """Customers, products and orders, with two and a half lines an order."""
    chance = random.Random(sizes.seed)
    customers = (
        (f"c{n}", f"Customer {n}", f"c{n}@example.com", f"1{n:010}", "gold", n, "2024-01-02 10:00", n % 3 > 0)
        for n in range(sizes.customers)
    )
    products = (
        (
            f"p{n}",
            f"Product {n} of steel",
            f"{10 + n % 90}.90",
            "5.00",
            n % 50,
            f"cat{n % 40}",
            "Acme",
            "Good. " * 20,
        )
        for n in range(sizes.products)
    )
    return {
        "customers": _write(
            folder / "customers.csv", "customer,name,email,phone,tier,points,created,marketing", customers
        ),
        "products": _write(
            folder / "products.csv", "item,name,price,cost,stock,category,brand,description", products
        ),
        "orders": _write(folder / "orders.csv", _ORDER_COLUMNS, _orders("N", sizes, chance)),
        "more orders": _write(folder / "more.csv", _ORDER_COLUMNS, _orders("M", sizes, chance)),
        "other rows": _write(folder / "other.csv", "order,customer,item,quantity,price,time", _other_rows()),
    }  # fmt: skip


_ORDER_COLUMNS = (
    "order,customer,item,quantity,price,time,status,discount,shipping_fee,recipient,city,line,carrier,tracking_number,"
    "shipped,delivered"
)


def _orders(letter: str, sizes: Sizes, chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for n in range(sizes.orders):
        at = _BEGAN + timedelta(minutes=5 * n)
        for _ in range(_LINES[n % len(_LINES)]):
            yield (
                f"{letter}{n}", f"c{n * 7919 % sizes.customers}", f"p{chance.randrange(sizes.products)}",
                1 + chance.randrange(2), f"{10 + chance.randrange(90)}.90", at.isoformat(), "delivered", "2.00",
                "5.00", "A Person", "Town", "Street 1", "SF", f"T{letter}{n}", (at + timedelta(days=1)).isoformat(),
                (at + timedelta(days=3)).isoformat(),
            )  # fmt: skip


def _other_rows() -> Iterator[tuple[Any, ...]]:
    """Rows that somebody takes for customers."""
    return ((f"N{n}", f"c{n}", "p1", 1, "10.90", "2025-01-01") for n in range(_OTHER_ROWS))


def _write(path: Path, columns: str, rows: Iterator[tuple[Any, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns.split(","))
        writer.writerows(rows)
    return path


# --- files ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Took:
    """What one import took."""

    seconds: float
    megabytes: float


def import_files(
    files: dict[str, Path], names: Sequence[str], environment: dict[str, str], kind: str = ""
) -> Took:
    """Import one file after the other; the seconds of all, the most memory of one.

    Args:
        kind: that all of them are taken for and are not: they have to be refused.
    """
    seconds, most = 0.0, 0.0
    for name in names:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "import", kind or name.rpartition(" ")[2], str(files[name])],
            env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        seconds += time.perf_counter() - began
        if bool(status) != bool(kind):
            assert process.stderr is not None
            raise RuntimeError(process.stderr.read().decode()[-2_000:])
        most = max(most, _megabytes(usage))
    return Took(seconds, most)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


# --- the API --------------------------------------------------------------------------------------------------------


async def send_batches(program: Program, key: str, sizes: Sizes) -> float:
    """Orders a second, in batches sent one after the other."""
    chance = random.Random(sizes.seed + 1)
    batches = [[_told(b * _BATCH + n, sizes, chance) for n in range(_BATCH)] for b in range(_BATCHES)]
    async with httpx.AsyncClient(
        base_url=f"{program.address}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=120
    ) as client:
        began = time.perf_counter()
        for batch in batches:
            (await client.post("/orders", json={"orders": batch})).raise_for_status()
        return _BATCH * _BATCHES / (time.perf_counter() - began)


def _told(n: int, sizes: Sizes, chance: random.Random) -> dict[str, Any]:
    at = (_BEGAN + timedelta(minutes=n)).isoformat()
    return {
        "id": f"A{n}", "number": f"A{n}", "customer_id": f"c{n % sizes.customers}", "status": "paid",
        "placed_at": at, "currency": "CNY",
        "lines": [
            {"product_id": f"p{chance.randrange(sizes.products)}", "quantity": 1, "unit_price": 1_990}
            for _ in range(_LINES[n % len(_LINES)])
        ],
    }  # fmt: skip


# --- one database ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """What one database showed."""

    new: Took
    again: Took
    refused: Took
    """A million rows of another kind, refused."""
    rate: float
    """Orders a second by the API."""
    quiet: float
    """p95 of an answer without anything beside it, milliseconds."""
    meanwhile: float
    """The same while orders are imported."""


@contextmanager
def _home(folder: Path, database: str | None) -> Iterator[Program]:
    more = {"LIUKE_DEMO": "false"}
    if database is not None:
        more["LIUKE_DATABASE_URL"] = database
    yield Program(folder / "home", more=more, webhook=True, rate=0)


async def measure(files: dict[str, Path], sizes: Sizes, database: str | None) -> Result:
    """Import, send, and talk, on one database."""
    with tempfile.TemporaryDirectory() as folder, _home(Path(folder), database) as program:
        names = ("customers", "products", "orders")
        new = import_files(files, names, program.environment())
        print(f"  new: {new.seconds:.1f} s, {new.megabytes:.0f} MB", flush=True)
        again = import_files(files, names, program.environment())
        print(f"  again: {again.seconds:.1f} s", flush=True)
        refused = import_files(files, ("other rows",), program.environment(), kind="customers")
        print(f"  refused: {refused.seconds:.1f} s, {refused.megabytes:.0f} MB", flush=True)
        api = FakeBotApi(limits=False, checked=False, log_calls=False)
        async with api.serve(), _running(program, api) as key:
            quiet = (await at_a_rate(api, _RATE, 15)).percentile(0.95)
            meanwhile = await _talk_meanwhile(api, program, files)
            rate = await send_batches(program, key, sizes)
    print(f"  API {rate:.0f} orders/s, p95 {quiet:.0f} and {meanwhile:.0f} ms", flush=True)
    return Result(new, again, refused, rate, quiet, meanwhile)


@asynccontextmanager
async def _running(program: Program, api: FakeBotApi) -> Any:
    program.bot_api = api.address
    key = await asyncio.to_thread(_make_key, program)
    await program.start()
    try:
        await api.wait_for(lambda: api.updates.webhook is not None, 30)
        await Load(api).ask(api.person("First"), "你好")
        # The models of a shop with so many orders are fitted at once; nothing is measured beside that.
        await program.fitted()
        yield key
        await program.stop()
    finally:
        await program.kill()


def _make_key(program: Program) -> str:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "api-key"],
        env=program.environment(), cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


async def _talk_meanwhile(api: FakeBotApi, program: Program, files: dict[str, Path]) -> float:
    importing = asyncio.create_task(
        asyncio.to_thread(import_files, files, ("more orders",), program.environment())
    )
    latencies: list[float] = []
    while not importing.done():
        latencies += (await at_a_rate(api, _RATE, 5)).latencies
    await importing
    ordered = sorted(latencies)
    return 1000 * ordered[int(0.95 * len(ordered))]


@asynccontextmanager
async def _postgres() -> Any:
    name = f"liuke_bench_{uuid.uuid4().hex[:10]}"
    admin = await asyncpg.connect(POSTGRES)
    await admin.execute(f"CREATE DATABASE {name}")
    try:
        yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def _run(sizes: Sizes) -> dict[str, Result]:
    with tempfile.TemporaryDirectory() as folder:
        files = make_files(Path(folder), sizes)
        print("SQLite", flush=True)
        results = {"SQLite": await measure(files, sizes, None)}
        print("PostgreSQL", flush=True)
        async with _postgres() as database:
            results["PostgreSQL"] = await measure(files, sizes, database)
    return results


def _report(results: dict[str, Result], sizes: Sizes) -> str:
    lines = sum(itertools.islice(itertools.cycle(_LINES), sizes.orders))
    rows = [
        [
            name,
            f"{one.new.seconds:.1f}",
            f"{one.new.megabytes:.0f}",
            f"{one.again.seconds:.1f}",
            f"{one.refused.seconds:.1f}",
            f"{one.rate:,.0f}",
            f"{one.quiet:.0f}",
            f"{one.meanwhile:.0f}",
        ]
        for name, one in results.items()
    ]
    header = [
        "",
        "new, s",
        "memory, MB",
        "unchanged, s",
        "refused, s",
        "API, orders/s",
        "p95 quiet, ms",
        "p95 meanwhile, ms",
    ]
    return f"""## Taking a shop's data in

`make bench-intake` ({today()}; {machine()}; seed {sizes.seed}; one run).

{sizes.orders:,} orders of {lines:,} lines, {sizes.customers:,} customers and {sizes.products:,} products from three CSV
files, each by a `liuke import` of its own, into an empty store and once more unchanged; then {_OTHER_ROWS:,} rows of
another kind, which are refused. The API takes batches of
{_BATCH} new orders over HTTP, one after the other. The p95 is of answers to {_RATE:.0f} messages a second, alone and
while {sizes.orders:,} further orders are imported beside the bot, on the same cores.

{table(header, rows)}
"""


def main() -> None:
    """Measure, print, and with `--write` put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sizes = Sizes(options.orders, options.customers, options.products, options.seed)
    page = _report(asyncio.run(_run(sizes)), sizes)
    print(page)
    if options.write:
        write_section("intake", page)


if __name__ == "__main__":
    main()
