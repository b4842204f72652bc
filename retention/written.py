"""What a shop writes down in a TOML file, checked against a model: every mistake is told at once, with its key."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from retention.errors import RetentionError

Written = TypeVar("Written", bound=BaseModel)


class RulesInvalid(RetentionError):
    """The rules can't be used; every problem is listed with its key."""

    def __init__(self, file: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(f"{file} can't be used:\n" + "\n".join(f"  {line}" for line in problems))


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
        raise RulesInvalid(path.name, [str(error)]) from None
    return parse(text, kind, path.name, number)


def parse(text: str, kind: type[Written], name: str, number: Callable[[str], Any] = float) -> Written:
    """What a text says that is, or would be, the content of a file.

    Raises:
        RulesInvalid: with every problem at once.
    """
    try:
        values = tomllib.loads(text, parse_float=number)
    except tomllib.TOMLDecodeError as error:
        raise RulesInvalid(name, [str(error)]) from None
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise RulesInvalid(name, [_problem(detail, kind) for detail in error.errors()]) from None


def _problem(detail: Mapping[str, Any], kind: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in detail["loc"] if part != "[key]")
    if detail["type"] == "extra_forbidden":
        return f"{key}: is no rule; there are {', '.join(_fields(kind, detail['loc']))}"
    # What Python calls a tuple is a list to whoever writes TOML.
    return f"{key}: {detail['msg'].removeprefix('Value error, ').replace('tuple', 'list')}"


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
