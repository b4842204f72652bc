"""Taking a real shop's data in: each kind, bad rows, twice, and beside a demo shop."""

from __future__ import annotations

import asyncio
import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Table, func, insert, select
from typer.testing import CliRunner

from bot.cli import app as cli
from bot.shop.demo.making import make_demo
from bot.shop.importing.rows import Options
from bot.shop.importing.running import Import, Report, run_import
from kernel.tables import TableRefused
from retention.logs import Columns, read_log
from storage import Store
from storage.catalogue import Catalogue
from storage.customers import Accounts, Consents, Customers
from storage.events import Events
from storage.orders import Order, Orders
from storage.schema import coupon, customer, event, metadata, order, order_line, product
from storage.shop import Shop, ShopKind

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
AGO = datetime(2026, 1, 1, tzinfo=UTC)
OPTIONS = Options(now=NOW, currency="CNY", zone=ZoneInfo("Asia/Shanghai"))

CUSTOMERS = """customer,name,email,phone,language,marketing
c1,王小明,Wang@Example.com,138 0000 1111,zh,yes
c2,Jane Doe,jane@example.com,,en,no
c3,李雷,,,zh,
"""
PRODUCTS = """item,name_zh,name_en,category,price,cost,stock,Farbe
kettle,电热水壶,Kettle,kitchen,199.00,90,5,red
tea,龙井茶,Longjing tea,tea,"1,280.50",,0,
"""
ORDERS = """order,customer,item,quantity,price,time,status,city,phone,carrier,tracking_number,shipped,delivered
1001,c1,kettle,1,199.00,2026-02-01 10:00,已签收,杭州,13800001111,SF,SF1,2026-02-02 09:00,2026-02-03 12:00
1001,c1,tea,2,1280.50,2026-02-01 10:00,已签收,杭州,13800001111,SF,SF1,2026-02-02 09:00,2026-02-03 12:00
1002,c2,tea,1,1280.50,2026-02-20 10:00,cancelled,,,,,,
"""
EVENTS = """kind,customer,item,time,value,text
pageview,c1,kettle,2026-02-01T01:00:00Z,,
搜索,c1,,2026-02-01 08:59:00,,电热水壶
rating,c1,kettle,1770111000,5,
"""
FILES = {"customers": CUSTOMERS, "products": PRODUCTS, "orders": ORDERS, "events": EVENTS}


async def take(
    store: Store,
    folder: Path,
    kind: str,
    content: str | bytes,
    columns: dict[str, str] | None = None,
    **more: Any,
) -> Report:
    file = folder / f"{kind}.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    options = more.pop("options", OPTIONS)
    wanted = Import(kind=kind, files=[file], options=options, columns=columns or {})
    return await run_import(store, wanted, rejects_folder=folder / "rejects", **more)


async def count(store: Store, table: Table) -> int:
    async with store.read() as connection:
        return await connection.scalar(select(func.count()).select_from(table)) or 0


async def everything(store: Store) -> dict[str, list[Any]]:
    async with store.read() as connection:
        return {
            table.name: sorted(map(repr, (await connection.execute(select(table))).all()))
            for table in metadata.sorted_tables
        }


async def test_a_shop_comes_in_and_coming_in_again_changes_nothing(any_store: Store, tmp_path: Path) -> None:
    mapping = {"attribute.Colour": "Farbe"} | {
        name: name for name in ("item", "name_zh", "name_en", "category", "price", "cost", "stock")
    }
    for kind, content in FILES.items():
        report = await take(any_store, tmp_path, kind, content, mapping if kind == "products" else None)
        assert (report.rejected, report.rejects) == (0, []), report
        assert any(report.written.values())
    before = await everything(any_store)
    for kind, content in FILES.items():
        report = await take(any_store, tmp_path, kind, content, mapping if kind == "products" else None)
        assert not any(report.written.values()), (kind, report)
    assert await everything(any_store) == before
    async with any_store.read() as connection:
        await _is_that_shop(connection)
        assert await Shop(connection).kind() is ShopKind.REAL


async def _is_that_shop(connection: Any) -> None:
    person = await Customers(connection).get("c1")
    assert person is not None
    assert (person.name, person.email, person.phone) == ("王小明", "wang@example.com", "13800001111")
    assert await Consents(connection).granted("marketing", customer_id="c1")
    assert not await Consents(connection).granted("marketing", customer_id="c2")
    assert not await Consents(connection).granted("marketing", customer_id="c3")
    kettle = await Catalogue(connection).get("kettle")
    tea = await Catalogue(connection).get("tea")
    assert kettle is not None
    assert tea is not None
    assert (kettle.list_price, kettle.cost, kettle.stock) == (19_900, 9_000, 5)
    assert kettle.labels("en") == [("Colour", "red")]
    assert (tea.list_price, tea.cost, tea.stock) == (128_050, None, 0)
    bought = await Orders(connection).by_number("1001")
    assert bought is not None
    assert [line.quantity for line in bought.lines] == [1, 2]
    assert (bought.total, bought.status, bought.ship_to["city"]) == (276_000, "delivered", "杭州")
    assert bought.placed_at == datetime(2026, 2, 1, 2, tzinfo=UTC)
    assert bought.parcels[0].delivered_at == datetime(2026, 2, 3, 4, tzinfo=UTC)
    kinds = [item.kind for item in await Events(connection).by_customer("c1")]
    assert sorted(kinds) == ["purchase", "purchase", "rating", "search", "view"]
    assert await Events(connection).by_customer("c2") == []


async def test_what_the_customer_said_about_consent_is_not_overruled(store: Store, tmp_path: Path) -> None:
    await take(store, tmp_path, "customers", CUSTOMERS)
    await store.write(
        lambda c: Consents(c).record("marketing", False, source="stop", now=NOW, customer_id="c1")
    )
    await take(store, tmp_path, "customers", CUSTOMERS.replace("王小明", "王大明"))
    async with store.read() as connection:
        assert not await Consents(connection).granted("marketing", customer_id="c1")
        person = await Customers(connection).get("c1")
        assert person is not None
        assert person.name == "王大明"


BAD_EVENTS = """kind,customer,item,time,value
view,c1,kettle,2026-02-01 10:00,
view,,kettle,2026-02-01 10:00,
dance,c1,kettle,2026-02-01 10:00,
view,c1,,2026-02-01 10:00,
view,c1,kettle,yesterday,
view,c1,kettle,2036-02-01 10:00,
view,c1,kettle,1066-10-14 10:00,
rating,c1,kettle,2026-02-01 10:00,11
view,c1,kettle
view,c1,kettle,2026-02-01 10:00,,,,
view,=cmd|' /C calc'!A0,,2026-02-01 10:00,
view,"c1
"""


async def test_bad_rows_are_counted_and_kept_with_their_reason(store: Store, tmp_path: Path) -> None:
    report = await take(store, tmp_path, "events", BAD_EVENTS)
    assert (report.rows, report.taken, report.rejected) == (12, 1, 11)
    assert await count(store, event) == 1
    [rejects] = report.rejects
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        kept = list(csv.reader(file))
    assert kept[0] == ["row", "reason", "kind", "customer", "item", "time", "value"]
    assert [row[0] for row in kept[1:]] == [str(number) for number in [2, 5, 6, 7, 9, 10, 12, 3, 4, 8, 11]]
    reasons = {row[0]: row[1] for row in kept[1:]}
    assert "customer: there is no value" in reasons["2"]
    assert "is no kind of event" in reasons["3"].lstrip("'")
    assert "--date-format" in reasons["5"]
    assert "future" in reasons["6"]
    assert "4 values" in reasons["9"] or "3 values" in reasons["9"]
    for row in kept[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    again = await take(store, tmp_path, "events", BAD_EVENTS)
    assert again.rejected == 11
    assert not any(again.written.values())


async def test_an_order_of_something_unknown_is_refused_whole(store: Store, tmp_path: Path) -> None:
    await take(store, tmp_path, "customers", CUSTOMERS)
    await take(store, tmp_path, "products", PRODUCTS)
    bad = """order,customer,item,quantity,price,time
1,c1,kettle,1,199,2026-02-01
1,c1,unicorn,1,5,2026-02-01
2,nobody,kettle,1,199,2026-02-01
3,c1,kettle,1,199,2026-02-01
1,c1,tea,1,5,2026-02-01
4,c1,kettle,0,199,2026-02-01
5,,kettle,1,199,2026-02-01
"""
    report = await take(store, tmp_path, "orders", bad)
    async with store.read() as connection:
        numbers = sorted(await connection.scalars(select(order.c.number)))
    assert numbers == ["3", "5"]
    assert report.rejected == 5
    assert await count(store, event) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
async def test_chinese_comes_in_whatever_the_encoding(store: Store, tmp_path: Path, encoding: str) -> None:
    many = "".join(f"k{i},李雷{i},,,zh,\n" for i in range(50))
    report = await take(store, tmp_path, "customers", (CUSTOMERS + many).encode(encoding))
    assert report.rejected == 0
    async with store.read() as connection:
        person = await Customers(connection).get("k7")
        assert person is not None
        assert person.name == "李雷7"


async def test_western_letters_come_in_from_latin_1_and_semicolons(store: Store, tmp_path: Path) -> None:
    content = "Customer ID;Name\nc1;José Ñandú\nc2;Zoë Brontë\nc3;façade crème\n"
    report = await take(store, tmp_path, "customers", content.encode("latin-1"))
    assert report.rejected == 0
    async with store.read() as connection:
        person = await Customers(connection).get("c1")
        assert person is not None
        assert person.name == "José Ñandú"


async def test_a_byte_that_is_no_letter_spoils_one_row_alone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.tables._SAMPLE", 100)
    filler = "".join(f"f{i},王{i}\n" for i in range(50)).encode()
    report = await take(
        store, tmp_path, "customers", b"customer,name\n" + filler + b"bad,\xff\xfe\nlast,ok\n"
    )
    assert report.rejected == 1
    assert "unreadable" in next(iter(report.reasons))
    assert await count(store, customer) == 51


async def test_values_too_large_for_a_database_are_refused_and_stop_nothing(
    any_store: Store, tmp_path: Path
) -> None:
    long, most = "x" * 300, 2**31 - 1
    files = {
        "customers": f"customer,email,phone,points\n{long},,,\nc1,{long}@example.com,,\nc2,,{'1' * 60},\n"
        f"c3,,,{10**20}\nc4,,,\n",
        "products": f"item,name,price,stock\np1,{long},{10**20},1\np2,{long},10,{10**15}\np3,{long * 5},10,1\n",
        "orders": f"order,customer,item,quantity,price,time\n{long},c4,p3,1,1,2026-02-01\n"
        f"1,c4,p3,{most},{10**10},2026-02-01\n2,c4,p3,1,1,2026-02-01\n",
    }
    rejected = {kind: (await take(any_store, tmp_path, kind, text)).rejected for kind, text in files.items()}
    assert rejected == {"customers": 4, "products": 2, "orders": 2}
    assert (await take(any_store, tmp_path, "orders-log", files["orders"])).rejected == 2


async def test_an_order_that_the_shop_knows_by_another_id_is_brought_up_to_date(
    any_store: Store, tmp_path: Path
) -> None:
    await take(any_store, tmp_path, "customers", CUSTOMERS)
    await take(any_store, tmp_path, "products", PRODUCTS)
    known = Order(
        id="internal-7", number="1001", customer_id="c1", status="paid", placed_at=NOW, total=1, currency="CNY",
        updated_at=NOW,
    )  # fmt: skip
    await any_store.write(lambda c: Orders(c).put_many([known]))
    report = await take(any_store, tmp_path, "orders", ORDERS)
    assert report.rejected == 0
    log = "order,customer,item,quantity,price,time\n1001,c1,tea,1,5,2026-02-01\n"
    assert (await take(any_store, tmp_path, "orders-log", log)).rejected == 0
    async with any_store.read() as connection:
        found = await Orders(connection).by_number("1001")
    assert found is not None
    assert (found.id, found.status, found.total) == ("internal-7", "delivered", 276_000)


@pytest.mark.parametrize(
    ("kind", "content", "columns", "says"),
    [
        ("people", CUSTOMERS, None, "no kind"),
        ("customers", "", None, "empty"),
        ("customers", "a,b\n1,2\n", None, "which column is customer"),
        ("customers", CUSTOMERS, {"customer": "Kunde"}, "no column 'Kunde'"),
        ("customers", CUSTOMERS, {"shoe_size": "name"}, "no field 'shoe_size'"),
        ("customers", CUSTOMERS, {"name": "name"}, "which column is customer"),
        ("customers", b"\x00\x01\x02\x00", None, "neither CSV nor Parquet"),
        ("customers", b"PAR1 and then nothing", None, "damaged"),
    ],
)
async def test_what_cannot_be_imported_is_refused_with_advice(
    store: Store, tmp_path: Path, kind: str, content: str | bytes, columns: dict[str, str] | None, says: str
) -> None:
    with pytest.raises(TableRefused, match=says):
        await take(store, tmp_path, kind, content, columns)
    assert await count(store, customer) == 0


UCI = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536366,71053,WHITE METAL LANTERN,6,2010-12-01 08:28:00,3.39,17850,United Kingdom
"""


async def test_the_import_and_retention_know_columns_by_the_same_names(store: Store, tmp_path: Path) -> None:
    report = await take(store, tmp_path, "orders-log", UCI)
    assert (report.taken, report.rejected) == (2, 0)
    log = read_log(tmp_path / "orders-log.csv", Columns())
    assert [log.history.events.column(name).to_pylist() for name in ("customer", "product", "amount")] == [
        ["17850", "17850"],
        ["85123A", "71053"],
        [1_530, 2_034],
    ]
    assert log.columns["name"] == "Description"
    assert "InvoiceDate is taken as the time" in log.notes


async def test_a_missing_file_is_refused(store: Store, tmp_path: Path) -> None:
    gone = Import(kind="customers", files=[tmp_path / "gone.csv"], options=OPTIONS)
    with pytest.raises(TableRefused, match="no such file"):
        await run_import(store, gone, rejects_folder=tmp_path)


async def test_a_real_shop_is_not_mixed_with_the_demo(store: Store, tmp_path: Path) -> None:
    await make_demo(store, 1, NOW, customers=120, days=150)
    account = await store.write(lambda c: Accounts(c).get_or_create("web", "v", now=NOW))
    await store.write(lambda c: Accounts(c).link(account.id, "C10001", "site", NOW))
    await store.write(
        lambda c: Consents(c).record(
            "marketing", False, source="stop", now=NOW, customer_id="C10001", account_id=account.id
        )
    )
    with pytest.raises(TableRefused, match="--replace-demo"):
        await take(store, tmp_path, "customers", CUSTOMERS)
    await take(store, tmp_path, "customers", CUSTOMERS, replace_demo=True)
    async with store.read() as connection:
        assert await Shop(connection).kind() is ShopKind.REAL
        assert sorted(await connection.scalars(select(customer.c.id))) == ["c1", "c2", "c3"]
        left = await Accounts(connection).get(account.id)
        assert left is not None
        assert left.customer_id is None
        assert not await Consents(connection).granted("marketing", account_id=account.id)
    for table in (product, order, order_line, event):
        assert await count(store, table) == 0
    # Once a real shop is in, the flag has nothing to do.
    await take(store, tmp_path, "products", PRODUCTS, replace_demo=True)
    assert await count(store, product) == 2


def test_the_report_says_which_codes_were_not_redeemed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    files = {
        "customers": CUSTOMERS,
        "products": PRODUCTS,
        "orders": "order,customer,item,price,time,coupon\n1,c1,tea,9,2026-02-01,OLD\n2,c1,tea,9,2026-02-01,OURS\n",
    }
    runner = CliRunner()
    for kind, content in files.items():
        (tmp_path / f"{kind}.csv").write_text(content, encoding="utf-8")
        if kind == "orders":
            asyncio.run(_give_out_a_coupon_that_ended(f"sqlite:///{tmp_path / 'liuke.db'}"))
        done = runner.invoke(cli, ["import", kind, str(tmp_path / f"{kind}.csv")])
        assert done.exit_code == 0, done.output
    assert "New or changed: 2 orders, 2 events." in done.output
    assert "Taken, but note" in done.output
    assert "codes not redeemed: the code had ended when the order was placed" in done.output


async def _give_out_a_coupon_that_ended(url: str) -> None:
    store = Store.open(url)
    values = {
        "code": "OLD",
        "text_zh": "",
        "text_en": "",
        "currency": "CNY",
        "valid_from": NOW,
        "valid_until": AGO,
    }
    await store.write(lambda c: c.execute(insert(coupon).values(values)))
    await store.close()
