"""Files of rows that were not taken, each with the reason, so that they can be mended and imported again."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

from bot.shop.importing.saying import in_language
from bot.shop.importing.told import Refused, Row
from kernel.sentence import Sentence, general

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_EXAMPLES = 10
_DIFFERENT = 1_000
"""Reasons that are counted one by one: a file of something else has one for each of its rows."""
_OTHER = Sentence("other reasons")


class Rejects:
    """One CSV file for each file of which rows were rejected."""

    def __init__(
        self,
        places: Mapping[Path, Path],
        headers: Mapping[Path, Sequence[str]],
        called: Callable[[Path], str] = attrgetter("name"),
        language: str = "en",
    ) -> None:
        """Prepare; nothing is written before the first row.

        Args:
            places: where the rows of each file are put.
            headers: the columns of each file.
            called: what people call a file.
            language: that the reasons in the files are in.
        """
        self.reasons: Counter[str] = Counter()
        """Rows by reason, without the value that was bad."""
        self.examples: list[tuple[str, int, str]] = []
        """The first ones: the file's name, the row, and the reason with the value."""
        self._places, self._headers, self._called = places, headers, called
        self._language = language
        self._writers: dict[Path, Any] = {}
        self._open = ExitStack()

    @property
    def count(self) -> int:
        """Rows rejected so far."""
        return self.reasons.total()

    @property
    def written(self) -> list[Path]:
        """The files that there are."""
        return [self._places[path] for path in self._writers]

    def add(self, refused: Refused) -> None:
        """Keep the rows of a record that was not taken."""
        said = _of_field(refused.field, refused.reason)
        counted = _of_field(refused.field, general(refused.reason))
        if len(self.reasons) >= _DIFFERENT and counted not in self.reasons:
            counted = _OTHER
        self.reasons[counted] += len(refused.rows)
        if len(self.examples) < _EXAMPLES:
            row = refused.bad or refused.rows[0]
            self.examples.append((self._called(row.file), row.number, said))
        for row in refused.rows:
            here = said
            if refused.bad is not None and refused.bad is not row:
                here = Sentence("row {number}: {reason}", number=refused.bad.number, reason=said)
            self._write(row, in_language(here, self._language))

    def _write(self, row: Row, reason: str) -> None:
        if row.file not in self._writers:
            path = self._places[row.file]
            path.parent.mkdir(parents=True, exist_ok=True)
            file = self._open.enter_context(path.open("w", encoding="utf-8-sig", newline=""))
            self._writers[row.file] = csv.writer(file)
            self._writers[row.file].writerow(["row", "reason", *map(harmless, self._headers[row.file])])
        self._writers[row.file].writerow([row.number, harmless(reason), *map(harmless, row.values)])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()


def _of_field(field: str, reason: str) -> str:
    return Sentence("{field}: {reason}", field=field, reason=Sentence.of(reason)) if field else reason


def harmless(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    words = "" if value is None else str(value)
    return f"'{words}" if isinstance(value, str) and words.startswith(_FORMULA) else words
