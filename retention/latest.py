"""A history cut at a moment: what its customers had done until then, and what they went on to buy."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from retention.checks import Checked
from retention.times import from_micros
from retention.types import Event, EventKind, Money, ProductState


def split(
    checked: Checked, start: int, *, most: int, seed: int
) -> tuple[dict[str, list[Event]], dict[str, set[str]]]:
    """Events before `start` and products bought since, of at most `most` customers with both, drawn by the seed."""
    events = checked.history.events
    purchase = pc.and_(pc.equal(events.column("kind"), EventKind.PURCHASE.value), _named(events))
    late = pc.greater_equal(events.column("at"), start)
    buyers = pc.unique(events.filter(pc.and_(purchase, late)).column("customer")).to_pylist()
    known = set(pc.unique(events.filter(pc.invert(late)).column("customer")).to_pylist())
    asked = sorted((set(buyers) & known) - checked.dominant)
    if len(asked) > most:
        asked = sorted(np.random.default_rng(seed).choice(asked, most, replace=False).tolist())
    theirs = events.filter(pc.is_in(events.column("customer"), value_set=pa.array(asked, pa.string())))
    before: dict[str, list[Event]] = defaultdict(list)
    bought: dict[str, set[str]] = defaultdict(set)
    for row in theirs.to_pylist():
        if row["at"] < start:
            before[row["customer"]].append(_event(row))
        elif row["kind"] == EventKind.PURCHASE.value and row["product"]:
            bought[row["customer"]].add(row["product"])
    return before, bought


def _named(events: pa.Table) -> Any:
    return pc.is_valid(events.column("product"))


def _event(row: dict[str, Any]) -> Event:
    return Event(
        kind=EventKind(row["kind"]),
        at=from_micros(row["at"]),
        product=row["product"],
        quantity=row["quantity"],
        amount_minor=row["amount"],
        text=row["text"],
        value=row["value"],
    )


def on_the_shelf(products: pa.Table) -> dict[str, ProductState]:
    """Every product as if it were in stock: what is sold out today may have been there then."""
    return {
        row["product"]: ProductState(
            product=row["product"],
            list_price=Money(row["list_price"] or 0, row["currency"] or ""),
            cost=Money(row["cost"] or 0, row["currency"] or ""),
            stock=1,
            category=row["category"] or "",
        )
        for row in products.to_pylist()
    }
