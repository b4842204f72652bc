"""Attacks on the running program, all at once, for a short time; `make torture` goes on for ten minutes.

It runs by itself; how long polite customers wait is bounded loosely all the same, since machines differ.
"""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

import pytest

from tests.torture.run import POLITE, torture

pytestmark = [pytest.mark.slow, pytest.mark.alone]

SECONDS = 15.0
_WITHIN = 5.0
"""Seconds; without limits they wait for as long as the attacks last, and longer."""


@pytest.mark.timeout(300)
async def test_customers_are_answered_and_nothing_is_lost_under_attack(
    filled_home: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(filled_home, home)
    result = await torture(home, SECONDS)
    assert (result.lost, result.open, result.failed) == (0, 0, 0)
    assert len(result.during) >= POLITE
    assert statistics.median(result.during) < _WITHIN
    attempts = {name: sum(seen.values()) for name, seen in result.attacks.items()}
    assert all(attempts.values()), attempts
    assert result.attacks["flood"]["too_fast"]
    log = (tmp_path / "home.log").read_text()
    assert "Traceback" not in log
    assert len(log.splitlines()) < 100
