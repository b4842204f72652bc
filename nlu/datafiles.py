"""Files of labelled texts: tab- or comma-separated with a header, UTF-8.

A file with a comma in its header, or the suffix .csv, is CSV, unless there is a tab in the header. In a table with tabs
quotation marks are text, as people write them; save where the header is quoted, or where the whole file is, to the last
character, what a csv writer makes of it, as pandas and `liuke nlu predict` do: that is unquoted.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from nlu.errors import DataRefused

_Line = tuple[int, list[str]]
"""Where a row starts, and its fields."""
_LONGEST_FIELD = 131_072
"""Characters; the csv module's own default, which other readers of the same process may have changed."""


def read_table(path: Path, required: Sequence[str], *, skip_empty: bool = False) -> list[dict[str, str]]:
    """The rows as dictionaries, without surrounding white space; blank lines are skipped.

    Fields that a row lacks at its end are empty. A row with an empty required field is refused, or left out with
    `skip_empty`. In a table with tabs quotation marks are always text, since the shipped model has learned from such
    tables read so.

    Raises:
        DataRefused: it cannot be read as UTF-8, a column is missing or there twice, a quotation mark is not closed, a
            row has more fields than the header names, or a required one of its fields is empty.
    """
    return [row for _, row in read_lines(path, required, skip_empty=skip_empty, plain=True)]


def read_lines(
    path: Path,
    required: Sequence[str],
    *,
    one_of: Sequence[str] = (),
    skip_empty: bool = False,
    keep_empty: bool = False,
    plain: bool = False,
) -> list[tuple[int, dict[str, str]]]:
    """The same with the number of the line in which each row starts; one of the columns `one_of` must be there.

    A table with tabs that a csv writer has written is unquoted, unless it is known to be `plain`. `keep_empty` keeps
    rows with an empty required field, and a blank line where there is but one column, save at the end: it is an empty
    text.

    Raises:
        DataRefused: as for `read_table`.
    """
    (_, named), *lines = _lines(_decoded(path), path, plain)
    header = [name.strip() for name in named]
    _check_header(path, header, required, one_of)
    rows, problems = [], []
    for line, fields in _counting(lines, len(header), keep_empty):
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


def _check_header(path: Path, header: Sequence[str], required: Sequence[str], one_of: Sequence[str]) -> None:
    missing = [name for name in required if name not in header]
    if one_of and not any(name in header for name in one_of):
        missing.append(" or ".join(one_of))
    twice = [name for name, count in Counter(header).items() if name and count > 1]
    if missing:
        what = f"column {', '.join(missing)} is missing (found: {', '.join(header)})"
    elif twice:
        what = f"column {', '.join(twice)} is there more than once; name each once"
    else:
        return
    raise DataRefused(path, [f"line 1: {what}"])


def _counting(lines: Sequence[_Line], columns: int, keep_empty: bool) -> list[_Line]:
    """The rows that count: all that say something, or all but blank lines; see `read_lines`."""
    if not keep_empty:
        return [(line, fields) for line, fields in lines if any(field.strip() for field in fields)]
    if columns > 1:
        return [(line, fields) for line, fields in lines if len(fields) > 1 or any(map(str.strip, fields))]
    last = max((place for place, (_, fields) in enumerate(lines) if fields), default=-1)
    return list(lines[: last + 1])


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


def _lines(content: str, path: Path, plain: bool) -> list[_Line]:
    """Every row, the header first; blank lines have no field."""
    if not content:
        raise DataRefused(path, ["it is empty; the first line must name the columns"])
    header = content.splitlines()[0]
    if "\t" not in header and ("," in header or path.suffix.lower() == ".csv"):
        return _parsed(content, path, ",", quoted=True)
    if header.startswith('"') and not plain:
        return _parsed(content, path, "\t", quoted=True)
    unquoted = [] if plain else _unquoted(content, path)
    return unquoted or _parsed(content, path, "\t", quoted=False)


def _unquoted(content: str, path: Path) -> list[_Line]:
    """The rows of a table with tabs that a csv writer has written; none where its quotation marks are text."""
    if '"' not in content:
        return []
    try:
        lines = _parsed(content, path, "\t", quoted=True)
    except DataRefused:
        return []
    rows = [fields for _, fields in lines]
    whole = all(len(fields) in (0, len(rows[0])) for fields in rows)
    return lines if whole and _rewritten(rows, content) and not _hidden(rows, content) else []


def _rewritten(rows: Sequence[Sequence[str]], content: str) -> bool:
    """Whether a csv writer, which quotes only what it must, makes the same of these rows."""
    end = "\r\n" if content.partition("\n")[0].endswith("\r") else "\n"
    file = io.StringIO(newline="")
    csv.writer(file, delimiter="\t", lineterminator=end).writerows(rows)
    return file.getvalue().rstrip("\r\n") == content.rstrip("\r\n")


def _hidden(rows: Sequence[Sequence[str]], content: str) -> bool:
    """Whether a quoted field would swallow lines each of which is a whole row: two stray marks, and no field at all."""
    tabs = len(rows[0]) - 1
    return any("\n" in field for fields in rows for field in fields) and all(
        line.count("\t") == tabs for line in content.split("\n") if line.strip()
    )


def _parsed(content: str, path: Path, delimiter: str, *, quoted: bool) -> list[_Line]:
    reader = csv.reader(
        io.StringIO(content, newline="\n"),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=True,
    )
    csv.field_size_limit(_LONGEST_FIELD)
    lines: list[_Line] = []
    start = 1
    try:
        for fields in reader:
            lines.append((start, fields))
            start = reader.line_num + 1
    except csv.Error as wrong:
        line = _opening(content, start, delimiter) if quoted else start
        raise DataRefused(path, [f"line {line}: {_unreadable(wrong, quoted)}"]) from wrong
    return lines


_FIELDS = {
    delimiter: re.compile(
        rf'(?<![^\r\n{delimiter}])(?:"[^"]*+(?:""[^"]*+)*+"|[^"{delimiter}\r\n][^{delimiter}\r\n]*+)?(?:{delimiter}|\r?\n|\Z)'
    )
    for delimiter in (",", "\t")
}
"""A field and what ends it."""


def _opening(content: str, start: int, delimiter: str) -> int:
    """The line of the first field that can't be read, in a row that starts in line `start`."""
    at = sum(len(line) + 1 for line in content.split("\n", start - 1)[: start - 1])
    while at < len(content):
        found = _FIELDS[delimiter].match(content, at)
        if found is None or len(found[0]) > _LONGEST_FIELD:
            break
        at = found.end()
    return content.count("\n", 0, at) + 1


def _unreadable(wrong: csv.Error, quoted: bool) -> str:
    """What a person can do about what the csv module says."""
    said = str(wrong)
    if "new-line character" in said:
        return "a carriage return without a line feed; save the file with the line ends of Unix or Windows"
    if "field limit" in said:
        cause = "perhaps a quotation mark is not closed" if quoted else "shorten it, or leave the row out"
        return f"a field of more than {_LONGEST_FIELD:,} characters; {cause}"
    if "expected after" in said or "unexpected end" in said:
        return (
            "the quotation mark that opens a field here is not closed, or text follows the one that closes it; "
            "write a quotation mark within a text twice"
        )
    return f"it cannot be read ({said})"


@contextmanager
def written_beside(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` once everything is written; until then what was there stays.

    Whoever could read what was there can read the new file, and nobody else.

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
            if path.exists():
                fresh.chmod(stat.S_IMODE(path.stat().st_mode))
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
