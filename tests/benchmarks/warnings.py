"""Warnings by a customer's own rhythm beside fixed rules: how many of the warned left, and how early it was said.

    python -m tests.benchmarks.warnings --data FOLDER

Every purchase begins a silence. A rule says on which day of it somebody is warned of, if they haven't bought by then;
they have left where the silence becomes as long as the horizon. The rhythm is fitted on the first half of each log, and
both rules are judged on the warnings of the second. `FOLDER` holds `online_retail/` and `cdnow/`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kernel.intervals import wilson
from kernel.times import DAY, from_micros, to_micros
from retention.checks import check
from retention.churn.rhythm import CHANCE, Spells, fit
from retention.logs import Columns, read_log
from tests.benchmarks.report import machine, table, today, write_section
from tests.retention.real import CDNOW_COLUMNS, ONLINE_RETAIL_COLUMNS

SEED = 20_261_101
HORIZON = 90
FIXED = (60,)
CHANCES = (0.6, CHANCE, 0.8)
DRAWS = 400
LOGS = {
    "online_retail": ("online_retail/online_retail.parquet", ONLINE_RETAIL_COLUMNS),
    "cdnow": ("cdnow/cdnow_even.parquet", CDNOW_COLUMNS),
}
HEAD = (
    "warned of",
    "warned",
    "of the warned, left (95 %)",
    "days ahead, mean (95 %)",
    "median (quartiles)",
)

Floats = NDArray[np.float64]


def rules(path: Path, columns: str) -> list[list[str]]:
    """A row for each rule, for customers with a gap of their own."""
    log = read_log(path, Columns.parse(columns))
    spells = Spells.of(log.checked())
    first, last = int(spells.days.min()), to_micros(log.at) // DAY
    middle = (first + last - HORIZON) // 2
    rhythm = fit(Spells.of(check(log.history, from_micros(middle * DAY))), seed=SEED)
    if rhythm is None:
        raise SystemExit(f"{path}: no rhythm could be fitted")
    found = []
    for chance in CHANCES:
        limits = np.ceil(rhythm.limits_of(spells.gaps, spells.known, HORIZON, chance))
        found.append(judged(f"own rhythm, {chance:.0%}", spells, limits, middle, last))
        as_early = round(HORIZON - float(found[-1][3].split()[0]))
        limits = np.full(len(spells.days), float(as_early))
        found.append(judged(f"as early: no purchase for {as_early} days", spells, limits, middle, last))
    for days in FIXED:
        limits = np.full(len(spells.days), float(days))
        found.append(judged(f"no purchase for {days} days", spells, limits, middle, last))
    return found


def judged(name: str, spells: Spells, limits: Floats, since: int, end: int) -> list[str]:
    """One rule's warnings from `since` on, of silences whose outcome is known at `end`."""
    known = (spells.gaps > 0) & (spells.days + HORIZON <= end)
    left = spells.length >= HORIZON
    day = spells.days + limits
    warned = known & (day >= since) & (spells.length > limits) & (limits < HORIZON)
    ahead = HORIZON - limits[warned & left]
    low, middle, high = np.quantile(ahead, (0.25, 0.5, 0.75))
    draw = np.random.default_rng(SEED)
    means = [ahead[draw.integers(0, len(ahead), len(ahead))].mean() for _ in range(DRAWS)]
    least, most = np.quantile(means, (0.025, 0.975))
    return [
        name,
        str(int(warned.sum())),
        _share(int((warned & left).sum()), int(warned.sum())),
        f"{ahead.mean():.1f} ({least:.1f} to {most:.1f})",
        f"{middle:.0f} ({low:.0f} to {high:.0f})",
    ]


def _share(part: int, whole: int) -> str:
    low, high = wilson(part, whole)
    return f"{part / whole:.1%} ({low:.1%} to {high:.1%})"


def section(parts: Sequence[str]) -> str:
    """The section of docs/benchmarks.md."""
    said = (
        f"`make bench-churn`, {today()}, {machine()}. Seed {SEED}. Every purchase begins a silence; somebody has left "
        f"where it becomes {HORIZON} days long. The rhythm is fitted on the first half of each log, all warnings are "
        f"of the second, and of customers with at least two purchases. Days ahead are those until the silence is "
        f"{HORIZON} days long, over the warnings of who left: what is left to act in. Rules are comparable where they "
        f"are equally early: then more of the warned should have left. The nightly job warns at {CHANCE:.0%}. Shares "
        "by Wilson, means by bootstrap."
    )
    return "\n\n".join(["## Warnings by the customer's own rhythm", said, *parts]) + "\n"


def main() -> None:
    """Run it and write the section."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    asked = parser.parse_args()
    parts = []
    for name, (path, columns) in LOGS.items():
        if (asked.data / path).exists():
            parts += [f"**{name}**", table(list(HEAD), rules(asked.data / path, columns))]
    text = section(parts)
    print(text)
    if asked.write:
        write_section("warnings", text)


if __name__ == "__main__":
    main()
