"""Plays τ-bench's retail tasks with a scripted customer and counts how many come out right.

    python -m tests.benchmarks.tau --data FOLDER [--at-most N] [--seeds N] [--out FOLDER] [--write]

`FOLDER` holds the data set's `users.json`, `orders.json`, `products.json`, `tasks.json` and `policy.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from pathlib import Path

from tests.benchmarks.report import write_section
from tests.benchmarks.tau.figures import section, transcript
from tests.benchmarks.tau.judging import judge
from tests.benchmarks.tau.playing import play
from tests.benchmarks.tau.shop import Data, stage
from tests.benchmarks.tau.wishes import goals


async def main() -> None:
    """Play, count, and keep the transcripts."""
    parser = argparse.ArgumentParser(description="Tasks of a public set, with a scripted customer.")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data set")
    parser.add_argument("--at-most", type=int, default=10**6, help="tasks to play")
    parser.add_argument("--seeds", type=int, default=3, help="how often each is played")
    parser.add_argument("--out", type=Path, help="a folder for the transcripts")
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    given = parser.parse_args()
    began = time.perf_counter()
    data = Data.read(given.data)
    told = list(goals(data))
    playable = [one for one in told if not isinstance(one, str)][: given.at_most]
    left_out = Counter(one for one in told if isinstance(one, str))
    async with stage(data) as open_shop:
        loaded = time.perf_counter() - began
        runs = {seed: await play(open_shop, playable, seed) for seed in range(1, given.seeds + 1)}
    report = section(runs, left_out, time.perf_counter() - began, f"loading the shop {loaded:.0f} s")
    print(report)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        for seed, run in runs.items():
            for name, wanted in (("failed", False), ("passed", True)):
                some = [transcript(one) for one in run if judge(one).passed is wanted]
                (given.out / f"{name}-{seed}.md").write_text("\n\n\n".join(some) + "\n", "utf-8")
    if given.write:
        write_section("tau", report)


if __name__ == "__main__":
    asyncio.run(main())
