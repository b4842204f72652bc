"""Reads CSV and Parquet a portion at a time, however large the file and whatever is in it."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from bot.shop.importing.errors import ImportRefused

PORTION = 20_000

_SAMPLE = 4 * 1024 * 1024
_SIGNS = ",;\t|"
# A field as large as this is a quotation mark that somebody forgot to close.
_LARGEST_FIELD = 1_000_000


@dataclass(slots=True)
class Portion:
    """Some rows of a file."""

    rows: list[tuple[int, Sequence[Any]]] = field(default_factory=list)
    """Number of the row, 1 below the header, and a value for each column."""
    broken: list[tuple[int, str, Sequence[Any]]] = field(default_factory=list)
    """Rows that have not the shape of the others: number, reason, what could be read."""
    share: float = 0.0
    """How much of the file has been read, 0 to 1."""


class Source(Protocol):
    """A file with columns."""

    header: list[str]

    def portions(self) -> Iterator[Portion]:
        """The rows, from the first one."""
        ...


def open_source(path: Path) -> Source:
    """Open a file by its content and name.

    Raises:
        ImportRefused: there is no such file, or it is neither.
    """
    if not path.is_file():
        raise ImportRefused(f"there is no file {path}")
    with path.open("rb") as file:
        begin = file.read(4)
    if begin == b"PAR1":
        return ParquetSource(path)
    if not begin:
        raise ImportRefused(f"{path} is empty")
    return CsvSource(path)


class CsvSource:
    """A text file with a row of column names; its encoding and separator are found out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.encoding = detect_encoding(path)
        with path.open(encoding=self.encoding, errors="replace", newline="") as file:
            first = next(filter(str.strip, file), "")
        if "\x00" in first:
            raise ImportRefused(f"{path} is neither CSV nor Parquet")
        self._separator = max(_SIGNS, key=first.count)
        self.header = [name.strip() for name in next(csv.reader([first], delimiter=self._separator), [])]

    def portions(self) -> Iterator[Portion]:
        """The rows, from the first one."""
        size = max(self._path.stat().st_size, 1)
        csv.field_size_limit(_LARGEST_FIELD)
        with self._path.open("rb") as binary:
            decoded = io.TextIOWrapper(binary, self.encoding, errors="replace", newline="")
            reader = csv.reader(decoded, delimiter=self._separator)
            portion, number, header_seen = Portion(), 0, False
            while (row := _next(reader)) is not None:
                if not isinstance(row, str) and not any(row):
                    continue
                if not header_seen:
                    header_seen = True
                    continue
                number += 1
                self._put(portion, number, row)
                if len(portion.rows) + len(portion.broken) >= PORTION:
                    portion.share = min(binary.tell() / size, 1.0)
                    yield portion
                    portion = Portion()
        portion.share = 1.0
        yield portion

    def _put(self, portion: Portion, number: int, row: list[str] | str) -> None:
        if isinstance(row, str):
            portion.broken.append((number, row, ()))
        elif len(row) != len(self.header):
            reason = f"{len(row)} values for {len(self.header)} columns"
            portion.broken.append((number, reason, row))
        else:
            portion.rows.append((number, row))


class ParquetSource:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        # Heavy, and not needed by whoever serves.
        import pyarrow
        import pyarrow.parquet

        try:
            self._file: Any = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowInvalid, OSError) as error:
            raise ImportRefused(f"{path} is a damaged Parquet file: {str(error)[:200]}") from error
        self.header: list[str] = list(self._file.schema_arrow.names)

    def portions(self) -> Iterator[Portion]:
        """The rows, from the first one."""
        total = max(self._file.metadata.num_rows, 1)
        number = 0
        for batch in self._file.iter_batches(batch_size=PORTION):
            columns = [_values(column) for column in batch.columns]
            rows: list[tuple[int, Sequence[Any]]] = [
                (number + i, row) for i, row in enumerate(zip(*columns, strict=True), start=1)
            ]
            number += len(rows)
            yield Portion(rows=rows, share=number / total)
        if number == 0:
            yield Portion(share=1.0)


def detect_encoding(path: Path) -> str:
    """utf-8, utf-8-sig, utf-16, gb18030 or latin-1, by the beginning of the file."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if _decodes(sample, "utf-8"):
        return "utf-8"
    return "gb18030" if _looks_chinese(sample) and _decodes(sample, "gb18030") else "latin-1"


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        # Not final: the sample may end in the middle of a character.
        codecs.getincrementaldecoder(encoding)().decode(sample, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(sample: bytes) -> bool:
    """Chinese characters are pairs of high bytes; accented letters mostly stand alone among ASCII."""
    high = [position for position, byte in enumerate(sample[:200_000]) if byte >= 0x80]
    together = sum(1 for here, there in pairwise(high) if there - here == 1)
    return together > 0.4 * len(high)


def _next(reader: Any) -> list[str] | str | None:
    """A row, or the reason why there is none; None at the end."""
    try:
        return next(reader)  # type: ignore[no-any-return]
    except StopIteration:
        return None
    except csv.Error as error:
        return f"not a row of CSV ({error}): is a quotation mark left open?"


def _values(column: Any) -> list[Any]:
    import pyarrow

    if pyarrow.types.is_timestamp(column.type):
        # Nanoseconds are more than a datetime can hold.
        column = column.cast(pyarrow.timestamp("us", tz=column.type.tz), safe=False)
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        raw = column.cast(pyarrow.binary())
        values = [None if item is None else item.decode("utf-8", "replace") for item in raw.to_pylist()]
    return values
