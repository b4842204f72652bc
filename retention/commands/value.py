"""`liuke retention value`: what each customer of a log will buy and spend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kernel.console import failing, working
from retention.commands import options
from retention.commands.files import (
    check_targets,
    load_part,
    open_log,
    print_metrics,
    print_notes,
    save_part,
    write_table,
)

if TYPE_CHECKING:
    from retention.logs import Log
    from retention.value.model import ValueModel

Model = Annotated[
    Path | None,
    typer.Option("--model", help="Use the model in this folder (of --save, or a version of `liuke refit`)."),
]
_MINOR = ("value_spend_mae", "value_spend_rmse")
"""Measures in minor units; they are shown in the log's."""


def value(
    events: options.Events,
    columns: options.Columns = None,
    at: options.At = None,
    horizon: options.Horizon = None,
    save: options.Save = None,
    model: Model = None,
    seed: options.Seed = 0,
    out_file: options.Out = None,
) -> None:
    """Expected purchases and spend: `customer, purchases, per_purchase, spend`, the most valuable first.

    A purchase is a day with one. Over --horizon; the shop's own gaps between purchases decide without it.
    """
    from retention.value.model import PART, restored, saved

    check_targets(out_file, save, "the table")
    days = options.days(horizon)
    log = open_log(events, columns, options.moment(at))
    found, measured = (
        (restored(load_part(model, PART)[0]), {}) if model is not None else _fit(log, days, seed)
    )
    if save is not None:
        data = log.history.fingerprint() if model is None else ""
        save_part(save, PART, saved(found), seed=seed, at=log.at, data=data, metrics=measured)
    if out_file is not None:
        with failing(), working("scoring"):
            rows = _table(log, found, days)
        write_table(rows, out_file, log=log)


def _fit(log: Log, days: int | None, seed: int) -> tuple[ValueModel, Mapping[str, float]]:
    from retention.features.expressions import Shop
    from retention.value.fit import fit

    with failing(), working("learning what customers are worth"):
        checked = log.checked()
        fitted = fit(checked, Shop(checked.history), seed=seed, horizon_days=days)
    notes = list(fitted.notes)
    if days is None:
        notes.append(f"the horizon is {fitted.model.horizon_days} days, by the gaps between purchases")
    print_notes(notes)
    shown = {name: one / 100 if name in _MINOR else one for name, one in fitted.metrics.items()}
    print_metrics("Judged on the last window of the past", shown, "value_")
    return fitted.model, fitted.metrics


def _table(log: Log, model: ValueModel, days: int | None) -> dict[str, Any]:
    import numpy as np

    from kernel.times import to_micros
    from retention.churn.windows import buyers
    from retention.features.expressions import Shop

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
