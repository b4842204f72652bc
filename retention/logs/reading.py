"""From the rows of a log to events and products, in DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from retention.errors import LogRefused
from retention.history import History
from retention.logs import NO_VIEWS, Log, files, problems, seen_in_the_shop, tables, values
from retention.logs.columns import Columns
from retention.logs.duplicates import mark_duplicates
from retention.times import DAY, from_micros, to_micros
from retention.types import EventKind

ROW_TOTAL_SLOPE = 0.8
ROW_TOTAL_ROWS = 50

KINDS: Mapping[str, EventKind] = {
    **{kind.value: kind for kind in EventKind},
    **dict.fromkeys(("buy", "order", "transaction", "sale", "bought", "购买", "下单"), EventKind.PURCHASE),
    **dict.fromkeys(("refund", "returned", "退货", "退款"), EventKind.RETURN),
    **dict.fromkeys(("click", "pageview", "page_view", "pv", "浏览"), EventKind.VIEW),
    **dict.fromkeys(("addtocart", "add_to_cart", "basket", "加购"), EventKind.CART),
    **dict.fromkeys(("query", "搜索"), EventKind.SEARCH),
    **dict.fromkeys(("rate", "rated", "review", "评分", "评价"), EventKind.RATING),
    **dict.fromkeys(("chat", "消息", "咨询"), EventKind.MESSAGE),
    **dict.fromkeys(("campaign", "mailing", "触达"), EventKind.CONTACT),
    "投诉": EventKind.COMPLAINT,
}
"""What other systems call the kinds."""

SCALES = (("rating", 1, 5), ("mood", -1, 1))
"""Roles with a scale, its least and its most."""
_BY_VALUES = f"""CASE WHEN quantity IS NOT NULL OR price IS NOT NULL OR amount IS NOT NULL THEN '{EventKind.PURCHASE}'
    WHEN rating IS NOT NULL THEN '{EventKind.RATING}' WHEN mood IS NOT NULL THEN '{EventKind.MESSAGE}'
    WHEN words IS NOT NULL THEN '{EventKind.SEARCH}' ELSE '{EventKind.PURCHASE}' END"""
"""The kind of a row that names none: nobody pays for a rating, a message or a search."""


def read(path: Path, columns: Columns, before: datetime | None, by: str | None) -> Log:
    """See `retention.logs.read_log`."""
    header = files.header(path)
    roles = columns.within(header, path, by)
    described = columns.describing(header, roles)
    roles.update(described)
    table, skipped = files.read(path, list(roles.values()))
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("file", files.plain(table))
        reading = _Reading(connection, path, roles, table)
        reading.notes += [f"{column} is taken as the item's {role}" for role, column in described.items()]
        return reading.log(skipped, before)


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
        for role in ("price", "amount", "list_price"):
            self._refuse_unreadable(role, "bad_price", "prices must be numbers")
        for role, least, most in SCALES:
            self._refuse_unreadable(role, f"bad_{role}", f"write numbers from {least} to {most}")
            self._refuse_another_scale(role, least, most)
        end = self._end(before)
        self._kept(end)
        if mark_duplicates(self.connection, by_day="order" not in self.roles):
            self.connection.execute("DELETE FROM kept WHERE duplicate")
        found = problems.found(self.connection, self.roles, skipped, end)
        self._tell_what_was_chosen()
        events = tables.events(self.connection)
        at = before if before is not None else from_micros(end)
        self._tell_what_is_missing(events)
        return Log(
            path=self.path,
            columns=dict(self.roles),
            history=History.of(events, tables.products(self.connection)),
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

    # --- steps -------------------------------------------------------------------------------------------

    def _raw(self) -> None:
        chosen = ", ".join(f'"{files.quoted(name)}" AS "{role}"' for role, name in self.roles.items())
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
                  {self._number("amount")} AS amount, {self._number("list_price")} AS list_price,
                  {self._number("rating")} AS rating, {self._number("mood")} AS mood,
                  {self._id("words")} AS words, {self._text("kind")} AS kind,
                  {self._text("category")} AS category, {self._text("name")} AS name,
                  {self._text("brand")} AS brand, {self._text("attributes")} AS attributes,
                  {self._text("channel")} AS channel, {self._id("by")} AS "by"
                FROM raw"""  # noqa: S608
        )

    def _id(self, role: str) -> str:
        return values.identifier(f'"{role}"', self.types[role]) if role in self.roles else "NULL::VARCHAR"

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
        if given and lost > files.UNREADABLE_SHARE * given:
            shown = self._sql(
                f"""SELECT raw."{role}"::VARCHAR FROM raw JOIN parsed USING (line)
                    WHERE raw."{role}" IS NOT NULL AND parsed."{read}" IS NULL ORDER BY line LIMIT 3"""  # noqa: S608
            ).fetchall()
            raise LogRefused(
                f"{self.path}: {lost} of {given} values of {self.roles[role]!r} cannot be read as {role}, such as "
                f"{', '.join(repr(one) for (one,) in shown)}: {hint}"
            )

    def _refuse_another_scale(self, role: str, least: int, most: int) -> None:
        given, wild, lowest, highest = self._sql(
            f"""SELECT count({role}), count(*) FILTER ({role} NOT BETWEEN {least} AND {most}), min({role}), max({role})
                FROM parsed"""  # noqa: S608
        ).fetchall()[0]
        if given and wild > files.UNREADABLE_SHARE * given:
            raise LogRefused(
                f"{self.path}: {wild} of {given} values of {self.roles[role]!r} lie outside {least} to {most} (they "
                f"run from {lowest:g} to {highest:g}): bring them to that scale"
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
                SELECT line, customer, item, "order", moment, category, name, brand, attributes, list_price,
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
        slope, rows = self._sql(
            f"""WITH used AS (SELECT coalesce(item, '') AS item, ln(price) AS y, ln(quantity) AS x FROM parsed
                              WHERE {scope} AND price > 0 AND quantity > 0),
                     centred AS (SELECT x - avg(x) OVER (PARTITION BY item) AS x,
                                        y - avg(y) OVER (PARTITION BY item) AS y FROM used)
                SELECT regr_slope(y, x), count(*) FILTER (abs(x) > 1e-9) FROM centred""",  # noqa: S608
            end,
        ).fetchall()[0]
        return rows >= ROW_TOTAL_ROWS and slope is not None and slope >= ROW_TOTAL_SLOPE

    def _tell_what_was_chosen(self) -> None:
        """How rows were read that could have been meant in another way."""
        if "kind" not in self.roles:
            told = self._sql(
                """SELECT kind, count(*) FROM kept WHERE kind IN ('rating', 'message', 'search')
                   GROUP BY kind ORDER BY kind"""
            ).fetchall()
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
