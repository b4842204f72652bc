"""What was wrong with the rows of a log, with the numbers of the first of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from kernel.times import to_micros
from retention.report import Problem

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


def found(
    connection: Any, roles: Collection[str], skipped: list[int], end: int, *, of_file: bool = True
) -> list[Problem]:
    """One for each kind of bad rows.

    Args:
        connection: DuckDB, with the tables of a reading: `parsed`, `kept`, `gone`.
        roles: those that the log has columns for.
        skipped: rows that the file's reader could not read.
        end: microseconds; later rows are not looked at.
        of_file: whether to look at all rows of the file, too; a further part of a log has its own rows alone.
    """
    sources = {code: (*PROBLEMS[code], rows) for code, rows in _rows(roles, end).items()}
    if not of_file:
        sources = {code: source for code, source in sources.items() if "FROM parsed" not in source[2]}
    return counted(connection, "events", sources, skipped)


def counted(
    connection: Any, table: str, sources: Mapping[str, tuple[str, str, str]], skipped: list[int]
) -> list[Problem]:
    """One for each source with rows, and for rows that could not be read.

    Args:
        sources: code to what is done, what it means, and its rows as the rest of a query, in the order of the report.
    """
    listed = {"bad_row": ("dropped", "rows with too many or too few values", len(skipped), skipped[:5])}
    for code, (action, message, rows) in sources.items():
        query = f"SELECT count(*), coalesce(min(line, 5), []) {rows}"
        listed[code] = (action, message, *connection.execute(query).fetchall()[0])
    return [
        Problem(
            code=code,
            table=table,
            count=count,
            action=action,
            message=message,
            examples=tuple(map(str, first)),
        )
        for code, (action, message, count, first) in listed.items()
        if count
    ]


def _rows(roles: Collection[str], end: int) -> dict[str, str]:
    """Code to the rows it stands for, as the rest of a query, in the order of the report."""
    named = "FROM parsed WHERE customer IS NOT NULL"
    now = to_micros(datetime.now(UTC))
    sources = {
        "no_customer": "FROM parsed WHERE customer IS NULL",
        "no_time": f'{named} AND "time" IS NULL AND NOT unread_time',
        "bad_time": f"{named} AND unread_time",
        "future": f'FROM parsed WHERE "time" > {now} AND "time" >= {end}',
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
        sources["bad_quantity"] = f'{named} AND "time" < {end} AND unread_quantity'
    for role in ("price", "amount", "list_price", "rating", "mood"):
        if role in roles:
            code = "bad_price" if role == "amount" else f"bad_{role}"
            sources[code] = f'{named} AND "time" < {end} AND unread_{role}'
    return {code: sources[code] for code in PROBLEMS if code in sources}


# --- doubles ---------------------------------------------------------------------------------------------

_ORDER = 'customer, moment, "order", kind'
_LINE = f"{_ORDER}, item, quantity, price, amount, rating, mood, words"


def mark_duplicates(connection: Any, *, keep_all: bool) -> bool:
    """Give `kept` the columns `duplicate` and `repeated`, and list in `gone` the lines to drop.

    An order that was exported twice repeats every one of its lines; somebody who bought two pieces in two lines
    repeats one line of an order whose others stand alone. So equal rows (customer, time, order, item, quantity, price,
    kind, rating, mood, words) are dropped where the whole order is there several times, and kept otherwise.

    Args:
        connection: DuckDB, with the table `kept`.
        keep_all: where times are only days and there are no order numbers, nobody can tell two purchases of a day from
            one written twice: equal rows are kept there.

    Returns:
        Whether there is anything to drop.
    """
    # Windows over all rows take most of the time of reading, and nearly all moments have no equal rows.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE doubled AS
            WITH moments AS (
              SELECT DISTINCT customer, moment FROM kept GROUP BY customer, moment, hash({_LINE}) HAVING count(*) > 1
            ), counted AS (
              SELECT line, {_ORDER}, count(*) OVER same AS equal,
                     row_number() OVER (PARTITION BY {_LINE} ORDER BY line) AS place
              FROM kept SEMI JOIN moments USING (customer, moment) WINDOW same AS (PARTITION BY {_LINE})
            ), ordered AS (
              SELECT line, equal, place, min(equal) OVER (PARTITION BY {_ORDER}) AS copies FROM counted
            )
            SELECT line, NOT {keep_all} AND place > equal // copies AS duplicate,
                   {keep_all} OR equal // copies > 1 AS repeated
            FROM ordered WHERE equal > 1"""  # noqa: S608
    )
    connection.execute("ALTER TABLE kept ADD COLUMN duplicate BOOLEAN DEFAULT false")
    connection.execute("ALTER TABLE kept ADD COLUMN repeated BOOLEAN DEFAULT false")
    connection.execute(
        "UPDATE kept SET duplicate = doubled.duplicate, repeated = doubled.repeated "
        "FROM doubled WHERE kept.line = doubled.line"
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE gone AS SELECT line FROM kept WHERE duplicate")
    return bool(connection.execute("SELECT count(*) FROM gone").fetchall()[0][0])
