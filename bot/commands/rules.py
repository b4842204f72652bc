"""`liuke rules`: what the shop's rules for recommendations mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.commands.common import with_store
from bot.console_output import err, fail, print_table
from bot.settings import Settings
from bot.shop_rules import FILE, Listed, RulesInvalid, read_rules, resolve
from retention.types import ShopRules
from storage import Store
from storage.catalogue import Catalogue, Product


def rules() -> None:
    """Show what the shop's rules for recommendations mean, or every mistake in recommendations.toml."""
    with_store(_show)


async def _show(settings: Settings, store: Store) -> None:
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
        err.print(f"{one} is not on sale and is ignored", style="yellow", markup=False, highlight=False)


def _lines(found: ShopRules, products: Sequence[Product]) -> Iterator[tuple[object, ...]]:
    known = {one.id: one for one in products}
    for rule, chosen in (("pin", found.pinned), ("bury", sorted(found.buried))):
        for one in chosen:
            yield rule, known[one].code, known[one].name("en")
    for category, most in found.category_caps.items():
        yield f"at most {most}", category, ""
    yield "new products", f"{found.new_products:.0%}", "chance of the last place in a list"
