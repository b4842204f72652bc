"""From the rows of a log to events and products, in DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from retention.errors import LogRefused
from retention.history import EVENTS, PRODUCTS, History
from retention.logs import NO_VIEWS, Log, files, problems, seen_in_the_shop, values
from retention.logs.columns import Columns
from retention.logs.duplicates import mark_duplicates
from retention.times import DAY, from_micros, to_micros
from retention.types import EventKind

MINOR = 100
"""Minor units in one of the log's units of money."""
NO_CURRENCY = "XXX"
"""ISO 4217 for "no currency": a log doesn't say which it is in."""
UNREADABLE_SHARE = 0.5
"""A column of which so much cannot be read was named by mistake."""
ROW_TOTAL_SLOPE = 0.8
ROW_TOTAL_ROWS = 50

KINDS: Mapping[str, EventKind] = {
    **{kind.value: kind for kind in EventKind},
    **dict.fromkeys(("buy", "order", "transaction", "sale", "bought", "购买", "下单"), EventKind.PURCHASE),
    **dict.fromkeys(("refund", "returned", "退货", "退款"), EventKind.RETURN),
    **dict.fromkeys(("click", "pageview", "page_view", "pv", "浏览"), EventKind.VIEW),
    **dict.fromkeys(("addtocart", "add_to_cart", "basket", "加购"), EventKind.CART),
}
"""What other systems call the kinds."""

_TEXTS = (pa.types.is_dictionary, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)


def read(path: Path, columns: Columns, before: datetime | None, by: str | None) -> Log:
    """See `retention.logs.read_log`."""
    header = files.header(path)
    roles = columns.within(header, path, by)
    described = columns.describing(header, roles)
    roles.update(described)
    table, skipped = files.read(path, list(roles.values()))
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("file", _plain(table))
        reading = _Reading(connection, path, roles, table)
        reading.notes += [f"{column} is taken as the item's {role}" for role, column in described.items()]
        return reading.log(skipped, before)


def _plain(table: pa.Table) -> pa.Table:
    """Dictionaries and large strings as strings, so that every column has one of few types."""
    for place, field in enumerate(table.schema):
        if any(test(field.type) for test in _TEXTS):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table


class _Reading:
    """One log on its way through the database: `raw` → `parsed` → `kept`."""

    def __init__(self, connection: Any, path: Path, roles: Mapping[str, str], table: pa.Table) -> None:
        self.connection = connection
        self.path = path
        self.roles = roles
        self.types = {role: table.schema.field(name).type for role, name in roles.items()}
        self.rows = table.num_rows
        self.notes: list[str] = []

    def log(self, skipped: list[int], before: datetime | None) -> Log:
        self._raw()
        self._parsed()
        self._refuse_unreadable("time", "bad_time", "write times as 2026-01-31T08:30:00Z or 2026-01-31")
        self._refuse_unreadable("quantity", "bad_quantity", "quantities must be numbers")
        for role in ("price", "amount"):
            self._refuse_unreadable(role, "bad_price", "prices must be numbers")
        end = self._end(before)
        self._kept(end)
        if mark_duplicates(self.connection, by_day="order" not in self.roles):
            self.connection.execute("DELETE FROM kept WHERE duplicate")
        found = problems.found(self.connection, self.roles, skipped, end)
        events = self._events()
        at = before if before is not None else from_micros(end)
        self._tell_what_is_missing(events)
        return Log(
            path=self.path,
            columns=dict(self.roles),
            history=History.of(events, self._products()),
            at=at.astimezone(UTC),
            rows=self.rows + len(skipped),
            problems=tuple(found),
            notes=tuple(self.notes),
            types={role: self.types[role] for role in ("customer", "item") if role in self.roles},
            by=events.column("by") if "by" in self.roles else None,
        )

    def _sql(self, query: str, *values: Any) -> Any:
        return self.connection.execute(query, list(values))

    def _value(self, query: str, *values: Any) -> Any:
        return self._sql(query, *values).fetchall()[0][0]

    def _table(self, query: str) -> pa.Table:
        return self.connection.sql(query).to_arrow_table()

    # --- steps -------------------------------------------------------------------------------------------

    def _raw(self) -> None:
        chosen = ", ".join(f'"{_quoted(name)}" AS "{role}"' for role, name in self.roles.items())
        self._sql(f"CREATE TABLE raw AS SELECT {files.LINE} AS line, {chosen} FROM file")  # noqa: S608

    def _parsed(self) -> None:
        """Every value in its type, null where it could not be read."""
        moment, told = values.moments(self.connection, "raw", '"time"', self.types["time"])
        self.notes += [one.replace('"time"', self.roles["time"]) for one in told]
        self._sql(
            f"""CREATE TABLE parsed AS SELECT line,
                  {self._id("customer")} AS customer, {self._id("item")} AS item, {self._id("order")} AS "order",
                  {moment} AS moment, "time" IS NULL AS no_time,
                  {self._number("quantity")} AS quantity, {self._number("price")} AS price,
                  {self._number("amount")} AS amount, {self._text("kind")} AS kind,
                  {self._text("category")} AS category, {self._text("name")} AS name,
                  {self._text("channel")} AS channel, {self._id("by")} AS "by"
                FROM raw"""  # noqa: S608
        )

    def _id(self, role: str) -> str:
        """Names are strings; whole numbers that a missing value has turned into fractions are whole again."""
        if role not in self.roles:
            return "NULL::VARCHAR"
        if pa.types.is_floating(self.types[role]):
            whole = f'"{role}" = trunc("{role}") AND abs("{role}") < 9e15'
            text = f'CASE WHEN {whole} THEN "{role}"::BIGINT::VARCHAR ELSE "{role}"::VARCHAR END'
            return f'CASE WHEN isfinite("{role}") THEN {text} END'
        return f"nullif(trim(\"{role}\"::VARCHAR), '')"

    def _text(self, role: str) -> str:
        return f'"{role}"::VARCHAR' if role in self.roles else "NULL::VARCHAR"

    def _number(self, role: str) -> str:
        return values.number(f'"{role}"', self.types[role]) if role in self.roles else "NULL::DOUBLE"

    def _refuse_unreadable(self, role: str, code: str, hint: str) -> None:
        if role not in self.roles:
            return
        read = "moment" if role == "time" else role
        given, lost = self._sql(
            f"""SELECT count(raw."{role}"), count(*) FILTER (raw."{role}" IS NOT NULL AND parsed."{read}" IS NULL)
                FROM raw JOIN parsed USING (line)"""  # noqa: S608
        ).fetchall()[0]
        if given and lost > UNREADABLE_SHARE * given:
            shown = self._sql(
                f"""SELECT raw."{role}"::VARCHAR FROM raw JOIN parsed USING (line)
                    WHERE raw."{role}" IS NOT NULL AND parsed."{read}" IS NULL ORDER BY line LIMIT 3"""  # noqa: S608
            ).fetchall()
            raise LogRefused(
                f"{self.path}: {lost} of {given} values of {self.roles[role]!r} cannot be read as {role}, such as "
                f"{', '.join(repr(one) for (one,) in shown)}: {hint}"
            )

    def _end(self, before: datetime | None) -> int:
        """The first microsecond that is left out."""
        usable = "customer IS NOT NULL AND moment > 0"
        first, last = self._sql(f"SELECT min(moment), max(moment) FROM parsed WHERE {usable}").fetchall()[0]  # noqa: S608
        if first is None:
            raise LogRefused(f"{self.path} has no row with a customer and a time")
        if before is None:
            now = to_micros(datetime.now(UTC))
            known = self._value(f"SELECT max(moment) FROM parsed WHERE {usable} AND moment <= {now}")  # noqa: S608
            if known is None:
                raise LogRefused(
                    f"{self.path} lies in the future: it starts at {from_micros(first):%Y-%m-%d}. "
                    "Say with --at as of when it is to be read"
                )
            days_only = self._value(
                "SELECT bool_and(moment % ? = 0) FROM parsed WHERE moment IS NOT NULL", DAY
            )
            return int(known) + (DAY if days_only else 1)
        end = to_micros(before)
        if first >= end:
            raise LogRefused(
                f"{self.path} has nothing before {before:%Y-%m-%d %H:%M}: "
                f"it runs from {from_micros(first):%Y-%m-%d} to {from_micros(last):%Y-%m-%d}"
            )
        left = self._value("SELECT count(*) FROM parsed WHERE moment >= ?", end)
        if left:
            self.notes.append(f"{left} rows at {before:%Y-%m-%d %H:%M} or later were left out")
        return end

    def _kept(self, end: int) -> None:
        """The rows that will be events, with the amounts of whole rows in minor units."""
        kinds = ", ".join(f"('{word}', '{kind.value}')" for word, kind in KINDS.items())
        scope = "customer IS NOT NULL AND moment IS NOT NULL AND moment < ?"
        self._sql(
            f"""CREATE TABLE kept AS
                WITH kinds(word, meant) AS (VALUES {kinds}), scoped AS (SELECT * FROM parsed WHERE {scope})
                SELECT line, customer, item, "order", moment, category, name, channel, "by",
                       quantity, {self._row_amount(scope, end)} AS amount,
                       coalesce(meant, lower(trim(kind)), '{EventKind.PURCHASE}') AS kind, price,
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
        slope, rows = self._sql(
            f"""WITH used AS (SELECT coalesce(item, '') AS item, ln(price) AS y, ln(quantity) AS x FROM parsed
                              WHERE {scope} AND price > 0 AND quantity > 0),
                     centred AS (SELECT x - avg(x) OVER (PARTITION BY item) AS x,
                                        y - avg(y) OVER (PARTITION BY item) AS y FROM used)
                SELECT regr_slope(y, x), count(*) FILTER (abs(x) > 1e-9) FROM centred""",  # noqa: S608
            end,
        ).fetchall()[0]
        return rows >= ROW_TOTAL_ROWS and slope is not None and slope >= ROW_TOTAL_SLOPE

    def _events(self) -> pa.Table:
        """In the order of the file. A return's amount is negative, its quantity a count."""
        limit = 10**15
        bought = f"kind IN ('{EventKind.PURCHASE}', '{EventKind.RETURN}')"
        back = f"(kind = '{EventKind.RETURN}' OR ({bought} AND (quantity < 0 OR amount < 0)))"
        # NULL stays NULL: least and greatest would pass over it.
        size = f"CASE WHEN amount IS NOT NULL THEN least(round(abs(amount) * {MINOR}), {limit})::BIGINT END"
        whole = (
            "CASE WHEN quantity = 0 THEN 0 ELSE greatest(least(round(abs(quantity)), 1e12), 1) END::BIGINT"
        )
        units = f"CASE WHEN quantity IS NOT NULL THEN {whole} END"
        table = self._table(
            f"""SELECT lpad(line::VARCHAR, 12, '0') AS id,
                       CASE WHEN {back} THEN '{EventKind.RETURN}' ELSE kind END AS kind,
                       customer, item AS product, "order", moment AS "at", {units} AS quantity,
                       CASE WHEN {back} THEN -({size}) ELSE {size} END AS amount,
                       CASE WHEN amount IS NOT NULL THEN '{NO_CURRENCY}' END AS currency,
                       NULL::DOUBLE AS value, NULL::VARCHAR AS text, channel, "by"
                FROM kept ORDER BY line"""  # noqa: S608
        )
        return table.select([*EVENTS.names, "by"])

    def _products(self) -> pa.Table:
        """Every item that was seen before the end, with its first name and category."""
        known = {"product", "category", "name_zh", "name_en"}
        rest = ", ".join(f"NULL AS {one.name}" for one in PRODUCTS if one.name not in known)
        chinese = r"regexp_matches(name, '[\x{4e00}-\x{9fff}]')"
        return self._table(
            f"""SELECT item AS product, arg_min(category, line) AS category,
                       arg_min(name, line) FILTER ({chinese}) AS name_zh,
                       arg_min(name, line) FILTER (NOT {chinese}) AS name_en, {rest}
                FROM kept WHERE item IS NOT NULL GROUP BY item ORDER BY item"""  # noqa: S608
        )

    def _tell_what_is_missing(self, events: pa.Table) -> None:
        if not seen_in_the_shop(events):
            self.notes.append(NO_VIEWS)
        if "price" not in self.roles and "amount" not in self.roles:
            self.notes.append("the log has no prices: nothing can be said about money")


def _quoted(name: str) -> str:
    return name.replace('"', '""')
