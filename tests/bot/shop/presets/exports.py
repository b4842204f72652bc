"""Export files for tests, and what a preset makes of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.shop.importing.presets import PRESETS
from bot.shop.importing.rows import Options
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.records import Record

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def options(language: str = "zh", **changed: Any) -> Options:
    """Those of a shop in Shanghai."""
    return Options(**{"now": NOW, "zone": SHANGHAI, "defaults": Defaults(language=language), **changed})


def table(header: str, *rows: Sequence[str] | dict[str, str], separator: str = ",") -> str:
    """A CSV file; a row is all its values, or those of some columns by name."""
    names = header.split(",")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        if isinstance(row, dict):
            assert not row.keys() - set(names), row.keys() - set(names)
            row = [row.get(name, "") for name in names]
        writer.writerow(row)
    return text.getvalue()


@dataclass
class Came:
    """What came of files, in order."""

    records: list[dict[str, Any]] = field(default_factory=list)
    kinds: list[type[Record]] = field(default_factory=list)
    refused: list[tuple[list[int], str, str, int | None]] = field(default_factory=list)
    """Numbers of rows, column, reason, the bad row."""
    left_out: list[tuple[list[int], str]] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)
    """Of each of `records`."""

    def of(self, kind: type[Record]) -> list[dict[str, Any]]:
        """The records of a kind."""
        return [record for record, one in zip(self.records, self.kinds, strict=True) if one is kind]


def read(name: str, files: Sequence[Path], **changed: Any) -> Came:
    """All that a preset finds in files."""
    came = Came()
    for found in PRESETS[name].read(files, options(**changed)):
        came.shares.append(found.share)
        for told in found.told:
            came.records.append(told.record.model_dump(exclude_unset=True))
            came.kinds.append(type(told.record))
            came.rows.append([row.number for row in told.rows])
        for no in found.refused:
            bad = None if no.bad is None else no.bad.number
            came.refused.append(([row.number for row in no.rows], no.field, no.reason, bad))
        came.left_out += [([row.number for row in one.rows], one.why) for one in found.left_out]
    return came


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file of this text."""
    path.write_bytes(text.encode(encoding))
    return path
