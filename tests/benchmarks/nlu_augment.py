"""What writing messages another way is worth: `python -m tests.benchmarks.nlu_augment --work FOLDER`.

The encoder of a build's lessons (`liuke nlu build --work FOLDER` keeps it) learns our own corpus twice, once with every
message as it stands and once with the changes of `nlu.training.augment`, otherwise alike; both then read the held-out
messages. Two short trainings, not the shipped model.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
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
from nlu.training.starting import LAYERS, stages_of
from nlu.training.teacher import Teacher
from nlu.training.telling import OnBar
from tests.benchmarks.report import machine, table, today, write_section

SEED = 11
EPOCHS = 1
TYPED = ("typo", "slang", "dialect", "non_native", "short")

Right = npt.NDArray[np.bool_]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the work folder of a build")
    parser.add_argument("--public", type=Path, help="folder of public sets that the build used")
    chosen = parser.parse_args()
    ours = [example for language in ("zh", "en") for example in data.own_corpus(language)]
    test = [example for language in ("zh", "en") for example in data.held_out(language, "test")]
    ways: dict[str, fit.Epoch] = {
        # As many as the other sees: that shows only some of them twice.
        "as they stand": lambda rng: rng.sample([*ours, *ours], len(fit.varied(ours, random.Random(SEED)))),
        "written other ways": lambda rng: fit.varied(ours, rng),
    }
    with Progress(console=Console(stderr=True)) as progress:
        found = {
            name: _right(chosen.work, chosen.public, epoch_of, test, progress)
            for name, epoch_of in ways.items()
        }
    typed = np.array([example.style in TYPED for example in test])
    groups = {"all held-out": np.ones(len(test), bool), "typed in a hurry": typed, "the others": ~typed}
    lines = [
        [name, str(int(chosen_rows.sum())), *(_share(right[chosen_rows]) for right in found.values())]
        for name, chosen_rows in groups.items()
    ]
    write_section(
        "nlu-augmentation",
        f"""### What writing messages other ways is worth

`python -m tests.benchmarks.nlu_augment`, {today()}, {machine()}. From the same encoder, {EPOCHS} passes over the
{len(ours)} messages of our corpus alone, some of them twice a pass, as many in both: as they stand, or with typos by
pinyin and keyboard, padding, mixed words, emoji and joined pairs. A short training, to compare; not the shipped model.

{table(["messages", "rows", *found], lines)}

Both against each other: {_won(*found.values())}.""",
    )


def _right(
    work: Path, public: Path | None, epoch_of: Callable[[random.Random], list[Example]],
    test: Sequence[Example], progress: Progress,
) -> Right:  # fmt: skip
    torch.manual_seed(SEED)
    pretrained = weights.read(weights.find())
    before = gather(public, fit.Plan().seed, work).lessons
    stages = stages_of(work, before, fit.Plan())
    tokenizer = Tokenizer.from_file(str(stages / "tokenizer.json"))
    encoder = network.build_encoder(pretrained, np.load(stages / "rows.npy").tolist(), LAYERS)
    reader = network.Reader(encoder, lessons.tasks(before))
    reader.load_state_dict(torch.load(stages / "lessons-learned.pt", weights_only=True))
    part, _ = fit.own_parts(fit.Plan(seed=SEED, epochs=EPOCHS))
    checkpoint = work / "augmentation.pt"
    checkpoint.unlink(missing_ok=True)
    teacher = Teacher.of_nothing(pretrained.sizes.hidden)
    fit.fit(reader, tokenizer, teacher, epoch_of, part, OnBar(progress, part.name), checkpoint)
    checkpoint.unlink()
    reader.train(False)
    with torch.inference_mode():
        _, read = reader(*encode(tokenizer, [readable(example.text) for example in test]))
        best = reader.heads["intent"](read).argmax(1)
    return np.array([(e.intents or ("",))[0] == INTENTS[i] for e, i in zip(test, best, strict=True)])


def _share(right: Right) -> str:
    low, high = wilson(int(right.sum()), len(right))
    return f"{right.mean():.1%} ({low:.1%}–{high:.1%})"


def _won(plain: Right, changed: Right) -> str:
    gained, lost = int((changed & ~plain).sum()), int((plain & ~changed).sum())
    return f"{gained} messages read rightly only with the changes, {lost} only without"


if __name__ == "__main__":
    main()
