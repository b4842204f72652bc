"""`liuke prices`: what will be sold at which price, and list prices that follow it."""

from __future__ import annotations

import typer

from bot.commands import list_prices
from retention.commands import prices

app = typer.Typer(no_args_is_help=True, help="Demand, list prices and what changed them.")
app.command("forecast")(prices.forecast)
app.command("elasticity")(prices.elasticity)
app.command("propose")(list_prices.propose)
app.command("approve")(list_prices.approve)
app.command("decline")(list_prices.decline)
app.command("undo")(list_prices.undo)
app.command("report")(list_prices.report)
