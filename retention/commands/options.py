"""The options that the commands share, and how their values are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kernel.console import fail
from retention.choices import Mode, capacity_of

Events = Annotated[
    Path,
    typer.Option("--events", help="The shop's log: .csv (also .tsv, .gz) or .parquet, a row a purchase."),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        help="Which column is what: customer=…,time=… and any of item, quantity, price (of a unit), amount (of "
        "the row), order, list_price, category, name, brand, attributes, kind, rating, words (of a search), mood, "
        "channel. Without it, columns are known by the names that most exports use.",
    ),
]
Items = Annotated[
    Path | None,
    typer.Option(
        "--items",
        help="A file about the items, .csv or .parquet, a row an item: names, category, brand, attributes, list_price, "
        "stock (0 is not shown), created. It may name items that nobody has bought yet.",
    ),
]
ItemColumns = Annotated[
    str | None,
    typer.Option(
        "--item-columns",
        help="Which column of --items is what: item=… and any of name, category, brand, attributes, list_price, "
        "stock, created. Without it, columns are known by the names that most exports use.",
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        help="What the shop wants of every list, as in recommendations.toml, with items' ids as codes: pin, bury, "
        "at_most, new_products. Lists are then as the bot's: at most half of one category, a place for new products.",
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="Only what lies before it is used: 2026-11-01 or 2026-11-01T09:00+08:00; UTC where no zone is "
        "named. The end of the log by default.",
    ),
]
Out = Annotated[Path | None, typer.Option("--out", help="The table to write: .csv or .parquet.")]
Save = Annotated[Path | None, typer.Option("--save", help="Keep the fitted model in this folder.")]
Count = Annotated[int, typer.Option("--n", min=1, help="How many for each customer.")]
Horizon = Annotated[
    str | None, typer.Option("--horizon", help="How far ahead: 90d, 12w, 3m (30 days each) or 1y.")
]
Capacity = Annotated[
    str | None,
    typer.Option(
        "--capacity",
        help="Whom your staff can look after: a share of the customers still active, such as 5%, or a number of "
        "them, such as 40. 5% without it.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="Of every random choice.")]
ModeOption = Annotated[
    Mode, typer.Option("--mode", help="`new` leaves out what the customer has bought; `any` allows repeats.")
]

_SECONDS = re.compile(r"\d{9,11}(\.\d+)?")
_SPAN = re.compile(r"(\d{1,5})([dwmy]?)")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def moment(text: str | None, option: str = "--at") -> datetime | None:
    """An aware UTC datetime from ISO 8601 or seconds since 1970; ends the command where it is neither."""
    if text is None:
        return None
    try:
        if _SECONDS.fullmatch(text):
            return datetime.fromtimestamp(float(text), UTC)
        found = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        fail(f"{option} {text!r} is no time: write 2026-11-01, 2026-11-01T09:00 or 2026-11-01T09:00+08:00")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def days(text: str | None, option: str = "--horizon") -> int | None:
    """Days from 90d, 12w, 3m, 1y or a bare number; ends the command where it is none of these."""
    if text is None:
        return None
    found = _SPAN.fullmatch(text.strip().lower())
    number = int(found[1]) * _DAYS[found[2] or "d"] if found else 0
    if not 1 <= number <= 3_650:
        fail(f"{option} {text!r} is no span of time: write 90d, 12w, 3m or 1y, at most ten years")
    return number


def capacity(text: str | None, option: str = "--capacity") -> float | None:
    """Below 1 a share (5%, 0.05), else a number of customers; ends the command where it is neither."""
    if text is None:
        return None
    try:
        return capacity_of(text)
    except ValueError as error:
        fail(f"{option} {error}")
