"""Where the trainings of our own heads begin: the cut encoder after its lessons, and the teacher."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import Progress
from tokenizers import Tokenizer

from nlu.normalise import readable
from nlu.training import data, fit, lessons, network, vocabulary, weights
from nlu.training.data import Example
from nlu.training.material import Material, gather
from nlu.training.processes import cores, side_by_side
from nlu.training.shared import Share
from nlu.training.teacher import Teacher, learn_from
from nlu.training.telling import Telling

LAYERS = (0, 2, 4, 6, 8, 11)
"""Kept of the pretrained twelve: first, last and every second between."""
LEARNING_TOGETHER = 2
"""Processes that go through the lessons together; with more, what each reads of a batch is too little."""


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


def start(
    stages: Path,
    material: Material,
    plan: fit.Plan,
    progress: Progress,
    *,
    public: Path | None,
    distil: bool,
) -> Start:
    """The cut encoder, through its lessons unless that was declined, and the teacher of the messages in these."""
    started = _before_lessons(stages, material, progress, distil=distil)
    if distil:
        learned = _teach(stages, plan, public, progress)
        started.reader.load_state_dict(torch.load(learned, weights_only=True))
    return started


def _before_lessons(stages: Path, material: Material, progress: Progress, *, distil: bool = True) -> Start:
    pretrained = weights.read(weights.find())
    texts = [readable(example.text) for example in material.lessons]
    rows_file, tokenizer_file = stages / "rows.npy", stages / "tokenizer.json"
    if not rows_file.exists():
        cut = vocabulary.cut(pretrained.pieces, texts)
        cut.tokenizer.save(str(tokenizer_file), pretty=False)
        _save(rows_file, np.array(cut.rows))
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    encoder = network.build_encoder(pretrained, np.load(rows_file).tolist(), LAYERS)
    reader = network.Reader(encoder, lessons.tasks(material.lessons))
    if not distil:
        return Start(reader, tokenizer, Teacher.of_nothing(pretrained.sizes.hidden))
    # A text's vector is the same in every build.
    return Start(reader, tokenizer, learn_from(stages.parent, pretrained.sizes.hidden, texts, progress))


def _save(path: Path, numbers: npt.NDArray[np.int64]) -> None:
    """Whole or not at all."""
    fresh = path.with_suffix(".new.npy")
    np.save(fresh, numbers)
    fresh.replace(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lessons:
    """One process's share of the lessons."""

    share: Share
    plan: fit.Plan
    public: Path | None
    stages: Path
    meeting: Path

    @property
    def name(self) -> str:
        """One bar for all of them."""
        return "" if self.share.rank else "lessons"


def _teach(stages: Path, plan: fit.Plan, public: Path | None, progress: Progress) -> Path:
    """Go through the lessons unless that was done; the file of what was learned."""
    finished = stages / "lessons-learned.pt"
    if finished.exists():
        return finished
    count = min(LEARNING_TOGETHER, cores())
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder) / "meeting"
        tasks = [
            _Lessons(share=Share(rank, count), plan=plan, public=public, stages=stages, meeting=meeting)
            for rank in range(count)
        ]
        side_by_side(_learn, tasks, progress)
    return finished


def _learn(task: _Lessons, told: Telling) -> None:
    material = gather(task.public, task.plan.seed, task.stages.parent)
    # The heads begin at random: at the same in each process.
    torch.manual_seed(task.plan.seed)
    with Progress(console=Console(quiet=True)) as unseen:
        started = _before_lessons(task.stages, material, unseen)
    task.share.join(task.meeting)
    fit.fit(
        started.reader,
        started.tokenizer,
        started.teacher,
        partial(fit.lessons_of_an_epoch, material.lessons, at_most=fit.LESSONS_A_PASS),
        fit.lesson_part(task.plan),
        told,
        task.stages / "lessons.pt",
        task.share,
    )
    if not task.share.rank:
        fresh = task.stages / "lessons-learned.new"
        torch.save(started.reader.state_dict(), fresh)
        fresh.replace(task.stages / "lessons-learned.pt")
    task.share.leave()
