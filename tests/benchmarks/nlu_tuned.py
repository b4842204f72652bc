"""Both encoders fine-tuned: `python -m tests.benchmarks.nlu_tuned --public FOLDER` writes its section.

It takes hours; what was scored is kept under `.bench/` by the hash of the data, so that a run that was cut off goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from kernel.console import quiet
from nlu.modelfiles import SHIPPED
from nlu.workshop.comparison import FINETUNED, FINETUNED_BASELINE, OURS, learn, score
from nlu.workshop.evaluation import Report
from nlu.workshop.training.e5_baselines import FinetunedE5
from tests.benchmarks.nlu_public import KEPT, NEVER_MET, Split, share, splits
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
        reports = _scores(split, baseline=not chosen.ours)
        names = list(reports)
        lines.append([split.name, str(len(split.test)), *(share(one) for one in reports.values())])
    figures = table(["all messages", "tested", *names], lines)
    if chosen.ours:
        write_section("nlu-tuned-ours", _ours(figures))
    else:
        write_section("nlu-tuned", _beside_the_baseline(figures))


def _scores(split: Split, *, baseline: bool) -> dict[str, Report]:
    """As `compare` makes and keeps them; without the `baseline`, whose scores do not change with our model."""
    texts, labels = [row.text for row in split.train], [row.label for row in split.train]
    makers = {OURS: lambda: learn(split.train), FINETUNED: lambda: learn(split.train, finetune=True)}
    if baseline:
        makers[FINETUNED_BASELINE] = lambda: FinetunedE5(KEPT, quiet).fit(texts, labels).predict
    return score(makers, split.train, split.test, KEPT, SHIPPED, seed=0, progress=quiet)[0]


def _beside_the_baseline(figures: str) -> str:
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
