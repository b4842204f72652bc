"""Ten minutes of attacks on one process while twenty polite customers write.

    python -m tests.torture [--seconds 600] [--write]

The polite ones write from this process, each from an address of its own, a few seconds after the last answer; the
attacks come from another process and share the two cores with the program. Latency is the time from sending a message
to the first words of its answer. The same attacks run for a short time in the tests.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import uvloop

from tests.benchmarks.report import machine, table, today, write_section
from tests.e2e.program import Program
from tests.torture.run import Torture, torture

_WITHIN = 0.25
"""Seconds that 95 of 100 answers to polite customers take at most."""
_GROWTH = 1.1


async def _run(seconds: float) -> Torture:
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / "filled"
        async with Program(filled) as program:
            await program.fitted()
            await program.stop()
        home = Path(folder) / "home"
        shutil.copytree(filled, home)
        return await torture(home, seconds, progress=lambda line: print(line, flush=True))


def _report(result: Torture) -> str:
    attacks = [
        [name, ", ".join(f"{what} {count:,}" for what, count in seen.items())]
        for name, seen in result.attacks.items()
    ]
    rows = [
        ["alone", f"{len(result.before):,}", *_percentiles(result.before)],
        ["under attack", f"{len(result.during):,}", *_percentiles(result.during)],
    ]
    first, last = _memory(result)
    return f"""## Torture

`make torture` ({today()}; {machine()}, shared by the program, the attacks and the customers; {result.seconds:,.0f} s).
Twenty polite customers write in the web chat while the attacks of `tests/torture/attacks.py` run, all of them at once:
hostile texts, 200 sockets that write without a pause, hello after hello, guesses at orders, frames that are none, 800
requests that never end, 300 silent sockets, and pages, keys and bodies that are wrong. Each kind comes from one address
of its own and each customer from another: what one client may take is tried here, not a flood from very many addresses.

{table(["", "answers", "p50 ms", "p95 ms", "p99 ms", "longest ms"], rows)}

Memory of the program's processes: {first:,.0f} MB in the first quarter, {last:,.0f} MB in the last. Of
{len(result.kept):,} messages that were acknowledged, those of the attackers included, {result.lost} were lost,
{result.open} were not handled yet a minute after the end, and {result.failed} were put before staff.

{table(["attack", "what became of its attempts"], attacks)}
"""


def _missed(result: Torture) -> list[str]:
    """What was promised and did not hold."""
    first, last = _memory(result)
    return [
        *(["customers waited too long"] if _percentile(result.during, 0.95) >= _WITHIN else []),
        *(["memory grew"] if last > _GROWTH * first else []),
        *(["messages were lost, left or given up"] if result.lost or result.open or result.failed else []),
    ]


def _memory(result: Torture) -> tuple[float, float]:
    """Medians of the first and the last quarter, MB."""
    quarter = max(1, len(result.memory) // 4)
    return statistics.median(result.memory[:quarter]), statistics.median(result.memory[-quarter:])


def _percentile(latencies: list[float], share: float) -> float:
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _percentiles(latencies: list[float]) -> list[str]:
    return [f"{1000 * _percentile(latencies, share):,.0f}" for share in (0.5, 0.95, 0.99, 1.0)]


def main() -> None:
    """Torture and print; with --write also into docs/benchmarks.md. Ends with 1 where a promise did not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    options = parser.parse_args()
    result = uvloop.run(_run(options.seconds))
    report = _report(result)
    print(report)
    if options.write:
        write_section("torture", report)
    if missed := _missed(result):
        sys.exit(f"torture: {', '.join(missed)}")


if __name__ == "__main__":
    main()
