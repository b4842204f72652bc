"""Plans campaigns outside the running program, from the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime

from bot.conversation.texts import Texts
from bot.decisions import Decisions
from bot.jobs import Jobs
from bot.models import ServedRetention
from bot.outreach.planner import Planner
from bot.outreach.writing import WinBackWriter
from bot.settings import Settings
from bot.shop_rules import Steering
from retention.types import PricePolicy
from storage import Store, migrate


async def plan_now(settings: Settings, now: datetime) -> Mapping[str, Mapping[str, int]]:
    """Plan every active campaign once; returns what was decided by campaign."""
    await migrate(settings.store_url)
    store = Store.open(settings.store_url)
    try:
        served = ServedRetention(store, settings.home)
        await served.refresh()
        names = {"zh": settings.shop_name_zh, "en": settings.shop_name_en}
        writer = WinBackWriter(Texts.load(settings.home / "texts"), names, settings.time_zone)
        decisions = Decisions(served, PricePolicy(), steering=Steering(settings.home))
        planner = Planner(store, decisions, writer, settings.time_zone)
        jobs = Jobs(
            store, planner, time_zone=settings.time_zone, seed=0, environment=os.environ, clock=lambda: now
        )
        return await jobs.outreach()
    finally:
        await store.close()
