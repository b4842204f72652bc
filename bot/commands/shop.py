"""`liuke demo`, `import`, `rules` and `api-key`: what is the shop's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from bot.api.keys import ApiKeys
from bot.commands.common import with_store
from bot.settings import Settings
from bot.shop.demo.making import DEFAULT_SEED, make_demo
from bot.shop.importing.fields import read_mapping
from bot.shop.importing.rows import NOT_PRODUCTS, Options
from bot.shop.importing.running import KINDS, Report, run_import
from bot.shop.intake.defaults import Defaults
from bot.shop.pictures import forget_pictures
from bot.shop.rules import FILE, Listed, RulesInvalid, read_rules, resolve
from kernel.columns import given as parse_columns
from kernel.console import err, fail, out, print_table, progress_bar
from kernel.tables import TableRefused
from kernel.times import utc_now
from retention.types import ShopRules
from storage import Store
from storage.catalogue import Catalogue, Product

_CURRENCY = re.compile(r"[A-Z]{3}")


def demo(
    seed: Annotated[int, typer.Option(help="The same seed and day make the same shop.")] = DEFAULT_SEED,
    replace: Annotated[bool, typer.Option("--replace", help="Take out the demo shop that is there.")] = False,
) -> None:
    """Fill the store with the demo shop: invented goods, customers and eighteen months of their doings."""

    async def make(settings: Settings, store: Store) -> None:
        with progress_bar() as progress:
            made = await make_demo(store, seed, progress=progress, replace=replace)
        forget_pictures(settings.media)
        out.print(
            f"The demo shop is made: {len(made.products)} products, seed {seed}. Everything in it is invented."
        )

    with_store(make)


def import_(
    kind: Annotated[str, typer.Argument(help=f"What the rows are: {', '.join(KINDS)}.")],
    file: Annotated[Path, typer.Argument(help="A CSV or Parquet file.")],
    columns: Annotated[
        str | None,
        typer.Option(help="Which column is which field: customer=CustomerID,item=StockCode,…"),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="The same as a TOML file with a table [columns].")
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(help="ISO code of every amount in the file, where the file doesn't say it."),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(help="Of times without a zone, such as Europe/London; the shop's by default."),
    ] = None,
    language: Annotated[str, typer.Option(help="zh or en, of customers without one.")] = "zh",
    date_format: Annotated[
        str | None, typer.Option(help='How times are written, such as "%d/%m/%Y %H:%M".')
    ] = None,
    stock: Annotated[int, typer.Option(min=0, help="Stock of new products where it is unknown.")] = 100,
    not_products: Annotated[
        str | None, typer.Option(help="Codes of an orders-log that are no goods, such as POST,DOT.")
    ] = None,
    replace_demo: Annotated[
        bool, typer.Option("--replace-demo", help="Take the demo shop out of the store first.")
    ] = False,
) -> None:
    """Take a real shop's data into the store. Running the same import twice changes nothing."""
    if columns is not None and mapping is not None:
        fail("say the columns with --columns or with --mapping, not with both")

    async def take(settings: Settings, store: Store) -> Report:
        options = Options(
            now=utc_now(),
            currency=None if currency is None else _currency(currency),
            defaults=Defaults(
                language=_language(language),
                time_zone=settings.time_zone,
                currency=settings.currency,
            ),
            zone=_zone(time_zone or settings.time_zone),
            stock=stock,
            date_format=date_format,
            not_products=NOT_PRODUCTS if not_products is None else _codes(not_products),
        )
        with progress_bar() as progress:
            report = await run_import(
                store,
                kind,
                file,
                options=options,
                columns=read_mapping(mapping) if mapping else parse_columns(columns or ""),
                rejects_folder=settings.home / "imports",
                replace_demo=replace_demo,
                progress=progress,
            )
        if replace_demo:
            forget_pictures(settings.media)
        return report

    try:
        _show_report(with_store(take))
    except TableRefused as refused:
        fail(str(refused))


def _show_report(report: Report) -> None:
    new = ", ".join(f"{number:,} {what}" for what, number in report.written.items() if number)
    out.print(f"{report.rows:,} rows read, {report.taken:,} taken, {report.rejected:,} rejected.")
    if report.ignored:
        out.print(f"{report.ignored:,} rows about people who had themselves erased were left out.")
    out.print(f"New or changed: {new}." if new else "Nothing is new: all of it was there already.")
    if report.rejects is not None:
        print_table("Rejected rows", ("reason", "rows"), list(report.reasons.items())[:20])
        out.print(f"They are in {report.rejects}", soft_wrap=True)
    if report.notes:
        print_table("Taken, but note", ("what", "rows"), list(report.notes.items()))
    if new:
        out.print("Run `liuke refit` to fit the models to the new data, or wait for the night.")


def _currency(code: str) -> str:
    if not _CURRENCY.fullmatch(code.strip().upper()):
        raise TableRefused(f"{code!r} is no currency; it has three letters, such as CNY or EUR")
    return code.strip().upper()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TableRefused(f"{name!r} is no time zone; it has a name such as Europe/London") from None


def _language(said: str) -> str:
    if said not in ("zh", "en"):
        raise TableRefused(f"{said!r} is no language Liuke speaks; there are zh and en")
    return said


def _codes(said: str) -> frozenset[str]:
    return frozenset(code.strip().upper() for code in said.split(",") if code.strip())


def rules() -> None:
    """Show what the shop's rules for recommendations mean, or every mistake in recommendations.toml."""
    with_store(_show_rules)


async def _show_rules(settings: Settings, store: Store) -> None:
    try:
        written = read_rules(settings.home / FILE)
    except RulesInvalid as invalid:
        fail(str(invalid))
    async with store.read(long=True) as connection:
        products = await Catalogue(connection).active()
    found = resolve(written, (Listed(one.code, one.id, one.category_id or "") for one in products))
    print_table(
        f"Rules in {settings.home / FILE}", ("rule", "what", "name"), list(_lines(found.rules, products))
    )
    for one in found.unknown:
        err.print(f"{one} is not on sale and is ignored", style="yellow")


def _lines(found: ShopRules, products: Sequence[Product]) -> Iterator[tuple[object, ...]]:
    known = {one.id: one for one in products}
    for rule, chosen in (("pin", found.pinned), ("bury", sorted(found.buried))):
        for one in chosen:
            yield rule, known[one].code, known[one].name("en")
    for category, most in found.category_caps.items():
        yield f"at most {most}", category, ""
    yield "new products", f"{found.new_products:.0%}", "chance of the last place in a list"


def api_key(
    new: Annotated[bool, typer.Option("--new", help="Replace the key; the old one stops working.")] = False,
) -> None:
    """Make the key with which the shop's systems speak to the API, and show it once."""

    async def work(_settings: Settings, store: Store) -> str | None:
        keys = ApiKeys(store)
        return None if await keys.exists() and not new else await keys.make()

    made = with_store(work)
    if made is None:
        fail("There is a key already and it can't be shown again; `liuke api-key --new` replaces it.")
    out.print(made, soft_wrap=True)
