"""`liuke codes`: personal prices and coupons at the till, and as a file for a shop's own system."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.common import As, AsJson, amount, with_member, with_store
from bot.settings import Settings
from bot.shop.importing.rejects import harmless
from bot.staff.till import CodeCard, Till
from kernel.console import err, out, print_json, print_table
from kernel.files import replacing
from kernel.money import decimals
from kernel.times import utc_now
from storage import Store
from storage.catalogue import Catalogue
from storage.checking import Checkout, Checks
from storage.code_lists import CodeLists, Wanted
from storage.codes import Promise, State, state_of
from storage.offers import StoredOffer
from storage.orders import Orders
from storage.staff import StaffMember

app = typer.Typer(
    no_args_is_help=True, help="Codes of personal prices and coupons: at the till, and as a file."
)

Code = Annotated[str, typer.Argument(help="The code; case and spaces don't matter.")]
OrderNumber = Annotated[str, typer.Option("--order", help="The number of the order.")]
InState = Annotated[
    State | None, typer.Option("--state", help="Only those: live, used, expired, not_started or withdrawn.")
]

HEADER = (
    "code", "kind", "state", "price", "amount", "percent", "currency", "product_code", "customer_id", "valid_from",
    "valid_until",
)  # fmt: skip
_PORTION = 1_000


@app.command("list")
def list_(
    state: InState = None,
    differing: Annotated[
        bool,
        typer.Option(
            "--differing", help="Only those used by orders at another price, or otherwise than promised."
        ),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show codes: coupons first, then personal prices as they were made."""
    wanted = Wanted(state=state, odd=differing)

    async def look(_settings: Settings, store: Store) -> tuple[list[Promise], bool, int]:
        async with store.read() as connection:
            lists = CodeLists(connection)
            page = await lists.page(wanted, now, after=None, limit=limit)
            return page.codes, page.next is not None, await lists.count_odd()

    now = utc_now()
    found, more, odd = with_store(look)
    if as_json:
        print_json([_facts(one, now) for one in found])
        return
    print_table(
        "Codes",
        ("code", "state", "for", "customer", "product", "until", "order", "differs"),
        [
            (one.code, state_of(one, now), _worth(one), one.customer_id or "everyone",
             one.product_id if isinstance(one, StoredOffer) else "", _until(one),
             one.order_id or "", _difference(one))
            for one in found
        ],
        unbroken=1,
    )  # fmt: skip
    if more:
        out.print("There are more: --limit, or `liuke codes export FILE.csv` for all.")
    if odd and not differing:
        out.print(
            f"Used at another price, or otherwise than promised: {odd}; --differing shows them.",
            style="yellow",
        )


@app.command()
def check(
    code: Code,
    customer: Annotated[str | None, typer.Option(help="The customer's id, as the shop has it.")] = None,
    order: OrderNumber = "",
    as_json: AsJson = False,
) -> None:
    """Say whether a code would be taken now, and for what price; it is not used by that."""

    async def look(_settings: Settings, store: Store) -> tuple[CodeCard, str | None]:
        card = await Till(store).look(code)
        async with store.read() as connection:
            named = await Orders(connection).by_number(order) if order else None
            if order and named is None:
                raise ValueError(f"there is no order {order!r}")
            who = customer or (None if named is not None else card.promise.customer_id)
            checkout = Checkout(customer_id=who, order_id=None if named is None else named.id)
            checked = await Checks(connection).check(card.promise.code, checkout, utc_now())
        return card, checked.objection

    card, objection = with_store(look)
    if as_json:
        print_json({**_facts(card.promise, utc_now()), "redeemable": objection is None, "reason": objection})
        return
    _tell(card)
    out.print("It would be taken." if objection is None else f"It would not be taken: {_WHY[objection]}.")


@app.command()
def use(
    code: Code,
    who: Annotated[
        str,
        typer.Option(
            "--for",
            help="The number of the order; or who the customer is: their id, e-mail address or phone number, of "
            "which the last four digits are enough.",
        ),
    ],
    login: As = None,
) -> None:
    """Use a code, as at a till."""
    card = with_member(login, lambda _settings, store, member: Till(store).use(member, code, who))
    _tell(card)


@app.command("give-back")
def give_back(code: Code, order: OrderNumber = "", login: As = None) -> None:
    """Take the use of a code back; of everyone's coupon, by the order that used it."""

    async def work(_settings: Settings, store: Store, member: StaffMember) -> CodeCard:
        return await Till(store).give_back(member, code, order)

    _tell(with_member(login, work))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The CSV file to write; one that is there is replaced.")],
    state: InState = "live",
    everything: Annotated[bool, typer.Option("--all", help="In whatever state.")] = False,
) -> None:
    """Write codes to a CSV file, for shops whose system takes a file of codes."""
    wanted = Wanted(state=None if everything else state)

    async def write(_settings: Settings, store: Store) -> int:
        count = 0
        with replacing(file) as draft, draft.open("w", encoding="utf-8", newline="") as written:
            writer = csv.writer(written)
            writer.writerow(HEADER)
            async for rows in _rows(store, wanted, utc_now()):
                writer.writerows(rows)
                count += len(rows)
        return count

    err.print(f"{with_store(write)} codes written to {file}")


async def _rows(store: Store, wanted: Wanted, now: datetime) -> AsyncIterator[list[list[str]]]:
    """The rows of the file, a portion at a time."""
    after: str | None = None
    while True:
        async with store.read() as connection:
            page = await CodeLists(connection).page(wanted, now, after=after, limit=_PORTION)
            named = {one.product_id for one in page.codes if isinstance(one, StoredOffer)}
            products = await Catalogue(connection).by_ids(named)
        codes = {one.id: one.code for one in products.values()}
        yield [[harmless(cell) for cell in _row(one, codes, now)] for one in page.codes]
        after = page.next
        if after is None:
            return


def _row(one: Promise, product_codes: dict[str, str], now: datetime) -> list[str]:
    of_offer = one if isinstance(one, StoredOffer) else None
    off = one.amount if not isinstance(one, StoredOffer) else one.list_price - one.price
    return [
        one.code,
        "coupon" if of_offer is None else "offer",
        state_of(one, now),
        "" if of_offer is None else _plain(of_offer.price, one.currency),
        "" if off is None else _plain(off, one.currency),
        "" if isinstance(one, StoredOffer) or one.percent is None else f"{one.percent:g}",
        one.currency,
        "" if of_offer is None else product_codes.get(of_offer.product_id, of_offer.product_id),
        one.customer_id or "",
        f"{one.created_at if isinstance(one, StoredOffer) else one.valid_from:%Y-%m-%dT%H:%M:%SZ}",
        "" if one.valid_until is None else f"{one.valid_until:%Y-%m-%dT%H:%M:%SZ}",
    ]


def _plain(minor: int, currency: str) -> str:
    """An amount as programs read it: `19.90`."""
    places = decimals(currency)
    whole, rest = divmod(abs(minor), 10**places)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole}.{rest:0{places}}" if places else f"{sign}{whole}"


_WHY = {
    "used": "it has been used already",
    "expired": "it has ended",
    "not_started": "it does not hold yet",
    "withdrawn": "it was withdrawn",
    "other_customer": "it is another customer's",
    "no_customer": "it is one customer's, and the order is nobody's",
    "used_up": "as many orders as it is for have used it",
    "customer_limit": "the customer has used it as often as one may",
    "order_cancelled": "the order is cancelled",
    "other_product": "it is for another product",
    "other_category": "it is for another category",
    "below_min_spend": "it needs a larger sum",
}


def _facts(one: Promise, now: datetime) -> dict[str, Any]:
    of_offer = one if isinstance(one, StoredOffer) else None
    return {
        "code": one.code,
        "kind": "coupon" if of_offer is None else "offer",
        "state": state_of(one, now),
        "customer_id": one.customer_id,
        "product_id": None if of_offer is None else of_offer.product_id,
        "price": None if of_offer is None else of_offer.price,
        "currency": one.currency,
        "valid_until": one.valid_until,
        "used_at": one.used_at,
        "order_id": one.order_id,
        "discrepancy": one.discrepancy,
        "paid": None if of_offer is None else of_offer.paid,
    }


def _tell(card: CodeCard) -> None:
    one, product = card.promise, card.product
    whose = "everyone's" if card.customer is None else f"{card.customer.name or card.customer.id}'s"
    contact = f" ({card.contact})" if card.contact else ""
    end = f"until {_until(one)}" if one.valid_until is not None else "without an end"
    out.print(f"{one.code}: {card.state}, {whose}{contact}, {end}")
    what = "" if product is None else f" for {product.name('en')} ({product.code})"
    out.print(f"{_worth(one)}{what}")
    if card.order_number is not None:
        out.print(f"Used by order {card.order_number}. {_difference(one)}".strip())


def _until(one: Promise) -> str:
    return "" if one.valid_until is None else f"{one.valid_until:%Y-%m-%d %H:%M}Z"


def _worth(one: Promise) -> str:
    if isinstance(one, StoredOffer):
        return amount(one.price, one.currency)
    off = f"{one.percent:g} %" if one.amount is None else amount(one.amount, one.currency)
    least = f" from {amount(one.min_spend, one.currency)} on" if one.min_spend else ""
    return f"{off} off{least}"


def _difference(one: Promise) -> str:
    if one.discrepancy is None:
        return ""
    if not isinstance(one, StoredOffer) or one.paid is None:
        return one.discrepancy.replace("_", " ")
    return f"{amount(one.paid, one.currency)} paid"
