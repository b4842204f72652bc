"""The trainings of our own heads, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress

from nlu.training import data, fit
from nlu.training.data import Example
from nlu.training.material import gather
from nlu.training.processes import side_by_side
from nlu.training.starting import start
from nlu.training.telling import Telling

LESSONS_AN_EPOCH = 4_000
"""Lessons repeated in every pass over our own messages."""

Weights = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One training: everything that another process needs to do it."""

    part: fit.Part
    plan: fit.Plan
    public: Path | None
    stages: Path
    distil: bool

    @property
    def name(self) -> str:
        """What its bar is called."""
        return self.part.name


def trained(jobs: Sequence[Job], progress: Progress) -> list[Weights]:
    """Weights of the reader after each training, in order; all of them begin where the lessons ended."""
    return [torch.load(file, weights_only=True) for file in side_by_side(_train, jobs, progress)]


def _train(job: Job, told: Telling) -> Path:
    material = gather(job.public, job.plan.seed, job.stages.parent)
    key = f"{data.digest(material.train)}-{job.part.seed}-{job.part.epochs}"
    finished = job.stages / f"trained-{key}.pt"
    if finished.exists():
        return finished
    # Without lessons the heads begin at random: at the same in each training, for their mean to be of use.
    torch.manual_seed(job.plan.seed)
    with Progress(console=Console(quiet=True)) as unseen:
        started = start(job.stages, material, job.plan, unseen, public=job.public, distil=job.distil)

    def epoch_of(rng: Any) -> list[Example]:
        again = fit.lessons_of_an_epoch(material.lessons, rng, LESSONS_AN_EPOCH) if job.public else []
        return fit.varied(material.train, rng) + again

    fit.fit(
        started.reader,
        started.tokenizer,
        started.teacher,
        epoch_of,
        job.part,
        told,
        job.stages / f"fit-{key}.pt",
    )
    fresh = finished.with_suffix(".new")
    torch.save(started.reader.state_dict(), fresh)
    fresh.replace(finished)
    return finished
