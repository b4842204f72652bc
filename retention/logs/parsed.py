"""A file in DuckDB, with every value in its type."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import duckdb
import pyarrow as pa

from kernel.tables import TableFile
from retention.errors import LogRefused
from retention.logs import values
from retention.logs.columns import Columns
from retention.logs.fast_csv import OddRow
from retention.logs.files import LINE, Rows, batches, opened, plain

UNREADABLE_SHARE = 0.5
"""A column of which so much cannot be read was named by mistake."""
LONG, PART = 2_000_000, 500_000
"""A log with more rows than the first can be looked at in parts, of about so many rows as the second: a part is all
rows of some customers."""
LARGE_FILE = 32 * 1024 * 1024
"""From so many bytes on, a file goes by way of a database on disk instead of one in memory."""
THREADS, MEMORY = 2, "250MB"
"""What DuckDB may take for a large file; beyond it, it goes to disk."""


class Parsed:
    """A file in DuckDB: `parsed` has a column for each role in its type, and the row as `line`.

    A value is null where it is absent or could not be read, and `unread_ROLE` is true where it could not.
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
        self._scratch = TemporaryDirectory(prefix="liuke-log-") if path.stat().st_size >= LARGE_FILE else None
        self.connection = _connected(self._scratch)
        try:
            self._parse(file, ids, texts, numbers, times)
        except BaseException:
            self.close()
            raise

    def _parse(
        self,
        file: TableFile,
        ids: Collection[str],
        texts: Collection[str],
        numbers: Collection[str],
        times: Collection[str],
    ) -> None:
        """The tables `raw` and `parsed`."""
        self.types, self.skipped = self._load(file)
        self.rows: int = self.sql("SELECT count(*) FROM raw")[0][0]
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
        said = "".join(f', {value} AS "{role}"' for role, value in parts.items())
        both = "".join(f', "{role}" AS "raw_{role}"' for role in self._checked_roles(numbers, times))
        unread = "".join(
            f', "raw_{role}" IS NOT NULL AND "{role}" IS NULL AS "unread_{role}"'
            for role in self._checked_roles(numbers, times)
        )
        chosen = "".join(f', "{role}"' for role in parts)
        self.count = -(-self.rows // PART) if "customer" in self.roles and self.rows > LONG else 1
        """Parts that customers are drawn into, by `part` of `parsed`."""
        if self.count > 1:
            chosen += f", (hash(customer) % {self.count})::INTEGER AS part"
        self.sql(
            f"CREATE TABLE parsed AS SELECT line{chosen}{unread} FROM (SELECT line{said}{both} FROM raw)"  # noqa: S608
        )

    def _checked_roles(self, numbers: Collection[str], times: Collection[str]) -> list[str]:
        return [role for role in self.roles if role in numbers or role in times]

    def _load(self, file: TableFile) -> tuple[dict[str, pa.DataType], list[int]]:
        """The table `raw`, a column for each role; the types of the columns, and the rows that could not be read."""
        names = list(self.roles.values())
        try:
            rows = batches(file, names, fast=True)
            self._fill_raw(rows)
        except OddRow:
            rows = batches(file, names, fast=False)
            self._fill_raw(rows)
        return {role: rows.schema.field(name).type for role, name in self.roles.items()}, rows.broken

    def _fill_raw(self, rows: Rows) -> None:
        failed: list[Exception] = []

        def told() -> Iterator[pa.RecordBatch]:
            """Through DuckDB an error would come out without its type."""
            try:
                for batch in rows.batches:
                    yield from plain(pa.Table.from_batches([batch], rows.schema)).to_batches()
            except Exception as error:
                failed.append(error)
                raise

        schema = plain(rows.schema.empty_table()).schema
        chosen = "".join(f', "{_quoted(name)}" AS "{role}"' for role, name in self.roles.items())
        self.connection.register("file", pa.RecordBatchReader.from_batches(schema, told()))
        try:
            self.connection.execute(f"CREATE TABLE raw AS SELECT {LINE} AS line{chosen} FROM file")  # noqa: S608
        except duckdb.Error:
            if failed:
                raise failed[0] from None
            raise
        finally:
            self.connection.unregister("file")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database, and of its files."""
        self.connection.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        rows: list[tuple[Any, ...]] = self.connection.execute(query, list(parameters)).fetchall()
        return rows

    def refuse_unreadable(self, role: str, hint: str) -> None:
        """Refuse a column of which most cannot be read: it was named by mistake."""
        if role not in self.roles:
            return
        [(read, lost)] = self.sql(f'SELECT count("{role}"), count(*) FILTER ("unread_{role}") FROM parsed')  # noqa: S608
        given = read + lost
        if given and lost > UNREADABLE_SHARE * given:
            lines = f'SELECT line FROM parsed WHERE "unread_{role}" ORDER BY line LIMIT 3'  # noqa: S608
            shown = self.sql(f'SELECT "{role}"::VARCHAR FROM raw WHERE line IN ({lines}) ORDER BY line')  # noqa: S608
            raise LogRefused(
                f"{self.path}: {lost} of {given} values of {self.roles[role]!r} cannot be read as {role}, such as "
                f"{', '.join(repr(one) for (one,) in shown)}: {hint}"
            )


def _connected(scratch: TemporaryDirectory[str] | None) -> Any:
    if scratch is None:
        connection = duckdb.connect(":memory:")
    else:
        connection = duckdb.connect(str(Path(scratch.name) / "log.duckdb"))
        connection.execute(f"SET threads = {THREADS}")
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _quoted(name: str) -> str:
    """A column's name as it may stand between double quotes."""
    return name.replace('"', '""')
