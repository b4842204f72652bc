"""`liuke prices`: the shop's rules for personal prices, and what they would give."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from bot.commands import list_prices
from bot.commands.common import AsJson, Language, amount, with_store
from bot.conversation.texts import Texts
from bot.settings import Settings
from bot.shop.prices import FILE, RulesInvalid, examples, meaning, read_prices
from bot.staff.console.mistake_words import mistake
from bot.staff.console.words import Words
from bot.staff.price_rules import Tried, tried
from kernel.console import err, fail, out, print_json, print_table
from kernel.times import utc_now
from retention.commands import prices
from retention.pricing.rules import policy_id
from retention.types import Offer
from storage import Store

app = typer.Typer(
    no_args_is_help=True, help="Prices: the shop's rules and what they give, forecasts, list prices."
)

_PRODUCTS = 5

InLanguage = Annotated[Language, typer.Option("--language", help="Of the mistakes: zh or en.")]


@app.command()
def rules(
    products: Annotated[
        int, typer.Option(min=0, max=1_000, help="So many are taken for the preview.")
    ] = _PRODUCTS,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show what the rules in prices.toml mean and would give, or every mistake in it."""
    shown = with_store(lambda settings, store: _shown(settings, store, products, language))
    if as_json:
        print_json(_facts(shown))
        return
    print_table(
        f"Rules of {policy_id(shown.written.policy())}",
        ("key", "means"),
        [(one.key, one.value) for one in meaning(shown.written)],
    )
    names = [one.name for one in examples(shown.written.policy())]
    print_table(
        "What a customer would be offered",
        ("product", "for everybody", *names),
        [
            (shown.names[product_id]["en"], _price(next(iter(offers.values()))), *(_offered(offers[n]) for n in names))
            for product_id, offers in shown.offers.items()
        ],
    )  # fmt: skip
    _tell_what_is_missing(shown)


async def _shown(settings: Settings, store: Store, count: int, language: Language) -> Tried:
    try:
        written = read_prices(settings.home / FILE)
    except RulesInvalid as invalid:
        words = Words(Texts.load(package="bot.staff.console"), language.value)
        lines = [mistake(words, one) for one in invalid.found]
        fail("\n".join([words("mistakes-in", file=invalid.file), *(f"  {line}" for line in lines)]))
    return await tried(store, written, utc_now(), margin=settings.margin, products=count)


def _tell_what_is_missing(shown: Tried) -> None:
    if not shown.budget:
        out.print(f"No personal price is offered: no budget is set. Write one into {FILE}, under \\[budget].")
    if shown.without_cost:
        out.print(
            f"{shown.without_cost} products on sale get no personal price: their cost is not known. "
            "Import it, or set LIUKE_MARGIN."
        )
    for where, name in shown.unknown:
        err.print(f"{where}: {name} is no category or product of what is on sale", style="yellow")


def _price(offer: Offer) -> str:
    return amount(offer.list_price.minor, offer.list_price.currency)


def _offered(offer: Offer) -> str:
    if offer.personal:
        return f"{amount(offer.price.minor, offer.price.currency)} ({offer.discount:.1%} off)"
    return f"– ({offer.reasons[-1].code})"


def _facts(shown: Tried) -> dict[str, Any]:
    return {
        "policy": policy_id(shown.written.policy()),
        "rules": [asdict(one) for one in meaning(shown.written)],
        "budget": shown.budget,
        "products_without_cost": shown.without_cost,
        "unknown": [{"key": where, "name": name} for where, name in shown.unknown],
        "preview": [
            {
                "product": product_id,
                "customer": name,
                "price": offer.price.minor,
                "list_price": offer.list_price.minor,
                "currency": offer.price.currency,
                "reasons": [reason.code for reason in offer.reasons],
            }
            for product_id, offers in shown.offers.items()
            for name, offer in offers.items()
        ],
    }


app.command("forecast")(prices.forecast)
app.command("elasticity")(prices.elasticity)
app.command("propose")(list_prices.propose)
app.command("approve")(list_prices.approve)
app.command("decline")(list_prices.decline)
app.command("undo")(list_prices.undo)
app.command("report")(list_prices.report)
