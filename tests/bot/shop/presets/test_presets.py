"""What all presets promise: whole records whatever the portions, and plain words where a file is none of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.shop.importing.presets import PRESETS
from bot.shop.importing.sources import PresetSource
from kernel import tables
from kernel.tables import TableRefused
from tests.bot.shop.presets import (
    test_shopify,
    test_shopify_orders,
    test_taobao,
    test_woocommerce,
    test_youzan,
)
from tests.bot.shop.presets.exports import options, read, table, written


def test_an_unknown_preset_says_which_there_are() -> None:
    with pytest.raises(TableRefused, match="'magento'; there are shopify, woocommerce, taobao, youzan"):
        PresetSource("magento", [], options())


@pytest.mark.parametrize(
    ("name", "header", "kind"),
    [
        ("shopify", test_shopify.CUSTOMERS, "customers"),
        ("shopify", test_shopify.PRODUCTS, "products"),
        ("shopify", test_shopify.NEW_PRODUCTS, "products"),
        ("shopify", test_shopify_orders.ORDERS, "orders"),
        ("woocommerce", test_woocommerce.PRODUCTS, "products"),
        ("woocommerce", test_woocommerce.GERMAN, "products"),
        ("woocommerce", test_woocommerce.ORDERS, "orders"),
        ("woocommerce", test_woocommerce.ROW_PER_ITEM, "orders"),
        ("taobao", test_taobao.ORDERS, "orders"),
        ("taobao", test_taobao.DETAILS, "order lines"),
        ("taobao", test_taobao.GOODS, "products"),
        ("youzan", test_youzan.CUSTOMERS, "customers"),
        ("youzan", test_youzan.ORDERS, "orders"),
        ("youzan", test_youzan.HEADS, "order heads"),
        ("youzan", test_youzan.LINES, "order lines"),
        ("youzan", test_youzan.GOODS, "products"),
    ],
)
def test_each_file_is_recognised_by_its_columns(name: str, header: str, kind: str) -> None:
    shape = PRESETS[name].shape_of(header.split(","))
    assert shape is not None
    assert shape.kind == kind
    assert PRESETS[name].shape_of(["订单", "time", "amount"]) is None


@pytest.mark.parametrize("name", PRESETS)
def test_a_file_of_something_else_is_refused_with_what_each_must_have(tmp_path: Path, name: str) -> None:
    file = written(tmp_path / "stock.csv", table("Warehouse,Shelf", ("1", "2")))
    with pytest.raises(TableRefused) as refused:
        PRESETS[name].read([file], options())
    said = str(refused.value)
    assert all(shape.called in said and shape.needed() in said for shape in PRESETS[name].shapes)
    assert "Its columns: 'Warehouse', 'Shelf'." in said


@pytest.mark.parametrize("name", PRESETS)
def test_one_file_that_is_none_of_theirs_stops_all_before_anything_is_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(TableRefused, match="no such file"):
        PRESETS[name].read([tmp_path / "missing.csv"], options())


@pytest.mark.parametrize("portion", [1, 2, 3])
def test_records_go_on_over_the_end_of_a_portion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    row, placed = test_shopify_orders.row, test_shopify_orders.PLACED
    rows = [
        line
        for number in range(1, 6)
        for line in (row(f"#{number}") | placed, *(row(f"#{number}", f"Plate {n}") for n in range(number)))
    ]
    file = test_shopify_orders.orders(tmp_path, *rows)
    whole = read("shopify", [file])
    monkeypatch.setattr(tables, "PORTION", portion)
    assert read("shopify", [file]) == whole
    assert [len(one["lines"]) for one in whole.records] == [2, 3, 4, 5, 6]


def test_what_comes_is_portioned(tmp_path: Path) -> None:
    rows = [test_shopify_orders.row(f"#{number}") | test_shopify_orders.PLACED for number in range(12_000)]
    came = read("shopify", [test_shopify_orders.orders(tmp_path, *rows)])
    assert len(came.records) == 12_000
    assert len(came.shares) == 3
    assert came.shares == sorted(came.shares)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_row_is_told_refused_or_left_out_once(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever stands in the cells."""
    columns = [name for name in test_shopify_orders.ORDERS.split(",") if name != "Name"]
    cell = st.one_of(
        st.sampled_from(["", "1", "paid", "2026-11-20", "EUR", "'", '="', "-5"]), st.text(max_size=8)
    )
    rows = data.draw(
        st.lists(
            st.fixed_dictionaries(
                {"Name": st.sampled_from(["#1", "#2", "#3"])},
                optional=dict.fromkeys(data.draw(st.lists(st.sampled_from(columns), max_size=8)), cell),
            ),
            max_size=8,
        )
    )
    file = written(tmp_path / "o.csv", table(test_shopify_orders.ORDERS, *rows).replace("\x00", ""), "utf-8")
    came = read("shopify", [file])
    counted = [*came.rows, *(rows for rows, *_ in came.refused), *(rows for rows, _ in came.left_out)]
    assert sorted(number for numbers in counted for number in numbers) == [*range(1, len(rows) + 1)]
