"""`liuke offers`: the personal prices that were given, why each is what it is, and what their policies bring."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands.common import AsJson, Language, amount, with_reader, with_store
from bot.conversation.texts import Texts
from bot.models.judging import Judged, Judgement, judged
from bot.settings import Settings
from bot.shop.prices import Prices
from bot.staff.console.offer_words import given, number, taken_off
from bot.staff.console.words import Words
from bot.staff.price_figures import PriceFigures, PriceReports, Spending
from kernel.console import err, out, print_json, print_table
from kernel.times import utc_now
from retention.pricing.off_policy import GroupMean, Value
from storage import NotFound, Store
from storage.catalogue import Catalogue, Product
from storage.codes import Codes, state_of
from storage.offers import Offers, StoredOffer

app = typer.Typer(no_args_is_help=True, help="Personal prices: which there are, why, and what they bring.")


class State(StrEnum):
    """How an offer stands."""

    LIVE = "live"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


InLanguage = Annotated[Language, typer.Option("--language", help="Of the reasons: zh or en.")]


@app.command("list")
def list_(
    state: Annotated[
        State | None, typer.Option("--state", help="Only those; live and used ones without it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")] = 50,
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show personal prices beside the price for everybody, with the rules that made them."""
    states = [one.value for one in ((state,) if state is not None else (State.LIVE, State.USED))]

    async def look(connection: AsyncConnection) -> tuple[list[StoredOffer], dict[str, Product]]:
        found = await Offers(connection).newest(states, utc_now(), limit=limit)
        return found, await Catalogue(connection).by_ids({one.product_id for one in found})

    found, products = with_reader(look)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    words = _words(language)
    print_table(
        "Offers",
        ("code", "state", "customer", "product", "price", "for everybody", "until", "because"),
        [
            (one.code, state_of(one, utc_now()), one.customer_id, _name(products.get(one.product_id), one, language),
             amount(one.price, one.currency), amount(one.list_price, one.currency),
             f"{one.valid_until:%Y-%m-%d %H:%M}Z", "; ".join(given(words, one.reasons)))
            for one in found
        ],
        unbroken=1,
    )  # fmt: skip


@app.command()
def budget(as_json: AsJson = False) -> None:
    """Show what personal prices may cost in the period that runs now, what orders used of it, and what is promised."""

    async def look(settings: Settings, store: Store) -> PriceFigures:
        prices = Prices(settings.home, settings.time_zone)
        return await PriceReports(store, prices, margin=settings.margin).figures()

    figures = with_store(look)
    rows = [_spent(one) for one in figures.spending]
    if as_json:
        print_json({"budgets": rows, "missing": list(figures.missing)})
        return
    print_table(
        "Budgets of personal prices",
        ("budget", "campaign", "until", "total", "used", "promised", "left"),
        [
            (one["budget"], one["campaign"] or "all", one["ends_at"] or "no rule",
             *(amount(one[part], one["currency"]) for part in ("total", "used", "promised", "left")))
            for one in rows
        ],
    )  # fmt: skip
    for why in figures.missing:
        err.print(_MISSING.get(why, why), style="yellow")


_MISSING = {
    "prices_off": "Personal prices are switched off: on = false in prices.toml.",
    "no_budget": "No budget is set, so nobody is offered a personal price: [budget] in prices.toml.",
    "not_now": "The budget is of other days.",
    "used_up": "The budget is used up.",
    "no_cost": "Products without a known cost get no personal price: import cost, or set LIUKE_MARGIN.",
    "broken": "prices.toml has mistakes, and the rules before it hold: liuke prices rules names them.",
}


def _spent(one: Spending) -> dict[str, Any]:
    return {
        "budget": one.budget.id,
        "campaign": one.campaign,
        "currency": one.budget.currency,
        "ends_at": None if one.ends_at is None else f"{one.ends_at:%Y-%m-%d %H:%M}Z",
        "total": one.budget.total,
        "used": one.used,
        "promised": one.promised,
        "left": one.budget.left,
    }


@app.command()
def explain(
    code: Annotated[str, typer.Argument(help="The code of a personal price; case and spaces don't matter.")],
    language: InLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show every rule and number that made a price, in the order in which they were applied."""

    async def look(connection: AsyncConnection) -> tuple[StoredOffer, Product | None, list[Any] | None]:
        found = await Codes(connection).find(code)
        if not isinstance(found, StoredOffer):
            raise NotFound(
                f"there is no personal price with the code {code!r}; `liuke offers list` shows some"
            )
        eligible = await Offers(connection).eligible(found)
        return found, (await Catalogue(connection).by_ids({found.product_id})).get(found.product_id), eligible

    found, product, eligible = with_reader(look)
    if as_json:
        print_json({**asdict(found), "eligible": eligible})
        return
    words = _words(language)
    out.print(
        f"{found.code}: {state_of(found, utc_now())}, for {found.customer_id}, until "
        f"{found.valid_until:%Y-%m-%d %H:%M}Z"
    )
    out.print(
        f"{_name(product, found, language)}: {amount(found.price, found.currency)} instead of "
        f"{amount(found.list_price, found.currency)}; never below {amount(found.floor, found.currency)}. "
        f"By {found.policy}, with probability {found.probability:g}."
    )
    print_table(
        "Why",
        ("rule", "number", "taken off"),
        [
            (words.of("rule", str(one["code"])), number(one, found.currency), taken_off(one))
            for one in found.reasons
        ],
    )
    if eligible:
        print_table(
            "What could have been chosen",
            ("price", "probability"),
            [(amount(one["price"], found.currency), f"{one['probability']:.1%}") for one in eligible],
        )


@app.command()
def policies(as_json: AsJson = False) -> None:
    """Show what each policy has brought a decision, by the decisions of the last year whose time is over."""

    async def look(settings: Settings, store: Store) -> Judgement:
        async with store.read(long=True) as connection:
            return await judged(connection, utc_now(), margin=settings.margin)

    found = with_store(look)
    if as_json:
        print_json(asdict(found))
        return
    if not found.policies:
        out.print(
            "No decision about a price is over yet: what a policy brings shows when the first offers have ended."
        )
        return
    print_table(
        "Policies: margin a decision (95 %)",
        ("policy", "decisions", "effective", "customers", "bought", "mean discount", "brought", "at the list price"),
        [
            (one.policy, one.decisions, f"{one.value.effective:.0f}", one.customers, f"{one.bought:.1%}",
             f"{one.discount / 100:.1f} %", _value(one.value, one.currency),
             "not told by this log" if one.list_price is None else _value(one.list_price, one.currency))
            for one in found.policies
        ],
    )  # fmt: skip
    for one in found.policies:
        _tell(one)
    for what, groups in (("language", found.by_language), ("tier", found.by_tier)):
        print_table(
            f"Mean discount by {what} (95 %)",
            (what, "decisions", "mean", "beside the others"),
            [_group(one) for one in groups],
        )


def _tell(one: Judged) -> None:
    if one.verdict is not None:
        better = "would be better" if one.verdict.promoted else "is not shown to be better"
        out.print(f"{one.policy}: the list price for everybody {better}: {one.verdict.reason}.")
    if one.unknown_costs:
        out.print(
            f"{one.policy}: {one.unknown_costs} decisions are left out, since their products' costs are unknown: "
            "import costs, or set LIUKE_MARGIN."
        )


def _words(language: Language) -> Words:
    return Words(Texts.load(package="bot.staff.console"), language.value)


def _name(product: Product | None, one: StoredOffer, language: Language) -> str:
    return one.product_id if product is None else product.name(language.value)


def _value(value: Value, currency: str) -> str:
    mean, low, high = (amount(round(one), currency) for one in (value.mean, value.low, value.high))
    return f"{mean} ({low} to {high})" if value.enough else f"{mean}; too few to say"


def _group(one: GroupMean) -> tuple[str, int, str, str]:
    beside = f"{one.beside / 100:+.1f} ({one.beside_low / 100:+.1f} to {one.beside_high / 100:+.1f})"
    return (
        one.group,
        one.offers,
        f"{one.mean / 100:.1f} % ({one.low / 100:.1f} to {one.high / 100:.1f})",
        beside,
    )
