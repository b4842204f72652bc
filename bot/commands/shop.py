"""`liuke demo`, `rules` and `api-key`: what is the shop's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from bot.api.keys import ApiKeys
from bot.commands.common import with_store
from bot.settings import Settings
from bot.shop.demo.making import DEFAULT_SEED, make_demo
from bot.shop.pictures import forget_pictures
from bot.shop.rules import FILE, Listed, RulesInvalid, read_rules, resolve
from kernel.console import err, fail, out, print_table, progress_bar
from retention.types import ShopRules
from storage import Store
from storage.catalogue import Catalogue, Product


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
