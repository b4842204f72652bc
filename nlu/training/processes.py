"""Work in several processes side by side: a batch of short messages is too small for the threads of one."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as hear
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
    """What `work`, a function of a module, gives for each task, in order; a process each while there are cores.

    What one of them raises is raised at once, and ends the others: they may be waiting for its part of a batch.
    """
    context = multiprocessing.get_context("spawn")
    told, (ended, end) = context.Queue(), context.Pipe(duplex=False)
    workers = min(len(tasks), cores())
    bars = {task.name: OnBar(progress, task.name) for task in tasks if task.name}
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(told, cores() // workers, ended)
    ) as pool:
        results = [pool.submit(_do, work, task) for task in tasks]
        failed = _relay(told, results, bars)
        if failed is not None:
            end.close()
            raise failed
    end.close()
    return [result.result() for result in results]


def _relay(told: Any, results: Sequence[Future[Any]], bars: dict[str, OnBar]) -> BaseException | None:
    """Show what the processes tell until all of them have ended or one has failed: with what."""
    while True:
        done, others = wait_for(results, timeout=0)
        failed = next((found for result in done if (found := result.exception()) is not None), None)
        if failed is not None:
            return failed
        try:
            name, what, values = told.get(timeout=1 if others else 0)
        except queue.Empty:
            if not others:
                return None
            continue
        show: Callable[..., None] = getattr(bars[name], what)
        show(*values)


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


def _begin(told: Any, threads: int, ended: Connection) -> None:
    global _told
    _told = told
    torch.set_num_threads(threads)
    threading.Thread(target=_end_with, args=(ended,), daemon=True).start()


def _end_with(ended: Connection) -> None:
    """End this process when its parent says so or is gone: nobody would take what it goes on making."""
    parent = multiprocessing.parent_process()
    hear([ended, parent.sentinel] if parent is not None else [ended])
    os._exit(1)


def _do(work: Callable[[Task, Telling], Result], task: Task) -> Result:
    return work(task, _ToParent(task.name))
