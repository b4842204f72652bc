"""Which column of the file is which field."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.shop.importing.errors import ImportRefused
from bot.shop.importing.fields import Field

ATTRIBUTE = "attribute."
"""`attribute.Colour=Farbe` makes an attribute out of a column."""


def parse_columns(spoken: str) -> dict[str, str]:
    """`customer=CustomerID,item=StockCode` as a mapping of fields to columns.

    Raises:
        ImportRefused: something between commas is no pair.
    """
    columns: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in spoken.split(","))):
        name, equals, column = pair.partition("=")
        if not equals or not name.strip() or not column.strip():
            raise ImportRefused(
                f"{pair!r} is no pair of a field and a column, such as customer=CustomerID; "
                "for a column with a comma in its name, use a mapping file"
            )
        columns[name.strip()] = column.strip()
    return columns


def read_mapping(path: Path) -> dict[str, str]:
    """The same from a TOML file with a table `[columns]`.

    Raises:
        ImportRefused: the file can't be read so.
    """
    try:
        columns = tomllib.loads(path.read_text(encoding="utf-8")).get("columns")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ImportRefused(f"the mapping {path} can't be read: {error}") from error
    if not isinstance(columns, dict) or not all(isinstance(column, str) for column in columns.values()):
        raise ImportRefused(f'{path} needs a table [columns] with lines such as customer = "CustomerID"')
    return dict(columns)


def settle(
    fields: Mapping[str, Field], header: Sequence[str], given: Mapping[str, str] | None
) -> dict[str, int]:
    """The position of each field's column: as given, or else by the columns' own names.

    Raises:
        ImportRefused: no such field, no such column, or a field that must be there is not.
    """
    positions = _given(fields, header, given) if given else _recognised(fields, header)
    missing = [name for name, field in fields.items() if field.required and name not in positions]
    if missing:
        raise ImportRefused(
            f"which column is {', '.join(missing)}? Say it with --columns, such as "
            f"{missing[0]}=…; the file has {_listed(header)}"
        )
    return positions


def _given(fields: Mapping[str, Field], header: Sequence[str], given: Mapping[str, str]) -> dict[str, int]:
    by_name = {name: position for position, name in reversed(list(enumerate(header)))}
    folded = {_folded(name): position for name, position in by_name.items()}
    positions: dict[str, int] = {}
    for name, column in given.items():
        if name not in fields and not name.startswith(ATTRIBUTE):
            raise ImportRefused(f"there is no field {name!r}; there are {', '.join(fields)}")
        position = by_name.get(column, folded.get(_folded(column)))
        if position is None:
            raise ImportRefused(f"there is no column {column!r}; the file has {_listed(header)}")
        positions[name] = position
    return positions


def _recognised(fields: Mapping[str, Field], header: Sequence[str]) -> dict[str, int]:
    folded = {_folded(name): position for position, name in reversed(list(enumerate(header)))}
    positions: dict[str, int] = {}
    for name, field in fields.items():
        for spelling in (name, *field.also):
            if _folded(spelling) in folded:
                positions[name] = folded[_folded(spelling)]
                break
    return positions


def _folded(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in header[:30])
    return shown + (" …" if len(header) > 30 else "") if header else "no columns"
