"""What happens by the clock.

APScheduler only ticks, in every replica that works; a slot in the store lets one of them run it. A refit
is a child process, so that fitting never takes the serving process's memory or its time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from bot.delivery.faults import describe
from bot.models import KIND
from bot.outreach.answers import note_answers
from bot.outreach.planner import Planner
from bot.refit_child import child_command
from storage import Store
from storage.campaigns import Campaigns
from storage.inbox import Inbox
from storage.jobs import JobRuns
from storage.limits import RateLimits
from storage.models import ModelVersions
from storage.offers import Offers

log = logging.getLogger(__name__)

Details = Mapping[str, Any]

WIN_BACK = "win-back"
HOLDOUT_SHARE = 0.1

# Telegram keeps an update for a day; after this none can come a second time.
_KEEP_UPDATES = timedelta(days=30)
_REFIT_TIMEOUT = timedelta(hours=2).total_seconds()


def owner_name() -> str:
    """Who this process is, among replicas."""
    return f"{socket.gethostname()}:{os.getpid()}"


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
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._planner = planner
        self._time_zone = time_zone
        self._seed = seed
        self._environment = dict(environment)
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone=time_zone)
        self._children: set[asyncio.subprocess.Process] = set()

    def start(self) -> None:
        """Begin to tick."""
        nightly = CronTrigger(hour=3, minute=0, timezone=self._time_zone)
        self._add("refit", nightly, self.refit)
        self._add("outreach", CronTrigger(minute="*/10", timezone=self._time_zone), self.outreach)
        self._add("expire_offers", CronTrigger(minute="*/15", timezone=self._time_zone), self.expire_offers)
        self._add("prune", CronTrigger(hour=4, timezone=self._time_zone), self.prune)
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop ticking and end a refit that is under way; it publishes nothing until it is complete."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for child in list(self._children):
            with suppress(ProcessLookupError):
                child.terminate()

    async def refit_if_older(self, age: timedelta) -> None:
        """Refit now when the last one is older than this: the machine may have slept through the night."""
        async with self._store.read() as connection:
            current = await ModelVersions(connection).current(KIND)
        if current is None or self._clock() - current.fitted_at > age:
            await self._tick("refit", self.refit)

    async def refit(self) -> Details:
        """Fit the models anew in a child process.

        Raises:
            RuntimeError: the child failed; its own log says why, and the model in use stays.
        """
        child = await asyncio.create_subprocess_exec(*child_command(self._seed), env=self._environment)
        self._children.add(child)
        try:
            code = await asyncio.wait_for(child.wait(), _REFIT_TIMEOUT)
        finally:
            self._children.discard(child)
            if child.returncode is None:
                child.kill()
        if code != 0:
            raise RuntimeError(f"the refit ended with status {code}; the model in use stays")
        return {"status": code}

    async def outreach(self) -> Details:
        """Note who has answered, and plan today's messages of every active campaign."""
        now = self._clock()
        await note_answers(self._store, now)
        await self._store.write(
            lambda connection: Campaigns(connection).ensure(
                WIN_BACK, "win_back", holdout=HOLDOUT_SHARE, settings={}, seed=self._seed, now=now
            )
        )
        async with self._store.read() as connection:
            campaigns = await Campaigns(connection).active()
        slot = now.strftime("%Y%m%dT%H%M")
        return {campaign.name: dict(await self._planner.run(campaign, slot, now)) for campaign in campaigns}

    async def expire_offers(self) -> Details:
        """End offers whose time is over and give their discounts back to the budget."""
        now = self._clock()
        return {"expired": await self._store.write(lambda connection: Offers(connection).expire(now))}

    async def prune(self) -> Details:
        """Forget what nothing depends on any more: updates handled long ago, whose words are in the
        conversations' history, and limits that nobody is near."""
        now = self._clock()
        return {
            "updates": await self._store.write(
                lambda connection: Inbox(connection).prune(now, _KEEP_UPDATES)
            ),
            "limits": await self._store.write(lambda connection: RateLimits(connection).prune(now)),
        }

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
        """Run one slot, if no other process has taken it."""
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
            log.error("the job %s failed: %s", name, describe(error))
            return "failed", {"error": type(error).__name__}
