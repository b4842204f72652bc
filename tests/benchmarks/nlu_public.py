"""Labels that are not ours: `python -m tests.benchmarks.nlu_public --public FOLDER` writes the section on public sets.

What baselines and models scored is kept under `.bench/` by the hash of the data, so that a run that was cut off goes
on.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from nlu.intents import OUT_OF_SCOPE
from nlu.workshop.comparison import compare
from nlu.workshop.datasets import held_out, is_held_back, labelled_rows, mapping
from nlu.workshop.evaluation import Report
from nlu.workshop.labelled import Labelled
from nlu.workshop.training_data import PRETRAINING_SETS, is_unseen_label
from tests.benchmarks.report import machine, table, today, write_section

SEED = 3
KEPT = Path(".bench")
TESTED_AT_MOST = 1_500
HWU64 = next(public for public in PRETRAINING_SETS if public.name == "hwu64_en")
NEVER_MET = "HWU64, labels never met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One public set, divided: training never saw the second part."""

    name: str
    train: list[Labelled]
    test: list[Labelled]
    shots: int
    seen: str
    """What the encoder's pre-training saw of it."""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, required=True, help="folder of public sets, one folder a set")
    chosen = parser.parse_args()
    console = Console(stderr=True)
    full: dict[str, dict[str, Report]] = {}
    few: dict[str, dict[str, Report]] = {}
    sets = splits(chosen.public)
    for split in sets:
        console.print(f"{split.name}, few messages")
        few[split.name] = compare(shots(split.train, split.shots), split.test, KEPT)
    whole = [*sets, from_jddc_to_ours(chosen.public)]
    for split in whole:
        console.print(f"{split.name}, all messages")
        full[split.name] = compare(split.train, split.test, KEPT)
    console.print("CLINC150 with messages outside its scope")
    outside = compare(*with_outside(chosen.public), KEPT)
    write_section("nlu-public", "\n\n".join([_section(whole, sets, full, few), _outside(outside)]))


def splits(folder: Path) -> list[Split]:
    """The sets with their parts: a development file of the set's own, or what the hash of the text holds back."""

    def rows(name: str, *files: str) -> list[Labelled]:
        return [Labelled(text=t, label=lab, line=0) for t, lab in labelled_rows(folder / name, files)]

    def by_hash(name: str, file: str) -> tuple[list[Labelled], list[Labelled]]:
        found = rows(name, file)
        kept = [row for row in found if is_held_back(row.text)]
        return [row for row in found if not is_held_back(row.text)], kept

    jddc, banking = by_hash("jddc_zh", "train80.tsv"), by_hash("banking77_en", "train.tsv")
    clinc = rows("clinc150_en", "train.tsv"), rows("clinc150_en", "val.tsv")
    hwu = rows("hwu64_en", "train.tsv"), rows("hwu64_en", "dev.tsv")
    unmet = hwu[0], [row for row in hwu[1] if is_unseen_label(row.label, HWU64.unseen)]
    parts = (
        ("JDDC, 123 labels", jddc, 15, "its labels"),
        ("Banking77", banking, 15, "its labels"),
        ("CLINC150, in scope", clinc, 7, "its labels"),
        ("HWU64", hwu, 10, _met(hwu[0])),
        (NEVER_MET, unmet, 10, "messages alone"),
    )
    return [
        Split(name=name, train=train, test=_at_most(test), shots=count, seen=seen)
        for name, (train, test), count, seen in parts
    ]


def from_jddc_to_ours(folder: Path) -> Split:
    """JDDC's messages under our names of its intents, and the Chinese messages that are held out here."""
    intents = mapping("jddc_zh")
    train = [
        Labelled(text=text, label=intents[label], line=0)
        for text, label in labelled_rows(folder / "jddc_zh", ["train80.tsv"])
        if intents.get(label, "-") not in ("-", OUT_OF_SCOPE) and not is_held_back(text)
    ]
    shared = {row.label for row in train}
    others = [example for part in ("test", "later", "commands") for example in held_out("zh", part)]
    test = [
        Labelled(text=example.text, label=example.intents[0], line=0)
        for example in others
        if example.intents and example.intents[0] in shared
    ]
    name = f"JDDC to messages held out here, {len({row.label for row in test})} shared intents"
    return Split(name=name, train=train, test=test, shots=0, seen="the intents of both")


def _met(rows: Sequence[Labelled]) -> str:
    labels = {row.label for row in rows}
    met = [label for label in labels if not is_unseen_label(label, HWU64.unseen)]
    return f"{len(met)} of its {len(labels)} labels"


def with_outside(folder: Path) -> tuple[list[Labelled], list[Labelled]]:
    """CLINC150 with its few examples of what lies outside, to learn from and to measure on."""

    def rows(*files: str) -> list[Labelled]:
        return [
            Labelled(text=t, label=lab, line=0) for t, lab in labelled_rows(folder / "clinc150_en", files)
        ]

    return rows("train.tsv", "oos_train.tsv"), rows("val.tsv", "oos_val.tsv")


def _at_most(rows: list[Labelled]) -> list[Labelled]:
    return rows if len(rows) <= TESTED_AT_MOST else random.Random(SEED).sample(rows, TESTED_AT_MOST)


def shots(rows: Sequence[Labelled], count: int) -> list[Labelled]:
    """So many messages of each label, drawn once."""
    by_label: dict[str, list[Labelled]] = defaultdict(list)
    for row in rows:
        by_label[row.label].append(row)
    rng = random.Random(SEED)
    return [
        row
        for label in sorted(by_label)
        for row in rng.sample(by_label[label], min(count, len(by_label[label])))
    ]


def share(report: Report) -> str:
    """Accuracy with its interval."""
    low, high = report.interval
    return f"{report.accuracy:.1%} ({low:.1%}–{high:.1%})"


def _table(first: str, sets: Sequence[Split], reports: dict[str, dict[str, Report]]) -> str:
    names = list(next(iter(reports.values())))
    lines = [
        [split.name, str(len(split.test)), *(share(reports[split.name][name]) for name in names)]
        for split in sets
    ]
    return table([first, "tested", *names], lines)


def _outside(reports: dict[str, Report]) -> str:
    lines = [
        [name, share(report), _number(report.out_of_scope_recall), _number(report.out_of_scope_auroc)]
        for name, report in reports.items()
    ]
    header = ["CLINC150 with what lies outside", "right, of those in scope", "recall of outside", "AUROC"]
    return f"""Learned with 100 messages that lie outside, measured on 3,000 messages inside and 100 outside:

{table(header, lines)}"""


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _section(
    whole: Sequence[Split],
    sets: Sequence[Split],
    full: dict[str, dict[str, Report]],
    few: dict[str, dict[str, Report]],
) -> str:
    seen = "; ".join(f"{split.name}: {split.seen}" for split in whole)
    counts = ", ".join(f"{split.shots} ({split.name})" for split in sets)
    return f"""### Other people's labels

`python -m tests.benchmarks.nlu_public`, {today()}, {machine()}. Accuracy with 95 % intervals on the same rows for
everybody, which no part of any training saw: the set's development file, or what the hash of the text holds back.
What our encoder's pre-training saw of the rest: {seen}.
Where they saw labels, few messages means few for the head, not for
the encoder; one row shows labels that the encoder never met, among all of that set's. In the last row every head learns
from JDDC alone, under our names of its intents, and reads the Chinese messages that are held out here. Our encoder was
trained for these intents on messages written for the same corpus, so its figure is not that of a shop it never met.

{_table("all messages", whole, full)}

With {counts} messages a label:

{_table("few messages", sets, few)}"""


if __name__ == "__main__":
    main()
