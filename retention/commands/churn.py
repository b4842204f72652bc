"""`liuke retention churn` and `score`: how likely each customer of a log, of a contract table, or of a large shop's
Parquet files, is to leave."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kernel.console import fail, failing, out, working
from kernel.files import sha256
from retention.commands import churn_of_log, options
from retention.commands.files import (
    TableColumns,
    check_targets,
    load_part,
    print_metrics,
    print_notes,
    read_columns,
    save_part,
    write_table,
)

if TYPE_CHECKING:
    from retention.churn.contract import ContractModel

CONTRACT_PART = "contract"

Events = Annotated[
    Path | None, typer.Option("--events", help="The shop's log: .csv or .parquet, a row a purchase.")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Instead of a log: a table of customers under contract, .csv or .parquet."),
]
Label = Annotated[
    str | None, typer.Option("--label", help="The column of --data that says who left: yes/no, 1/0, …")
]
Treated = Annotated[
    str | None,
    typer.Option(
        "--treated", help="The column of --data that says whom a campaign reached: the others teach the risk."
    ),
]
Test = Annotated[
    Path | None, typer.Option("--test", help="The table to score, in its order; it needs no label.")
]
Model = Annotated[
    Path | None, typer.Option("--model", help="Score with the model in this folder; fit nothing.")
]


def churn(
    events: Events = None,
    columns: options.Columns = None,
    at: options.At = None,
    horizon: options.Horizon = None,
    capacity: options.Capacity = None,
    data: Data = None,
    label: Label = None,
    treated: Treated = None,
    test: Test = None,
    save: options.Save = None,
    model: Model = None,
    seed: options.Seed = 0,
    out_file: options.Out = None,
) -> None:
    """Who is about to leave: `customer, probability, band, reasons`, a row a customer.

    From a log: the chance of no purchase in the next days (--horizon; the shop's own gaps between purchases
    decide without it), by what lies before --at alone. The band `high` is whom your staff can look after (--capacity),
    by what is at stake. From a contract table (--data, --label, --test): the chance of the label.
    """
    if (events is None) == (data is None and test is None):
        fail("name either a log (--events) or a table (--data with --label, --test)")
    check_targets(out_file, save, "the scores")
    if events is not None:
        asked = churn_of_log.Asked(
            horizon=options.days(horizon),
            capacity=options.capacity(capacity),
            save=save,
            model=model,
            seed=seed,
        )
        churn_of_log.run(events, columns, options.moment(at), asked, out_file)
        return
    for name, given in (("--at", at), ("--horizon", horizon), ("--capacity", capacity)):
        if given is not None:
            print_notes(
                [f"{name} {given} has no effect on a table: its label says who left, and over what time"]
            )
    _of_table(data, label, treated, test, columns, save, model, seed, out_file)


# --- a contract table -------------------------------------------------------------------------------------


def _of_table(
    data: Path | None,
    label: str | None,
    treatment: str | None,
    test: Path | None,
    columns: str | None,
    save: Path | None,
    model: Path | None,
    seed: int,
    out_file: Path | None,
) -> None:
    from retention.churn.contract import restored, saved
    from retention.logs import Columns

    if out_file is not None and test is None:
        fail("name the table to score with --test")
    with failing():
        customer = Columns.parse(columns).names.get("customer")
    measured: Mapping[str, float] = {}
    if model is not None:
        found = restored(*load_part(model, CONTRACT_PART))
    elif data is not None and label is not None:
        found, measured = _fit_table(read_columns(data)[0], label, treatment, customer, seed)
    else:
        fail("name the table to learn from with --data and --label, or a fitted model with --model")
    if save is not None:
        digest = sha256(data) if data is not None else ""
        save_part(save, CONTRACT_PART, saved(found), seed=seed, at=None, data=digest, metrics=measured)
    if out_file is not None and test is not None:
        with failing(), working("scoring"):
            rows = _score_table(test, found, customer)
        write_table(rows, out_file)


def _fit_table(
    table: TableColumns, label: str, treatment: str | None, customer: str | None, seed: int
) -> tuple[ContractModel, Mapping[str, float]]:
    from retention.churn.contract import fit, fit_untreated

    with failing(), working("learning who leaves"):
        if treatment is None:
            fitted = fit(table, label, customer=customer, seed=seed)
        else:
            fitted = fit_untreated(table, label, treatment, customer=customer, seed=seed)
    print_notes(fitted.notes)
    print_metrics("By cross-validation", fitted.metrics, "churn_")
    return fitted.model, fitted.metrics


def _score_table(path: Path, model: ContractModel, customer: str | None) -> dict[str, Any]:
    """The customers as they stand in the file, so that scores join with it; row numbers without their column."""
    from retention.churn.listing import named
    from retention.errors import MissingColumn
    from retention.types import RiskBand

    table, source = read_columns(path)
    if customer is not None and customer not in table:
        raise MissingColumn("test", [customer])
    chances = model.probabilities(table, source.num_rows).tolist()
    said = [
        "; ".join(named(one, table[one.code][row] if one.code in table else None) for one in why)
        for row, why in enumerate(model.reasons(table, source.num_rows))
    ]
    numbers = [str(number + 1) for number in range(source.num_rows)]
    return {
        "customer": source.column(customer) if customer is not None else numbers,
        "probability": chances,
        "band": [RiskBand.of(one, model.bands).value for one in chances],
        "reasons": said,
    }


# --- a large shop's files -------------------------------------------------------------------------------


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
    from retention.features.engines import over_parquet, over_spark
    from retention.scoring import score_tables

    now = options.moment(at) or datetime.now(UTC)
    began = time.monotonic()
    with (
        failing(),
        _within(memory),
        working(f"scoring {events.name}"),
        TemporaryDirectory(dir=target.parent) as spill,
    ):
        if engine is Engine.DUCKDB:
            tables = over_parquet(events, products, Path(spill), threads=threads, memory=memory)
        else:
            tables = over_spark(_session(), events, products)
        scored = score_tables(model, tables, target, now=now)
    out.print(f"{scored:,} customers scored in {time.monotonic() - began:.1f} s: {target}")


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
