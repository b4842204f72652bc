"""The raw features of all customers as one Ibis expression, and the gate through which they see the past.

Everything here takes a `Past`. It can only be had for a moment, and holds only what happened before that
moment; an expression that looks later cannot be written by accident.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from retention.features.raw import DISCOUNT_PERCENT, NAMES, RECENT_GAPS
from retention.history import History
from retention.times import DAY
from retention.types import EventKind


@dataclass(frozen=True, slots=True)
class Past:
    """The events before a moment."""

    moment: int
    """Microseconds since 1970."""
    events: Any
    """Ibis table with the columns of `history.EVENTS` and the product's `category` and `list_price`."""


class Shop:
    """A checked history in DuckDB, in place over Arrow."""

    def __init__(self, history: History) -> None:
        self._connection = ibis.duckdb.connect()
        # One thread: a fit shares the machine with the serving process.
        self._connection.raw_sql("SET threads = 1")
        columns = ["kind", "customer", "product", "at", "quantity", "amount", "value"]
        events = ibis.memtable(history.events.select(columns))
        products = ibis.memtable(history.products.select(["product", "category", "list_price"]))
        self._events = events.left_join(products, "product").drop("product_right")

    def before(self, moment: int) -> Past:
        """The past as of a moment: the only way to events for a feature."""
        return Past(moment, self._events.filter(self._events.at < moment))

    def buyers_between(self, start: int, end: int) -> frozenset[str]:
        """Who bought at `start` or later and before `end`: what labels are made of, and nothing else."""
        events = self._events
        bought = events.filter(
            (events.kind == EventKind.PURCHASE.value) & (events.at >= start) & (events.at < end)
        )
        table = self._connection.to_pyarrow(bought.select("customer").distinct())
        return frozenset(table.column("customer").to_pylist())

    def run(self, expression: Any) -> pa.Table:
        """The rows of an expression over this shop."""
        return self._connection.to_pyarrow(expression)


@dataclass(frozen=True, slots=True)
class RawTable:
    """The raw features of every customer with an event before a moment."""

    customers: tuple[str, ...]
    """Ascending."""
    values: NDArray[np.int64]
    """Shape (customers, len(raw.NAMES))."""

    @classmethod
    def of(cls, shop: Shop, moment: int) -> RawTable:
        """Compute it."""
        table = shop.run(raw_features(shop.before(moment))).sort_by("customer")
        columns = [table.column(name).to_numpy().astype(np.int64) for name in NAMES]
        return cls(tuple(table.column("customer").to_pylist()), np.stack(columns, axis=1))


def raw_features(past: Past) -> Any:
    """One row per customer: `customer` and the integers named in `raw.NAMES`."""
    behaviour = _behaviour(past)
    rhythm = _rhythm(past)
    joined = behaviour.left_join(rhythm, "customer").drop("customer_right")
    columns = {name: joined[name].fill_null(0).cast("int64") for name in NAMES}
    return joined.select("customer", **columns)


def _behaviour(past: Past) -> Any:
    events = past.events
    age = past.moment - events.at
    kind = {one: events.kind == one.value for one in EventKind}
    bought = kind[EventKind.PURCHASE]
    in_30, in_90 = age <= 30 * DAY, age <= 90 * DAY
    below_list = events.amount * 100 < DISCOUNT_PERCENT * events.quantity * events.list_price
    moody = kind[EventKind.MESSAGE] & in_90 & events.value.notnull()
    rated = kind[EventKind.RATING] & events.value.notnull()
    columns = {
        "silence": age.min(),
        "tenure": age.max(),
        "recency": age.min(where=bought),
        "purchase_rows": events.count(where=bought),
        "units": events.quantity.sum(where=bought),
        "money": events.amount.sum(where=bought),
        "money_90": events.amount.sum(where=bought & in_90),
        "returns": events.count(where=kind[EventKind.RETURN]),
        "categories": events.category.nunique(where=bought),
        "discounted": events.count(where=bought & below_list),
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


def _rhythm(past: Past) -> Any:
    """Days with a purchase and the gaps between them."""
    bought = past.events.filter(past.events.kind == EventKind.PURCHASE.value)
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
