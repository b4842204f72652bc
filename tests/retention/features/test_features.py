"""Features see only the past, and are the same in Ibis and in Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kernel.times import DAY, from_micros, to_micros
from retention import Event, EventKind
from retention.checks import check
from retention.features import derived, raw
from retention.features.expressions import RawTable, Shop
from retention.features.raw import ProductInfo
from retention.history import History
from tests.contracts.retention_core import NOW

MOMENT = to_micros(NOW)
PRODUCTS = [
    {"product": "p0", "category": "tea", "list_price": 100},
    {"product": "p1", "category": "cups", "list_price": 1_000},
    {"product": "p2", "category": None, "list_price": None},
]
SHELF = ProductInfo(category={"p0": "tea", "p1": "cups"}, list_price={"p0": 100, "p1": 1_000})

rows = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([kind.value for kind in EventKind]),
        "customer": st.sampled_from(["a", "b"]),
        "product": st.sampled_from(["p0", "p1", "p2", None]),
        "at": st.one_of(
            st.integers(MOMENT - 500 * DAY, MOMENT - 1),
            st.sampled_from(
                [MOMENT - 30 * DAY, MOMENT - 90 * DAY, MOMENT - 365 * DAY, MOMENT - 2 * DAY, MOMENT - 1]
            ),
        ),
        "quantity": st.integers(1, 5),
        "amount": st.one_of(st.none(), st.integers(0, 5_000)),
        "value": st.one_of(st.just(1.0), st.floats(1, 5, width=32)),
    }
)


def payments(amounts: list[int], currencies: list[str | None]) -> st.SearchStrategy[dict[str, Any]]:
    """Purchases of one product by one customer, so that few of them are enough to speak of its price."""
    changes = st.fixed_dictionaries(
        {"amount": st.sampled_from(amounts), "currency": st.sampled_from(currencies), "at": dates}
    )
    same = {"kind": "purchase", "customer": "a", "product": "p0", "quantity": 1, "value": 1.0}
    return changes.map(lambda change: same | change)


dates = st.integers(MOMENT - 500 * DAY, MOMENT - 1)
past_events = st.lists(
    st.one_of(rows, payments([5, 4_000, 900_000], ["CNY", "CNY", "USD", None])), max_size=15
)
future_events = st.lists(st.one_of(rows, payments([1, 10**12], ["USD", "CNY"])), max_size=25)


def numbered(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "id": f"{number:05d}"} for number, one in enumerate(events)]


def event(row: dict[str, Any]) -> Event:
    return Event(
        kind=EventKind(row["kind"]),
        at=from_micros(row["at"]),
        product=row["product"],
        quantity=row["quantity"],
        amount_minor=row["amount"],
        value=row["value"],
    )


def table(events: list[dict[str, Any]], moment: int = MOMENT, now: int | None = None) -> dict[str, list[int]]:
    checked = check(History.from_rows(events, PRODUCTS), from_micros(now or moment))
    found = RawTable.of(Shop(checked.history), moment)
    return dict(zip(found.customers, found.values.tolist(), strict=True))


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(rows, max_size=25))
def test_ibis_and_python_agree_exactly(events: list[dict[str, Any]]) -> None:
    events = numbered(events)
    kept = set(check(History.from_rows(events, PRODUCTS), NOW).history.events.column("id").to_pylist())
    served = {}
    for customer in ("a", "b"):
        mine = [event(row) for row in events if row["customer"] == customer and row["id"] in kept]
        counted = raw.of_events(mine, NOW, SHELF)
        if counted is not None:
            served[customer] = [counted[name] for name in raw.NAMES]
    assert table(events) == served


def paid(amount: int, days: int, currency: str | None = None) -> dict[str, Any]:
    """One of those, so many days before the moment."""
    row = {"kind": "purchase", "customer": "a", "product": "p0", "quantity": 1, "value": 1.0}
    return row | {"amount": amount, "currency": currency, "at": MOMENT - days * DAY}


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(past_events, future_events)
@example([paid(4_000, 5)], [paid(1, days) for days in range(1, 5)])
@example([paid(4_000, 5, "CNY")], [paid(4_000, days, "USD") for days in range(1, 5)])
def test_later_events_change_nothing(past: list[dict[str, Any]], future: list[dict[str, Any]]) -> None:
    """Nor do later prices or currencies that make earlier ones look wrong."""
    later = [{**row, "at": MOMENT + (MOMENT - row["at"]) - 1} for row in future]
    events = numbered(past + later)
    assert table(events, now=MOMENT + 1_000 * DAY) == table(events[: len(past)])
    mine = [event(row) for row in events if row["customer"] == "a"]
    before = [one for one in mine if one.at < NOW]
    assert raw.of_events(mine, NOW, SHELF) == raw.of_events(before, NOW, SHELF)


def test_whole_shop_agrees(history: History) -> None:
    checked = check(history, NOW)
    found = RawTable.of(Shop(checked.history), MOMENT)
    products = history.products.to_pylist()
    product_info = ProductInfo(
        category={one["product"]: one["category"] for one in products},
        list_price={one["product"]: one["list_price"] for one in products},
    )
    by_customer: dict[str, list[Event]] = defaultdict(list)
    for row in checked.history.events.to_pylist():
        by_customer[row["customer"]].append(event(row))
    assert set(by_customer) == set(found.customers)
    for customer, values in zip(found.customers, found.values.tolist(), strict=True):
        counted = raw.of_events(by_customer[customer], NOW, product_info)
        assert counted is not None
        assert [counted[name] for name in raw.NAMES] == values


def test_one_shop_asked_for_many_moments_answers_for_each(history: History) -> None:
    shop = Shop(history)
    moments = [to_micros(NOW) - days * DAY for days in (0, 200, 30, 90)]
    found = [RawTable.of(shop, moment) for moment in moments]
    assert len({len(one.customers) for one in found}) > 1
    for moment, one in zip(moments, found, strict=True):
        alone = RawTable.of(Shop(history), moment)
        assert one.customers == alone.customers
        assert np.array_equal(one.values, alone.values)
    stayed = [shop.buyers_between(moment - 60 * DAY, moment) for moment in moments]
    assert stayed == [Shop(history).buyers_between(moment - 60 * DAY, moment) for moment in moments]
    assert len(set(stayed)) > 1


def test_counts_by_hand() -> None:
    def one(kind: EventKind, days: float, **values: Any) -> Event:
        return Event(kind=kind, at=NOW - timedelta(days=days), **values)

    found = raw.of_events(
        [
            one(EventKind.PURCHASE, 100, product="p0", amount_minor=90),
            one(EventKind.PURCHASE, 60, product="p1", amount_minor=1_000),
            one(EventKind.PURCHASE, 60, product="p0", quantity=2, amount_minor=200),
            one(EventKind.RETURN, 59, product="p1"),
            one(EventKind.RETURN, 58, product="p2"),
            one(EventKind.VIEW, 10, product="p1"),
            one(EventKind.RATING, 9, product="p1", value=4.5),
        ],
        NOW,
        SHELF,
    )
    assert found is not None
    expected = {
        "tenure": 100 * DAY, "recency": 60 * DAY, "silence": 9 * DAY, "purchase_days": 2, "purchase_days_90": 1,
        "purchase_rows": 3, "units": 4, "money": 1_290, "money_90": 1_200, "gap_days": 40, "gap_squares": 1_600,
        "recent_gaps": 1, "returns": 1, "views_30": 1, "categories": 2, "discounted": 1, "stars_hundredths": 450,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


@given(st.lists(st.integers(0, 2**62), min_size=len(raw.NAMES), max_size=len(raw.NAMES)))
def test_derived_features_are_always_finite(values: list[int]) -> None:
    assert np.isfinite(derived.derive(np.array([values], dtype=np.int64), 30.0)).all()


def test_nobody_without_a_past() -> None:
    assert raw.of_events([], NOW, SHELF) is None
    assert raw.of_events([Event(kind=EventKind.VIEW, at=NOW)], NOW, SHELF) is None


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        raw.of_events([], NOW.replace(tzinfo=None), SHELF)
