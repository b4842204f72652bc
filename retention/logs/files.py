"""A file as an Arrow table with the number of each row, and as tables in DuckDB with every value in its type."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from kernel.tables import MISSING, ParquetTable, TableFile, TableRefused, open_table
from retention.errors import LogRefused
from retention.logs import values
from retention.logs.columns import Columns, refusing

LINE = "__line"
SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".parquet", ".pq")
UNREADABLE_SHARE = 0.5
"""A column of which so much cannot be read was named by mistake."""

_MISSING = pa.array(sorted(MISSING))
_AS_TEXT = (pa.types.is_dictionary, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)


def opened(path: Path) -> TableFile:
    """A file with its header.

    Raises:
        LogRefused: there is no such file, its suffix is none of `SUFFIXES`, or it cannot be read.
    """
    with refusing():
        if path.is_file() and not path.name.lower().endswith(SUFFIXES):
            raise TableRefused(
                f"{path}: the suffix is of no format that is read here; use {', '.join(SUFFIXES)}"
            )
        return open_table(path)


def read(file: TableFile, columns: Sequence[str]) -> tuple[pa.Table, list[int]]:
    """The named columns and `__line` (the row in the file, from 1; in a CSV file its header is row 1).

    CSV values are strings, Parquet's keep their types. The second part names the rows that could not be
    read, having too many or too few values.
    """
    wanted = list(dict.fromkeys(columns))
    if isinstance(file, ParquetTable):
        try:
            table = file.file.read(columns=wanted)
        except (pa.ArrowException, OSError) as error:
            raise LogRefused(f"the file cannot be read as Parquet: {error}") from error
        return table.append_column(LINE, pa.array(range(1, table.num_rows + 1), pa.int64())), []
    places = [file.header.index(name) for name in wanted]
    schema = pa.schema([*((name, pa.string()) for name in wanted), (LINE, pa.int64())])
    batches, broken = [], []
    for portion in file.portions():
        broken += [number + 1 for number, _, _ in portion.broken]
        cells = list(zip(*portion.rows, strict=True)) or [()] * len(file.header)
        chosen = [_text(cells[place]) for place in places]
        lines = pa.array([number + 1 for number in portion.numbers], pa.int64())
        batches.append(pa.record_batch([*chosen, lines], schema=schema))
    return pa.Table.from_batches(batches, schema), broken


def _text(values: Sequence[str]) -> pa.Array:
    column = pa.array(values, pa.string())
    missing = pc.or_(pc.is_in(pc.utf8_lower(column), _MISSING), pc.equal(column, "NA"))
    return pc.if_else(missing, pa.scalar(None, pa.string()), column) if pc.any(missing).as_py() else column


def plain(table: pa.Table) -> pa.Table:
    """Dictionaries and large strings as strings, so that every column has one of few types."""
    for place, field in enumerate(table.schema):
        if any(test(field.type) for test in _AS_TEXT):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table


class Parsed:
    """A file in DuckDB: `raw` has a column for each role, `parsed` the same in its type; both the row as `line`.

    In `parsed` a value is null where it is absent or could not be read.
    """

    def __init__(
        self,
        path: Path,
        columns: Columns,
        *,
        ids: Collection[str],
        texts: Collection[str],
        numbers: Collection[str],
        times: Collection[str],
        by: str | None = None,
    ) -> None:
        """Read and parse.

        Args:
            ids: roles whose columns hold names of something; so with `texts`, `numbers` and `times` (microseconds).
            by: a further column, of names.

        Raises:
            LogRefused: the file, or one of its columns, cannot be used at all.
        """
        self.path = path
        file = opened(path)
        self.roles, self.notes = columns.within(file.header, path, by)
        table, self.skipped = read(file, list(self.roles.values()))
        self.rows = table.num_rows
        self.types = {role: table.schema.field(name).type for role, name in self.roles.items()}
        self.connection: Any = duckdb.connect(":memory:")
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.register("file", plain(table))
        chosen = ", ".join(f'"{_quoted(name)}" AS "{role}"' for role, name in self.roles.items())
        self.connection.execute(f"CREATE TABLE raw AS SELECT {LINE} AS line, {chosen} FROM file")  # noqa: S608
        kinds = ((ids, "VARCHAR"), (texts, "VARCHAR"), (numbers, "DOUBLE"), (times, "BIGINT"))
        parts = {role: f"NULL::{kind}" for roles, kind in kinds for role in roles}
        for role in parts.keys() & self.roles.keys():
            name, kind = f'"{role}"', self.types[role]
            if role in times:
                parts[role], told = values.moments(self.connection, "raw", name, kind)
                self.notes += [one.replace(name, self.roles[role]) for one in told]
            elif role in numbers:
                parts[role] = values.number(name, kind)
            else:
                parts[role] = values.identifier(name, kind) if role in ids else f"{name}::VARCHAR"
        said = ", ".join(f'{value} AS "{role}"' for role, value in parts.items())
        self.connection.execute(f"CREATE TABLE parsed AS SELECT line, {said} FROM raw")  # noqa: S608

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        rows: list[tuple[Any, ...]] = self.connection.execute(query, list(parameters)).fetchall()
        return rows

    def refuse_unreadable(self, role: str, hint: str) -> None:
        """Refuse a column of which most cannot be read: it was named by mistake."""
        if role not in self.roles:
            return
        unread = f'raw."{role}" IS NOT NULL AND parsed."{role}" IS NULL'
        both = "FROM raw JOIN parsed USING (line)"
        [(given, lost)] = self.sql(f'SELECT count(raw."{role}"), count(*) FILTER ({unread}) {both}')
        if given and lost > UNREADABLE_SHARE * given:
            shown = self.sql(f'SELECT raw."{role}"::VARCHAR {both} WHERE {unread} ORDER BY line LIMIT 3')
            raise LogRefused(
                f"{self.path}: {lost} of {given} values of {self.roles[role]!r} cannot be read as {role}, such as "
                f"{', '.join(repr(one) for (one,) in shown)}: {hint}"
            )


def _quoted(name: str) -> str:
    """A column's name as it may stand between double quotes."""
    return name.replace('"', '""')
