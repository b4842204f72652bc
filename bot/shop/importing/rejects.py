"""Keeps the rows that were not taken, with the reason, for somebody to mend."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Rejects:
    """A CSV file that is there only if a row was rejected."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path = path
        self.reasons: Counter[str] = Counter()
        self._header = header
        self._file: TextIO | None = None
        self._writer: Any = None

    @property
    def count(self) -> int:
        """Rows rejected so far."""
        return self.reasons.total()

    def add(self, number: int, field: str, reason: str, values: Sequence[Any]) -> None:
        """Keep a row.

        Args:
            field: what the reason speaks of; empty for the whole row.
        """
        self.reasons[f"{field}: {_general(reason)}" if field else _general(reason)] += 1
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["row", "reason", *map(harmless, self._header)])
        said = f"{field}: {reason}" if field else reason
        self._writer.writerow([number, harmless(said), *map(harmless, values)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def harmless(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    words = "" if value is None else str(value)
    return f"'{words}" if isinstance(value, str) and words.startswith(_FORMULA) else words


def _general(reason: str) -> str:
    """The reason without the value, so that equal reasons are counted together."""
    if reason.startswith(("'", '"')) and " " in reason:
        quote = reason[0]
        end = reason.find(f"{quote} ", 1)
        if end > 0:
            return reason[end + 2 :]
    return reason
