"""Work in several processes side by side: a batch of short messages is too small for the threads of one."""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch
from rich.progress import Progress

from nlu.training.telling import OnBar, Telling


class Named(Protocol):
    """What a process is given to do."""

    @property
    def name(self) -> str:
        """What its bar is called; tasks without a name show none."""
        ...


Task = TypeVar("Task", bound=Named)
Result = TypeVar("Result")


def cores() -> int:
    """Processors of this machine."""
    return os.cpu_count() or 1


def side_by_side(
    work: Callable[[Task, Telling], Result], tasks: Sequence[Task], progress: Progress
) -> list[Result]:
    """What `work`, a function of a module, gives for each task, in order; a process each while there are cores."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    workers = min(len(tasks), cores())
    bars = {task.name: OnBar(progress, task.name) for task in tasks if task.name}
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(told, cores() // workers)
    ) as pool:
        results = [pool.submit(_do, work, task) for task in tasks]
        _relay(told, results, bars)
    return [result.result() for result in results]


def _relay(told: Any, results: Sequence[Future[Any]], bars: dict[str, OnBar]) -> None:
    """Show what the processes tell until all of them have ended."""
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
        self._tell("begin", (steps, done))

    def step(self, said: str) -> None:
        self._tell("step", (said,))

    def passed(self, said: str) -> None:
        self._tell("passed", (said,))

    def _tell(self, what: str, values: tuple[object, ...]) -> None:
        if self.name:
            _told.put((self.name, what, values))


_told: Any = None
"""In a child process: what its parent listens to."""


def _begin(told: Any, threads: int) -> None:
    global _told
    _told = told
    torch.set_num_threads(threads)


def _do(work: Callable[[Task, Telling], Result], task: Task) -> Result:
    return work(task, _ToParent(task.name))
