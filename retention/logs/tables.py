"""The rows of a log as the two tables of a history."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from retention.history import EVENTS, PRODUCTS
from retention.logs import values
from retention.types import EventKind

MINOR = 100
"""Minor units in one of the log's units of money."""
NO_CURRENCY = "XXX"
"""ISO 4217 for "no currency": a log doesn't say which it is in."""
RATED = "r"
"""Ends the id of a rating that stands in the row of a purchase, so that both are events."""


def events(connection: Any) -> pa.Table:
    """The events in the order of the file, as `retention.history.EVENTS` with a further column `by`.

    A return's amount is negative, its quantity a count. A purchase with a rating is followed by that rating.

    Args:
        connection: DuckDB, with the table `kept` of a reading.
    """
    bought = f"kind IN ('{EventKind.PURCHASE}', '{EventKind.RETURN}')"
    back = f"(kind = '{EventKind.RETURN}' OR ({bought} AND (quantity < 0 OR amount < 0)))"
    size = values.minor("amount", MINOR)
    whole = "CASE WHEN quantity = 0 THEN 0 ELSE greatest(least(round(abs(quantity)), 1e12), 1) END::BIGINT"
    table = _table(
        connection,
        f"""SELECT lpad(line::VARCHAR, 12, '0') AS id,
                   CASE WHEN {back} THEN '{EventKind.RETURN}' ELSE kind END AS kind,
                   customer, item AS product, "order", moment AS "at",
                   CASE WHEN quantity IS NOT NULL THEN {whole} END AS quantity,
                   CASE WHEN {back} THEN -({size}) ELSE {size} END AS amount,
                   CASE WHEN amount IS NOT NULL THEN '{NO_CURRENCY}' END AS currency,
                   CASE kind WHEN '{EventKind.RATING}' THEN rating WHEN '{EventKind.MESSAGE}' THEN mood END AS value,
                   CASE kind WHEN '{EventKind.SEARCH}' THEN words END AS text, channel, "by"
            FROM kept
            UNION ALL BY NAME
            SELECT lpad(line::VARCHAR, 12, '0') || '{RATED}' AS id, '{EventKind.RATING}' AS kind, customer,
                   item AS product, moment AS "at", rating AS value, channel, "by"
            FROM kept WHERE {bought} AND rating IS NOT NULL
            ORDER BY id""",  # noqa: S608
    )
    return table.select([*EVENTS.names, "by"])


def products(connection: Any) -> pa.Table:
    """Every item that was seen before the end, as `retention.history.PRODUCTS`.

    Its names, category, brand, attributes and list price are the first that were given: no later row changes what an
    earlier week is learned from.
    """
    first = "first({0} ORDER BY moment, line) FILTER ({0} > 0)".format("list_price")
    price = values.minor(first, MINOR)
    chinese = r"regexp_matches(name, '[\x{4e00}-\x{9fff}]')"
    known = {
        "product": "item",
        "category": "arg_min(category, line)",
        "list_price": price,
        "currency": f"CASE WHEN {first} IS NOT NULL THEN '{NO_CURRENCY}' END",
        "name_zh": f"arg_min(name, line) FILTER ({chinese})",
        "name_en": f"arg_min(name, line) FILTER (NOT {chinese})",
        "brand": "arg_min(brand, line)",
        "attributes": "arg_min(attributes, line)",
    }
    chosen = ", ".join(f"{known.get(one.name, 'NULL')} AS {one.name}" for one in PRODUCTS)
    return _table(
        connection,
        f"SELECT {chosen} FROM kept WHERE item IS NOT NULL GROUP BY item ORDER BY item",  # noqa: S608
    )


def _table(connection: Any, query: str) -> pa.Table:
    table: pa.Table = connection.sql(query).to_arrow_table()
    return table
