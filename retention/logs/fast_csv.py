"""A long CSV file read by Arrow, ten times as fast as row by row, and with the same outcome or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from kernel.tables import MISSING, CsvTable

LEAST_BYTES = 8 * 1024 * 1024
"""Smaller files take no time worth saving."""
_BLOCK = 4 * 1024 * 1024


class OddRow(Exception):
    """The file has something that Arrow and `kernel.tables` may read in two ways: it is to be read row by row."""


def can_read(file: CsvTable) -> bool:
    """Whether the file is long enough and plain: in UTF-8, not gzipped."""
    plain = file.encoding in ("utf-8", "utf-8-sig") and not file.path.name.lower().endswith(".gz")
    return plain and len(set(file.header)) == len(file.header) and file.path.stat().st_size >= LEAST_BYTES


def batches(
    file: CsvTable, wanted: Sequence[str], schema: pa.Schema, broken: list[int]
) -> Iterator[pa.RecordBatch]:
    """The wanted columns as strings, and the row of each in the file.

    Args:
        file: one that `can_read` takes.
        wanted: names of columns.
        schema: of what is given, the row last.
        broken: the rows with too many or too few values are added to it.

    Raises:
        OddRow: see there.
    """
    first, line = 0, 2

    def set_aside(row: Any) -> str:
        if not row.text.strip():
            raise OddRow
        broken.append(row.number)
        return "skip"

    try:
        for batch in _opened(file, wanted, set_aside):
            if all(column.null_count for column in batch.columns):
                raise OddRow  # perhaps a row without any value, which is left out
            lines, first, line = _lines(len(batch), broken, first, line)
            yield pa.record_batch([*batch.columns, lines], schema=schema)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise OddRow from error


def _opened(file: CsvTable, wanted: Sequence[str], set_aside: Any) -> Any:
    return pacsv.open_csv(
        file.path,
        read_options=pacsv.ReadOptions(
            use_threads=False, block_size=_BLOCK, column_names=file.header, skip_rows=1
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=file.separator,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        convert_options=pacsv.ConvertOptions(
            include_columns=list(wanted),
            column_types={name: pa.string() for name in wanted},
            strings_can_be_null=True,
            null_values=_missing(),
        ),
    )


def _lines(count: int, broken: Sequence[int], first: int, line: int) -> tuple[pa.Array, int, int]:
    """The rows of a batch in the file, and where the next one begins: in `broken`, and in the file."""
    found: list[int] = []
    while len(found) < count:
        stop = broken[first] if first < len(broken) else line + count
        take = min(stop - line, count - len(found))
        found.extend(range(line, line + take))
        line += take
        if first < len(broken) and line == broken[first]:
            line, first = line + 1, first + 1
    return pa.array(found, pa.int64()), first, line


def _missing() -> list[str]:
    """`MISSING` in every way to write it, since Arrow tells capital letters from small ones."""
    ways = {"".join(one) for word in MISSING for one in product(*((c.lower(), c.upper()) for c in word))}
    return sorted(ways | {"NA"})
