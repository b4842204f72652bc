"""A file about items beside a log: what they are like, what is left of them, and those that nobody has bought."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kernel.times import from_micros
from retention.errors import LogRefused
from retention.logs import Columns
from retention.logs.columns import ITEMS
from retention.logs.items import Items, read_items
from tests.retention.logs.test_logs import read, written


def items(tmp_path: Path, *rows: str, header: str, columns: str = "") -> Items:
    path = written(tmp_path, *rows, header=header, name="items.csv")
    return read_items(path, Columns.parse(columns, ITEMS))


def test_everything_about_an_item_is_read(tmp_path: Path) -> None:
    found = items(
        tmp_path,
        "x,绿茶,Tea,Lotus,loose leaf,12.50,3,2026-01-05",
        "y,cup,Cups,,,,-2,",
        header="SKU,title,Category,Brand,Notes,List,OnHand,Since",
        columns="item=SKU,attributes=Notes,list_price=List,stock=OnHand,created=Since",
    )
    first, second = found.products.to_pylist()
    assert (first["product"], first["name_zh"], first["category"], first["brand"]) == (
        "x",
        "绿茶",
        "Tea",
        "Lotus",
    )
    assert (first["attributes"], first["list_price"], first["stock"]) == ("loose leaf", 1_250, 3)
    assert from_micros(first["created_at"]).isoformat() == "2026-01-05T00:00:00+00:00"
    assert (second["name_en"], second["stock"], second["list_price"], second["created_at"]) == (
        "cup",
        0,
        None,
        None,
    )
    assert found.problems == ()
    assert "title is taken as the item's name" in found.notes


def test_the_file_is_right_and_the_log_fills_what_it_leaves_open(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "a,x,2026-01-01,mug,Cups",
        "a,y,2026-01-02,lamp,Light",
        header="customer,item,time,name,category",
    )
    both = items(tmp_path, "x,cup,", "new,vase,Home", header="item,name,category").beside(log)
    known = {row["product"]: (row["name_en"], row["category"]) for row in both.history.products.to_pylist()}
    assert known == {"x": ("cup", "Cups"), "y": ("lamp", "Light"), "new": ("vase", "Home")}
    assert both.history.events == log.history.events
    assert [one.code for one in both.checked().problems] == []


def test_items_that_the_shop_did_not_have_yet_are_left_out(tmp_path: Path) -> None:
    log = read(tmp_path, "a,x,2026-01-01", header="customer,item,time")
    later = items(tmp_path, "x,2026-03-01", "y,2026-03-01", "z,2025-12-01", header="item,created")
    assert later.beside(log).history.products.column("product").to_pylist() == ["x", "z"]


def test_numbers_that_name_items_meet_those_of_the_log(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    pq.write_table(pa.table({"item": [7.0, None], "stock": [0, 3]}), path)
    log = read(tmp_path, "a,7,2026-01-01", header="customer,item,time")
    found = read_items(path, Columns.parse(None, ITEMS))
    assert found.beside(log).history.products.column("product").to_pylist() == ["7"]
    assert [(one.code, one.count, one.examples) for one in found.problems] == [("no_item", 1, ("2",))]


def test_what_is_wrong_with_rows_is_counted(tmp_path: Path) -> None:
    found = items(tmp_path, "x,3", "x,4", ",1", "y,much", "z,1", header="item,stock")
    assert {one.code: (one.count, one.action, one.examples) for one in found.problems} == {
        "no_item": (1, "dropped", ("4",)),
        "same_item": (1, "dropped", ("3",)),
        "bad_stock": (1, "blanked", ("5",)),
    }
    assert found.products.column("stock").to_pylist() == [3, None, 1]
    assert all(one.table == "items" for one in found.problems)


@pytest.mark.parametrize(
    ("header", "columns", "said"),
    [
        ("thing,stock", "", "which column is the item? Say so with --item-columns item=…"),
        ("item,stock", "itm=item", "--item-columns: there is no role 'itm'; did you mean item?"),
        ("item,stock", "item=item,stock=stok", "there is no column 'stok' (for stock). Nearest: 'stock'"),
        ("item,stock", "item", "--item-columns: 'item' is no pair field=column, such as item=…"),
        ("item,created", "", "2 of 2 values of 'created' cannot be read as created, such as "),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, header: str, columns: str, said: str) -> None:
    with pytest.raises(LogRefused) as refused:
        items(tmp_path, "x,soon", "y,later", header=header, columns=columns)
    assert said in str(refused.value)


def test_a_file_without_items_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogRefused, match="names no item"):
        items(tmp_path, header="item,stock")
