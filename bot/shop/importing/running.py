"""Runs an import: reads, parses, writes a portion at a time, and keeps what could not be taken."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.errors import BadRow, ImportRefused
from bot.shop.importing.fields import Field
from bot.shop.importing.kinds import KINDS, RowImport
from bot.shop.importing.mapping import ATTRIBUTE, settle
from bot.shop.importing.options import Options
from bot.shop.importing.parsing import text
from bot.shop.importing.reading import Portion, Source, open_source
from bot.shop.importing.rejects import Rejects
from bot.shop.importing.written import Refusal, Written
from storage import Store
from storage.shop import ImportRuns, Shop, ShopKind

Progress = Callable[[str, float], None]

_ATTRIBUTE_FIELD = Field(text)
_LINES_OF_AN_ORDER = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import came to."""

    rows: int
    """In the file, below its header."""
    taken: int
    rejected: int
    reasons: Mapping[str, int]
    """Rejected rows by reason."""
    rejects: Path | None
    """Where the rejected rows are."""
    written: Mapping[str, int]
    """Rows of the store that are new or changed, by what they are; all 0 when the file was imported before."""


async def run_import(
    store: Store,
    kind: str,
    path: Path,
    *,
    options: Options,
    columns: Mapping[str, str] | None = None,
    rejects_folder: Path,
    replace_demo: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Import a file; the same file twice changes nothing.

    Args:
        kind: a name in `KINDS`.
        columns: field to column; by the columns' own names when there are none.
        rejects_folder: where a file of rejected rows is put, if there are any.
        replace_demo: take the demo shop out first.

    Raises:
        ImportRefused: the kind, the file or the mapping can't be used, or the demo shop is in the way.
    """
    if kind not in KINDS:
        raise ImportRefused(f"there is no kind {kind!r}; there are {', '.join(KINDS)}")
    source = await asyncio.to_thread(open_source, path)
    fields = KINDS[kind].fields(options)
    parser = RowParser(fields, settle(fields, source.header, columns))
    digest = await asyncio.to_thread(_digest, path)
    await _clear_demo(store, replace_demo)
    importer = KINDS[kind].start(options)
    rejects_path = rejects_folder / f"rejects-{kind}-{path.stem}-{digest[:8]}.csv"
    with Rejects(rejects_path, source.header) as rejects:
        run = _Run(store, importer, parser, rejects)
        await run.through(source, progress or (lambda _what, _share: None))
    report = Report(
        rows=run.rows,
        taken=run.rows - rejects.count,
        rejected=rejects.count,
        reasons=dict(rejects.reasons.most_common()),
        rejects=rejects.path if rejects.count else None,
        written=dict(run.written),
    )
    counts = {"rows": report.rows, "rejected": report.rejected, **report.written}
    await store.write(
        lambda connection: ImportRuns(connection).record(kind, path.name, digest, counts, options.now)
    )
    return report


class RowParser:
    """Turns the values of a row into the fields of its kind."""

    def __init__(self, fields: Mapping[str, Field], positions: Mapping[str, int]) -> None:
        self._columns = [
            (name, position, fields[name] if not name.startswith(ATTRIBUTE) else _ATTRIBUTE_FIELD)
            for name, position in positions.items()
        ]

    def parse(self, values: Sequence[Any]) -> dict[str, Any]:
        """Fields by name; None where a value is missing.

        Raises:
            FieldError: which field is bad, and why.
        """
        row: dict[str, Any] = {}
        for name, position, field in self._columns:
            try:
                value = field.parse(values[position])
            except BadRow as bad:
                raise FieldError(name, str(bad)) from None
            if value is None and field.required:
                raise FieldError(name, "there is no value")
            row[name] = value
        return row


class FieldError(Exception):
    """A field of a row is bad."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class _Run:
    """The state of a running import."""

    def __init__(self, store: Store, importer: RowImport, parser: RowParser, rejects: Rejects) -> None:
        self._store, self._importer, self._parser, self._rejects = store, importer, parser, rejects
        self.rows = 0
        self.written: Written = Counter()
        # Rows that were taken but not yet written, in case the store refuses them.
        self._pending: dict[int, Sequence[Any]] = {}

    async def through(self, source: Source, progress: Progress) -> None:
        portions = source.portions()
        portion = await asyncio.to_thread(next, portions, None)
        while portion is not None:
            # Parsing is work for a thread; the store's own is the loop's.
            await asyncio.to_thread(self._take, portion)
            following = await asyncio.to_thread(next, portions, None)
            await self._write(last=following is None)
            progress("importing", portion.share)
            portion = following

    def _take(self, portion: Portion) -> None:
        self.rows += len(portion.rows) + len(portion.broken)
        for number, reason, values in portion.broken:
            self._rejects.add(number, "", reason, values)
        for number, values in portion.rows:
            try:
                self._importer.take(number, self._parser.parse(values))
                self._pending[number] = values
            except FieldError as bad:
                self._rejects.add(number, bad.field, bad.reason, values)
            except BadRow as bad:
                self._rejects.add(number, "", str(bad), values)

    async def _write(self, *, last: bool) -> None:
        async def flush(connection: AsyncConnection) -> tuple[Written, list[Refusal]]:
            return await self._importer.flush(connection, last)

        written, refusals = await self._store.write(flush)
        self.written.update(written)
        for refusal in refusals:
            values = self._pending.get(refusal.number, ())
            self._rejects.add(refusal.number, refusal.field, refusal.reason, values)
        # An order may go on in the next portion.
        self._pending = dict(list(self._pending.items())[-_LINES_OF_AN_ORDER:])


async def _clear_demo(store: Store, replace: bool) -> None:
    async with store.read() as connection:
        kind = await Shop(connection).kind()
    if kind is not ShopKind.DEMO:
        return
    if not replace:
        raise ImportRefused(
            "the store holds the demo shop, and the two must not be mixed: import into an empty LIUKE_HOME, "
            "or take the demo shop out with --replace-demo"
        )
    await store.write(lambda connection: Shop(connection).remove_demo())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
