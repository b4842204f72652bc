"""A file about a shop's items: what they are called, what they cost, what is left of them, and since when.

    items = read_items(Path("items.csv"), Columns.parse("item=SKU,stock=OnHand", ITEMS))
    log = items.beside(log)

It brings the words that tell which items are alike, and items that nobody has bought yet. Imports Arrow and DuckDB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kernel.times import to_micros
from retention.errors import LogRefused
from retention.history import PRODUCTS, History
from retention.logs import Log, problems, values
from retention.logs.columns import Columns
from retention.logs.parsed import Parsed
from retention.logs.reading import MINOR, NO_CURRENCY
from retention.report import Problem

_TEXTS = ("name", "category", "brand", "attributes")
_NUMBERS = ("list_price", "stock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A file about items that has been read."""

    path: Path
    columns: Mapping[str, str]
    """Role to the column that plays it."""
    products: pa.Table
    """As `retention.history.PRODUCTS`, a row an item."""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    def beside(self, log: Log) -> Log:
        """The log with what the file says of its items, and with the file's other items.

        Where both say something of an item, the file is right; what it leaves open stays as in the log. Items that the
        shop only has since the log's end are left out, unless the log names them.
        """
        mine, theirs = self.products, log.history.products
        both = ", ".join(f"coalesce(mine.{one.name}, theirs.{one.name}) AS {one.name}" for one in PRODUCTS)
        there = f"theirs.product IS NOT NULL OR coalesce(mine.created_at, 0) < {to_micros(log.at)}"
        with duckdb.connect(":memory:") as connection:
            connection.register("mine", mine)
            connection.register("theirs", theirs)
            query = f"SELECT {both} FROM mine FULL JOIN theirs USING (product) WHERE {there} ORDER BY product"  # noqa: S608
            products = connection.sql(query).to_arrow_table()
        history = History.of(log.history.events, products, log.history.customers)
        return replace(
            log, history=history, problems=(*log.problems, *self.problems), notes=(*log.notes, *self.notes)
        )


def read_items(path: Path, columns: Columns) -> Items:
    """Read a file about items.

    Args:
        path: CSV or Parquet, as for `read_log`.
        columns: of the roles `columns.ITEMS`.

    Raises:
        LogRefused: the file, or one of its columns, cannot be used at all.
    """
    parsed = Parsed(path, columns, ids=("item", *_TEXTS), texts=(), numbers=_NUMBERS, times=("created",))
    with parsed:
        parsed.refuse_unreadable("created", "they must be times")
        for role in _NUMBERS:
            parsed.refuse_unreadable(role, "they must be numbers")
        bad = tuple(_problems(parsed.connection, parsed.roles, parsed.skipped))
        products = _products(parsed.connection)
    if not products.num_rows:
        raise LogRefused(f"{path} names no item")
    return Items(path=path, columns=parsed.roles, products=products, problems=bad, notes=tuple(parsed.notes))


def _problems(connection: Any, roles: Mapping[str, str], skipped: list[int]) -> list[Problem]:
    twice = "(SELECT line, item, row_number() OVER (PARTITION BY item ORDER BY line) AS place FROM parsed)"
    sources = {
        "no_item": ("dropped", "rows without an item", "FROM parsed WHERE item IS NULL"),
        "same_item": (
            "dropped", "rows of an item that has one already", f"FROM {twice} WHERE item IS NOT NULL AND place > 1"
        ),
    }  # fmt: skip
    for role in ("created", *_NUMBERS):
        if role in roles:
            unread = f"FROM parsed WHERE unread_{role}"
            sources[f"bad_{role}"] = ("blanked", f"values of {role} that cannot be read", unread)
    return problems.counted(connection, "items", sources, skipped)


def _products(connection: Any) -> pa.Table:
    chinese = r"regexp_matches(name, '[\x{4e00}-\x{9fff}]')"
    known = {
        "product": "item",
        "list_price": f"CASE WHEN list_price > 0 THEN {values.minor('list_price', MINOR)} END",
        "currency": f"CASE WHEN list_price > 0 THEN '{NO_CURRENCY}' END",
        # A shop that has sold more than it has writes numbers below 0.
        "stock": "CASE WHEN stock IS NOT NULL THEN greatest(least(floor(stock), 1e12), 0)::BIGINT END",
        "created_at": "created",
        "name_zh": f"CASE WHEN {chinese} THEN name END",
        "name_en": f"CASE WHEN NOT {chinese} THEN name END",
        **{role: role for role in ("category", "brand", "attributes")},
    }
    chosen = ", ".join(f"{known.get(one.name, 'NULL')} AS {one.name}" for one in PRODUCTS)
    table: pa.Table = connection.sql(
        f"""SELECT {chosen} FROM parsed WHERE item IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY item ORDER BY line) = 1 ORDER BY item"""  # noqa: S608
    ).to_arrow_table()
    return History.of(products=table).products
