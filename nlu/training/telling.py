"""How far a training is, told on a bar of this process or of the one that started it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from rich.progress import Progress, TaskID


class Telling(Protocol):
    """Told how a training goes."""

    def begin(self, steps: int, done: int) -> None:
        """A training of so many steps goes on after `done`."""

    def step(self, said: str) -> None:
        """One step is done; `said` is how it goes."""

    def passed(self, said: str) -> None:
        """A pass over the messages is done."""


@dataclass(slots=True)
class OnBar:
    """A bar of its own in a display."""

    progress: Progress
    name: str
    task: TaskID = field(default=TaskID(0), init=False)

    def begin(self, steps: int, done: int) -> None:
        """Show the bar."""
        self.task = self.progress.add_task(self.name, total=steps, completed=done)

    def step(self, said: str) -> None:
        """Move it."""
        self.progress.update(self.task, advance=1, description=f"{self.name}, {said}")

    def passed(self, said: str) -> None:
        """Leave a line above it."""
        self.progress.console.log(f"{self.name}: {said}")
