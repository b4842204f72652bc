"""`liuke retention value`: what each customer of a log will buy and spend."""

from __future__ import annotations

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
    from retention.logs import Log
    from retention.value.model import ValueModel

Save = Annotated[Path | None, typer.Option("--save", help="Keep the fitted model in this folder.")]
Model = Annotated[
    Path | None,
    typer.Option("--model", help="Use the model in this folder (of --save, or a version of `liuke refit`)."),
]


def value(
    events: options.Events,
    columns: options.Columns = None,
    at: options.At = None,
    horizon: options.Horizon = None,
    save: Save = None,
    model: Model = None,
    seed: options.Seed = 0,
    out_file: options.Out = None,
) -> None:
    """Expected purchases and spend: `customer, purchases, per_purchase, spend`, the most valuable first.

    A purchase is a day with one. Over --horizon; the shop's own gaps between purchases decide without it.
    """
    from retention.value.saving import PART, restored, saved

    if out_file is None and save is None:
        fail("name --out for the table, --save for the model, or both")
    if out_file is not None:
        check_suffix(out_file)
    days = options.days(horizon)
    log = open_log(events, columns, options.moment(at))
    found, measured = (
        (restored(load_part(model, PART)[0]), {}) if model is not None else _fit(log, days, seed)
    )
    if save is not None:
        data = log.history.fingerprint() if model is None else ""
        save_part(save, PART, saved(found), seed=seed, at=log.at, data=data, metrics=measured)
    if out_file is not None:
        with told(), working("scoring"):
            rows = _table(log, found, days)
        write_table(rows, out_file, log=log)


def _fit(log: Log, days: int | None, seed: int) -> tuple[ValueModel, dict[str, float]]:
    from retention.features.expressions import Shop
    from retention.value.fit import fit

    with told(), working("learning what customers are worth"):
        checked = log.checked()
        fitted = fit(checked, Shop(checked.history), seed=seed, horizon_days=days)
    notes = list(fitted.notes)
    if days is None:
        notes.append(f"the horizon is {fitted.model.horizon_days} days, by the gaps between purchases")
    tell_notes(notes)
    if fitted.metrics:
        shown = [
            (name.removeprefix("value_").replace("_", " "), f"{_major(name, one):.4g}")
            for name, one in fitted.metrics.items()
        ]
        print_table("Judged on the last window of the past", ("measure", "value"), shown)
    return fitted.model, fitted.metrics


def _major(name: str, number: float) -> float:
    return number / 100 if name in ("value_spend_mae", "value_spend_rmse") else number


def _table(log: Log, model: ValueModel, days: int | None) -> dict[str, Any]:
    import numpy as np

    from retention.churn.windows import buyers
    from retention.features.expressions import Shop
    from retention.times import to_micros

    table = buyers(Shop(log.checked().history), to_micros(log.at))
    purchases = model.purchases(table.values, days)
    each = model.per_purchase(table.values) / 100
    order = np.argsort(-(purchases * each if model.spend else purchases), kind="stable")
    return {
        "customer": [table.customers[place] for place in order.tolist()],
        "purchases": purchases[order],
        "per_purchase": each[order] if model.spend else [None] * len(order),
        "spend": (purchases * each)[order] if model.spend else [None] * len(order),
    }
