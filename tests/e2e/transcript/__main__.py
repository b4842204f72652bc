"""`python -m tests.e2e.transcript`: play every conversation and write docs/transcript.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.transcript.cast import Player, find_cast
from tests.e2e.transcript.chinese import CHINESE
from tests.e2e.transcript.english import ENGLISH
from tests.e2e.transcript.page import page
from tests.e2e.transcript.player import Performance, Played
from tests.e2e.transcript.scenario import Scenario
from tests.e2e.transcript.stage import Stage, stage

_PAGE = Path(__file__).parents[3] / "docs" / "transcript.md"
# As many as two cores can play without anybody waiting.
_AT_ONCE = 4


async def play_all(filled: Path | None, only: str) -> tuple[list[Played], str]:
    """Play the scenarios whose title holds `only`; what was played, and what the program printed."""
    chosen = [
        (scenario, language)
        for language, scenarios in (("en", ENGLISH), ("zh", CHINESE))
        for scenario in scenarios
        if only in scenario.title
    ]
    async with stage(filled) as theatre:
        return await _perform(theatre, chosen), theatre.program.log


async def _perform(theatre: Stage, chosen: Sequence[tuple[Scenario, str]]) -> list[Played]:
    parts = [(scenario.who, language) for scenario, language in chosen if scenario.who != "stranger"]
    cast = await find_cast(theatre.store, parts, datetime.now(UTC))
    gate = asyncio.Semaphore(_AT_ONCE)

    async def perform(scenario: Scenario, language: str, player: Player | None) -> Played:
        async with gate:
            return await Performance(theatre, scenario, language, player).play()

    players = [
        None if scenario.who == "stranger" else cast.take(scenario.who, language)
        for scenario, language in chosen
    ]
    return await asyncio.gather(
        *(perform(*part, player) for part, player in zip(chosen, players, strict=True))
    )


def main() -> None:
    """Play, write the page, list what did not go as expected."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.transcript", description=__doc__)
    parser.add_argument("--home", type=Path, help="take the demo shop from here; it is made if need be")
    parser.add_argument("--only", default="", help="play the conversations whose title holds this")
    parser.add_argument("--page", type=Path, default=_PAGE)
    options = parser.parse_args()
    try:
        played, log = asyncio.run(play_all(options.home, options.only))
    except RuntimeError as error:
        sys.exit(str(error))
    trouble = [line for line in log.splitlines() if "Traceback" in line or "ERROR" in line]
    options.page.write_text(page(played), encoding="utf-8")
    problems = [problem for one in played for problem in one.problems] + trouble
    print(f"{len(played)} conversations, {len(problems)} problems", *problems, sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
