"""A shop's log is read as it is: what is wrong is counted with its rows, and nothing is guessed in silence."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.times import from_micros, to_micros
from retention.errors import LogRefused
from retention.logs import Columns, Log, read_log
from retention.logs.reading import MINOR

HEADER = "customer,item,time,quantity,price"


def written(tmp_path: Path, *rows: str, header: str = HEADER, name: str = "log.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def read(tmp_path: Path, *rows: str, header: str = HEADER, columns: str = "", **options: Any) -> Log:
    return read_log(written(tmp_path, *rows, header=header), Columns.parse(columns), **options)


def events(log: Log) -> list[dict[str, Any]]:
    return log.history.events.to_pylist()


def problems(log: Log) -> dict[str, tuple[int, str, tuple[str, ...]]]:
    return {one.code: (one.count, one.action, one.examples) for one in log.problems}


def times(log: Log) -> list[datetime]:
    return [from_micros(row["at"]) for row in events(log)]


# --- columns ----------------------------------------------------------------------------------------------


def test_columns_are_found_by_name_or_as_told(tmp_path: Path) -> None:
    named = read(tmp_path, "c1,p1,2026-01-02,2,3.50")
    told = read(
        tmp_path,
        "c1,p1,2026-01-02,2,3.50",
        header="Who,What,When,Units,Each",
        columns="customer=Who, item=What,time=When,quantity=Units,price=Each",
    )
    assert events(named) == events(told)
    row = events(told)[0]
    assert (row["kind"], row["customer"], row["product"]) == ("purchase", "c1", "p1")
    assert (row["quantity"], row["amount"]) == (2, 2 * 350)
    assert told.history.products.column("product").to_pylist() == ["p1"]


def test_columns_that_describe_an_item_are_found_beside_those_named(tmp_path: Path) -> None:
    header = "Who,What,When,Description,Category"
    log = read(
        tmp_path, "a,x,2026-01-02,red cup,Cups", header=header, columns="customer=Who,item=What,time=When"
    )
    [product] = log.history.products.to_pylist()
    assert (product["name_en"], product["category"]) == ("red cup", "Cups")
    assert any("Description" in note for note in log.notes)
    plain = read(
        tmp_path,
        "a,2026-01-02,red cup,Cups",
        header="Who,When,Description,Category",
        columns="customer=Who,time=When",
    )
    assert "name" not in plain.columns


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("customer=Custmer,time=When", ["'Custmer'", "Nearest: 'Customer'", "'When'", "'What'"]),
        ("custmer=Customer,time=When", ["no role 'custmer'", "did you mean customer?"]),
        ("customer=Customer", ["which column is the time?", "'Customer', 'What', 'When'"]),
        ("customer:Customer", ["no pair field=column"]),
        ("customer=Customer,customer=What,time=When", ["named twice"]),
        ("", ["which column is the time?"]),
    ],
)
def test_a_column_that_is_not_there(tmp_path: Path, columns: str, words: list[str]) -> None:
    with pytest.raises(LogRefused) as refused:
        read(tmp_path, "c1,p1,2026-01-02", header="Customer,What,When", columns=columns)
    assert [word for word in words if word not in str(refused.value)] == []


def test_a_column_that_is_there_twice(tmp_path: Path) -> None:
    with pytest.raises(LogRefused, match="2 times"):
        read(tmp_path, "a,b,2026-01-01", header="customer,customer,time")


@pytest.mark.parametrize("name", ["log.xlsx", "log", "log.json"])
def test_an_unknown_suffix(tmp_path: Path, name: str) -> None:
    with pytest.raises(LogRefused, match=r"use \.csv"):
        read_log(written(tmp_path, "c,p,2026-01-01,1,1", name=name), Columns())


def test_no_file_an_empty_one_and_one_that_is_not_what_it_says(tmp_path: Path) -> None:
    with pytest.raises(LogRefused, match="no such file"):
        read_log(tmp_path / "none.csv", Columns())
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(LogRefused, match="is empty"):
        read_log(tmp_path / "empty.csv", Columns())
    (tmp_path / "text.parquet").write_text("customer,time\n")
    with pytest.raises(LogRefused, match="as Parquet"):
        read_log(tmp_path / "text.parquet", Columns())
    with pytest.raises(LogRefused, match="no row with a customer and a time"):
        read(tmp_path)


# --- formats ----------------------------------------------------------------------------------------------


def test_delimiters_compression_and_encodings_are_found(tmp_path: Path) -> None:
    rows = "customer;item;time;quantity;price;name\nc1;p1;2026-01-02 08:30;1;2,50;绿茶 £5\n"
    plain = tmp_path / "a.csv"
    plain.write_bytes(rows.encode("gb18030", "replace"))
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(("\ufeff" + rows).encode()))
    latin = tmp_path / "b.csv"
    latin.write_bytes(rows.replace("绿茶", "thé").encode("cp1252"))
    logs = [read_log(path, Columns()) for path in (plain, packed, latin)]
    assert [events(log)[0]["amount"] for log in logs] == [250, 250, 250]
    assert [log.history.products.column("name_zh")[0].as_py() for log in logs[:2]] == ["绿茶 £5"] * 2
    assert logs[2].history.products.column("name_en")[0].as_py() == "thé £5"


def test_parquet_keeps_ids_whole_and_gives_their_types_back(tmp_path: Path) -> None:
    """A number with missing values becomes a float: 17850.0 is customer 17850."""
    path = tmp_path / "log.parquet"
    moment = datetime(2026, 1, 2, 3, tzinfo=UTC)
    pq.write_table(
        pa.table(
            {
                "who": pa.array([17850.0, None, 12346.0]),
                "what": pa.array(["a", "b", "a"]).dictionary_encode(),
                "when": pa.array([moment] * 3, pa.timestamp("ns", "Asia/Shanghai")),
            }
        ),
        path,
    )
    log = read_log(path, Columns.parse("customer=who,item=what,time=when"))
    assert [row["customer"] for row in events(log)] == ["17850", "12346"]
    assert times(log) == [moment, moment]
    assert log.types["customer"] == pa.float64()
    assert problems(log) == {"no_customer": (1, "dropped", ("2",))}


def test_a_log_without_items(tmp_path: Path) -> None:
    log = read(tmp_path, "c1,2026-01-02,9.99", header="customer,time,amount")
    assert [(row["product"], row["quantity"], row["amount"]) for row in events(log)] == [(None, None, 999)]
    assert "no_item" not in problems(log)
    assert log.history.products.num_rows == 0
    assert log.checked().history.events.num_rows == 1


# --- times ------------------------------------------------------------------------------------------------

SAME = datetime(2026, 1, 31, 0, 30, tzinfo=UTC)


WAYS = (
    "2026-01-31T00:30:00Z",
    "2026-01-31 00:30",
    "2026-01-31T08:30:00+08:00",
    "2026-01-31 08:30:00 +08:00",
    "2026-01-30T19:30-0500",
    "2026-01-31 00:30:00 UTC",
    "2026/1/31 0:30",
    "31.01.2026 00:30",
    "2026年1月31日 00:30",
    "20260131T003000Z",
    "1769819400",
    "1769819400000",
    "1769819400.0",
)
DAYS = ("2026-01-31", "20260131", "2026/01/31", "2026年1月31日", "31.1.2026")


def test_ways_to_write_a_moment_or_a_day(tmp_path: Path) -> None:
    log = read(tmp_path, *(f"c{place},p1,{text},1,1" for place, text in enumerate((*WAYS, *DAYS))))
    midnight = SAME.replace(minute=0)
    assert times(log) == [SAME] * len(WAYS) + [midnight] * len(DAYS)


@pytest.mark.parametrize("text", ["1/31/2026 0:30", "31/1/2026 00:30:00", "1/31/2026 12:30 AM"])
def test_ways_to_write_a_moment_with_slashes(tmp_path: Path, text: str) -> None:
    assert times(read(tmp_path, f"c1,p1,{text},1,1")) == [SAME]


def test_zones_may_be_mixed_and_none_means_utc(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "c1,p1,2026-01-31T08:30:00+08:00,1,1",
        "c1,p2,2026-01-31T00:30:00,1,1",
        "c2,p1,2026-01-31,1,1",
    )
    assert times(log)[:2] == [SAME, SAME]
    assert "2 of 3 times name no zone: taken as UTC" in log.notes


def test_mixed_zones_are_counted(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "c1,p1,2026-01-31T08:30:00+08:00,1,1",
        "c1,p2,2026-01-31 08:30+0800,1,1",
        "c2,p1,2026-01-30T19:30:00-05:00,1,1",
        "c2,p2,2026-01-31T00:30:00Z,1,1",
        "c2,p3,2026-01-31 00:30 UTC,1,1",
        "c2,p4,2026-01-31 08:30+08,1,1",
        "c2,p5,2026-01-31 00:30+00:00,1,1",
    )
    assert times(log) == [SAME] * 7
    note = "the times name 3 time zones: 3 in +08:00, 3 in UTC, 1 in -05:00; each is read in its own"
    assert note in log.notes
    one = read(tmp_path, *(f"c{number},p1,2026-01-31T08:30:00+08:00,1,1" for number in range(3)))
    assert not any("zone" in note for note in one.notes)


def test_many_zones_are_summed_up(tmp_path: Path) -> None:
    rows = [f"c{number},p1,2026-01-31T08:30:00+{number:02}:00,1,1" for number in range(1, 10)]
    [note] = [one for one in read(tmp_path, *rows).notes if "zones" in one]
    assert note.startswith("the times name 9 time zones: 1 in +01:00, ")
    assert "4 in others" in note


def test_day_and_month_are_told_apart_by_the_column_or_not_at_all(tmp_path: Path) -> None:
    log = read(tmp_path, "c1,p1,1/2/2026 10:00,1,1", "c1,p1,1/13/2026 10:00,1,1")
    assert [moment.month for moment in times(log)] == [1, 1]
    assert any("month/day" in note for note in log.notes)
    with pytest.raises(LogRefused, match="cannot be told apart"):
        read(tmp_path, "c1,p1,1/2/2026,1,1", "c1,p1,3/4/2026,1,1")


def test_times_that_are_none(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        *(f"c{number},p,2026-01-0{number},1,1" for number in range(1, 6)),
        "c6,p,soon,1,1",
        "c7,p,,1,1",
        "c8,p,2026-02-30,1,1",
    )
    assert problems(log) == {"no_time": (1, "dropped", ("8",)), "bad_time": (2, "dropped", ("7", "9"))}
    with pytest.raises(
        LogRefused, match=r"2 of 2 values of 'item' cannot be read as time, such as 'p1', 'p2'"
    ):
        read(tmp_path, "c1,p1,2026-01-01,1,1", "c1,p2,2026-01-01,1,1", columns="customer=customer,time=item")


def test_only_what_lies_before_the_moment_is_used(tmp_path: Path) -> None:
    rows = ["c1,p1,2026-01-01,1,1", "c1,p2,2026-01-02,1,1", "c1,p3,2026-01-03,x,1"]
    log = read(tmp_path, *rows, before=datetime(2026, 1, 2, tzinfo=UTC))
    assert [row["product"] for row in events(log)] == ["p1"]
    assert log.history.products.column("product").to_pylist() == ["p1"]
    assert problems(log) == {}
    assert log.at == datetime(2026, 1, 2, tzinfo=UTC)
    with pytest.raises(LogRefused, match="runs from 2026-01-01 to 2026-01-03"):
        read(tmp_path, *rows, before=datetime(2025, 1, 2, tzinfo=UTC))


def test_rows_from_the_future_do_not_move_the_end(tmp_path: Path) -> None:
    late = datetime.now(UTC) + timedelta(days=400)
    log = read(tmp_path, "c1,p1,2026-01-01,1,1", f"c1,p2,{late:%Y-%m-%d},1,1")
    assert problems(log)["future"] == (1, "dropped", ("3",))
    assert log.at == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_log_ends_after_its_last_event_or_day(tmp_path: Path) -> None:
    assert read(tmp_path, "c1,p1,2026-01-01,1,1").at == datetime(2026, 1, 2, tzinfo=UTC)
    ended = read(tmp_path, "c1,p1,2026-01-01,1,1", "c1,p1,2026-01-02T10:00,1,1").at
    assert ended == datetime(2026, 1, 2, 10, 0, 0, 1, tzinfo=UTC)


@settings(max_examples=10, deadline=None)
@given(moment=st.datetimes(datetime(1971, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_epochs_of_any_unit_are_the_same_moment(
    tmp_path_factory: pytest.TempPathFactory, moment: datetime
) -> None:
    moment = moment.replace(microsecond=0)
    seconds = to_micros(moment) // 10**6
    if seconds < 10**8 + 10**7:  # eight digits may be a date
        seconds += 10**9
    folder = tmp_path_factory.mktemp("epoch")
    rows = (f"c{place},p,{seconds * 10**power},1,1" for place, power in enumerate((0, 3, 6, 9)))
    assert {int(one.timestamp()) for one in times(read(folder, *rows))} == {seconds}


# --- numbers ----------------------------------------------------------------------------------------------


def test_returns_and_money_back(tmp_path: Path) -> None:
    log = read(tmp_path, "c1,p1,2026-01-01,3,2", "c1,p1,2026-01-05,-1,2", "c1,p1,2026-01-06,1,-2")
    assert [(row["kind"], row["quantity"], row["amount"]) for row in events(log)] == [
        ("purchase", 3, 600),
        ("return", 1, -200),
        ("return", 1, -200),
    ]
    assert problems(log) == {
        "negative_quantity": (1, "kept", ("3",)),
        "negative_price": (1, "kept", ("4",)),
    }


def test_a_return_of_what_was_never_bought_is_reported_with_its_row(tmp_path: Path) -> None:
    checked = read(tmp_path, "c1,p1,2026-01-01,1,2", "c1,p2,2026-01-05,-1,2").checked()
    orphans = [one for one in checked.problems if one.code == "return_without_purchase"]
    assert [(one.count, one.examples) for one in orphans] == [(1, ("3",))]


def test_numbers_as_people_write_them(tmp_path: Path) -> None:
    rows = ('"1,234.50"', "£2.50", "¥3", '"2,5"', '"1.234,50"', "1e2")
    log = read(tmp_path, *(f"c{place},p{place},2026-01-01,1,{text}" for place, text in enumerate(rows)))
    assert [row["amount"] for row in events(log)] == [123450, 250, 300, 250, 123450, 10000]


def test_numbers_that_are_none(tmp_path: Path) -> None:
    good = [f"c{number},p{number},2026-01-01,1,1" for number in range(8)]
    log = read(
        tmp_path,
        *good,
        "a,p,2026-01-01,many,1",
        "b,p,2026-01-01,1,cheap",
        "c,p,2026-01-01,,",
        "d,p,2026-01-01,inf,nan",
    )
    assert problems(log) == {
        "bad_quantity": (2, "blanked", ("10", "13")),
        "bad_price": (1, "blanked", ("11",)),
    }
    assert [row["quantity"] for row in events(log)][8:] == [None, 1, None, None]
    assert [row["amount"] for row in events(log)][8:] == [100, None, None, None]


def test_absurd_prices_and_quantities_are_kept_out_by_the_check(tmp_path: Path) -> None:
    rows = [f"c{number},p,2026-01-0{number},1,2" for number in range(1, 6)]
    log = read(
        tmp_path, *rows, "c6,p,2026-01-06,1,999999999", "c7,p,2026-01-07,9e17,1", "c8,p,2026-01-08,0,1"
    )
    checked = log.checked()
    found = {one.code: one.examples for one in checked.problems}
    assert found == {"bad_quantity": ("8", "9"), "absurd_amount": ("7",)}


def test_weights_are_rounded_but_paid_for_exactly(tmp_path: Path) -> None:
    log = read(tmp_path, "c1,p1,2026-01-01,0.3,2", "c1,p1,2026-01-02,2.6,2")
    assert [(row["quantity"], row["amount"]) for row in events(log)] == [(1, 60), (3, 520)]
    assert problems(log)["broken_quantity"][0] == 2


def test_a_price_that_grows_with_the_quantity_is_that_of_the_row(tmp_path: Path) -> None:
    rows = [
        f"c{place},p{place % 3},2026-01-01,{1 + place % 7},{2.5 * (1 + place % 7)}" for place in range(80)
    ]
    log = read(tmp_path, *rows)
    assert [row["amount"] for row in events(log)][:7] == [250 * units for units in range(1, 8)]
    assert any("grows with the quantity" in note for note in log.notes)
    unit = read(tmp_path, *(f"c{place},p,2026-01-01,{1 + place % 7},2.5" for place in range(80)))
    assert events(unit)[6]["amount"] == 7 * 250
    assert not any("grows" in note for note in unit.notes)


# --- rows -------------------------------------------------------------------------------------------------


def test_rows_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "c1,p1,2026-01-01,1,1",
        "c2,p1",
        "c3,p1,2026-01-01,1,1,extra",
        ",p1,2026-01-01,1,1",
        "c4,,2026-01-02,1,1",
    )
    assert problems(log) == {
        "bad_row": (2, "dropped", ("3", "4")),
        "no_customer": (1, "dropped", ("5",)),
        "no_item": (1, "kept", ("6",)),
    }
    assert log.rows == 5


def test_an_order_that_was_exported_twice_counts_once(tmp_path: Path) -> None:
    order = ["c1,p1,2026-01-01T10:00,1,1", "c1,p2,2026-01-01T10:00,1,1"]
    log = read(tmp_path, *order, "c2,p1,2026-01-01T11:00,1,1", *order)
    assert [int(row["id"]) for row in events(log)] == [2, 3, 4]
    assert problems(log) == {"duplicate": (2, "dropped", ("5", "6"))}


def test_a_line_that_stands_twice_in_an_order_is_two_pieces(tmp_path: Path) -> None:
    log = read(
        tmp_path, "c1,p1,2026-01-01T10:00,1,1", "c1,p1,2026-01-01T10:00,1,1", "c1,p2,2026-01-01T10:00,1,1"
    )
    assert len(events(log)) == 3
    assert problems(log) == {"repeated_line": (2, "kept", ("2", "3"))}


def test_equal_rows_of_a_day_without_a_clock_may_be_two_purchases(tmp_path: Path) -> None:
    rows = ["c1,p1,2026-01-01,1,1"] * 2
    assert len(events(read(tmp_path, *rows))) == 2
    numbered = read(tmp_path, *(f"{row},o1" for row in rows), header=f"{HEADER},order")
    assert len(events(numbered)) == 1


def test_kinds_have_several_names(tmp_path: Path) -> None:
    words = ("view", "addtocart", "transaction", "refund", "浏览", "dance")
    rows = [f"c1,p1,2026-01-0{place + 1},{word}" for place, word in enumerate(words)]
    log = read(tmp_path, *rows, header="customer,item,time,kind")
    assert [row["kind"] for row in events(log)] == ["view", "cart", "purchase", "return", "view", "dance"]
    assert {one.code: one.examples for one in log.checked().problems} == {"unknown_kind": ("7",)}


def test_what_a_log_cannot_tell_is_said(tmp_path: Path) -> None:
    log = read(tmp_path, "c1,2026-01-01", header="customer,time")
    assert any("no views, searches or carts" in note for note in log.notes)
    assert any("no prices" in note for note in log.notes)
    viewed = read(tmp_path, "c1,p,2026-01-01,view,1", header="customer,item,time,kind,price")
    assert not any("no views" in note for note in viewed.notes)


def test_a_column_to_group_by_comes_along(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "c1,2026-01-01,DE",
        ",2026-01-01,UK",
        "c2,2026-01-01,",
        header="customer,time,land",
        by="land",
    )
    assert log.by is not None
    assert log.by.to_pylist() == ["DE", None]
    with pytest.raises(LogRefused, match="'country'"):
        read(tmp_path, "c1,2026-01-01,DE", header="customer,time,land", by="country")


@settings(max_examples=10, deadline=None)
@given(
    amounts=st.lists(st.tuples(st.integers(-5, 5), st.decimals(-100, 100, places=2)), min_size=1, max_size=20)
)
def test_no_row_is_lost_or_becomes_a_nan(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    rows = [f"c{place},p,2026-01-01,{units},{price}" for place, (units, price) in enumerate(amounts)]
    found = events(read(folder, *rows))
    assert len(found) == len(amounts)
    for (units, price), row in zip(amounts, found, strict=True):
        back = units < 0 or price * max(abs(units), 0) < 0
        assert row["kind"] == ("return" if back else "purchase")
        assert abs(row["amount"]) == abs(int(price * units * MINOR))
        assert (row["amount"] <= 0) if back else (row["amount"] >= 0)
