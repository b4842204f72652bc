"""`liuke retention recommend`: what each customer of a log wants next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kernel.console import fail
from retention.choices import Mode
from retention.commands import options
from retention.commands.files import check_targets
from retention.recommenders.registry import MODELS

ModelName = Annotated[
    str,
    typer.Option(
        "--model-name",
        help="; ".join(
            f"{one.name}: {one.about}" + (f" (needs the extra `{one.extra}`)" if one.extra else "")
            for one in MODELS.values()
        ),
    ),
]
Save = Annotated[Path | None, typer.Option("--save", help="Keep the fitted model in this new folder.")]
Model = Annotated[
    Path | None, typer.Option("--model", help="Use the model in this folder instead of fitting one.")
]


def recommend(
    events: options.Events,
    columns: options.Columns = None,
    items: options.Items = None,
    item_columns: options.ItemColumns = None,
    rules: options.Rules = None,
    at: options.At = None,
    n: options.Count = 10,
    mode: options.ModeOption = Mode.NEW,
    model_name: ModelName = "auto",
    save: Save = None,
    model: Model = None,
    seed: options.Seed = 0,
    out_file: options.Out = None,
) -> None:
    """Write what each customer wants next: customer, rank, item, score, reason, a row per customer and rank."""
    from retention.commands import recommend_of_log

    check_targets(out_file, save, "the lists")
    _check_folders(model_name, save, model)
    if item_columns is not None and items is None:
        fail("--item-columns belongs to a file about items: name it with --items FILE")
    asked = recommend_of_log.Asked(
        items=items,
        item_columns=item_columns,
        rules=rules,
        n=n,
        repeats=mode is Mode.ANY,
        model_name=model_name,
        save=save,
        model=model,
        seed=seed,
    )
    recommend_of_log.run(events, columns, options.moment(at), asked, out_file)


def _check_folders(model_name: str, save: Path | None, model: Path | None) -> None:
    """End the command before any work where it could not end well."""
    if model_name not in MODELS:
        fail(f"--model-name {model_name!r} is not one of {', '.join(MODELS)}")
    if save is not None and model is not None:
        fail("--save keeps a model that is fitted now, --model uses one that was kept: name one of them")
    if save is not None and save.exists() and any(save.iterdir()):
        fail(f"--save {save} holds something already: name a new folder")
