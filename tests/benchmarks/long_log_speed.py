"""The commands on a long log: how long they take, and how much memory, as the log grows.

    python -m tests.benchmarks.long_log_speed --write

A log of `tests.benchmarks.long_log` is written as CSV and as Parquet; `liuke retention churn` and `recommend` read it,
fit, and write the scores and lists of everybody, each in a process of its own. Time is that of the whole command, its
start included.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.long_log import write

EVENTS_EACH = 20
FORMATS = ("parquet", "csv")
_COMMAND = "from retention.commands import app; app(prog_name='liuke retention')"
_COMMANDS = ("churn", "recommend")


def measured(command: str, log: Path, out: Path) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak MB of one command."""
    started = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, command, "--events", str(log), "--out", str(out)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{log}: the command ended with {child.returncode}")
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(sizes: Sequence[int], formats: Sequence[str], seed: int) -> list[list[str]]:
    """A row for each size, format and command."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            for suffix in formats:
                log = Path(folder) / f"log.{suffix}"
                events = write(log, size, size // EVENTS_EACH, seed)
                for command in _COMMANDS:
                    seconds, cpu, memory = measured(command, log, Path(folder) / "out.csv")
                    rows.append(
                        [command, f"{events:,}", suffix, f"{log.stat().st_size / 1e6:.0f}", f"{seconds:.0f}",
                         f"{cpu:.0f}", f"{memory:.0f}", f"{os.getloadavg()[1]:.1f}"]
                    )  # fmt: skip
                log.unlink()
    return rows


def section(rows: list[list[str]], seed: int) -> str:
    """The section of docs/benchmarks.md."""
    table = report.table(
        (
            "command",
            "events",
            "format",
            "MB of file",
            "seconds",
            "CPU seconds",
            "peak MB",
            "load of the machine",
        ),
        rows,
    )
    said = (
        f"`make bench-scale`, {report.today()}, {report.machine()}. `liuke retention churn` and `recommend` with "
        f"`--events … --out …` on a "
        f"made-up log (seed {seed}) of {EVENTS_EACH} rows a customer, prices and quantities in it: reading, checking, "
        "fitting, the scores (or ten products) and reasons of every customer, and writing them. A log of more than 2 "
        "million rows is fitted on a sample and looked at in parts. The load is the mean of five minutes of processes "
        "that wanted to run: above 2, seconds count the wait for others, and CPU seconds alone are comparable."
    )
    return f"## Long logs on the command line\n\n{said}\n\n{table}\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 8_000_000])
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    asked = parser.parse_args()
    text = section(measure(asked.events, asked.formats, asked.seed), asked.seed)
    print(text)
    if asked.write:
        report.write_section("long-logs", text)


if __name__ == "__main__":
    main()
