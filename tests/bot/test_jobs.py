"""What happens by the clock forgets only what nothing depends on."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.jobs import schedule as jobs_module
from bot.jobs.schedule import Jobs
from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.outreach.planner import WIN_BACK, Planner
from storage import Store
from storage.campaigns import Campaigns
from storage.limits import Demand, Limit, RateLimits
from storage.schema import job_run
from tests.factories import NOW, add_product


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(store: Store, tmp_path: Path, clock: Clock) -> Jobs:
    decisions = Decisions(ServedRetention(store, tmp_path))
    planner = Planner(store, decisions, "Asia/Shanghai", channels=["telegram"])
    return Jobs(store, planner, time_zone="Asia/Shanghai", seed=1, environment={}, clock=clock)


async def test_limits_that_nobody_is_near_are_forgotten(store: Store, jobs: Jobs, clock: Clock) -> None:
    limit = Limit(key="chat", interval=timedelta(hours=1))
    await store.write(lambda c: RateLimits(c).reserve([Demand(limits=(limit,))], NOW))
    assert (await jobs.prune())["limits"] == 0
    clock.now = NOW + timedelta(hours=1)
    assert (await jobs.prune())["limits"] == 1


async def test_only_a_campaign_that_was_started_looks_for_customers(store: Store, jobs: Jobs) -> None:
    await store.write(lambda c: add_product(c, "p1"))
    assert await jobs.outreach() == {}
    async with store.read() as connection:
        campaign = await Campaigns(connection).named(WIN_BACK)
    for state, planned in (("active", {WIN_BACK: {}}), ("ended", {})):
        await store.write(lambda c, state=state: Campaigns(c).set_state(campaign.id, state, NOW))  # type: ignore[misc]
        assert await jobs.outreach() == planned


async def test_a_refit_that_ends_with_the_program_has_not_failed(
    store: Store,
    jobs: Jobs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    started = tmp_path / "started"
    endless = f"import signal; open({str(started)!r}, 'w').close(); signal.pause()"
    monkeypatch.setattr(jobs_module, "child_command", lambda _seed: (sys.executable, "-c", endless))
    refitting = asyncio.create_task(jobs.refit_if_older(timedelta(days=1)))
    async with asyncio.timeout(30):
        while not started.exists():  # noqa: ASYNC110 - a file of another process
            await asyncio.sleep(0.01)
    await jobs.stop()
    await refitting
    async with store.read() as connection:
        assert await connection.scalar(select(job_run.c.outcome)) == "stopped"
    assert not caplog.records


async def test_list_prices_are_looked_at_only_where_the_shop_wants_that(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, ran = [False], tmp_path / "ran"
    command = (sys.executable, "-c", f"open({str(ran)!r}, 'w').close()")
    monkeypatch.setattr(jobs_module, "PROPOSING", command)
    planner = Planner(store, Decisions(ServedRetention(store, tmp_path)), "Asia/Shanghai", channels=[])
    jobs = Jobs(
        store, planner, time_zone="Asia/Shanghai", seed=1, environment={}, propose_prices=lambda: wanted[0]
    )
    assert await jobs.list_prices() == {}
    assert not ran.exists()
    wanted[0] = True
    assert await jobs.list_prices() == {"status": 0}
    assert ran.exists()
    monkeypatch.setattr(jobs_module, "PROPOSING", (sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(RuntimeError, match="status 3"):
        await jobs.list_prices()
