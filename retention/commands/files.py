"""What the commands read and write: logs or the shop's own store, tables that are whole or not there, models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from rich.table import Table

from kernel.console import err, fail, failing, print_table, working
from kernel.files import replacing
from retention.report import Problem

if TYPE_CHECKING:
    import pyarrow as pa

    from retention.checks import Checked
    from retention.history import History
    from retention.logs import Log, LogParts

Shop: TypeAlias = Callable[[datetime | None], tuple["History", datetime]]
"""Where the program that mounts the app finds its own shop's history, as of a moment or of now."""

TableColumns: TypeAlias = Mapping[str, Sequence[str | None]]
"""Column name to values as text, None where missing."""
OwnEvents = Annotated[
    Path | None,
    typer.Option("--events", help="The shop's log, .csv or .parquet; without it, this shop's own store."),
]
TABLES = (".csv", ".parquet")
CHARTS = (".png", ".svg")


# --- logs -------------------------------------------------------------------------------------------------


def open_log(events: Path, columns: str | None, at: datetime | None, *, by: str | None = None) -> Log:
    """Read a log, say what was wrong with its rows, and end the command where it can't be read."""
    from retention.logs import Columns, read_log

    with failing(), working(f"reading {events.name}"):
        log = read_log(events, Columns.parse(columns), before=at, by=by)
        problems = log.checked().problems
    print_problems(problems)
    print_notes(log.notes)
    return log


def print_problems(problems: Sequence[Problem]) -> None:
    """What was wrong with the rows, on standard error."""
    if not problems:
        return
    table = Table("rows", "what", "done", "such as row", title="The log", title_justify="left")
    for one in problems:
        table.add_row(f"{one.count}", one.message, one.action, ", ".join(one.examples))
    err.print(table)


def merged(first: Sequence[Problem], second: Sequence[Problem]) -> list[Problem]:
    """The problems of two parts of a log: counts added up, and the first rows of both as examples.

    What is wrong with the catalogue is the same in all parts. A part can't tell who dominates the whole log.
    """
    found = {(one.table, one.code): one for one in first}
    for one in second:
        before = found.get((one.table, one.code))
        if before is None:
            if one.code != "dominant_customer" or one.action == "kept":
                found[one.table, one.code] = one
        elif one.table == "events":
            rows = sorted((*before.examples, *one.examples), key=lambda row: (len(row), row))
            found[one.table, one.code] = replace(
                before, count=before.count + one.count, examples=tuple(rows[:5])
            )
    return list(found.values())


def print_notes(notes: Sequence[str]) -> None:
    """What was chosen, or cannot be said, on standard error."""
    for note in dict.fromkeys(notes):
        err.print(f"· {note}")


def print_metrics(title: str, metrics: Mapping[str, float], prefix: str = "") -> None:
    """How a fit did, on standard output; nothing where it was not measured."""
    if metrics:
        shown = [(name.removeprefix(prefix).replace("_", " "), f"{one:.4g}") for name, one in metrics.items()]
        print_table(title, ("measure", "value"), shown)


@dataclass(frozen=True, slots=True)
class Source:
    """A history, and what it is called."""

    name: str
    history: History
    at: datetime
    rows: int
    items: bool
    """Whether purchases name what was bought."""
    notes: Sequence[str] = ()
    groups: Any = None
    """The values of the column asked for, one for each event."""
    log: Log | None = None

    def checked(self) -> Checked:
        """Every row judged."""
        from retention.checks import check

        return self.log.checked() if self.log is not None else check(self.history, self.at)


def open_source(
    context: typer.Context,
    events: Path | None,
    columns: str | None,
    at: datetime | None,
    by: str | None = None,
) -> Source:
    """Read the log, or the own store where none is named; what cannot be read ends the command."""
    if events is not None:
        log = open_log(events, columns, at, by=by)
        return Source(
            events.name, log.history, log.at, log.rows, "item" in log.columns, log.notes, log.by, log
        )
    shop: Shop | None = context.obj
    if shop is None:
        fail("name the shop's log with --events FILE")
    if columns is not None:
        fail("--columns belongs to a log: name it with --events FILE")
    history, end = shop(at)
    return Source("this shop", history, end, history.events.num_rows, True, groups=_own_groups(history, by))


def _own_groups(history: History, by: str | None) -> Any:
    import pyarrow.compute as pc

    if by is None:
        return None
    if by == "channel":
        return history.events.column("channel")
    if by in ("language", "tier"):
        people = history.customers
        place = pc.index_in(
            history.events.column("customer"), value_set=people.column("customer").combine_chunks()
        )
        return people.column(by).take(place)
    return fail(f"--by {by!r}: the own store can be grouped by channel, language or tier")


def read_columns(path: Path) -> tuple[TableColumns, pa.Table]:
    """All columns as text, and the table with the types of the file. Rows that cannot be read are told of."""
    import pyarrow as pa

    from retention.logs import files

    with failing(), working(f"reading {path.name}"):
        file = files.opened(path)
        table, skipped = files.read(file, file.header)
    if skipped:
        shown = ", ".join(str(one) for one in skipped[:5])
        print_notes([f"{path.name}: {len(skipped)} rows have too many or too few values, such as {shown}"])
    columns: dict[str, list[str | None]] = {}
    for name in table.column_names:
        if name == files.LINE:
            continue
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        columns[name] = [None if one is None else str(one) for one in column.to_pylist()]
    return columns, table


# --- tables -----------------------------------------------------------------------------------------------


def check_path(path: Path | None, suffixes: Sequence[str] = TABLES) -> None:
    """End the command before any work where a table (or a chart) could not be written."""
    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        fail(f"{path}: the suffix decides the format; use {' or '.join(suffixes)}")
    if not path.parent.is_dir():
        fail(f"{path}: there is no folder {path.parent}")


def check_targets(out_file: Path | None, save: Path | None, what: str, model: str = "the model") -> None:
    """End the command where it would write nothing, or could not."""
    if out_file is None and save is None:
        fail(f"name --out for {what}, --save for {model}, or both")
    check_path(out_file)


def write_table(rows: pa.Table | Mapping[str, Any], path: Path, *, log: Log | LogParts | None = None) -> None:
    """Write a table as CSV or Parquet by its suffix; an older file stays until the new one is whole.

    Args:
        rows: an Arrow table, or column name to values.
        path: see `check_path`, which a command calls before its work.
        log: gives `customer` and `item` the types that they have in the log, so that the table joins with it.
    """
    import pyarrow as pa

    table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
    write_tables([table if log is None else as_in_the_log(table, log.types)], path)


def write_tables(tables: Iterable[pa.Table], path: Path) -> None:
    """Write tables of one schema, at least one, under each other, each as it comes; see `write_table`."""
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    rest = iter(tables)
    first = next(rest)
    of = pq.ParquetWriter if path.suffix.lower() == ".parquet" else pacsv.CSVWriter
    try:
        with replacing(path) as draft, of(draft, first.schema) as writer:
            for table in chain((first,), rest):
                writer.write_table(table)
    except OSError as error:
        fail(f"{path} cannot be written: {error}")


def as_in_the_log(table: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    """Ids came in as strings; numbers become numbers again where every one of them can."""
    import pyarrow as pa

    for role, kind in types.items():
        if role not in table.column_names or not pa.types.is_primitive(kind) or pa.types.is_temporal(kind):
            continue
        place = table.column_names.index(role)
        try:
            table = table.set_column(place, role, table.column(place).cast(kind))
        except pa.ArrowInvalid:
            continue
    return table


# --- models -----------------------------------------------------------------------------------------------


def save_part(
    directory: Path,
    part: str,
    content: tuple[Mapping[str, Any], Mapping[str, Any]],
    *,
    seed: int,
    at: datetime | None,
    data: str,
    metrics: Mapping[str, float] | None = None,
) -> None:
    """Write a model of one part; ends the command where the folder holds something already.

    Args:
        at: the moment up to which it has learned; now, where the data has no times.
        data: the hash of what it has learned from; empty for a model that was only taken over.
        metrics: as its fit measured them.
    """
    from retention import artifacts

    manifest = {
        "version": directory.name,
        "fitted_at": (at or datetime.now(UTC)).astimezone(UTC).isoformat(),
        "seed": seed,
        "data_hash": data,
        "metrics": dict(metrics or {}),
    }
    try:
        artifacts.write(directory, manifest, {part: content})
    except OSError as error:
        fail(str(error))


def load_part(directory: Path, part: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A part of the model in a folder; ends the command where it is not there or damaged."""
    from retention import artifacts

    with failing():
        _, parts = artifacts.read(directory)
    if part not in parts:
        fail(f"{directory} holds {', '.join(sorted(parts)) or 'nothing'}, and no model of the kind {part!r}")
    return parts[part]
