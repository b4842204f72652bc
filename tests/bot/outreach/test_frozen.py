"""A process that stood still: what was said meanwhile counts, whatever it held in hand."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import Decisions
from bot.outreach.planner import Planner
from storage import Store
from storage.campaigns import Campaigns
from storage.customers import Consents
from storage.schema import outbox
from tests.bot.delivery.fakes import START, until
from tests.bot.outreach.campaigns import TIME_ZONE
from tests.factories import add_customer, add_product

PEOPLE = 40
SENT_FIRST = 8


@asynccontextmanager
async def sending(url: str, home: Path, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bot.outreach.worker", url, str(home), str(log)
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


def left(log: Path) -> list[str]:
    """The addresses that a message left for, in order."""
    return log.read_text().split() if log.exists() else []


def stands_still(process: asyncio.subprocess.Process) -> bool:
    return "State:\tT" in Path(f"/proc/{process.pid}/status").read_text()


async def in_state(store: Store, *states: str) -> set[str]:
    async with store.read() as connection:
        return set(await connection.scalars(select(outbox.c.address).where(outbox.c.state.in_(states))))


async def everybody_at_risk(connection: AsyncConnection) -> None:
    await add_product(connection, "p1")
    for number in range(PEOPLE):
        await add_customer(connection, f"c{number}", telegram=str(number), risk=0.9)


async def opt_outs(store: Store, addresses: Iterable[str]) -> tuple[set[str], list[asyncio.Task[str]]]:
    """Everybody says stop; whose word was kept, and those that wait for the frozen process to let go of them."""

    async def stop(address: str) -> str:
        at = START + timedelta(minutes=1)
        await store.write(
            lambda c: Consents(c).record("marketing", False, source="t", now=at, customer_id=f"c{address}")
        )
        return address

    done, waiting = await asyncio.wait([asyncio.create_task(stop(one)) for one in addresses], timeout=5)
    return {task.result() for task in done}, list(waiting)


@pytest.mark.slow
async def test_nothing_is_sent_after_a_stop_that_came_while_the_process_stood_still(
    any_store: Store, any_url: str, decisions: Decisions, tmp_path: Path
) -> None:
    await any_store.write(everybody_at_risk)
    won = await any_store.write(
        lambda c: Campaigns(c).ensure("win-back", "win_back", holdout=0.0, settings={}, seed=7, now=START)
    )
    await Planner(any_store, decisions, TIME_ZONE, channels=["telegram"]).run(won, "s1", START)
    log = tmp_path / "left"
    async with sending(any_url, tmp_path, log) as process:
        await until(lambda: len(left(log)) >= SENT_FIRST, seconds=60)
        process.send_signal(signal.SIGSTOP)
        await until(lambda: stands_still(process))
        before = left(log)
        # One that is past the point of no return may be on the wire already: nobody can tell.
        on_its_way = await in_state(any_store, "sending")
        stopped, waiting = await opt_outs(any_store, (str(number) for number in range(PEOPLE)))
        process.send_signal(signal.SIGCONT)
        await asyncio.gather(*waiting)
        await until(lambda: all_ended(any_store), seconds=60)
    assert len(before) < PEOPLE
    after = set(left(log)[len(before) :])
    assert after & stopped <= on_its_way
    assert await in_state(any_store, "cancelled") >= stopped - set(before) - on_its_way


async def all_ended(store: Store) -> bool:
    return not await in_state(store, "ready", "claimed", "sending")
