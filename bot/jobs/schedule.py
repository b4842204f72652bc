"""What happens by the clock.

APScheduler only ticks, in every replica that works; a slot in the store lets one of them run it. A refit,
and a look at list prices, is a child process, so that fitting never takes the serving process's memory or its time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from bot.delivery.faults import faults
from bot.jobs.pruning import forget
from bot.models.retention import KIND
from bot.outreach.planner import Planner
from bot.privacy.erasure import sweep
from kernel.times import utc_now
from storage import Store, StoreUnavailable
from storage.leases import JobRuns
from storage.models import ModelVersions
from storage.offers import Offers

log = logging.getLogger(__name__)

Details = Mapping[str, Any]

_BACKGROUND = 10
"""Nice value of a child process."""
_CHILD_TIMEOUT = timedelta(hours=2).total_seconds()

PROPOSING = (sys.executable, "-m", "bot.cli", "prices", "propose", "--json")
"""The command line of a look at list prices."""


def owner_name() -> str:
    """Who this process is, among replicas."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _let_others_first(pid: int) -> None:
    """Customers who write while models are fitted don't wait for it."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, _BACKGROUND)


class Jobs:
    """The recurring work of a process that works."""

    def __init__(
        self,
        store: Store,
        planner: Planner,
        *,
        time_zone: str,
        seed: int,
        environment: Mapping[str, str],
        propose_prices: Callable[[], bool] = lambda: False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Wire it up; `propose_prices` says whether the shop wants list prices proposed each night."""
        self._store = store
        self._wants_prices = propose_prices
        self._planner = planner
        self._time_zone = time_zone
        self._seed = seed
        self._environment = dict(environment)
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone=time_zone)
        self._children: set[asyncio.subprocess.Process] = set()
        self._stopping = False

    def start(self) -> None:
        """Begin to tick."""
        nightly = CronTrigger(hour=3, minute=0, timezone=self._time_zone)
        self._add("refit", nightly, self.refit)
        self._add("outreach", CronTrigger(minute="*/10", timezone=self._time_zone), self.outreach)
        self._add("expire_offers", CronTrigger(minute="*/15", timezone=self._time_zone), self.expire_offers)
        self._add("prune", CronTrigger(hour=4, timezone=self._time_zone), self.prune)
        self._add("list_prices", CronTrigger(hour=5, timezone=self._time_zone), self.list_prices)
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop ticking and end a refit that is under way; it publishes nothing until it is complete."""
        self._stopping = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for child in list(self._children):
            with suppress(ProcessLookupError):
                child.terminate()

    async def refit_if_older(self, age: timedelta) -> None:
        """Refit now when there was none yet, or the last one is older: the machine may have slept through the night."""
        try:
            async with self._store.read() as connection:
                current = await ModelVersions(connection).current(KIND)
        except StoreUnavailable as error:
            faults.tell(log.warning, error, "could not look how old the models are")
            return
        if current is None or self._clock() - current.fitted_at > age:
            await self._tick("refit", self.refit)

    async def refit(self) -> Details:
        """Fit the models anew in a child process.

        Raises:
            RuntimeError: the child failed; its own log says why, and the model in use stays.
        """
        return await self._child("refit", child_command(self._seed))

    async def list_prices(self) -> Details:
        """Propose list prices in a child process, where the shop wants that; its rule may approve some.

        Raises:
            RuntimeError: the child failed; its own log says why, and no price has changed.
        """
        if not self._wants_prices():
            return {}
        # What it found is in the store.
        return await self._child("look at list prices", PROPOSING, stdout=asyncio.subprocess.DEVNULL)

    async def _child(self, what: str, command: Sequence[str], *, stdout: int | None = None) -> Details:
        child = await asyncio.create_subprocess_exec(*command, env=self._environment, stdout=stdout)
        self._children.add(child)
        _let_others_first(child.pid)
        try:
            code = await asyncio.wait_for(child.wait(), _CHILD_TIMEOUT)
        finally:
            self._children.discard(child)
            if child.returncode is None:
                child.kill()
        if code != 0:
            raise RuntimeError(f"the {what} ended with status {code}; what was in use stays")
        return {"status": code}

    async def outreach(self) -> Details:
        """Note who has answered, and plan today's messages of every active campaign."""
        return await self._planner.run_active(self._clock())

    async def expire_offers(self) -> Details:
        """End offers whose time is over and give their discounts back to the budget."""
        now = self._clock()
        return {"expired": await self._store.write(lambda connection: Offers(connection).expire(now))}

    async def prune(self) -> Details:
        """Forget what nothing depends on any more, and remains of who was erased."""
        return {**await forget(self._store, self._clock()), "swept": await sweep(self._store)}

    def _add(self, name: str, trigger: Any, work: Callable[[], Awaitable[Details]]) -> None:
        self._scheduler.add_job(
            self._tick,
            trigger,
            args=(name, work),
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=600,
        )

    async def _tick(self, name: str, work: Callable[[], Awaitable[Details]]) -> None:
        """Run one slot, if no other process has taken it; while the store is away there is none."""
        with faults.told(log.warning, "the job %s was not run", name, only=StoreUnavailable):
            await self._run_slot(name, work)

    async def _run_slot(self, name: str, work: Callable[[], Awaitable[Details]]) -> None:
        now = self._clock()
        slot = now.strftime("%Y%m%dT%H%M")
        run_id = await self._store.write(
            lambda connection: JobRuns(connection).claim(name, slot, owner_name(), now)
        )
        if run_id is None:
            return
        outcome, details = await self._outcome(name, work)
        await self._store.write(
            lambda connection: JobRuns(connection).finish(run_id, outcome, details, self._clock())
        )

    async def _outcome(self, name: str, work: Callable[[], Awaitable[Details]]) -> tuple[str, Details]:
        try:
            return "done", await work()
        except Exception as error:  # noqa: BLE001 - the next tick must come; the slot keeps what happened
            if self._stopping:
                return "stopped", {}
            faults.tell(log.error, error, "the job %s failed", name)
            return "failed", {"error": type(error).__name__}


def child_command(seed: int) -> list[str]:
    """The command line of a refit; the child takes its settings from the same environment."""
    return [sys.executable, "-m", "bot.cli", "refit", "--seed", str(seed), "--plain"]
