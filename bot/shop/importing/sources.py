"""Where the records of an import come from: one file of rows of a kind, or the exports of a system."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from bot.shop.importing import fields, values
from bot.shop.importing.fields import ATTRIBUTE, Field, settle
from bot.shop.importing.orders import OrderImport, scattered
from bot.shop.importing.orders_log import LogImport
from bot.shop.importing.presets import PRESETS, PresetOptions
from bot.shop.importing.records import CustomerImport, EventImport, ProductImport
from bot.shop.importing.rows import BadRow, Flushed, Options, RowImport
from bot.shop.importing.told import Found, LeftOut, Refused, Row, Told
from bot.shop.importing.writing import write_all
from kernel.tables import Portion, TableFile, TableRefused, open_table
from storage.trial import Writes

_SAMPLE = 200
_TIMES = frozenset(
    {
        "time", "created", "paid", "shipped", "delivered", "return_shipped", "return_delivered", "refund_requested",
        "refund_decided", "refund_paid",
    }
)  # fmt: skip
_ATTRIBUTE_FIELD = Field(values.text)

KINDS: Mapping[str, tuple[Callable[[Options], Mapping[str, Field]], type[RowImport]]] = {
    "customers": (fields.customer_fields, CustomerImport),
    "products": (fields.product_fields, ProductImport),
    "orders": (fields.order_fields, OrderImport),
    "events": (fields.event_fields, EventImport),
    "orders-log": (fields.log_fields, LogImport),
}
"""Each kind's fields, and what takes its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Some rows that have been read, and what is still to be done with them."""

    rows: int
    refused: Sequence[Refused] = ()
    left_out: Sequence[LeftOut] = ()
    share: float
    """How much has been read, 0 to 1."""
    write: Callable[[Writes], Awaitable[Flushed]]


class Source(Protocol):
    """Something that is read a step at a time, in a thread."""

    @property
    def headers(self) -> Mapping[Path, Sequence[str]]:
        """The columns of each file."""
        ...

    def steps(self) -> Iterator[Step]:
        """Its rows, each in one step."""
        ...


class KindSource:
    """A file of which every row is of one kind, with columns that are recognised or named."""

    def __init__(
        self, kind: str, path: Path, options: Options, columns: Mapping[str, str] | None = None
    ) -> None:
        """Open the file.

        Args:
            kind: a name in `KINDS`.
            columns: field to column; by the columns' own names when there are none.

        Raises:
            TableRefused: the kind, the file or the columns can't be used.
        """
        if kind not in KINDS:
            raise TableRefused(f"there is no kind {kind!r}; there are {', '.join(KINDS)}")
        self._path = path
        self._options = options
        self._table = open_table(path)
        self.headers: Mapping[Path, Sequence[str]] = {path: self._table.header}
        fields_of, self._importer = KINDS[kind]
        known = fields_of(options)
        self.places = settle(known, self._table.header, columns)
        """Field to the place of its column."""
        self._parser = RowParser(known, self.places)
        if options.date_format is None:
            self._mind_times()

    def steps(self) -> Iterator[Step]:
        importer = self._made()
        portions = self._table.portions()
        portion = next(portions, None)
        while portion is not None:
            refused = [*self._broken(portion), *self._take(importer, portion)]
            following = next(portions, None)
            yield Step(
                rows=len(portion.rows) + len(portion.broken),
                refused=refused,
                share=portion.share,
                write=partial(importer.flush, last=following is None),
            )
            portion = following

    def _mind_times(self) -> None:
        """See that times can be read at all: else every row would be refused, one after the other."""
        sample = next(self._table.portions(), Portion()).rows[:_SAMPLE]
        for name in _TIMES & self.places.keys():
            cells = (row[self.places[name]] for row in sample)
            words = [one for cell in cells if (one := _words(cell)) is not None]
            unread = [one for one in words if not values.is_moment(one, self._options)]
            if unread and len(unread) == len(words):
                forms = values.fitting_formats(unread)
                advice = " or ".join(f'--date-format "{form}"' for form in forms) or "--date-format"
                raise TableRefused(
                    f"the column {self._table.header[self.places[name]]!r} has times such as {unread[0][:40]!r}: say "
                    f"how they are written with {advice}"
                )

    def _made(self) -> RowImport:
        if self._importer is not OrderImport:
            return self._importer(self._options)
        return OrderImport(self._options, scattered(_column(self._table, self.places["order"])))

    def _broken(self, portion: Portion) -> Iterator[Refused]:
        for number, reason, cells in portion.broken:
            yield Refused((Row(self._path, number, cells),), reason)

    def _take(self, importer: RowImport, portion: Portion) -> Iterator[Refused]:
        for number, cells in zip(portion.numbers, portion.rows, strict=True):
            refused = importer.take(Row(self._path, number, cells), *self._parser.parse(cells))
            if refused is not None:
                yield refused


def _words(raw: Any) -> str | None:
    return raw.strip() or None if isinstance(raw, str) else None


def _column(table: TableFile, place: int) -> Iterator[str | None]:
    return (values.text(row[place]) for portion in table.portions() for row in portion.rows)


class PresetSource:
    """The export files of a system, as they are."""

    def __init__(self, name: str, paths: Sequence[Path], options: Options) -> None:
        """Open the files.

        Args:
            name: a name in `PRESETS`.

        Raises:
            TableRefused: there is no such system, or a file is none of its exports.
        """
        if name not in PRESETS:
            raise TableRefused(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
        self._options = options
        self.headers: Mapping[Path, Sequence[str]] = {path: open_table(path).header for path in paths}
        self._found = PRESETS[name].read(
            paths,
            PresetOptions(
                now=options.now,
                zone=options.zone,
                currency=options.currency,
                shop_currency=options.defaults.currency,
                language=options.defaults.language,
                date_format=options.date_format,
            ),
        )

    def steps(self) -> Iterator[Step]:
        for found in self._found:
            kept: list[Told[Any] | Refused | LeftOut] = [*found.told, *found.refused, *found.left_out]
            yield Step(
                rows=sum(len(one.rows) for one in kept),
                refused=found.refused,
                left_out=found.left_out,
                share=found.share,
                write=partial(self._write, found=found),
            )

    async def _write(self, store: Writes, found: Found) -> Flushed:
        return await write_all(store, found.told, self._options)


class RowParser:
    """Turns the values of a row into the fields of its kind."""

    def __init__(self, fields: Mapping[str, Field], positions: Mapping[str, int]) -> None:
        self._columns = [
            (name, position, fields[name] if not name.startswith(ATTRIBUTE) else _ATTRIBUTE_FIELD)
            for name, position in positions.items()
        ]
        # What stood in the row before, and what it was read as: the rows of an order have most of it in common.
        self._before: dict[str, tuple[Any, Any]] = {}

    def parse(self, cells: Sequence[Any]) -> tuple[dict[str, Any], BadRow | None]:
        """The fields that could be read, None where a value is missing; and why the first of the rest couldn't."""
        row: dict[str, Any] = {}
        first: BadRow | None = None
        before = self._before
        for name, position, field in self._columns:
            cell = cells[position]
            if name in before and before[name][0] == cell:
                row[name] = before[name][1]
                continue
            try:
                value = field.parse(cell)
                if value is None and field.required:
                    raise BadRow("there is no value")
            except BadRow as bad:
                first = first or BadRow(str(bad), name)
                continue
            before[name] = cell, value
            row[name] = value
        return row, first
