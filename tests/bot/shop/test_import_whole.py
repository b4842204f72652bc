"""What an import keeps whole: orders, what nobody said, guests, dry runs, and the exports of other systems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.shop.importing.presets import PRESETS
from bot.shop.importing.rows import Options
from bot.shop.importing.running import Import, Report, run_import
from bot.shop.importing.undoing import Undone, UndoRefused, undo
from bot.shop.intake.customers import take_customers
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.orders import take_orders
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord
from kernel.console import quiet
from kernel.tables import TableRefused
from storage import Store
from storage.catalogue import Catalogue, Product
from storage.customers import Customer, Customers
from storage.events import Events
from storage.orders import Order, Orders
from storage.schema import import_run, metadata, order
from storage.shop import ImportRuns
from tests.factories import erase_customer

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OPTIONS = Options(now=NOW, zone=ZoneInfo("Asia/Shanghai"))
PRODUCTS = "item,name,price,cost,stock,brand\nsocks,Socks,14,5,9,Acme\njacket,Jacket,129,60,2,Acme\n"
CUSTOMERS = "customer,name,email,phone,tier\nc1,Ann,ann@example.com,07700900123,gold\n"


class Home:
    """A store, and a folder of files that are imported into it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self._folder = store, folder

    def file(self, name: str, content: str, encoding: str = "utf-8") -> Path:
        path = self._folder / name
        path.write_bytes(content.encode(encoding))
        return path

    async def take(self, kind: str, content: str, **more: Any) -> Report:
        return await self.files(kind, [self.file(f"{kind}.csv", content)], **more)

    async def files(
        self, kind: str, files: Sequence[Path], *, options: Options = OPTIONS, **more: Any
    ) -> Report:
        wanted = Import(kind=kind, files=files, options=options)
        return await run_import(self.store, wanted, rejects_folder=self._folder / "rejects", **more)

    async def customer(self, customer_id: str) -> Customer:
        async with self.store.read() as connection:
            found = await Customers(connection).get(customer_id)
        assert found is not None
        return found

    async def product(self, product_id: str) -> Product:
        async with self.store.read() as connection:
            found = await Catalogue(connection).get(product_id)
        assert found is not None
        return found

    async def order(self, number: str) -> Order:
        async with self.store.read() as connection:
            found = await Orders(connection).by_number(number)
        assert found is not None
        return found

    async def bought(self, customer_id: str) -> list[tuple[str, str | None]]:
        async with self.store.read() as connection:
            found = await Events(connection).by_customer(customer_id)
        return sorted((event.kind, event.product_id) for event in found)

    async def everything(self) -> dict[str, list[str]]:
        async with self.store.read() as connection:
            return {
                table.name: sorted(map(repr, (await connection.execute(select(table))).all()))
                for table in metadata.sorted_tables
            }


@pytest.fixture
async def home(any_store: Store, tmp_path: Path) -> Home:
    made = Home(any_store, tmp_path)
    await made.take("products", PRODUCTS)
    await made.take("customers", CUSTOMERS)
    return made


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1002,jacket,1,nothing,2026-11-01", "price: 'nothing' is not a number"),
        ("1002,jacket,0,129,2026-11-01", "lines.1.quantity: '0': Input should be greater than or equal to 1"),
        ("1002,trousers,1,30,2026-11-01", "lines.1.product_id: there is no product 'trousers'"),
    ],
)
async def test_an_order_with_one_bad_line_is_refused_with_all_of_them(
    home: Home, line: str, reason: str
) -> None:
    head = "order,item,quantity,price,time"
    report = await home.take(
        "orders", f"{head}\n1001,socks,1,14,2026-11-01\n1002,socks,1,14,2026-11-01\n{line}\n"
    )
    assert (report.taken, report.rejected) == (1, 2)
    [(file, row, said)] = report.examples
    assert (file, row, said) == ("orders.csv", 3, reason)
    [rejects] = report.rejects
    kept = rejects.read_text(encoding="utf-8-sig").splitlines()
    assert [one.split(",")[0] for one in kept] == ["row", "2", "3"]
    assert "row 3" in kept[1]
    async with home.store.read() as connection:
        assert list(await connection.scalars(select(order.c.number))) == ["1001"]


async def test_the_rows_of_an_order_may_stand_apart(home: Home) -> None:
    rows = ["1,socks,1,14,2026-11-01", "2,socks,2,14,2026-11-01", "1,jacket,1,129,2026-11-01"]
    report = await home.take("orders", "\n".join(["order,item,quantity,price,time", *rows]) + "\n")
    assert (report.taken, report.rejected) == (3, 0)
    assert [line.product_id for line in (await home.order("1")).lines] == ["socks", "jacket"]


async def test_what_a_file_does_not_say_stays(home: Home) -> None:
    await home.take("customers", "customer,tier\nc1,platinum\n")
    known = await home.customer("c1")
    assert (known.name, known.email, known.phone, known.tier) == (
        "Ann", "ann@example.com", "07700900123", "platinum"
    )  # fmt: skip
    report = await home.take("products", "item,stock\nsocks,3\n", options=OPTIONS)
    assert report.rejected == 0
    socks = await home.product("socks")
    assert (socks.stock, socks.cost, socks.brand, socks.list_price) == (3, 500, "Acme", 1_400)


async def test_a_file_may_say_of_orders_only_what_is_new(home: Home) -> None:
    await home.take("orders", "order,item,price,time\n1,socks,14,2026-11-01\n")
    report = await home.take("orders", "order,status,tracking_number\n1,shipped,SF1\n2,shipped,SF2\n")
    assert list(report.reasons) == ["placed_at: there is no such order yet, and a new one needs it"]
    known = await home.order("1")
    assert (known.status, len(known.lines), known.parcels[0].status) == ("shipped", 1, "in_transit")


async def test_an_amount_is_of_the_currency_that_the_product_has(home: Home) -> None:
    await home.take("products", "item,name,price,currency\ntea,Tea,1280,JPY\n")
    assert (await home.product("tea")).list_price == 1_280
    await home.take("products", "item,price\ntea,1300\nsocks,15\n")
    assert ((await home.product("tea")).list_price, (await home.product("socks")).list_price) == (
        1_300,
        1_500,
    )


async def test_a_later_file_says_only_what_it_knows_of_an_order(home: Home) -> None:
    said = OrderRecord.model_validate({
        "id": "internal", "number": "7", "customer_id": "c1", "status": "shipped", "placed_at": NOW, "currency": "CNY",
        "lines": [{"product_id": "socks", "unit_price": 1_400}],
        "parcels": [{"id": "box", "carrier": "SF", "tracking_number": "SF9", "updated_at": NOW,
                     "scans": [{"at": NOW, "place": "杭州"}, {"at": NOW, "place": "上海"}]}],
    })  # fmt: skip
    await home.store.write(lambda c: take_orders(c, [said], NOW, Defaults()))
    head = "order,item,price,time,tracking_number,delivered"
    report = await home.take("orders", f"{head}\n7,socks,14,2026-11-28 20:00,SF9,2026-11-28 20:00\n")
    assert report.rejected == 0
    known = await home.order("7")
    assert (known.id, known.customer_id, known.status, known.said_status) == (
        "internal",
        "c1",
        "delivered",
        "shipped",
    )
    [box] = known.parcels
    assert (box.id, box.carrier, box.status, len(box.scans)) == ("box", "SF", "delivered", 2)


async def test_guests_are_known_by_what_they_can_be_reached_by(home: Home) -> None:
    head = "order,item,price,time,email,phone"
    rows = [
        "1,socks,14,2026-11-01,Bea@Example.com,", "2,jacket,129,2026-11-02,bea@example.com,+44 7700 900999",
        "3,socks,14,2026-11-03,ANN@example.com,", "4,socks,14,2026-11-04,,",
    ]  # fmt: skip
    await home.take("orders", "\n".join([head, *rows]) + "\n")
    guest = (await home.order("1")).customer_id
    assert guest is not None
    assert (await home.customer(guest)).guest
    assert [(await home.order(number)).customer_id for number in "1234"] == [guest, guest, "c1", None]
    assert await home.bought(guest) == [("purchase", "jacket"), ("purchase", "socks")]
    await home.take("customers", "customer,name,email\nc2,Bea,bea@example.com\n")
    assert [(await home.order(number)).customer_id for number in "12"] == ["c2", "c2"]
    assert await home.bought("c2") == [("purchase", "jacket"), ("purchase", "socks")]
    assert await home.bought(guest) == []
    again = await home.take("orders", "\n".join([head, *rows]) + "\n")
    assert not any(again.written.values())


async def test_a_customer_two_of_whom_have_one_address_is_not_guessed(home: Home) -> None:
    two = [CustomerRecord(id=name, email="office@example.com") for name in ("x1", "x2")]
    await home.store.write(lambda c: take_customers(c, two, NOW, Defaults()))
    await home.take("orders", "order,item,price,time,email\n1,socks,14,2026-11-01,office@example.com\n")
    owner = (await home.order("1")).customer_id
    assert owner is not None
    assert owner.startswith("guest-")
    await home.take("customers", "customer,name,email\nx2,Bob,office@example.com\n")
    assert (await home.order("1")).customer_id == owner


async def test_the_total_is_the_shops_own_and_a_difference_is_said(home: Home) -> None:
    head = "order,item,price,time,total,tax,discount,shipping_fee"
    rows = [
        "1,socks,14,2026-11-01,18.80,2.80,2,4",
        "2,socks,14,2026-11-01,14,1.40,,",
        "3,socks,14,2026-11-01,99,,,",
    ]
    report = await home.take("orders", "\n".join([head, *rows]) + "\n")
    assert [((await home.order(n)).total, (await home.order(n)).tax) for n in "123"] == [
        (1_880, 280), (1_400, 140), (9_900, None)
    ]  # fmt: skip
    assert list(report.notes.values()) == [1]
    assert "total" in next(iter(report.notes))


async def test_part_of_the_money_may_go_back(home: Home) -> None:
    head = "order,item,price,time,customer,status,refunded"
    await home.take(
        "orders", f"{head}\n1,socks,14,2026-11-01,c1,partially_refunded,4\n2,socks,14,2026-11-01,c1,paid,14\n"
    )
    assert [(one.amount, one.status) for one in (await home.order("1")).refunds] == [(400, "paid")]
    assert await home.bought("c1") == [("purchase", "socks"), ("purchase", "socks"), ("return", "socks")]


async def test_a_dry_run_says_what_would_be_and_changes_nothing(home: Home) -> None:
    before = await home.everything()
    rows = "order,item,price,time\n1,socks,14,2026-11-01\n2,trousers,3,2026-11-01\n"
    tried = await home.take("orders", rows, dry_run=True)
    assert await home.everything() == before
    done = await home.take("orders", rows)
    assert (tried.taken, tried.rejected, tried.written, tried.examples) == (
        done.taken, done.rejected, done.written, done.examples
    )  # fmt: skip
    async with home.store.read() as connection:
        assert len((await connection.execute(select(import_run))).all()) == 3


async def test_times_that_no_form_fits_are_refused_at_once_with_the_forms_that_do(home: Home) -> None:
    rows = "order,item,price,time\n1,socks,14,11/19/2026 8:26\n2,socks,14,11/5/2026 9:00\n"
    with pytest.raises(TableRefused, match=r'such as .11/19/2026 8:26.*--date-format "%m/%d/%Y %H:%M"$'):
        await home.take("orders", rows)
    either = "order,item,price,time\n1,socks,14,11/1/2026 8:26\n"
    with pytest.raises(TableRefused, match=r'"%m/%d/%Y %H:%M" or --date-format "%d/%m/%Y %H:%M"'):
        await home.take("orders", either)


async def test_a_status_of_the_shops_own_is_said_once(home: Home) -> None:
    rows = "order,item,price,time,status\n1,socks,14,2026-11-01,Gone Out\n"
    report = await home.take("orders", rows)
    assert next(iter(report.reasons)).startswith("status: is no status that is known")
    said = Options(now=NOW, zone=OPTIONS.zone, statuses={"goneout": "shipped"})
    assert (await home.take("orders", rows, options=said)).taken == 1
    assert (await home.order("1")).status == "shipped"


SHOPIFY = {
    "orders.csv": (
        "Name,Email,Financial Status,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,"
        "Created at,Paid at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Refunded Amount\n"
        "#1002,ann@example.com,partially_refunded,fulfilled,GBP,143.00,0.00,0.00,143.00,0.00,"
        "2026-11-01 10:00:00 +0000,2026-11-01 10:00:00 +0000,1,Jacket,129.00,J-1,14.00\n"
        "#1002,,,,,,,,,,2026-11-01 10:00:00 +0000,,1,Socks,14.00,S-1,\n"
    ),
    "products.csv": (
        "Handle,Title,Body (HTML),Vendor,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,"
        "Variant Price,Status\n"
        "jacket,Jacket,<p>Warm &amp; dry</p>,Acme,true,Title,Default Title,J-1,3,129.00,active\n"
        "socks,Socks,,Acme,true,Title,Default Title,S-1,9,14.00,draft\n"
    ),
}


async def test_the_exports_of_another_system_come_in_as_they_are(any_store: Store, tmp_path: Path) -> None:
    home = Home(any_store, tmp_path)
    files = [home.file(name, content, "utf-16") for name, content in SHOPIFY.items()]
    tried = await home.files("shopify", files, dry_run=True)
    report = await home.files("shopify", files)
    assert (report.rejected, report.examples) == (0, [])
    assert tried.written == report.written
    bought = await home.order("#1002")
    assert (bought.total, bought.currency, len(bought.lines), bought.status) == (14_300, "GBP", 2, "shipped")
    assert [(one.amount, one.currency) for one in bought.refunds] == [(1_400, "GBP")]
    jacket, socks = await home.product("J-1"), await home.product("S-1")
    assert (jacket.description("en"), jacket.active, jacket.cost, socks.active) == (
        "Warm & dry",
        True,
        None,
        False,
    )
    again = await home.files("shopify", list(reversed(files)))
    assert not any(again.written.values()), again


async def test_a_file_that_is_no_export_of_the_system_is_refused(any_store: Store, tmp_path: Path) -> None:
    home = Home(any_store, tmp_path)
    for name in PRESETS:
        with pytest.raises(TableRefused, match=f"none of the exports of {name}"):
            await home.files(name, [home.file("odd.csv", "a,b\n1,2\n")])


# --- taking an import back ------------------------------------------------------------------------------------------

ORDERS = """order,customer,item,quantity,price,time,status,tracking_number
1,c1,socks,1,14,2026-11-01,paid,
2,c1,jacket,1,129,2026-11-02,shipped,SF1
"""


async def undone(home: Home, import_id: int | None) -> Undone:
    assert import_id is not None
    return await undo(home.store, import_id, NOW, quiet)


def but_imports(everything: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: rows for name, rows in everything.items() if name not in ("import_run", "import_change")}


async def test_what_an_import_added_and_changed_is_taken_back(home: Home) -> None:
    await home.take("orders", ORDERS)
    before = but_imports(await home.everything())
    changes = {
        "customers": "customer,name,email,marketing\nc1,Anna,anna@example.com,yes\nc2,Bea,bea@example.com,yes\n",
        "products": "item,name,price,stock\nsocks,Socks,15,1\nhat,Hat,20,3\n",
        "orders": "order,customer,item,quantity,price,time,status,tracking_number,refunded\n"
        "1,c1,jacket,2,129,2026-11-01,returned,SF7,9\n3,c2,hat,1,20,2026-11-03,paid,,\n",
        "events": "kind,customer,item,time\nview,c2,hat,2026-11-03\n",
    }
    done = [(await home.take(kind, content)).import_id for kind, content in changes.items()]
    assert but_imports(await home.everything()) != before
    for number in reversed(done):
        await undone(home, number)
    kept = but_imports(await home.everything())
    # What somebody agreed to is only ever added to.
    assert {name for name in kept if kept[name] != before[name]} <= {"consent"}
    with pytest.raises(UndoRefused, match="undone already"):
        await undone(home, done[0])


async def test_it_can_be_imported_again_after_that(home: Home) -> None:
    first = await home.take("orders", ORDERS)
    await undone(home, first.import_id)
    again = await home.take("orders", ORDERS)
    assert again.written == first.written
    assert await home.bought("c1") == [("purchase", "jacket"), ("purchase", "socks")]


async def test_an_import_on_which_later_things_stand_stays(home: Home) -> None:
    async with home.store.read() as connection:
        imports = {one.kind: one.id for one in await ImportRuns(connection).latest(9)}
    await home.take("orders", ORDERS)
    before = await home.everything()
    with pytest.raises(
        UndoRefused, match=r"products 'jacket' is used in order_line '2'.*1 more|products 'socks'"
    ):
        await undone(home, imports["products"])
    with pytest.raises(UndoRefused, match="customers 'c1' is used in orders"):
        await undone(home, imports["customers"])
    await home.take("customers", "customer,tier\nc1,platinum\n")
    with pytest.raises(UndoRefused, match="customers 'c1' was changed since"):
        await undone(home, imports["customers"])
    with pytest.raises(UndoRefused, match="there is no import 99"):
        await undone(home, 99)
    assert before["orders"] == (await home.everything())["orders"]


async def test_nothing_of_an_erased_customer_comes_back(home: Home) -> None:
    later = await home.take("customers", "customer,name\nc1,Anna\n")
    await home.store.write(lambda c: erase_customer(c, "c1"))
    assert not [row for row in (await home.everything())["import_change"] if "Ann" in row]
    with pytest.raises(UndoRefused, match="keeps nothing to undo"):
        await undone(home, later.import_id)


async def test_the_same_files_that_change_nothing_are_listed_once(home: Home) -> None:
    await home.take("orders", ORDERS)
    again = await home.take("orders", ORDERS)
    assert again.import_id is None
    async with home.store.read() as connection:
        found = await ImportRuns(connection).latest(9)
    assert [(one.kind, one.source) for one in found] == [
        ("orders", "orders.csv"), ("customers", "customers.csv"), ("products", "products.csv")
    ]  # fmt: skip
    assert found[0].counts == {"rows": 2, "rejected": 0, "orders": 2, "events": 2}
