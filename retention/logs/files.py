"""A log file as an Arrow table, with the number of each row in the file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from retention.errors import LogRefused

LINE = "__line"
CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
PARQUET = (".parquet", ".pq")
NOTHING = ("", "NULL", "null", "NaN", "nan", "NA", "N/A", "None", "none")
"""What exports write where they have no value."""
ENCODINGS = ("utf-8", "gb18030", "cp1252")
"""Tried in this order; text in UTF-8 is hardly ever valid by chance, in GB 18030 seldom."""
_BLOCK = 1 << 24
UNREADABLE_SHARE = 0.5
"""A column of which so much cannot be read was named by mistake."""
_AS_TEXT = (pa.types.is_dictionary, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)


def kind_of(path: Path) -> str:
    """`csv` or `parquet`, by the suffix.

    Raises:
        LogRefused: the suffix is another.
    """
    name = path.name.lower()
    if name.endswith(CSV):
        return "csv"
    if name.endswith(PARQUET):
        return "parquet"
    raise LogRefused(f"{path}: the suffix decides the format; use {', '.join((*CSV, *PARQUET))}")


def header(path: Path) -> list[str]:
    """The names of the file's columns, in order.

    Raises:
        LogRefused: there is no such file, or it cannot be read as what its suffix says.
    """
    if not path.is_file():
        raise LogRefused(f"{path}: there is no such file")
    if kind_of(path) == "parquet":
        return list(_parquet(path).schema_arrow.names)
    return _csv_header(path)[0]


def read(path: Path, columns: Sequence[str]) -> tuple[pa.Table, list[int]]:
    """The named columns and `__line` (the row in the file, from 1; in a CSV file its header is row 1).

    CSV values are strings, Parquet's keep their types. The second part names the rows that could not be
    read, having too many or too few values.
    """
    wanted = list(dict.fromkeys(columns))
    if kind_of(path) == "csv":
        return _read_csv(path, wanted)
    try:
        table = _parquet(path).read(columns=wanted)
    except (pa.ArrowException, OSError) as error:
        raise LogRefused(f"{path} cannot be read as Parquet: {error}") from error
    return _numbered(table, np.arange(1, table.num_rows + 1)), []


def _parquet(path: Path) -> Any:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise LogRefused(f"{path} cannot be read as Parquet: {error}") from error


def _csv_header(path: Path) -> tuple[list[str], str, str]:
    """Column names, delimiter and encoding of the first line."""
    try:
        with pa.input_stream(str(path)) as stream:
            first = stream.read(1 << 16).split(b"\n", 1)[0].rstrip(b"\r")
    except OSError as error:
        raise LogRefused(f"{path} cannot be read: {error}") from error
    for encoding in ENCODINGS:
        try:
            text = first.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        delimiter = max(",;\t|", key=text.count)
        names = next(csv.reader([text], delimiter=delimiter), [])
        if names and any(names):
            return names, delimiter, encoding
        raise LogRefused(f"{path} is empty: its first line must name the columns")
    raise LogRefused(f"{path} is in no encoding that this program reads: save it as UTF-8")


def _read_csv(path: Path, columns: list[str]) -> tuple[pa.Table, list[int]]:
    names, delimiter, first = _csv_header(path)
    for encoding in ENCODINGS[ENCODINGS.index(first) :]:
        skipped: list[int] = []
        try:
            table = _parse_csv(path, names, columns, delimiter, encoding, skipped)
        except UnicodeDecodeError:
            continue
        except pa.ArrowInvalid as error:
            if "UTF8" in str(error) and encoding == "utf-8":
                continue
            raise LogRefused(f"{path} cannot be read as CSV: {error}") from error
        except OSError as error:
            raise LogRefused(f"{path} cannot be read: {error}") from error
        lines = np.arange(2, table.num_rows + len(skipped) + 2)
        return _numbered(table, np.delete(lines, np.array(skipped, int) - 2)), skipped
    raise LogRefused(f"{path} is in no encoding that this program reads: save it as UTF-8")


def _parse_csv(
    path: Path, names: list[str], columns: list[str], delimiter: str, encoding: str, skipped: list[int]
) -> pa.Table:
    def skip(row: Any) -> str:
        skipped.append(row.number)
        return "skip"

    return pacsv.read_csv(
        str(path),
        # One thread: only then does the reader know the numbers of the rows that it cannot read.
        read_options=pacsv.ReadOptions(
            use_threads=False, block_size=_BLOCK, encoding=encoding, column_names=names, skip_rows=1
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip, ignore_empty_lines=False
        ),
        convert_options=pacsv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=list(NOTHING),
            strings_can_be_null=True,
        ),
    )


def _numbered(table: pa.Table, lines: np.ndarray) -> pa.Table:
    return table.append_column(LINE, pa.array(lines, pa.int64()))


def plain(table: pa.Table) -> pa.Table:
    """Dictionaries and large strings as strings, so that every column has one of few types."""
    for place, field in enumerate(table.schema):
        if any(test(field.type) for test in _AS_TEXT):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table


def quoted(name: str) -> str:
    """A column's name as it may stand between double quotes."""
    return name.replace('"', '""')
