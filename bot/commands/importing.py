"""`liuke import`: takes a shop's files in, shows what was imported, and takes an import back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.common import settings_or_exit, with_store
from bot.settings import Settings
from bot.shop.importing.fields import read_mapping
from bot.shop.importing.presets import PRESETS
from bot.shop.importing.rows import NOT_PRODUCTS, Options
from bot.shop.importing.running import Import, Report, run_import
from bot.shop.importing.said import codes_of, currency_of, language_of, statuses_of, zone_of
from bot.shop.importing.sources import KINDS, KindSource
from bot.shop.importing.undoing import Undone, UndoRefused, undo
from bot.shop.intake.defaults import Defaults
from bot.shop.pictures import forget_pictures
from kernel.columns import given as parse_columns
from kernel.console import err, fail, out, print_table, progress_bar
from kernel.tables import TableRefused
from kernel.times import utc_now
from storage import Store
from storage.in_use import in_use
from storage.orders import STATUSES
from storage.shop import ImportRun, ImportRuns

_SHOWN = 30


def import_(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="KIND FILE | FILE... | list | undo ID",
            help=f"What the rows are ({', '.join(KINDS)}) and a CSV or Parquet file; with --from files alone.",
        ),
    ],
    source: Annotated[
        str | None, typer.Option("--from", help=f"Whose export files these are: {', '.join(PRESETS)}.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Which column is which field: customer=CustomerID,item=StockCode,…"),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="The same as a TOML file with a table named columns.")
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(help="ISO code of every amount in the files, where they don't say it."),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(help="Of times without a zone, such as Europe/London; the shop's by default."),
    ] = None,
    language: Annotated[str, typer.Option(help="zh or en, of customers without one.")] = "zh",
    date_format: Annotated[
        str | None, typer.Option(help='How times are written, such as "%d/%m/%Y %H:%M".')
    ] = None,
    statuses: Annotated[
        str | None,
        typer.Option(
            help=f"What the file calls a status of an order: Lost=cancelled,…; of {', '.join(STATUSES)}."
        ),
    ] = None,
    stock: Annotated[int, typer.Option(min=0, help="Stock of new products where it is unknown.")] = 100,
    not_products: Annotated[
        str | None, typer.Option(help="Codes of an orders-log that are no goods, such as POST,DOT.")
    ] = None,
    replace_demo: Annotated[
        bool, typer.Option("--replace-demo", help="Take the demo shop out of the store first.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would become of the files.")
    ] = False,
) -> None:
    """Take a real shop's data into the store. Running the same import twice changes nothing.

    `liuke import list` shows what was imported, `liuke import undo ID` takes an import back.
    """
    match names:
        case ["list"]:
            with_store(_show_imports)
            return
        case ["undo", number]:
            _undo(number)
            return
    if columns is not None and mapping is not None:
        fail("say the columns with --columns or with --mapping, not with both")

    settings = settings_or_exit()
    # Asked before this process opens it.
    beside_others = asyncio.run(in_use(settings.store_url))
    if beside_others and not dry_run:
        err.print("Liuke is running on this store: it is imported beside it, which takes longer.")

    async def take(settings: Settings, store: Store) -> Report:
        options = Options(
            now=utc_now(),
            currency=None if currency is None else currency_of(currency),
            defaults=Defaults(
                language=language_of(language), time_zone=settings.time_zone, currency=settings.currency
            ),
            zone=zone_of(time_zone or settings.time_zone),
            stock=stock,
            date_format=date_format,
            beside_others=beside_others,
            statuses=statuses_of(statuses),
            not_products=NOT_PRODUCTS if not_products is None else codes_of(not_products),
        )
        fields = read_mapping(mapping) if mapping else parse_columns(columns or "")
        wanted = _wanted(names, source, options, fields)
        with progress_bar() as progress:
            report = await run_import(
                store,
                wanted,
                rejects_folder=settings.home / "imports",
                replace_demo=replace_demo,
                dry_run=dry_run,
                progress=progress,
            )
        if replace_demo and not dry_run:
            forget_pictures(settings.media)
        if not wanted.is_preset:
            _show_columns(wanted)
        return report

    try:
        report = with_store(take)
    except TableRefused as refused:
        fail(str(refused))
    _show_report(report, dry_run=dry_run)
    if report.rows and not report.taken and report.rejected:
        fail("no row could be taken: nothing was changed")


async def _show_imports(_settings: Settings, store: Store) -> None:
    async with store.read() as connection:
        found = await ImportRuns(connection).latest(_SHOWN)
    rows = [
        (
            one.id,
            f"{one.started_at:%Y-%m-%d %H:%M}",
            one.kind,
            one.source,
            ", ".join(f"{count:,} {what}" for what, count in one.counts.items() if count),
            _state(one),
        )
        for one in found
    ]
    print_table("Imports, the last first (UTC)", ("ID", "begun", "what", "files", "counts", ""), rows)


def _state(run: ImportRun) -> str:
    if run.undone_at is not None:
        return f"undone {run.undone_at:%Y-%m-%d %H:%M}"
    return "" if run.finished_at is not None else "stopped on its way"


def _undo(said: str) -> None:
    if not said.isdecimal():
        fail(f"{said!r} is no number of an import; `liuke import list` shows them")

    async def work(_settings: Settings, store: Store) -> Undone:
        with progress_bar() as progress:
            return await undo(store, int(said), utc_now(), progress)

    try:
        undone = with_store(work)
    except UndoRefused as refused:
        fail(str(refused))
    out.print(
        f"Undone: {undone.removed:,} things that it had added are gone, {undone.restored:,} are as before."
    )
    out.print("Run `liuke refit` to fit the models to the data as it is now, or wait for the night.")


def _wanted(names: list[str], source: str | None, options: Options, fields: Mapping[str, str]) -> Import:
    if source is not None:
        if fields:
            raise TableRefused(f"--from {source} knows the columns: leave out --columns and --mapping")
        if source not in PRESETS:
            raise TableRefused(f"there is no preset {source!r}; there are {', '.join(PRESETS)}")
        return Import(kind=source, files=[Path(name) for name in names], options=options)
    if len(names) < 2:
        raise TableRefused(
            f"say what the rows are and where: liuke import {names[0] if names[0] in KINDS else 'KIND'} FILE, or "
            f"--from {'|'.join(PRESETS)} FILE…"
        )
    return Import(kind=names[0], files=[Path(name) for name in names[1:]], options=options, columns=fields)


def _show_columns(wanted: Import) -> None:
    """Which column was taken for what."""
    source = wanted.open()
    if isinstance(source, KindSource):
        header = next(iter(source.headers.values()))
        taken = {place: name for name, place in source.places.items()}
        rows = [(column, taken.get(place, "not used")) for place, column in enumerate(header)]
        print_table("Columns", ("column", "taken for"), rows)


def _show_report(report: Report, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    new = ", ".join(f"{number:,} {what}" for what, number in report.written.items() if number)
    out.print(
        f"{report.rows:,} rows read, {report.taken:,} {would}taken, {report.rejected:,} {would}rejected."
    )
    if report.ignored:
        out.print(
            f"{report.ignored:,} rows about people who had themselves erased {would or 'were '}left out."
        )
    if report.taken or new:
        out.print(f"New or changed: {new}." if new else "Nothing is new: all of it was there already.")
    if report.left_out:
        print_table("Left out", ("what", "rows"), list(report.left_out.items()))
    if report.rejected:
        print_table("Rejected rows", ("reason", "rows"), list(report.reasons.items())[:20])
        print_table("For example", ("file", "row", "reason"), report.examples)
        for path in report.rejects:
            out.print(f"They are in {path}", soft_wrap=True)
    if report.notes:
        print_table("Taken, but note", ("what", "rows"), list(report.notes.items()))
    if dry_run:
        out.print("Nothing was changed. The same command without --dry-run imports it.")
    elif new:
        if report.import_id is not None:
            out.print(
                f"`liuke import undo {report.import_id}` takes it back, while nothing newer depends on it."
            )
        out.print("Run `liuke refit` to fit the models to the new data, or wait for the night.")
