"""Where the records of an import come from: one file of rows of a kind, or the exports of a system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, get_args

from bot.shop.importing import fields, values
from bot.shop.importing.fields import Field, known_as, settle
from bot.shop.importing.orders import OrderImport
from bot.shop.importing.orders_log import LogImport, Overview
from bot.shop.importing.presets import PRESETS
from bot.shop.importing.records import (
    AddressImport,
    CouponImport,
    CustomerImport,
    EventImport,
    PointImport,
    ProductImport,
)
from bot.shop.importing.rows import BadRow, Flushed, Options, RowImport, Write, scattered
from bot.shop.importing.told import Found, LeftOut, Refused, Row, Told
from bot.shop.importing.writing import write_all
from bot.shop.intake.people import ConsentChannel
from kernel.sentence import Sentence, either
from kernel.tables import Portion, TableRefused, open_table
from storage.trial import Writes

_SAMPLE = 200
_TIMES = frozenset(
    {
        "time", "created", "paid", "shipped", "delivered", "return_shipped", "return_delivered", "refund_requested",
        "refund_decided", "refund_paid", "valid_from", "valid_until", "marketing_at", "sale_from", "sale_until",
        *(f"consent_{channel}_at" for channel in get_args(ConsentChannel)),
    }
)  # fmt: skip

KINDS: Mapping[str, tuple[Callable[[Options], Mapping[str, Field]], type[RowImport]]] = {
    "customers": (fields.customer_fields, CustomerImport),
    "addresses": (fields.address_fields, AddressImport),
    "products": (fields.product_fields, ProductImport),
    "orders": (fields.order_fields, OrderImport),
    "coupons": (fields.coupon_fields, CouponImport),
    "events": (fields.event_fields, EventImport),
    "points": (fields.point_fields, PointImport),
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
    write: Write


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
            raise TableRefused(
                Sentence("there is no kind {kind!r}; there are {known}", kind=kind, known=", ".join(KINDS))
            )
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
            refused = list(self._take(importer, portion))
            following = next(portions, None)
            yield Step(
                rows=len(portion.rows) + len(portion.broken),
                refused=refused,
                share=portion.share,
                write=importer.complete(following is None),
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
                advice = [f'--date-format "{form}"' for form in values.fitting_formats(unread)]
                raise TableRefused(
                    Sentence(
                        "the column {column!r} has times such as {time!r}: say how they are written with {advice}",
                        column=self._table.header[self.places[name]],
                        time=unread[0][:40],
                        advice=either(*(advice or ["--date-format"])),
                    )
                )

    def _made(self) -> RowImport:
        """What takes the rows; some have to look at all of them before."""
        if self._importer is OrderImport:
            rows = (cells for portion in self._table.portions() for _, cells, _ in portion.in_order())
            return OrderImport(self._options, scattered(self._parser.part(cells, "order") for cells in rows))
        if self._importer is LogImport:
            rows = (cells for portion in self._table.portions() for cells in portion.rows)
            return LogImport(self._options, Overview(map(self._parser.parse, rows), self._options))
        return self._importer(self._options)

    def _take(self, importer: RowImport, portion: Portion) -> Iterator[Refused]:
        for number, cells, why in portion.in_order():
            row = Row(self._path, number, cells)
            if why is None:
                refused = importer.take(row, *self._parser.parse(cells))
            else:
                refused = importer.take_broken(row, why, self._parser.part(cells, "order"))
            if refused is not None:
                yield refused


def _words(raw: Any) -> str | None:
    return raw.strip() or None if isinstance(raw, str) else None


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
            raise TableRefused(
                Sentence(
                    "there is no preset {name!r}; there are {known}", name=name, known=", ".join(PRESETS)
                )
            )
        self._options = options
        self.headers: Mapping[Path, Sequence[str]] = {path: open_table(path).header for path in paths}
        self._found = PRESETS[name].read(paths, options)

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


_ANY = Field(values.text)


class RowParser:
    """Turns the values of a row into the fields of its kind."""

    def __init__(self, fields: Mapping[str, Field], positions: Mapping[str, int]) -> None:
        self._columns = [(name, position, fields[known_as(name)]) for name, position in positions.items()]
        self._of = {name: (field, position) for name, position, field in self._columns}
        # What stood in the row before, and what it was read as: the rows of an order have most of it in common.
        self._before: dict[str, tuple[Any, Any]] = {}

    def part(self, cells: Sequence[Any], name: str) -> Any:
        """One field of a row that may be broken off; None where it isn't there."""
        field, position = self._of.get(name, (_ANY, len(cells)))
        try:
            return field.parse(cells[position]) if position < len(cells) else None
        except BadRow:
            return None

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
