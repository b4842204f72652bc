"""From the rows of a log to events and products, in DuckDB."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from kernel.times import DAY, from_micros, to_micros
from retention.errors import LogRefused
from retention.history import EVENTS, PRODUCTS, History
from retention.logs import NO_VIEWS, Log, problems, seen_in_the_shop, values
from retention.logs.columns import KINDS, Columns
from retention.logs.files import UNREADABLE_SHARE, Parsed
from retention.types import EventKind

ROW_TOTAL_SLOPE = 0.8
ROW_TOTAL_ROWS = 50

MINOR = 100
"""Minor units in one of the log's units of money."""
NO_CURRENCY = "XXX"
"""ISO 4217 for "no currency": a log doesn't say which it is in."""
RATED = "r"
"""Ends the id of a rating that stands in the row of a purchase, so that both are events."""

SCALES = (("rating", 1, 5), ("mood", -1, 1))
"""Roles with a scale, its least and its most."""
_BY_VALUES = f"""CASE WHEN quantity IS NOT NULL OR price IS NOT NULL OR amount IS NOT NULL THEN '{EventKind.PURCHASE}'
    WHEN rating IS NOT NULL THEN '{EventKind.RATING}' WHEN mood IS NOT NULL THEN '{EventKind.MESSAGE}'
    WHEN words IS NOT NULL THEN '{EventKind.SEARCH}' ELSE '{EventKind.PURCHASE}' END"""
"""The kind of a row that names none: nobody pays for a rating, a message or a search."""


def read(path: Path, columns: Columns, before: datetime | None, by: str | None) -> Log:
    """See `retention.logs.read_log`."""
    reading = _Reading(
        path,
        columns,
        ids=("customer", "item", "order", "words", "by"),
        texts=("kind", "category", "name", "brand", "attributes", "channel"),
        numbers=("quantity", "price", "amount", "list_price", "rating", "mood"),
        times=("time",),
        by=by,
    )
    with reading:
        return reading.log(before)


class _Reading(Parsed):
    """One log on its way through the database: `raw` → `parsed` → `kept`."""

    def log(self, before: datetime | None) -> Log:
        self.refuse_unreadable("time", "write times as 2026-01-31T08:30:00Z or 2026-01-31")
        self.refuse_unreadable("quantity", "quantities must be numbers")
        for role in ("price", "amount", "list_price"):
            self.refuse_unreadable(role, "prices must be numbers")
        for role, least, most in SCALES:
            self.refuse_unreadable(role, f"write numbers from {least} to {most}")
            self._refuse_another_scale(role, least, most)
        end = self._end(before)
        self._kept(end)
        if problems.mark_duplicates(self.connection, by_day="order" not in self.roles):
            self.connection.execute("DELETE FROM kept WHERE duplicate")
        found = problems.found(self.connection, self.roles, self.skipped, end)
        self._tell_what_was_chosen()
        events = _events(self.connection)
        at = before if before is not None else from_micros(end)
        self._tell_what_is_missing(events)
        return Log(
            path=self.path,
            columns=dict(self.roles),
            history=History.of(events, _products(self.connection)),
            at=at.astimezone(UTC),
            rows=self.rows + len(self.skipped),
            problems=tuple(found),
            notes=tuple(self.notes),
            types={role: self.types[role] for role in ("customer", "item") if role in self.roles},
            by=events.column("by") if "by" in self.roles else None,
        )

    def _value(self, query: str, *parameters: Any) -> Any:
        return self.sql(query, *parameters)[0][0]

    # --- steps -------------------------------------------------------------------------------------------

    def _refuse_another_scale(self, role: str, least: int, most: int) -> None:
        given, wild, lowest, highest = self.sql(
            f"""SELECT count({role}), count(*) FILTER ({role} NOT BETWEEN {least} AND {most}), min({role}), max({role})
                FROM parsed"""  # noqa: S608
        )[0]
        if given and wild > UNREADABLE_SHARE * given:
            raise LogRefused(
                f"{self.path}: {wild} of {given} values of {self.roles[role]!r} lie outside {least} to {most} (they "
                f"run from {lowest:g} to {highest:g}): bring them to that scale"
            )

    def _end(self, before: datetime | None) -> int:
        """The first microsecond that is left out."""
        usable = 'customer IS NOT NULL AND "time" > 0'
        first, last = self.sql(f'SELECT min("time"), max("time") FROM parsed WHERE {usable}')[0]  # noqa: S608
        if first is None:
            raise LogRefused(f"{self.path} has no row with a customer and a time")
        if before is None:
            now = to_micros(datetime.now(UTC))
            known = self._value(f'SELECT max("time") FROM parsed WHERE {usable} AND "time" <= {now}')  # noqa: S608
            if known is None:
                raise LogRefused(
                    f"{self.path} lies in the future: it starts at {from_micros(first):%Y-%m-%d}. "
                    "Say with --at as of when it is to be read"
                )
            days_only = self._value(
                'SELECT bool_and("time" % ? = 0) FROM parsed WHERE "time" IS NOT NULL', DAY
            )
            return int(known) + (DAY if days_only else 1)
        end = to_micros(before)
        if first >= end:
            raise LogRefused(
                f"{self.path} has nothing before {before:%Y-%m-%d %H:%M}: "
                f"it runs from {from_micros(first):%Y-%m-%d} to {from_micros(last):%Y-%m-%d}"
            )
        left = self._value('SELECT count(*) FROM parsed WHERE "time" >= ?', end)
        if left:
            self.notes.append(f"{left} rows at {before:%Y-%m-%d %H:%M} or later were left out")
        return end

    def _kept(self, end: int) -> None:
        """The rows that will be events, with the amounts of whole rows in minor units."""
        kinds = ", ".join(f"('{word}', '{kind.value}')" for word, kind in KINDS.items())
        scope = 'customer IS NOT NULL AND "time" IS NOT NULL AND "time" < ?'
        self.sql(
            f"""CREATE TABLE kept AS
                WITH kinds(word, meant) AS (VALUES {kinds}), scoped AS (SELECT * FROM parsed WHERE {scope})
                SELECT line, customer, item, "order", "time" AS moment, category, name, brand, attributes, list_price,
                       rating, mood, words, channel, "by",
                       quantity, {self._row_amount(scope, end)} AS amount,
                       coalesce(meant, lower(trim(kind)), {_BY_VALUES}) AS kind, price,
                       quantity IS NOT NULL AND quantity <> round(quantity) AS broken
                FROM scoped LEFT JOIN kinds ON lower(trim(kind)) = word
                ORDER BY line""",  # noqa: S608
            end,
        )

    def _row_amount(self, scope: str, end: int) -> str:
        if "amount" in self.roles:
            return "amount"
        if "price" in self.roles and "quantity" in self.roles and self._grows(scope, end):
            self.notes.append(
                f"{self.roles['price']} grows with the quantity: read as the price of the whole row "
                "(name it amount=… to say so)"
            )
            return "price"
        return "price * coalesce(abs(quantity), 1)" if "price" in self.roles else "NULL::DOUBLE"

    def _grows(self, scope: str, end: int) -> bool:
        """Whether prices are those of whole rows: they are proportional to the quantity, item by item."""
        slope, rows = self.sql(
            f"""WITH used AS (SELECT coalesce(item, '') AS item, ln(price) AS y, ln(quantity) AS x FROM parsed
                              WHERE {scope} AND price > 0 AND quantity > 0),
                     centred AS (SELECT x - avg(x) OVER (PARTITION BY item) AS x,
                                        y - avg(y) OVER (PARTITION BY item) AS y FROM used)
                SELECT regr_slope(y, x), count(*) FILTER (abs(x) > 1e-9) FROM centred""",  # noqa: S608
            end,
        )[0]
        return rows >= ROW_TOTAL_ROWS and slope is not None and slope >= ROW_TOTAL_SLOPE

    def _tell_what_was_chosen(self) -> None:
        """How rows were read that could have been meant in another way."""
        if "kind" not in self.roles:
            told = self.sql(
                """SELECT kind, count(*) FROM kept WHERE kind IN ('rating', 'message', 'search')
                   GROUP BY kind ORDER BY kind"""
            )
            self.notes += [
                f"{count} rows without a quantity or price are read as kind {kind}" for kind, count in told
            ]
        rated = self._value("SELECT count(*) FROM kept WHERE kind = 'purchase' AND rating IS NOT NULL")
        if rated:
            self.notes.append(f"{rated} purchases have a rating: read as given at the moment of the purchase")
        several = self._value(
            "SELECT count(*) FROM (SELECT item FROM kept WHERE list_price > 0 GROUP BY item "
            "HAVING count(DISTINCT list_price) > 1)"
        )
        if several:
            self.notes.append(
                f"{several} items have several list prices: discounts are counted from the first of each, which "
                "was known throughout"
            )

    def _tell_what_is_missing(self, events: pa.Table) -> None:
        if not seen_in_the_shop(events):
            self.notes.append(NO_VIEWS)
        if "price" not in self.roles and "amount" not in self.roles:
            self.notes.append("the log has no prices: nothing can be said about money")


def _events(connection: Any) -> pa.Table:
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


def _products(connection: Any) -> pa.Table:
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
