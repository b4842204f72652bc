"""A shop that wins customers back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.outreach.last_look import LastLook
from bot.outreach.planner import Planner
from storage import Store
from tests.bot.outreach.campaigns import TIME_ZONE, write


@pytest.fixture
def decisions(any_store: Store, tmp_path: Path) -> Decisions:
    return Decisions(ServedRetention(any_store, tmp_path), stock_age=0.0)


@pytest.fixture
def planner(any_store: Store, decisions: Decisions) -> Planner:
    return Planner(any_store, decisions, TIME_ZONE, channels=["telegram"])


@pytest.fixture
def last_look(decisions: Decisions) -> LastLook:
    return LastLook(decisions, write, TIME_ZONE, channels=["telegram"])
