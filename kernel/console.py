"""How commands speak: results on standard output; progress, remarks and errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from kernel.errors import LiukeError

Progress: TypeAlias = Callable[[str, float], None]
"""Called with what is being done and which share is finished, 0 to 1."""

# Labels, paths and texts are people's own: `[/vip]` or `:heart:` in them is no markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, markup=False, emoji=False, highlight=False)


def quiet(_what: str, _share: float) -> None:
    """Progress that nobody is shown."""


def fail(message: str) -> NoReturn:
    """End the command with an error."""
    # Unwrapped: a path or a command in it can be copied.
    err.print(message, style="red", soft_wrap=True)
    sys.exit(1)


@contextmanager
def failing() -> Iterator[None]:
    """Errors that the caller can put right end the command with their message."""
    try:
        yield
    except LiukeError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or 'A file'} can't be read or written: {error.strerror or error}")


def remark(message: str) -> None:
    """Say something that nothing is refused for."""
    err.print(message, style="yellow", soft_wrap=True)


def print_json(value: Any) -> None:
    """Write JSON for programs: one document, nothing else on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, unbroken: int = 0
) -> None:
    """A table for people, on standard output.

    Args:
        unbroken: so many first columns are never broken into lines.
    """
    table = Table(title=title or None, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, no_wrap=place < unbroken)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    out.print(table)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Shows that something is being done; nothing where nobody watches."""
    if not err.is_terminal:
        yield
        return
    with err.status(Text(what)):
        yield


@contextmanager
def progress_bar(plain: bool = False) -> Iterator[Progress]:
    """A function that shows progress; where nobody watches (`plain`, or no terminal), each step is a line."""
    if plain or not err.is_terminal:
        yield _plain_progress()
        return
    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def _plain_progress() -> Progress:
    said: set[str] = set()

    def show(what: str, share: float) -> None:
        if what not in said:
            said.add(what)
            err.print(f"  {share:>4.0%}  {what}")

    return show
