"""Where the expressions of features run: on DuckDB, over Arrow or over Parquet in place, and on Spark.

The expressions are the same; only the tables beneath them differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis

from retention.errors import LogRefused, MissingColumn, WrongType
from retention.history import EVENTS, PRODUCTS, History

OF_EVENTS = ("kind", "customer", "product", "at", "quantity", "amount", "value")
OF_PRODUCTS = ("product", "category", "list_price")
"""The columns that features look at."""

_EVENTS, _PRODUCTS = "events_in_memory", "products_in_memory"
THREADS = 2
MEMORY = "600MB"
"""What DuckDB may take beside the interpreter; beyond it, it spills to disk."""


@dataclass(frozen=True, slots=True)
class Tables:
    """A shop's events and products as Ibis tables of one backend."""

    backend: Any
    events: Any
    """With the columns `OF_EVENTS`."""
    products: Any
    """With the columns `OF_PRODUCTS`."""


def over_arrow(history: History) -> Tables:
    """A checked history in memory, in place."""
    backend = ibis.duckdb.connect()
    # One thread: a fit shares the machine with the serving process.
    backend.raw_sql("SET threads = 1")
    exchange(backend, history)
    return Tables(backend, backend.table(_EVENTS), backend.table(_PRODUCTS))


def exchange(backend: Any, history: History) -> None:
    """Put another history in the place of that which tables of `over_arrow` stand for: queries that are written once
    can be asked of many."""
    backend.con.register(_EVENTS, history.events.select(list(OF_EVENTS)))
    backend.con.register(_PRODUCTS, history.products.select(list(OF_PRODUCTS)))


def over_parquet(
    events: Path, products: Path, spill: Path, *, threads: int = THREADS, memory: str = MEMORY
) -> Tables:
    """Parquet files with the columns of `retention.history`, read as they are needed.

    Args:
        events: one file, or a folder of them. Its rows are taken as they are: give what a check let through.
        products: likewise.
        spill: a folder for what does not fit into `memory`.
        memory: as DuckDB writes it, such as `600MB`.

    Raises:
        LogRefused: a file cannot be read as Parquet.
        MissingColumn: a column that features look at is absent.
        WrongType: a column has another type.
    """
    backend = ibis.duckdb.connect()
    backend.raw_sql(f"SET threads = {int(threads)}")
    backend.raw_sql(f"SET memory_limit = '{memory}'")
    backend.raw_sql(f"SET temp_directory = '{str(spill).replace(chr(39), chr(39) * 2)}'")
    backend.raw_sql("SET preserve_insertion_order = false")
    return _tables(backend, _read(backend, events), _read(backend, products))


def over_spark(session: Any, events: Path, products: Path) -> Tables:
    """The same files on Spark (the extra `scale`).

    Args:
        session: a `pyspark.sql.SparkSession` whose time zone is UTC.

    Raises:
        MissingColumn: a column that features look at is absent.
        WrongType: a column has another type.
    """
    backend = ibis.pyspark.connect(session)
    return _tables(backend, backend.read_parquet(str(events)), backend.read_parquet(str(products)))


def _read(backend: Any, path: Path) -> Any:
    if path.is_dir() and not any(path.glob("*.parquet")):
        raise LogRefused(f"{path} holds no .parquet file: name the file, or the folder that has it")
    try:
        return backend.read_parquet(str(path / "*.parquet") if path.is_dir() else str(path))
    except duckdb.Error as error:
        raise LogRefused(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from error


def _tables(backend: Any, events: Any, products: Any) -> Tables:
    looked_at = _looked_at("events", events, OF_EVENTS, EVENTS)
    return Tables(backend, looked_at, _looked_at("products", products, OF_PRODUCTS, PRODUCTS))


def _looked_at(name: str, table: Any, columns: Sequence[str], schema: Any) -> Any:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise MissingColumn(name, missing)
    for column in columns:
        wanted = ibis.dtype(schema.field(column).type)
        found = table[column].type()
        if found.copy(nullable=True) != wanted.copy(nullable=True):
            raise WrongType(name, column, str(found), str(wanted))
    return table.select(*columns)
