"""`liuke retention recommend`: what each customer of a log wants next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kernel.console import fail, failing, progress_bar
from retention.choices import Mode
from retention.commands import options
from retention.commands.files import check_targets, open_log, print_metrics, print_notes, write_table
from retention.recommenders.registry import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention.checks import Checked
    from retention.logs import Log
    from retention.recommenders.base import ItemModel
    from retention.recommenders.batch import CatalogueView, Line
    from retention.recommenders.rules import WrittenRules

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
    check_targets(out_file, save, "the lists")
    _check_folders(model_name, save, model)
    if item_columns is not None and items is None:
        fail("--item-columns belongs to a file about items: name it with --items FILE")
    written = _rules(rules) if rules is not None else None
    log = open_log(events, columns, options.moment(at))
    if "item" not in log.columns:
        fail("a recommendation needs items: name their column with --columns item=…")
    if items is not None:
        log = _beside(log, items, item_columns)
    checked = log.checked()
    fitted = _loaded(model) if model is not None else _fitted(model_name, checked, seed)
    print_notes(fitted.notes)
    print_metrics("Judged on the last weeks of its past", fitted.metrics)
    if save is not None:
        _save(fitted, save, log, seed)
    if out_file is not None:
        view = _view(checked, rules, written)
        lists = _lists(fitted, log, checked, n, view, repeats=mode is Mode.ANY, seed=seed)
        _write(lists, log, out_file)


def _check_folders(model_name: str, save: Path | None, model: Path | None) -> None:
    """End the command before any work where it could not end well."""
    if model_name not in MODELS:
        fail(f"--model-name {model_name!r} is not one of {', '.join(MODELS)}")
    if save is not None and model is not None:
        fail("--save keeps a model that is fitted now, --model uses one that was kept: name one of them")
    if save is not None and save.exists() and any(save.iterdir()):
        fail(f"--save {save} holds something already: name a new folder")


def _rules(path: Path) -> WrittenRules:
    from retention.recommenders.rules import read_rules

    if not path.is_file():
        fail(f"--rules {path}: there is no such file")
    with failing():
        return read_rules(path)


def _view(checked: Checked, path: Path | None, rules: WrittenRules | None) -> CatalogueView:
    from retention.recommenders.batch import catalogue_view

    view, unknown = catalogue_view(checked, rules)
    if path is not None:
        print_notes([f"{path.name}: {one} is not in the log and is ignored" for one in unknown])
    return view


def _beside(log: Log, path: Path, columns: str | None) -> Log:
    """The log with what a file says of its items, and with items that nobody has bought."""
    from retention.logs.columns import ITEMS, Columns
    from retention.logs.items import read_items

    with failing():
        found = read_items(path, Columns.parse(columns, ITEMS))
    print_notes(found.notes)
    print_notes(
        [
            f"{path.name}: {one.count} {one.message} ({one.action}), such as row {', '.join(one.examples)}"
            for one in found.problems
        ]
    )
    return found.beside(log)


def _loaded(directory: Path) -> ItemModel:
    from retention.recommenders.registry import load_model

    with failing():
        return load_model(directory)


def _fitted(name: str, checked: Checked, seed: int) -> ItemModel:
    from threadpoolctl import threadpool_limits

    from retention.recommenders.interactions import Interactions
    from retention.recommenders.registry import fit_model

    with progress_bar() as advance, threadpool_limits(1):
        advance(f"fitting {name}", 0.0)
        try:
            model = fit_model(name, Interactions.of(checked), seed=seed)
        except ImportError as error:
            extra = MODELS[name].extra
            fail(f"{name} cannot be fitted: {error}" + (f": pip install 'liuke[{extra}]'" if extra else ""))
        advance(f"fitting {name}", 1.0)
        return model


def _save(fitted: ItemModel, directory: Path, log: Log, seed: int) -> None:
    from retention.recommenders.registry import save_model

    try:
        save_model(fitted, directory, at=log.at, seed=seed, data_hash=log.history.fingerprint())
    except OSError as error:
        fail(f"--save {directory}: {error}")


def _lists(
    model: ItemModel, log: Log, checked: Checked, n: int, view: CatalogueView, *, repeats: bool, seed: int
) -> Iterable[tuple[Line, str]]:
    from retention.recommenders.batch import lists_for_all
    from retention.recommenders.explanation import sentence

    products = log.history.products
    called = zip(*(products.column(name).to_pylist() for name in ("name_en", "name_zh")), strict=True)
    names = {
        product: english or chinese or ""
        for product, (english, chinese) in zip(products.column("product").to_pylist(), called, strict=True)
    }
    customers = sorted(set(log.history.events.column("customer").to_pylist()))
    with progress_bar() as advance:
        for line in lists_for_all(
            model,
            checked,
            customers,
            n,
            repeats=repeats,
            view=view,
            seed=seed,
            progress=lambda share: advance("making the lists", share),
        ):
            yield line, sentence(line.reason, names)


def _write(lines: Iterable[tuple[Line, str]], log: Log, path: Path) -> None:
    table: dict[str, list[Any]] = {name: [] for name in ("customer", "rank", "item", "score", "reason")}
    for line, reason in lines:
        table["customer"].append(line.customer)
        table["rank"].append(line.rank)
        table["item"].append(line.product)
        table["score"].append(line.score)
        table["reason"].append(reason)
    write_table(table, path, log=log)
