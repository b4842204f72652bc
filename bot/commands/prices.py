"""`liuke prices`: what will be sold at which price, and list prices that follow it."""

from __future__ import annotations

import typer

from retention.commands import prices

app = typer.Typer(no_args_is_help=True, help="Demand, list prices and what changed them.")
app.command("forecast")(prices.forecast)
app.command("elasticity")(prices.elasticity)
