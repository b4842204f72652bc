"""Rows of files, put together to records: those that follow each other, and those that another file has."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Self

from bot.shop.importing.presets.columns import Reading
from bot.shop.importing.presets.shapes import Cells, Group, Read, Shape, Unfit
from bot.shop.importing.rows import scattered
from bot.shop.importing.told import Row
from kernel.sentence import at
from kernel.tables import TableFile


@dataclass(slots=True)
class Progress:
    """How much of the files has been read, by their sizes."""

    sizes: dict[Path, int]
    read: dict[Path, float] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """0 to 1."""
        whole = sum(self.sizes.values()) or 1
        return sum(self.sizes[path] * share for path, share in self.read.items()) / whole


@dataclass(frozen=True, slots=True)
class File:
    """An export file whose shape is known."""

    path: Path
    table: TableFile
    shape: Shape

    def cells(self, reading: Reading) -> Cells:
        """What reads its rows."""
        return Cells(self.shape, self.table.header, reading)

    def rows(self, progress: Progress | None = None) -> Iterator[tuple[Row, str]]:
        """Every row with why it is broken, if it is; a portion at a time."""
        for portion in self.table.portions():
            for number, values, why in portion.in_order():
                yield Row(self.path, number, values), why or ""
            if progress is not None:
                progress.read[self.path] = portion.share


def _keyed(file: File, cells: Cells, progress: Progress | None = None) -> Iterator[tuple[str, Row, str]]:
    """Every row with its record's key: the one above where it has none, or can't be read."""
    key = ""
    for row, reason in file.rows(progress):
        key = cells.key(row.values) or key
        yield key, row, reason


def groups(file: File, reading: Reading, progress: Progress | None = None) -> Iterator[Group]:
    """The records of a file; one whose rows don't stand together comes in parts that are all bad."""
    cells = file.cells(reading)
    if file.shape.key is None:
        for row, reason in file.rows(progress):
            yield Group([cells.read(row, reason)])
        return
    apart = scattered(key for key, _, _ in _keyed(file, cells)) if file.shape.whole else frozenset()
    for key, rows in groupby(_keyed(file, cells, progress), key=itemgetter(0)):
        reads = [cells.read(row, reason) for _, row, reason in rows]
        if key in apart:
            why = at(key, "its rows stand apart: sort the file by this column")
            for read in reads:
                read.bad = read.bad or Unfit(why, file.shape.key, read)
        yield Group(reads)


class Details:
    """The rows of files of details by the record that they belong to, on disk: they may be many."""

    def __init__(self, files: Sequence[File], reading: Reading, progress: Progress) -> None:
        self._files = files
        self._cells = [file.cells(reading) for file in files]
        self._store = sqlite3.connect("", isolation_level=None)
        self._store.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "CREATE TABLE detail (key TEXT, file INTEGER, number INTEGER, broken TEXT, cells TEXT);"
            "CREATE TABLE asked (key TEXT PRIMARY KEY) WITHOUT ROWID"
        )
        for place, file in enumerate(files):
            self._store.executemany(
                "INSERT INTO detail VALUES (?, ?, ?, ?, ?)",
                (
                    (key, place, row.number, reason, json.dumps(list(row.values), default=str))
                    for key, row, reason in _keyed(file, self._cells[place], progress)
                ),
            )
        self._store.execute("CREATE INDEX by_key ON detail (key, file, number)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._store.close()

    def of(self, key: str) -> list[Read]:
        """The details of a record. Where several files have them, the last file's: it is asked for again there."""
        self._store.execute("INSERT OR IGNORE INTO asked VALUES (?)", (key,))
        found = self._store.execute(
            "SELECT file, number, broken, cells FROM detail WHERE key = ?1 "
            "AND file = (SELECT max(file) FROM detail WHERE key = ?1) ORDER BY number",
            (key,),
        )
        return [self._read(*one) for one in found]

    def left(self) -> Iterator[Group]:
        """The details that belong to no record that was asked for."""
        found = self._store.execute(
            "SELECT key, file, number, broken, cells FROM detail "
            "WHERE key NOT IN (SELECT key FROM asked) ORDER BY key, file, number"
        )
        for _, rows in groupby(found, key=itemgetter(0)):
            yield Group([self._read(*one) for _, *one in rows])

    def _read(self, place: int, number: int, broken: str, cells: str) -> Read:
        values: list[Any] = json.loads(cells)
        return self._cells[place].read(Row(self._files[place].path, number, values), broken)
