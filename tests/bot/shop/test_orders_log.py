"""A shop made out of nothing but its log of sales."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from bot.shop.importing.rows import Options
from bot.shop.importing.running import Import, run_import
from bot.shop.importing.undoing import undo
from bot.shop.intake.defaults import Defaults
from kernel.columns import given as parse_columns
from kernel.console import quiet
from storage import Store
from storage.catalogue import Catalogue
from storage.customers import Customers
from storage.events import Events
from storage.orders import Orders
from storage.schema import event, metadata, order, order_line, product
from tests.conftest import absent

SHARED = Path(
    os.environ.get("LIUKE_SHARED_DATA") or Path(__file__).resolve().parents[3].parent / "shared" / "data"
)
ONLINE_RETAIL = SHARED / "retention" / "online_retail" / "online_retail.parquet"
COLUMNS = parse_columns(
    "customer=CustomerID,order=InvoiceNo,item=StockCode,name=Description,time=InvoiceDate,"
    "quantity=Quantity,price=UnitPrice,country=Country"
)
OPTIONS = Options(
    now=datetime(2026, 3, 2, tzinfo=UTC),
    currency="GBP",
    zone=ZoneInfo("Europe/London"),
    defaults=Defaults(language="en"),
)

at = datetime.fromisoformat
ROWS: list[tuple[Any, ...]] = [
    ("536365", "85123A", "WHITE HANGING HEART", 6.0, at("2010-12-01T08:26"), 2.55, 17850.0, "United Kingdom"),
    ("536365", "71053", "WHITE METAL LANTERN", 6.0, at("2010-12-01T08:26"), 3.39, 17850.0, "United Kingdom"),
    ("536365", "85123A", "WHITE HANGING HEART", 2.0, at("2010-12-01T08:26"), 2.55, 17850.0, "United Kingdom"),
    ("536370", "POST", "POSTAGE", 3.0, at("2010-12-01T08:45"), 18.0, 12583.0, "France"),
    ("536370", "71053", "white metal lantern?", 1.0, at("2011-06-01T08:45"), 3.75, 12583.0, "France"),
    ("536380", "71053", "WHITE METAL LANTERN", 4.0, at("2011-06-02T09:00"), 3.75, None, "Germany"),
    ("C536400", "85123A", "WHITE HANGING HEART", -2.0, at("2011-06-03T09:00"), 2.55, 17850.0, "United Kingdom"),
    ("536401", "22139", None, 56.0, at("2011-06-03T09:00"), 0.0, None, "United Kingdom"),
    ("A563186", "B", "Adjust bad debt", 1.0, at("2011-06-03T09:00"), -11062.06, None, "United Kingdom"),
]  # fmt: skip


def write_log(path: Path, rows: list[tuple[Any, ...]]) -> Path:
    names = list(COLUMNS.values())
    order_of = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ]
    assert sorted(order_of) == sorted(names)
    pq.write_table(pa.table({name: [row[i] for row in rows] for i, name in enumerate(order_of)}), path)
    return path


async def everything(store: Store) -> dict[str, list[str]]:
    async with store.read() as connection:
        return {
            table.name: sorted(map(repr, (await connection.execute(select(table))).all()))
            for table in metadata.sorted_tables
        }


async def take(store: Store, folder: Path, file: Path) -> Any:
    return await run_import(store, a_log(file), rejects_folder=folder / "rejects")


def a_log(file: Path) -> Import:
    return Import(kind="orders-log", files=[file], options=OPTIONS, columns=COLUMNS)


async def test_a_log_becomes_a_shop(any_store: Store, tmp_path: Path) -> None:
    file = write_log(tmp_path / "log.parquet", ROWS)
    report = await take(any_store, tmp_path, file)
    assert (report.rows, report.rejected) == (9, 3)
    async with any_store.read() as connection:
        heart = await Catalogue(connection).get("85123A")
        lantern = await Catalogue(connection).get("71053")
        assert heart is not None
        assert lantern is not None
        assert heart.name("en") == "White Hanging Heart"
        assert lantern.name("en") == "White Metal Lantern"
        assert (lantern.list_price, lantern.cost, lantern.currency) == (375, None, "GBP")
        assert (heart.active, lantern.active) == (True, True)
        assert await Catalogue(connection).get("POST") is None
        bought = await Orders(connection).by_number("536365")
        assert bought is not None
        assert [(line.product_id, line.quantity, line.unit_price) for line in bought.lines] == [
            ("85123A", 6, 255), ("71053", 6, 339), ("85123A", 2, 255),
        ]  # fmt: skip
        assert bought.total == 8 * 255 + 6 * 339
        assert (bought.customer_id, bought.placed_at) == ("17850", datetime(2010, 12, 1, 8, 26, tzinfo=UTC))
        guest = await Orders(connection).by_number("536380")
        assert guest is not None
        assert guest.customer_id is None
        events = await Events(connection).by_customer("17850")
        assert [(item.kind, item.quantity, item.amount) for item in events][-1] == ("return", 2, -510)
        assert sum(item.kind == "purchase" for item in events) == 3
        assert await Customers(connection).get("12583") is not None
        assert await connection.scalar(select(func.count()).select_from(order)) == 3


async def test_a_log_is_taken_back(any_store: Store, tmp_path: Path) -> None:
    before = await everything(any_store)
    report = await take(any_store, tmp_path, write_log(tmp_path / "log.parquet", ROWS))
    assert report.import_id is not None
    await undo(any_store, report.import_id, OPTIONS.now, quiet)
    after = await everything(any_store)
    for name in ("product", "customer", "orders", "order_line", "event"):
        assert after[name] == before[name]


async def test_the_same_log_again_changes_nothing(any_store: Store, tmp_path: Path) -> None:
    file = write_log(tmp_path / "log.parquet", ROWS)
    await take(any_store, tmp_path, file)
    before = await everything(any_store)
    report = await take(any_store, tmp_path, file)
    assert not any(report.written.values())
    assert await everything(any_store) == before


async def test_the_order_of_the_rows_does_not_matter_for_what_the_shop_is(
    store: Store, tmp_path: Path
) -> None:
    await take(store, tmp_path, write_log(tmp_path / "log.parquet", ROWS[::-1]))
    async with store.read() as connection:
        bought = await Orders(connection).by_number("536370")
        assert bought is not None
        assert bought.placed_at == datetime(2011, 6, 1, 7, 45, tzinfo=UTC)
        heart = await Catalogue(connection).get("85123A")
        person = await Customers(connection).get("17850")
        assert heart is not None
        assert person is not None
        assert heart.created_at == person.created_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


async def test_an_import_that_was_cut_off_is_finished_by_the_next(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.tables.PORTION", 2)
    file = write_log(tmp_path / "log.parquet", ROWS)

    class Killed(Exception):
        pass

    def cut(_what: str, share: float) -> None:
        if share > 0.5:
            raise Killed

    with pytest.raises(Killed):
        await run_import(store, a_log(file), rejects_folder=tmp_path, progress=cut)
    await take(store, tmp_path, file)
    other = Store.open(f"sqlite:///{tmp_path / 'whole.db'}")
    await other.write(lambda connection: connection.run_sync(metadata.create_all))
    await take(other, tmp_path, file)
    whole, mended = await everything(other), await everything(store)
    await other.close()
    for name in ("product", "customer", "orders", "order_line", "event"):
        assert mended[name] == whole[name]


async def test_known_products_and_customers_keep_what_is_known_of_them(store: Store, tmp_path: Path) -> None:
    known = tmp_path / "products.csv"
    known.write_text("item,name,price,stock\n71053,Lantern of ours,9.99,3\n", encoding="utf-8")
    products = Import(kind="products", files=[known], options=OPTIONS)
    await run_import(store, products, rejects_folder=tmp_path)
    await take(store, tmp_path, write_log(tmp_path / "log.parquet", ROWS))
    async with store.read() as connection:
        lantern = await Catalogue(connection).get("71053")
    assert lantern is not None
    assert (lantern.name("en"), lantern.list_price, lantern.stock) == ("Lantern of ours", 999, 3)


@pytest.mark.slow
async def test_a_real_shops_log_comes_in(store: Store, tmp_path: Path) -> None:
    if not ONLINE_RETAIL.exists():
        absent(f"the log of a real shop at {ONLINE_RETAIL}")
    # A tenth of it, from the middle: the whole log takes half a minute.
    part = pq.read_table(ONLINE_RETAIL).slice(150_000, 36_000)
    file = tmp_path / "part.parquet"
    pq.write_table(part, file)
    report = await take(store, tmp_path, file)
    assert report.rows == 36_000
    assert 0 < report.rejected < 0.05 * report.rows
    async with store.read() as connection:
        numbers = {
            table.name: await connection.scalar(select(func.count()).select_from(table))
            for table in (product, order, order_line, event)
        }
        assert numbers["order_line"] > 30_000
        assert numbers["product"] > 1_500
        found = await Catalogue(connection).search(["lantern"], now=OPTIONS.now)
        assert found
        assert all("lantern" in item.name("en").lower() for item in found[:3])
    again = await take(store, tmp_path, file)
    assert not any(again.written.values())
