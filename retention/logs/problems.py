"""What was wrong with the rows of a log, with the numbers of the first of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from retention.report import Problem
from retention.times import to_micros

PROBLEMS: Mapping[str, tuple[str, str]] = {
    "no_customer": ("dropped", "rows without a customer"),
    "no_time": ("dropped", "rows without a time"),
    "bad_time": ("dropped", "times that cannot be read"),
    "future": ("dropped", "rows that claim to come from the future"),
    "no_item": ("kept", "rows without an item: they count as purchases of something"),
    "bad_quantity": ("blanked", "quantities that cannot be read; taken as 1"),
    "broken_quantity": ("kept", "quantities with a fraction, such as weights: rounded, to 1 at least"),
    "bad_price": ("blanked", "prices that cannot be read"),
    "bad_list_price": ("blanked", "list prices that cannot be read"),
    "bad_rating": ("blanked", "ratings that cannot be read"),
    "bad_mood": ("blanked", "moods that cannot be read"),
    "stray_value": ("blanked", "ratings, moods or words to search for on rows of another kind"),
    "negative_quantity": ("kept", "rows with a negative quantity: read as returns"),
    "negative_price": ("kept", "rows with a negative price: read as returns"),
    "duplicate": ("dropped", "rows of orders that are in the file more than once"),
    "repeated_line": ("kept", "equal rows that may well be purchases of their own"),
}
"""Code to what is done and what it means, in the order of the report."""


def found(connection: Any, roles: Collection[str], skipped: list[int], end: int) -> list[Problem]:
    """One for each kind of bad rows.

    Args:
        connection: DuckDB, with the tables of a reading: `raw`, `parsed`, `kept`, `gone`.
        roles: those that the log has columns for.
        skipped: rows that the file's reader could not read.
        end: microseconds; later rows are not looked at.
    """
    listed = []
    if skipped:
        shown = tuple(str(one) for one in skipped[:5])
        listed.append(
            _problem("bad_row", len(skipped), shown, "dropped", "rows with too many or too few values")
        )
    for code, rows in _rows(roles, end).items():
        query = f"SELECT count(*), list_slice(list(line ORDER BY line), 1, 5) {rows}"
        count, first = connection.execute(query).fetchall()[0]
        if count:
            action, message = PROBLEMS[code]
            listed.append(_problem(code, count, tuple(map(str, first)), action, message))
    return listed


def _problem(code: str, count: int, rows: tuple[str, ...], action: str, message: str) -> Problem:
    return Problem(code=code, table="events", count=count, action=action, message=message, examples=rows)


def _rows(roles: Collection[str], end: int) -> dict[str, str]:
    """Code to the rows it stands for, as the rest of a query, in the order of the report."""
    unread = f"FROM raw JOIN parsed USING (line) WHERE parsed.customer IS NOT NULL AND moment < {end}"
    now = to_micros(datetime.now(UTC))
    sources = {
        "no_customer": "FROM parsed WHERE customer IS NULL",
        "no_time": "FROM parsed WHERE customer IS NOT NULL AND no_time",
        "bad_time": "FROM parsed WHERE customer IS NOT NULL AND moment IS NULL AND NOT no_time",
        "future": f"FROM parsed WHERE moment > {now} AND moment >= {end}",
        "negative_quantity": "FROM kept WHERE quantity < 0",
        "negative_price": "FROM kept WHERE amount < 0 AND coalesce(quantity, 1) >= 0 AND kind = 'purchase'",
        "broken_quantity": "FROM kept WHERE broken",
        "stray_value": (
            "FROM kept WHERE (rating IS NOT NULL AND kind NOT IN ('rating', 'purchase', 'return')) "
            "OR (mood IS NOT NULL AND kind <> 'message') OR (words IS NOT NULL AND kind <> 'search')"
        ),
        "duplicate": "FROM gone",
        "repeated_line": "FROM kept WHERE repeated",
    }
    if "item" in roles:
        sources["no_item"] = "FROM kept WHERE item IS NULL AND kind = 'purchase'"
    if "quantity" in roles:
        sources["bad_quantity"] = f'{unread} AND raw."quantity" IS NOT NULL AND parsed.quantity IS NULL'
    for role in ("price", "amount", "list_price", "rating", "mood"):
        if role in roles:
            code = "bad_price" if role == "amount" else f"bad_{role}"
            sources[code] = f'{unread} AND raw."{role}" IS NOT NULL AND parsed.{role} IS NULL'
    return {code: sources[code] for code in PROBLEMS if code in sources}
