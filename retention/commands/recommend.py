"""`liuke retention recommend`: what each customer of a log wants next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retention.commands import options
from retention.commands.output import (
    check_suffix,
    fail,
    open_log,
    print_table,
    tell_notes,
    told,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from retention.checks import Checked
    from retention.logs import Log
    from retention.recommenders.base import ItemModel
    from retention.recommenders.everybody import Line
    from retention.recommenders.fitted import FittedModel
    from retention.recommenders.rules import WrittenRules
    from retention.recommenders.shelf import Shelf

ModelName = Annotated[
    str,
    typer.Option(
        "--model-name",
        help="auto (learns from the log how to rank the others' candidates), popularity, own, user_knn, item_knn, "
        "content, ease, linear or two_tower (these two need the extra `train`).",
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
    mode: options.ModeOption = options.Mode.NEW,
    model_name: ModelName = "auto",
    save: Save = None,
    model: Model = None,
    seed: options.Seed = 0,
    out_file: options.Out = None,
) -> None:
    """Write what each customer wants next: customer, rank, item, score, reason, a row per customer and rank."""
    _check_files(out_file, save)
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
    _tell(fitted)
    if save is not None:
        _save(fitted, save, log, seed)
    if out_file is not None:
        shelf = _shelf(checked, rules, written)
        lists = _lists(fitted.model, log, checked, n, shelf, repeats=mode is options.Mode.ANY, seed=seed)
        _write(lists, log, out_file)


def _check_files(out_file: Path | None, save: Path | None) -> None:
    if out_file is None and save is None:
        fail("name --out for the lists, --save for the model, or both")
    if out_file is not None:
        check_suffix(out_file)


def _check_folders(model_name: str, save: Path | None, model: Path | None) -> None:
    """End the command before any work where it could not end well."""
    from retention.recommenders.registry import MODELS

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
    with told():
        return read_rules(path)


def _shelf(checked: Checked, path: Path | None, rules: WrittenRules | None) -> Shelf:
    from retention.recommenders.everybody import shelf_of

    shelf, unknown = shelf_of(checked, rules)
    if path is not None:
        tell_notes([f"{path.name}: {one} is not in the log and is ignored" for one in unknown])
    return shelf


def _beside(log: Log, path: Path, columns: str | None) -> Log:
    """The log with what a file says of its items, and with items that nobody has bought."""
    from retention.logs.columns import ITEMS, Columns
    from retention.logs.items import read_items

    with told():
        found = read_items(path, Columns.parse(columns, ITEMS))
    tell_notes(found.notes)
    tell_notes(
        [
            f"{path.name}: {one.count} {one.message} ({one.action}), such as row {', '.join(one.examples)}"
            for one in found.problems
        ]
    )
    return found.beside(log)


def _loaded(directory: Path) -> FittedModel:
    from retention.artifacts import read_manifest
    from retention.recommenders.fitted import FittedModel
    from retention.recommenders.registry import load_model

    with told():
        model, manifest = load_model(directory), read_manifest(directory)
    return FittedModel(model, manifest.metrics, manifest.notes)


def _fitted(name: str, checked: Checked, seed: int) -> FittedModel:
    from threadpoolctl import threadpool_limits

    from retention.commands.progress import progress_bar
    from retention.recommenders.fitted import fit_with_notes
    from retention.recommenders.interactions import Interactions

    with progress_bar() as advance, threadpool_limits(1):
        try:
            return fit_with_notes(name, Interactions.of(checked), seed=seed, progress=advance)
        except ImportError as error:
            fail(f"{name} cannot be fitted: {error}")


def _tell(fitted: FittedModel) -> None:
    tell_notes(fitted.notes)
    if fitted.metrics:
        print_table("Judged on the last weeks of its past", ("measure", "value"), _measures(fitted.metrics))


def _measures(metrics: Mapping[str, float]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), f"{value:.4g}") for name, value in metrics.items()]


def _save(fitted: FittedModel, directory: Path, log: Log, seed: int) -> None:
    try:
        fitted.save(directory, at=log.at, seed=seed, data_hash=log.history.fingerprint())
    except OSError as error:
        fail(f"--save {directory}: {error}")


def _lists(
    model: ItemModel, log: Log, checked: Checked, n: int, shelf: Shelf, *, repeats: bool, seed: int
) -> Iterable[tuple[Line, str]]:
    from retention.commands.progress import progress_bar
    from retention.recommenders.everybody import lists_for_all
    from retention.recommenders.sentences import sentence

    products = log.history.products
    called = zip(*(products.column(name).to_pylist() for name in ("name_en", "name_zh")), strict=True)
    names = {
        product: english or chinese or ""
        for product, (english, chinese) in zip(products.column("product").to_pylist(), called, strict=True)
    }
    customers = sorted(set(log.history.events.column("customer").to_pylist()))
    with progress_bar() as advance:

        def told_how_far(share: float) -> None:
            advance("making the lists", share)

        for line in lists_for_all(
            model, checked, customers, n, repeats=repeats, shelf=shelf, seed=seed, progress=told_how_far
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
