"""What a shop writes down in a TOML file, checked against a model: every mistake is told at once, with its key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from retention.errors import RetentionError

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")

Written = TypeVar("Written", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file."""

    key: str
    """Where it is; empty: the text can't be read at all."""
    code: str
    """Which it is, for whoever says it in another language."""
    said: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """What is named in it."""

    def __str__(self) -> str:
        return f"{self.key}: {self.said}" if self.key else self.said


class RulesInvalid(RetentionError):
    """The rules can't be used; every problem is listed with its key."""

    def __init__(self, file: str, found: Sequence[Problem]) -> None:
        self.file, self.found = file, tuple(found)
        self.problems = [str(one) for one in found]
        super().__init__(f"{file} can't be used:\n" + "\n".join(f"  {line}" for line in self.problems))


def read(path: Path, kind: type[Written], number: Callable[[str], Any] = float) -> Written:
    """What a file says; the defaults where it isn't there. `number` reads what has a decimal point.

    Raises:
        RulesInvalid: with every problem at once.
    """
    try:
        # Editors on Windows put a mark before the first key.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return kind()
    except (OSError, UnicodeDecodeError) as error:
        raise RulesInvalid(path.name, [Problem("", "unreadable", str(error), {"said": str(error)})]) from None
    return parse(text, kind, path.name, number)


def parse(text: str, kind: type[Written], name: str, number: Callable[[str], Any] = float) -> Written:
    """What a text says that is, or would be, the content of a file.

    Raises:
        RulesInvalid: with every problem at once.
    """
    try:
        values = tomllib.loads(text, parse_float=number)
    except tomllib.TOMLDecodeError as error:
        raise RulesInvalid(name, [_unparsed(str(error))]) from None
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise RulesInvalid(name, [_problem(detail, kind, values) for detail in error.errors()]) from None


def _unparsed(said: str) -> Problem:
    """What the parser says, which names a line and a column where it knows them."""
    place = _PLACE.search(said)
    if place is None:
        return Problem("", "no_toml", said, {"said": said})
    return Problem("", "no_toml_at", said, {"line": place[1], "column": place[2]})


def _problem(detail: Mapping[str, Any], kind: type[BaseModel], values: Mapping[str, Any]) -> Problem:
    numbers = dict(detail.get("ctx", {}))
    if detail["type"] == "extra_forbidden":
        there = ", ".join(_fields(kind, detail["loc"]))
        return Problem(
            _key(detail["loc"], values), "extra_forbidden", f"is no rule; there are {there}", {"there": there}
        )
    # What Python calls a tuple is a list to whoever writes TOML.
    said = detail["msg"].removeprefix("Value error, ").replace("tuple", "list")
    return Problem(_key(detail["loc"], values), detail["type"], said, numbers)


def _key(place: tuple[int | str, ...], values: Any) -> str:
    """As it is written: a table that stands where several could has no number."""
    parts = []
    for part in place:
        if part == "[key]" or (isinstance(part, int) and isinstance(values, Mapping)):
            continue
        parts.append(str(part))
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            values = None
    return ".".join(parts)


def _fields(kind: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The keys that there are where an unknown one was written."""
    for part in place[:-1]:
        if isinstance(part, str):
            kind = _model_in(kind.model_fields[part].annotation) or kind
    return [field.alias or name for name, field in kind.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
