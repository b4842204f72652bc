"""`liuke retention evaluate` and `compare`: every model on a shop's own log, split in time."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kernel.console import err, fail, failing, progress_bar
from retention.commands import options
from retention.commands.files import OwnEvents, open_source, print_notes


class Form(StrEnum):
    """Of pictures."""

    PNG = "png"
    SVG = "svg"


Folder = Annotated[
    Path, typer.Option("--out", help="A folder for report.md, report.json, tables (CSV) and pictures.")
]
CutAt = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="Where the log is cut: what came before is learned from, what came after is foretold. By default at "
        "80 % of the time for recommendations, and one horizon before the end for churn.",
    ),
]
Models = Annotated[
    str | None,
    typer.Option("--models", help="Of the recommenders only these, such as auto,ease,own; all without it."),
]
Places = Annotated[int, typer.Option("--n", min=1, max=1000, help="Places of a list.")]
Pictures = Annotated[Form, typer.Option("--pictures", help="png or svg.")]


def evaluate(
    context: typer.Context,
    out_folder: Folder,
    events: OwnEvents = None,
    columns: options.Columns = None,
    at: CutAt = None,
    n: Places = 10,
    horizon: options.Horizon = None,
    capacity: options.Capacity = None,
    models: Models = None,
    pictures: Pictures = Form.PNG,
    seed: options.Seed = 0,
) -> None:
    """Judge every model on what came after a cut in time; write tables and pictures."""
    compare(context, out_folder, events, columns, at, n, horizon, capacity, models, 0, pictures, seed)


def compare(
    context: typer.Context,
    out_folder: Folder,
    events: OwnEvents = None,
    columns: options.Columns = None,
    at: CutAt = None,
    n: Places = 10,
    horizon: options.Horizon = None,
    capacity: options.Capacity = None,
    models: Models = None,
    tries: Annotated[
        int, typer.Option(min=1, max=6, help="Settings that each baseline may try on a cut within the past.")
    ] = 6,
    pictures: Pictures = Form.PNG,
    seed: options.Seed = 0,
) -> None:
    """As `evaluate`, beside implicit (ALS, BPR, BM25), RecTools, lifetimes and LightGBM; needs the extra `peers`."""
    from kernel.times import from_micros
    from retention.churn.bands import CAPACITY
    from retention.workshop import baselines, evaluation, report

    plan = evaluation.Plan(
        cut=options.moment(at),
        days=options.days(horizon),
        capacity=options.capacity(capacity) or CAPACITY,
        places=n,
        models=_named(models),
        seed=seed,
        tries=tries,
    )
    with failing():
        report.check_folder(out_folder)
        notes = baselines.require() if tries else []
        source = open_source(context, events, columns, None)
        start = from_micros(min(source.history.events.column("at").to_pylist()))
        if plan.cut is not None and not start < plan.cut < source.at:
            fail(
                f"--at {plan.cut:%Y-%m-%d} must lie within the log, {start:%Y-%m-%d} to {source.at:%Y-%m-%d}"
            )
        with progress_bar() as progress:
            found = evaluation.evaluate(
                source.history,
                source.checked(),
                plan,
                log=source.name,
                rows=source.rows,
                start=start,
                items=source.items,
                notes=[*source.notes, *notes],
                progress=progress,
            )
            progress("writing the report", 1.0)
            files = report.write(found, out_folder, pictures.value)
    print_notes(found.all_notes)
    err.print(f"{len(files)} files in {out_folder}; begin with {report.PAGE}")


def _named(models: str | None) -> list[str]:
    from retention.recommenders.registry import MODELS

    chosen = [one.strip() for one in models.split(",")] if models is not None else list(MODELS)
    strange = [one for one in chosen if one not in MODELS]
    if strange:
        fail(f"--models: there is no {', '.join(map(repr, strange))}; there are {', '.join(MODELS)}")
    return chosen
