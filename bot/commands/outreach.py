"""`liuke outreach`: run a campaign now, look at what came of it, pause it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bot.commands.common import settings_or_exit, with_store
from bot.console_output import out, print_json, print_table
from storage import NotFound, Store
from storage.campaigns import Campaigns

app = typer.Typer(no_args_is_help=True, help="Win-back messages, and what they change.")


@app.command()
def plan() -> None:
    """Plan the messages of every active campaign now instead of at the next tick.

    They leave in each customer's daytime, through whichever process sends.
    """
    from bot.planning import plan_now

    counts = asyncio.run(plan_now(settings_or_exit(), datetime.now(UTC)))
    for name, decided in counts.items():
        told = ", ".join(f"{number} {what}" for what, number in decided.items()) or "nobody to decide for"
        out.print(f"{name}: {told}")


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show each campaign's arms: how many, sent, bought since."""

    async def work(_settings: Any, store: Store) -> list[dict[str, Any]]:
        async with store.read() as connection:
            campaigns = Campaigns(connection)
            return [
                {
                    "campaign": campaign.name,
                    "state": campaign.state,
                    "arm": arm.arm,
                    "customers": arm.customers,
                    "sent": arm.sent,
                    "bought": arm.bought,
                }
                for campaign in await campaigns.all()
                for arm in await campaigns.results(campaign.id)
            ]

    rows = with_store(work)
    if as_json:
        print_json(rows)
        return
    columns = ("campaign", "state", "arm", "customers", "sent", "bought")
    print_table("Campaigns", columns, [list(row.values()) for row in rows])


@app.command()
def pause(name: str) -> None:
    """Stop a campaign: nothing more is planned, and what is planned is dropped."""
    _set_state(name, "paused")


@app.command()
def resume(name: str) -> None:
    """Let a paused campaign go on."""
    _set_state(name, "active")


def _set_state(name: str, state: str) -> None:
    async def work(_settings: Any, store: Store) -> None:
        async with store.read() as connection:
            found = [c for c in await Campaigns(connection).all() if c.name == name]
        if not found:
            raise NotFound(f"there is no campaign {name!r}")
        await store.write(lambda c: Campaigns(c).set_state(found[0].id, state))

    with_store(work)
    out.print(f"{name} is {state}.")
