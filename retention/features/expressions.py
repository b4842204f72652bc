"""The raw features of all customers as one Ibis expression, and the gate through which they see the past.

Everything here takes a `Past`. It can only be had for a moment, and holds only what happened before that
moment; an expression that looks later cannot be written by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from pyarrow.dataset import dataset

from kernel.arrays import Ints
from kernel.times import DAY
from retention.features.engines import Tables, exchange, over_arrow
from retention.features.raw import DISCOUNT_PERCENT, NAMES, RECENT_GAPS
from retention.history import History
from retention.types import EventKind


def getvariable(name: str) -> Any:
    """DuckDB's own function; its value is taken when a query is bound."""


_VALUE_OF: Any = ibis.udf.scalar.builtin(getvariable, signature=((str,), "int64"))


def _variable(name: str) -> Any:
    # Without a name of its own Ibis builds one out of the arguments and fails on a literal.
    return _VALUE_OF(name).name(name)


class Past:
    """The events before a moment, and no way to any other: whoever makes one names the moment."""

    __slots__ = ("events", "moment", "products")

    def __init__(self, events: Any, products: Any, moment: Any) -> None:
        """Shut out what happened at `moment` (microseconds since 1970, or an Ibis expression of them) or later.

        Args:
            events: Ibis table with the columns `engines.OF_EVENTS`.
            products: Ibis table with the columns `engines.OF_PRODUCTS`: the catalogue as of the fit, which has
                no times.
        """
        self.moment = moment
        self.events = events.filter(events.at < moment)
        self.products = products


class Shop:
    """A shop's checked events, wherever they lie."""

    def __init__(self, source: History | Tables) -> None:
        """Take a history in memory, or the tables of an engine."""
        self._tables = over_arrow(source) if isinstance(source, History) else source
        self._written: dict[str, str] = {}
        """Queries by name, as DuckDB reads them."""
        self.windows: dict[tuple[int, int], Any] = {}
        """What was worked out between two moments, which several models learn from; see `churn.windows`."""

    def turn_to(self, history: History) -> None:
        """Be another shop in memory: its features are then asked with the queries that were written before."""
        exchange(self._tables.backend, history)
        self.windows.clear()

    def before(self, moment: int) -> Past:
        """The past as of a moment: the only way to events for a feature."""
        return self._before(moment)

    def _before(self, moment: Any) -> Past:
        return Past(self._tables.events, self._tables.products, moment)

    def raw_features(self, moment: int) -> pa.Table:
        """The rows of `raw_features` as of a moment, in any order."""
        return self._ask("raw_features", lambda at: raw_features(self._before(at("moment"))), moment=moment)

    def buyers_between(self, start: int, end: int) -> frozenset[str]:
        """Who bought at `start` or later and before `end`: what labels are made of, and nothing else."""

        def buyers(at: Callable[[str], Any]) -> Any:
            events = self._tables.events
            within = (events.at >= at("since")) & (events.at < at("until"))
            bought = events.filter((events.kind == EventKind.PURCHASE.value) & within)
            return bought.select("customer").distinct()

        table = self._ask("buyers_between", buyers, since=start, until=end)
        return frozenset(table.column("customer").to_pylist())

    def _ask(self, name: str, query: Callable[[Callable[[str], Any]], Any], **moments: int) -> pa.Table:
        """The rows of a query about moments.

        A fit asks the same for a dozen moments, and Ibis takes longer to write such a query than DuckDB to answer it
        for a small shop: it is written once, over DuckDB's variables.
        """
        backend = self._tables.backend
        if backend.name != "duckdb":
            return self.run(query(lambda name: moments[name]))
        for variable, moment in moments.items():
            backend.raw_sql(f"SET VARIABLE {variable} = {int(moment)}::BIGINT")
        if name not in self._written:
            expression = query(_variable)
            rows = self.run(expression)  # this makes the tables in memory known to DuckDB, too
            self._written[name] = backend.compile(expression)
            return rows
        return backend.con.sql(self._written[name]).to_arrow_table()

    def run(self, expression: Any) -> pa.Table:
        """The rows of an expression over this shop."""
        return self._tables.backend.to_pyarrow(expression)

    def stream(self, expression: Any, scratch: Path, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of an expression, at most so many at a time, by way of a file in the folder `scratch`."""
        path = scratch / "rows.parquet"
        self._tables.backend.to_parquet(expression, path)
        yield from dataset(path, format="parquet").to_batches(batch_size=rows, batch_readahead=1)


@dataclass(frozen=True, slots=True)
class RawTable:
    """The raw features of every customer with an event before a moment."""

    customers: tuple[str, ...]
    """Ascending."""
    values: Ints
    """Shape (customers, len(raw.NAMES))."""

    @classmethod
    def of(cls, shop: Shop, moment: int) -> RawTable:
        """Compute it."""
        table = shop.raw_features(moment).sort_by("customer")
        columns = [table.column(name).to_numpy().astype(np.int64) for name in NAMES]
        return cls(tuple(table.column("customer").to_pylist()), np.stack(columns, axis=1))


def raw_features(past: Past) -> Any:
    """One row per customer: `customer` and the integers named in `raw.NAMES`."""
    joined = _behaviour(past)
    for part in (_purchases(past), _categories(past), _rhythm(past)):
        joined = joined.left_join(part, "customer").drop("customer_right")
    columns = {name: joined[name].fill_null(0).cast("int64") for name in NAMES}
    return joined.select("customer", **columns)


def _behaviour(past: Past) -> Any:
    """Everything that is counted over all kinds of events."""
    events = past.events
    age = past.moment - events.at
    kind = {one: events.kind == one.value for one in EventKind}
    in_30, in_90 = age <= 30 * DAY, age <= 90 * DAY
    moody = kind[EventKind.MESSAGE] & in_90 & events.value.notnull()
    rated = kind[EventKind.RATING] & events.value.notnull()
    columns = {
        "silence": age.min(),
        "tenure": age.max(),
        "returns": events.count(where=kind[EventKind.RETURN]),
        "ratings": events.count(where=rated),
        "stars_hundredths": _rounded(events.value * 100).sum(where=rated),
        "complaints": events.count(where=kind[EventKind.COMPLAINT]),
        "complaints_90": events.count(where=kind[EventKind.COMPLAINT] & in_90),
        "messages_90": events.count(where=kind[EventKind.MESSAGE] & in_90),
        "moods_90": events.count(where=moody),
        "mood_thousandths_90": _rounded(events.value * 1000).sum(where=moody),
        "contacts_90": events.count(where=kind[EventKind.CONTACT] & in_90),
        "responses_90": events.count(where=kind[EventKind.RESPONSE] & in_90),
    }
    for name, one in (("views", EventKind.VIEW), ("searches", EventKind.SEARCH), ("carts", EventKind.CART)):
        columns[f"{name}_30"] = events.count(where=kind[one] & in_30)
        columns[f"{name}_90"] = events.count(where=kind[one] & in_90)
    return events.group_by("customer").aggregate(**columns)


def _bought(past: Past) -> Any:
    return past.events.filter(past.events.kind == EventKind.PURCHASE.value)


def _with_products(past: Past) -> Any:
    return _bought(past).left_join(past.products, "product").drop("product_right")


def _purchases(past: Past) -> Any:
    rows = _with_products(past)
    age = past.moment - rows.at
    # In floating point, since the product of the largest amounts that a check lets through is no 64-bit integer.
    listed = rows.quantity.cast("float64") * rows.list_price.cast("float64")
    below_list = rows.amount.cast("float64") * 100.0 < listed * DISCOUNT_PERCENT
    return rows.group_by("customer").aggregate(
        recency=age.min(),
        purchase_rows=rows.count(),
        units=rows.quantity.sum(),
        money=rows.amount.sum(),
        money_90=rows.amount.sum(where=age <= 90 * DAY),
        discounted=rows.count(where=below_list),
    )


def _categories(past: Past) -> Any:
    """Counted over distinct pairs: a count of distinct values for each customer takes several times as long."""
    rows = _with_products(past)
    pairs = rows.filter(rows.category.notnull()).select("customer", "category").distinct()
    return pairs.group_by("customer").aggregate(categories=pairs.count())


def _rhythm(past: Past) -> Any:
    """Days with a purchase and the gaps between them."""
    bought = _bought(past)
    days = (
        bought.mutate(day=bought.at // DAY)
        .group_by(["customer", "day"])
        .aggregate(at=lambda rows: rows.at.max())
    )
    in_order = ibis.window(group_by="customer", order_by="day")
    backwards = ibis.window(group_by="customer", order_by=ibis.desc("day"))
    gaps = days.mutate(
        gap=days.day - days.day.lag().over(in_order),
        place=ibis.row_number().over(backwards),
        age=past.moment - days.at,
    )
    recent = (gaps.place < RECENT_GAPS) & gaps.gap.notnull()
    return gaps.group_by("customer").aggregate(
        purchase_days=gaps.count(),
        purchase_days_30=gaps.count(where=gaps.age <= 30 * DAY),
        purchase_days_90=gaps.count(where=gaps.age <= 90 * DAY),
        purchase_days_365=gaps.count(where=gaps.age <= 365 * DAY),
        gap_days=gaps.gap.sum(),
        gap_squares=(gaps.gap * gaps.gap).sum(),
        recent_gap_days=gaps.gap.sum(where=recent),
        recent_gaps=gaps.count(where=recent),
    )


def _rounded(value: Any) -> Any:
    return (value + 0.5).floor().cast("int64")
