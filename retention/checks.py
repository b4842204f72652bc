"""Judging the rows of a history: what is wrong is counted, named and kept out, and never becomes a NaN."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernel.money import LARGEST_AMOUNT
from kernel.times import to_micros
from retention.amounts import blank_absurd, keep_one_currency
from retention.history import History
from retention.marking import ascending, blank, drop, first_occurrence, replace, report, true
from retention.report import Problem
from retention.types import EventKind

LARGEST_QUANTITY = 1_000_000
"""Units in one row; more is a typing error."""
LATEST = 4_102_444_800_000_000
"""The year 2100, in microseconds: a later time is a typing error."""
DOMINANT_SHARE = 0.10
DOMINANT_FROM_EVENTS, DOMINANT_FROM_CUSTOMERS = 1_000, 50
"""From so many on, somebody with a tenth of all events is a robot or a reseller, and is left out of fits."""
NOTED_FROM_EVENTS, NOTED_FROM_CUSTOMERS = 100, 30
"""From so many on, such a customer is reported and kept: it may well be the small shop's best one. With fewer, a
tenth of all events is less than three even shares, which ordinary customers have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A history whose rows can be relied on, sorted by time and id, and what was wrong with the rest."""

    history: History
    now: datetime
    currency: str | None
    """The shop's currency as of `now`; amounts in others are blanked."""
    problems: tuple[Problem, ...]
    dominant: frozenset[str]
    """Customers with a tenth of all events: robots, tills, resellers. They are not in the fit."""


def check(history: History, now: datetime) -> Checked:
    """Judge every row as of `now` (aware).

    A row that cannot be true is dropped; a number that cannot be true is blanked; what is odd but possible is
    kept and counted. `now` bounds the events: later ones are dropped as coming from the future. Whether a row is
    kept, and its numbers, depend on the rows up to its own time only, so the features of an earlier moment can be
    taken from what was judged later. The report, the currency and the dominant customers are as of `now`.
    """
    found: list[Problem] = []
    products = _products(history.products, found)
    customers = _unique(history.customers, "customer", "customers", found)
    events = _drop_impossible(history.events, to_micros(now), found)
    # Returns go before their currency counts: a history that is judged again must lead to the same currency.
    events = _drop_orphan_returns(events, found)
    events, currency = keep_one_currency(events, products, found)
    events = blank_absurd(events, found)
    dominant = _dominant(events, found)
    _count_unknown_products(events, products, found)
    return Checked(
        history=History(events=events, products=products, customers=customers),
        now=now,
        currency=currency,
        problems=tuple(found),
        dominant=dominant,
    )


def _unique(rows: pa.Table, key: str, table: str, found: list[Problem]) -> pa.Table:
    rows = drop(
        rows,
        pc.equal(pc.fill_null(rows.column(key), ""), ""),
        found,
        "no_id",
        "rows without an id",
        key=key,
        table=table,
    )
    first = first_occurrence(rows.column(key))
    return drop(rows, pc.invert(first), found, "duplicate", f"the same {key} again", key=key, table=table)


def _products(rows: pa.Table, found: list[Problem]) -> pa.Table:
    rows = _unique(rows, "product", "products", found)
    for column in ("list_price", "cost"):
        values = rows.column(column)
        bad = pc.or_(pc.less(values, 0), pc.greater(values, LARGEST_AMOUNT))
        message = f"a {column} below 0 or above {LARGEST_AMOUNT}"
        rows = blank(rows, bad, column, found, f"bad_{column}", message, key="product", table="products")
    made = rows.column("created_at")
    bad = pc.or_(pc.less(made, 0), pc.greater(made, LATEST))
    message = "products made before 1970 or after 2100"
    rows = blank(rows, bad, "created_at", found, "bad_created_at", message, key="product", table="products")
    dear = true(pc.greater(rows.column("cost"), rows.column("list_price")))
    report(
        found, "cost_above_price", "products", rows.column("product").filter(dear), "kept", "sold at a loss"
    )
    return rows.sort_by("product")


def _drop_impossible(rows: pa.Table, now: int, found: list[Problem]) -> pa.Table:
    """Rows that cannot be true in themselves; what is left is sorted by time and id, each id once."""
    no_key = pc.or_(
        pc.equal(pc.fill_null(rows.column("id"), ""), ""),
        pc.equal(pc.fill_null(rows.column("customer"), ""), ""),
    )
    rows = drop(rows, no_key, found, "no_id", "events without an id or a customer")
    kinds = pa.array([kind.value for kind in EventKind])
    strange = pc.invert(pc.is_in(rows.column("kind"), value_set=kinds))
    rows = drop(rows, strange, found, "unknown_kind", "events of a kind that is not in retention.EventKind")
    early = pc.less_equal(pc.fill_null(rows.column("at"), 0), 0)
    rows = drop(rows, early, found, "no_time", "events without a time, or before 1970")
    rows = drop(
        rows, pc.greater(rows.column("at"), now), found, "future", "events after the moment of the fit"
    )
    rows = replace(rows, "quantity", pc.fill_null(rows.column("quantity"), 1))
    each_once = ascending(rows.column("id"))
    if each_once:
        rows = rows.take(pa.array(np.argsort(rows.column("at").to_numpy(), kind="stable")))
    else:
        rows = rows.sort_by([("at", "ascending"), ("id", "ascending")])
        again = pc.invert(first_occurrence(rows.column("id")))
        rows = drop(rows, again, found, "duplicate", "the same event again")
    return _drop_bad_numbers(rows, found)


def _drop_bad_numbers(rows: pa.Table, found: list[Problem]) -> pa.Table:
    bought = pc.equal(rows.column("kind"), EventKind.PURCHASE.value)
    moved = pc.or_(bought, pc.equal(rows.column("kind"), EventKind.RETURN.value))
    size = pc.abs(rows.column("quantity"))
    none = pc.and_(bought, pc.less_equal(rows.column("quantity"), 0))
    bad = pc.or_(none, pc.and_(moved, pc.or_(pc.equal(size, 0), pc.greater(size, LARGEST_QUANTITY))))
    rows = drop(rows, bad, found, "bad_quantity", f"0, negative or more than {LARGEST_QUANTITY} units")
    bought = pc.equal(rows.column("kind"), EventKind.PURCHASE.value)
    negative = pc.and_(bought, true(pc.less(rows.column("amount"), 0)))
    rows = drop(rows, negative, found, "negative_amount", "purchases for less than nothing")
    rated = pc.equal(rows.column("kind"), EventKind.RATING.value)
    value = rows.column("value")
    in_range = true(pc.and_(pc.greater_equal(value, 1.0), pc.less_equal(value, 5.0)))
    rows = drop(
        rows, pc.and_(rated, pc.invert(in_range)), found, "bad_rating", "ratings without 1 to 5 stars"
    )
    return _blank_values(rows, found)


def _blank_values(rows: pa.Table, found: list[Problem]) -> pa.Table:
    """Values that are no number, no mood of a message, or of a kind that has none."""
    kind = rows.column("kind")
    unreal = pc.invert(pc.is_finite(rows.column("value")))
    rows = blank(rows, unreal, "value", found, "not_a_number", "values that are no number")
    said = pc.equal(kind, EventKind.MESSAGE.value)
    wild = pc.and_(said, pc.greater(pc.abs(rows.column("value")), 1.0))
    rows = blank(rows, wild, "value", found, "bad_mood", "moods of messages below -1 or above 1")
    other = pc.invert(pc.or_(said, pc.equal(kind, EventKind.RATING.value)))
    idle = pc.and_(other, pc.is_valid(rows.column("value")))
    message = "values of events that are neither ratings nor messages"
    return blank(rows, idle, "value", found, "value_unused", message)


def _drop_orphan_returns(rows: pa.Table, found: list[Problem]) -> pa.Table:
    """A return of something never bought before says nothing about the customer's purchases."""
    returned = pc.equal(rows.column("kind"), EventKind.RETURN.value)
    returns = rows.filter(returned).select(["id", "customer", "product", "at"])
    if not returns.num_rows:
        return rows
    of_returners = pc.is_in(rows.column("customer"), value_set=pc.unique(returns.column("customer")))
    bought = rows.filter(pc.and_(pc.equal(rows.column("kind"), EventKind.PURCHASE.value), of_returners))
    pair = ["customer", "product"]
    first = _named(bought, pair).group_by(pair).aggregate([("at", "min")])
    both = _named(returns, pair).join(first, keys=pair, join_type="left outer", use_threads=False)
    never = pa.scalar(2**63 - 1)
    orphans = both.filter(pc.greater(pc.fill_null(both.column("at_min"), never), both.column("at"))).column(
        "id"
    )
    bad = pc.is_in(rows.column("id"), value_set=orphans)
    return drop(rows, bad, found, "return_without_purchase", "returns of what was not bought before")


def _named(rows: pa.Table, columns: list[str]) -> pa.Table:
    """The rows with an empty name where there is none: a join takes no null for the same as another."""
    for column in columns:
        rows = replace(rows, column, pc.fill_null(rows.column(column), ""))
    return rows


def _dominant(rows: pa.Table, found: list[Problem]) -> frozenset[str]:
    """Customers with a tenth of all events: left out in shops that are large enough, else reported only."""
    counts = pc.value_counts(rows.column("customer").combine_chunks())
    if rows.num_rows < NOTED_FROM_EVENTS or len(counts) < NOTED_FROM_CUSTOMERS:
        return frozenset()
    large = rows.num_rows >= DOMINANT_FROM_EVENTS and len(counts) >= DOMINANT_FROM_CUSTOMERS
    least = pa.scalar(DOMINANT_SHARE * rows.num_rows)
    heavy = counts.field("values").filter(pc.greater_equal(counts.field("counts"), least)).sort()
    message = f"customers with {DOMINANT_SHARE:.0%} of all events or more; they would speak for everybody"
    if not large:
        message = (
            f"customers with {DOMINANT_SHARE:.0%} of all events or more; left out only from {DOMINANT_FROM_EVENTS:,} "
            f"events and {DOMINANT_FROM_CUSTOMERS} customers on: here they count, and may speak for everybody"
        )
    action = "left out" if large else "kept"
    report(found, "dominant_customer", "events", pa.chunked_array([heavy]), action, message)
    return frozenset(heavy.to_pylist()) if large else frozenset()


def _count_unknown_products(events: pa.Table, products: pa.Table, found: list[Problem]) -> None:
    named = events.column("product").drop_null()
    unknown = pc.invert(pc.is_in(named, value_set=products.column("product").combine_chunks()))
    ids = pc.unique(named.filter(unknown))
    report(
        found,
        "unknown_product",
        "events",
        pa.chunked_array([ids]),
        "kept",
        "products that are in no catalogue",
    )
