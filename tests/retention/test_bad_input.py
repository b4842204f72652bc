"""Whatever comes in, what comes out is finite, and every row that was left out is counted."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import retention
from kernel.times import DAY, from_micros, to_micros
from retention import Event, EventKind, Money, OfferContext, ProductState, RecommendContext, RiskContext
from retention.artifacts import read
from retention.checks import check
from retention.features import derived, raw
from retention.features.expressions import RawTable, Shop
from retention.features.raw import ProductInfo
from retention.history import EVENTS, History
from tests.contracts.retention_core import NOW, states

MOMENT = to_micros(NOW)
EDGE = 2**63 - 1
wild_ints = st.one_of(
    st.integers(-5, 5_000), st.sampled_from([0, -1, 10**6, 10**13, 10**13 + 1, EDGE, -EDGE, -EDGE - 1])
)
wild_floats = st.one_of(
    st.none(), st.floats(-1, 5), st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -1e300])
)
wild_times = st.one_of(
    st.integers(MOMENT - 400 * DAY, MOMENT), st.sampled_from([None, 0, -1, 1, MOMENT + 1, EDGE, -EDGE])
)
names = st.sampled_from(["a", "b", "c", "", None, "  ", "客户", "a\x00b"])

events = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.one_of(st.integers(0, 40).map(str), st.sampled_from(["", None])),
            "kind": st.sampled_from([*(kind.value for kind in EventKind), "purchase", "Purchase", "", None]),
            "customer": names,
            "product": st.sampled_from(["p0", "p1", "nowhere", "", None]),
            "at": wild_times,
            "quantity": st.one_of(st.none(), wild_ints),
            "amount": st.one_of(st.none(), wild_ints),
            "currency": st.sampled_from(["CNY", "USD", "", None]),
            "value": wild_floats,
            "text": st.sampled_from(["绿茶", "", None, "x" * 2_000]),
        }
    ),
    max_size=30,
)
products = st.lists(
    st.fixed_dictionaries(
        {
            "product": st.sampled_from(["p0", "p1", "p2", "", None]),
            "category": st.sampled_from(["tea", "", None]),
            "list_price": st.one_of(st.none(), wild_ints),
            "cost": st.one_of(st.none(), wild_ints),
            "stock": st.one_of(st.none(), wild_ints),
            "created_at": wild_times,
            "name_en": st.sampled_from(["tea", "", None]),
        }
    ),
    max_size=5,
)


def calm(examples: int) -> settings:
    """So many examples, however long each takes."""
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@calm(60)
@given(events, products)
def test_every_row_is_kept_or_counted(rows: list[dict[str, Any]], goods: list[dict[str, Any]]) -> None:
    checked = check(History.from_rows(rows, goods), NOW)
    for table, given_rows, kept in (
        ("events", rows, checked.history.events.num_rows),
        ("products", goods, checked.history.products.num_rows),
    ):
        dropped = [one for one in checked.problems if one.table == table and one.action == "dropped"]
        assert kept + sum(one.count for one in dropped) == len(given_rows)
    assert all(one.count > 0 and one.message for one in checked.problems)
    again = check(checked.history, NOW)
    assert again.history.events.equals(checked.history.events)
    assert not [one for one in again.problems if one.action in ("dropped", "blanked")]


@calm(12)
@given(events, products)
def test_features_are_finite_and_the_same_in_serving(
    rows: list[dict[str, Any]], goods: list[dict[str, Any]]
) -> None:
    checked = check(History.from_rows(rows, goods), NOW)
    found = RawTable.of(Shop(checked.history), MOMENT)
    assert np.isfinite(derived.derive(found.values, 30.0)).all()
    catalogue = checked.history.products.to_pylist()
    product_info = ProductInfo(
        category={one["product"]: one["category"] for one in catalogue if one["category"] is not None},
        list_price={one["product"]: one["list_price"] for one in catalogue if one["list_price"] is not None},
    )
    for customer, values in zip(found.customers, found.values.tolist(), strict=True):
        mine = [row for row in checked.history.events.to_pylist() if row["customer"] == customer]
        counted = raw.of_events([_event(row) for row in mine], NOW, product_info)
        assert counted is not None
        assert [counted[name] for name in raw.NAMES] == values


def test_the_largest_numbers_let_through_do_not_overflow() -> None:
    """A million units at the dearest list price are more than a 64-bit integer holds."""
    row = {"id": "1", "kind": "purchase", "customer": "c", "product": "p", "at": MOMENT - DAY}
    goods = [{"product": "p", "list_price": 10**13}]
    rows = [{**row, "quantity": 10**6, "amount": 10**13}]
    table = RawTable.of(Shop(check(History.from_rows(rows, goods), NOW).history), MOMENT)
    assert table.values[0, raw.NAMES.index("discounted")] == 1


def _event(row: dict[str, Any]) -> Event:
    return Event(
        kind=EventKind(row["kind"]), at=from_micros(row["at"]), product=row["product"],
        quantity=row["quantity"], amount_minor=row["amount"], value=row["value"],
    )  # fmt: skip


@calm(4)
@given(events, products)
def test_a_fit_on_anything_gives_finite_models_and_answers(
    rows: list[dict[str, Any]], goods: list[dict[str, Any]]
) -> None:
    history = History.from_rows(rows, goods)
    with TemporaryDirectory() as folder:
        report = retention.fit(history, Path(folder) / "v", now=NOW)
        _, parts = read(report.directory)
        for facts, arrays in parts.values():
            json.dumps(facts, allow_nan=False)
            assert all(np.isfinite(one).all() for one in arrays.values() if one.dtype.kind == "f")
        core = retention.load(report.directory)
        for risk in retention.score_customers(report.directory, history, now=NOW):
            assert 0 <= risk.probability <= 1
    json.dumps(dict(report.metrics), allow_nan=False)
    assert {one.model for one in report.readiness if not one.enough} >= {"churn"}
    recommended = core.recommend("a", 5, RecommendContext(now=NOW, stock=states()))
    assert all(math.isfinite(one.score) for one in recommended)
    assert math.isfinite(core.risk("a", RiskContext(now=NOW)).probability)
    product = ProductState(
        product="p0", list_price=Money(100, "CNY"), cost=Money(50, "CNY"), stock=1, category=""
    )
    assert core.offer("a", "p0", OfferContext(now=NOW, product=product)).price.minor <= 100


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "+05:30"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_one_moment_in_any_zone_and_unit_is_one_moment(zone: str, unit: str) -> None:
    at = datetime(2026, 10, 25, 6, 30, tzinfo=UTC)
    rows = History.from_rows([{"id": "1", "kind": "view", "customer": "c", "at": to_micros(at)}]).events
    place = EVENTS.get_field_index("at")
    zoned = pa.array([at.astimezone(timezone(timedelta(hours=8)))], pa.timestamp(unit, tz=zone))
    assert History.of(rows.set_column(place, "at", zoned)).events.column("at").to_pylist() == [to_micros(at)]
