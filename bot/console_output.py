"""How the command line speaks: tables, progress, and errors that say what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

out = Console()
err = Console(stderr=True)


def fail(message: str) -> NoReturn:
    """End the command with an error."""
    err.print(message, style="red", markup=False, highlight=False)
    sys.exit(1)


def print_json(value: Any) -> None:
    """Write JSON for programs: one document, nothing else on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table for people."""
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    out.print(table)


@contextmanager
def progress_bar(plain: bool = False) -> Iterator[Callable[[str, float], None]]:
    """A function that shows what is being done and which share is finished, 0 to 1.

    Where nobody watches (`plain`, or no terminal), each step is a line.
    """
    if plain or not err.is_terminal:
        yield _plain_progress()
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def _plain_progress() -> Callable[[str, float], None]:
    said: set[str] = set()

    def show(what: str, share: float) -> None:
        if what not in said:
            said.add(what)
            err.print(f"  {share:>4.0%}  {what}", markup=False, highlight=False)

    return show
