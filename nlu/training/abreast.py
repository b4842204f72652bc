"""Several trainings side by side, a process each: a batch of short messages is too small for all cores."""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress

from nlu.training import data, fit
from nlu.training.data import Example
from nlu.training.material import gather
from nlu.training.starting import start
from nlu.training.telling import OnBar

LESSONS_AN_EPOCH = 8_000
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


def trained(jobs: Sequence[Job], progress: Progress) -> list[Weights]:
    """Weights of the reader after each training, in order; all of them begin where the lessons ended."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    cores = os.cpu_count() or 1
    workers = min(len(jobs), cores)
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(told, cores // workers)
    ) as pool:
        results = [pool.submit(_train, job) for job in jobs]
        _relay(told, results, {job.part.name: OnBar(progress, job.part.name) for job in jobs})
    return [torch.load(result.result(), weights_only=True) for result in results]


def _relay(told: Any, results: Sequence[Future[Path]], bars: dict[str, OnBar]) -> None:
    """Show what the trainings tell until all of them have ended."""
    while True:
        ended = not wait_for(results, timeout=0).not_done
        try:
            while True:
                name, what, values = told.get(timeout=0 if ended else 1)
                show: Callable[..., None] = getattr(bars[name], what)
                show(*values)
        except queue.Empty:
            if ended:
                return


@dataclass(slots=True)
class _ToParent:
    name: str

    def begin(self, steps: int, done: int) -> None:
        _told.put((self.name, "begin", (steps, done)))

    def step(self, said: str) -> None:
        _told.put((self.name, "step", (said,)))

    def passed(self, said: str) -> None:
        _told.put((self.name, "passed", (said,)))


_told: Any = None
"""In a child process: what its parent listens to."""


def _begin(told: Any, threads: int) -> None:
    global _told
    _told = told
    torch.set_num_threads(threads)


def _train(job: Job) -> Path:
    material = gather(job.public, job.plan.seed)
    key = f"{data.digest(material.train)}-{job.part.seed}-{job.part.epochs}"
    finished = job.stages / f"trained-{key}.pt"
    if finished.exists():
        return finished
    with Progress(console=Console(quiet=True)) as unseen:
        started = start(job.stages, material, job.plan, unseen, distil=job.distil)

    def epoch_of(rng: Any) -> list[Example]:
        again = fit.lessons_of_an_epoch(material.lessons, rng, LESSONS_AN_EPOCH) if job.public else []
        return fit.varied(material.train, rng) + again

    reader, told = started.reader, _ToParent(job.part.name)
    fit.fit(
        reader, started.tokenizer, started.teacher, epoch_of, job.part, told, job.stages / f"fit-{key}.pt"
    )
    fresh = finished.with_suffix(".new")
    torch.save(reader.state_dict(), fresh)
    fresh.replace(finished)
    return finished
