"""What writing messages another way is worth: `python -m tests.benchmarks.nlu_augment --work FOLDER`.

The encoder of a build's lessons (`liuke nlu build --work FOLDER` keeps it) learns our own corpus several times, alike
but for how messages are shown: as they stand; some joined in pairs; these and half or all of the changes of
`nlu.training.augment`. Every one sees as many messages. All then read the messages to develop on, the only ones that a
share may be chosen by, and the held-out ones. Short trainings, not the shipped model.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import Progress
from tokenizers import Tokenizer

from nlu.figures import wilson
from nlu.intents import INTENTS
from nlu.normalise import readable
from nlu.training import data, fit, lessons, network, weights
from nlu.training.batches import encode
from nlu.training.data import Example
from nlu.training.material import gather
from nlu.training.processes import side_by_side
from nlu.training.starting import LAYERS, stages_of
from nlu.training.teacher import Teacher
from nlu.training.telling import Telling
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

Right = npt.NDArray[np.bool_]


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
    with Progress(console=Console(stderr=True)) as progress:
        found = side_by_side(_right, trials, progress)
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
{fit.SHARE_CHANGED / 2:.0%} or {fit.SHARE_CHANGED:.0%} of the messages and half or all of their second showings.
{_shown():,} messages each. Intents, 95 % intervals, seed {SEED}. Short trainings, to compare; not the shipped model.

{table(["messages", "rows", *STRENGTHS], lines)}

{_won(trials, found)}""",
    )


def _ours() -> list[Example]:
    return [example for language in ("zh", "en") for example in data.own_corpus(language)]


def measured_on(public: Path | None) -> list[Example]:
    """Messages to develop on and held-out ones, and JDDC's to develop on where they are at hand."""
    parts = [(language, part) for part in ("dev", "test") for language in ("zh", "en")]
    own = [example for language, part in parts for example in data.held_out(language, part)]
    if public is None:
        return own
    _, development = data.public_intents(public, fit.Plan().seed)
    return [*own, *(example for example in development if example.source == "jddc_zh")]


def _shown() -> int:
    """How many messages every training sees."""
    return len(fit.varied(_ours(), random.Random(SEED)))


def _epoch(trial: Trial) -> fit.Epoch:
    ours = _ours()
    if trial.strength is None:
        count = _shown()
        return lambda rng: rng.sample([*ours, *ours], count)
    strength = trial.strength
    return lambda rng: fit.varied(ours, rng, strength)


def _right(trial: Trial, told: Telling) -> Right:
    torch.manual_seed(SEED)
    pretrained = weights.read(weights.find())
    before = gather(trial.public, fit.Plan().seed, trial.work).lessons
    stages = stages_of(trial.work, before, fit.Plan())
    tokenizer = Tokenizer.from_file(str(stages / "tokenizer.json"))
    encoder = network.build_encoder(pretrained, np.load(stages / "rows.npy").tolist(), LAYERS)
    reader = network.Reader(encoder, lessons.tasks(before))
    reader.load_state_dict(torch.load(stages / "lessons-learned.pt", weights_only=True))
    part, _ = fit.own_parts(fit.Plan(seed=SEED, epochs=EPOCHS))
    checkpoint = trial.work / f"augmentation-{trial.strength}.pt"
    checkpoint.unlink(missing_ok=True)
    fit.fit(
        reader, tokenizer, Teacher.of_nothing(pretrained.sizes.hidden), _epoch(trial), part, told, checkpoint
    )
    checkpoint.unlink()
    reader.train(False)
    rows = measured_on(trial.public)
    best = _best(reader, tokenizer, [readable(example.text) for example in rows])
    return np.array([(e.intents or ("",))[0] == INTENTS[i] for e, i in zip(rows, best, strict=True)])


def _best(reader: network.Reader, tokenizer: Tokenizer, texts: Sequence[str]) -> list[int]:
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
