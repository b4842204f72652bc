"""Which equal rows are one thing twice in the file, and which are two things.

An order that was exported twice repeats every one of its lines; somebody who bought two pieces in two lines
repeats one line of an order whose others stand alone. So equal rows
(customer, time, order, item, quantity, price, kind, rating, mood, words) are dropped where the whole order is there
several times, and kept otherwise. Where times are only days and there are no order numbers, nobody can tell two
purchases of a day from one written twice: equal rows are kept there.
"""

from __future__ import annotations

from typing import Any

from retention.times import DAY

_ORDER = 'customer, moment, "order", kind'
_LINE = f"{_ORDER}, item, quantity, price, amount, rating, mood, words"


def mark_duplicates(connection: Any, *, by_day: bool) -> bool:
    """Give `kept` the columns `duplicate` and `repeated`, and list in `gone` the lines to drop.

    Args:
        connection: DuckDB, with the table `kept`.
        by_day: there are no order numbers; then equal rows count as doubles only if times are finer than days.

    Returns:
        Whether there is anything to drop.
    """
    only_days = connection.execute(f"SELECT bool_and(moment % {DAY} = 0) FROM kept").fetchall()[0][0]  # noqa: S608
    keep_all = by_day and bool(only_days)
    connection.execute(
        f"""CREATE TEMP TABLE doubled AS
            WITH counted AS (
              SELECT line, {_ORDER}, count(*) OVER same AS equal,
                     row_number() OVER (PARTITION BY {_LINE} ORDER BY line) AS place
              FROM kept WINDOW same AS (PARTITION BY {_LINE})
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
    connection.execute("CREATE TEMP TABLE gone AS SELECT line FROM kept WHERE duplicate")
    return bool(connection.execute("SELECT count(*) FROM gone").fetchall()[0][0])
