"""`liuke retention score`: the churn risk of a large shop's customers, from Parquet files that stay where they are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retention.commands.options import moment
from retention.commands.output import fail, out, told, working

if TYPE_CHECKING:
    from retention.features.engines import Tables


class Engine(StrEnum):
    """What works the features out."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def score(
    events: Annotated[
        Path,
        typer.Option("--events", help="Parquet, a file or a folder, in the form of `retention.history`."),
    ],
    products: Annotated[Path, typer.Option("--products", help="Parquet, likewise.")],
    model: Annotated[
        Path, typer.Option("--model", help="A fitted version, such as ~/.liuke/models/retention/VERSION.")
    ],
    target: Annotated[Path, typer.Option("--out", help="The table to write: .parquet.")],
    at: Annotated[
        str | None, typer.Option("--at", help="Only what lies before it is used. Now by default.")
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="`spark` needs the extra `scale` and Java 17; the answers are the same.")
    ] = Engine.DUCKDB,
    threads: Annotated[int, typer.Option(min=1, help="Of DuckDB.")] = 2,
    memory: Annotated[str, typer.Option(help="What DuckDB may take before it spills to disk.")] = "600MB",
) -> None:
    """Score millions of events without reading them into memory: customer, probability, band.

    The events are taken as they are: leave out what can't be true before, as a fit does by itself.
    """
    for path in (events, products, model, target.parent):
        if not path.exists():
            fail(f"{path} is not there")
    if target.suffix != ".parquet":
        fail(f"--out {target}: scores are written as .parquet")
    from retention.scoring import score_tables

    now = moment(at) or datetime.now(UTC)
    began = time.monotonic()
    with (
        told(),
        _within(memory),
        working(f"scoring {events.name}"),
        TemporaryDirectory(dir=target.parent) as spill,
    ):
        tables = _tables(engine, events, products, Path(spill), threads, memory)
        scored = score_tables(model, tables, target, now=now)
    out.print(f"{scored:,} customers scored in {time.monotonic() - began:.1f} s: {target}", highlight=False)


def _tables(engine: Engine, events: Path, products: Path, spill: Path, threads: int, memory: str) -> Tables:
    from retention.features.engines import over_parquet, over_spark

    if engine is Engine.DUCKDB:
        return over_parquet(events, products, spill, threads=threads, memory=memory)
    return over_spark(_session(), events, products)


@contextmanager
def _within(memory: str) -> Iterator[None]:
    """What DuckDB can't do with so much memory ends the command."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        fail(f"--memory {memory} is too little for these files: allow more")
    except (duckdb.ParserException, duckdb.InvalidInputException) as error:
        fail(f"DuckDB, with --memory {memory}: {str(error).splitlines()[0]}")


def _session() -> Any:
    """The Spark session; where the cluster is, `spark-defaults.conf` or `spark-submit` says."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        fail("--engine spark needs PySpark: pip install 'liuke[scale]', and Java 17")
    return SparkSession.builder.appName("liuke").config("spark.sql.session.timeZone", "UTC").getOrCreate()
