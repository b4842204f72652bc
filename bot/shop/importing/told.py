"""What is read from files: records, each with the rows that it was read from, or why rows can't be one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.shop.intake.records import Record
from kernel.sentence import Sentence, at

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file as it stands there."""

    file: Path
    number: int
    """The first below the header is 1."""
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Told(Generic[R]):
    """A record and its rows: an order of three lines has three."""

    record: R
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Rows of one record that can't be taken: with one of them, all of them."""

    rows: tuple[Row, ...]
    reason: str
    """With the value that is bad."""
    field: str = ""
    """What the reason speaks of; empty for the whole record."""
    bad: Row | None = None
    """The row that is bad, where it is one of several."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that are no mistake, but nothing that is kept: a test order, a comment."""

    rows: tuple[Row, ...]
    why: str


def record_of(kind: type[R], fields: Mapping[str, Any], rows: tuple[Row, ...]) -> Told[R] | Refused:
    """A record made of what rows say; lists such as an order's lines are in the order of the rows."""
    try:
        return Told(kind.model_validate(fields), rows)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        reason, said = _reason(first), first["input"]
        shown = at(said, reason) if isinstance(said, str | int | float) else reason
        return Refused(rows, shown, place, row_of(first["loc"], rows))


def _reason(error: ErrorDetails) -> Sentence:
    """What pydantic says, or a validator of ours."""
    values = error.get("ctx", {})
    if error["type"] == "value_error":
        return Sentence.of(str(values["error"]))
    if "expected" in values:
        values = {**values, "expected": str(values["expected"]).replace(" or ", ", ")}
    return Sentence.called(f"pydantic.{error['type']}", error["msg"], **values)


def row_of(place: Sequence[int | str], rows: tuple[Row, ...]) -> Row | None:
    """The row that a bad part of a record was read from, where that is known: every row of an order is a line."""
    match place:
        case ("lines", int(number), *_) if number < len(rows):
            return rows[number]
    return rows[0] if len(rows) == 1 else None


@dataclass(slots=True)
class Found:
    """What a portion of files came to, by kind, in the order of the files."""

    told: list[Told[Any]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    share: float = 0.0
    """How much of the files has been read, 0 to 1."""
