"""A long log is read a portion at a time and looked at in parts of its customers; nothing of it changes by that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention import amounts
from retention.logs import Columns, fast_csv, parsed, read_log, read_parts
from tests.benchmarks.long_log import parts as made_up
from tests.benchmarks.long_log import write

ROWS = [
    "customer,item,time,quantity,price",
    'c1,"a ""big"" one",2026-01-01T10:00:00Z,1,5.00',
    "c2,b,2026-01-02T10:00:00Z,NULL,3.00",
    "c3,b,2026-01-03T10:00:00Z",
    'c4,"two\nlines",2026-01-04T10:00:00Z,2,nan',
    "c5,b,2026-01-05T10:00:00Z,1,3.00,more",
    "c6,n/a,2026-01-06T10:00:00Z,-1,3.00",
    "nOnE,b,2026-01-07T10:00:00Z,1,3.00",
]


def both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    slow = read_log(path, Columns.parse(None))
    monkeypatch.setattr(fast_csv, "LEAST_BYTES", 0)
    return slow, read_log(path, Columns.parse(None))


@pytest.mark.parametrize("odd", [(), ("",), (",,,,",), ("", "c7,b,2026-01-08T10:00:00Z,1,2.00")])
def test_a_csv_file_reads_the_same_by_arrow(
    odd: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("\n".join([*ROWS, *odd, "c9,b,2026-01-09T10:00:00Z,1,2.50"]) + "\n", "utf-8")
    slow, fast = both_ways(path, monkeypatch)
    assert fast.history.events.equals(slow.history.events)
    assert fast.problems == slow.problems
    assert fast.rows == slow.rows
    assert {one.code for one in fast.problems} >= {"bad_row", "negative_quantity", "no_customer"}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "log.parquet"
    write(path, 6_000, 400, seed=3)
    return path


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small enough to be quick, and by way of the disk."""
    monkeypatch.setattr(parsed, "LONG", 1_000)
    monkeypatch.setattr(parsed, "PART", 1_500)
    monkeypatch.setattr(parsed, "LARGE_FILE", 0)


@pytest.mark.usefixtures("in_parts")
def test_the_parts_are_the_log(log: Path) -> None:
    whole = read_log(log, Columns.parse(None))
    with read_parts(log, Columns.parse(None)) as parts:
        assert parts.count > 2
        found = [parts.part(number) for number in range(parts.count)]
        assert parts.at == whole.at
        assert parts.customers() == len(whole.history.events.column("customer").unique())
    names = [set(one.history.events.column("customer").to_pylist()) for one in found]
    assert sum(map(len, names)) == len(set.union(*names)), "a customer is in one part"
    together = pa.concat_tables([one.history.events for one in found]).sort_by("id")
    assert together.equals(whole.history.events.sort_by("id").combine_chunks().cast(together.schema))
    assert all(one.history.products.equals(whole.history.products) for one in found)
    counted = {one.code: one.count for one in whole.problems}
    assert {
        code: sum(one.count for each in found for one in each.problems if one.code == code)
        for code in counted
    } == counted


def test_a_log_that_is_not_long_is_one_part(log: Path) -> None:
    with read_parts(log, Columns.parse(None)) as parts:
        assert parts.count == 1
        assert parts.dominant() is None
        assert parts.part(0).history.events.equals(read_log(log, Columns.parse(None)).history.events)


@pytest.mark.usefixtures("in_parts")
def test_who_dominates_is_told_of_the_whole_log(tmp_path: Path) -> None:
    table = next(made_up(3_000, 200, 1))
    robot = table.slice(0, 500).set_column(0, "customer", pa.array(["robot"] * 500))
    pq.write_table(pa.concat_tables([table, robot]), tmp_path / "log.parquet")
    with read_parts(tmp_path / "log.parquet", Columns.parse(None)) as parts:
        found = parts.dominant()
    assert found is not None
    assert found.examples == ("customer robot",)


def test_the_same_seed_writes_the_same_log(tmp_path: Path, log: Path) -> None:
    write(tmp_path / "log.parquet", 6_000, 400, seed=3)
    assert pq.read_table(tmp_path / "log.parquet").equals(pq.read_table(log))
    write(tmp_path / "other.parquet", 6_000, 400, seed=4)
    assert not pq.read_table(tmp_path / "other.parquet").equals(pq.read_table(log))


priced = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([0.0, 0.01, 1.0, 2.0, 3.0, 250.0, 9e4, 5e8])),
    min_size=1,
    max_size=80,
)


@given(priced)
def test_amounts_are_judged_as_row_by_row(rows: list[tuple[int, float]]) -> None:
    codes = np.array([product for product, _ in rows], np.int32)
    unit = np.array([price for _, price in rows])
    prices = amounts._Prices()
    one_by_one = [prices.refuses(product, price) for product, price in rows]
    wide = amounts._of_wide_products(codes, unit)
    assert amounts._typing_errors(codes, unit, wide).tolist() == one_by_one
