"""The customer's own day, whatever the time zone is said to be."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from nlu.types import DialogueContext
from nlu.understander import _today


@pytest.mark.parametrize("zone", ["America", "Mars/Olympus", "../etc", "\x00", ""])
def test_what_is_no_time_zone_changes_nothing(zone: str) -> None:
    now = datetime(2026, 11, 25, 20, tzinfo=UTC)
    assert _today(DialogueContext(now=now, time_zone=zone)) == date(2026, 11, 25)
