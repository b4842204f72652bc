"""Both encoders fine-tuned: `python -m tests.benchmarks.nlu_tuned --public FOLDER` writes its section.

It takes hours; what was scored is kept under `.bench/` by the hash of the data, so that a run that was cut off goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from nlu.peers.comparing import compare_tuned
from tests.benchmarks.nlu_public import KEPT, NEVER_MET, share, splits
from tests.benchmarks.report import machine, table, today, write_section


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, required=True, help="folder of public sets, one folder a set")
    parser.add_argument(
        "--ours", action="store_true", help="without the 12-layer encoder, into a section of its own"
    )
    parser.add_argument(
        "--sets", nargs="+", default=[""], help="how the names of the sets begin; all by default"
    )
    chosen = parser.parse_args()
    console = Console(stderr=True)
    lines: list[list[str]] = []
    names: list[str] = []
    for split in splits(chosen.public):
        if split.name == NEVER_MET or not split.name.startswith(tuple(chosen.sets)):
            continue
        console.print(split.name)
        reports = compare_tuned(split.train, split.test, KEPT, peer=not chosen.ours)
        names = list(reports)
        lines.append([split.name, str(len(split.test)), *(share(one) for one in reports.values())])
    figures = table(["all messages", "tested", *names], lines)
    if chosen.ours:
        write_section("nlu-tuned-ours", _ours(figures))
    else:
        write_section("nlu-tuned", _beside_the_peer(figures))


def _beside_the_peer(figures: str) -> str:
    return f"""### Fine-tuned

`make bench-tuned`, {today()}, {machine()}. The same rows as above; the encoders themselves learned on every message of
the set, as `liuke nlu train --finetune` does. Ours frozen stands beside them.

{figures}"""


def _ours(figures: str) -> str:
    return f"""#### Ours again

`python -m tests.benchmarks.nlu_tuned --ours`, {today()}, {machine()}. The same rows once more with the weights of that
day, of the sets that were run (`--sets`); what the 12-layer encoder scores does not change with ours.

{figures}"""


if __name__ == "__main__":
    main()
