"""What writing messages another way is worth: `python -m tests.benchmarks.nlu_augment --work FOLDER`.

The encoder of a build's pre-training (`liuke nlu build --work FOLDER` keeps it) learns our own corpus several times,
alike but for how messages are shown: as they stand; some joined in pairs; these and half or all of the changes of
`nlu.workshop.training.augmentation`. Every one sees as many messages. All then read the messages to develop on, the
only ones that a share may be chosen by, and the held-out ones. Short trainings, not the shipped model.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from kernel.arrays import Bools
from kernel.console import Progress, progress_bar
from kernel.intervals import wilson
from nlu.intents import INTENTS
from nlu.normalise import encoder_text
from nlu.workshop import datasets
from nlu.workshop.datasets import Example
from nlu.workshop.training import fitting, pretrained
from nlu.workshop.training.building import LAYERS, stages_of
from nlu.workshop.training.network import Reader, build_encoder, encode
from nlu.workshop.training.parallel import run_parallel
from nlu.workshop.training.teacher import Teacher
from nlu.workshop.training_data import gather, tasks
from tests.benchmarks.report import machine, table, today, write_section

SEED = 11
EPOCHS = 1
TYPED = ("typo", "slang", "dialect", "non_native", "short")
STRENGTHS: dict[str, float | None] = {
    "as they stand": None,
    "some joined in pairs": 0.0,
    "joined, half of the changes": 0.5,
    "joined, all of the changes": 1.0,
}

Right = Bools


@dataclass(frozen=True, slots=True)
class Trial:
    """One way to show messages."""

    name: str
    strength: float | None
    """Of the changes; None shows every message as it stands, and alone."""
    work: Path
    public: Path | None


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the work folder of a build")
    parser.add_argument("--public", type=Path, help="folder of public sets that the build used")
    chosen = parser.parse_args()
    trials = [Trial(name, strength, chosen.work, chosen.public) for name, strength in STRENGTHS.items()]
    with progress_bar() as progress:
        found = run_parallel(_right, trials, progress)
    rows = measured_on(chosen.public)
    groups = {
        "to develop on": [row.source.endswith(".dev") for row in rows],
        "to develop on, JDDC's": [row.source == "jddc_zh" for row in rows],
        "held out": [row.source.endswith(".test") for row in rows],
        "held out, typed in a hurry": [row.source.endswith(".test") and row.style in TYPED for row in rows],
    }
    lines = [
        [name, str(sum(members)), *(_share(right[np.array(members)]) for right in found)]
        for name, members in groups.items()
        if any(members)
    ]
    write_section(
        "nlu-augmentation",
        f"""### What writing messages other ways is worth

`python -m tests.benchmarks.nlu_augment`, {today()}, {machine()}. From the same encoder, {EPOCHS} pass over the
{len(_ours())} messages of our corpus alone, most of them twice: as they stand; three in ten joined in pairs instead of
shown again; and with typos by pinyin and keyboard, padding, mixed words, emoji and missing punctuation, in
{fitting.SHARE_CHANGED / 2:.0%} or {fitting.SHARE_CHANGED:.0%} of the messages and half or all of their second showings.
{_shown():,} messages each. Intents, 95 % intervals, seed {SEED}. Short trainings, to compare; not the shipped model.

{table(["messages", "rows", *STRENGTHS], lines)}

{_won(trials, found)}""",
    )


def _ours() -> list[Example]:
    return datasets.own_corpus(*datasets.LANGUAGES)


def measured_on(public: Path | None) -> list[Example]:
    """Messages to develop on and held-out ones, and JDDC's to develop on where they are at hand."""
    parts = [(language, part) for part in ("dev", "test") for language in ("zh", "en")]
    own = [example for language, part in parts for example in datasets.held_out(part, language)]
    if public is None:
        return own
    _, development = datasets.public_intents(public, fitting.Plan().seed)
    return [*own, *(example for example in development if example.source == "jddc_zh")]


def _shown() -> int:
    """How many messages every training sees."""
    return len(fitting.varied(_ours(), random.Random(SEED)))


def _epoch(trial: Trial) -> fitting.Epoch:
    ours = _ours()
    if trial.strength is None:
        count = _shown()
        return lambda rng: rng.sample([*ours, *ours], count)
    strength = trial.strength
    return lambda rng: fitting.varied(ours, rng, strength)


def _right(trial: Trial, progress: Progress) -> Right:
    torch.manual_seed(SEED)
    weights = pretrained.load()
    before = gather(trial.public, fitting.Plan().seed, trial.work).pretraining
    stages = stages_of(trial.work, before, fitting.Plan())
    tokenizer = Tokenizer.from_file(str(stages / "tokenizer.json"))
    encoder = build_encoder(weights, np.load(stages / "rows.npy").tolist(), LAYERS)
    reader = Reader(encoder, tasks(before))
    reader.load_state_dict(torch.load(stages / "lessons-learned.pt", weights_only=True))
    part, _ = fitting.finetuning_parts(fitting.Plan(seed=SEED, epochs=EPOCHS))
    checkpoint = trial.work / f"augmentation-{trial.strength}.pt"
    checkpoint.unlink(missing_ok=True)
    fitting.fit(
        reader, tokenizer, Teacher.of_nothing(weights.sizes.hidden), _epoch(trial), part, progress, checkpoint
    )
    checkpoint.unlink()
    reader.train(False)
    rows = measured_on(trial.public)
    best = _best(reader, tokenizer, [encoder_text(example.text) for example in rows])
    return np.array([(e.intents or ("",))[0] == INTENTS[i] for e, i in zip(rows, best, strict=True)])


def _best(reader: Reader, tokenizer: Tokenizer, texts: Sequence[str]) -> list[int]:
    found: list[int] = []
    with torch.inference_mode():
        for start in range(0, len(texts), 256):
            _, read = reader(*encode(tokenizer, texts[start : start + 256]))
            found.extend(reader.heads["intent"](read).argmax(1).tolist())
    return found


def _share(right: Right) -> str:
    low, high = wilson(int(right.sum()), len(right))
    return f"{right.mean():.1%} ({low:.1%}–{high:.1%})"


def _won(trials: Sequence[Trial], found: Sequence[Right]) -> str:
    """Each way against messages as they stand, of all rows."""
    plain, *others = found
    return "Of all rows, against messages as they stand: " + "; ".join(
        f"“{trial.name}” reads {int((right & ~plain).sum())} rightly that those don't, and "
        f"{int((plain & ~right).sum())} wrongly that those read rightly"
        for trial, right in zip(trials[1:], others, strict=True)
    )


if __name__ == "__main__":
    main()
