"""A shop's own log file, CSV or Parquet, as the history that everything here works on.

    log = read_log(Path("orders.csv"), Columns.parse("customer=CustomerID,item=StockCode,time=InvoiceDate"))
    log.checked()      # for fits
    log.problems       # what was wrong with the rows, with their numbers

Imports Arrow and DuckDB when a log is read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention.logs.columns import NEEDED, ROLES, Columns
from retention.report import Problem
from retention.types import EventKind

if TYPE_CHECKING:
    import pyarrow as pa

    from retention.checks import Checked
    from retention.history import History

SEEN = frozenset({EventKind.VIEW, EventKind.SEARCH, EventKind.CART})
"""Kinds that tell what customers looked at."""
NO_VIEWS = "the log has no views, searches or carts: what they would tell is not in the models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log that has been read, as of a moment."""

    path: Path
    columns: Mapping[str, str]
    """Role to the column that plays it."""
    history: History
    """What lies before `at`, in the order of the file; an event's id is its row in the file."""
    at: datetime
    """Aware, UTC: the moment asked for, or just after the last event; after its day where times are days."""
    rows: int
    """Rows in the file."""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    """How the columns were read, where that was a choice, and what the log cannot tell."""
    types: Mapping[str, Any] = field(default_factory=dict)
    """The Arrow types that customer and item have in the file, for writing them back."""
    by: pa.ChunkedArray | None = None
    """The values of the column asked for with `by`, as strings, one for each event."""

    def checked(self) -> Checked:
        """The history with every row judged, and all problems, those of reading first."""
        from retention.checks import check

        checked = check(self.history, self.at)
        judged = tuple(_in_rows(one) for one in checked.problems)
        return replace(checked, problems=(*self.problems, *judged))


class LogParts(ABC):
    """A log that is looked at one part of its customers after another: a long one need not fit into memory.

    A log that is not long is a single part. Each row of a part is judged by the rows of that part alone.
    """

    path: Path
    columns: Mapping[str, str]
    types: Mapping[str, Any]
    at: datetime
    rows: int
    notes: tuple[str, ...]
    """All as in `Log`."""
    count: int
    """How many parts there are."""

    @abstractmethod
    def part(self, number: int) -> Log:
        """The customers of a part, drawn by chance, with all of their rows; its problems are theirs, and those of rows
        without a customer are in part 0."""

    @abstractmethod
    def customers(self) -> int:
        """How many customers the whole log has."""

    @abstractmethod
    def first_seen(self) -> Mapping[str, int]:
        """Since when items have rows, in microseconds since 1970."""

    @abstractmethod
    def dominant(self) -> Problem | None:
        """For a log in several parts, customers with a tenth of all of its events: a part can't tell."""


def read_parts(
    path: Path, columns: Columns, *, before: datetime | None = None
) -> AbstractContextManager[LogParts]:
    """Read a log that may be longer than memory; arguments and errors as of `read_log`.

    A large file lies in a folder of its own under the system's one for temporary files until the context ends.
    """
    from retention.logs.reading import parts

    return parts(path, columns, before)


def read_log(path: Path, columns: Columns, *, before: datetime | None = None, by: str | None = None) -> Log:
    """Read a log; a million rows take a few seconds.

    Args:
        path: `.csv`, `.tsv`, `.txt` (the delimiter is found), each also with `.gz`, or `.parquet`.
        columns: which column plays which part.
        before: aware; only what happened earlier is read. The report covers those rows alone, too.
        by: a further column to group by; see `Log.by`.

    Raises:
        LogRefused: the file, or one of its columns, cannot be used at all.
    """
    from retention.logs.reading import read

    return read(path, columns, before, by)


def seen_in_the_shop(events: pa.Table) -> bool:
    """Whether the events tell what customers looked at, and not only what they bought."""
    return bool(SEEN & set(events.column("kind").unique().to_pylist()))


def _in_rows(problem: Problem) -> Problem:
    if problem.table != "events":
        return problem
    if problem.code == "dominant_customer":
        return replace(problem, examples=tuple(f"customer {one}" for one in problem.examples))
    ids = [one.removesuffix("r") for one in problem.examples]
    rows = tuple(one.lstrip("0") if one.isdecimal() else one for one in ids)
    return replace(problem, examples=rows)


__all__ = [
    "NEEDED", "NO_VIEWS", "ROLES", "SEEN", "Columns", "Log", "LogParts", "read_log", "read_parts", "seen_in_the_shop",
]  # fmt: skip
