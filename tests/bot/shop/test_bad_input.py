"""What shops' files and systems get wrong is refused with row, value and what to do; what was good stays as it was."""

from __future__ import annotations

import gzip
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.shop.importing.running import Import, run_import
from bot.shop.intake.customers import take_customers
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.events import EventRecord, take_events
from bot.shop.intake.orders import take_orders
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.products import take_products
from bot.shop.intake.records import OrderRecord, ProductRecord
from kernel.tables import TableRefused
from storage import Store
from tests.bot.shop.presets.exports import table, written
from tests.bot.shop.presets.test_shopify import PRODUCTS as SHOPIFY
from tests.bot.shop.test_import_whole import NOW, OPTIONS, Home, but_imports, home

__all__ = ["home"]

ORDERS = "order,customer,item,quantity,price,time,status\n"
ANY = "1,c1,socks,1,14,2026-11-01,paid\n"


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("products", "item,name,price,stock\nhat,Hat,20,-3\n", "stock: '-3': Input should be greater"),
        ("products", "item,name,price\nhat,Hat,0\n", "list_price: '0': Input should be greater"),
        (
            "products",
            "item,name,price,currency\nhat,Hat,20,ZZQ\n",
            "currency: 'ZZQ' is no currency; it has three",
        ),
        ("products", "item,name,price\nhat,Hat\n", "2 values for 3 columns"),
        ("orders", "order,item,price,time\n1,socks,14,2036-11-01\n", "time: '2036-11-01' lies in the future"),
        (
            "orders",
            "order,item,price,time,currency\n1,socks,14,2026-11-01,CNY\n1,jacket,9,2026-11-01,EUR\n",
            "currency: an order has one currency, and its rows say CNY, EUR",
        ),
        ("orders", f"{ORDERS}{ANY.replace(',1,14,', ',1,many,')}", "price: 'many' is not a number"),
        ("customers", f"customer,name\n{'x' * 99},Ann\n", "customer: longer than 90 characters"),
    ],
)
async def test_what_can_not_be_right_is_refused_with_row_and_value(
    home: Home, kind: str, content: str, said: str
) -> None:
    before = but_imports(await home.everything())
    report = await home.take(kind, content)
    [(file, row, reason)] = report.examples
    assert (file, row, report.taken) == (f"{kind}.csv", 1, 0)
    assert reason.startswith(said)
    assert but_imports(await home.everything()) == before


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("customers", "customer,name,customer\nc1,Ann,c2\n", "'customer' is there 2 times: give each a name"),
        ("customers", "Lat,Lon\n1,2\n", "which column is customer.*--columns.*'Lat', 'Lon'"),
        ("customers", f"{ORDERS}{ANY}", "has columns of orders, not of customers: import it as orders"),
        ("products", f"{ORDERS}{ANY}", "has columns of orders, not of products"),
        (
            "customers",
            "kind,customer,item,time,value\nrating,c1,socks,2026-11-01,5\n",
            "has columns of events",
        ),
    ],
)
async def test_a_file_that_can_not_be_meant_is_refused_at_once(
    home: Home, kind: str, content: str, why: str
) -> None:
    before = await home.everything()
    with pytest.raises(TableRefused, match=why):
        await home.take(kind, content)
    assert await home.everything() == before


async def test_a_million_rows_of_another_kind_are_refused_without_being_read(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(ORDERS)
        file.writelines(f"{n},c1,socks,1,14,2026-11-01,paid\n" for n in range(200_000))
    wanted = Import(kind="customers", files=[path], options=OPTIONS)
    tracemalloc.start()
    try:
        began = time.process_time()
        with pytest.raises(TableRefused, match="import it as orders"):
            await run_import(home.store, wanted, rejects_folder=tmp_path)
        assert time.process_time() - began < 2
        assert tracemalloc.get_traced_memory()[1] < 30 * 2**20
    finally:
        tracemalloc.stop()


async def test_reasons_that_differ_in_every_row_are_counted_together_in_the_end(home: Home) -> None:
    rows = "".join(f"{n},nobody{n},socks,1,14,2026-11-01,paid\n" for n in range(1_200))
    report = await home.take("orders", ORDERS + rows)
    assert (report.rejected, report.reasons["other reasons"], len(report.reasons)) == (1_200, 200, 1_001)


# --- cut in the middle -----------------------------------------------------------------------------------------------

TWO_LINES = f"{ANY}7001,c1,socks,1,14,2026-11-02,paid\n7001,c1,jacket,1,129,2026-11-02,paid\n"


@pytest.mark.parametrize("end", ["7001,c1,jacket,1,1", "7001,c1", "70", '7001,c1,"jack'])
async def test_an_order_whose_last_line_is_cut_off_is_not_taken_without_it(home: Home, end: str) -> None:
    whole = ORDERS + TWO_LINES
    report = await home.take("orders", whole[: whole.index("7001,c1,jacket")] + end)
    assert (report.rows, report.taken, report.rejected) == (3, 1, 2)
    assert all("for 7 columns" in reason for _, _, reason in report.examples)
    assert (await home.order("1")).total == 1400
    # The whole file takes the rest.
    assert (await home.take("orders", whole)).rejected == 0
    assert len((await home.order("7001")).lines) == 2


async def test_a_row_cut_off_amid_others_spoils_its_own_order_alone(home: Home) -> None:
    report = await home.take(
        "orders", f"{ORDERS}{ANY}2,c1,socks\n3,c1,socks,1,14,2026-11-02,paid\n2{ANY[1:]}"
    )
    assert (report.taken, report.rejected) == (2, 2)
    assert [(row, reason) for _, row, reason in report.examples] == [(2, "3 values for 7 columns")]


async def test_a_packed_file_cut_off_far_below_keeps_what_came_before(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.tables._SAMPLE", 1_000)
    rows = "".join(f"m{n},Ann {n * 7919 % 99_991}\n" for n in range(30_000))
    whole = gzip.compress(f"customer,name\nm,é\n{rows}".encode())
    path = home.file("members.csv.gz", "")
    path.write_bytes(whole[: len(whole) // 2])
    report = await home.files("customers", [path])
    assert 5_000 < report.taken < 29_000
    assert report.rejected == 1
    assert report.examples[0][2].startswith("the file is damaged from here on (")
    path.write_bytes(whole)
    assert (await home.files("customers", [path])).rejected == 0


# --- two encodings ---------------------------------------------------------------------------------------------------

UNREADABLE = "name: unreadable characters: is it another encoding?"


@pytest.mark.parametrize(
    ("most", "few", "said"),
    [
        ("utf-8", "gb18030", UNREADABLE),
        ("gb18030", "utf-8", "written in UTF-8, and other rows in gb18030: save the file in one encoding"),
        ("utf-8", "latin-1", UNREADABLE),
        ("latin-1", "utf-8", "written in UTF-8, and other rows in cp1252: save the file in one encoding"),
    ],
)
async def test_rows_in_another_encoding_than_most_are_refused(
    home: Home, most: str, few: str, said: str
) -> None:
    name = "café noir" if "latin-1" in (most, few) else "绿茶 龙井茶"
    lines = [(f"m{n},{name}\n", most if n % 5 else few) for n in range(50)]
    path = home.file("members.csv", "")
    path.write_bytes(b"customer,name\n" + b"".join(line.encode(encoding) for line, encoding in lines))
    report = await home.files("customers", [path])
    assert (report.taken, report.rejected) == (40, 10)
    # What can't even be decoded is unreadable, whichever the encoding.
    assert {reason for _, _, reason in report.examples} <= {
        said,
        UNREADABLE,
    }
    assert (report.examples[0][1], (await home.customer("m1")).name) == (1, name)


# --- many of one -----------------------------------------------------------------------------------------------------


def _variants() -> Iterator[dict[str, str]]:
    for n in range(2_000):
        yield {
            "Handle": "shirt", "Title": "Shirt" if n == 0 else "", "Option1 Name": "Size" if n == 0 else "",
            "Option1 Value": f"S{n}", "Variant SKU": f"SH-{n}", "Variant Price": "bad" if n == 700 else "9.90",
        }  # fmt: skip


async def test_two_thousand_variants_come_in_but_for_the_bad_one(home: Home, tmp_path: Path) -> None:
    path = written(tmp_path / "products_export.csv", table(SHOPIFY, *_variants()))
    began = time.process_time()
    report = await home.files("shopify", [path])
    assert time.process_time() - began < 10
    assert (report.taken, report.rejected) == (1_999, 1)
    assert report.examples == [("products_export.csv", 701, "Variant Price: 'bad' is not a number")]
    assert (await home.product("SH-1999")).name_en.startswith("Shirt, Size S1999")


async def test_an_order_of_more_than_two_thousand_lines_is_refused_whole(home: Home) -> None:
    report = await home.take("orders", ORDERS + ANY * 2_001 + ANY.replace("1,c1", "2,c1", 1))
    assert (report.taken, report.rejected) == (1, 2_001)
    assert report.examples[0][1:] == (
        1,
        "lines: List should have at most 2000 items after validation, not 2001",
    )


# --- by the API's records --------------------------------------------------------------------------------------------


async def test_a_clock_that_runs_ahead_is_refused_by_every_kind(home: Home) -> None:
    ahead, near = NOW + timedelta(hours=2), NOW + timedelta(minutes=10)
    before = but_imports(await home.everything())
    line = {"product_id": "socks", "unit_price": 100}
    store: Store = home.store
    for take, record, field in (
        (take_customers, CustomerRecord(id="c9", updated_at=ahead), "updated_at"),
        (take_products, ProductRecord(id="socks", stock=1, updated_at=ahead), "updated_at"),
        (
            take_orders,
            OrderRecord(id="o", placed_at=ahead, currency="CNY", lines=[line]),  # type: ignore[list-item]
            "placed_at",
        ),
        (take_events, EventRecord(kind="view", customer_id="c1", product_id="socks", at=ahead), "at"),
    ):
        taken = await store.write(lambda c, take=take, one=record: take(c, [one], NOW, Defaults()))  # type: ignore[misc]
        [refusal] = taken.refused
        assert (refusal.code, refusal.field) == ("in_future", field)
        assert refusal.reason == f"'{ahead.isoformat()}': lies in the future: is the clock right?"
    assert but_imports(await home.everything()) == before
    on_time = [CustomerRecord(id="c9", updated_at=near)]
    assert not (await store.write(lambda c: take_customers(c, on_time, NOW, Defaults()))).refused


@pytest.mark.parametrize("said", [" c1", "c1 ", "\tc1", "c1\n"])
def test_an_id_with_spaces_around_it_is_no_other_thing(said: str) -> None:
    with pytest.raises(ValueError, match="has spaces around it; leave them out"):
        CustomerRecord(id=said)
    with pytest.raises(ValueError, match="has spaces around it; leave them out"):
        OrderRecord(number=said)


async def test_spaces_around_an_id_in_a_file_mean_nothing(home: Home) -> None:
    await home.take("customers", "customer,name\n c1 ,Ann Other\nc 2,Bo\n")
    assert ((await home.customer("c1")).name, (await home.customer("c 2")).name) == ("Ann Other", "Bo")
