"""`liuke customer`: what staff need to know to help somebody, and links for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.telegram import bot_username
from bot.commands.common import AsJson, known_customer, with_reader, with_store
from bot.commands.links import links
from bot.linking.linker import Linker, second_fact
from bot.privacy import erasure
from bot.privacy.erasure import Eraser, Erasure, Find
from bot.privacy.export import export_customer
from bot.settings import Settings
from kernel.console import failing, out, print_json, print_table
from kernel.times import utc_now
from storage import Store
from storage.consents import MARKETING
from storage.customers import Accounts, Consents, Customers
from storage.orders import Orders
from storage.points import Points
from storage.scores import Scores

app = typer.Typer(no_args_is_help=True, help="Show a customer, or make links that connect messengers.")

CustomerId = Annotated[str, typer.Argument(help="The customer's id, as the shop has it.")]


@app.command()
def show(customer_id: CustomerId, as_json: AsJson = False) -> None:
    """Show a customer with linked accounts and orders."""
    facts = with_reader(lambda connection: _facts(connection, customer_id))
    if as_json:
        print_json(facts)
        return
    out.print(facts["id"], style="bold", end="  ")
    out.print(f"{facts['name']}  ({facts['language']}, {facts['time_zone']})")
    out.print(
        f"marketing: {'yes' if facts['marketing'] else 'no'}{_by_channel(facts['consents'])}   "
        f"churn risk: {facts['risk'] or 'not scored'}"
    )
    out.print(f"points: {facts['points']:,}   birthday: {facts['birthday'] or 'not known'}")
    if facts["addresses"]:
        print_table(
            "Addresses", ("id", "address"),
            [(name, ", ".join(one.values())) for name, one in facts["addresses"].items()],
        )  # fmt: skip
    print_table(
        "Linked accounts", ("channel", "address", "since"), [list(row.values()) for row in facts["linked"]]
    )
    print_table(
        "Orders", ("number", "status", "placed", "second fact"),
        [(o["number"], o["status"], o["placed_at"], o["second_fact"]) for o in facts["orders"]],
    )  # fmt: skip


@app.command()
def link(customer_id: CustomerId, as_json: AsJson = False) -> None:
    """Make a deep link that connects the messenger of whoever opens it to this customer, once."""
    made = with_store(lambda settings, store: _link(settings, store, customer_id))
    if as_json:
        print_json(made)
        return
    out.print(made["deep_link"], soft_wrap=True)
    out.print(f"Works once, until {made['expires']}. Give it to the customer alone.")


app.command("links")(links)


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20, as_json: AsJson = False) -> None:
    """List customers with recent orders."""
    rows = with_reader(lambda connection: _recent(connection, limit))
    if as_json:
        print_json(rows)
        return
    print_table("Customers", ("id", "name", "language", "last order"), [list(row.values()) for row in rows])


@app.command()
def export(customer_id: CustomerId) -> None:
    """Write everything that is held about a customer as JSON: what they may ask for."""
    print_json(with_reader(lambda connection: export_customer(connection, customer_id), long=True))


@app.command()
def erase(
    customer_id: Annotated[str | None, typer.Argument(help="The customer's id, as the shop has it.")] = None,
    account: Annotated[
        str | None,
        typer.Option(help="Instead: whoever writes from there, CHANNEL:ADDRESS, such as telegram:123456."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase somebody for good: their name, their addresses, and every word of their conversations.

    What was bought stays, under ids that lead to nobody. Their messages leave what the versions of the understanding
    were taught with, too; what those have learned stays. Who was erased is known again by hashes alone: rows about
    them are not taken in any more, and nobody writes to them.
    """
    whom, find = _to_be_erased(customer_id, account)
    if not yes:
        typer.confirm(f"Erase {whom} for good?", abort=True)

    async def work(settings: Settings, store: Store) -> Erasure:
        with failing():
            return await Eraser(store, settings.home).erase(find, actor="system")

    done = with_store(work)
    out.print(f"Erased. {done.messages} messages were blanked; what was bought stays without a name.")
    if done.lessons:
        out.print(f"Lines taken out of what models were taught with: {done.lessons}.")
    if done.rows:
        out.print(f"Rows taken out of files of rejected rows: {done.rows}.")
    if not done.swept:
        out.print(
            "The database's file and log still hold remains of it, since something reads or writes all the time, or "
            "the disk has no room for a second copy. They are swept by night.",
            style="yellow",
        )


def _to_be_erased(customer_id: str | None, account: str | None) -> tuple[str, Find]:
    if (customer_id is None) == (account is None):
        raise typer.BadParameter("name a customer's id, or an account with --account")
    if customer_id is not None:
        return f"customer {customer_id}", erasure.customer(customer_id)
    channel, colon, address = str(account).partition(":")
    if not colon or not address:
        raise typer.BadParameter("CHANNEL:ADDRESS, such as telegram:123456", param_hint="--account")
    return f"whoever writes from {account}", erasure.account(channel, address)


def _by_channel(consents: Mapping[str, bool]) -> str:
    """` (email: yes, sms: no)`, or nothing."""
    said = ", ".join(f"{channel}: {'yes' if agreed else 'no'}" for channel, agreed in consents.items())
    return f" ({said})" if said else ""


async def _facts(connection: AsyncConnection, customer_id: str) -> dict[str, Any]:
    customer = await known_customer(connection, customer_id)
    accounts = await Accounts(connection).by_customer(customer_id)
    orders = await Orders(connection).by_customer(customer_id, limit=200)
    score = await Scores(connection).get(customer_id, "churn")
    return {
        "id": customer.id,
        "name": customer.name,
        "language": customer.language,
        "time_zone": customer.time_zone,
        "tier": customer.tier,
        "marketing": await Consents(connection).granted(MARKETING, customer_id=customer_id),
        "consents": {
            channel: await Consents(connection).granted(MARKETING, customer_id=customer_id, channel=channel)
            for channel in await Consents(connection).channels(MARKETING, customer_id)
        },
        "points": await Points(connection).balance(customer_id, utc_now()),
        "birthday": customer.birthday,
        "addresses": customer.addresses,
        "risk": None if score is None else {"probability": score.value, "band": score.band},
        "linked": [{"channel": a.channel, "address": a.address, "since": a.linked_at} for a in accounts],
        "orders": [
            {
                "number": order.number,
                "second_fact": second_fact(order.ship_to.get("phone") or customer.phone, customer.email),
                "status": order.status,
                "placed_at": order.placed_at,
            }
            for order in orders
        ],
    }


async def _link(settings: Settings, store: Store, customer_id: str) -> dict[str, Any]:
    async with store.read() as connection:
        await known_customer(connection, customer_id)
    linker = await Linker.open(store, settings.shared_secret)
    lifetime = timedelta(hours=settings.link_hours)
    token, expires = await store.write(
        lambda connection: linker.deep_link_token(connection, customer_id, utc_now(), lifetime)
    )
    username = await bot_username(settings, store)
    deep_link = (
        f"https://t.me/{username}?start={token}" if username else f"{settings.base_url}/chat?start={token}"
    )
    return {"deep_link": deep_link, "expires": expires, "start": token}


async def _recent(connection: AsyncConnection, limit: int) -> list[dict[str, Any]]:
    return [
        {"id": c.id, "name": c.name, "language": c.language, "last_order": number}
        for c, number in await Customers(connection).recent_buyers(limit)
    ]
