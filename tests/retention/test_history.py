"""What comes in is checked: columns by type, rows by what can be true."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kernel.times import to_micros
from retention import MissingColumn, WrongType
from retention.amounts import RECENT_PURCHASES, _typing_errors
from retention.checks import Checked, check
from retention.history import EVENTS, History
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


def amounts(result: Checked) -> list[int | None]:
    found: list[int | None] = result.history.events.column("amount").to_pylist()
    return found


def priced(*prices: int, product: str = "p", start: int = 0) -> list[dict[str, Any]]:
    return [event(start + number, amount=price, product=product) for number, price in enumerate(prices)]


def test_a_price_is_judged_by_those_before_it() -> None:
    """The first one is only found to be absurd by later ones: it is kept, and reported."""
    result = checked(*priced(5_000_000, 500, 500, 500, 500, 5_000_000))
    assert amounts(result) == [5_000_000, 500, 500, 500, 500, None]
    assert problems(result) == {"absurd_amount": (1, "blanked"), "absurd_at_first": (1, "kept")}


def test_a_new_price_level_is_refused_a_few_times_only() -> None:
    """Three orders for a cent to try the shop out, and then the price."""
    found = amounts(checked(*priced(*[1] * 3, *[990_000] * 20)))
    refused = found.count(None)
    assert 0 < refused < RECENT_PURCHASES
    assert found == [1] * 3 + [None] * refused + [990_000] * (20 - refused)


def test_a_new_product_is_judged_by_the_shop() -> None:
    usual = [one for n in range(3) for one in priced(300, product=f"q{n}", start=n)]
    result = checked(*usual, *priced(99_999_900, 300, product="r", start=10))
    assert amounts(result) == [300, 300, 300, None, 300]
    dear = checked(*usual, *priced(290_000, product="r", start=10))
    assert amounts(dear)[-1] == 290_000, "a shop may sell cups and a piano"


def test_what_was_judged_once_stays_as_it_is() -> None:
    prices = [1] * 3 + [990_000] * 20 + [1] * 5 + [99_000_000]
    currencies = ["USD", "CNY", "CNY", "CNY"] * 8
    rows = [{**row, "currency": one} for row, one in zip(priced(*prices), currencies, strict=False)]
    once = checked(*rows)
    assert None in amounts(once)
    again = check(once.history, NOW)
    assert again.history.events.equals(once.history.events)
    assert not [one for one in again.problems if one.action == "blanked"]


def test_millions_of_purchases_are_judged_in_seconds() -> None:
    """Every product has a price that makes it be looked at row by row."""
    draw = np.random.default_rng(0)
    codes = draw.integers(0, 1_000, 300_000).astype(np.int32)
    prices = np.exp(draw.normal(6, 2, 300_000))
    started = time.process_time()
    _typing_errors(codes, prices, np.ones(len(codes), bool))
    assert time.process_time() - started < 3.0


def test_the_currency_is_that_of_the_catalogue() -> None:
    rows = [event(1, amount=5), event(2, amount=5, currency="USD"), event(3, amount=5, currency="USD")]
    result = checked(*rows, products=({"product": "p", "currency": "CNY"},))
    assert amounts(result) == [5, None, None]
    assert result.currency == "CNY"


def test_a_currency_counts_from_when_it_leads() -> None:
    rows = [event(number, amount=5, currency=one) for number, one in enumerate(["CNY", "USD", "USD", "USD"])]
    result = checked(*rows)
    assert amounts(result) == [5, None, 5, 5]
    assert result.currency == "USD"
    assert problems(result) == {"other_currency": (1, "blanked"), "currency_changed": (1, "kept")}


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


def test_in_a_small_shop_such_a_customer_is_named_and_kept() -> None:
    crowd = [event(number, customer=f"c{number % 30}") for number in range(120)]
    best = [event(1_000 + number, customer="best") for number in range(30)]
    result = checked(*crowd, *best)
    assert problems(result)["dominant_customer"] == (1, "kept")
    assert result.dominant == frozenset()
    assert "dominant_customer" not in problems(checked(*crowd[:60], *best))


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
