"""What teaching an intent takes and gives: `python -m tests.benchmarks.nlu_teaching --public FOLDER`.

`liuke nlu train` as a shop would call it, in a process of its own, with ten messages of a label that is none of our
intents; then the taught model reads other messages of that label, and our development messages.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track

import nlu
from kernel.intervals import wilson
from nlu.understander import TransformerUnderstander
from nlu.workshop import datasets
from nlu.workshop.datasets import Example, labelled_rows
from nlu.workshop.training_data import PRETRAINING_SETS, is_unseen_label
from tests.benchmarks.report import machine, table, today, write_section

SEED = 5
EXAMPLES = 10
ASKED = 60
LABELS = {
    "jddc_zh": ("train80.tsv", ("联系客户", "检测单咨询", "购物清单", "补发", "赠品领取更换", "外包装")),
    "hwu64_en": (
        "train.tsv",
        ("general_repeat", "general_explain", "general_dontcare", "general_commandstop"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What came of one call."""

    labels: tuple[str, ...]
    seconds: float
    right: int
    asked: int
    after: float
    """Accuracy on our held-out test messages."""
    later: float
    """The same on those called later."""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, required=True, help="folder of public sets, one folder a set")
    messages = _messages(parser.parse_args().public)
    rounds = [[label] for label in messages]
    rounds.append(list(messages))
    ours, later = (datasets.held_out(part, *datasets.LANGUAGES) for part in ("test", "later"))
    before, before_later = _accuracy(nlu.load(), ours), _accuracy(nlu.load(), later)
    found = [_teach(labels, messages, ours, later) for labels in track(rounds, "teaching")]
    lines = [_line(one) for one in found]
    seconds = [one.seconds for one in found]
    header = ["new intent", "seconds", "read rightly afterwards (95 %)", "held out", "later"]
    write_section(
        "nlu-teaching",
        f"""### A shop teaches it

`python -m tests.benchmarks.nlu_teaching`, {today()}, {machine()}. `liuke nlu train` with {EXAMPLES} messages a new
intent, in a process of its own, from start to end; then at most {ASKED} other messages of that label, which must win
against all of our intents, and the accuracy of our intents on the {len(ours)} held-out test messages,
{before:.1%} before, and on the {len(later)} later ones, {before_later:.1%} before.
None of the labels belongs to any of our intents; the encoder's pre-training
knew them by the labels of their own sets, save
{", ".join(_unmet())}. Median {np.median(seconds):.0f} s, at most {max(seconds):.0f} s.

{table(header, lines)}""",
    )


def _unmet() -> list[str]:
    shares = {public.name: public.unseen for public in PRETRAINING_SETS}
    return [
        label
        for name, (_, labels) in LABELS.items()
        for label in labels
        if is_unseen_label(label, shares[name])
    ]


def _messages(public: Path) -> dict[str, list[str]]:
    rng = random.Random(SEED)
    found: dict[str, list[str]] = {}
    for folder, (file, labels) in LABELS.items():
        rows = labelled_rows(public / folder, [file])
        for label in labels:
            texts = sorted({text for text, given in rows if given == label})
            found[label] = rng.sample(texts, min(len(texts), EXAMPLES + ASKED))
    return found


def _accuracy(understander: TransformerUnderstander, examples: Sequence[Example]) -> float:
    read = understander.understand([example.text for example in examples])
    return float(
        np.mean([meaning.intent in (e.intents or ()) for meaning, e in zip(read, examples, strict=True)])
    )


def _teach(
    labels: Sequence[str], messages: dict[str, list[str]], ours: Sequence[Example], later: Sequence[Example]
) -> Taught:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [f"{text}\t{label}" for label in labels for text in messages[label][:EXAMPLES]]
        (folder / "mine.tsv").write_text("\n".join(["text\tlabel", *lines]) + "\n", "utf-8")
        began = time.perf_counter()
        arguments = [
            "nlu", "train", "--data", folder / "mine.tsv", "--out", folder / "model",
        ]  # fmt: skip
        program = [sys.executable, "-m", "bot.cli", *map(str, arguments)]
        subprocess.run(program, check=True, capture_output=True, env={**os.environ, "LIUKE_HOME": name})
        seconds = time.perf_counter() - began
        understander = nlu.load(folder / "model")
    asked = [(text, label) for label in labels for text in messages[label][EXAMPLES:]]
    read = understander.understand([text for text, _ in asked])
    right = sum(meaning.intent == label for meaning, (_, label) in zip(read, asked, strict=True))
    return Taught(
        labels=tuple(labels),
        seconds=seconds,
        right=right,
        asked=len(asked),
        after=_accuracy(understander, ours),
        later=_accuracy(understander, later),
    )


def _line(one: Taught) -> list[str]:
    low, high = wilson(one.right, one.asked)
    name = one.labels[0] if len(one.labels) == 1 else f"all {len(one.labels)} at once"
    return [
        name,
        f"{one.seconds:.0f}",
        f"{one.right / one.asked:.0%} ({low:.0%}–{high:.0%})",
        f"{one.after:.1%}",
        f"{one.later:.1%}",
    ]


if __name__ == "__main__":
    main()
