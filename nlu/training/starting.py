"""Where the trainings of our own heads begin: the cut encoder after its lessons, and the teacher."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress
from tokenizers import Tokenizer

from nlu.training import data, fit, lessons, network, vocabulary, weights
from nlu.training.batches import readable
from nlu.training.data import Example
from nlu.training.material import Material
from nlu.training.teacher import Teacher, learn_from
from nlu.training.telling import OnBar

LAYERS = (0, 2, 4, 6, 8, 11)
"""Kept of the pretrained twelve: first, last and every second between."""


@dataclass(frozen=True, slots=True)
class Start:
    """What every training begins with."""

    reader: network.Reader
    tokenizer: Tokenizer
    teacher: Teacher


def stages_of(work: Path, before: Sequence[Example], plan: fit.Plan, *, distil: bool = True) -> Path:
    """Where a build keeps its stages: another seed, other lessons `before` or another plan have another place."""
    content = f"{data.digest(before)} {plan.seed} {plan.lesson_epochs} {distil}"
    folder = work / f"lessons-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def start(stages: Path, material: Material, plan: fit.Plan, progress: Progress, *, distil: bool) -> Start:
    """The cut encoder, through its lessons unless that was declined, and the teacher of all messages."""
    pretrained = weights.read(weights.find())
    texts = [readable(example.text) for example in material.lessons]
    rows_file, tokenizer_file = stages / "rows.npy", stages / "tokenizer.json"
    if not rows_file.exists():
        cut = vocabulary.cut(pretrained.pieces, texts)
        cut.tokenizer.save(str(tokenizer_file), pretty=False)
        np.save(rows_file, np.array(cut.rows))
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    encoder = network.build_encoder(pretrained, np.load(rows_file).tolist(), LAYERS)
    reader = network.Reader(encoder, lessons.tasks(material.lessons))
    if not distil:
        return Start(reader, tokenizer, Teacher.of_nothing(pretrained.sizes.hidden))
    # A text's vector is the same in every build.
    teacher = learn_from(stages.parent, pretrained, texts, progress)
    started = Start(reader, tokenizer, teacher)
    _teach(started, stages, material, plan, progress)
    return started


def _teach(started: Start, stages: Path, material: Material, plan: fit.Plan, progress: Progress) -> None:
    finished = stages / "lessons-learned.pt"
    reader = started.reader
    if finished.exists():
        reader.load_state_dict(torch.load(finished, weights_only=True))
        return
    epoch_of = partial(fit.lessons_of_an_epoch, material.lessons)
    part = fit.lesson_part(plan)
    told = OnBar(progress, part.name)
    fit.fit(reader, started.tokenizer, started.teacher, epoch_of, part, told, stages / "lessons.pt")
    torch.save(reader.state_dict(), finished)
