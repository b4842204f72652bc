"""What the export files of a system look like, and how their rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.shop.importing.presets import cleaning
from bot.shop.importing.presets.columns import Column, Reading
from bot.shop.importing.rows import BadRow
from bot.shop.importing.told import LeftOut, Refused, Row, Told, record_of
from bot.shop.intake.records import Record
from kernel.columns import folded
from kernel.sentence import at, general

Result: TypeAlias = Told[Any] | Refused | LeftOut


class Unfit(Exception):
    """Rows can't be a record; the message is the reason that people read."""

    def __init__(self, reason: str, field: str = "", read: Read | None = None) -> None:
        super().__init__(reason)
        self.field, self.read = field, read


@dataclass(slots=True)
class Read:
    """A row whose cells have been read."""

    row: Row
    values: dict[str, Any]
    """By field; None where there is nothing."""
    named: Mapping[str, str]
    """Field to what its column is called in this file."""
    bad: Unfit | None = None
    """The first cell that can't be read, or why the row has no cells."""

    def get(self, *fields: str) -> Any:
        """The first value that is there."""
        return next((found for name in fields if (found := self.values.get(name)) is not None), None)

    def need(self, *fields: str) -> Any:
        """As `get`, of a value that must be there.

        Raises:
            Unfit: it isn't.
        """
        found = self.get(*fields)
        if found is None:
            raise Unfit("there is no value", fields[0], self)
        return found


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one record."""

    reads: Sequence[Read]
    details: Sequence[Read] = ()
    """Rows of another file that belong to it."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """All of them as they stand in their files."""
        return tuple(read.row for read in (*self.reads, *self.details))

    def get(self, *fields: str) -> Any:
        """The first value that is there, from the first row down."""
        found = (read.values.get(name) for name in fields for read in self.reads)
        return next((value for value in found if value is not None), None)

    def has(self, field: str) -> bool:
        """Whether the file has a column for it."""
        return field in self.reads[0].named

    def need(self, *fields: str) -> Any:
        """As `get`, of a value that must be there.

        Raises:
            Unfit: it isn't.
        """
        found = self.get(*fields)
        if found is None:
            raise Unfit("there is no value", fields[0], self.reads[0])
        return found

    def of(self, *reads: Read) -> Group:
        """Some of its rows."""
        return Group(reads)

    def told(self, kind: type[Record], fields: Mapping[str, Any], lines: Sequence[Read] = ()) -> Result:
        """A record made of all rows.

        Args:
            lines: the rows that its lines were read from, one for each.
        """
        result = record_of(kind, fields, self.rows)
        if isinstance(result, Told):
            return result
        steps = result.field.split(".")
        read = self.reads[0]
        if steps[0] == "lines" and len(steps) > 1 and int(steps[1]) < len(lines):
            read = lines[int(steps[1])]
        name = next((step for step in reversed(steps) if step in read.named), result.field)
        return self.refused(Unfit(result.reason, name, read))

    def refused(self, why: Unfit) -> Refused:
        """All rows, and which of them it was."""
        read = why.read
        column = why.field if read is None else read.named.get(why.field, why.field)
        return Refused(self.rows, str(why), column, None if read is None else read.row)


Make: TypeAlias = Callable[[Group, Reading], Iterable[Result]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One of the files that a system exports, and what its rows are made into."""

    kind: str
    """customers, products, orders, or what an order's other file is."""
    called: str
    """How the system and its users call the file."""
    columns: Mapping[str, Column]
    needs: tuple[str, ...]
    """Fields by whose columns the file is recognised."""
    make: Make | None = None
    """Raises Unfit where rows can't be a record. None: the rows belong to records of the shape that names it."""
    key: str | None = None
    """The field that is the same, or empty, in the rows of one record; None: each row is one."""
    whole: bool = True
    """A bad row spoils the other rows of its record."""
    details: str | None = None
    """The kind of the shape whose rows are the lines of this one's records, found by that shape's key."""
    first: Callable[[Group, Reading], None] | None = None
    """Looks at every record before the first one is made."""

    def places(self, header: Sequence[str]) -> dict[str, int]:
        """Field to the place of its column, for those that are there."""
        there = {folded(name): place for place, name in reversed(list(enumerate(header)))}
        found = {
            name: next((there[one] for one in map(folded, column.names) if one in there), None)
            for name, column in self.columns.items()
        }
        return {name: place for name, place in found.items() if place is not None}

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a file with these columns is one of these."""
        there = self.places(header)
        return all(name in there for name in self.needs)

    def needed(self) -> str:
        """The columns that it is recognised by, for people."""
        return ", ".join(self.columns[name].names[0] for name in self.needs)


@dataclass(frozen=True, slots=True)
class Cells:
    """Reads the rows of one file."""

    shape: Shape
    header: Sequence[str]
    reading: Reading
    places: Mapping[str, int] = field(init=False)
    named: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        places = self.shape.places(self.header)
        object.__setattr__(self, "places", places)
        object.__setattr__(self, "named", {name: self.header[place] for name, place in places.items()})

    def read(self, row: Row, broken: str = "") -> Read:
        """The cells of a row; what can't be read is said, not raised."""
        read = Read(row, {}, self.named)
        if broken:
            read.bad = Unfit(broken, "", read)
            return read
        for name, place in self.places.items():
            raw = row.values[place]
            try:
                read.values[name] = self.shape.columns[name].clean(raw, self.reading)
            except BadRow as bad:
                read.values[name] = None
                read.bad = read.bad or Unfit(_with_value(str(bad), raw), name, read)
        return read

    def key(self, values_: Sequence[Any]) -> str:
        """Which record a row belongs to; nothing where it doesn't say."""
        place = self.places.get(self.shape.key or "")
        if place is None or place >= len(values_):
            return ""
        try:
            return cleaning.code(values_[place]) or ""
        except BadRow:
            return str(values_[place])


def _with_value(reason: str, raw: Any) -> str:
    return reason if general(reason) != reason else at(raw, reason)
