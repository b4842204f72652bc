"""`liuke retention churn`: how likely each customer of a log, or of a contract table, is to leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retention.commands import options
from retention.commands.models import load_part, save_part
from retention.commands.output import (
    check_suffix,
    fail,
    open_log,
    print_table,
    tell_notes,
    told,
    working,
    write_table,
)

if TYPE_CHECKING:
    import pyarrow as pa

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
Save = Annotated[Path | None, typer.Option("--save", help="Keep the fitted model in this folder.")]
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
    save: Save = None,
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
    if out_file is None and save is None:
        fail("name --out for the scores, --save for the model, or both")
    if out_file is not None:
        check_suffix(out_file)
    if events is not None:
        days = options.days(horizon)
        _of_log(events, columns, options.moment(at), days, save, model, seed, out_file)
    else:
        _tell_ignored(at, horizon)
        _of_table(data, label, treated, test, columns, save, model, seed, out_file)


def _tell_ignored(at: str | None, horizon: str | None) -> None:
    """A contract table has no times: its label says over which span somebody left."""
    for name, given in (("--at", at), ("--horizon", horizon)):
        if given is not None:
            tell_notes(
                [f"{name} {given} has no effect on a table: its label says who left, and over what time"]
            )


# --- a log ------------------------------------------------------------------------------------------------


def _of_log(
    events: Path,
    columns: str | None,
    at: datetime | None,
    horizon: int | None,
    save: Path | None,
    model: Path | None,
    seed: int,
    out_file: Path | None,
) -> None:
    from retention.churn.saving import restored, saved

    log = open_log(events, columns, at)
    measured: Mapping[str, float] = {}
    if model is not None:
        found = restored(*load_part(model, LOG_PART))
        if horizon is not None and horizon != found.horizon_days:
            tell_notes([f"the model was fitted for {found.horizon_days} days; carried on to {horizon}"])
    else:
        found, measured = _fit_log(log, horizon, seed)
    if save is not None:
        data = log.history.fingerprint() if model is None else ""
        save_part(save, LOG_PART, saved(found), seed=seed, at=log.at, data=data, metrics=measured)
    if out_file is not None:
        with told(), working("scoring"):
            rows = _score_log(log, found, horizon)
        write_table(rows, out_file, log=log)


def _fit_log(log: Log, horizon: int | None, seed: int) -> tuple[ChurnModel, Mapping[str, float]]:
    from retention.churn.fit import fit
    from retention.features.expressions import Shop

    with told(), working("learning who leaves"):
        checked = log.checked()
        fitted = fit(checked, Shop(checked.history), seed=seed, horizon_days=horizon)
    notes = list(fitted.notes)
    if horizon is None:
        notes.append(f"the horizon is {fitted.model.horizon_days} days, by the gaps between purchases")
    tell_notes([*notes, *(str(one) for one in fitted.readiness if not one.enough)])
    _print_metrics(fitted.metrics, f"Judged on the last {fitted.model.window_days} days before")
    return fitted.model, fitted.metrics


def _score_log(log: Log, model: ChurnModel, horizon: int | None) -> dict[str, list[Any]]:
    """Everybody in the log; who has bought nothing has the base rate."""
    import numpy as np

    from retention.features.expressions import RawTable, Shop
    from retention.features.raw import NAMES
    from retention.times import to_micros
    from retention.types import RiskContext

    checked = log.checked()
    table = RawTable.of(Shop(checked.history), to_micros(log.at))
    bought = table.values[:, NAMES.index("purchase_days")] > 0
    risks = {}
    if model.fitted and bought.any():
        buyers = tuple(one for one, yes in zip(table.customers, bought.tolist(), strict=True) if yes)
        found = model.risks(buyers, table.values[np.flatnonzero(bought)], version="cli", horizon_days=horizon)
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


@dataclass(frozen=True, slots=True)
class _Table:
    columns: Mapping[str, Sequence[str | None]]
    rows: int
    source: pa.Table
    """As it was read: with the types of the file."""

    def ids(self, name: str | None) -> Any:
        """The customers as they stand in the file, so that scores join with it; row numbers without a column."""
        if name is None:
            return [str(number + 1) for number in range(self.rows)]
        return self.source.column(name)


def _of_table(
    data: Path | None,
    label: str | None,
    treated: str | None,
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
    with told():
        customer = Columns.parse(columns).names.get("customer")
    measured: Mapping[str, float] = {}
    if model is not None:
        found = restored(*load_part(model, CONTRACT_PART))
    elif data is not None and label is not None:
        found, measured = _fit_table(_read(data), label, treated, customer, seed)
    else:
        fail("name the table to learn from with --data and --label, or a fitted model with --model")
    if save is not None:
        digest = sha256(data.read_bytes()).hexdigest() if data is not None else ""
        save_part(save, CONTRACT_PART, saved(found), seed=seed, at=None, data=digest, metrics=measured)
    if out_file is not None and test is not None:
        with told(), working("scoring"):
            rows = _score_table(_read(test), found, customer)
        write_table(rows, out_file)


def _fit_table(
    table: _Table, label: str, treated: str | None, customer: str | None, seed: int
) -> tuple[ContractModel, Mapping[str, float]]:
    from retention.churn.contract import fit
    from retention.churn.treated import fit_left_alone
    from retention.errors import MissingColumn

    with told(), working("learning who leaves"):
        if treated is None:
            fitted = fit(table.columns, label, customer=customer, seed=seed)
        elif treated in table.columns:
            fitted = fit_left_alone(table.columns, label, treated, customer=customer, seed=seed)
        else:
            raise MissingColumn("data", [treated])
    tell_notes(fitted.notes)
    _print_metrics(fitted.metrics, "By cross-validation")
    return fitted.model, fitted.metrics


def _score_table(table: _Table, model: ContractModel, customer: str | None) -> dict[str, list[Any]]:
    from retention.errors import MissingColumn

    if customer is not None and customer not in table.columns:
        raise MissingColumn("test", [customer])
    chances = model.probabilities(table.columns, table.rows).tolist()
    reasons = model.reasons(table.columns, table.rows)
    said = [
        "; ".join(
            _named(one, table.columns[one.code][row] if one.code in table.columns else None) for one in why
        )
        for row, why in enumerate(reasons)
    ]
    return {
        "customer": table.ids(customer),
        "probability": chances,
        "band": [model.band(one).value for one in chances],
        "reasons": said,
    }


def _read(path: Path) -> _Table:
    """All columns as text. Rows that cannot be read are told of."""
    import pyarrow as pa

    from retention.logs import files

    with told(), working(f"reading {path.name}"):
        table, skipped = files.read(path, files.header(path))
    if skipped:
        shown = ", ".join(str(one) for one in skipped[:5])
        tell_notes([f"{path.name}: {len(skipped)} rows have too many or too few values, such as {shown}"])
    columns: dict[str, list[str | None]] = {}
    for name in table.column_names:
        if name == files.LINE:
            continue
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        columns[name] = [None if one is None else str(one) for one in column.to_pylist()]
    return _Table(columns, table.num_rows, table)


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


def _print_metrics(metrics: Mapping[str, float], title: str) -> None:
    if metrics:
        shown = [
            (name.removeprefix("churn_").replace("_", " "), f"{one:.4g}") for name, one in metrics.items()
        ]
        print_table(title, ("measure", "value"), shown)
