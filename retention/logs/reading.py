"""From the rows of a log to events and products, in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa

from kernel.times import DAY, from_micros, to_micros
from retention.errors import LogRefused
from retention.history import EVENTS, PRODUCTS, History
from retention.logs import NO_VIEWS, SEEN, Log, LogParts, problems, seen_in_the_shop, values
from retention.logs.columns import KINDS, Columns
from retention.logs.parsed import UNREADABLE_SHARE, Parsed
from retention.report import Problem
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


PART_MEMORY = "100MB"
"""What DuckDB may take while a log is looked at in parts, beside all that is done with them."""
DOMINANT_SHARE = 0.10
"""As in `retention.checks`, of the whole log."""


def read(path: Path, columns: Columns, before: datetime | None, by: str | None) -> Log:
    """See `retention.logs.read_log`."""
    with _Reading.of(path, columns, by) as reading:
        reading.prepare(before)
        return reading.log()


@contextmanager
def parts(path: Path, columns: Columns, before: datetime | None) -> Iterator[LogParts]:
    """See `retention.logs.read_parts`."""
    with _Reading.of(path, columns, None) as reading:
        reading.prepare(before)
        try:
            yield _Parts(reading)
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            told = str(error).splitlines()[0]
            raise LogRefused(
                f"{path} can't be worked on: {told} A long log takes about its own size in the folder for temporary "
                "files (TMPDIR)"
            ) from error


class _Parts(LogParts):
    """The parts of a reading; see `LogParts`."""

    def __init__(self, reading: _Reading) -> None:
        self._reading, self.count = reading, reading.count
        self._whole = reading.log() if reading.count == 1 else None
        if self._whole is not None:
            self.notes = self._whole.notes
        else:
            reading.divide()
            self.notes = tuple(reading.notes)
        self.path, self.rows = reading.path, reading.rows + len(reading.skipped)
        self.columns, self.types, self.at = dict(reading.roles), reading.ids_types(), reading.at

    def part(self, number: int) -> Log:
        return self._whole if self._whole is not None else self._reading.log(number)

    def customers(self) -> int:
        return int(self._reading.sql("SELECT count(DISTINCT customer) FROM whole")[0][0])

    def first_seen(self) -> Mapping[str, int]:
        return dict(
            self._reading.sql("SELECT item, min(moment) FROM whole WHERE item IS NOT NULL GROUP BY item")
        )

    def dominant(self) -> Problem | None:
        return None if self._whole is not None else self._reading.dominant()


class _Reading(Parsed):
    """One log on its way through the database: `raw` → `parsed` → `whole` → `kept`, all of it or a part."""

    at: datetime
    _end_at: int
    _only_days: bool
    _catalogue: pa.Table | None = None

    @classmethod
    def of(cls, path: Path, columns: Columns, by: str | None) -> Self:
        """The file, parsed."""
        return cls(
            path,
            columns,
            ids=("customer", "item", "order", "words", "by"),
            texts=("kind", "category", "name", "brand", "attributes", "channel"),
            numbers=("quantity", "price", "amount", "list_price", "rating", "mood"),
            times=("time",),
            by=by,
        )

    def prepare(self, before: datetime | None) -> None:
        """Refuse what can't be used, and decide what holds for all rows: where the log ends, what a price is of."""
        self.refuse_unreadable("time", "write times as 2026-01-31T08:30:00Z or 2026-01-31")
        self.refuse_unreadable("quantity", "quantities must be numbers")
        for role in ("price", "amount", "list_price"):
            self.refuse_unreadable(role, "prices must be numbers")
        for role, least, most in SCALES:
            self.refuse_unreadable(role, f"write numbers from {least} to {most}")
            self._refuse_another_scale(role, least, most)
        self._end_at = self._end(before)
        self.at = (before if before is not None else from_micros(self._end_at)).astimezone(UTC)
        self._see_whole()
        self._only_days = bool(self._value(f"SELECT bool_and(moment % {DAY} = 0) FROM whole"))  # noqa: S608

    def divide(self) -> None:
        """For a log in parts: read what a part can't tell."""
        self._catalogue = _products(self.connection, "whole")
        self.sql(f"SET memory_limit = '{PART_MEMORY}'")
        self._tell_what_was_chosen("whole")
        kinds = self.sql("SELECT DISTINCT kind FROM whole")
        self._tell_what_is_missing(seen_in_the_shop=bool(SEEN & {kind for (kind,) in kinds}))

    def log(self, part: int | None = None) -> Log:
        """All of the log, or the customers of a part: with the problems of rows that name no customer in the first."""
        chosen = "" if part is None else f" WHERE part = {int(part)}"
        self.sql(f"CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM whole{chosen}")  # noqa: S608
        keep_all = "order" not in self.roles and self._only_days
        if problems.mark_duplicates(self.connection, keep_all=keep_all):
            self.connection.execute("DELETE FROM kept WHERE duplicate")
        skipped = self.skipped if not part else []
        found = problems.found(self.connection, self.roles, skipped, self._end_at, of_file=not part)
        events = _events(self.connection, rated="rating" in self.roles)
        if part is None:
            self._tell_what_was_chosen("kept")
            self._tell_what_is_missing(seen_in_the_shop=seen_in_the_shop(events))
        products = self._catalogue if self._catalogue is not None else _products(self.connection, "kept")
        return Log(
            path=self.path,
            columns=dict(self.roles),
            history=History.of(events, products),
            at=self.at,
            rows=self.rows + len(self.skipped),
            problems=tuple(found),
            notes=tuple(self.notes),
            types=self.ids_types(),
            by=events.column("by") if "by" in self.roles else None,
        )

    def ids_types(self) -> dict[str, pa.DataType]:
        """The types that customers and items have in the file."""
        return {role: self.types[role] for role in ("customer", "item") if role in self.roles}

    def dominant(self) -> Problem | None:
        """Who has a tenth of all events: robots, tills, resellers; what `retention.checks` says of a whole log."""
        heavy = self.sql(
            f"""SELECT customer FROM whole GROUP BY customer
                HAVING count(*) >= {DOMINANT_SHARE} * (SELECT count(*) FROM whole) ORDER BY customer"""  # noqa: S608
        )
        if not heavy:
            return None
        return Problem(
            code="dominant_customer",
            table="events",
            count=len(heavy),
            action="kept",
            message=f"customers with {DOMINANT_SHARE:.0%} of all events or more",
            examples=tuple(f"customer {one}" for (one,) in heavy[:5]),
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

    def _see_whole(self) -> None:
        """The rows that will be events, with the amounts of whole rows in minor units."""
        kind = f"coalesce(lower(trim(kind)), {_BY_VALUES})"
        if "kind" in self.roles:
            kinds = "".join(f" WHEN '{word}' THEN '{kind.value}'" for word, kind in KINDS.items())
            kind = f"coalesce(CASE lower(trim(kind)){kinds} ELSE lower(trim(kind)) END, {_BY_VALUES})"
        end = self._end_at
        scope = f'customer IS NOT NULL AND "time" IS NOT NULL AND "time" < {end}'
        part = ", part" if self.count > 1 else ""
        amount = self._row_amount(scope)
        self.sql(
            f"""CREATE VIEW whole AS
                SELECT line, customer, item, "order", "time" AS moment, category, name, brand, attributes, list_price,
                       rating, mood, words, channel, "by", quantity, {amount} AS amount, {kind} AS kind, price,
                       quantity IS NOT NULL AND quantity <> round(quantity) AS broken{part}
                FROM parsed WHERE {scope}"""  # noqa: S608
        )

    def _row_amount(self, scope: str) -> str:
        if "amount" in self.roles:
            return "amount"
        if "price" in self.roles and "quantity" in self.roles and self._grows(scope):
            self.notes.append(
                f"{self.roles['price']} grows with the quantity: read as the price of the whole row "
                "(name it amount=… to say so)"
            )
            return "price"
        return "price * coalesce(abs(quantity), 1)" if "price" in self.roles else "NULL::DOUBLE"

    def _grows(self, scope: str) -> bool:
        """Whether prices are those of whole rows: they are proportional to the quantity, item by item."""
        slope, rows = self.sql(
            f"""WITH used AS (SELECT coalesce(item, '') AS item, ln(price) AS y, ln(quantity) AS x FROM parsed
                              WHERE {scope} AND price > 0 AND quantity > 0),
                     each AS (SELECT covar_pop(y, x) * count(*) AS together, var_pop(x) * count(*) AS own, count(*) AS n
                              FROM used GROUP BY item HAVING max(x) > min(x))
                SELECT sum(together) / sum(own), sum(n) FROM each"""  # noqa: S608
        )[0]
        return slope is not None and rows >= ROW_TOTAL_ROWS and slope >= ROW_TOTAL_SLOPE

    def _tell_what_was_chosen(self, table: str) -> None:
        """How rows were read that could have been meant in another way."""
        if "kind" not in self.roles:
            told = self.sql(
                f"""SELECT kind, count(*) FROM {table} WHERE kind IN ('rating', 'message', 'search')
                    GROUP BY kind ORDER BY kind"""  # noqa: S608
            )
            self.notes += [
                f"{count} rows without a quantity or price are read as kind {kind}" for kind, count in told
            ]
        rated = self._value(f"SELECT count(*) FROM {table} WHERE kind = 'purchase' AND rating IS NOT NULL")  # noqa: S608
        if rated:
            self.notes.append(f"{rated} purchases have a rating: read as given at the moment of the purchase")
        several = "list_price" in self.roles and self._value(
            f"SELECT count(*) FROM (SELECT item FROM {table} WHERE list_price > 0 GROUP BY item "  # noqa: S608
            "HAVING min(list_price) < max(list_price))"
        )
        if several:
            self.notes.append(
                f"{several} items have several list prices: discounts are counted from the first of each, which "
                "was known throughout"
            )

    def _tell_what_is_missing(self, *, seen_in_the_shop: bool) -> None:
        if not seen_in_the_shop:
            self.notes.append(NO_VIEWS)
        if "price" not in self.roles and "amount" not in self.roles:
            self.notes.append("the log has no prices: nothing can be said about money")


def _events(connection: Any, *, rated: bool) -> pa.Table:
    """The events in the order of the file, as `retention.history.EVENTS` with a further column `by`.

    A return's amount is negative, its quantity a count. A purchase with a rating is followed by that rating.

    Args:
        connection: DuckDB, with the table `kept` of a reading.
        rated: whether there are ratings.
    """
    bought = f"kind IN ('{EventKind.PURCHASE}', '{EventKind.RETURN}')"
    back = f"(kind = '{EventKind.RETURN}' OR ({bought} AND (quantity < 0 OR amount < 0)))"
    size = values.minor("amount", MINOR)
    whole = "CASE WHEN quantity = 0 THEN 0 ELSE greatest(least(round(abs(quantity)), 1e12), 1) END::BIGINT"
    ratings = f"""UNION ALL BY NAME
            SELECT line, true AS after, lpad(line::VARCHAR, 12, '0') || '{RATED}' AS id, '{EventKind.RATING}' AS kind,
                   customer, item AS product, moment AS "at", rating AS value, channel, "by"
            FROM kept WHERE {bought} AND rating IS NOT NULL"""  # noqa: S608
    table = _table(
        connection,
        f"""SELECT line, false AS after, lpad(line::VARCHAR, 12, '0') AS id,
                   CASE WHEN {back} THEN '{EventKind.RETURN}' ELSE kind END AS kind,
                   customer, item AS product, "order", moment AS "at",
                   CASE WHEN quantity IS NOT NULL THEN {whole} END AS quantity,
                   CASE WHEN {back} THEN -({size}) ELSE {size} END AS amount,
                   CASE WHEN amount IS NOT NULL THEN '{NO_CURRENCY}' END AS currency,
                   CASE kind WHEN '{EventKind.RATING}' THEN rating WHEN '{EventKind.MESSAGE}' THEN mood END AS value,
                   CASE kind WHEN '{EventKind.SEARCH}' THEN words END AS text, channel, "by"
            FROM kept {ratings if rated else ""}
            ORDER BY line, after""",  # noqa: S608
    )
    return table.select([*EVENTS.names, "by"])


def _products(connection: Any, rows: str) -> pa.Table:
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
        f"SELECT {chosen} FROM {rows} WHERE item IS NOT NULL GROUP BY item ORDER BY item",  # noqa: S608
    )


def _table(connection: Any, query: str) -> pa.Table:
    table: pa.Table = connection.sql(query).to_arrow_table()
    return table
