"""Processes are killed and frozen at work; nothing is lost, doubled where it mustn't be, or out of order."""

from __future__ import annotations

import asyncio
import itertools
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.inbox import DurableInbox
from storage import Store
from storage.inbox import Inbox
from storage.schema import outbox
from tests.bot.delivery.fakes import incoming, put, until
from tests.conftest import make_tables

pytestmark = pytest.mark.slow

UPDATES = 120
CONVERSATIONS = 8
CAMPAIGN = 150
WAVES = 5


async def test_workers_that_are_killed_and_frozen(any_url: str, tmp_path: Path) -> None:
    await make_tables(any_url)
    store = Store.open(any_url)
    log = tmp_path / "sent"
    workers = Workers(any_url, log)
    try:
        await workers.start()
        for wave in range(WAVES):
            await store.write(partial(_campaign, wave))
            await _customers_write(store, wave)
            await until(_grows(log, 4), seconds=40)
            await workers.suffer(freeze=wave % 2 == 1)
        await until(lambda: _all_ended(store), seconds=60)
    finally:
        await workers.end()
    left = Counter(map(int, log.read_text().split()))
    async with store.read() as connection:
        rows = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()
    await store.close()
    _check_replies([row for row in rows if row.kind == "reply"], left)
    _check_campaign([row for row in rows if row.kind == "campaign"], left)


class Workers:
    """Two processes, one of which is killed now and then and comes back under another name."""

    def __init__(self, url: str, log: Path) -> None:
        self._url = url
        self._log = log
        self._names = itertools.count()
        self._chance = random.Random(3)
        self._processes: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        self._processes = [await self._new(), await self._new()]

    async def _new(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bot.delivery.worker",
            self._url,
            f"w{next(self._names)}",
            str(self._log),
        )

    async def suffer(self, *, freeze: bool) -> None:
        """Kill one and start another; perhaps the second stands still meanwhile."""
        victim = self._chance.randrange(2)
        other = self._processes[1 - victim]
        if freeze:
            other.send_signal(signal.SIGSTOP)
        self._processes[victim].kill()
        await self._processes[victim].wait()
        self._processes[victim] = await self._new()
        with suppress(TimeoutError):
            # One that was frozen inside a transaction on SQLite keeps everybody waiting until it goes on.
            await until(_grows(self._log, 1), seconds=3)
        other.send_signal(signal.SIGCONT)

    async def end(self) -> None:
        for process in self._processes:
            process.kill()
            await process.wait()


async def _campaign(wave: int, connection: AsyncConnection) -> None:
    each = CAMPAIGN // WAVES
    for number in range(wave * each, (wave + 1) * each):
        await put(connection, f"c{number}", address=f"c{number}", kind="campaign", policy="once")


async def _customers_write(store: Store, wave: int) -> None:
    arriving = DurableInbox(store)
    each = UPDATES // WAVES
    for number in range(wave * each, (wave + 1) * each):
        await arriving.put([incoming(number, address=str(number % CONVERSATIONS))])


async def _all_ended(store: Store) -> bool:
    async with store.read() as connection:
        waiting = await Inbox(connection).count()
        states = set(await connection.scalars(select(outbox.c.state)))
    return waiting == 0 and not states & {"ready", "claimed", "sending"}


def _grows(log: Path, lines: int) -> Callable[[], bool]:
    before = _lines(log)
    return lambda: _lines(log) >= before + lines


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def _check_replies(rows: Sequence[Any], left: Counter[int]) -> None:
    assert sorted(int(row.payload["text"]) for row in rows) == list(range(UPDATES)), "each answered once"
    for address in range(CONVERSATIONS):
        answered = [int(row.payload["text"]) for row in rows if row.address == str(address)]
        assert answered == sorted(answered), "in order"
    assert all(row.state == "sent" and left[row.id] >= 1 for row in rows)


def _check_campaign(rows: Sequence[Any], left: Counter[int]) -> None:
    assert len(rows) == CAMPAIGN
    for row in rows:
        assert left[row.id] <= 1, "a campaign's message left twice"
        assert row.state in ({"sent", "unknown"} if left[row.id] else {"unknown"})
