"""How far a new intent is to be kept from others: `python -m tests.benchmarks.nlu_teaching_bounds --public FOLDER`.

What chose `nlu.workshop.adaptation.BEYOND`: ten messages each of JDDC's labels that are none of our intents, and that
`nlu_teaching` does not measure with, are taught with one bound after the other. The taught heads read other messages of
the label, and real messages of our intents to develop on (JDDC's, mapped).
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kernel.console import quiet
from nlu import modelfiles
from nlu.encoder import Encoder
from nlu.heads import Heads
from nlu.workshop import datasets, teaching
from nlu.workshop.adaptation import BEYOND, HeadInputs, LabelledInputs, adapt
from tests.benchmarks.nlu_teaching import ASKED, EXAMPLES, LABELS
from tests.benchmarks.report import machine, table, today, write_section

SEED = 3
FEWEST = EXAMPLES + 15
BOUNDS = (0.0, 0.5, 1.0, 1.5, 2.0)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", type=Path, required=True, help="folder of public sets, one folder a set")
    public: Path = parser.parse_args().public
    messages = _messages(public)
    found = _measured(public, messages)
    lines = [
        [f"{bound:.1f}", f"{own.mean():.1%}", f"{taken.mean():.1%}", f"{taken.max():.1%}"]
        for bound, (own, taken) in zip(BOUNDS, found, strict=True)
    ]
    write_section(
        "nlu-teaching-bounds",
        f"""### How far a new intent is kept from the others

`python -m tests.benchmarks.nlu_teaching_bounds`, {today()}, {machine()}. {len(messages)} labels of JDDC that
`nlu_teaching` does not teach, {EXAMPLES} messages each, one at a time; means over the labels. In
use: {BEYOND}. Seed {SEED}.

{table(["bound", "own messages read rightly", "of JDDC's others taken", "at most"], lines)}""",
    )


def _messages(public: Path) -> dict[str, list[str]]:
    """Labels that mean none of our intents, with enough messages to teach and to ask."""
    intents = datasets.mapping("jddc_zh")
    by_label: dict[str, set[str]] = defaultdict(set)
    for text, label in datasets.labelled_rows(public / "jddc_zh", ["train80.tsv"]):
        if intents.get(label, "-") == "-" and label not in LABELS["jddc_zh"][1]:
            by_label[label].add(text)
    rng = random.Random(SEED)
    return {
        label: rng.sample(sorted(texts), min(len(texts), EXAMPLES + ASKED))
        for label, texts in sorted(by_label.items())
        if len(texts) >= FEWEST
    }


def _measured(public: Path, messages: dict[str, list[str]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """For every bound: of each label the share of its own messages read rightly, and of others' taken."""
    folder = modelfiles.SHIPPED
    heads, encoder = (
        Heads.load(folder / "heads.npz"),
        Encoder(folder / "encoder.onnx", folder / "tokenizer.json"),
    )

    def seen(texts: Sequence[str]) -> HeadInputs:
        return teaching._seen(heads, encoder, texts, "", quiet)

    replayed = teaching._replayed(0)
    kept = seen([example.text for example in replayed])
    dev = datasets.held_out("dev", *datasets.LANGUAGES)
    unseen = seen([example.text for example in dev])
    _, development = datasets.public_intents(public, SEED)
    others = seen([example.text for example in development if example.source == "jddc_zh"])
    rows: list[list[tuple[float, float]]] = [[] for _ in BOUNDS]
    for label, texts in messages.items():
        lesson = LabelledInputs(seen=seen(texts[:EXAMPLES]), labels=np.full(EXAMPLES, label))
        taught = adapt(
            heads, teaching._joined(lesson, teaching._outside(lesson, kept, replayed)), kept, unseen
        )
        own = seen(texts[EXAMPLES:])
        for place, bound in enumerate(BOUNDS):
            moved = taught.intent_bias.copy()
            moved[-1] += BEYOND - bound
            bounded = replace(taught, intent_bias=moved)
            rows[place].append((_as_new(bounded, own), _as_new(bounded, others)))
    return [(np.array(shares)[:, 0], np.array(shares)[:, 1]) for shares in rows]


def _as_new(heads: Heads, seen: HeadInputs) -> float:
    return float((seen.logits(heads).argmax(1) == len(heads.intents) - 1).mean())


if __name__ == "__main__":
    main()
