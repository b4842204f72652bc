"""The rows of a file as Arrow tables, with the number of each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from kernel.tables import MISSING, CsvTable, ParquetTable, TableFile, TableRefused, open_table
from retention.errors import LogRefused
from retention.logs import fast_csv
from retention.logs.columns import refusing

LINE = "__line"
SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".parquet", ".pq")
BATCH = 100_000
"""Rows of a Parquet file at a time."""

_MISSING = pa.array(sorted(MISSING))
_AS_TEXT = (pa.types.is_dictionary, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)


def opened(path: Path) -> TableFile:
    """A file with its header.

    Raises:
        LogRefused: there is no such file, its suffix is none of `SUFFIXES`, or it cannot be read.
    """
    with refusing():
        if path.is_file() and not path.name.lower().endswith(SUFFIXES):
            raise TableRefused(
                f"{path}: the suffix is of no format that is read here; use {', '.join(SUFFIXES)}"
            )
        return open_table(path)


def read(file: TableFile, columns: Sequence[str]) -> tuple[pa.Table, list[int]]:
    """The named columns and `__line` (the row in the file, from 1; in a CSV file its header is row 1).

    CSV values are strings, Parquet's keep their types. The second part names the rows that could not be
    read, having too many or too few values.
    """
    rows = batches(file, columns, fast=False)
    return pa.Table.from_batches(rows.batches, rows.schema), rows.broken


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file, a portion at a time."""

    schema: pa.Schema
    """Of the columns in the file, and `__line`."""
    batches: Iterator[pa.RecordBatch]
    broken: list[int] = field(default_factory=list)
    """The rows that could not be read; whole when the batches are through."""


def batches(file: TableFile, columns: Sequence[str], *, fast: bool) -> Rows:
    """As `read`, without all of the file in memory.

    Args:
        fast: a long CSV file is read by Arrow, which may end with `fast_csv.OddRow`: then ask again without it.
    """
    wanted = list(dict.fromkeys(columns))
    if isinstance(file, ParquetTable):
        of_file = file.file.schema_arrow
        schema = pa.schema([*(of_file.field(name).remove_metadata() for name in wanted), (LINE, pa.int64())])
        return Rows(schema, _of_parquet(file, wanted, schema))
    places = [file.header.index(name) for name in wanted]
    schema = pa.schema([*((name, pa.string()) for name in wanted), (LINE, pa.int64())])
    broken: list[int] = []
    if fast and fast_csv.can_read(file):
        return Rows(schema, fast_csv.batches(file, wanted, schema, broken), broken)
    return Rows(schema, _of_csv(file, places, schema, broken), broken)


def _of_parquet(file: ParquetTable, wanted: list[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    line = 1
    try:
        for batch in file.file.iter_batches(batch_size=BATCH, columns=wanted):
            lines = pa.array(range(line, line + len(batch)), pa.int64())
            line += len(batch)
            yield pa.record_batch([*(batch.column(name) for name in wanted), lines], schema=schema)
    except (pa.ArrowException, OSError) as error:
        raise LogRefused(f"the file cannot be read as Parquet: {error}") from error


def _of_csv(
    file: CsvTable, places: list[int], schema: pa.Schema, broken: list[int]
) -> Iterator[pa.RecordBatch]:
    for portion in file.portions():
        broken += [number + 1 for number, _, _ in portion.broken]
        cells = list(zip(*portion.rows, strict=True)) or [()] * len(file.header)
        chosen = [_text(cells[place]) for place in places]
        lines = pa.array([number + 1 for number in portion.numbers], pa.int64())
        yield pa.record_batch([*chosen, lines], schema=schema)


def _text(values: Sequence[str]) -> pa.Array:
    column = pa.array(values, pa.string())
    missing = pc.or_(pc.is_in(pc.utf8_lower(column), _MISSING), pc.equal(column, "NA"))
    return pc.if_else(missing, pa.scalar(None, pa.string()), column) if pc.any(missing).as_py() else column


def plain(table: pa.Table) -> pa.Table:
    """Dictionaries and large strings as strings, so that every column has one of few types."""
    for place, column in enumerate(table.schema):
        if any(test(column.type) for test in _AS_TEXT):
            table = table.set_column(place, column.name, table.column(place).cast(pa.string()))
    return table
