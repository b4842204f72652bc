"""`liuke customer`: what staff need to know to help somebody, and links for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.commands.common import with_store
from bot.console_output import out, print_json, print_table
from bot.linking import Linker, second_fact
from bot.privacy import erase_customer, export_customer, forget_lessons, said_by
from bot.settings import Settings
from bot.telegram_name import bot_username
from nlu.printing import told
from storage import NotFound, Store
from storage.customers import Accounts, Consents, Customer, Customers
from storage.orders import Orders
from storage.scores import Scores

app = typer.Typer(no_args_is_help=True, help="Show a customer, or make a link that connects a messenger.")

CustomerId = Annotated[str, typer.Argument(help="The customer's id, as the shop has it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")]


@app.command()
def show(customer_id: CustomerId, as_json: AsJson = False) -> None:
    """Show a customer with linked accounts and orders."""
    facts = with_store(lambda _settings, store: _facts(store, customer_id))
    if as_json:
        print_json(facts)
        return
    out.print(f"[bold]{facts['id']}[/bold]  {facts['name']}  ({facts['language']}, {facts['time_zone']})")
    out.print(
        f"marketing: {'yes' if facts['marketing'] else 'no'}   churn risk: {facts['risk'] or 'not scored'}"
    )
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
    out.print(made["deep_link"], markup=False, highlight=False, soft_wrap=True)
    out.print(f"Works once, until {made['expires']}. Give it to the customer alone.")


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20, as_json: AsJson = False) -> None:
    """List customers with recent orders."""
    rows = with_store(lambda _settings, store: _recent(store, limit))
    if as_json:
        print_json(rows)
        return
    print_table("Customers", ("id", "name", "language", "last order"), [list(row.values()) for row in rows])


@app.command()
def export(customer_id: CustomerId) -> None:
    """Write everything that is held about a customer as JSON: what they may ask for."""

    async def work(_settings: Settings, store: Store) -> dict[str, Any]:
        async with store.read(long=True) as connection:
            return await export_customer(connection, customer_id)

    print_json(with_store(work))


@app.command()
def erase(
    customer_id: CustomerId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a customer and every word of their conversations, for good.

    Their messages leave what the versions of the understanding were taught with, too; what those have learned stays.
    """
    if not yes:
        typer.confirm(f"Erase customer {customer_id} for good?", abort=True)

    async def work(settings: Settings, store: Store) -> tuple[int, int]:
        async with store.read() as connection:
            said = await said_by(connection, customer_id)
        with told():
            forgotten = forget_lessons(settings.home, said)
        return forgotten, await store.write(
            lambda connection: erase_customer(connection, customer_id, datetime.now(UTC))
        )

    forgotten, blanked = with_store(work)
    out.print(f"Erased. {blanked} messages were blanked; what was bought stays without a name.")
    if forgotten:
        out.print(f"Lines taken out of what models were taught with: {forgotten}.")


async def _facts(store: Store, customer_id: str) -> dict[str, Any]:
    async with store.read() as connection:
        customer = await _customer(connection, customer_id)
        accounts = await Accounts(connection).by_customer(customer_id)
        orders = await Orders(connection).by_customer(customer_id, limit=200)
        score = await Scores(connection).get(customer_id, "churn")
        return {
            "id": customer.id,
            "name": customer.name,
            "language": customer.language,
            "time_zone": customer.time_zone,
            "tier": customer.tier,
            "marketing": await Consents(connection).granted("marketing", customer_id=customer_id),
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
        await _customer(connection, customer_id)
    now = datetime.now(UTC)
    web_secret = settings.web_secret.get_secret_value() if settings.web_secret else None
    linker = await Linker.open(store, web_secret)
    token, expires = await store.write(
        lambda connection: linker.deep_link_token(connection, customer_id, now)
    )
    username = await bot_username(settings, store)
    deep_link = (
        f"https://t.me/{username}?start={token}" if username else f"{settings.base_url}/chat?start={token}"
    )
    return {"deep_link": deep_link, "expires": expires, "start": token}


async def _recent(store: Store, limit: int) -> list[dict[str, Any]]:
    async with store.read() as connection:
        return [
            {"id": c.id, "name": c.name, "language": c.language, "last_order": number}
            for c, number in await Customers(connection).recent_buyers(limit)
        ]


async def _customer(connection: Any, customer_id: str) -> Customer:
    customer = await Customers(connection).get(customer_id)
    if customer is None:
        raise NotFound(f"there is no customer {customer_id!r}; `liuke customer list` shows some")
    return customer
