"""What happens by the clock forgets only what nothing depends on."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.conversation.messages import Reply
from bot.decisions import Decisions
from bot.jobs import WIN_BACK, Jobs
from bot.models import ServedRetention
from bot.outreach.planner import Planner
from retention.types import PricePolicy
from storage import Store
from storage.campaigns import Campaigns
from storage.limits import Demand, Limit, RateLimits
from tests.factories import NOW


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
    decisions = Decisions(ServedRetention(store, tmp_path), PricePolicy())
    planner = Planner(store, decisions, lambda *_: Reply(text="hello"), "Asia/Shanghai")
    return Jobs(store, planner, time_zone="Asia/Shanghai", seed=1, environment={}, clock=clock)


async def test_limits_that_nobody_is_near_are_forgotten(store: Store, jobs: Jobs, clock: Clock) -> None:
    limit = Limit(key="chat", interval=timedelta(hours=1))
    await store.write(lambda c: RateLimits(c).reserve([Demand(limits=(limit,))], NOW))
    assert (await jobs.prune())["limits"] == 0
    clock.now = NOW + timedelta(hours=1)
    assert (await jobs.prune())["limits"] == 1


async def test_a_campaign_that_was_stopped_is_not_begun_anew(store: Store, jobs: Jobs) -> None:
    assert await jobs.outreach() == {WIN_BACK: {}}
    async with store.read() as connection:
        campaign = await Campaigns(connection).named(WIN_BACK)
    await store.write(lambda c: Campaigns(c).set_state(campaign.id, "ended"))
    assert await jobs.outreach() == {}
