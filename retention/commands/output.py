"""How the commands speak, and how they write tables: whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from retention.errors import RetentionError
from retention.report import Problem

if TYPE_CHECKING:
    import pyarrow as pa

    from retention.logs import Log

out = Console()
err = Console(stderr=True)

SUFFIXES = (".csv", ".parquet")
PICTURES = (".png", ".svg")


def fail(message: str) -> NoReturn:
    """End the command with an error."""
    err.print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(1)


@contextmanager
def told() -> Iterator[None]:
    """Errors of the room end the command with their message."""
    try:
        yield
    except RetentionError as error:
        fail(str(error))


def open_log(
    events: Path, columns: str | None, at: datetime | None, *, by: str | None = None, quiet: bool = False
) -> Log:
    """Read a log, say what was wrong with its rows, and end the command where it can't be read."""
    from retention.logs import Columns, read_log

    with told(), working(f"reading {events.name}"):
        log = read_log(events, Columns.parse(columns), before=at, by=by)
        problems = () if quiet else log.checked().problems
    if not quiet:
        tell_problems(problems)
        tell_notes(log.notes)
    return log


def tell_problems(problems: Sequence[Problem]) -> None:
    """What was wrong with the rows, on standard error."""
    if not problems:
        return
    table = Table("rows", "what", "done", "such as row", title="The log", title_justify="left")
    for one in problems:
        table.add_row(f"{one.count}", one.message, one.action, ", ".join(one.examples))
    err.print(table)


def tell_notes(notes: Sequence[str]) -> None:
    """What was chosen, or cannot be said, on standard error."""
    for note in dict.fromkeys(notes):
        err.print(f"· {note}", markup=False, highlight=False)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Shows that something is being done; nothing where nobody watches."""
    if not err.is_terminal:
        yield
        return
    with err.status(what):
        yield


def check_suffix(path: Path) -> None:
    """End the command before any work where the table could not be written."""
    _check(path, SUFFIXES)


def check_picture(path: Path) -> None:
    """The same for a picture."""
    _check(path, PICTURES)


def _check(path: Path, suffixes: Sequence[str]) -> None:
    if path.suffix.lower() not in suffixes:
        fail(f"{path}: the suffix decides the format; use {' or '.join(suffixes)}")
    if not path.parent.is_dir():
        fail(f"{path}: there is no folder {path.parent}")


def write_table(rows: pa.Table | Mapping[str, Any], path: Path, *, log: Log | None = None) -> None:
    """Write a table as CSV or Parquet by its suffix; an older file stays until the new one is whole.

    Args:
        rows: an Arrow table, or column name to values.
        path: see `check_suffix`, which a command calls before its work.
        log: gives `customer` and `item` the types that they have in the log, so that the table joins with it.
    """
    import pyarrow as pa
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    check_suffix(path)
    table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
    if log is not None:
        table = _as_in_the_log(table, log)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.suffix.lower() == ".parquet":
            pq.write_table(table, draft)
        else:
            pacsv.write_csv(table, draft)
        draft.replace(path)
    except OSError as error:
        fail(f"{path} cannot be written: {error}")
    finally:
        draft.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except OSError as error:
        fail(f"{path} cannot be written: {error}")
    finally:
        draft.unlink(missing_ok=True)


def _as_in_the_log(table: pa.Table, log: Log) -> pa.Table:
    """Ids came in as strings; numbers become numbers again where every one of them can."""
    import pyarrow as pa

    for role, kind in log.types.items():
        if role not in table.column_names or not pa.types.is_primitive(kind) or pa.types.is_temporal(kind):
            continue
        place = table.column_names.index(role)
        try:
            table = table.set_column(place, role, table.column(place).cast(kind))
        except pa.ArrowInvalid:
            continue
    return table


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    wrap: bool = True,
    whole: int = 0,
) -> None:
    """A table for people, on standard output.

    Args:
        wrap: whether cells may be broken into lines.
        whole: so many first columns are never broken.
    """
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, no_wrap=not wrap or place < whole)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    out.print(table)


def print_text(text: str) -> None:
    """Text for programs, on standard output, as it is."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
