"""Files of rows and columns, CSV or Parquet: opened by their content, read a portion at a time.

    table = open_table(Path("orders.csv.gz"))
    table.header                        # names of the columns
    for portion in table.portions():    # portion.rows, portion.numbers, portion.broken, portion.share

Imports Arrow when a Parquet file is opened.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import heapq
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from kernel.errors import LiukeError
from kernel.sentence import Sentence

PORTION = 20_000
"""Rows."""
MISSING = frozenset({"", "null", "none", "nan", "n/a", "nat", "\\n"})
"""What exports write where they have no value, in lower case."""

_SAMPLE = 4 * 1024 * 1024
_SEPARATORS = ",;\t|"
# A field as large as this is a quotation mark that somebody forgot to close.
_LARGEST_FIELD = 1_000_000
_PARQUET = (".parquet", ".pq")
_UNICODE = frozenset({"utf-8", "utf-8-sig", "utf-16"})
_HIGH = re.compile(rb"[\x80-\xff]")


class TableRefused(LiukeError):
    """The file can't be read as a table, or has not the columns that it needs; the message says what to change."""


@dataclass(slots=True)
class Portion:
    """Some rows of a table."""

    rows: list[Sequence[Any]] = field(default_factory=list)
    """A value for each column: text in a CSV file, the column's own type in a Parquet file."""
    numbers: list[int] = field(default_factory=list)
    """Where each of `rows` stands in the file; the first below the header is 1, empty rows are counted."""
    broken: list[tuple[int, str, Sequence[Any]]] = field(default_factory=list)
    """Rows that have not the shape of the others: number, reason, what could be read."""
    share: float = 0.0
    """How much of the file has been read, 0 to 1."""

    def in_order(self) -> Iterator[tuple[int, Sequence[Any], str | None]]:
        """Each row's number, what could be read of it, and why it is broken, if it is."""
        fine = ((number, row, None) for number, row in zip(self.numbers, self.rows, strict=True))
        if not self.broken:
            return fine
        broken = ((number, row, why) for number, why, row in self.broken)
        return heapq.merge(fine, broken, key=itemgetter(0))


class CsvTable:
    """A text file, gzipped or not, with a row of column names; its encoding and separator are found out.

    A byte that is no letter in the encoding becomes U+FFFD.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding = _encoding(path)
        with self._text() as text:
            first = next(filter(str.strip, text), "")
        if "\x00" in first:
            raise TableRefused(Sentence("{path} is neither CSV nor Parquet: save it as CSV", path=str(path)))
        self.separator = max(_SEPARATORS, key=first.count)
        with self._text() as text:
            self.header = [name.strip() for name in next(filter(any, self._reader(text)), [])]
        if not any(self.header):
            raise TableRefused(
                Sentence("{path} is empty: its first line must name the columns", path=str(path))
            )

    def portions(self) -> Iterator[Portion]:
        """The rows, from the first one; rows without any value are left out."""
        size = max(self.path.stat().st_size, 1)
        with self._text() as text:
            file: Any = getattr(text.buffer, "fileobj", text.buffer)
            reader = self._reader(text)
            while not any(next(reader)):
                pass  # empty lines above the header
            number = 0
            for rows in _portioned(reader):
                portion = self._portion(rows, number + 1)
                number += len(rows)
                portion.share = min(file.tell() / size, 1.0)
                yield portion
        if number == 0:
            yield Portion(share=1.0)

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(_opened(self.path), self.encoding, errors="replace", newline="")

    def _reader(self, text: io.TextIOWrapper) -> Iterator[list[str]]:
        csv.field_size_limit(_LARGEST_FIELD)
        return csv.reader(text, delimiter=self.separator)

    def _portion(self, rows: list[Any], first: int) -> Portion:
        width = len(self.header)
        if (
            self.encoding in _UNICODE
            and all(map(any, rows))
            and set(map(len, rows)) == {width}
            and not isinstance(rows[-1], str)
        ):
            return Portion(rows=rows, numbers=list(range(first, first + len(rows))))
        portion = Portion()
        for number, row in enumerate(rows, start=first):
            if isinstance(row, str):
                portion.broken.append((number, row, ()))
            elif (why := self._odd(row)) is not None:
                portion.broken.append((number, why, row))
            elif any(row):
                portion.rows.append(row)
                portion.numbers.append(number)
        return portion

    def _odd(self, row: list[str]) -> Sentence | None:
        """Why a row can't be one of this file."""
        if len(row) != len(self.header) and any(row):
            return Sentence("{there} values for {width} columns", there=len(row), width=len(self.header))
        words = "".join(row)
        if self.encoding in _UNICODE or words.isascii():
            return None
        if _is_utf8(words.encode(self.encoding, "replace")):
            return Sentence(
                "written in UTF-8, and other rows in {encoding}: save the file in one encoding",
                encoding=self.encoding,
            )
        return None


class ParquetTable:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        # Heavy, and not needed by whoever serves.
        import pyarrow
        import pyarrow.parquet

        try:
            self.file: Any = pyarrow.parquet.ParquetFile(path)
        except (pyarrow.ArrowException, OSError) as error:
            raise TableRefused(
                Sentence(
                    "{path} can't be read as Parquet, it is damaged: {why}",
                    path=str(path),
                    why=str(error)[:200],
                )
            ) from error
        self.header: list[str] = list(self.file.schema_arrow.names)

    def portions(self) -> Iterator[Portion]:
        """The rows, from the first one."""
        total = max(self.file.metadata.num_rows, 1)
        number = 0
        for batch in self.file.iter_batches(batch_size=PORTION):
            rows: list[Sequence[Any]] = list(zip(*map(_values, batch.columns), strict=True))
            numbers = list(range(number + 1, number + len(rows) + 1))
            number += len(rows)
            yield Portion(rows=rows, numbers=numbers, share=number / total)
        if number == 0:
            yield Portion(share=1.0)


TableFile: TypeAlias = CsvTable | ParquetTable


def open_table(path: Path) -> TableFile:
    """Open a file by its content and name.

    Raises:
        TableRefused: there is no such file, or it is neither CSV nor Parquet.
    """
    if not path.is_file():
        raise TableRefused(Sentence("{path}: there is no such file", path=str(path)))
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1" or path.name.lower().endswith(_PARQUET)
        return ParquetTable(path) if is_parquet else CsvTable(path)
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise TableRefused(Sentence("{path} can't be read: {why}", path=str(path), why=str(error))) from error


def _opened(path: Path) -> BinaryIO:
    zipped = path.name.lower().endswith(".gz")
    return cast(BinaryIO, gzip.open(path, "rb")) if zipped else path.open("rb")


def _encoding(path: Path) -> str:
    """By the beginning of the file, or what follows the first letter that isn't ASCII."""
    with _opened(path) as file:
        sample = file.read(_SAMPLE)
        while sample.isascii() and (further := file.read(_SAMPLE)):
            sample = further
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if _decodes(sample, "utf-8"):
        return "utf-8"
    # Rows may be of two encodings: that of most of them is the file's.
    letters = [line for line in sample.splitlines() if not line.isascii()]
    others = [line for line in letters if not _is_utf8(line)]
    if 2 * len(others) < len(letters):
        return "utf-8"
    sample = b"\n".join(others)
    if _looks_chinese(sample) and _decodes(sample, "gb18030"):
        return "gb18030"
    return "cp1252" if _decodes(sample, "cp1252") else "latin-1"


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        # Not final: the sample may end in the middle of a character.
        codecs.getincrementaldecoder(encoding)().decode(sample, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(sample: bytes) -> bool:
    """Chinese characters are pairs of high bytes; accented letters mostly stand alone among ASCII."""
    begin = next(_HIGH.finditer(sample)).start()
    high = [position for position, byte in enumerate(sample[begin : begin + 200_000]) if byte >= 0x80]
    together = sum(1 for here, there in pairwise(high) if there - here == 1)
    return together > 0.4 * len(high)


def _portioned(reader: Iterator[list[str]]) -> Iterator[list[list[str] | str]]:
    """Portions of rows, or why one can't be read as the last of its portion."""
    damaged = False
    while not damaged:
        rows: list[list[str] | str] = []
        try:
            for row in islice(reader, PORTION):
                rows.append(row)
        except csv.Error as error:
            rows.append(Sentence("not a row of CSV ({why}): is a quotation mark left open?", why=str(error)))
        except (EOFError, OSError, zlib.error) as error:
            damaged = True
            rows.append(Sentence("the file is damaged from here on ({why}): bring it again", why=str(error)))
        if not rows:
            return
        yield rows


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
