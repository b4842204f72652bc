"""What comes in is checked: columns by type, rows by what can be true."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from retention import MissingColumn, WrongType
from retention.checks import Checked, check
from retention.history import EVENTS, History
from retention.times import to_micros
from tests.contracts.retention_core import NOW


def event(number: int, kind: str = "purchase", **values: Any) -> dict[str, Any]:
    row = {"id": f"e{number}", "kind": kind, "customer": "c", "product": "p", "currency": "CNY"}
    return {**row, "at": to_micros(NOW - timedelta(days=10)) + number, **values}


def checked(*events: dict[str, Any], products: tuple[dict[str, Any], ...] = ()) -> Checked:
    return check(History.from_rows(events, products or ({"product": "p"},)), NOW)


def problems(result: Checked) -> dict[str, tuple[int, str]]:
    return {one.code: (one.count, one.action) for one in result.problems}


def ids(result: Checked) -> list[str]:
    return result.history.events.column("id").to_pylist()


def test_good_rows_pass_untouched() -> None:
    result = checked(event(1, amount=5), event(2, kind="view"), event(3, kind="return", amount=-5))
    assert result.problems == ()
    assert ids(result) == ["e1", "e2", "e3"]
    assert result.currency == "CNY"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (event(2, kind="teleport"), "unknown_kind"),
        (event(2, customer=""), "no_id"),
        (event(2, customer=None), "no_id"),
        (event(2, at=None), "no_time"),
        (event(2, at=-5), "no_time"),
        (event(2, at=to_micros(NOW) + 1), "future"),
        (event(2, quantity=0), "bad_quantity"),
        (event(2, quantity=-3), "bad_quantity"),
        (event(2, quantity=10**9), "bad_quantity"),
        (event(2, amount=-1), "negative_amount"),
        (event(2, kind="rating", value=6.0), "bad_rating"),
        (event(2, kind="rating", value=float("nan")), "bad_rating"),
        (event(2, kind="rating"), "bad_rating"),
        (event(2, kind="return", product="q"), "return_without_purchase"),
        (event(1), "duplicate"),
    ],
)
def test_impossible_rows_are_dropped_and_counted(bad: dict[str, Any], code: str) -> None:
    result = checked(event(1, amount=5), bad)
    assert problems(result)[code] == (1, "dropped")
    assert ids(result) == ["e1"]


def test_return_before_the_purchase_is_none_of_it() -> None:
    result = checked(event(1, kind="return"), event(2))
    assert problems(result)["return_without_purchase"] == (1, "dropped")


def test_absurd_amounts_become_unknown_and_the_purchase_stays() -> None:
    result = checked(*(event(number, amount=500) for number in range(5)), event(9, amount=5_000_000))
    assert problems(result)["absurd_amount"] == (1, "blanked")
    assert result.history.events.column("amount").to_pylist() == [500] * 5 + [None]


def test_other_currencies_are_not_added_up() -> None:
    result = checked(event(1, amount=5), event(2, amount=5), event(3, amount=5, currency="USD"))
    assert problems(result)["other_currency"] == (1, "blanked")
    assert result.history.events.column("amount").to_pylist() == [5, 5, None]


def test_values_that_are_no_number_are_blanked() -> None:
    result = checked(event(1, kind="message", value=float("inf")))
    assert problems(result)["not_a_number"] == (1, "blanked")
    assert result.history.events.column("value").to_pylist() == [None]


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [("message", 1e300, "bad_mood"), ("message", -1.5, "bad_mood"), ("view", 3.0, "value_unused")],
)
def test_values_that_mean_nothing_are_blanked(kind: str, value: float, code: str) -> None:
    result = checked(event(1, kind=kind, value=value))
    assert problems(result)[code] == (1, "blanked")
    assert result.history.events.column("value").to_pylist() == [None]


def test_products_from_before_there_were_any_are_undated() -> None:
    result = checked(products=({"product": "p", "created_at": -5}, {"product": "q", "created_at": 2**62}))
    assert problems(result) == {"bad_created_at": (2, "blanked")}
    assert result.history.products.column("created_at").to_pylist() == [None, None]


def test_product_prices_below_nothing_are_blanked() -> None:
    result = checked(products=({"product": "p", "list_price": -5, "cost": 3}, {"product": "p"}))
    assert problems(result) == {"bad_list_price": (1, "blanked"), "duplicate": (1, "dropped")}
    assert result.history.products.column("list_price").to_pylist() == [None]


def test_one_customer_with_a_tenth_of_all_events_is_named() -> None:
    crowd = [event(number, customer=f"c{number % 90}") for number in range(900)]
    robot = [event(1_000 + number, customer="robot") for number in range(200)]
    result = checked(*crowd, *robot)
    assert result.dominant == {"robot"}
    assert problems(result)["dominant_customer"] == (1, "left out")
    assert len(ids(result)) == 1_100


def test_missing_columns_are_all_named() -> None:
    with pytest.raises(MissingColumn) as caught:
        History.of(pa.table({"id": ["a"], "kind": ["view"]}))
    assert {"customer", "at", "product"} <= set(caught.value.columns)


def test_times_with_a_zone_are_read_and_naive_ones_refused() -> None:
    table = History.from_rows([event(1)]).events
    position = EVENTS.get_field_index("at")
    zoned = pa.array([NOW], pa.timestamp("ns", tz="Asia/Shanghai"))
    naive = pa.array([NOW.replace(tzinfo=None)], pa.timestamp("us"))
    assert History.of(table.set_column(position, "at", zoned)).events.column("at").to_pylist() == [
        to_micros(NOW)
    ]
    with pytest.raises(WrongType, match="time zone"):
        History.of(table.set_column(position, "at", naive))


def test_columns_that_cannot_be_cast_are_refused() -> None:
    table = History.from_rows([event(1)]).events
    with pytest.raises(WrongType, match=r"events\.amount"):
        History.of(table.set_column(table.schema.get_field_index("amount"), "amount", pa.array(["dear"])))


def test_fingerprint_follows_the_rows() -> None:
    one, two = History.from_rows([event(1)]), History.from_rows([event(2)])
    assert one.fingerprint() == History.from_rows([event(1)]).fingerprint()
    assert one.fingerprint() != two.fingerprint()
