"""`liuke retention churn` and `score`: how likely each customer of a log, of a contract table, or of a large shop's
Parquet files, is to leave."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kernel.console import fail, failing, out, working
from kernel.files import sha256
from retention.commands import options
from retention.commands.files import (
    TableColumns,
    check_targets,
    load_part,
    open_log,
    print_metrics,
    print_notes,
    read_columns,
    save_part,
    write_table,
)

if TYPE_CHECKING:
    from retention.churn.contract import ContractModel
    from retention.churn.model import ChurnModel
    from retention.logs import Log
    from retention.types import Reason

LOG_PART, CONTRACT_PART = "churn", "contract"

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
    decide without it), by what lies before --at alone. From a contract table (--data, --label, --test): the
    chance of the label.
    """
    if (events is None) == (data is None and test is None):
        fail("name either a log (--events) or a table (--data with --label, --test)")
    check_targets(out_file, save, "the scores")
    if events is not None:
        _of_log(
            open_log(events, columns, options.moment(at)), options.days(horizon), save, model, seed, out_file
        )
        return
    for name, given in (("--at", at), ("--horizon", horizon)):
        if given is not None:
            print_notes(
                [f"{name} {given} has no effect on a table: its label says who left, and over what time"]
            )
    _of_table(data, label, treated, test, columns, save, model, seed, out_file)


# --- a log ------------------------------------------------------------------------------------------------


def _of_log(
    log: Log, horizon: int | None, save: Path | None, model: Path | None, seed: int, out_file: Path | None
) -> None:
    from retention.churn.model import restored, saved

    measured: Mapping[str, float] = {}
    if model is not None:
        found = restored(*load_part(model, LOG_PART))
        if horizon is not None and horizon != found.horizon_days:
            print_notes([f"the model was fitted for {found.horizon_days} days; carried on to {horizon}"])
    else:
        found, measured = _fit_log(log, horizon, seed)
    if save is not None:
        data = log.history.fingerprint() if model is None else ""
        save_part(save, LOG_PART, saved(found), seed=seed, at=log.at, data=data, metrics=measured)
    if out_file is not None:
        with failing(), working("scoring"):
            rows = _score_log(log, found, horizon)
        write_table(rows, out_file, log=log)


def _fit_log(log: Log, horizon: int | None, seed: int) -> tuple[ChurnModel, Mapping[str, float]]:
    from retention.churn.expected import EXPECTED
    from retention.churn.fit import fit
    from retention.features.expressions import Shop

    with failing(), working("learning who leaves"):
        checked = log.checked()
        fitted = fit(checked, Shop(checked.history), seed=seed, horizon_days=horizon)
    notes = list(fitted.notes)
    if horizon is None:
        notes.append(f"the horizon is {fitted.model.horizon_days} days, by the gaps between purchases")
    print_notes([*notes, *(str(one) for one in fitted.readiness if not one.enough)])
    judged = {name: one for name, one in fitted.metrics.items() if not name.startswith(EXPECTED)}
    print_metrics(f"Judged on the last {fitted.model.window_days} days before", judged, "churn_")
    if fitted.model.level is not None:
        out.print(str(fitted.model.level))
    return fitted.model, fitted.metrics


def _score_log(log: Log, model: ChurnModel, horizon: int | None) -> dict[str, list[Any]]:
    """Everybody in the log; who has bought nothing has the base rate."""
    import numpy as np

    from kernel.times import to_micros
    from retention.features.expressions import RawTable, Shop
    from retention.features.raw import NAMES
    from retention.types import RiskContext

    table = RawTable.of(Shop(log.checked().history), to_micros(log.at))
    bought = np.flatnonzero(table.values[:, NAMES.index("purchase_days")] > 0)
    risks = {}
    if model.fitted and len(bought):
        buyers = tuple(table.customers[place] for place in bought)
        found = model.risks(buyers, table.values[bought], version="cli", horizon_days=horizon)
        risks = {risk.customer: risk for risk in found}
    nothing_known = RiskContext(now=log.at, horizon_days=horizon)
    every = [risks.get(one) or model.risk(one, nothing_known, version="cli") for one in table.customers]
    return {
        "customer": [risk.customer for risk in every],
        "probability": [risk.probability for risk in every],
        "band": [risk.band.value for risk in every],
        "reasons": [in_words(risk.reasons) for risk in every],
        "expected_loss": [risk.expected_loss.minor / 100 if risk.expected_loss else None for risk in every],
    }


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
    from retention.errors import MissingColumn
    from retention.types import RiskBand

    table, source = read_columns(path)
    if customer is not None and customer not in table:
        raise MissingColumn("test", [customer])
    chances = model.probabilities(table, source.num_rows).tolist()
    said = [
        "; ".join(_named(one, table[one.code][row] if one.code in table else None) for one in why)
        for row, why in enumerate(model.reasons(table, source.num_rows))
    ]
    numbers = [str(number + 1) for number in range(source.num_rows)]
    return {
        "customer": source.column(customer) if customer is not None else numbers,
        "probability": chances,
        "band": [RiskBand.of(one, model.bands).value for one in chances],
        "reasons": said,
    }


# --- words ------------------------------------------------------------------------------------------------


def in_words(reasons: Sequence[Reason]) -> str:
    """`recency 45 (+0.62); frequency 3 (-0.40)`: what, its number, and by how much it moves the log-odds."""
    return "; ".join(_named(one, _shown(one)) for one in reasons)


def _shown(reason: Reason) -> str | None:
    if reason.value is None:
        return None
    return f"{reason.value / 100:.2f}" if reason.code == "money" else f"{reason.value:g}"


def _named(reason: Reason, value: str | None) -> str:
    shown = reason.code if value is None else f"{reason.code} {value}"
    return f"{shown} ({reason.weight:+.2f})" if reason.weight else shown


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
