"""A feature is written over a `Past`, and a `Past` has nothing in it that came later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from kernel.times import DAY, to_micros
from retention import EventKind
from retention.features.engines import over_arrow
from retention.features.expressions import Past, Shop
from retention.history import History
from tests.contracts.retention_core import NOW

MOMENT = to_micros(NOW)


def history(*ages: float) -> History:
    """Purchases so many days before the moment; below 0 is after it."""
    return History.from_rows(
        {
            "id": f"e{number}",
            "kind": EventKind.PURCHASE.value,
            "customer": "c",
            "product": "p",
            "at": MOMENT - int(age * DAY),
            "quantity": 1,
            "amount": 10 + number,
        }
        for number, age in enumerate(ages)
    )


def careless_count(past: Past) -> Any:
    """No condition on time at all."""
    return past.events.group_by("customer").aggregate(found=past.events.count())


def careless_latest(past: Past) -> Any:
    """The last event there is."""
    return past.events.group_by("customer").aggregate(found=past.events.at.max())


def careless_window(past: Past) -> Any:
    """A window whose sign was forgotten: thirty days to both sides."""
    events = past.events
    near = (events.at - past.moment).abs() <= 30 * DAY
    return events.group_by("customer").aggregate(found=events.amount.sum(where=near))


def careless_join(past: Past) -> Any:
    """Every event beside every later one."""
    later = past.events.view()
    pairs = past.events.join(later, past.events.at < later.at)
    return pairs.group_by("customer").aggregate(found=pairs.count())


@pytest.mark.parametrize("feature", [careless_count, careless_latest, careless_window, careless_join])
def test_a_careless_feature_cannot_look_ahead(feature: Callable[[Past], Any]) -> None:
    def value(*ages: float) -> pa.Table:
        shop = Shop(history(*ages))
        return shop.run(feature(shop.before(MOMENT))).column("found").to_pylist()

    past = (200, 20, 10, 0.001)
    assert value(*past, 0, -0.001, -5, -400) == value(*past)
    assert value(*past) != value(*past[:-1])


def test_a_past_made_by_hand_is_cut_too() -> None:
    tables = over_arrow(history(5, -5))
    past = Past(tables.events, tables.products, MOMENT)
    assert tables.backend.to_pyarrow(past.events).num_rows == 1


def test_a_shop_hands_out_no_other_events() -> None:
    """Beside pasts there are the labels, the features as of a moment, the running of expressions, and another
    history in the place of the first.

    A new way in is thought about here.
    """
    assert {name for name in dir(Shop) if not name.startswith("_")} == {
        "before",
        "buyers_between",
        "raw_features",
        "run",
        "stream",
        "turn_to",
    }
    assert set(Past.__slots__) == {"events", "moment", "products"}
