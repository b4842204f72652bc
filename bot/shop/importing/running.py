"""Runs an import: reads, parses, writes a portion at a time, and keeps what could not be taken."""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing import fields
from bot.shop.importing.fields import ATTRIBUTE, Field, settle
from bot.shop.importing.orders import OrderImport, scattered
from bot.shop.importing.orders_log import LogImport
from bot.shop.importing.records import CustomerImport, EventImport, ProductImport
from bot.shop.importing.rows import BadRow, Flushed, Options, RowImport, Written
from bot.shop.importing.told import Refused, Row
from bot.shop.importing.values import text
from kernel.console import Progress
from kernel.files import sha256
from kernel.tables import Portion, TableFile, TableRefused, open_table
from storage import Store
from storage.shop import ImportRuns, Shop, ShopKind

_ATTRIBUTE_FIELD = Field(text)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


KINDS: Mapping[str, tuple[Callable[[Options], Mapping[str, Field]], type[RowImport]]] = {
    "customers": (fields.customer_fields, CustomerImport),
    "products": (fields.product_fields, ProductImport),
    "orders": (fields.order_fields, OrderImport),
    "events": (fields.event_fields, EventImport),
    "orders-log": (fields.log_fields, LogImport),
}
"""Each kind's fields, and what takes its rows."""


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
    ignored: int
    """Left out, since they are about people who had themselves erased."""
    written: Mapping[str, int]
    """Rows of the store that are new or changed, by what they are; all 0 when the file was imported before."""
    notes: Mapping[str, int]
    """What somebody should know of rows that were taken nevertheless, by what it is."""


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
        TableRefused: the kind, the file or the mapping can't be used, or the demo shop is in the way.
    """
    if kind not in KINDS:
        raise TableRefused(f"there is no kind {kind!r}; there are {', '.join(KINDS)}")
    source = await asyncio.to_thread(open_table, path)
    fields_of, importer = KINDS[kind]
    known = fields_of(options)
    places = settle(known, source.header, columns)
    parser = RowParser(known, places)
    digest = await asyncio.to_thread(sha256, path)
    made = await asyncio.to_thread(_importer, importer, options, source, places)
    await _clear_demo(store, replace_demo)
    rejects_path = rejects_folder / f"rejects-{kind}-{path.stem}-{digest[:8]}.csv"
    with Rejects(rejects_path, source.header) as rejects:
        run = _Run(store, made, parser, rejects, path)
        await run.through(source, progress or (lambda _what, _share: None))
    report = Report(
        rows=run.rows,
        taken=run.rows - rejects.count - run.ignored,
        rejected=rejects.count,
        ignored=run.ignored,
        reasons=dict(rejects.reasons.most_common()),
        rejects=rejects.path if rejects.count else None,
        written=dict(run.written),
        notes={what: count for what, count in run.notes.most_common() if count},
    )
    counts = {"rows": report.rows, "rejected": report.rejected, **report.written}
    await store.write(
        lambda connection: ImportRuns(connection).record(kind, path.name, digest, counts, options.now)
    )
    return report


def _importer(
    importer: type[RowImport], options: Options, source: TableFile, places: Mapping[str, int]
) -> RowImport:
    if importer is not OrderImport:
        return importer(options)
    place = places["order"]
    numbers = (text(values[place]) for portion in source.portions() for values in portion.rows)
    return OrderImport(options, scattered(numbers))


class RowParser:
    """Turns the values of a row into the fields of its kind."""

    def __init__(self, fields: Mapping[str, Field], positions: Mapping[str, int]) -> None:
        self._columns = [
            (name, position, fields[name] if not name.startswith(ATTRIBUTE) else _ATTRIBUTE_FIELD)
            for name, position in positions.items()
        ]

    def parse(self, values: Sequence[Any]) -> tuple[dict[str, Any], BadRow | None]:
        """The fields that could be read, None where a value is missing; and why the first of the rest couldn't."""
        row: dict[str, Any] = {}
        first: BadRow | None = None
        for name, position, field in self._columns:
            try:
                value = field.parse(values[position])
                if value is None and field.required:
                    raise BadRow("there is no value")
            except BadRow as bad:
                first = first or BadRow(str(bad), name)
                continue
            row[name] = value
        return row, first


class _Run:
    """The state of a running import."""

    def __init__(
        self, store: Store, importer: RowImport, parser: RowParser, rejects: Rejects, path: Path
    ) -> None:
        self._store, self._importer, self._parser, self._rejects = store, importer, parser, rejects
        self._path = path
        self.rows = 0
        self.ignored = 0
        self.written: Written = Counter()
        self.notes: Counter[str] = Counter()

    async def through(self, source: TableFile, progress: Progress) -> None:
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
            self._rejects.add(Refused((Row(self._path, number, values),), reason))
        for number, values in zip(portion.numbers, portion.rows, strict=True):
            refused = self._importer.take(Row(self._path, number, values), *self._parser.parse(values))
            if refused is not None:
                self._rejects.add(refused)

    async def _write(self, *, last: bool) -> None:
        async def flush(connection: AsyncConnection) -> Flushed:
            return await self._importer.flush(connection, last)

        flushed = await self._store.write(flush)
        self.written.update(flushed.written)
        self.notes.update(flushed.notes)
        self.ignored += flushed.ignored
        for refused in flushed.refused:
            self._rejects.add(refused)


async def _clear_demo(store: Store, replace: bool) -> None:
    async with store.read() as connection:
        kind = await Shop(connection).kind()
    if kind is not ShopKind.DEMO:
        return
    if not replace:
        raise TableRefused(
            "the store holds the demo shop, and the two must not be mixed: import into an empty LIUKE_HOME, "
            "or take the demo shop out with --replace-demo"
        )
    await store.write(lambda connection: Shop(connection).remove_demo())


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

    def add(self, refused: Refused) -> None:
        """Keep the rows of a record that was not taken, each with the reason."""
        said = f"{refused.field}: {refused.reason}" if refused.field else refused.reason
        general = _general(refused.reason)
        self.reasons[f"{refused.field}: {general}" if refused.field else general] += len(refused.rows)
        for row in refused.rows:
            elsewhere = refused.bad is not None and refused.bad is not row
            self._write(row, f"row {refused.bad.number}: {said}" if elsewhere and refused.bad else said)

    def _write(self, row: Row, reason: str) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["row", "reason", *map(harmless, self._header)])
        self._writer.writerow([row.number, harmless(reason), *map(harmless, row.values)])

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
