"""What files are, by their columns alone: whose exports, or which kind of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.shop.importing.fields import usual_places
from bot.shop.importing.presets import PRESETS, Preset
from bot.shop.importing.rows import Options
from bot.shop.importing.sources import KINDS
from kernel.columns import listed, place_of
from kernel.sentence import Sentence
from kernel.tables import TableRefused, open_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What each column of a file is taken for."""

    header: Sequence[str]
    fields: Sequence[str]
    """What a column of this kind of rows can be."""
    taken: Mapping[str, str]
    """Field to column."""


def recognise(files: Sequence[Path], options: Options) -> str | None:
    """Whose exports these files all are, a name in `PRESETS`; or, of one file, the kind of its rows, a name in `KINDS`.

    Raises:
        TableRefused: a file can't be read.
    """
    headers = [open_table(path).header for path in files]
    known = {name: _known(preset, headers) for name, preset in PRESETS.items()}
    if any(known.values()):
        return max(known, key=known.__getitem__)
    return _kind(headers[0], options) if len(headers) == 1 else None


def require_kind(kind: str, path: Path, options: Options) -> None:
    """See that a file, read by its columns' own names, is not plainly one of another kind of rows.

    Raises:
        TableRefused: another kind has a use for more than twice as many of its columns.
    """
    header = open_table(path).header
    other = _kind(header, options)
    if other is None or kind not in KINDS:
        return
    used, more = (len(usual_places(KINDS[one][0](options), header)) for one in (kind, other))
    if more > 2 * used:
        raise TableRefused(
            Sentence(
                "{path} has columns of {other}, not of {kind}: import it as {other}, or say with --columns which "
                "column is which. {columns}",
                path=str(path),
                other=other,
                kind=kind,
                columns=listed(header),
            )
        )


def columns_of(kind: str, path: Path, options: Options, chosen: Mapping[str, str]) -> Columns:
    """What the columns of a file of a kind of rows are taken for, be it enough or not.

    Args:
        kind: a name in `KINDS`.
        chosen: field to column; by the columns' own names when there are none.

    Raises:
        TableRefused: the file can't be read.
    """
    header, fields = open_table(path).header, KINDS[kind][0](options)
    places = usual_places(fields, header)
    if chosen:
        places = {}
        for field, column in chosen.items():
            try:
                places[field] = place_of(column, header, field)
            except TableRefused:
                continue  # of another file, or of a name that is there twice: the import says which
    return Columns(
        header=tuple(header),
        fields=tuple(name for name in fields if not name.endswith(".")),
        taken={field: header[place] for field, place in places.items()},
    )


def _known(preset: Preset, headers: Sequence[Sequence[str]]) -> int:
    """How many columns a system knows, if it knows every file: two may have a table with the same few columns."""
    count = 0
    for header in headers:
        shape = preset.shape_of(header)
        if shape is None:
            return 0
        count += len(shape.places(header))
    return count


def _kind(header: Sequence[str], options: Options) -> str | None:
    """The kind that has a use for most of the columns, among those whose necessary ones are there."""
    found: dict[str, int] = {}
    for kind, (fields_of, _) in KINDS.items():
        fields = fields_of(options)
        places = usual_places(fields, header)
        if all(name in places for name, field in fields.items() if field.required):
            found[kind] = len(places)
    return max(found, key=found.__getitem__) if found else None
