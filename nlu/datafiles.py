"""Files of labelled texts: tab- or comma-separated with a header, UTF-8."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from nlu.errors import DataRefused


def read_table(
    path: Path, required: Sequence[str], *, skip_empty: bool = False, keep_empty: bool = False
) -> list[dict[str, str]]:
    """The rows as dictionaries, without surrounding white space; blank lines are skipped.

    A row with an empty required field is refused, left out with `skip_empty`, or kept with `keep_empty`.

    Raises:
        DataRefused: it cannot be read as UTF-8, a column is missing, or a line has too few or too many fields.
    """
    return [row for _, row in read_lines(path, required, skip_empty=skip_empty, keep_empty=keep_empty)]


def read_lines(
    path: Path,
    required: Sequence[str],
    *,
    one_of: Sequence[str] = (),
    skip_empty: bool = False,
    keep_empty: bool = False,
) -> list[tuple[int, dict[str, str]]]:
    """The same with each row's line number; of the columns `one_of` at least one must be there.

    Raises:
        DataRefused: it cannot be read as UTF-8, a column is missing, or a line has too few or too many fields.
    """
    reader = _reader(_decoded(path), path)
    header = [name.strip() for name in next(reader)[1]]
    missing = [name for name in required if name not in header]
    if one_of and not any(name in header for name in one_of):
        missing.append(" or ".join(one_of))
    if missing:
        raise DataRefused(
            path, [f"line 1: column {', '.join(missing)} is missing (found: {', '.join(header)})"]
        )
    rows, problems = [], []
    for line, fields in reader:
        if not keep_empty and not any(field.strip() for field in fields):
            continue
        if len(fields) > len(header):
            problems.append(f"line {line}: {len(fields)} fields where {len(header)} are named")
        padded = [*fields, *[""] * (len(header) - len(fields))]
        row = {name: field.strip() for name, field in zip(header, padded, strict=False)}
        empty = [name for name in required if not row[name]]
        if empty and not skip_empty and not keep_empty:
            problems.append(f"line {line}: {', '.join(empty)} is empty")
        if not empty or keep_empty:
            rows.append((line, row))
    if problems:
        raise DataRefused(path, problems)
    return rows


def _decoded(path: Path) -> str:
    try:
        stored = path.read_bytes()
        return stored.decode("utf-8-sig")
    except FileNotFoundError as absent:
        raise DataRefused(path, ["there is no such file"]) from absent
    except OSError as unreadable:
        raise DataRefused(path, [f"it cannot be read: {unreadable.strerror}"]) from unreadable
    except UnicodeDecodeError as wrong:
        line = stored[: wrong.start].count(b"\n") + 1
        raise DataRefused(path, [f"line {line}: not UTF-8; save the file as UTF-8"]) from wrong


def _reader(content: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and fields."""
    lines = content.splitlines()
    if not lines:
        raise DataRefused(path, ["it is empty; the first line must name the columns"])
    if "\t" in lines[0] or "," not in lines[0]:
        reader = csv.reader(io.StringIO(content), delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(io.StringIO(content))
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as wrong:
        raise DataRefused(path, [f"line {reader.line_num}: {_unreadable(wrong)}"]) from wrong


def _unreadable(wrong: csv.Error) -> str:
    """What a person can do about what the csv module says."""
    said = str(wrong)
    if "new-line character" in said:
        return "a carriage return without a line feed; save the file with the line ends of Unix or Windows"
    if "field limit" in said:
        limit = csv.field_size_limit()
        return f"a field of more than {limit:,} characters; perhaps a quotation mark is not closed"
    return f"it cannot be read ({said})"


@contextmanager
def written_beside(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` once everything is written; until then what was there stays.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    if path.exists() and not path.is_file():  # a pipe or a device is written to, never replaced
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    path = path.resolve()
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            yield file
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def write_lines(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Tab-separated, for texts that `nlu.redact` or `nlu.normalise` went over: none holds a tab or a line's end."""
    writer = csv.writer(
        file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, escapechar=None, lineterminator="\n"
    )
    writer.writerow(columns)
    writer.writerows(rows)
