"""Files say by their columns whose exports they are, or which kind of rows they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.shop.importing.recognition import Columns, columns_of, recognise
from bot.shop.importing.rows import Options
from kernel.tables import TableRefused
from tests.bot.shop.presets import test_shopify, test_shopify_orders, test_taobao, test_youzan
from tests.bot.shop.presets.exports import table, written

OPTIONS = Options(now=datetime(2026, 11, 28, tzinfo=UTC))


@pytest.mark.parametrize(
    ("headers", "source"),
    [
        ([test_shopify.PRODUCTS, test_shopify_orders.ORDERS], "shopify"),
        ([test_shopify.CUSTOMERS], "shopify"),
        ([test_taobao.ORDERS, test_taobao.DETAILS], "taobao"),
        ([test_youzan.HEADS, test_youzan.LINES, test_youzan.GOODS], "youzan"),
        ([test_youzan.GOODS], "youzan"),
        ([test_taobao.GOODS], "taobao"),
        ([test_shopify.PRODUCTS, test_youzan.ORDERS], None),
        (["会员号,姓名,手机号"], "customers"),
        (["sku,name,price,stock"], "products"),
        (["order,customer,item,quantity,price,time,status"], "orders"),
        (["kind,customer,time,item"], "events"),
        (["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"], "orders-log"),
        (["KundenNr,Vorname"], None),
        (["customer,name", "customer,tier"], None),
        ([], None),
    ],
)
def test_whose_they_are(tmp_path: Path, headers: list[str], source: str | None) -> None:
    files = [written(tmp_path / f"{place}.csv", table(header)) for place, header in enumerate(headers)]
    assert recognise(files, OPTIONS) == source


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableRefused, match="empty"):
        recognise([written(tmp_path / "a.csv", "")], OPTIONS)


def test_what_columns_are_taken_for_though_one_is_missing(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", "KundenNr,Name,Telefon\n")
    found = columns_of("customers", file, OPTIONS, {})
    assert isinstance(found, Columns)
    assert (found.header, dict(found.taken)) == (("KundenNr", "Name", "Telefon"), {"name": "Name"})
    assert {"customer", "phone"} <= set(found.fields)
    chosen = {"customer": "KundenNr", "phone": "of another file"}
    assert dict(columns_of("customers", file, OPTIONS, chosen).taken) == {"customer": "KundenNr"}
