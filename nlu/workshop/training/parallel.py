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
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import distributed

from kernel.console import Progress, quiet

Task = TypeVar("Task")
Result = TypeVar("Result")


def cores() -> int:
    """Processors of this machine."""
    return os.cpu_count() or 1


def run_parallel(
    work: Callable[[Task, Progress], Result], tasks: Sequence[Task], progress: Progress
) -> list[Result]:
    """What `work`, a function of a module, gives for each task, in order; a process each while there are cores.

    The tasks take equally long: the progress of the first stands for all. What one of them raises is raised at once,
    and ends the others: they may be waiting for its part of a batch.
    """
    context = multiprocessing.get_context("spawn")
    reports, (ended, end) = context.Queue(), context.Pipe(duplex=False)
    workers = min(len(tasks), cores())
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(reports, cores() // workers, ended)
    ) as pool:
        results = [pool.submit(_do, work, task, task is tasks[0]) for task in tasks]
        failed = _relay(reports, results, progress)
        if failed is not None:
            end.close()
            raise failed
    end.close()
    return [result.result() for result in results]


def _relay(reports: Any, results: Sequence[Future[Any]], progress: Progress) -> BaseException | None:
    """Pass on what the first process reports until all have ended or one has failed: with what."""
    while True:
        done, others = wait_for(results, timeout=0)
        failed = next((found for result in done if (found := result.exception()) is not None), None)
        if failed is not None:
            return failed
        try:
            progress(*reports.get(timeout=1 if others else 0))
        except queue.Empty:
            if not others:
                return None


_reports: Any = None
"""In a child process: what its parent listens to."""


def _begin(reports: Any, threads: int, ended: Connection) -> None:
    global _reports
    _reports = reports
    torch.set_num_threads(threads)
    threading.Thread(target=_end_with, args=(ended,), daemon=True).start()


def _end_with(ended: Connection) -> None:
    """End this process when its parent says so or is gone: nobody would take what it goes on making."""
    parent = multiprocessing.parent_process()
    hear([ended, parent.sentinel] if parent is not None else [ended])
    os._exit(1)


def _do(work: Callable[[Task, Progress], Result], task: Task, reports: bool) -> Result:
    return work(task, _report if reports else quiet)


def _report(what: str, share: float) -> None:
    _reports.put((what, share))


@dataclass(frozen=True, slots=True)
class Share:
    """The part of one process in a training by several: each reads its part of every batch, all take the same step."""

    rank: int = 0
    count: int = 1

    def join(self, meeting: Path) -> None:
        """Wait for the others; `meeting` is a file that doesn't exist yet."""
        if self.count > 1:
            distributed.init_process_group(
                "gloo", init_method=f"file://{meeting}", rank=self.rank, world_size=self.count
            )

    def leave(self) -> None:
        """Wait for the others and part from them."""
        if self.count > 1:
            distributed.barrier()
            distributed.destroy_process_group()

    def rows(self) -> slice:
        """Which rows of a batch are this process's."""
        return slice(self.rank, None, self.count)

    def average(self, tensors: Sequence[torch.Tensor]) -> None:
        """Make each of the float32 tensors the mean of all processes' in place; the same bits in each process."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors]) / self.count
        distributed.all_reduce(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))


ALONE = Share()
