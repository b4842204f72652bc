"""`liuke retention …`: any shop's log in, tables of decisions out; the bot is not needed.

The modules of the commands import what is heavy when they are called: the program that serves mounts this
app, too.
"""

from __future__ import annotations

import typer

from retention.commands import churn, evaluate, rates, recommend, segments, value

app = typer.Typer(
    name="retention",
    help="Recommendations, churn, value, segments and retention rates from any shop's log.",
    no_args_is_help=True,
)
# A line a command, in the order of the help.
app.command("recommend")(recommend.recommend)
app.command("churn")(churn.churn)
app.command("value")(value.value)
app.command("segments")(segments.segments)
app.command("score")(churn.score)
app.command("rate")(rates.rate)
app.command("cohorts")(rates.cohorts)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(evaluate.compare)
