"""A file of products over periods, CSV or Parquet, as a panel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kernel.times import DAY
from retention.errors import LogRefused
from retention.logs.columns import Columns, Roles
from retention.logs.parsed import UNREADABLE_SHARE, Parsed
from retention.pricing.demand.panel import Panel

ROLES = Roles(
    "--columns",
    {
        "product": "which; needed",
        "time": "the period: a date or a whole number that counts periods; needed",
        "quantity": "units sold in it; needed",
        "price": "of one unit in it; needed",
        "promotion": "whether, or how strongly, the product is promoted in it: yes/no, 1/0 or a number",
        "category": "of the product: products with little history borrow from it",
        "stock_out": "whether it was sold out in it, so that more might have been sold: yes/no or 1/0",
        "views": "how often it was looked at in it",
        "carts": "how often it was put into a cart in it",
        "wishes": "how often customers asked for it in it",
    },
    ("product", "time", "quantity", "price"),
)
INTEREST = ("views", "carts", "wishes")
MOST_CELLS = 40_000_000
"""Products times periods."""
_LAST_NUMBER = 1_000_000
"""Whole numbers up to it count periods; larger ones are dates such as 20260131 or seconds since 1970."""
_YES = ("1", "1.0", "true", "t", "yes", "y", "是", "on")
_NO = ("0", "0.0", "false", "f", "no", "n", "否", "off", "none")
_WEEK, _MONTHS = 7, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelFile:
    """A panel, and how its file was read."""

    panel: Panel
    notes: tuple[str, ...]
    product_type: Any
    """Of the column in the file, an Arrow type."""
    time_type: Any
    categories: tuple[str, ...] = ()
    """What the panel's category numbers mean."""


def read_panel(path: Path, columns: Columns) -> PanelFile:
    """Read a file.

    Several rows of a product in one period count together: their quantities are added, their prices are averaged by
    quantity. A price of 0 or below and a negative quantity are unknown.

    Raises:
        LogRefused: it can't be read, lacks a column, or most of a column is of no use.
    """
    parsed = Parsed(
        path,
        columns,
        ids=("product",),
        texts=("category", "promotion", "stock_out"),
        numbers=("quantity", "price", *INTEREST),
        times=("time",),
    )
    with parsed:
        return _read(parsed)


def _read(parsed: Parsed) -> PanelFile:
    numbered = _read_periods(parsed)
    if not numbered:
        parsed.refuse_unreadable("time", "write dates as 2026-01-31, or whole numbers that count periods")
    parsed.refuse_unreadable("quantity", "quantities must be numbers")
    parsed.refuse_unreadable("price", "prices must be numbers")
    told = _judged(parsed)
    table = _grouped(parsed)
    notes = [*parsed.notes, *told]
    if table.num_rows == 0:
        raise LogRefused(f"{parsed.path} has no row with a product and a time")
    products, rows = _coded(table.column("product"))
    order = np.asarray(table.column("moment").to_numpy(zero_copy_only=False))
    moments, places = np.unique(order, return_inverse=True)
    if len(products) * len(moments) > MOST_CELLS:
        raise LogRefused(
            f"{parsed.path}: {len(products)} products in {len(moments)} periods are more than can be forecast at "
            "once: give fewer products, or longer periods such as weeks"
        )
    first = {place: row for row, place in reversed(list(enumerate(places.tolist())))}
    texts = table.column("shown").to_pylist()
    season, cycle, candidates = _seasons(moments, numbered)
    if not numbered:
        notes += _uneven(moments)

    def grid(name: str, empty: float = np.nan) -> np.ndarray[Any, np.dtype[np.float64]]:
        filled = np.full((len(products), len(moments)), empty)
        filled[rows, places] = table.column(name).to_numpy(zero_copy_only=False)
        return filled

    there = np.zeros((len(products), len(moments)), dtype=np.bool_)
    there[rows, places] = True
    categories = np.zeros(len(products), dtype=np.int64)
    names: tuple[str, ...] = ("",)
    if "category" in parsed.roles:
        names, codes = _coded(table.column("category"))
        categories[rows] = codes
    panel = Panel(
        products=products,
        times=tuple(texts[first[place]] for place in range(len(moments))),
        quantity=grid("quantity"),
        price=grid("price"),
        promotion=np.nan_to_num(grid("promotion", 0.0)),
        rows=there,
        category=categories,
        censored=np.nan_to_num(grid("stock_out", 0.0)) > 0,
        interest=tuple(grid(name) for name in INTEREST if name in parsed.roles),
        season=season,
        cycle=cycle,
        candidates=candidates,
    )
    return PanelFile(
        panel=panel,
        notes=tuple(notes),
        product_type=parsed.types["product"],
        time_type=parsed.types["time"],
        categories=names,
    )


def _read_periods(parsed: Parsed) -> bool:
    """Whether the times are whole numbers that count periods; then `parsed` holds these."""
    number = 'try_cast(raw."time" AS DOUBLE)'
    whole = f"{number} = trunc({number}) AND abs({number}) < {_LAST_NUMBER}"
    if pa.types.is_temporal(parsed.types["time"]):
        return False
    [(given, fit)] = parsed.sql(f'SELECT count(raw."time"), count(*) FILTER ({whole}) FROM raw')  # noqa: S608
    if not given or fit < (1 - UNREADABLE_SHARE) * given:
        return False
    parsed.sql(
        f"""UPDATE parsed SET "time" = CASE WHEN {whole} THEN {number}::BIGINT END FROM raw
            WHERE raw.line = parsed.line"""  # noqa: S608
    )
    return True


def _judged(parsed: Parsed) -> list[str]:
    """What is said about rows that count for nothing, or for less; a column of which most is so is refused."""
    notes = []
    if parsed.skipped:
        shown = ", ".join(map(str, parsed.skipped[:5]))
        notes.append(f"{len(parsed.skipped)} rows have too many or too few values, such as {shown}: left out")
    for role, wrong, done in (
        ("product", "raw.product IS NULL", "left out"),
        ("time", 'parsed."time" IS NULL', "left out"),
        ("price", "parsed.price IS NULL", "without a price: the last known one stands for it"),
        ("price", "parsed.price <= 0", "at a price of 0 or below: the last known one stands for it"),
        ("quantity", "parsed.quantity IS NULL", "without a quantity: nothing is learned from them"),
        ("quantity", "parsed.quantity < 0", "with a negative quantity: nothing is learned from them"),
    ):
        rows = parsed.sql(f"SELECT line FROM raw JOIN parsed USING (line) WHERE {wrong} ORDER BY line")  # noqa: S608
        if len(rows) > UNREADABLE_SHARE * max(parsed.rows, 1):
            raise LogRefused(
                f"{parsed.path}: {len(rows)} of {parsed.rows} rows have no {role} that can be used "
                f"({parsed.roles[role]!r}): name the right column with --columns, or mend them"
            )
        if rows:
            shown = ", ".join(str(line) for (line,) in rows[:5])
            what = {"product": "without a product: ", "time": "without a time: "}.get(role, "")
            notes.append(f"{len(rows)} rows {what}{done}; such as row {shown}")
    for role in ("promotion", "stock_out"):
        if role in parsed.roles:
            _refuse_strange(parsed, role)
    return notes


def _refuse_strange(parsed: Parsed, role: str) -> None:
    strange = parsed.sql(
        f"SELECT DISTINCT {role} FROM parsed WHERE {role} IS NOT NULL AND {_strength(role)} IS NULL LIMIT 3"  # noqa: S608
    )
    if strange:
        shown = ", ".join(repr(one) for (one,) in strange)
        raise LogRefused(
            f"{parsed.path}: {parsed.roles[role]!r} has {shown}: write yes/no, 1/0 or numbers for {role}"
        )


def _strength(role: str) -> str:
    word = f"lower(trim({role}))"
    return (
        f"CASE WHEN {word} IN {_YES} THEN 1.0 WHEN {word} IN {_NO} THEN 0.0 "
        f"WHEN isfinite(try_cast({role} AS DOUBLE)) THEN try_cast({role} AS DOUBLE) END"
    )


def _grouped(parsed: Parsed) -> pa.Table:
    """A row for each product and period."""
    several = parsed.sql(
        """SELECT count(*) FROM (SELECT 1 FROM parsed WHERE product IS NOT NULL AND "time" IS NOT NULL
           GROUP BY product, "time" HAVING count(*) > 1)"""
    )[0][0]
    if several:
        parsed.notes.append(f"{several} products and periods have several rows: they are added up")
    usable = "CASE WHEN price > 0 THEN price END"
    sold = "CASE WHEN quantity >= 0 THEN quantity END"
    interest = ", ".join(f"sum({name}) AS {name}" for name in INTEREST)
    table: pa.Table = parsed.connection.sql(
        f"""SELECT parsed.product, parsed."time" AS moment, sum({sold}) AS quantity,
                   coalesce(sum({usable} * {sold}) FILTER ({usable} IS NOT NULL)
                            / nullif(sum({sold}) FILTER ({usable} IS NOT NULL), 0), avg({usable})) AS price,
                   coalesce(max({_strength("promotion")}), 0.0)::DOUBLE AS promotion,
                   coalesce(max({_strength("stock_out")}), 0.0)::DOUBLE AS stock_out,
                   arg_min(category, line) AS category, {interest},
                   arg_min(raw."time"::VARCHAR, line) AS shown
            FROM parsed JOIN (SELECT line, "time" FROM raw) raw USING (line)
            WHERE parsed.product IS NOT NULL AND parsed."time" IS NOT NULL
            GROUP BY ALL ORDER BY parsed.product, moment"""  # noqa: S608
    ).to_arrow_table()
    return table


def _coded(column: pa.ChunkedArray) -> tuple[tuple[str, ...], np.ndarray[Any, np.dtype[np.int64]]]:
    """The values in order, and which of them each row has."""
    names, codes = np.unique(np.array([one or "" for one in column.to_pylist()]), return_inverse=True)
    return tuple(names.tolist()), codes.astype(np.int64)


def _seasons(
    moments: np.ndarray[Any, np.dtype[np.int64]], numbered: bool
) -> tuple[np.ndarray[Any, np.dtype[np.int64]] | None, int, tuple[int, ...]]:
    """Season of each period, periods in a cycle, and cycles to try where numbers don't tell."""
    if numbered or len(moments) < 2:
        return None, 0, (52, 12, 7, 4)
    days = float(np.median(np.diff(moments))) / DAY
    dates = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(one)) for one in moments]
    if days < 2:
        return np.array([one.weekday() for one in dates]), _WEEK, ()
    if days < 10:
        return np.array([one.isocalendar().week - 1 for one in dates]), 52, ()
    if 25 < days < 35:
        return np.array([one.month - 1 for one in dates]), _MONTHS, ()
    return None, 0, ()


def _uneven(moments: np.ndarray[Any, np.dtype[np.int64]]) -> list[str]:
    steps = np.diff(moments)
    if len(steps) < 2:
        return []
    wide = int(np.sum(steps > 1.5 * np.median(steps)))
    return (
        [f"{wide} gaps between periods are wider than the usual step: no period is made up for them"]
        if wide
        else []
    )
